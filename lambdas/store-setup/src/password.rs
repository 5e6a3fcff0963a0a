//! The passwords of the roles, which nobody but Secrets Manager and the database's clients know.
//!
//! The database gets a [verifier](https://www.postgresql.org/docs/current/auth-password.html) of each, from which no
//! password can be had: whatever it writes into its log of statements.

use std::fmt;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata};
use postgres_protocol::password::scram_sha_256;
use serde::Deserialize;

/// The password of a role.
pub(crate) struct Password {
    role: &'static str,
    text: String,
}

/// Never shown.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password of {}", self.role)
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It was not given, as to a function whose role is too new for its permissions to be known everywhere.
    #[error(
        "the secret {arn} cannot be read: {reason}: the function's role needs secretsmanager:GetSecretValue on it"
    )]
    Unread {
        /// The secret.
        arn: String,
        /// The service's words.
        reason: String,
    },
    /// It is not what the stack makes.
    #[error(
        "the secret {arn} must be JSON with `username` \"{role}\" and a `password`: deploy the store again to have it made"
    )]
    Form {
        /// The secret.
        arn: String,
        /// The role that it is for.
        role: &'static str,
    },
}

/// What a secret of a role holds. Serde's errors would quote it.
#[derive(Deserialize)]
struct Secret {
    username: String,
    password: String,
}

impl Password {
    /// Reads the password of a role from its secret.
    pub(crate) async fn read(client: &Client, arn: &str, role: &'static str) -> Result<Self, SecretError> {
        let read = client.get_secret_value().secret_id(arn).send().await.map_err(|error| {
            let reason =
                error.message().map_or_else(|| DisplayErrorContext(&error).to_string(), str::to_owned);
            SecretError::Unread { arn: arn.to_owned(), reason }
        })?;
        let secret = read.secret_string().and_then(|text| serde_json::from_str(text).ok());
        match secret {
            Some(Secret { username, password }) if username == role && !password.is_empty() => {
                Ok(Self { role, text: password })
            }
            _ => Err(SecretError::Form { arn: arn.to_owned(), role }),
        }
    }

    /// The statement that makes it the role's password. The colons of a verifier are escaped: the Data API takes one
    /// before a letter for a parameter.
    pub(crate) fn statement(&self) -> String {
        let verifier = scram_sha_256(self.text.as_bytes()).replace(':', r"\x3A");
        format!("ALTER ROLE {} PASSWORD E'{verifier}'", self.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_told_no_password() {
        let password = Password { role: "sluice_writer", text: "correct horse".to_owned() };
        let statement = password.statement();
        assert!(
            statement.starts_with(r"ALTER ROLE sluice_writer PASSWORD E'SCRAM-SHA-256$4096\x3A"),
            "{statement}"
        );
        assert!(!statement.contains("horse") && !statement.contains(':'), "{statement}");
        assert_eq!(format!("{password:?}"), "Password of sluice_writer");
    }
}
