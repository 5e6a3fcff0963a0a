//! One change set: made, awaited, read, executed or discarded.
//!
//! Its name is made from what it contains, so that the one which an interrupted run left behind is
//! found again and replaced, and never adds up with others.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, ChangeAction, ChangeSetType, Parameter, Replacement, ResourceChange, Tag,
};
use sha2::{Digest as _, Sha256};

use super::difference::Data;
use super::pace::Pace;
use super::plan::Loss;
use super::replacement;
use super::state::{self, StateError};
use super::status::{
    CHANGE_SET_FAILED, CHANGE_SET_READY, Condition, condition, says_already_exists, says_no_changes,
    says_not_there,
};
use crate::artifacts::digest::hex;
use crate::sdk_error::sentence;

/// Largest template that a request carries itself, in bytes. A larger one is read from S3.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub const INLINE_LIMIT: usize = 51_200;

/// What a change set is made from.
#[derive(Debug)]
pub struct Request<'a> {
    /// Stack in CloudFormation.
    pub stack_name: &'a str,
    /// Whether the stack exists.
    pub kind: Kind,
    /// The template.
    pub template: Body<'a>,
    /// Values of parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// Tags of the stack.
    pub tags: &'a BTreeMap<String, String>,
}

/// Whether the stack exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is to be created.
    Create,
    /// It is to be updated.
    Update,
}

/// A template, where it is.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// In the request, at most [`INLINE_LIMIT`].
    Inline(&'a str),
    /// In S3.
    Url(&'a str),
}

/// A change set that can be executed.
#[derive(Debug)]
pub struct ChangeSet {
    /// ARN.
    pub id: String,
    /// ARN of its stack.
    pub stack_id: String,
    /// Names of the resources that it touches.
    pub touches: usize,
    /// Resources whose data it would not leave where it is.
    pub losses: Vec<(String, Data)>,
}

/// What came of making a change set.
#[derive(Debug)]
pub enum Made {
    /// It can be executed.
    Ready(ChangeSet),
    /// There is nothing to change, and nothing was left behind.
    Unchanged,
}

/// Why there is no change set.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSetError {
    /// CloudFormation refused the request.
    #[error("CloudFormation refuses {what}: {cause}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// What the SDK said.
        cause: String,
    },
    /// CloudFormation could not make it.
    #[error("the change set failed: {}", .reasons.join("; "))]
    Failed {
        /// Why, as CloudFormation says it.
        reasons: Vec<String>,
    },
    /// The stack could not be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Makes a change set and waits until it can be executed. One that turns out to be empty is
/// discarded, and so is the stack that exists only because of it.
pub async fn make(client: &Client, request: &Request<'_>, pace: Pace) -> Result<Made, ChangeSetError> {
    let name = name(request);
    let id = match create(client, request, &name).await {
        Err(ChangeSetError::Refused { cause, .. }) if says_already_exists(&cause) => {
            delete(client, request.stack_name, &name).await?;
            create(client, request, &name).await?
        }
        other => other?,
    };
    let mut wait = pace.waits();
    let described = loop {
        let described = describe(client, &id, None).await?;
        match described.status().map_or("", |status| status.as_str()) {
            CHANGE_SET_READY => break described,
            CHANGE_SET_FAILED => {
                let reason = described.status_reason().unwrap_or("no reason given").to_owned();
                if says_no_changes(&reason) {
                    discard(client, &id, described.stack_id().unwrap_or(request.stack_name)).await?;
                    return Ok(Made::Unchanged);
                }
                let mut reasons = vec![reason];
                reasons.extend(validation_errors(client, &id).await);
                discard(client, &id, described.stack_id().unwrap_or(request.stack_name)).await?;
                return Err(ChangeSetError::Failed { reasons });
            }
            _ => wait.next().await,
        }
    };
    Ok(Made::Ready(read(client, &id, described).await?))
}

/// Starts the execution of a change set.
pub async fn execute(client: &Client, change_set: &ChangeSet) -> Result<(), ChangeSetError> {
    let sent = client.execute_change_set().change_set_name(&change_set.id).send().await;
    sent.map(|_| ()).map_err(|error| refused("the execution of a change set", &error))
}

/// Deletes a change set, and its stack if there never was more than the change set.
pub async fn discard(client: &Client, change_set: &str, stack_id: &str) -> Result<(), ChangeSetError> {
    delete(client, stack_id, change_set).await?;
    let phantom = state::describe(client, stack_id)
        .await?
        .is_some_and(|stack| condition(state::status(&stack)) == Condition::Phantom);
    if phantom {
        let sent = client.delete_stack().stack_name(stack_id).send().await;
        sent.map_err(|error| refused("the deletion of an empty stack", &error))?;
    }
    Ok(())
}

fn refused<E, R>(what: &'static str, error: &SdkError<E, R>) -> ChangeSetError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    ChangeSetError::Refused { what, cause: sentence(error) }
}

/// The same content has the same name. Letters, digits and hyphens, beginning with a letter.
fn name(request: &Request<'_>) -> String {
    let mut digest = Sha256::new();
    let (Body::Inline(template) | Body::Url(template)) = request.template;
    digest.update(template);
    for (name, value) in request.parameters.iter().chain(request.tags) {
        digest.update([0]);
        digest.update(name);
        digest.update([0]);
        digest.update(value);
    }
    format!("sluice-{}", hex(&digest.finalize()[..8]))
}

async fn create(client: &Client, request: &Request<'_>, name: &str) -> Result<String, ChangeSetError> {
    let kind = match request.kind {
        Kind::Create => ChangeSetType::Create,
        Kind::Update => ChangeSetType::Update,
    };
    let parameters = request
        .parameters
        .iter()
        .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build());
    let tags = request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let call = client
        .create_change_set()
        .stack_name(request.stack_name)
        .change_set_name(name)
        .change_set_type(kind)
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityNamedIam)
        .set_parameters(Some(parameters.collect()))
        .set_tags(Some(tags.collect()));
    let call = match request.template {
        Body::Inline(template) => call.template_body(template),
        Body::Url(url) => call.template_url(url),
    };
    let created = call.send().await.map_err(|error| refused("the template", &error))?;
    Ok(created.id.unwrap_or_else(|| name.to_owned()))
}

async fn delete(client: &Client, stack: &str, change_set: &str) -> Result<(), ChangeSetError> {
    let mut call = client.delete_change_set().change_set_name(change_set);
    if !change_set.starts_with("arn:") {
        call = call.stack_name(stack);
    }
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error) if says_not_there(&sentence(&error)) => Ok(()),
        Err(error) => Err(refused("the deletion of a change set", &error)),
    }
}

async fn describe(
    client: &Client,
    change_set: &str,
    page: Option<String>,
) -> Result<DescribeChangeSetOutput, ChangeSetError> {
    let described =
        client.describe_change_set().change_set_name(change_set).set_next_token(page).send().await;
    described.map_err(|error| refused("the description of a change set", &error))
}

async fn read(
    client: &Client,
    id: &str,
    first: DescribeChangeSetOutput,
) -> Result<ChangeSet, ChangeSetError> {
    let stack_id = first.stack_id().unwrap_or_default().to_owned();
    let mut found = ChangeSet { id: id.to_owned(), stack_id, touches: 0, losses: Vec::new() };
    let mut page = first;
    loop {
        for change in page.changes().iter().filter_map(|change| change.resource_change()) {
            found.touches += 1;
            found.losses.extend(loss(change));
        }
        match page.next_token {
            Some(token) => page = describe(client, id, Some(token)).await?,
            None => return Ok(found),
        }
    }
}

/// The resource, when its data would not stay where it is.
fn loss(change: &ResourceChange) -> Option<(String, Data)> {
    let kind = change.resource_type().unwrap_or_default();
    let replaced = match change.replacement() {
        Some(Replacement::True) => true,
        // Of a custom resource, CloudFormation cannot know; our own table does, in the plan.
        Some(Replacement::Conditional) => !kind.starts_with("Custom::"),
        _ => false,
    };
    let goes = replaced || change.action() == Some(&ChangeAction::Remove);
    if !goes || !replacement::holds_data(kind) {
        return None;
    }
    let retained = change.policy_action().is_some_and(|policy| policy.as_str().contains("Retain"));
    let data = if retained { Data::Retained } else { Data::Lost };
    Some((change.logical_resource_id().unwrap_or_default().to_owned(), data))
}

/// What [early validation](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html)
/// found: it says so in these events only. Without an answer, the reason of the change set has to do.
async fn validation_errors(client: &Client, change_set: &str) -> Vec<String> {
    let Ok(answer) = client.describe_events().change_set_name(change_set).send().await else {
        return Vec::new();
    };
    let sentence = |event: &aws_sdk_cloudformation::types::OperationEvent| {
        let reason = event.validation_status_reason()?;
        Some(format!(
            "{} ({}): {reason}",
            event.logical_resource_id()?,
            event.validation_path().unwrap_or("template")
        ))
    };
    answer.operation_events().iter().filter_map(sentence).collect()
}

impl ChangeSet {
    /// What it would lose beyond what was allowed: a plan made from the templates alone cannot know
    /// of every replacement.
    pub fn losses_beyond(&self, stack: &str, allowed: impl Fn(&str) -> bool) -> Vec<Loss> {
        self.losses
            .iter()
            .filter(|(logical_id, _)| !allowed(logical_id))
            .map(|(logical_id, data)| Loss {
                stack: stack.to_owned(),
                logical_id: logical_id.clone(),
                data: *data,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses() {
        use ChangeAction::{Add, Modify, Remove};
        let table = [
            ("AWS::Kinesis::Stream", Add, None, None, None),
            ("AWS::Kinesis::Stream", Modify, Some("False"), None, None),
            ("AWS::Kinesis::Stream", Modify, Some("True"), None, Some(Data::Lost)),
            ("AWS::Kinesis::Stream", Modify, Some("Conditional"), None, Some(Data::Lost)),
            ("AWS::S3::Bucket", Modify, Some("True"), Some("ReplaceAndRetain"), Some(Data::Retained)),
            ("AWS::S3::Bucket", Remove, None, Some("Delete"), Some(Data::Lost)),
            ("AWS::S3::Bucket", Remove, None, Some("Retain"), Some(Data::Retained)),
            ("Custom::TimestreamTable", Modify, Some("Conditional"), None, None),
            ("Custom::TimestreamTable", Remove, None, None, Some(Data::Lost)),
            ("AWS::IAM::Role", Remove, None, None, None),
        ];
        for (kind, action, replacement, policy, expected) in table {
            let change = ResourceChange::builder()
                .resource_type(kind)
                .logical_resource_id("Resource")
                .action(action.clone())
                .set_replacement(replacement.map(Replacement::from))
                .set_policy_action(policy.map(aws_sdk_cloudformation::types::PolicyAction::from))
                .build();
            let found = loss(&change).map(|(_, data)| data);
            assert_eq!(found, expected, "{kind} {action:?} {replacement:?}");
        }
    }
}
