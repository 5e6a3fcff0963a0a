//! What an environment has: its stacks, their outputs and their resources, as CloudFormation knows them.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use stacks::STACKS;
use stacks::environment::{Environment, PostgresStore, StoreKind};

use crate::deploy::options::selection;
use session::sdk_error::sentence;
use session::{Exit, Explain, Session};

/// A stack that is there.
#[derive(Debug, Clone)]
pub struct DeployedStack {
    /// Name in the table of stacks, for instance `ingest`.
    pub name: &'static str,
    /// Status, as CloudFormation spells it.
    pub status: String,
    /// Outputs, by name.
    pub outputs: BTreeMap<String, String>,
    /// Resources, in logical order.
    pub resources: Vec<DeployedResource>,
}

/// A resource of a stack.
#[derive(Debug, Clone)]
pub struct DeployedResource {
    /// Name in the template.
    pub logical_id: String,
    /// Name in its service.
    pub physical_id: String,
    /// For instance `AWS::Kinesis::Stream`.
    pub kind: String,
}

/// Every stack of an environment that is there.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// In the order of the table of stacks.
    pub stacks: Vec<DeployedStack>,
}

/// Why there is no inventory.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// CloudFormation did not answer.
    #[error("CloudFormation does not say what is deployed: {0}")]
    Service(String),
    /// Nothing is deployed.
    #[error("environment `{0}` is not deployed")]
    NotDeployed(String),
    /// A stack lacks an output, or is not there.
    #[error("stack `{stack}` of environment `{environment}` has no output `{output}`")]
    MissingOutput {
        /// The environment.
        environment: String,
        /// The stack.
        stack: &'static str,
        /// The output.
        output: String,
    },
}

impl Explain for InventoryError {
    fn exit(&self) -> Exit {
        match self {
            Self::Service(_) => Exit::Unexpected,
            Self::NotDeployed(_) | Self::MissingOutput { .. } => Exit::NoEnvironment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Service(_) => None,
            Self::NotDeployed(environment) | Self::MissingOutput { environment, .. } => {
                Some(format!("`cargo xtask deploy{}` deploys it", selection(environment)))
            }
        }
    }
}

impl Inventory {
    /// Asks CloudFormation for every stack of the environment and its resources, concurrently.
    pub async fn read(session: &Session) -> Result<Self, InventoryError> {
        Self::of(session, STACKS.iter().map(|definition| definition.name)).await
    }

    /// The same of these stacks alone.
    pub async fn of(
        session: &Session,
        names: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, InventoryError> {
        let client = session.cloudformation();
        let stacks = try_join_all(names.into_iter().map(|name| deployed(&client, session, name)));
        let stacks: Vec<_> = stacks.await?.into_iter().flatten().collect();
        if stacks.is_empty() {
            return Err(InventoryError::NotDeployed(session.environment.name.clone()));
        }
        Ok(Self { stacks })
    }

    /// Has the environment the store that it was deployed with, whatever its file says now: `--set store.kind` is for
    /// the run of a deployment, and whoever asks afterwards means the store that is there.
    pub fn settle_store(&self, environment: &mut Environment) {
        let Some(store) = self.stacks.iter().find(|stack| stack.name == "store") else { return };
        let is_postgres = store.outputs.contains_key("ClusterArn");
        if is_postgres != environment.store.postgres().is_some() {
            environment.store.kind = if is_postgres {
                StoreKind::Postgres(PostgresStore::default())
            } else {
                StoreKind::Timestream
            };
        }
    }

    /// An output that the command cannot do without.
    pub fn output(
        &self,
        session: &Session,
        stack: &'static str,
        output: &str,
    ) -> Result<&str, InventoryError> {
        self.stacks
            .iter()
            .find(|deployed| deployed.name == stack)
            .and_then(|deployed| deployed.outputs.get(output))
            .map(String::as_str)
            .ok_or_else(|| InventoryError::MissingOutput {
                environment: session.environment.name.clone(),
                stack,
                output: output.to_owned(),
            })
    }

    /// Resources of a type, with the stack that has them.
    pub fn resources<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a DeployedStack, &'a DeployedResource)> {
        self.stacks.iter().flat_map(move |stack| {
            stack
                .resources
                .iter()
                .filter(move |resource| resource.kind == kind)
                .map(move |resource| (stack, resource))
        })
    }
}

async fn deployed(
    client: &aws_sdk_cloudformation::Client,
    session: &Session,
    name: &'static str,
) -> Result<Option<DeployedStack>, InventoryError> {
    let stack_name = session.environment.stack_name(name);
    let described = match client.describe_stacks().stack_name(&stack_name).send().await {
        Ok(described) => described,
        Err(error) if crate::deploy::status::says_not_there(&sentence(&error)) => return Ok(None),
        Err(error) => return Err(InventoryError::Service(sentence(&error))),
    };
    let Some(stack) = described.stacks().first() else { return Ok(None) };
    let outputs = stack
        .outputs()
        .iter()
        .filter_map(|output| Some((output.output_key()?.to_owned(), output.output_value()?.to_owned())))
        .collect();
    let mut resources = Vec::new();
    let mut pages = client.list_stack_resources().stack_name(&stack_name).into_paginator().items().send();
    while let Some(resource) = pages.next().await {
        let resource = resource.map_err(|error| InventoryError::Service(sentence(&error)))?;
        resources.push(DeployedResource {
            logical_id: resource.logical_resource_id().unwrap_or_default().to_owned(),
            physical_id: resource.physical_resource_id().unwrap_or_default().to_owned(),
            kind: resource.resource_type().unwrap_or_default().to_owned(),
        });
    }
    let status = stack.stack_status().map_or("UNKNOWN", |status| status.as_str()).to_owned();
    Ok(Some(DeployedStack { name, status, outputs, resources }))
}
