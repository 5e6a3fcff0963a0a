//! One change set: made, awaited, read, executed or discarded.
//!
//! The name of one that is executed at once is made from what it contains, so that the one which an
//! interrupted run left behind is found again and replaced, and never adds up with others. One that is
//! made to be read, or to be executed later, has a name of its own: nobody else replaces it.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, Tag};
use sha2::{Digest as _, Sha256};

use super::difference::{Data, ResourceChange};
use super::merge;
use super::pace::Pace;
use super::plan::Loss;
use super::state::{self, StateError};
use super::status::{
    CHANGE_SET_AVAILABLE, CHANGE_SET_FAILED, CHANGE_SET_READY, Condition, condition, says_already_exists,
    says_denied, says_no_changes, says_not_there, says_unsettled,
};
use artifacts::digest::hex;
use session::sdk_error::sentence;

/// Largest template that a request carries itself, in bytes. A larger one is read from S3.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub const INLINE_LIMIT: usize = 51_200;

/// A template as it is sent: without the white space that is there for people. What is no JSON stays as it is.
pub fn compact(template: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(template).ok();
    value.map_or_else(|| template.to_owned(), |value| value.to_string())
}

/// What a change set is made from.
#[derive(Debug)]
pub struct Request<'a> {
    /// Stack in CloudFormation.
    pub stack_name: &'a str,
    /// Its name, [`name`] or a name of its own.
    pub name: &'a str,
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

/// A template that is ready to be sent.
#[derive(Debug)]
pub enum Stored {
    /// The [`compact`] text itself.
    Inline(String),
    /// Where it was put.
    Url(String),
}

impl Stored {
    /// How a request has it.
    pub fn body(&self) -> Body<'_> {
        match self {
            Self::Inline(template) => Body::Inline(template),
            Self::Url(url) => Body::Url(url),
        }
    }
}

/// A change set that can be executed.
#[derive(Debug)]
pub struct ChangeSet {
    /// ARN.
    pub id: String,
    /// ARN of its stack.
    pub stack_id: String,
    /// What it does, by logical id.
    pub resources: Vec<ResourceChange>,
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
    let id = match create(client, request).await {
        Err(ChangeSetError::Refused { cause, .. }) if says_already_exists(&cause) => {
            delete(client, request.stack_name, request.name).await?;
            create(client, request).await?
        }
        other => other?,
    };
    let mut wait = pace.waits();
    let described = loop {
        let described = describe(client, &id, Values::Without, None).await?;
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

/// Whether a change set that was made earlier can still be executed: its execution status, as
/// CloudFormation spells it, and the ARN of its stack. `None`: it is gone.
pub async fn find(client: &Client, id: &str) -> Result<Option<(String, String)>, ChangeSetError> {
    match client.describe_change_set().change_set_name(id).send().await {
        Ok(found) => Ok(Some((
            found.execution_status().map_or_else(String::new, |status| status.as_str().to_owned()),
            found.stack_id.unwrap_or_default(),
        ))),
        Err(error) if says_not_there(&sentence(&error)) => Ok(None),
        Err(error) => Err(refused("the description of a change set", &error)),
    }
}

/// Reads a change set that was made earlier, if it can still be executed.
pub async fn reread(client: &Client, id: &str) -> Result<Option<ChangeSet>, ChangeSetError> {
    if find(client, id).await?.is_none_or(|(status, _)| status != CHANGE_SET_AVAILABLE) {
        return Ok(None);
    }
    let first = describe(client, id, Values::Without, None).await?;
    Ok(Some(read(client, id, first).await?))
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

/// The name of what is executed at once: the same content has the same one. Letters, digits and hyphens,
/// beginning with a letter.
pub fn name(
    template: Body<'_>,
    parameters: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> String {
    let mut digest = Sha256::new();
    let (Body::Inline(template) | Body::Url(template)) = template;
    digest.update(template);
    for (name, value) in parameters.iter().chain(tags) {
        digest.update([0]);
        digest.update(name);
        digest.update([0]);
        digest.update(value);
    }
    format!("sluice-{}", hex(&digest.finalize()[..8]))
}

async fn create(client: &Client, request: &Request<'_>) -> Result<String, ChangeSetError> {
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
        .change_set_name(request.name)
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
    Ok(created.id.unwrap_or_else(|| request.name.to_owned()))
}

/// Deletes a change set, by ARN or name, if it is there.
pub async fn delete(client: &Client, stack: &str, change_set: &str) -> Result<(), ChangeSetError> {
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

/// Whether a description has the values of properties.
#[derive(Debug, Clone, Copy)]
enum Values {
    With,
    Without,
}

async fn describe(
    client: &Client,
    change_set: &str,
    values: Values,
    page: Option<String>,
) -> Result<DescribeChangeSetOutput, ChangeSetError> {
    let call = client.describe_change_set().change_set_name(change_set).set_next_token(page);
    let call = match values {
        Values::With => call.include_property_values(true),
        Values::Without => call,
    };
    call.send().await.map_err(|error| refused("the description of a change set", &error))
}

/// Reads both descriptions to their ends. `first` is the first page without values.
async fn read(
    client: &Client,
    id: &str,
    first: DescribeChangeSetOutput,
) -> Result<ChangeSet, ChangeSetError> {
    let stack_id = first.stack_id().unwrap_or_default().to_owned();
    let with_values =
        async { pages(client, id, Values::With, describe(client, id, Values::With, None).await?).await };
    let (with_values, without) = futures::try_join!(with_values, pages(client, id, Values::Without, first))?;
    let resources = merge::described(&with_values, &without);
    Ok(ChangeSet { id: id.to_owned(), stack_id, resources })
}

async fn pages(
    client: &Client,
    id: &str,
    values: Values,
    first: DescribeChangeSetOutput,
) -> Result<Vec<DescribeChangeSetOutput>, ChangeSetError> {
    let mut pages = vec![first];
    while let Some(token) = pages.last_mut().and_then(|page| page.next_token.take()) {
        pages.push(describe(client, id, values, Some(token)).await?);
    }
    Ok(pages)
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

impl ChangeSetError {
    /// Whether the change set is being made or executed, so that it cannot be deleted now.
    pub fn is_unsettled(&self) -> bool {
        matches!(self, Self::Refused { cause, .. } if says_unsettled(cause))
    }

    /// Whether the credentials do not allow to make change sets.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Refused { cause, .. } if says_denied(cause))
    }
}

impl ChangeSet {
    /// What it would lose beyond what was allowed: a plan made from the templates alone cannot know
    /// of every replacement.
    pub fn losses_beyond(&self, stack: &str, allowed: impl Fn(&str) -> bool) -> Vec<Loss> {
        self.resources
            .iter()
            .filter(|change| merge::endangers_data(change) && !allowed(&change.logical_id))
            .map(|change| Loss {
                stack: stack.to_owned(),
                logical_id: change.logical_id.clone(),
                data: change.data.unwrap_or(Data::Lost),
                lost: Vec::new(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::{self as sdk, ChangeAction, PolicyAction, Replacement};

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
            let change = sdk::ResourceChange::builder()
                .resource_type(kind)
                .logical_resource_id("Resource")
                .action(action.clone())
                .set_replacement(replacement.map(Replacement::from))
                .set_policy_action(policy.map(PolicyAction::from))
                .build();
            let page = DescribeChangeSetOutput::builder()
                .changes(sdk::Change::builder().resource_change(change).build())
                .build();
            let resources = merge::described([], [&page]);
            let change_set = ChangeSet { id: String::new(), stack_id: String::new(), resources };
            let case = format!("{kind} {action:?} {replacement:?}");
            let found = change_set.losses_beyond("stack", |_| false);
            assert_eq!(found.first().map(|loss| loss.data), expected, "{case}");
            assert!(change_set.losses_beyond("stack", |id| id == "Resource").is_empty(), "{case}");
        }
    }
}
