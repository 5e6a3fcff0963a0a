//! Whom the clusters are: an authority of this folder, and the certificate that it gave them.
//!
//! They are made once. The authority's key is thrown away with that, so that nobody can be made a cluster later.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use super::HOSTS;

/// The authority's certificate, in the folder of the state.
const AUTHORITY: &str = "ca.pem";
const CERTIFICATE: &str = "server.pem";
const KEY: &str = "server-key.pem";

/// What clients of today name when they begin with TLS
/// ([RFC 7301](https://www.iana.org/assignments/tls-extensiontype-values/tls-extensiontype-values.xhtml)).
const PROTOCOL: &[u8] = b"postgresql";

/// The certificate of all clusters.
#[derive(Clone)]
pub struct Certificate {
    /// The file of its authority, which clients have to trust.
    pub authority: PathBuf,
    /// What begins TLS with it.
    pub(super) acceptor: TlsAcceptor,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not to be had.
    #[error("cannot keep the certificate of the clusters in {folder}: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It cannot be made.
    #[error("cannot make the certificate of the clusters: {0}")]
    Make(#[from] rcgen::Error),
    /// It cannot be read.
    #[error("{} is no certificate: {source}; remove {AUTHORITY} beside it to have it made again", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// It serves no connection.
    #[error("the certificate of the clusters does not serve: {0}")]
    Tls(#[from] rustls::Error),
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Certificate {
    /// That of a folder, made if there is none.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder { folder: folder.to_owned(), source };
        let authority = folder.join(AUTHORITY);
        if !authority.exists() {
            let [authority_pem, certificate, key] = make()?;
            std::fs::create_dir_all(folder).map_err(failed)?;
            write_private(&folder.join(KEY), &key).map_err(failed)?;
            std::fs::write(folder.join(CERTIFICATE), certificate).map_err(failed)?;
            // The last of them: where it is, the others are.
            let draft = folder.join("ca.pem.new");
            std::fs::write(&draft, authority_pem)
                .and_then(|()| std::fs::rename(&draft, &authority))
                .map_err(failed)?;
        }
        let unread = |name: &str| {
            let file = folder.join(name);
            move |source| Error::Read { file, source }
        };
        let certificate =
            CertificateDer::from_pem_file(folder.join(CERTIFICATE)).map_err(unread(CERTIFICATE))?;
        let key = PrivateKeyDer::from_pem_file(folder.join(KEY)).map_err(unread(KEY))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self { authority, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// An authority's certificate, and a certificate of it with its key.
fn make() -> Result<[String; 3], rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Local clusters of Sluice");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let mut server = CertificateParams::new(HOSTS.map(str::to_owned))?;
    server.distinguished_name.push(DnType::CommonName, HOSTS[0]);
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok([authority_pem, certificate.pem(), key.serialize_pem()])
}

/// Writes a file that nobody else may read.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
