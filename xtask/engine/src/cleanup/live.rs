//! The stacks of the environments that a cleanup is about, with what they use. Read only.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{ChangeSetStatus, ExecutionStatus, Stack};
use futures::{StreamExt as _, TryStreamExt as _};
use stacks::tags::{ENVIRONMENT_TAG, EXPIRES_TAG, STACK_TAG};

use super::scope::Scope;
use crate::deploy::state;
use crate::deploy::status::{Condition, condition};
use crate::destroy::find::{self, FindError};

/// Stacks that are read at the same time: CloudFormation counts requests per account.
const AT_ONCE: usize = 4;

/// What the names of our change sets begin with.
const CHANGE_SETS: &str = "sluice-";

/// A stack that carries the tag of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The environment, by the tag.
    pub environment: String,
    /// Which stack of the environment it is, by the tag.
    pub stack: Option<String>,
    /// Name in CloudFormation.
    pub stack_name: String,
    /// Status, as CloudFormation spells it.
    pub status: String,
    /// Its template.
    pub template: String,
    /// Values of its parameters, and of those of change sets that were made for it.
    pub values: Vec<String>,
    /// Names of the log groups that are its own.
    pub log_groups: Vec<String>,
    /// Buckets for archives that are its own.
    pub buckets: Vec<String>,
    /// Change sets that were made by a deployment or a plan, and not executed.
    pub change_sets: Vec<Pending>,
    /// What its tag says of the day on which it expires.
    pub expires: Option<String>,
}

/// A change set that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// ARN.
    pub id: String,
    /// Name.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
}

impl Live {
    /// Whether nothing is under way, so that what it does not use now it does not need. A rollback needs what
    /// was used before.
    pub fn is_settled(&self) -> bool {
        matches!(condition(&self.status), Condition::Ready | Condition::Phantom)
    }

    /// Whether somebody is at it.
    pub fn is_busy(&self) -> bool {
        condition(&self.status) == Condition::Busy
    }
}

/// Every stack of these environments.
pub async fn read(client: &Client, scope: &Scope) -> Result<Vec<Live>, FindError> {
    let stacks = find::all(client).await?.into_iter().filter_map(|stack| {
        let environment = state::tags(&stack).remove(ENVIRONMENT_TAG)?;
        scope.covers(&environment).then_some((environment, stack))
    });
    let reads = stacks.map(|(environment, stack)| live(client, environment, stack));
    futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await
}

async fn live(client: &Client, environment: String, stack: Stack) -> Result<Live, FindError> {
    let stack_id = stack.stack_id().unwrap_or_default();
    let (template, resources, change_sets) = tokio::try_join!(
        find::template(client, stack_id),
        find::resources(client, stack_id),
        pending(client, stack.stack_name().unwrap_or_default())
    )?;
    let mut values: Vec<String> =
        stack.parameters().iter().filter_map(|one| one.parameter_value().map(str::to_owned)).collect();
    for pending in &change_sets {
        values.extend(parameters(client, pending).await?);
    }
    let named = |kind: &str| -> Vec<String> {
        let of_kind = resources.iter().filter(|resource| resource.kind == kind);
        of_kind.map(|resource| resource.physical_id.clone()).collect()
    };
    let mut tags = state::tags(&stack);
    let archives = stack.outputs().iter().filter(|output| output.output_key() == Some("ArtifactBucket"));
    Ok(Live {
        stack_name: stack.stack_name().unwrap_or_default().to_owned(),
        status: state::status(&stack).to_owned(),
        template,
        values,
        log_groups: named("AWS::Logs::LogGroup"),
        buckets: archives.filter_map(|output| output.output_value.clone()).collect(),
        change_sets,
        stack: tags.remove(STACK_TAG),
        expires: tags.remove(EXPIRES_TAG),
        environment,
    })
}

async fn pending(client: &Client, stack_name: &str) -> Result<Vec<Pending>, FindError> {
    let mut found = Vec::new();
    let mut pages = client.list_change_sets().stack_name(stack_name).into_paginator().items().send();
    while let Some(summary) = pages.next().await {
        let summary = summary.map_err(|error| FindError::new("CloudFormation", &error))?;
        let name = summary.change_set_name().unwrap_or_default();
        let at_work = matches!(
            summary.status(),
            Some(ChangeSetStatus::CreateInProgress | ChangeSetStatus::CreatePending)
        ) || matches!(
            summary.execution_status(),
            Some(ExecutionStatus::ExecuteInProgress | ExecutionStatus::ExecuteComplete)
        );
        if name.starts_with(CHANGE_SETS) && !at_work {
            found.push(Pending {
                id: summary.change_set_id().unwrap_or_default().to_owned(),
                name: name.to_owned(),
                created: summary
                    .creation_time()
                    .map_or(i64::MAX, aws_sdk_cloudformation::primitives::DateTime::secs),
            });
        }
    }
    Ok(found)
}

/// Values of the parameters with which a change set was made.
async fn parameters(client: &Client, pending: &Pending) -> Result<Vec<String>, FindError> {
    let described = client.describe_change_set().change_set_name(&pending.id).send().await;
    let described = described.map_err(|error| FindError::new("CloudFormation", &error))?;
    Ok(described.parameters().iter().filter_map(|one| one.parameter_value().map(str::to_owned)).collect())
}
