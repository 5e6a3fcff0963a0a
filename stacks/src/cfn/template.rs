//! A template and its parts, as `CloudFormation` reads them.
//!
//! Properties are JSON that reads like the resource's page; whether they are right is for the
//! official schemas to say. Everything is ordered by name, so that the same input gives the same
//! bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Expression, LogicalId};
use crate::artifact::Artifact;

/// Largest template that an API call carries itself, in bytes. A larger one is passed through S3.
/// See [quotas](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
pub const INLINE_LIMIT_BYTES: usize = 51_200;

/// Largest template at all, in bytes.
pub const TEMPLATE_LIMIT_BYTES: usize = 1_048_576;

const ACCEPTED_METADATA: &str = "sluice:accepted";

/// Everything that one stack creates.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    #[serde(rename = "AWSTemplateFormatVersion")]
    version: &'static str,
    description: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<LogicalId, Parameter>,
    resources: BTreeMap<LogicalId, Resource>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    outputs: BTreeMap<LogicalId, Output>,
    #[serde(skip)]
    contents: Contents,
}

/// What lies in the resources of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contents {
    /// What their types say.
    OfTheirTypes,
    /// What can be made again.
    MadeAgain,
}

impl Template {
    /// An empty template.
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            version: "2010-09-09",
            description: description.into(),
            parameters: BTreeMap::new(),
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            contents: Contents::OfTheirTypes,
        }
    }

    /// Says that whatever lies in its resources can be made again: it goes with the stack, whatever the
    /// environment says about data.
    #[must_use]
    pub fn made_again(self) -> Self {
        Self { contents: Contents::MadeAgain, ..self }
    }

    /// Whether whatever lies in its resources can be made again.
    pub fn is_made_again(&self) -> bool {
        self.contents == Contents::MadeAgain
    }

    /// Adds a resource and returns its id, to refer to it.
    pub fn add(&mut self, id: LogicalId, resource: Resource) -> LogicalId {
        let before = self.resources.insert(id.clone(), resource);
        debug_assert!(before.is_none(), "{id} is there twice");
        id
    }

    /// Adds a parameter and returns its id, to refer to its value. Asking again for the same one is
    /// fine.
    pub fn parameter(&mut self, id: LogicalId, source: ParameterSource) -> LogicalId {
        let parameter = Parameter { kind: "String", description: source.to_string(), source };
        self.parameters.insert(id.clone(), parameter);
        id
    }

    /// Adds a parameter that carries an output of another stack under the output's own name.
    pub fn input(&mut self, stack: &'static str, output: &'static str) -> LogicalId {
        let output = LogicalId::from_kebab(output);
        self.parameter(output.clone(), ParameterSource::Output { stack, output })
    }

    /// Adds an output.
    pub fn output(&mut self, id: &'static str, description: &'static str, value: impl Into<Expression>) {
        self.output_of(&LogicalId::from_kebab(id), description, value);
    }

    /// The same under an id that is made of a name.
    pub fn output_of(&mut self, id: &LogicalId, description: &'static str, value: impl Into<Expression>) {
        let output = Output { description, value: value.into() };
        let before = self.outputs.insert(id.clone(), output);
        debug_assert!(before.is_none(), "the output {id} is there twice");
    }

    /// The template as JSON: sorted by name, indented, with a newline at the end.
    pub fn to_json(&self) -> String {
        // The type has string keys and no failing Serialize, so the default is never taken.
        let value = serde_json::to_value(self).map(sorted).unwrap_or_default();
        format!("{value:#}\n")
    }

    /// What the stack is for.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The parameters by id.
    pub fn parameters(&self) -> &BTreeMap<LogicalId, Parameter> {
        &self.parameters
    }

    /// The resources by id.
    pub fn resources(&self) -> &BTreeMap<LogicalId, Resource> {
        &self.resources
    }

    /// The resources by id, to change them.
    pub fn resources_mut(&mut self) -> &mut BTreeMap<LogicalId, Resource> {
        &mut self.resources
    }

    /// The outputs by id.
    pub fn outputs(&self) -> &BTreeMap<LogicalId, Output> {
        &self.outputs
    }
}

/// Keys in order, whatever map `serde_json` was built with: any crate of a build may ask it to
/// keep the order of insertion.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: BTreeMap<String, Value> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(map.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        scalar => scalar,
    }
}

/// A value that the stack is given when it is deployed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    #[serde(rename = "Type")]
    kind: &'static str,
    description: String,
    /// Where the value comes from.
    #[serde(skip)]
    pub source: ParameterSource,
}

/// Where a parameter's value comes from when the stack is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterSource {
    /// An output of another stack of the environment.
    Output {
        /// The stack's name in the table.
        stack: &'static str,
        /// The output's id.
        output: LogicalId,
    },
    /// The content-addressed key of an archive in the artifact bucket.
    ArtifactKey(Artifact),
    /// The name of the account's bucket for archives, which `bootstrap` made.
    AccountBucket(String),
}

impl ParameterSource {
    /// The stack whose output a parameter carries, by its description in a template that was deployed.
    pub fn stack_of(description: &str) -> Option<&str> {
        let (_, stack) = description.strip_prefix("Output ")?.split_once(" of the stack ")?;
        Some(stack)
    }
}

impl std::fmt::Display for ParameterSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Output { stack, output } => write!(f, "Output {output} of the stack {stack}"),
            Self::ArtifactKey(artifact) => {
                write!(f, "Key of the archive of {} in the artifact bucket", artifact.name())
            }
            Self::AccountBucket(_) => f.write_str("Bucket of the account for archives"),
        }
    }
}

/// A value that the stack tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    description: &'static str,
    value: Expression,
}

impl Output {
    /// The value.
    pub(crate) fn value(&self) -> &Expression {
        &self.value
    }

    /// What the value is.
    pub fn description(&self) -> &'static str {
        self.description
    }
}

/// What happens to a physical resource that its stack lets go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Policy {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless the operation that created it fails, so that a failed first deployment
    /// leaves nothing behind.
    RetainExceptOnCreate,
    /// It is deleted, and a final snapshot of it stays.
    Snapshot,
}

impl Policy {
    /// Whether a `DeletionPolicy` or `UpdateReplacePolicy`, as a template spells it, keeps the resource
    /// when its stack lets go of it: `Retain` and `RetainExceptOnCreate`. The latter deletes only when
    /// the operation that creates the resource is rolled back.
    ///
    /// Not `Snapshot`: it keeps a copy, and deletes the resource. Nor what is spelt otherwise.
    pub fn is_retained(policy: &str) -> bool {
        matches!(policy, "Retain" | "RetainExceptOnCreate")
    }
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<LogicalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_replace_policy: Option<Policy>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    properties: Value,
}

impl Resource {
    /// A resource of a type, with the properties that its page lists.
    pub fn new(kind: &'static str, properties: Value) -> Self {
        Self {
            kind,
            deletion_policy: None,
            update_replace_policy: None,
            depends_on: Vec::new(),
            metadata: Map::new(),
            properties,
        }
    }

    /// Says that it is created after resources to which none of its properties refers, and deleted
    /// before them.
    #[must_use]
    pub fn after(mut self, resources: impl IntoIterator<Item = LogicalId>) -> Self {
        self.depends_on.extend(resources);
        self.depends_on.sort_unstable();
        self
    }

    /// Adds metadata under a key.
    #[must_use]
    pub fn metadata_entry(mut self, key: &'static str, value: Value) -> Self {
        self.metadata.insert(key.to_owned(), value);
        self
    }

    /// Silences one rule of the linters for this resource, for a reason that stays in the template.
    #[must_use]
    pub fn accept(self, rule: &'static str, because: &'static str) -> Self {
        self.metadata_entry("cfn-lint", json!({"config": {"ignore_checks": [rule]}}))
            .metadata_entry(ACCEPTED_METADATA, json!({rule: because}))
    }

    /// The rules of the linters that this resource breaks on purpose, each with its reason. cfn-lint
    /// reads them from the template; cloudformation-validate has to be told.
    pub fn accepted(&self) -> impl Iterator<Item = (&str, &str)> {
        let accepted = self.metadata.get(ACCEPTED_METADATA).and_then(Value::as_object);
        accepted.into_iter().flatten().filter_map(|(rule, reason)| Some((rule.as_str(), reason.as_str()?)))
    }

    /// The type, for instance `AWS::Kinesis::Stream`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Says what happens to it on deletion and on replacement. A template that is synthesized has it from the
    /// types of its resources.
    pub fn set_policies(&mut self, deletion: Policy, replacement: Policy) {
        self.deletion_policy = Some(deletion);
        self.update_replace_policy = Some(replacement);
    }

    /// Makes it a resource of another type that understands the same properties.
    pub fn set_kind(&mut self, kind: &'static str) {
        self.kind = kind;
    }

    /// What has to be there first, beside what the properties refer to.
    pub fn depends_on(&self) -> &[LogicalId] {
        &self.depends_on
    }

    /// `DeletionPolicy`, where there is one.
    pub fn deletion_policy(&self) -> Option<Policy> {
        self.deletion_policy
    }

    /// `UpdateReplacePolicy`, where there is one.
    pub fn update_replace_policy(&self) -> Option<Policy> {
        self.update_replace_policy
    }

    /// The metadata.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// All properties.
    pub fn properties(&self) -> &Value {
        &self.properties
    }

    /// One property, `null` where it is not there.
    pub fn property(&self, name: &str) -> &Value {
        &self.properties[name]
    }

    /// Sets or replaces one property.
    pub fn set_property(&mut self, name: &'static str, value: Value) {
        if let Some(properties) = self.properties.as_object_mut() {
            properties.insert(name.to_owned(), value);
        }
    }

    /// A property to change, found by a JSON pointer.
    pub fn property_mut(&mut self, pointer: &str) -> Option<&mut Value> {
        self.properties.pointer_mut(pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_retained_is_known_by_its_spelling() {
        for (policy, retained) in [
            ("Retain", true),
            ("RetainExceptOnCreate", true),
            ("Delete", false),
            ("Snapshot", false),
            ("retain", false),
            ("", false),
        ] {
            assert_eq!(Policy::is_retained(policy), retained, "{policy:?}");
        }
        // And as this crate writes it.
        for (policy, retained) in
            [(Policy::Delete, false), (Policy::Retain, true), (Policy::RetainExceptOnCreate, true)]
        {
            let written = serde_json::to_value(policy).expect("JSON");
            assert_eq!(written.as_str().map(Policy::is_retained), Some(retained), "{written}");
        }
    }
}
