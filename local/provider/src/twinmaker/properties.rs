//! The properties of TwinMaker's types, from the form in which custom resources get them.
//!
//! Names and meaning are those of
//! [`AWS::IoTTwinMaker::Workspace`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-workspace.html),
//! [`ComponentType`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-componenttype.html)
//! and [`Entity`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iottwinmaker-entity.html).
//! A property that is not known here is an error: left out silently, the local twin would differ from the
//! real one. Property groups and composite components are among those.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_iottwinmaker::error::BuildError;
use aws_sdk_iottwinmaker::types;
use custom_resource::Request;
use serde::Deserialize;
use serde_json::Value;

use super::tags::Tags;
use crate::scalar::Scalar;

/// Properties of a workspace.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
pub(super) struct Workspace {
    #[serde(rename = "ServiceToken")]
    _service_token: Option<String>,
    #[serde(rename = "ServiceTimeout")]
    _service_timeout: Option<Value>,
    pub workspace_id: String,
    pub role: String,
    #[serde(rename = "S3Location")]
    pub s3_location: String,
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Tags,
}

/// Properties of a component type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
pub(super) struct ComponentType {
    #[serde(rename = "ServiceToken")]
    _service_token: Option<String>,
    #[serde(rename = "ServiceTimeout")]
    _service_timeout: Option<Value>,
    pub workspace_id: String,
    pub component_type_id: String,
    pub description: Option<String>,
    #[serde(default)]
    pub extends_from: Vec<String>,
    #[serde(default)]
    functions: BTreeMap<String, Function>,
    pub is_singleton: Option<Scalar<bool>>,
    #[serde(default)]
    property_definitions: BTreeMap<String, Definition>,
    #[serde(default)]
    pub tags: Tags,
}

/// Properties of an entity.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
pub(super) struct Entity {
    #[serde(rename = "ServiceToken")]
    _service_token: Option<String>,
    #[serde(rename = "ServiceTimeout")]
    _service_timeout: Option<Value>,
    pub workspace_id: String,
    pub entity_id: Option<String>,
    pub entity_name: String,
    pub description: Option<String>,
    pub parent_entity_id: Option<String>,
    #[serde(default)]
    pub components: BTreeMap<String, Component>,
    #[serde(default)]
    pub tags: Tags,
}

/// What matters of the properties before an update, which may be wrong: when a wrong update is rolled
/// back, they are the wrong ones.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Former {
    description: Option<String>,
    #[serde(default)]
    pub tags: Tags,
}

impl Former {
    pub(super) fn of(request: &Request) -> Self {
        Self::deserialize(Value::Object(request.old_resource_properties.clone())).unwrap_or_default()
    }

    /// What to say of the description: nothing where there is none and was none, and nothing at all as
    /// a text where there was one.
    pub(super) fn description(&self, wanted: Option<&String>) -> Option<String> {
        wanted.cloned().or_else(|| self.description.as_ref().map(|_| String::new()))
    }
}

/// What matters of an entity's properties before an update; they may be wrong too.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FormerEntity {
    pub parent_entity_id: Option<String>,
    #[serde(default)]
    pub components: BTreeMap<String, Value>,
}

impl FormerEntity {
    pub(super) fn of(request: &Request) -> Self {
        Self::deserialize(Value::Object(request.old_resource_properties.clone())).unwrap_or_default()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Function {
    implemented_by: Option<Implementation>,
    required_properties: Option<Vec<String>>,
    scope: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Implementation {
    lambda: Option<Lambda>,
    is_native: Option<Scalar<bool>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Lambda {
    arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Definition {
    /// The type calls it `Configurations` in a component type and `Configuration` in an entity.
    #[serde(alias = "Configurations")]
    configuration: Option<HashMap<String, String>>,
    data_type: Option<DataType>,
    default_value: Option<DataValue>,
    is_external_id: Option<Scalar<bool>>,
    is_required_in_entity: Option<Scalar<bool>>,
    is_stored_externally: Option<Scalar<bool>>,
    is_time_series: Option<Scalar<bool>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DataType {
    r#type: String,
    nested_type: Option<Box<DataType>>,
    allowed_values: Option<Vec<DataValue>>,
    unit_of_measure: Option<String>,
    relationship: Option<Relationship>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Relationship {
    relationship_type: Option<String>,
    target_component_type_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
struct DataValue {
    boolean_value: Option<Scalar<bool>>,
    double_value: Option<Scalar<f64>>,
    integer_value: Option<Scalar<i32>>,
    long_value: Option<Scalar<i64>>,
    string_value: Option<String>,
    list_value: Option<Vec<DataValue>>,
    map_value: Option<HashMap<String, DataValue>>,
    relationship_value: Option<RelationshipValue>,
    expression: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RelationshipValue {
    target_entity_id: Option<String>,
    target_component_name: Option<String>,
}

/// A component of an entity.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the type's properties")]
pub(super) struct Component {
    pub component_type_id: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, Property>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Property {
    definition: Option<Definition>,
    value: Option<DataValue>,
}

impl ComponentType {
    pub(super) fn definitions(
        &self,
    ) -> Result<HashMap<String, types::PropertyDefinitionRequest>, BuildError> {
        let definitions = self.property_definitions.iter();
        definitions.map(|(name, definition)| Ok((name.clone(), definition.to_sdk()?))).collect()
    }

    pub(super) fn functions(&self) -> Result<HashMap<String, types::FunctionRequest>, BuildError> {
        self.functions.iter().map(|(name, function)| Ok((name.clone(), function.to_sdk()?))).collect()
    }
}

impl Component {
    pub(super) fn properties(&self) -> Result<HashMap<String, types::PropertyRequest>, BuildError> {
        let property = |(name, property): (&String, &Property)| {
            let definition = property.definition.as_ref().map(Definition::to_sdk).transpose()?;
            let value = property.value.as_ref().map(DataValue::to_sdk);
            let request = types::PropertyRequest::builder().set_definition(definition).set_value(value);
            Ok((name.clone(), request.build()))
        };
        self.properties.iter().map(property).collect()
    }

    pub(super) fn to_sdk(&self) -> Result<types::ComponentRequest, BuildError> {
        Ok(types::ComponentRequest::builder()
            .set_component_type_id(self.component_type_id.clone())
            .set_description(self.description.clone())
            .set_properties(Some(self.properties()?))
            .build())
    }
}

impl Function {
    fn to_sdk(&self) -> Result<types::FunctionRequest, BuildError> {
        Ok(types::FunctionRequest::builder()
            .set_implemented_by(self.implemented_by.as_ref().map(Implementation::to_sdk).transpose()?)
            .set_required_properties(self.required_properties.clone())
            .set_scope(self.scope.as_deref().map(Into::into))
            .build())
    }
}

impl Implementation {
    fn to_sdk(&self) -> Result<types::DataConnector, BuildError> {
        let lambda = self.lambda.as_ref();
        let lambda = lambda.map(|lambda| types::LambdaFunction::builder().arn(&lambda.arn).build());
        Ok(types::DataConnector::builder()
            .set_lambda(lambda.transpose()?)
            .set_is_native(self.is_native.map(|is_native| is_native.0))
            .build())
    }
}

impl Definition {
    fn to_sdk(&self) -> Result<types::PropertyDefinitionRequest, BuildError> {
        let flag = |flag: Option<Scalar<bool>>| flag.map(|flag| flag.0);
        Ok(types::PropertyDefinitionRequest::builder()
            .set_configuration(self.configuration.clone())
            .set_data_type(self.data_type.as_ref().map(DataType::to_sdk).transpose()?)
            .set_default_value(self.default_value.as_ref().map(DataValue::to_sdk))
            .set_is_external_id(flag(self.is_external_id))
            .set_is_required_in_entity(flag(self.is_required_in_entity))
            .set_is_stored_externally(flag(self.is_stored_externally))
            .set_is_time_series(flag(self.is_time_series))
            .build())
    }
}

impl DataType {
    fn to_sdk(&self) -> Result<types::DataType, BuildError> {
        let allowed = self.allowed_values.as_ref();
        let relationship = self.relationship.as_ref().map(|relationship| {
            types::Relationship::builder()
                .set_relationship_type(relationship.relationship_type.clone())
                .set_target_component_type_id(relationship.target_component_type_id.clone())
                .build()
        });
        types::DataType::builder()
            .r#type(self.r#type.as_str().into())
            .set_nested_type(
                self.nested_type.as_ref().map(|nested| nested.to_sdk().map(Box::new)).transpose()?,
            )
            .set_allowed_values(allowed.map(|allowed| allowed.iter().map(DataValue::to_sdk).collect()))
            .set_unit_of_measure(self.unit_of_measure.clone())
            .set_relationship(relationship)
            .build()
    }
}

impl DataValue {
    fn to_sdk(&self) -> types::DataValue {
        let list = self.list_value.as_ref().map(|list| list.iter().map(Self::to_sdk).collect());
        let map = self.map_value.as_ref();
        let map = map.map(|map| map.iter().map(|(name, value)| (name.clone(), value.to_sdk())).collect());
        let relationship = self.relationship_value.as_ref().map(|relationship| {
            types::RelationshipValue::builder()
                .set_target_entity_id(relationship.target_entity_id.clone())
                .set_target_component_name(relationship.target_component_name.clone())
                .build()
        });
        types::DataValue::builder()
            .set_boolean_value(self.boolean_value.map(|value| value.0))
            .set_double_value(self.double_value.map(|value| value.0))
            .set_integer_value(self.integer_value.map(|value| value.0))
            .set_long_value(self.long_value.map(|value| value.0))
            .set_string_value(self.string_value.clone())
            .set_list_value(list)
            .set_map_value(map)
            .set_relationship_value(relationship)
            .set_expression(self.expression.clone())
            .build()
    }
}
