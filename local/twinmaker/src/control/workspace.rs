//! Workspaces.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Missing;
use crate::{
    identity::{Identity, Resource},
    model::workspace as model,
    moment::Moment,
    paging::Page,
    state::{State, Workspace},
    twin::Tags,
    wire::{Error, parse, without_nulls},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    workspace_id: String,
    description: Option<String>,
    s3_location: Option<String>,
    role: Option<String>,
    #[serde(default)]
    tags: Tags,
}

/// `CreateWorkspace`.
pub fn create(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::CREATE_WORKSPACE, request)?;
    let now = Moment::now();
    state.change(|document| {
        let Request { workspace_id: id, description, s3_location, role, tags } = request;
        if document.workspaces.contains_key(&id) {
            return Err(Error::conflict(format!("The workspace {id} already exists.")));
        }
        let arn = identity.arn(&Resource::Workspace(id.clone()));
        let workspace = Workspace {
            description,
            s3_location,
            role,
            tags,
            created: now,
            updated: now,
            ..Workspace::default()
        };
        document.workspaces.insert(id, workspace);
        Ok(json!({ "arn": arn, "creationDateTime": now }))
    })
}

/// `GetWorkspace`, by id or ARN.
pub fn get(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::GET_WORKSPACE, request)?;
    let id = match identity.resource(&request.workspace_id) {
        Some(Resource::Workspace(id)) => id,
        _ => request.workspace_id,
    };
    let document = state.read();
    let workspace = Missing::NotFound.workspace(&document, &id)?;
    let mut response = summary(identity, &id, workspace);
    response["s3Location"] = json!(workspace.s3_location);
    response["role"] = json!(workspace.role);
    Ok(without_nulls(response))
}

/// `UpdateWorkspace`. What the request leaves out stays.
pub fn update(state: &State, _: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::UPDATE_WORKSPACE, request)?;
    let now = Moment::now();
    state.change(|document| {
        let workspace = Missing::NotFound.workspace_mut(document, &request.workspace_id)?;
        workspace.description = request.description.or(workspace.description.take());
        workspace.s3_location = request.s3_location.or(workspace.s3_location.take());
        workspace.role = request.role.or(workspace.role.take());
        workspace.updated = now;
        Ok(json!({ "updateDateTime": now }))
    })
}

/// `DeleteWorkspace`. Only an empty one can go.
pub fn delete(state: &State, _: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::DELETE_WORKSPACE, request)?;
    let id = request.workspace_id;
    state.change(|document| {
        let workspace = Missing::NotFound.workspace(document, &id)?;
        for (count, kind) in
            [(workspace.entities.len(), "entities"), (workspace.component_types.len(), "component types")]
        {
            if count > 0 {
                return Err(Error::validation(format!(
                    "The workspace {id} cannot be deleted: it has {count} {kind}."
                )));
            }
        }
        document.workspaces.remove(&id);
        Ok(json!({ "message": format!("The workspace {id} is deleted.") }))
    })
}

/// `ListWorkspaces`.
pub fn list(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let page: Page = parse(&model::LIST_WORKSPACES, request)?;
    let document = state.read();
    let workspaces = document
        .workspaces
        .iter()
        .map(|(id, workspace)| (id.as_str(), without_nulls(summary(identity, id, workspace))));
    let (summaries, next) = page.of(workspaces)?;
    Ok(without_nulls(json!({ "workspaceSummaries": summaries, "nextToken": next })))
}

fn summary(identity: &Identity, id: &str, workspace: &Workspace) -> Value {
    json!({
        "workspaceId": id,
        "arn": identity.arn(&Resource::Workspace(id.to_owned())),
        "description": workspace.description,
        "linkedServices": [],
        "creationDateTime": workspace.created,
        "updateDateTime": workspace.updated,
    })
}
