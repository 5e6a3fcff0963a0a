//! What CloudFormation's statuses and sentences mean. The only file that matches them.
//!
//! AWS adds states and rewords sentences: a status that is not known here is kept as it was spelled,
//! and nothing is decided from it.

use super::recovery;

/// What can be done with a stack, from its
/// [status](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It does not exist any more.
    Absent,
    /// It takes an update.
    Ready,
    /// A change set was made for a stack that was never created: it has no resources.
    Phantom,
    /// Its creation failed. It takes nothing but a delete, and nothing in it ever worked.
    NeverSucceeded,
    /// An update failed, and the stack stays where it was then.
    Halfway,
    /// An operation is under way.
    Busy,
    /// Its deletion failed half-way.
    HalfDeleted,
    /// A rollback failed. A person has to look.
    Stuck,
    /// A state that this program does not know.
    Unknown,
}

/// The condition of a stack in this status.
pub fn condition(status: &str) -> Condition {
    recovery::of(status).condition
}

/// Whether an event of the stack itself begins an operation, rather than going on with one.
pub fn begins_operation(status: &str) -> bool {
    matches!(
        status,
        "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS"
    )
}

/// Whether an event of the stack itself says that it deletes what its update no longer has.
pub fn begins_cleanup(status: &str) -> bool {
    status.ends_with("_CLEANUP_IN_PROGRESS")
}

/// Whether what is done to a stack in this status can be cancelled.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html>
pub fn takes_cancellation(status: &str) -> bool {
    status == "UPDATE_IN_PROGRESS"
}

/// Whether a stack in this status is being rolled back.
pub fn goes_back(status: &str) -> bool {
    status.contains("ROLLBACK") && status.ends_with("_IN_PROGRESS")
}

/// Whether a resource in this status can be there with something in it, and goes with its stack.
pub fn may_hold(status: &str) -> bool {
    !matches!(status, "CREATE_FAILED" | "DELETE_COMPLETE" | "DELETE_SKIPPED")
}

/// What is done to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is updated.
    Update,
    /// It is deleted.
    Delete,
    /// It goes back to what it was before an update, or before its creation.
    RollBack,
}

impl Operation {
    /// Whether a stack that settled in this status did what was asked.
    pub fn succeeded(self, status: &str) -> bool {
        match self {
            Self::Create => status == "CREATE_COMPLETE",
            Self::Update => status == "UPDATE_COMPLETE",
            Self::Delete => status == "DELETE_COMPLETE",
            Self::RollBack => matches!(
                status,
                "UPDATE_ROLLBACK_COMPLETE"
                    | "IMPORT_ROLLBACK_COMPLETE"
                    | "ROLLBACK_COMPLETE"
                    | "DELETE_COMPLETE"
            ),
        }
    }
}

/// What an event says of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Work began or goes on.
    Started,
    /// Work ended well.
    Finished,
    /// Work failed.
    Failed,
    /// The resource was left alone.
    Skipped,
    /// A stage that this program does not know.
    Unknown,
}

/// The stage that a resource's status names.
pub fn stage(status: &str) -> Stage {
    match status {
        "DELETE_SKIPPED" => Stage::Skipped,
        other if other.ends_with("_FAILED") => Stage::Failed,
        other if other.ends_with("_COMPLETE") => Stage::Finished,
        other if other.ends_with("_IN_PROGRESS") => Stage::Started,
        _ => Stage::Unknown,
    }
}

/// What an application of Managed Service for Apache Flink does, from its
/// [status](https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_ApplicationDetail.html).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// It does not run, and can be started.
    Stopped,
    /// It runs.
    Running,
    /// It changes, by itself or because it was asked to, and will settle.
    Busy,
    /// It is being deleted.
    Going,
    /// An update failed, and the service went back to what was before.
    RolledBack,
    /// A status that this program does not know.
    Unknown(String),
}

/// The activity that a status of an application names.
pub fn activity(status: &str) -> Activity {
    match status {
        "READY" => Activity::Stopped,
        "RUNNING" => Activity::Running,
        "STARTING" | "STOPPING" | "FORCE_STOPPING" | "UPDATING" | "AUTOSCALING" | "ROLLING_BACK"
        | "MAINTENANCE" => Activity::Busy,
        "DELETING" => Activity::Going,
        "ROLLED_BACK" => Activity::RolledBack,
        other => Activity::Unknown(other.to_owned()),
    }
}

/// Status of a change set that can be executed.
pub const CHANGE_SET_READY: &str = "CREATE_COMPLETE";
/// Status of a change set that cannot.
pub const CHANGE_SET_FAILED: &str = "FAILED";
/// Execution status of a change set that can be executed, and was not yet.
pub const CHANGE_SET_AVAILABLE: &str = "AVAILABLE";
/// Whether a change set in this status is still being made.
pub fn is_being_made(status: &str) -> bool {
    matches!(status, "CREATE_PENDING" | "CREATE_IN_PROGRESS")
}

/// Whether somebody deletes, or has deleted, a change set in this status.
pub fn says_change_set_gone(status: &str) -> bool {
    status.starts_with("DELETE_")
}

/// Whether a change set in this execution status is executed, or was.
pub fn is_being_executed(status: &str) -> bool {
    status.starts_with("EXECUTE_")
}

/// What a change set says of a value that its execution gives.
pub const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";
/// Status of a hook that refused a resource.
pub const HOOK_FAILED: &str = "HOOK_COMPLETE_FAILED";
/// Status of a stack that is gone.
pub const DELETED: &str = "DELETE_COMPLETE";

/// A failure that only follows from another one.
pub fn says_cancelled(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.contains("cancelled") || reason.contains("canceled")
}

/// The stack, change set or bucket that was named does not exist.
pub fn says_not_there(message: &str) -> bool {
    ["does not exist", "NoSuchBucket", "ChangeSetNotFound"].iter().any(|sentence| message.contains(sentence))
}

/// There is nothing to change.
pub fn says_no_changes(reason: &str) -> bool {
    ["didn't contain changes", "No updates are to be performed"]
        .iter()
        .any(|sentence| reason.contains(sentence))
}

/// The credentials do not allow the request.
pub fn says_denied(message: &str) -> bool {
    ["AccessDenied", "not authorized to perform"].iter().any(|sentence| message.contains(sentence))
}

/// A change set is in a status, such as `CREATE_IN_PROGRESS`, in which it cannot be deleted.
pub fn says_unsettled(message: &str) -> bool {
    message.contains("InvalidChangeSetStatus")
}

/// A change set of this name is there already.
pub fn says_already_exists(message: &str) -> bool {
    message.contains("AlreadyExistsException")
}

/// A bucket still has objects, versions or delete markers.
pub fn says_not_empty(reason: &str) -> bool {
    ["BucketNotEmpty", "bucket you tried to delete is not empty"]
        .iter()
        .any(|sentence| reason.contains(sentence))
}

/// What a service says of a role that [IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency)
/// has, and has not told it of yet: the type of the resource that fails, a part of the sentence, and who
/// recorded it.
#[rustfmt::skip]
const ROLE_NOT_TOLD: &[(&str, &str, &str)] = &[
    ("AWS::Lambda::Function",                "role defined for the function cannot be assumed by Lambda", "https://github.com/aws/aws-lambda-dotnet/pull/2450"),
    ("AWS::Lambda::EventSourceMapping",      "Please ensure the role can perform the",                    "https://github.com/hashicorp/terraform-provider-aws/pull/20229"),
    ("AWS::Lambda::EventSourceMapping",      "execution role does not have permissions to call",          "https://github.com/github-aws-runners/terraform-aws-github-runner/pull/5098"),
    ("AWS::KinesisFirehose::DeliveryStream", "Firehose is unable to assume role",                         "https://github.com/hashicorp/terraform/pull/4407"),
    ("AWS::KinesisFirehose::DeliveryStream", "Ensure that the provided IAM role associated with firehose is not deleted", "https://github.com/hashicorp/terraform-provider-aws/issues/47937"),
    ("AWS::KinesisFirehose::DeliveryStream", "is not authorized to perform: kinesis:",                     "https://github.com/hashicorp/terraform-provider-aws/issues/3380"),
    ("AWS::KinesisAnalyticsV2::Application", "sufficient privileges to assume the role",                  "https://github.com/hashicorp/terraform-provider-aws/issues/7032"),
    ("AWS::KinesisAnalyticsV2::Application", "Please check the role provided or validity of S3 location", "https://github.com/hashicorp/terraform-provider-aws/issues/16104"),
    // The topic rule, the workspace of TwinMaker and that of Grafana take their roles by way of STS.
    ("",                                     "perform: sts:AssumeRole on resource",                       "https://docs.aws.amazon.com/iot-sitewise/latest/userguide/troubleshoot-rule.html"),
];

/// Whether a resource of this type failed because a role is so new that its service does not know it, or
/// not what it may. Who may never do it says the same.
pub fn says_role_not_told(kind: &str, reason: &str) -> bool {
    ROLE_NOT_TOLD.iter().any(|(of, part, _)| (of.is_empty() || *of == kind) && reason.contains(part))
}

/// Timestream for `LiveAnalytics` is not open to this account.
pub fn says_timestream_closed(message: &str) -> bool {
    message.contains("Only existing Timestream for LiveAnalytics customers")
}

/// The code that a resource's handler failed with, for instance `AlreadyExists`.
pub fn error_code(reason: &str) -> Option<&str> {
    ["HandlerErrorCode:", "Error Code:"].iter().find_map(|label| {
        let rest = reason.split_once(label)?.1.trim_start();
        let end = rest.find(|at: char| !at.is_ascii_alphanumeric() && at != '.').unwrap_or(rest.len());
        (end > 0).then(|| &rest[..end])
    })
}

#[cfg(test)]
mod tests;
