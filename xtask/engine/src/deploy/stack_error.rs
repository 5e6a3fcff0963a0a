//! Why a stack is not as planned.

use super::change_set::ChangeSetError;
use super::difference::{Change, ResourceChange};
use super::events::RootCause;
use super::plan::Loss;
use super::state::StateError;
use super::storage::STORAGE;
use artifacts::upload::UploadError;

/// Why a stack is not as planned.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// CloudFormation failed to make it so.
    #[error("{}", failed(.status, .cause.as_deref()))]
    Failed {
        /// The status that it settled in.
        status: String,
        /// What failed first.
        cause: Option<Box<RootCause>>,
    },
    /// The change set would lose data that nobody agreed to lose.
    #[error("it would lose what is in {}", .0.iter().map(|loss| loss.logical_id.as_str()).collect::<Vec<_>>().join(", "))]
    Refused(Vec<Loss>),
    /// The change set would do more than the plan shows, to which somebody agreed.
    #[error("CloudFormation would do more than the plan shows: {}", beyond(.0))]
    Beyond(Vec<ResourceChange>),
    /// A parameter turned out to have another value than the plan shows.
    #[error("parameter `{parameter}` is now {actual}, and {planned} in the plan")]
    OtherValue {
        /// The parameter.
        parameter: String,
        /// The value in the plan.
        planned: String,
        /// The value that the other stack gives.
        actual: String,
    },
    /// The change set of the plan went while other stacks were deployed.
    #[error("its change set {0} can no longer be executed")]
    ChangeSetGone(String),
    /// A stack that it needs lacks an output.
    #[error(
        "parameter `{parameter}` needs output `{output}` of stack `{stack}`, which has none of that name"
    )]
    NoOutput {
        /// The parameter.
        parameter: String,
        /// The other stack.
        stack: String,
        /// The output.
        output: String,
    },
    /// There is no bucket to put files into.
    #[error("there is no bucket for archives: stack `{}` has no output `{}`", STORAGE.0, STORAGE.1)]
    NoBucket,
    /// CloudFormation refused a change set.
    #[error(transparent)]
    ChangeSet(#[from] ChangeSetError),
    /// CloudFormation refused a deletion.
    #[error("CloudFormation does not delete what is left of a creation that failed: {0}")]
    Delete(String),
    /// A file did not reach its bucket.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The stack could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The stack was not touched.
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// The stack was not followed to its end, or what it has now is not told.
    #[error(transparent)]
    Unwatched(#[from] Unwatched),
}

impl StackError {
    /// Whether nothing was done, because nobody agreed to it.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Beyond(_) | Self::OtherValue { .. } | Self::ChangeSetGone(_))
    }

    /// Whether what was begun goes on, and nobody watches it.
    pub fn is_unwatched(&self) -> bool {
        matches!(self, Self::Unwatched(_))
    }
}

fn beyond(changes: &[ResourceChange]) -> String {
    let one = |change: &ResourceChange| {
        let what = match change.change {
            Change::Add => "is created",
            Change::Modify => "is touched",
            Change::MayReplace => "may be replaced",
            Change::Replace => "is replaced",
            Change::Remove => "goes",
        };
        format!("{} ({}) {what}", change.logical_id, change.kind)
    };
    changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Nothing was begun, because nobody could say how it ends.
#[derive(Debug, thiserror::Error)]
#[error("nothing was begun, because CloudFormation does not tell its events: {0}")]
pub struct Unheard(pub(super) String);

/// What has begun could not be followed to its end.
#[derive(Debug, thiserror::Error)]
#[error("it goes on, but CloudFormation does not say how: {0}")]
pub struct Unwatched(pub(super) String);

impl Unwatched {
    /// What has begun and cannot be followed, for what CloudFormation said.
    pub fn because(cause: impl Into<String>) -> Self {
        Self(cause.into())
    }
}

fn failed(status: &str, cause: Option<&RootCause>) -> String {
    match cause {
        Some(RootCause { logical_id, kind, reason, .. }) => {
            format!("{logical_id} ({kind}): {reason} [{status}]")
        }
        None => format!("it ended in {status}, and CloudFormation names no reason"),
    }
}
