//! What an update takes out of its stack and CloudFormation cannot delete: the update succeeds all the same, the
//! resource is no stack's any more, and nobody hears of it but here.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html>

use serde::Serialize;

use super::engine::Engine;
use super::events::{Event, last_failures};
use super::plan::StackPlan;
use super::status::{begins_cleanup, says_not_empty};
use crate::destroy::buckets;
use session::Step;
use session::sdk_error::sentence;

/// A resource that is there, though no stack has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// Its name in the template that had it.
    pub logical_id: String,
    /// For instance `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in its service.
    pub physical_id: String,
    /// Why it could not be deleted.
    pub reason: String,
}

/// What the clean-up of an update left. `events` are those of the update, oldest first.
pub fn of(events: &[Event]) -> Vec<Leftover> {
    let cleanup = events.iter().skip_while(|event| !(event.is_of_stack() && begins_cleanup(&event.status)));
    let left = last_failures(cleanup, |event| &event.physical_id).map(|event| Leftover {
        logical_id: event.logical_id.clone(),
        kind: event.kind.clone(),
        physical_id: event.physical_id.clone(),
        reason: event.reason.clone(),
    });
    left.collect()
}

/// Removes what an update that `succeeded` left, as far as somebody agreed to lose it: buckets that were not empty.
/// They are not emptied before, as an update that is rolled back keeps them. The rest is told, and returned: also all
/// that a rollback left, as it is not what was agreed to, whatever its name is.
pub async fn sweep(
    engine: &Engine<'_>,
    stack: &StackPlan,
    events: &[Event],
    succeeded: bool,
    step: &Step<'_>,
) -> Vec<Leftover> {
    let mut left = Vec::new();
    for mut one in of(events) {
        let agreed = succeeded && engine.consent.covers(&stack.name, &one.logical_id);
        if one.kind == buckets::TYPE && says_not_empty(&one.reason) && agreed {
            step.update(format_args!("{} emptying {}", stack.stack_name, one.physical_id));
            match delete(engine, &one.physical_id).await {
                Ok(()) => continue,
                Err(cause) => one.reason = cause,
            }
        }
        let Leftover { logical_id, kind, physical_id, reason } = &one;
        engine.observer.warn(format_args!(
            "{}: {logical_id} ({kind}) could not be deleted, and no stack has it any more: {physical_id}: {reason}",
            stack.stack_name
        ));
        left.push(one);
    }
    left
}

async fn delete(engine: &Engine<'_>, bucket: &str) -> Result<(), String> {
    buckets::empty(&engine.s3, bucket, "", |_| {}).await.map_err(|error| error.to_string())?;
    let deleted = engine.s3.delete_bucket().bucket(bucket).send().await;
    deleted.map(|_| ()).map_err(|error| sentence(&error))
}
