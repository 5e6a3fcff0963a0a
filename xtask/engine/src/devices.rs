//! Identities of devices: a thing of the registry, a certificate, and the policy of the stack `devices` between them.
//!
//! The private key is made on this machine, and only a
//! [request](https://docs.aws.amazon.com/iot/latest/apireference/API_CreateCertificateFromCsr.html) for a certificate
//! leaves it. A certificate becomes active when all files of its device but the last are there; each step may be
//! repeated, and a second run goes on where one stopped.

mod folder;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_iot::Client;
use aws_sdk_iot::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iot::types::CertificateStatus;
use futures::future::try_join_all;
use jiff::Timestamp;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde::Serialize;
use serde_json::Value;
use stacks::config::likely;
use stacks::devices::{POLICY_OUTPUT, STACK, THING, THING_TYPE_OUTPUT, is_thing_name};
use telemetry::canary::is_canary;

pub use self::folder::{Connection, Folder};
use crate::deploy::options::selection;
use crate::inventory::Inventory;
use session::sdk_error::{is_not_there, sentence};
use session::{Exit, Explain, Session};

/// The certificate of the authority behind
/// [the endpoints](https://docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html) of IoT Core.
pub const AMAZON_ROOT_CA_1: &str = include_str!("devices/amazon-root-ca-1.pem");

/// How many names an error lists.
const LISTED: usize = 12;

/// How long a certificate that was detached may still count as attached: the
/// [service](https://docs.aws.amazon.com/iot/latest/apireference/API_DetachThingPrincipal.html) says "several seconds".
const DETACHED_WITHIN: Duration = Duration::from_secs(30);
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// What stands before the id of a certificate that is of no device.
pub(crate) const UNNAMED: &str = "certificate ";

/// The registry of things and certificates, as far as it is an environment's.
#[derive(Debug, Clone)]
pub struct Registry {
    client: Client,
    environment: String,
    policy: String,
    thing_type: String,
}

/// A device that has an identity, or had one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its name: that of its thing, and of its level in the topic.
    pub name: String,
    /// Its certificates. More than one, while one takes the other's place.
    pub certificates: Vec<Certificate>,
}

/// A certificate of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Its id: 64 hexadecimal digits.
    pub id: String,
    /// `ACTIVE` lets the device in, everything else does not.
    pub status: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Timestamp>,
    /// Its ARN.
    #[serde(skip)]
    arn: String,
}

/// What is left of a device that is no longer let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// Its thing and its certificates, which are not active: the list still says whose they were.
    Registered,
    /// Nothing.
    Nothing,
}

/// Why a device has no identity, or keeps it.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The environment has none.
    #[error("environment `{0}` gives its devices no identities")]
    Disabled(String),
    /// No thing can be called so.
    #[error("no device can be called {name:?}: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The folder has one already.
    #[error("the folder {} has the identity of a device already", .0.display())]
    Complete(PathBuf),
    /// The folder has the key of another one.
    #[error("the folder {} has the key of `{found}`", folder.display())]
    Other {
        /// The folder.
        folder: PathBuf,
        /// Environment and name of the device that it belongs to.
        found: String,
    },
    /// The registry has a thing of that name, made elsewhere.
    #[error("there is a device `{0}` already, and its key is not in the folder")]
    Taken(String),
    /// The registry has a thing of that name that is not of this environment.
    #[error("the account has a thing `{name}` already, and it is no device of environment `{environment}`")]
    Foreign {
        /// Its name.
        name: String,
        /// The environment.
        environment: String,
    },
    /// There is no such device.
    #[error("there is no device `{name}`")]
    Absent {
        /// Its name.
        name: String,
        /// Devices that there are.
        known: Vec<String>,
    },
    /// A file of the folder.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was to be done with it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The key, or the request that it signs.
    #[error("cannot make a request for a certificate: {0}")]
    Key(#[from] rcgen::Error),
    /// The service did not do what it was asked for.
    #[error("IoT does not {what}: {cause}")]
    Service {
        /// What it was asked for.
        what: String,
        /// What it said.
        cause: String,
    },
}

impl Explain for DeviceError {
    fn exit(&self) -> Exit {
        match self {
            Self::Disabled(_) | Self::Absent { .. } => Exit::NoEnvironment,
            Self::Name { .. }
            | Self::Complete(_)
            | Self::Other { .. }
            | Self::Taken(_)
            | Self::Foreign { .. } => Exit::Configuration,
            Self::File { .. } | Self::Key(_) | Self::Service { .. } => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Disabled(environment) => format!(
                "write `[devices]` and `enabled = true` in its file, then `cargo xtask deploy{}`",
                selection(environment)
            ),
            Self::Name { .. } => "take 1 to 128 letters, digits, `:`, `_` and `-`".to_owned(),
            Self::Complete(_) => {
                "remove it if its device was revoked with --delete, or name another folder with --out"
                    .to_owned()
            }
            Self::Other { .. } => "name another folder with --out".to_owned(),
            Self::Taken(name) => format!(
                "if its key is lost, `cargo xtask device revoke {name} --delete` removes it, and then it can be added again"
            ),
            Self::Foreign { .. } => {
                "give another name: an account and Region have one registry for all environments".to_owned()
            }
            Self::Absent { name, known } => match likely(name, known.iter().map(String::as_str)) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None if known.is_empty() => "there is none yet: `cargo xtask device add NAME`".to_owned(),
                None => format!("there are: {}", known.join(", ")),
            },
            Self::File { .. } | Self::Service { .. } => {
                "run the same command again once that is mended: it goes on where it stopped".to_owned()
            }
            Self::Key(_) => return None,
        })
    }
}

/// The service did not do this.
fn refused<E, R>(what: impl Into<String>, error: &SdkError<E, R>) -> DeviceError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    DeviceError::Service { what: what.into(), cause: sentence(error) }
}

/// Whether something is refused because a certificate is attached to a thing.
fn is_attached<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("DeleteConflictException")
        || error.message().is_some_and(|message| message.contains("attached"))
}

/// Asks again while a certificate that was detached still counts as attached.
async fn once_detached<T, E, R, F>(ask: impl Fn() -> F) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    let mut waited = Duration::ZERO;
    loop {
        match ask().await {
            Err(error) if is_attached(&error) && waited < DETACHED_WITHIN => {
                tokio::time::sleep(ASKED_EVERY).await;
                waited += ASKED_EVERY;
            }
            answer => return answer,
        }
    }
}

/// Checks what a device can be called.
fn check_name(name: &str) -> Result<(), DeviceError> {
    let why = if is_canary(name) {
        "names that begin so are those of `cargo xtask verify`, and shown nowhere"
    } else if is_thing_name(name) {
        return Ok(());
    } else {
        "the registry does not take it"
    };
    Err(DeviceError::Name { name: name.to_owned(), why })
}

impl Registry {
    /// That of an environment that is deployed.
    pub fn of(session: &Session, inventory: &Inventory) -> Result<Self, DeviceError> {
        let environment = &session.environment.name;
        let output = |name| inventory.output(session, STACK, name).map(str::to_owned);
        match (output(POLICY_OUTPUT), output(THING_TYPE_OUTPUT)) {
            (Ok(policy), Ok(thing_type)) => Ok(Self::named(session, policy, thing_type)),
            _ => Err(DeviceError::Disabled(environment.clone())),
        }
    }

    /// That of this policy and this thing type.
    pub fn named(session: &Session, policy: String, thing_type: String) -> Self {
        let environment = session.environment.name.clone();
        Self { client: session.iot_registry(), environment, policy, thing_type }
    }

    /// Makes an identity for a device. What of it is there already, by the folder, is not made again. Returns its
    /// certificate, which lets nobody in before [`Self::hand_over`].
    ///
    /// # Errors
    ///
    /// When somebody else has the name, when the folder has an identity already or the key of another device, when a
    /// file cannot be written, or when the service refuses something.
    pub async fn add(&self, name: &str, folder: &Folder) -> Result<Issued, DeviceError> {
        check_name(name)?;
        if folder.is_complete() {
            return Err(DeviceError::Complete(folder.path().to_owned()));
        }
        let owner = format!("{}/{name}", self.environment);
        if let Some(found) = folder.owner()?.filter(|found| *found != owner) {
            return Err(DeviceError::Other { folder: folder.path().to_owned(), found });
        }
        let key = folder.key()?;
        match (self.thing_type_of(name).await?, &key) {
            (None, _) | (Some(Whose::Ours), Some(_)) => {}
            (Some(Whose::Ours), None) => return Err(DeviceError::Taken(name.to_owned())),
            (Some(Whose::Others), _) => {
                let environment = self.environment.clone();
                return Err(DeviceError::Foreign { name: name.to_owned(), environment });
            }
        }
        let key = if let Some(key) = key {
            KeyPair::from_pem(&key)?
        } else {
            let key = KeyPair::generate()?;
            folder.keep_key(&owner, &key.serialize_pem())?;
            key
        };
        let thing =
            self.client.create_thing().thing_name(name).thing_type_name(&self.thing_type).send().await;
        thing.map_err(|error| refused(format!("make the thing `{name}`"), &error))?;
        let kept = match folder.certificate_arn()? {
            Some(arn) => self.pem(&arn).await?.map(|pem| (arn, pem)),
            None => None,
        };
        let (arn, pem) = if let Some(kept) = kept {
            kept
        } else {
            let (arn, pem) = self.request(&request(name, &key)?).await?;
            folder.keep_certificate_arn(&arn)?;
            (arn, pem)
        };
        let attached = self.client.attach_thing_principal().thing_name(name).principal(&arn).send().await;
        attached.map_err(|error| refused(format!("attach the certificate to `{name}`"), &error))?;
        let attached = self.client.attach_policy().policy_name(&self.policy).target(&arn).send().await;
        attached.map_err(|error| refused("attach the policy to the certificate", &error))?;
        Ok(Issued { id: id_of(&arn).to_owned(), pem })
    }

    /// Writes what the device needs beside its key, `pages` among it, and lets it in: its certificate becomes active
    /// when every file is there but the one that says that the folder is complete.
    ///
    /// # Errors
    ///
    /// When a file cannot be written, or when the service refuses to make the certificate active.
    pub async fn hand_over(
        &self,
        issued: &Issued,
        folder: &Folder,
        connection: &Connection,
        authority: &str,
        pages: &[(String, Vec<u8>)],
    ) -> Result<(), DeviceError> {
        folder.prepare(&issued.pem, authority, pages)?;
        self.set_status(&issued.id, CertificateStatus::Active).await?;
        folder.complete(connection)
    }

    /// A certificate that was signed before, unless it was deleted since.
    async fn pem(&self, arn: &str) -> Result<Option<String>, DeviceError> {
        match self.client.describe_certificate().certificate_id(id_of(arn)).send().await {
            Ok(described) => {
                Ok(described.certificate_description.and_then(|description| description.certificate_pem))
            }
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(refused("tell the certificate", &error)),
        }
    }

    /// Has a certificate signed, which is not active yet. Returns its ARN and itself.
    async fn request(&self, request: &str) -> Result<(String, String), DeviceError> {
        let signed = self.client.create_certificate_from_csr().certificate_signing_request(request);
        let signed = signed.set_as_active(false).send().await;
        let signed = signed.map_err(|error| refused("sign a certificate", &error))?;
        Ok((signed.certificate_arn.unwrap_or_default(), signed.certificate_pem.unwrap_or_default()))
    }

    /// Every device, by its name.
    pub async fn list(&self) -> Result<Vec<Device>, DeviceError> {
        let mut names = self.names().await?;
        names.sort();
        try_join_all(names.into_iter().map(|name| self.device(name))).await
    }

    /// Names of the things that are of the environment.
    async fn names(&self) -> Result<Vec<String>, DeviceError> {
        let things = self.client.list_things().thing_type_name(&self.thing_type);
        let mut pages = things.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(thing) = pages.next().await {
            let thing = thing.map_err(|error| refused("list the things", &error))?;
            names.extend(thing.thing_name);
        }
        Ok(names)
    }

    async fn device(&self, name: String) -> Result<Device, DeviceError> {
        let principals = self.client.list_thing_principals().thing_name(&name);
        let mut pages = principals.into_paginator().items().send();
        let mut certificates = Vec::new();
        while let Some(arn) = pages.next().await {
            let arn = arn.map_err(|error| refused(format!("list the certificates of `{name}`"), &error))?;
            let described = self.client.describe_certificate().certificate_id(id_of(&arn)).send().await;
            let described = described.map_err(|error| refused("tell a certificate", &error))?;
            let described = described.certificate_description;
            let status =
                described.as_ref().and_then(|one| one.status()).map_or("UNKNOWN", CertificateStatus::as_str);
            let made = described.as_ref().and_then(|one| one.creation_date());
            let made = made.and_then(|made| Timestamp::from_second(made.secs()).ok());
            certificates.push(Certificate {
                id: id_of(&arn).to_owned(),
                status: status.to_owned(),
                made,
                arn,
            });
        }
        certificates.sort_by(|one, other| (one.made, &one.id).cmp(&(other.made, &other.id)));
        Ok(Device { name, certificates })
    }

    /// A device of the environment.
    pub async fn find(&self, name: &str) -> Result<Device, DeviceError> {
        match self.thing_type_of(name).await? {
            Some(Whose::Ours) => self.device(name.to_owned()).await,
            Some(Whose::Others) => {
                Err(DeviceError::Foreign { name: name.to_owned(), environment: self.environment.clone() })
            }
            None => {
                let mut known = self.names().await?;
                known.sort();
                known.truncate(LISTED);
                Err(DeviceError::Absent { name: name.to_owned(), known })
            }
        }
    }

    /// Lets a device in no longer: its certificates are not active, and have the policy no longer.
    pub async fn revoke(&self, device: &Device, remains: Remains) -> Result<(), DeviceError> {
        let name = &device.name;
        for certificate in &device.certificates {
            let Certificate { id, arn, .. } = certificate;
            self.set_status(id, CertificateStatus::Inactive).await?;
            let detached = self.client.detach_policy().policy_name(&self.policy).target(arn).send().await;
            detached.map_err(|error| refused("detach the policy from the certificate", &error))?;
            if remains == Remains::Nothing {
                let detached =
                    self.client.detach_thing_principal().thing_name(name).principal(arn).send().await;
                detached.map_err(|error| refused(format!("detach the certificate from `{name}`"), &error))?;
                let delete = || self.client.delete_certificate().certificate_id(id).send();
                let deleted = once_detached(delete).await;
                deleted.map_err(|error| refused(format!("delete the certificate {id}"), &error))?;
            }
        }
        if remains == Remains::Nothing {
            let deleted = once_detached(|| self.client.delete_thing().thing_name(name).send()).await;
            deleted.map_err(|error| refused(format!("delete the thing `{name}`"), &error))?;
        }
        Ok(())
    }

    async fn set_status(&self, id: &str, status: CertificateStatus) -> Result<(), DeviceError> {
        let what = format!("make the certificate {}", status.as_str());
        let updated = self.client.update_certificate().certificate_id(id).new_status(status).send().await;
        updated.map(|_| ()).map_err(|error| refused(what, &error))
    }

    /// Whose the thing of this name is, if there is one.
    async fn thing_type_of(&self, name: &str) -> Result<Option<Whose>, DeviceError> {
        match self.client.describe_thing().thing_name(name).send().await {
            Ok(thing) if thing.thing_type_name() == Some(&self.thing_type) => Ok(Some(Whose::Ours)),
            Ok(_) => Ok(Some(Whose::Others)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(refused(format!("tell whether there is a thing `{name}`"), &error)),
        }
    }

    /// What has to go before the policy and the thing type can: the names of devices, or, where there is none left,
    /// certificates that have the policy without being of one. A policy or a type that is not there holds nothing
    /// back. The role that deploys may ask no more than this.
    pub async fn held_by(&self) -> Result<Vec<String>, DeviceError> {
        let mut names = self.names().await?;
        if !names.is_empty() {
            names.sort();
            return Ok(names);
        }
        let mut certificates = Vec::new();
        let mut pages =
            self.client.list_targets_for_policy().policy_name(&self.policy).into_paginator().items().send();
        while let Some(target) = pages.next().await {
            match target {
                Ok(target) => certificates.push(target),
                Err(error) if is_not_there(&error) => break,
                Err(error) => return Err(refused("list what has the policy", &error)),
            }
        }
        Ok(certificates.iter().map(|arn| format!("{UNNAMED}{}", id_of(arn))).collect())
    }

    /// The topics to which a device may publish, by the policy that is deployed. `*` stands for any characters.
    pub async fn topics(&self, name: &str) -> Result<Vec<String>, DeviceError> {
        let policy = self.client.get_policy().policy_name(&self.policy).send().await;
        let policy = policy.map_err(|error| refused("tell the policy", &error))?;
        Ok(published(policy.policy_document().unwrap_or_default(), name))
    }

    /// Where the devices connect to: a host of the account and Region.
    pub async fn endpoint(&self) -> Result<String, DeviceError> {
        let endpoint = self.client.describe_endpoint().endpoint_type("iot:Data-ATS").send().await;
        let endpoint = endpoint.map_err(|error| refused("tell its endpoint", &error))?;
        Ok(endpoint.endpoint_address.unwrap_or_default())
    }
}

/// Whose a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Others,
}

/// A certificate as the service signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: String,
    /// Itself.
    pub pem: String,
}

/// The request for a device's certificate, signed with its key.
fn request(name: &str, key: &KeyPair) -> Result<String, rcgen::Error> {
    let mut parameters = CertificateParams::default();
    // The registry goes by the certificate's id; the name is for people, who read 64 characters of it at most.
    parameters.distinguished_name.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    parameters.serialize_request(key)?.pem()
}

/// The topics to which a policy lets the device of this name publish.
fn published(document: &str, name: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let statements = document["Statement"].as_array().into_iter().flatten();
    let resources = statements.flat_map(|statement| statement["Resource"].as_array().into_iter().flatten());
    let topics = resources.filter_map(|arn| arn.as_str()?.split_once(":topic/"));
    topics.map(|(_, topic)| topic.replace(THING, name)).collect()
}

/// The id of a certificate, with which its ARN ends.
fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests;
