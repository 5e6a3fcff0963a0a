//! Which store it is, and where, by the function's environment.

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use std::time::Duration;

use super::Table;
use crate::{postgres, timestream};

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(3);

/// One attempt of a request.
const ATTEMPT: Duration = Duration::from_secs(30);

/// A setting that the function's configuration must have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsFault {
    /// One is not there.
    #[error("the environment variable {name} is missing: with STORE={store} the function needs {all}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// The store.
        store: &'static str,
        /// All that the store needs.
        all: &'static str,
    },
    /// The store is none that there is.
    #[error("the environment variable STORE is {0}: expected timestream or postgres")]
    Unknown(String),
}

/// Where the table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    /// In Timestream.
    Timestream {
        /// Its database.
        database: String,
        /// Its name.
        table: String,
    },
    /// In PostgreSQL, behind the Data API.
    Postgres {
        /// ARN of the cluster.
        cluster_arn: String,
        /// ARN of the secret of the role that reads.
        secret_arn: String,
        /// Its database.
        database: String,
        /// Its name.
        table: String,
    },
}

impl Settings {
    /// Reads the environment, whose variables `variable` knows. Without `STORE` it is Timestream.
    ///
    /// # Errors
    /// A [`SettingsFault`] for what is missing.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsFault> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name, store, all| variable(name).ok_or(SettingsFault::Missing { name, store, all });
        match variable("STORE").as_deref() {
            None | Some("timestream") => {
                let required = |name| required(name, "timestream", "DATABASE and TABLE");
                Ok(Self::Timestream { database: required("DATABASE")?, table: required("TABLE")? })
            }
            Some("postgres") => {
                let all = "CLUSTER_ARN, SECRET_ARN, DATABASE and TABLE";
                let required = |name| required(name, "postgres", all);
                Ok(Self::Postgres {
                    cluster_arn: required("CLUSTER_ARN")?,
                    secret_arn: required("SECRET_ARN")?,
                    database: required("DATABASE")?,
                    table: required("TABLE")?,
                })
            }
            Some(other) => Err(SettingsFault::Unknown(other.to_owned())),
        }
    }

    /// How long requests to the store may take. A query of Timestream that takes longer answers with a token before
    /// that.
    pub fn timeouts() -> TimeoutConfig {
        TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build()
    }

    /// The table, with a client that reaches it.
    ///
    /// # Errors
    /// Whatever keeps a client from being made.
    pub async fn table(self, config: &SdkConfig) -> Result<Table, aws_sdk_timestreamquery::error::BoxError> {
        Ok(match self {
            Self::Timestream { database, table } => {
                Table::timestream(timestream::client(config).await?, &database, &table)
            }
            Self::Postgres { cluster_arn, secret_arn, database, table } => {
                let client = data_api::client(config);
                let database = data_api::Database { client, cluster_arn, secret_arn, name: database };
                Table::postgres(postgres::Source::new(database), &table)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_which_store_it_is() {
        let read = |variables: &[(&str, &str)]| {
            Settings::read(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let timestream = Settings::Timestream { database: "d".into(), table: "t".into() };
        assert_eq!(read(&[("DATABASE", "d"), ("TABLE", "t")]), Ok(timestream.clone()));
        assert_eq!(read(&[("STORE", "timestream"), ("DATABASE", "d"), ("TABLE", "t")]), Ok(timestream));
        let postgres = [("STORE", "postgres"), ("DATABASE", "d"), ("TABLE", "t"), ("CLUSTER_ARN", "c")];
        let fault = read(&postgres).expect_err("a secret is missing");
        assert_eq!(
            fault.to_string(),
            "the environment variable SECRET_ARN is missing: with STORE=postgres the function needs CLUSTER_ARN, \
             SECRET_ARN, DATABASE and TABLE"
        );
        assert!(matches!(
            read(&[&postgres[..], &[("SECRET_ARN", "s")]].concat()),
            Ok(Settings::Postgres { .. })
        ));
        assert_eq!(read(&[("STORE", "influx")]), Err(SettingsFault::Unknown("influx".into())));
    }
}
