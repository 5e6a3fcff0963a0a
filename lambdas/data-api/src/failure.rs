//! What an error of the Data API means.
//!
//! The only place that reads its errors, and finds the `SQLState` of the database's in their messages.

use aws_sdk_rdsdata::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use postgres::state::{Meaning, meaning};

/// Status of a request that is too large for something on its way.
const TOO_LARGE: u16 = 413;

/// Status of a service that asks for fewer requests.
const TOO_MANY: u16 = 429;

/// Why a statement has no result. Its text may be shown: no error of the service quotes a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The service asks for fewer requests.
    #[error("the Data API asks for fewer requests: {0}")]
    Throttled(String),
    /// The database resumes from its pause, which takes up to
    /// [half a minute](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html),
    /// fails over, or is busy; or the service failed or did not answer. The statement may have been executed.
    #[error("the database does not answer now: {0}")]
    Unavailable(String),
    /// No statement of this caller is executed, until somebody changes what the text names.
    #[error("{0}")]
    Unusable(String),
    /// The schema in the database is not the one that the statement is for.
    #[error("{message}: {}", Meaning::Schema.advice())]
    Schema {
        /// The database's words.
        message: String,
    },
    /// The statement, or what it was given.
    #[error("the database refuses the statement: {message}")]
    Refused {
        /// Five characters, by the [appendix](https://www.postgresql.org/docs/current/errcodes-appendix.html);
        /// `None` where the service refused it before the database saw it.
        sql_state: Option<String>,
        /// The database's words.
        message: String,
    },
}

impl Failure {
    /// Whether the same statement may succeed in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_))
    }

    /// The meaning of an error of any of the service's operations.
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let sentence = || DisplayErrorContext(error).to_string();
        let message = error.message().map_or_else(sentence, str::to_owned);
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        if error.as_service_error().is_none() {
            return match error {
                SdkError::ConstructionFailure(_) => Self::Unusable(sentence()),
                _ => Self::Unavailable(sentence()),
            };
        }
        let told = |advice: &str| Self::Unusable(format!("{message}: {advice}"));
        match error.code().unwrap_or_default() {
            "DatabaseErrorException" => Self::of_database(message),
            "ThrottlingException" | "TooManyRequestsException" => Self::Throttled(message),
            // A pause, a start and a failover can be told as each of these.
            "DatabaseResumingException"
            | "DatabaseUnavailableException"
            | "InvalidResourceStateException"
            | "InternalServerErrorException"
            | "ServiceUnavailableError"
            | "StatementTimeoutException"
            | "TransactionNotFoundException" => Self::Unavailable(message),
            "AccessDeniedException" | "ForbiddenException" => told(
                "the caller's role needs rds-data:ExecuteStatement on the cluster and secretsmanager:GetSecretValue on the secret",
            ),
            "DatabaseNotFoundException" | "NotFoundException" => {
                told("see that the cluster is there, in the Region of the caller")
            }
            "HttpEndpointNotEnabledException" => told("the cluster needs EnableHttpEndpoint"),
            "InvalidSecretException" | "SecretsErrorException" => {
                told("see that the secret is there, and has the `username` and `password` of a role as JSON")
            }
            _ if status == TOO_MANY => Self::Throttled(message),
            _ if status >= 500 => Self::Unavailable(message),
            "BadRequestException" => Self::Refused { sql_state: None, message },
            _ if status == TOO_LARGE => Self::Refused { sql_state: None, message },
            _ => Self::Unusable(sentence()),
        }
    }

    /// The meaning of a message of the database, `ERROR: …; Position: 8; SQLState: 42703`.
    fn of_database(message: String) -> Self {
        let sql_state = message.rsplit_once("SQLState: ").map(|(_, rest)| rest.trim().to_owned());
        match meaning(sql_state.as_deref().unwrap_or_default()) {
            Meaning::Passing => Self::Unavailable(message),
            Meaning::Login => Self::Unusable(format!(
                "{message}: the database does not know the role by the name and password of the secret, as after a change of one of them alone; deploy the store again"
            )),
            Meaning::Database => Self::Unusable(format!("{message}: {}", Meaning::Database.advice())),
            Meaning::Schema => Self::Schema { message },
            Meaning::Refused => Self::Refused { sql_state, message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written of a failure here: its variant and its state.
    fn named(failure: &Failure) -> (&'static str, Option<&str>) {
        match failure {
            Failure::Throttled(_) => ("throttled", None),
            Failure::Unavailable(_) => ("unavailable", None),
            Failure::Unusable(_) => ("unusable", None),
            Failure::Schema { .. } => ("schema", None),
            Failure::Refused { sql_state, .. } => ("refused", sql_state.as_deref()),
        }
    }

    #[test]
    fn what_the_database_says_is_told_with_what_to_do() {
        for (message, expected) in [
            ("FATAL: the database system is starting up; SQLState: 57P03", ("unavailable", None)),
            ("Transaction is still running a query", ("unavailable", None)),
            ("FATAL: password authentication failed for user \"w\"; SQLState: 28P01", ("unusable", None)),
            ("FATAL: database \"d\" does not exist; SQLState: 3D000", ("unusable", None)),
            (
                "ERROR: function sluice.write(json) does not exist; Position: 8; SQLState: 42883",
                ("schema", None),
            ),
            ("ERROR: invalid input syntax for type json; SQLState: 22P02", ("refused", Some("22P02"))),
        ] {
            let failure = Failure::of_database(message.to_owned());
            assert_eq!(named(&failure), expected, "{message}");
            assert!(failure.to_string().contains(message), "{failure}");
        }
    }
}
