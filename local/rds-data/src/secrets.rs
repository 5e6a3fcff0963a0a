//! Names and passwords, by the ARN of their secret.
//!
//! They are in Secrets Manager, or, for whoever runs this program alone, in a file `secrets.json` of its folder: an
//! object of ARNs, each with `username` and `password`.

use std::{collections::BTreeMap, io, path::PathBuf};

use aws_sdk_secretsmanager::operation::delete_secret::DeleteSecretError;
use aws_sdk_secretsmanager::{
    Client,
    config::{BehaviorVersion, Credentials as Keys, Region},
    error::DisplayErrorContext,
};
use serde::{Deserialize, Serialize};

use crate::{
    clusters::Identity,
    wire::{self, ErrorCode},
};

/// Where secrets are.
#[derive(Debug)]
pub enum Secrets {
    /// In Secrets Manager.
    Service(Client),
    /// In a file, with the ARNs of this account.
    File(PathBuf, Identity),
}

/// What a secret of a database holds. RDS keeps more in some; only these two matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager said no, or the file cannot be read.
    #[error("The secret {arn} cannot be used: {cause}.")]
    Unusable {
        /// The secret.
        arn: String,
        /// What was said.
        cause: String,
    },
    /// It is not what a database needs.
    #[error("The secret {arn} must be JSON with the members username and password: {cause}.")]
    Invalid {
        /// The secret.
        arn: String,
        /// What it lacks.
        cause: serde_json::Error,
    },
}

impl From<Error> for wire::Error {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Unusable { .. } => ErrorCode::SecretsError,
            Error::Invalid { .. } => ErrorCode::InvalidSecret,
        };
        Self::new(code, error.to_string())
    }
}

impl Secrets {
    /// Those of the Secrets Manager at `endpoint`. No credentials of this machine are used.
    pub fn at(endpoint: &str, region: &str) -> Self {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(Keys::new("local", "local", None, None, "local-rds-data"))
            .endpoint_url(endpoint)
            .build();
        Self::Service(Client::from_conf(config))
    }

    /// Reads a secret.
    pub async fn get(&self, arn: &str) -> Result<Credentials, Error> {
        let unusable = |cause: String| Error::Unusable { arn: arn.to_owned(), cause };
        let text = match self {
            Self::Service(client) => {
                let secret = client.get_secret_value().secret_id(arn).send().await;
                let secret = secret.map_err(|error| unusable(DisplayErrorContext(error).to_string()))?;
                secret.secret_string.ok_or_else(|| unusable("it has no text".to_owned()))?
            }
            Self::File(file, _) => {
                let secrets = read(file).map_err(|error| unusable(error.to_string()))?;
                let secret =
                    secrets.get(arn).ok_or_else(|| unusable("there is no such secret".to_owned()))?;
                return Ok(secret.clone());
            }
        };
        serde_json::from_str(&text).map_err(|cause| Error::Invalid { arn: arn.to_owned(), cause })
    }

    /// Makes a secret; returns its ARN.
    pub async fn create(&self, name: &str, credentials: &Credentials) -> Result<String, Error> {
        let unusable = |cause: String| Error::Unusable { arn: name.to_owned(), cause };
        match self {
            Self::Service(client) => {
                let text = serde_json::to_string(credentials).unwrap_or_default();
                let made = client.create_secret().name(name).secret_string(text).send().await;
                let made = made.map_err(|error| unusable(DisplayErrorContext(error).to_string()))?;
                Ok(made.arn.unwrap_or_default())
            }
            Self::File(file, Identity { region, account }) => {
                let arn = format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}");
                let mut secrets = read(file).map_err(|error| unusable(error.to_string()))?;
                secrets.insert(arn.clone(), credentials.clone());
                write(file, &secrets).map_err(|error| unusable(error.to_string()))?;
                Ok(arn)
            }
        }
    }

    /// Removes a secret for good. One that is gone is fine.
    pub async fn delete(&self, arn: &str) -> Result<(), Error> {
        let unusable = |cause: String| Error::Unusable { arn: arn.to_owned(), cause };
        match self {
            Self::Service(client) => {
                let delete = client.delete_secret().secret_id(arn).force_delete_without_recovery(true);
                let is_absent = DeleteSecretError::is_resource_not_found_exception;
                match delete.send().await {
                    Err(error) if !error.as_service_error().is_some_and(is_absent) => {
                        Err(unusable(DisplayErrorContext(error).to_string()))
                    }
                    _ => Ok(()),
                }
            }
            Self::File(file, _) => {
                let mut secrets = read(file).map_err(|error| unusable(error.to_string()))?;
                secrets.remove(arn);
                write(file, &secrets).map_err(|error| unusable(error.to_string()))
            }
        }
    }
}

fn read(file: &PathBuf) -> io::Result<BTreeMap<String, Credentials>> {
    match std::fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn write(file: &PathBuf, secrets: &BTreeMap<String, Credentials>) -> io::Result<()> {
    let draft = file.with_extension("json.new");
    std::fs::write(&draft, serde_json::to_vec_pretty(secrets)?)?;
    std::fs::rename(draft, file)
}
