//! Names of databases and tables across accounts and Regions.

use std::fmt;

/// Whose endpoint this claims to be. It stands in ARNs and decides nothing.
#[derive(Debug, Clone)]
pub struct Identity {
    /// For instance `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl Identity {
    /// The ARN of a resource of this identity.
    pub fn arn(&self, resource: &Resource) -> String {
        format!("arn:aws:timestream:{}:{}:{resource}", self.region, self.account)
    }

    /// The key that encrypts a database that names none: the service's own.
    pub fn default_kms_key(&self) -> String {
        format!("arn:aws:kms:{}:{}:alias/aws/timestream", self.region, self.account)
    }

    /// The resource that an ARN of this identity names.
    pub fn resource(&self, arn: &str) -> Result<Resource, Error> {
        let malformed = || Error::Malformed { arn: arn.to_owned() };
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next().ok_or_else(malformed);
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, path) = (next()?, next()?, next()?);
        if scheme != "arn" || !partition.starts_with("aws") || service != "timestream" {
            return Err(malformed());
        }
        let resource = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["database", database] => Resource::Database((*database).to_owned()),
            ["database", database, "table", table] => {
                Resource::Table((*database).to_owned(), (*table).to_owned())
            }
            _ => return Err(malformed()),
        };
        if region == self.region && account == self.account {
            Ok(resource)
        } else {
            Err(Error::Elsewhere { arn: arn.to_owned() })
        }
    }
}

/// What can be named by an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A database.
    Database(String),
    /// A table in a database.
    Table(String, String),
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(database) => write!(formatter, "database/{database}"),
            Self::Table(database, table) => write!(formatter, "database/{database}/table/{table}"),
        }
    }
}

/// Why an ARN names nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not an ARN of a database or table.
    #[error("The ARN {arn} is not the ARN of a database or table.")]
    Malformed {
        /// As given.
        arn: String,
    },
    /// In another account or Region.
    #[error("The resource {arn} does not exist.")]
    Elsewhere {
        /// As given.
        arn: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns() {
        let identity = Identity { region: "eu-west-1".into(), account: "123456789012".into() };
        let table = Resource::Table("home".into(), "measures".into());
        let elsewhere = |arn: &str| Err(Error::Elsewhere { arn: arn.to_owned() });
        let malformed = |arn: &str| Err(Error::Malformed { arn: arn.to_owned() });
        assert_eq!(
            identity.arn(&table),
            "arn:aws:timestream:eu-west-1:123456789012:database/home/table/measures"
        );
        let database = "arn:aws:timestream:eu-west-1:123456789012:database/home";
        let other_region = "arn:aws:timestream:us-east-1:123456789012:database/home";
        let scheduled_query = "arn:aws:timestream:eu-west-1:123456789012:scheduled-query/hourly";
        for (arn, expected) in [
            (database, Ok(Resource::Database("home".into()))),
            (identity.arn(&table).as_str(), Ok(table.clone())),
            (other_region, elsewhere(other_region)),
            (scheduled_query, malformed(scheduled_query)),
            ("arn:aws:s3:::bucket", malformed("arn:aws:s3:::bucket")),
            ("home", malformed("home")),
            ("", malformed("")),
        ] {
            assert_eq!(identity.resource(arn), expected, "{arn}");
        }
    }
}
