//! What of an environment is there, by name and by tag. Read only.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{Stack, TemplateStage};
use futures::future::try_join_all;
use stacks::STACKS;
use stacks::environment::Environment;
use stacks::tags::ENVIRONMENT_TAG;

use super::plan::{Found, Resource};
use crate::deploy::state;
use crate::deploy::status::{Condition, condition, says_not_there};
use session::Explain;
use session::sdk_error::sentence;

/// A service did not say what is there.
#[derive(Debug, thiserror::Error)]
#[error("{service} does not say what is there: {cause}")]
pub struct FindError {
    /// The service.
    pub service: &'static str,
    /// What the SDK said.
    pub cause: String,
}

impl Explain for FindError {}

impl FindError {
    /// The service did not answer.
    pub fn new<E, R>(service: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        Self { service, cause: sentence(error) }
    }
}

/// The stacks of an environment, and those that bear their names without being of it.
#[derive(Debug)]
pub struct Stacks {
    /// They carry the environment's tag.
    pub ours: Vec<Found>,
    /// They do not. They are left alone.
    pub strangers: Vec<String>,
}

/// Every stack of the environment, also of versions of the pipeline that had others.
pub async fn stacks(client: &Client, environment: &Environment) -> Result<Stacks, FindError> {
    let mut ours = Vec::new();
    let mut strangers = Vec::new();
    for stack in named(client, environment).await? {
        let name = stack.stack_name().unwrap_or_default().to_owned();
        match belonging(&stack, environment) {
            Belonging::Ours => ours.push(stack),
            Belonging::Stranger => strangers.push(name),
            Belonging::Other => {}
        }
    }
    let ours = try_join_all(ours.iter().map(|stack| found(client, environment, stack))).await?;
    Ok(Stacks { ours, strangers })
}

/// Whose stack it is.
enum Belonging {
    Ours,
    /// It has the name of one of ours, and no tag that says so.
    Stranger,
    /// It is of an environment whose name begins like this one's.
    Other,
}

fn belonging(stack: &Stack, environment: &Environment) -> Belonging {
    let name = stack.stack_name().unwrap_or_default();
    let in_table = STACKS.iter().any(|definition| environment.stack_name(definition.name) == name);
    match state::tags(stack).get(ENVIRONMENT_TAG) {
        Some(tagged) if *tagged == environment.name => Belonging::Ours,
        // What was never created has no resources, and need not have tags.
        None if in_table && condition(state::status(stack)) == Condition::Phantom => Belonging::Ours,
        _ if in_table => Belonging::Stranger,
        _ => Belonging::Other,
    }
}

/// Every stack that there is, whosever it is.
pub async fn all(client: &Client) -> Result<Vec<Stack>, FindError> {
    let mut stacks = Vec::new();
    let mut pages = client.describe_stacks().into_paginator().items().send();
    while let Some(stack) = pages.next().await {
        let stack = stack.map_err(|error| FindError::new("CloudFormation", &error))?;
        if condition(state::status(&stack)) != Condition::Absent {
            stacks.push(stack);
        }
    }
    Ok(stacks)
}

/// The environments that have stacks, by what the tags of these say exactly.
pub async fn environments(client: &Client) -> Result<BTreeSet<String>, FindError> {
    let tag = |stack: &Stack| state::tags(stack).remove(ENVIRONMENT_TAG);
    Ok(all(client).await?.iter().filter_map(tag).collect())
}

async fn named(client: &Client, environment: &Environment) -> Result<Vec<Stack>, FindError> {
    let prefix = environment.stack_name("");
    let mut stacks = all(client).await?;
    stacks.retain(|stack| stack.stack_name().is_some_and(|name| name.starts_with(&prefix)));
    Ok(stacks)
}

/// Names of the stacks of the environment that are there.
pub async fn names(client: &Client, environment: &Environment) -> Result<Vec<String>, FindError> {
    let stacks = named(client, environment).await?;
    let ours = stacks.iter().filter(|stack| matches!(belonging(stack, environment), Belonging::Ours));
    Ok(ours.map(|stack| stack.stack_name().unwrap_or_default().to_owned()).collect())
}

/// Stacks of the environment that are not among these, by their names after the environment's: an earlier version of
/// its configuration had them.
pub async fn no_longer(
    client: &Client,
    environment: &Environment,
    stack_names: &BTreeSet<String>,
) -> Result<Vec<String>, FindError> {
    let prefix = environment.stack_name("");
    let others = names(client, environment).await?.into_iter().filter(|name| !stack_names.contains(name));
    Ok(others.map(|name| name.strip_prefix(&prefix).unwrap_or(&name).to_owned()).collect())
}

async fn found(client: &Client, environment: &Environment, stack: &Stack) -> Result<Found, FindError> {
    let stack_id = stack.stack_id().unwrap_or_default();
    let (template, resources) = tokio::try_join!(template(client, stack_id), resources(client, stack_id))?;
    let stack_name = stack.stack_name().unwrap_or_default();
    Ok(Found {
        name: stack_name.strip_prefix(&environment.stack_name("")).unwrap_or(stack_name).to_owned(),
        stack_name: stack_name.to_owned(),
        stack_id: stack_id.to_owned(),
        status: state::status(stack).to_owned(),
        protected: state::is_protected(stack),
        template,
        resources,
    })
}

/// The template of a stack, as it was given; nothing of one that was never created.
pub async fn template(client: &Client, stack_id: &str) -> Result<String, FindError> {
    match client.get_template().stack_name(stack_id).template_stage(TemplateStage::Original).send().await {
        Ok(answer) => Ok(answer.template_body.unwrap_or_default()),
        // What was never created has none.
        Err(error) if says_not_there(&sentence(&error)) => Ok(String::new()),
        Err(error) => Err(FindError::new("CloudFormation", &error)),
    }
}

/// The resources of a stack that are there, also of one that is gone and remembered by its ARN.
pub async fn resources(client: &Client, stack_id: &str) -> Result<Vec<Resource>, FindError> {
    let mut resources = Vec::new();
    let mut pages = client.list_stack_resources().stack_name(stack_id).into_paginator().items().send();
    while let Some(resource) = pages.next().await {
        match resource {
            Ok(resource) => {
                let gone = resource
                    .resource_status()
                    .is_some_and(|status| condition(status.as_str()) == Condition::Absent);
                if !gone {
                    resources.push(Resource {
                        logical_id: resource.logical_resource_id.unwrap_or_default(),
                        kind: resource.resource_type.unwrap_or_default(),
                        physical_id: resource.physical_resource_id.unwrap_or_default(),
                    });
                }
            }
            Err(error) if says_not_there(&sentence(&error)) => break,
            Err(error) => return Err(FindError::new("CloudFormation", &error)),
        }
    }
    Ok(resources)
}
