//! What can be found out before anything is built.

use stacks::Stack;

use super::status::says_timestream_closed;
use crate::failure::{Exit, Explain};
use crate::sdk_error::sentence;
use crate::target::Session;

/// Why a deployment would fail later.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// AWS has closed the service to accounts that did not use it.
    #[error(
        "Timestream for LiveAnalytics is not open to account {account}: since 2025-06-20 AWS takes no new customers for it"
    )]
    TimestreamClosed {
        /// The account.
        account: String,
    },
    /// The credentials do not allow the question.
    #[error("Timestream does not answer: {0}")]
    Timestream(String),
}

impl Explain for PreflightError {
    fn exit(&self) -> Exit {
        Exit::Unexpected
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TimestreamClosed { .. } => Some(
                "deploy to an account that has used it before, or run the pipeline on this machine with `--env local`"
                    .to_owned(),
            ),
            Self::Timestream(_) => {
                Some("the credentials need `timestream:DescribeEndpoints` on `*`".to_owned())
            }
        }
    }
}

/// Makes sure that the account may use Timestream, when these stacks do. The local endpoint is open.
pub async fn timestream(session: &Session, stacks: &[Stack]) -> Result<(), PreflightError> {
    let uses = stacks.iter().flat_map(|stack| stack.template.resources().values());
    let uses = uses.map(stacks::cfn::Resource::kind).any(|kind| kind.starts_with("AWS::Timestream::"));
    if !uses || session.endpoints.is_some() {
        return Ok(());
    }
    match session.timestream_directory().describe_endpoints().send().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let cause = sentence(&error);
            if says_timestream_closed(&cause) {
                return Err(PreflightError::TimestreamClosed {
                    account: session.environment.account.clone(),
                });
            }
            Err(PreflightError::Timestream(cause))
        }
    }
}
