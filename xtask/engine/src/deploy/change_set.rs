//! One change set: made, awaited, read, executed or discarded.
//!
//! The name of one that is executed at once is made from what it contains, so that the one which an
//! interrupted run left behind is found again and replaced, and never adds up with others. One that is
//! made to be read, or to be executed later, has a name of its own: nobody else replaces it.

use std::collections::BTreeMap;
use std::time::Instant;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, Tag};
use sha2::{Digest as _, Sha256};

use super::difference::{Data, ResourceChange};
use super::events::token;
use super::merge;
use super::pace::Pace;
use super::patience::patiently;
use super::plan::Loss;
use super::state::{self, StateError};
use super::status::{
    CHANGE_SET_AVAILABLE, CHANGE_SET_FAILED, CHANGE_SET_READY, Condition, condition, is_being_executed,
    is_being_made, says_already_exists, says_change_set_gone, says_denied, says_no_changes, says_not_there,
    says_unsettled,
};
use super::validation;
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
    /// What early validation holds against it, without refusing it.
    pub warnings: Vec<String>,
}

/// Whose execution of a change set is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executed {
    /// That which this asked for.
    Ours,
    /// One that was asked for before: it may be ours, if its answer was lost.
    Before,
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
    /// Somebody deleted it while it was made.
    #[error("the change set was deleted while it was made")]
    Gone,
    /// It does not leave a status that this program does not know.
    #[error("the change set stays in {status}, a status that is not known here")]
    Unknown {
        /// The status, as CloudFormation spells it.
        status: String,
    },
    /// The stack could not be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Makes a change set and waits until it can be executed. One that turns out to be empty is
/// discarded, and so is the stack that exists only because of it.
pub async fn make(client: &Client, request: &Request<'_>, pace: Pace) -> Result<Made, ChangeSetError> {
    let id = match create(client, request, pace).await {
        Err(ChangeSetError::Refused { cause, .. }) if says_already_exists(&cause) => {
            delete(client, request.stack_name, request.name).await?;
            create(client, request, pace).await?
        }
        other => other?,
    };
    let (mut wait, mut unknown) = (pace.waits(), None);
    let described = loop {
        let described = match describe(client, &id, Values::Without, None, pace).await {
            Err(ChangeSetError::Refused { cause, .. }) if says_not_there(&cause) => {
                return Err(ChangeSetError::Gone);
            }
            described => described?,
        };
        match described.status().map_or("", |status| status.as_str()) {
            CHANGE_SET_READY => break described,
            CHANGE_SET_FAILED => {
                let reason = described.status_reason().unwrap_or("no reason given").to_owned();
                if says_no_changes(&reason) {
                    discard(client, &id, described.stack_id().unwrap_or(request.stack_name)).await?;
                    return Ok(Made::Unchanged);
                }
                let mut reasons = vec![reason];
                let validation = validation::of(client, &id).await;
                reasons.extend(validation.errors.into_iter().chain(validation.warnings));
                let stack = described.stack_id().unwrap_or(request.stack_name);
                if let Err(error) = discard(client, &id, stack).await {
                    reasons.push(format!("it is left, as {error}"));
                }
                return Err(ChangeSetError::Failed { reasons });
            }
            status if is_being_made(status) => wait.next().await,
            status if says_change_set_gone(status) => return Err(ChangeSetError::Gone),
            status => {
                if unknown.get_or_insert_with(Instant::now).elapsed() > pace.patience {
                    return Err(ChangeSetError::Unknown { status: status.to_owned() });
                }
                wait.next().await;
            }
        }
    };
    let (made, validation) = tokio::join!(read(client, &id, described, pace), validation::of(client, &id));
    Ok(Made::Ready(ChangeSet { warnings: validation.warnings, ..made? }))
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
pub async fn reread(client: &Client, id: &str, pace: Pace) -> Result<Option<ChangeSet>, ChangeSetError> {
    if find(client, id).await?.is_none_or(|(status, _)| status != CHANGE_SET_AVAILABLE) {
        return Ok(None);
    }
    let first = describe(client, id, Values::Without, None, pace).await?;
    Ok(Some(read(client, id, first, pace).await?))
}

/// Starts the execution of a change set. The token makes of a request that is sent again, because its answer was
/// lost, the same request; where a service knows no tokens, what is being executed tells it.
pub async fn execute(
    client: &Client,
    change_set: &ChangeSet,
    token: &str,
    pace: Pace,
) -> Result<Executed, ChangeSetError> {
    let send =
        || client.execute_change_set().change_set_name(&change_set.id).client_request_token(token).send();
    let Err(error) = patiently(pace, send).await else { return Ok(Executed::Ours) };
    let error = refused("the execution of a change set", &error);
    if error.is_unsettled()
        && let Some((status, _)) = find(client, &change_set.id).await?
        && is_being_executed(&status)
    {
        return Ok(Executed::Before);
    }
    Err(error)
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

async fn create(client: &Client, request: &Request<'_>, pace: Pace) -> Result<String, ChangeSetError> {
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
        .client_token(token())
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityNamedIam)
        .set_parameters(Some(parameters.collect()))
        .set_tags(Some(tags.collect()));
    let call = match request.template {
        Body::Inline(template) => call.template_body(template),
        Body::Url(url) => call.template_url(url),
    };
    let created = patiently(pace, || call.clone().send()).await;
    let created = created.map_err(|error| refused("the template", &error))?;
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
    next: Option<String>,
    pace: Pace,
) -> Result<DescribeChangeSetOutput, ChangeSetError> {
    let call = client.describe_change_set().change_set_name(change_set).set_next_token(next);
    let call = match values {
        Values::With => call.include_property_values(true),
        Values::Without => call,
    };
    let described = patiently(pace, || call.clone().send()).await;
    described.map_err(|error| refused("the description of a change set", &error))
}

/// Reads both descriptions to their ends. `first` is the first page without values.
async fn read(
    client: &Client,
    id: &str,
    first: DescribeChangeSetOutput,
    pace: Pace,
) -> Result<ChangeSet, ChangeSetError> {
    let stack_id = first.stack_id().unwrap_or_default().to_owned();
    let with_values = async {
        let first = describe(client, id, Values::With, None, pace).await?;
        pages(client, id, Values::With, first, pace).await
    };
    let without = pages(client, id, Values::Without, first, pace);
    let (with_values, without) = futures::try_join!(with_values, without)?;
    let resources = merge::described(&with_values, &without);
    Ok(ChangeSet { id: id.to_owned(), stack_id, resources, warnings: Vec::new() })
}

async fn pages(
    client: &Client,
    id: &str,
    values: Values,
    first: DescribeChangeSetOutput,
    pace: Pace,
) -> Result<Vec<DescribeChangeSetOutput>, ChangeSetError> {
    let mut pages = vec![first];
    while let Some(token) = pages.last_mut().and_then(|page| page.next_token.take()) {
        pages.push(describe(client, id, values, Some(token), pace).await?);
    }
    Ok(pages)
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
mod tests;
