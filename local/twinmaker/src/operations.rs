//! The table of operations: by which method and path each is called, and what answers it.
//!
//! An operation of the service that is not done here is in the table too, so that it is refused by name.

use crate::control::{self, component_type, entity, entity_list, tags, workspace};

/// An operation of the API.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name in the API.
    pub name: &'static str,
    /// Its HTTP method.
    pub method: Method,
    /// Its path; what stands in braces becomes a member of the request.
    pub path: &'static str,
    /// What answers it.
    pub answer: AnsweredBy,
}

/// An HTTP method that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "HTTP's own names")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// What answers an operation.
#[derive(Clone, Copy)]
pub enum AnsweredBy {
    /// The control plane.
    Control(control::Operation),
    /// The control plane, and then schema initializers of new components.
    Components(control::Operation),
    /// `GetPropertyValue`.
    Value,
    /// `GetPropertyValueHistory`.
    History,
    /// Nothing: the refusal goes on after the operation's name.
    Refusal(&'static str),
}

use AnsweredBy::{Components, Control, History, Refusal, Value};
use Method::{Delete, Get, Post, Put};

const ABSENT: &str = "is not supported by this local endpoint.";
const NO_WRITER: &str = "is not supported by this local endpoint: it calls no dataWriter, and component types \
     whose values come from a pipeline have none.";

const fn row(name: &'static str, method: Method, path: &'static str, answer: AnsweredBy) -> Operation {
    Operation { name, method, path, answer }
}

/// Every operation of the API.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    row("CreateWorkspace", Post, "/workspaces/{workspaceId}", Control(workspace::create)),
    row("GetWorkspace", Get, "/workspaces/{workspaceId}", Control(workspace::get)),
    row("UpdateWorkspace", Put, "/workspaces/{workspaceId}", Control(workspace::update)),
    row("DeleteWorkspace", Delete, "/workspaces/{workspaceId}", Control(workspace::delete)),
    row("ListWorkspaces", Post, "/workspaces-list", Control(workspace::list)),
    row("CreateComponentType", Post, "/workspaces/{workspaceId}/component-types/{componentTypeId}", Control(component_type::create)),
    row("GetComponentType", Get, "/workspaces/{workspaceId}/component-types/{componentTypeId}", Control(component_type::get)),
    row("UpdateComponentType", Put, "/workspaces/{workspaceId}/component-types/{componentTypeId}", Control(component_type::update)),
    row("DeleteComponentType", Delete, "/workspaces/{workspaceId}/component-types/{componentTypeId}", Control(component_type::delete)),
    row("ListComponentTypes", Post, "/workspaces/{workspaceId}/component-types-list", Control(component_type::list)),
    row("CreateEntity", Post, "/workspaces/{workspaceId}/entities", Components(entity::create)),
    row("GetEntity", Get, "/workspaces/{workspaceId}/entities/{entityId}", Control(entity::get)),
    row("UpdateEntity", Put, "/workspaces/{workspaceId}/entities/{entityId}", Components(entity::update)),
    row("DeleteEntity", Delete, "/workspaces/{workspaceId}/entities/{entityId}", Control(entity::delete)),
    row("ListEntities", Post, "/workspaces/{workspaceId}/entities-list", Control(entity_list::list)),
    row("TagResource", Post, "/tags", Control(tags::tag)),
    row("UntagResource", Delete, "/tags", Control(tags::untag)),
    row("ListTagsForResource", Post, "/tags-list", Control(tags::list)),
    row("GetPropertyValue", Post, "/workspaces/{workspaceId}/entity-properties/value", Value),
    row("GetPropertyValueHistory", Post, "/workspaces/{workspaceId}/entity-properties/history", History),
    row("BatchPutPropertyValues", Post, "/workspaces/{workspaceId}/entity-properties", Refusal(NO_WRITER)),
    row("CancelMetadataTransferJob", Put, "/metadata-transfer-jobs/{metadataTransferJobId}/cancel", Refusal(ABSENT)),
    row("CreateMetadataTransferJob", Post, "/metadata-transfer-jobs", Refusal(ABSENT)),
    row("CreateScene", Post, "/workspaces/{workspaceId}/scenes", Refusal(ABSENT)),
    row("CreateSyncJob", Post, "/workspaces/{workspaceId}/sync-jobs/{syncSource}", Refusal(ABSENT)),
    row("DeleteScene", Delete, "/workspaces/{workspaceId}/scenes/{sceneId}", Refusal(ABSENT)),
    row("DeleteSyncJob", Delete, "/workspaces/{workspaceId}/sync-jobs/{syncSource}", Refusal(ABSENT)),
    row("ExecuteQuery", Post, "/queries/execution", Refusal(ABSENT)),
    row("GetMetadataTransferJob", Get, "/metadata-transfer-jobs/{metadataTransferJobId}", Refusal(ABSENT)),
    row("GetPricingPlan", Get, "/pricingplan", Refusal(ABSENT)),
    row("GetScene", Get, "/workspaces/{workspaceId}/scenes/{sceneId}", Refusal(ABSENT)),
    row("GetSyncJob", Get, "/sync-jobs/{syncSource}", Refusal(ABSENT)),
    row("ListComponents", Post, "/workspaces/{workspaceId}/entities/{entityId}/components-list", Refusal(ABSENT)),
    row("ListMetadataTransferJobs", Post, "/metadata-transfer-jobs-list", Refusal(ABSENT)),
    row("ListProperties", Post, "/workspaces/{workspaceId}/properties-list", Refusal(ABSENT)),
    row("ListScenes", Post, "/workspaces/{workspaceId}/scenes-list", Refusal(ABSENT)),
    row("ListSyncJobs", Post, "/workspaces/{workspaceId}/sync-jobs-list", Refusal(ABSENT)),
    row("ListSyncResources", Post, "/workspaces/{workspaceId}/sync-jobs/{syncSource}/resources-list", Refusal(ABSENT)),
    row("UpdatePricingPlan", Post, "/pricingplan", Refusal(ABSENT)),
    row("UpdateScene", Put, "/workspaces/{workspaceId}/scenes/{sceneId}", Refusal(ABSENT)),
];

/// Query parameters, and what they become in the request.
pub const QUERY_MEMBERS: &[(&str, Query)] =
    &[("isRecursive", Query::Boolean), ("resourceARN", Query::Text), ("tagKeys", Query::List)];

/// How a query parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// `true` or `false`.
    Boolean,
    /// A string.
    Text,
    /// A string for each time that it is there.
    List,
}
