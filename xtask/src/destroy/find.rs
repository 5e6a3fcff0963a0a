//! What of an environment is there, by name and by tag. Read only.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{Stack, TemplateStage};
use aws_sdk_iottwinmaker::operation::get_workspace::GetWorkspaceError;
use futures::future::try_join_all;
use stacks::STACKS;
use stacks::environment::Environment;
use stacks::tags::ENVIRONMENT_TAG;

use super::plan::{DestroyPlan, Found, Removal, Resource};
use crate::deploy::state;
use crate::deploy::status::{Condition, condition, says_not_there};
use crate::failure::Explain;
use crate::sdk_error::sentence;
use crate::target::Session;
use crate::twin::Workspace;

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
    fn new<E, R>(service: &'static str, error: &SdkError<E, R>) -> Self
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

async fn named(client: &Client, environment: &Environment) -> Result<Vec<Stack>, FindError> {
    let prefix = environment.stack_name("");
    let mut stacks = Vec::new();
    let mut pages = client.describe_stacks().into_paginator().items().send();
    while let Some(stack) = pages.next().await {
        let stack = stack.map_err(|error| FindError::new("CloudFormation", &error))?;
        let there = condition(state::status(&stack)) != Condition::Absent;
        if there && stack.stack_name().is_some_and(|name| name.starts_with(&prefix)) {
            stacks.push(stack);
        }
    }
    Ok(stacks)
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
        template,
        resources,
    })
}

async fn template(client: &Client, stack_id: &str) -> Result<String, FindError> {
    match client.get_template().stack_name(stack_id).template_stage(TemplateStage::Original).send().await {
        Ok(answer) => Ok(answer.template_body.unwrap_or_default()),
        // What was never created has none.
        Err(error) if says_not_there(&sentence(&error)) => Ok(String::new()),
        Err(error) => Err(FindError::new("CloudFormation", &error)),
    }
}

async fn resources(client: &Client, stack_id: &str) -> Result<Vec<Resource>, FindError> {
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

/// What the services still have of an environment.
#[derive(Debug, Default)]
pub struct Leftover {
    /// The services that were asked.
    pub asked: Vec<&'static str>,
    /// What they have.
    pub resources: Vec<Resource>,
}

/// What the services still have of the environment: its stacks, its log groups, its buckets, and its
/// workspace where the plan or the environment has one.
pub async fn left(session: &Session, plan: &DestroyPlan) -> Result<Leftover, FindError> {
    let (stacks, log_groups, buckets) =
        tokio::try_join!(left_stacks(session), log_groups(session), buckets(session))?;
    let mut asked = vec!["CloudFormation", "CloudWatch Logs", "S3"];
    let mut resources = [stacks, log_groups, buckets].concat();
    // Not every Region has the service.
    if session.environment.twin.enabled || plan.stacks.iter().any(Removal::has_workspace) {
        asked.push("TwinMaker");
        resources.extend(left_workspace(session).await?);
    }
    Ok(Leftover { asked, resources })
}

/// The workspace bears the environment's name, and another's may bear it too: the tag decides.
async fn left_workspace(session: &Session) -> Result<Option<Resource>, FindError> {
    let Workspace { client, id } = Workspace::named(session);
    let workspace = match client.get_workspace().workspace_id(&id).send().await {
        Ok(workspace) => workspace,
        Err(error)
            if error.as_service_error().is_some_and(GetWorkspaceError::is_resource_not_found_exception) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(FindError::new("TwinMaker", &error)),
    };
    let tags = client.list_tags_for_resource().resource_arn(workspace.arn()).send().await;
    let tags = tags.map_err(|error| FindError::new("TwinMaker", &error))?;
    let is_ours = tags
        .tags()
        .and_then(|tags| tags.get(ENVIRONMENT_TAG))
        .is_some_and(|environment| *environment == session.environment.name);
    Ok(is_ours.then(|| left_over("AWS::IoTTwinMaker::Workspace", &id)))
}

async fn left_stacks(session: &Session) -> Result<Vec<Resource>, FindError> {
    let stacks = named(&session.cloudformation(), &session.environment).await?;
    let ours =
        stacks.iter().filter(|stack| matches!(belonging(stack, &session.environment), Belonging::Ours));
    Ok(ours
        .map(|stack| left_over("AWS::CloudFormation::Stack", stack.stack_name().unwrap_or_default()))
        .collect())
}

/// Every log group of the pipeline bears the environment in its name.
async fn log_groups(session: &Session) -> Result<Vec<Resource>, FindError> {
    let prefix = format!("/sluice/{}/", session.environment.name);
    let mut groups = Vec::new();
    let mut pages =
        session.logs().describe_log_groups().log_group_name_prefix(prefix).into_paginator().items().send();
    while let Some(group) = pages.next().await {
        let group = group.map_err(|error| FindError::new("CloudWatch Logs", &error))?;
        groups.push(left_over("AWS::Logs::LogGroup", group.log_group_name().unwrap_or_default()));
    }
    Ok(groups)
}

/// Buckets are named after their stacks, which another environment's may begin with: the tag decides.
async fn buckets(session: &Session) -> Result<Vec<Resource>, FindError> {
    let client = session.s3();
    let prefix = session.environment.stack_name("");
    let mut names = Vec::new();
    let mut pages = client.list_buckets().prefix(&prefix).into_paginator().items().send();
    while let Some(bucket) = pages.next().await {
        let bucket = bucket.map_err(|error| FindError::new("S3", &error))?;
        // Not every implementation of the API knows the prefix.
        names.extend(bucket.name.filter(|name| name.starts_with(&prefix)));
    }
    let mut ours = Vec::new();
    for name in names {
        let tags = client.get_bucket_tagging().bucket(&name).send().await;
        let is_ours = tags.is_ok_and(|tags| {
            tags.tag_set()
                .iter()
                .any(|tag| tag.key() == ENVIRONMENT_TAG && tag.value() == session.environment.name)
        });
        if is_ours {
            ours.push(left_over("AWS::S3::Bucket", &name));
        }
    }
    Ok(ours)
}

fn left_over(kind: &str, physical_id: &str) -> Resource {
    Resource { logical_id: String::new(), kind: kind.to_owned(), physical_id: physical_id.to_owned() }
}
