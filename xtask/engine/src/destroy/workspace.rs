//! Empties a TwinMaker workspace of what its stack did not put there: the service deletes none that has
//! anything in it, and a component type that an entity has stays too.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_iottwinmaker::operation::delete_component_type::DeleteComponentTypeError;
use aws_sdk_iottwinmaker::operation::delete_entity::DeleteEntityError;
use aws_sdk_iottwinmaker::types::State;
use serde::Serialize;

use super::plan::Removal;
use crate::deploy::pace::Pace;
use crate::twin::{TwinError, Workspace, service};

/// How long the service may take to be rid of something.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a workspace has beyond its stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Extra {
    /// Ids of entities.
    pub entities: BTreeSet<String>,
    /// Ids of component types.
    pub component_types: BTreeSet<String>,
}

impl Extra {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entities.len() + self.component_types.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a workspace has that is not the stack's. A workspace that does not exist has nothing.
    pub async fn of(workspace: &Workspace, stack: &Removal) -> Result<Self, TwinError> {
        if !workspace.exists().await? {
            return Ok(Self::default());
        }
        let own = stack.of_twin();
        let entities = entities(workspace).await?.into_iter();
        let types = workspace.component_types().await?.into_keys();
        Ok(Self {
            entities: entities.filter(|id| !own.contains(id.as_str())).collect(),
            component_types: types.filter(|id| !own.contains(id.as_str())).collect(),
        })
    }
}

/// Removes what the workspace has beyond the stack, and waits until it is gone. Returns how many entities
/// and component types that were; `seen` is told how many are left.
///
/// When component types are to go, so do all entities, the stack's own too: one of them may have a
/// component of such a type. `CloudFormation` takes a resource that is gone for deleted.
pub async fn empty(
    workspace: &Workspace,
    stack: &Removal,
    pace: Pace,
    seen: impl Fn(usize),
) -> Result<usize, TwinError> {
    let mut extra = Extra::of(workspace, stack).await?;
    let all = extra.len();
    let (mut waits, mut news, mut before) = (pace.waits(), Instant::now(), usize::MAX);
    while !extra.is_empty() {
        seen(extra.len());
        let in_the_way = if extra.component_types.is_empty() {
            extra.entities.clone()
        } else {
            entities(workspace).await?
        };
        for id in &in_the_way {
            delete_entity(workspace, id).await?;
        }
        // A type goes once nothing has it, and the service may take a while to see that.
        let mut refusal = None;
        if in_the_way.is_empty() {
            for id in &extra.component_types {
                refusal = delete_type(workspace, id).await.err().or(refusal);
            }
        }
        let left = Extra::of(workspace, stack).await?;
        if left.len() < extra.len() || in_the_way.len() < before {
            news = Instant::now();
            waits.reset();
        } else if news.elapsed() > PATIENCE {
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let first = in_the_way.iter().chain(&left.component_types).next().cloned();
            let end = format!("is still there {} s after it was deleted", PATIENCE.as_secs());
            return Err(TwinError::Unsettled { entity: first.unwrap_or_default(), end });
        } else {
            waits.next().await;
        }
        before = in_the_way.len();
        extra = left;
    }
    Ok(all)
}

/// Ids of all entities.
async fn entities(workspace: &Workspace) -> Result<BTreeSet<String>, TwinError> {
    Ok(workspace.entities().await?.into_iter().map(|entity| entity.entity_id).collect())
}

async fn delete_entity(workspace: &Workspace, id: &str) -> Result<(), TwinError> {
    if matches!(workspace.state(id).await?, None | Some(State::Deleting)) {
        return Ok(());
    }
    let request = workspace.client.delete_entity().workspace_id(&workspace.id).entity_id(id);
    match request.is_recursive(true).send().await {
        Ok(_) => Ok(()),
        // It went with its parent.
        Err(error)
            if error.as_service_error().is_some_and(DeleteEntityError::is_resource_not_found_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(service(&format!("delete entity `{id}`"), &error)),
    }
}

async fn delete_type(workspace: &Workspace, id: &str) -> Result<(), TwinError> {
    let request = workspace.client.delete_component_type().workspace_id(&workspace.id).component_type_id(id);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DeleteComponentTypeError::is_resource_not_found_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(service(&format!("delete component type `{id}`"), &error)),
    }
}
