//! Why an application does not do what it should. Only facts and the sentences that are made of them.

use std::time::Duration;

use local_target::flink::JobError;
use session::{Exit, Explain};

/// How long an application may take to settle. Provisioning takes the service some minutes.
pub(super) const PATIENCE: Duration = Duration::from_mins(20);

/// Why an application does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// A service did not answer, or refused.
    #[error("application {name}: {cause}")]
    Service {
        /// The application.
        name: String,
        /// What the SDK said.
        cause: String,
    },
    /// It was started, and does not run.
    #[error("application {name} does not start: it is {status}{}", last_lines(.log))]
    NotRunning {
        /// The application.
        name: String,
        /// Its status, as the service spells it.
        status: String,
        /// The end of its log.
        log: Vec<String>,
    },
    /// It goes on changing.
    #[error("application {name} is still {status} after {} minutes{}", PATIENCE.as_secs() / 60, last_lines(.log))]
    Slow {
        /// The application.
        name: String,
        /// Its status, as the service spells it.
        status: String,
        /// The end of its log.
        log: Vec<String>,
    },
    /// The job's process on this machine.
    #[error(transparent)]
    Job(#[from] JobError),
}

fn last_lines(log: &[String]) -> String {
    if log.is_empty() { String::new() } else { format!("; the end of its log:\n{}", log.join("\n")) }
}

impl Explain for ApplicationError {
    fn exit(&self) -> Exit {
        match self {
            Self::Job(error) => error.exit(),
            Self::Service { .. } => Exit::Unexpected,
            Self::NotRunning { .. } | Self::Slow { .. } => Exit::StackFailed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Job(error) => error.hint(),
            Self::Service { .. } => None,
            Self::NotRunning { .. } | Self::Slow { .. } => {
                Some("`cargo xtask logs consumer` says more; deploy again to start it again".to_owned())
            }
        }
    }
}
