//! Requests about workspaces, component types and tags.

use super::{
    ANY, ARN, BOOLEAN, COMPONENT_TYPE_ID, DEFINITION, DESCRIPTION, DISPLAY_NAME, ID, MAX_RESULTS, NAME,
    NEXT_TOKEN, STRING, TAG_KEY, TAGS, text,
};
use crate::shape::{
    Shape::{self, List, Map, OneOf, Structure, Union},
    optional, required,
};

static ID_OR_ARN: Shape = text(
    1,
    2048,
    r"[a-zA-Z_0-9][a-zA-Z_\-0-9]*[a-zA-Z0-9]+$|^arn:((aws)|(aws-cn)|(aws-us-gov)):iottwinmaker:[a-z0-9-]+:[0-9]{12}:[\/a-zA-Z0-9_-]+",
);
static ROLE: Shape = text(20, 2048, "arn:((aws)|(aws-cn)|(aws-us-gov)):iam::[0-9]{12}:role/.*");
static S3_LOCATION: Shape = text(0, 1024, ".*(^arn:((aws)|(aws-cn)|(aws-us-gov)):s3:::)([a-zA-Z0-9_-]+$).*");
static LAMBDA_ARN: Shape = text(
    20,
    2048,
    r"arn:((aws)|(aws-cn)|(aws-us-gov)):lambda:[a-z0-9-]+:[0-9]{12}:function:[\/a-zA-Z0-9_-]+",
);

pub(crate) static CREATE_WORKSPACE: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("description", &DESCRIPTION),
        optional("s3Location", &S3_LOCATION),
        optional("role", &ROLE),
        optional("tags", &TAGS),
    ],
};
pub(crate) static GET_WORKSPACE: Shape = Structure { members: &[required("workspaceId", &ID_OR_ARN)] };
pub(crate) static UPDATE_WORKSPACE: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("description", &DESCRIPTION),
        optional("role", &ROLE),
        optional("s3Location", &S3_LOCATION),
    ],
};
pub(crate) static DELETE_WORKSPACE: Shape = Structure { members: &[required("workspaceId", &ID)] };
pub(crate) static LIST_WORKSPACES: Shape =
    Structure { members: &[optional("maxResults", &MAX_RESULTS), optional("nextToken", &NEXT_TOKEN)] };

static LAMBDA: Shape = Structure { members: &[required("arn", &LAMBDA_ARN)] };
static IMPLEMENTED_BY: Shape =
    Structure { members: &[optional("lambda", &LAMBDA), optional("isNative", &BOOLEAN)] };
static NAMES: Shape = List { of: &NAME, min: 0, max: ANY };
static SCOPE: Shape = OneOf(&["ENTITY", "WORKSPACE"]);
static FUNCTION: Shape = Structure {
    members: &[
        optional("requiredProperties", &NAMES),
        optional("scope", &SCOPE),
        optional("implementedBy", &IMPLEMENTED_BY),
    ],
};
static FUNCTIONS: Shape = Map { key: &NAME, value: &FUNCTION, max: ANY };
static DEFINITIONS: Shape = Map { key: &NAME, value: &DEFINITION, max: ANY };
static EXTENDS_FROM: Shape = List { of: &COMPONENT_TYPE_ID, min: 0, max: ANY };
static ANYTHING: Shape = Structure { members: &[] };
static GROUPS: Shape = Map { key: &NAME, value: &ANYTHING, max: ANY };

/// Of a creation and an update alike; an update has no tags.
pub(crate) static PUT_COMPONENT_TYPE: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        required("componentTypeId", &COMPONENT_TYPE_ID),
        optional("isSingleton", &BOOLEAN),
        optional("description", &DESCRIPTION),
        optional("propertyDefinitions", &DEFINITIONS),
        optional("extendsFrom", &EXTENDS_FROM),
        optional("functions", &FUNCTIONS),
        optional("tags", &TAGS),
        optional("propertyGroups", &GROUPS),
        optional("componentTypeName", &DISPLAY_NAME),
        optional("compositeComponentTypes", &GROUPS),
    ],
};
/// Of reading one and deleting one.
pub(crate) static COMPONENT_TYPE: Shape =
    Structure { members: &[required("workspaceId", &ID), required("componentTypeId", &COMPONENT_TYPE_ID)] };
static TYPE_FILTER: Shape = Union {
    members: &[
        optional("extendsFrom", &COMPONENT_TYPE_ID),
        optional("namespace", &STRING),
        optional("isAbstract", &BOOLEAN),
    ],
};
static TYPE_FILTERS: Shape = List { of: &TYPE_FILTER, min: 0, max: ANY };
pub(crate) static LIST_COMPONENT_TYPES: Shape = Structure {
    members: &[
        required("workspaceId", &ID),
        optional("filters", &TYPE_FILTERS),
        optional("maxResults", &MAX_RESULTS),
        optional("nextToken", &NEXT_TOKEN),
    ],
};

static TAG_KEYS: Shape = List { of: &TAG_KEY, min: 0, max: 50 };
pub(crate) static TAG: Shape =
    Structure { members: &[required("resourceARN", &ARN), required("tags", &TAGS)] };
pub(crate) static UNTAG: Shape =
    Structure { members: &[required("resourceARN", &ARN), required("tagKeys", &TAG_KEYS)] };
pub(crate) static LIST_TAGS: Shape = Structure {
    members: &[
        required("resourceARN", &ARN),
        optional("maxResults", &MAX_RESULTS),
        optional("nextToken", &NEXT_TOKEN),
    ],
};
