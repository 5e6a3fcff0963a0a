//! Requests about entities and their components.

use super::{
    ANY, BOOLEAN, COMPONENT_PATH, COMPONENT_TYPE_ID, DATA_VALUE, DEFINITION, DESCRIPTION, ENTITY_ID, ID,
    MAX_RESULTS, NAME, NEXT_TOKEN, STRING, TAGS, text,
};
use crate::shape::{
    Shape::{self, List, Map, OneOf, Structure, Union},
    optional, required,
};

static ENTITY_NAME: Shape = text(1, 256, r"[^\u0000-\u001F\u007F]+");
static PARENT: Shape = text(
    1,
    128,
    r"\$ROOT|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|^[a-zA-Z0-9][a-zA-Z_\-0-9.:]*[a-zA-Z0-9]+",
);
static PROPERTY_UPDATE: Shape = OneOf(&["UPDATE", "DELETE", "CREATE", "RESET_VALUE"]);
static PROPERTY: Shape = Structure {
    members: &[
        optional("definition", &DEFINITION),
        optional("value", &DATA_VALUE),
        optional("updateType", &PROPERTY_UPDATE),
    ],
};
static PROPERTIES: Shape = Map { key: &NAME, value: &PROPERTY, max: ANY };
static ANYTHING: Shape = Structure { members: &[] };
static GROUPS: Shape = Map { key: &NAME, value: &ANYTHING, max: ANY };
static COMPOSITES: Shape = Map { key: &COMPONENT_PATH, value: &ANYTHING, max: ANY };
static COMPONENT: Shape = Structure {
    members: &[
        optional("description", &DESCRIPTION),
        optional("componentTypeId", &COMPONENT_TYPE_ID),
        optional("properties", &PROPERTIES),
        optional("propertyGroups", &GROUPS),
    ],
};
static COMPONENTS: Shape = Map { key: &NAME, value: &COMPONENT, max: ANY };
static CHANGE: Shape = OneOf(&["CREATE", "UPDATE", "DELETE"]);
static COMPONENT_UPDATE: Shape = Structure {
    members: &[
        optional("updateType", &CHANGE),
        optional("description", &DESCRIPTION),
        optional("componentTypeId", &COMPONENT_TYPE_ID),
        optional("propertyUpdates", &PROPERTIES),
        optional("propertyGroupUpdates", &GROUPS),
    ],
};
static COMPONENT_UPDATES: Shape = Map { key: &NAME, value: &COMPONENT_UPDATE, max: ANY };
static PARENT_CHANGE: Shape = OneOf(&["UPDATE", "DELETE"]);
static PARENT_UPDATE: Shape =
    Structure { members: &[required("updateType", &PARENT_CHANGE), optional("parentEntityId", &PARENT)] };

pub(crate) static CREATE_ENTITY: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("entityId", &ENTITY_ID),
        required("entityName", &ENTITY_NAME),
        optional("description", &DESCRIPTION),
        optional("components", &COMPONENTS),
        optional("compositeComponents", &COMPOSITES),
        optional("parentEntityId", &PARENT),
        optional("tags", &TAGS),
    ],
};
pub(crate) static GET_ENTITY: Shape =
    Structure { members: &[required("workspaceId", &ID), required("entityId", &ENTITY_ID)] };
pub(crate) static UPDATE_ENTITY: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        required("entityId", &ENTITY_ID),
        optional("entityName", &ENTITY_NAME),
        optional("description", &DESCRIPTION),
        optional("componentUpdates", &COMPONENT_UPDATES),
        optional("compositeComponentUpdates", &COMPOSITES),
        optional("parentEntityUpdate", &PARENT_UPDATE),
    ],
};
pub(crate) static DELETE_ENTITY: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        required("entityId", &ENTITY_ID),
        optional("isRecursive", &BOOLEAN),
    ],
};
static ENTITY_FILTER: Shape = Union {
    members: &[
        optional("parentEntityId", &PARENT),
        optional("componentTypeId", &COMPONENT_TYPE_ID),
        optional("externalId", &STRING),
    ],
};
static ENTITY_FILTERS: Shape = List { of: &ENTITY_FILTER, min: 0, max: ANY };
pub(crate) static LIST_ENTITIES: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("filters", &ENTITY_FILTERS),
        optional("maxResults", &MAX_RESULTS),
        optional("nextToken", &NEXT_TOKEN),
    ],
};
