//! The folder in which a device finds its identity. The key stays here, readable by its owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::DeviceError;

/// Environment and name of the device that the folder is of, from before there is a key.
const OWNER: &str = "device";
/// The private key, as PKCS #8 in PEM.
const KEY: &str = "private.key";
/// The ARN of the certificate, from the moment at which it is signed.
const CERTIFICATE_ARN: &str = "certificate.arn";
/// The certificate.
const CERTIFICATE: &str = "certificate.pem";
/// The authority by which the device knows the broker.
const AUTHORITY: &str = "root-ca.pem";
/// How to connect. It is written last: with it, the identity is complete.
const CONNECTION: &str = "connection.json";

/// How a device connects, and what it may publish to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The environment.
    pub environment: String,
    /// Name of the thing, which is the id of the client too.
    pub device: String,
    /// Host of the broker.
    pub endpoint: String,
    /// Port of the broker: MQTT over TLS.
    pub port: u16,
    /// The topics of its events.
    pub topics: Vec<String>,
    /// Id of the certificate.
    pub certificate_id: String,
    /// File with the certificate.
    pub certificate: &'static str,
    /// File with the private key.
    pub key: &'static str,
    /// File with the authority of the broker.
    pub authority: &'static str,
}

impl Connection {
    /// With the names of the files.
    pub fn new(environment: &str, device: &str, certificate_id: &str) -> Self {
        Self {
            environment: environment.to_owned(),
            device: device.to_owned(),
            endpoint: String::new(),
            port: 8_883,
            topics: Vec::new(),
            certificate_id: certificate_id.to_owned(),
            certificate: CERTIFICATE,
            key: KEY,
            authority: AUTHORITY,
        }
    }
}

/// The folder of a device.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// At this path, whether or not it is there.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether it has a whole identity.
    pub fn is_complete(&self) -> bool {
        self.0.join(CONNECTION).exists()
    }

    /// Whose the folder is, if it is somebody's.
    pub(super) fn owner(&self) -> Result<Option<String>, DeviceError> {
        Ok(self.read(OWNER)?.map(|owner| owner.trim_end().to_owned()))
    }

    /// The private key, if there is one.
    pub(super) fn key(&self) -> Result<Option<String>, DeviceError> {
        self.read(KEY)
    }

    /// Keeps the private key, and whose it is. There is none yet.
    pub(super) fn keep_key(&self, owner: &str, pem: &str) -> Result<(), DeviceError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|source| DeviceError::File { what: "make", path: self.0.clone(), source })?;
        self.write(OWNER, format!("{owner}\n").as_bytes())?;
        let open = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        self.write_by(open, KEY, pem.as_bytes())
    }

    pub(super) fn certificate_arn(&self) -> Result<Option<String>, DeviceError> {
        self.read(CERTIFICATE_ARN)
    }

    pub(super) fn keep_certificate_arn(&self, arn: &str) -> Result<(), DeviceError> {
        self.write(CERTIFICATE_ARN, arn.as_bytes())
    }

    /// Writes what a device needs beside its key, `pages` among it.
    pub(super) fn prepare(
        &self,
        certificate: &str,
        authority: &str,
        pages: &[(String, Vec<u8>)],
    ) -> Result<(), DeviceError> {
        self.write(CERTIFICATE, certificate.as_bytes())?;
        self.write(AUTHORITY, authority.as_bytes())?;
        pages.iter().try_for_each(|(name, content)| self.write(name, content))
    }

    /// Says that the identity is complete, and how the device connects.
    pub(super) fn complete(&self, connection: &Connection) -> Result<(), DeviceError> {
        let text = serde_json::to_string_pretty(connection).map_err(io::Error::from);
        let text = text.map_err(|source| self.failed("write", CONNECTION, source))?;
        self.write(CONNECTION, format!("{text}\n").as_bytes())
    }

    fn read(&self, name: &str) -> Result<Option<String>, DeviceError> {
        match std::fs::read_to_string(self.0.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.failed("read", name, source)),
        }
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), DeviceError> {
        self.write_by(|path| File::create(path), name, content)
    }

    /// Writes a file under another name first: a file that is there is whole.
    fn write_by(
        &self,
        open: impl Fn(&Path) -> io::Result<File>,
        name: &str,
        content: &[u8],
    ) -> Result<(), DeviceError> {
        let unfinished = self.0.join(format!("{name}.unfinished"));
        let write = || {
            // What an interrupted run left is no file of ours to go on with.
            match std::fs::remove_file(&unfinished) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = open(&unfinished)?;
            file.write_all(content)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, self.0.join(name))
        };
        write().map_err(|source| self.failed("write", name, source))
    }

    fn failed(&self, what: &'static str, name: &str, source: io::Error) -> DeviceError {
        DeviceError::File { what, path: self.0.join(name), source }
    }
}
