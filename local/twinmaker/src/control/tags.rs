//! Tags of workspaces, component types and entities.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    identity::{Identity, Resource},
    model::workspace as model,
    paging::Page,
    state::{Document, State},
    twin::Tags,
    wire::{Error, ErrorCode, parse, without_nulls},
};

/// Tags of a resource.
const MOST: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(rename = "resourceARN")]
    arn: String,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    tag_keys: Vec<String>,
    #[serde(flatten)]
    page: Page,
}

/// `TagResource`.
pub fn tag(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::TAG, request)?;
    state.change(|document| {
        let tags = tags_of(document, identity, &request.arn)?;
        tags.extend(request.tags);
        if tags.len() > MOST {
            let message = format!("{} would have more than {MOST} tags.", request.arn);
            return Err(Error::new(ErrorCode::TooManyTags, message));
        }
        Ok(json!({}))
    })
}

/// `UntagResource`.
pub fn untag(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::UNTAG, request)?;
    state.change(|document| {
        let tags = tags_of(document, identity, &request.arn)?;
        tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(json!({}))
    })
}

/// `ListTagsForResource`.
pub fn list(state: &State, identity: &Identity, request: Value) -> Result<Value, Error> {
    let request: Request = parse(&model::LIST_TAGS, request)?;
    let mut document = Document::clone(&state.read());
    let tags = tags_of(&mut document, identity, &request.arn)?;
    let (tags, next) = request.page.of(tags.iter().map(|(key, value)| (key.as_str(), (key, value))))?;
    let tags: Value = tags.into_iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    Ok(without_nulls(json!({ "tags": tags, "nextToken": next })))
}

fn tags_of<'a>(document: &'a mut Document, identity: &Identity, arn: &str) -> Result<&'a mut Tags, Error> {
    let tags = match identity.resource(arn) {
        Some(Resource::Workspace(id)) => document.workspaces.get_mut(&id).map(|found| &mut found.tags),
        Some(Resource::ComponentType(workspace, id)) => document
            .workspaces
            .get_mut(&workspace)
            .and_then(|workspace| workspace.component_types.get_mut(&id))
            .map(|found| &mut found.tags),
        Some(Resource::Entity(workspace, id)) => document
            .workspaces
            .get_mut(&workspace)
            .and_then(|workspace| workspace.entities.get_mut(&id))
            .map(|found| &mut found.tags),
        None => None,
    };
    tags.ok_or_else(|| Error::not_found(format!("{arn} does not exist.")))
}
