//! The policy documents of templates, with what a deployment would put in place of intrinsics: linters
//! of IAM know no CloudFormation.
//!
//! Pure. What is filled in is plausible, not true: the right form of an ARN is what counts.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stacks::cfn::Resource;
use stacks::kinds::{self, Generated, Name, Naming, Reference};
use stacks::{ParameterSource, Stack};

/// The property of a role that says who may take it.
pub(super) const TRUST_POLICY: &str = "AssumeRolePolicyDocument";

/// One policy document, ready for a linter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Policy {
    /// The stack.
    pub stack: String,
    /// The resource that has it.
    pub entity: String,
    /// Where in the resource's properties it stands.
    pub path: String,
    /// The document. A trust policy, which has no resource, is about its own role here.
    pub document: Value,
}

/// Where the stacks are thought to be deployed.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The Region.
    pub region: &'a str,
    /// The account's number.
    pub id: &'a str,
}

/// What stands for the random end of a name and for an id that a service gives.
const RANDOM: &str = "1A2B3C4D5E6F";

/// Its documents are those of [IoT](https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html), whose
/// variables and condition keys no linter of IAM knows: the invariants hold them.
const OF_DEVICES: &str = "AWS::IoT::Policy";

/// Every policy document of the stacks that IAM judges. A parameter is filled from the stack whose output it carries,
/// where that is among them.
pub(super) fn policies(stacks: &[Stack], account: &Account) -> Vec<Policy> {
    let mut policies = Vec::new();
    for stack in stacks {
        let scope = Scope { stacks, stack, account };
        for (id, resource) in stack.template.resources().iter().filter(|(_, one)| one.kind() != OF_DEVICES) {
            for (path, document) in documents(resource.properties(), String::new()) {
                let mut document = scope.filled(document);
                // One statement may stand alone.
                if let Some(statement) = document.get("Statement").filter(|one| one.is_object()).cloned() {
                    document["Statement"] = json!([statement]);
                }
                if path == TRUST_POLICY {
                    about(&mut document, &scope.arn(id.as_str(), resource));
                }
                policies.push(Policy {
                    stack: stack.name.to_owned(),
                    entity: id.to_string(),
                    path,
                    document,
                });
            }
        }
    }
    policies
}

/// Every object with statements inside a value, and where it stands.
fn documents(value: &Value, path: String) -> Vec<(String, &Value)> {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
    match value {
        Value::Object(map) if map.contains_key("Statement") => vec![(path, value)],
        Value::Object(map) => map.iter().flat_map(|(key, value)| documents(value, below(key))).collect(),
        Value::Array(items) => {
            let numbered = items.iter().enumerate();
            numbered.flat_map(|(number, value)| documents(value, below(&number.to_string()))).collect()
        }
        _ => Vec::new(),
    }
}

/// Names the resource of statements that have none.
fn about(document: &mut Value, arn: &str) {
    let statements = document.get_mut("Statement").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten().filter_map(Value::as_object_mut) {
        statement.entry("Resource").or_insert_with(|| json!(arn));
    }
}

/// A stack among others, in an account.
struct Scope<'a> {
    stacks: &'a [Stack],
    stack: &'a Stack,
    account: &'a Account<'a>,
}

impl Scope<'_> {
    /// The value without intrinsics.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(map) => match single(map) {
                Some((key, argument)) if key == "Ref" || key.starts_with("Fn::") => {
                    Value::String(self.intrinsic(key, argument))
                }
                _ => {
                    Value::Object(map.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect())
                }
            },
            plain => plain.clone(),
        }
    }

    fn text(&self, value: &Value) -> String {
        match self.filled(value) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    fn intrinsic(&self, key: &str, argument: &Value) -> String {
        match (key, argument) {
            ("Ref", Value::String(name)) => self.reference(name),
            ("Fn::GetAtt", Value::String(path)) => self.attribute(path),
            ("Fn::GetAtt", Value::Array(parts)) => {
                let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                self.attribute(&parts.join("."))
            }
            ("Fn::Sub", Value::String(text)) => self.substituted(text, &Map::new()),
            ("Fn::Sub", Value::Array(parts)) => {
                let variables = parts.get(1).and_then(Value::as_object).cloned().unwrap_or_default();
                let text = parts.first().and_then(Value::as_str).unwrap_or_default();
                self.substituted(text, &variables)
            }
            ("Fn::Join", Value::Array(parts)) => {
                let items = parts.get(1).and_then(Value::as_array).into_iter().flatten();
                let texts: Vec<String> = items.map(|item| self.text(item)).collect();
                texts.join(parts.first().and_then(Value::as_str).unwrap_or_default())
            }
            // The linter then says that this is no ARN.
            _ => format!("{key} of {argument}"),
        }
    }

    fn substituted(&self, text: &str, variables: &Map<String, Value>) -> String {
        let mut pieces = text.split("${");
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            let value = match (name.strip_prefix('!'), variables.get(name)) {
                // A variable of IAM's own.
                (Some(literal), _) => format!("${{{literal}}}"),
                (None, Some(value)) => self.text(value),
                (None, None) if name.contains('.') => self.attribute(name),
                (None, None) => self.reference(name),
            };
            filled.push_str(&value);
            filled.push_str(rest);
        }
        filled
    }

    fn reference(&self, name: &str) -> String {
        match name {
            "AWS::AccountId" => return self.account.id.to_owned(),
            "AWS::Partition" => return "aws".to_owned(),
            "AWS::Region" => return self.account.region.to_owned(),
            "AWS::StackName" => return self.stack.stack_name.clone(),
            "AWS::URLSuffix" => return "amazonaws.com".to_owned(),
            _ => {}
        }
        if let Some(resource) = self.resource(name) {
            return match naming(resource).map(|naming| naming.reference) {
                Some(Reference::Arn) => self.arn(name, resource),
                Some(Reference::Name) | None => self.name(name, resource),
            };
        }
        self.parameter(name)
    }

    /// `<logical id>.<attribute>`.
    fn attribute(&self, path: &str) -> String {
        let (id, attribute) = path.split_once('.').unwrap_or((path, ""));
        match self.resource(id) {
            Some(resource) if attribute.ends_with("Arn") => self.arn(id, resource),
            Some(resource) => self.name(id, resource),
            None => path.to_owned(),
        }
    }

    /// What another stack tells, or else the parameter's own name, which is right for a name.
    fn parameter(&self, name: &str) -> String {
        let from_output = || {
            let ParameterSource::Output { stack, output } = self.stack.parameters.get(name)? else {
                return None;
            };
            let stack = self.stacks.iter().find(|candidate| candidate.name == *stack)?;
            let outputs = stack.template.outputs();
            let (_, output) = outputs.iter().find(|(id, _)| *id == output)?;
            let output = serde_json::to_value(output).ok()?;
            Some(Scope { stack, ..*self }.text(&output["Value"]))
        };
        from_output().unwrap_or_else(|| name.to_lowercase())
    }

    fn resource(&self, id: &str) -> Option<&Resource> {
        let mut resources = self.stack.template.resources().iter();
        resources.find(|(candidate, _)| candidate.as_str() == id).map(|(_, resource)| resource)
    }

    /// The name that it is given, or one as CloudFormation makes it.
    fn name(&self, id: &str, resource: &Resource) -> String {
        let name = format!("{}-{id}-{RANDOM}", self.stack.stack_name);
        let (at, name) = match naming(resource).map(|naming| naming.name) {
            Some(Name::Own { at, otherwise: Generated::Lower(_), .. }) => (at, name.to_lowercase()),
            Some(Name::Own { at, .. } | Name::Inside(at)) => (at, name),
            Some(Name::Id) | None => return name,
        };
        let given = resource.properties().pointer(at).filter(|given| !given.is_null());
        given.map_or(name, |given| self.text(given))
    }

    /// Its ARN, or for a type that is not known here a sentence that the linter does not take for one.
    fn arn(&self, id: &str, resource: &Resource) -> String {
        let known = kinds::of(resource.kind()).and_then(|kind| Some((kind, kind.naming.arn?)));
        let Some((kind, form)) = known else {
            return format!("the ARN of {}, which is not known to this linter", resource.kind());
        };
        let mut pieces = form.split('{');
        let mut rest = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (variable, after) = piece.split_once('}').unwrap_or((piece, ""));
            match variable {
                "id" => rest.push_str(RANDOM),
                "name" => rest.push_str(&self.name(id, resource)),
                property => rest.push_str(&self.text(resource.property(property))),
            }
            rest.push_str(after);
        }
        let Account { region, id: account } = self.account;
        kinds::arn("aws", kind.service.namespace, region, account, &rest) + kind.naming.behind
    }
}

fn naming(resource: &Resource) -> Option<Naming> {
    kinds::of(resource.kind()).map(|kind| kind.naming)
}

fn single(map: &Map<String, Value>) -> Option<(&String, &Value)> {
    if map.len() == 1 { map.iter().next() } else { None }
}

#[cfg(test)]
mod tests {
    use stacks::Inputs;

    use super::super::synthesized;
    use super::*;
    use session::Project;

    fn of(name: &str) -> Vec<Policy> {
        let (model, environment) = Project::locate().load_sample(name, &[]).expect("a shipped environment");
        let stacks = synthesized(&Inputs { model: &model, environment: &environment }).expect("stacks");
        policies(&stacks, &Account { region: "eu-central-1", id: "111122223333" })
    }

    #[test]
    fn what_other_stacks_tell_is_filled_in() {
        let policies = of("dev");
        let cases = [
            (
                "consumer",
                "KinesisConsumerRole",
                "kinesis:GetRecords",
                json!([
                    "arn:aws:kinesis:eu-central-1:111122223333:stream/sluice-dev-ingest-EventStream-1A2B3C4D5E6F"
                ]),
            ),
            (
                "consumer",
                "KinesisConsumerRole",
                "timestream:WriteRecords",
                json!(["arn:aws:timestream:eu-central-1:111122223333:database/sluice_dev/table/telemetry"]),
            ),
            (
                "consumer",
                "KinesisConsumerRole",
                "logs:PutLogEvents",
                json!([
                    "arn:aws:logs:eu-central-1:111122223333:log-group:/sluice/dev/consumer/kinesis-consumer:*"
                ]),
            ),
            (
                "lake",
                "DeliveryRole",
                "s3:ListBucket",
                json!(["arn:aws:s3:::sluice-dev-lake-lakebucket-1a2b3c4d5e6f"]),
            ),
            (
                "lake",
                "DeliveryRole",
                "sts:AssumeRole",
                json!("arn:aws:iam::111122223333:role/sluice-dev-lake-DeliveryRole-1A2B3C4D5E6F"),
            ),
        ];
        for (stack, entity, action, resource) in cases {
            let statements = policies
                .iter()
                .filter(|policy| policy.stack == stack && policy.entity == entity)
                .flat_map(|policy| policy.document["Statement"].as_array().into_iter().flatten());
            let is_about = |statement: &&Value| match &statement["Action"] {
                Value::Array(actions) => actions.contains(&json!(action)),
                one => one == action,
            };
            let found: Vec<&Value> = statements.filter(is_about).map(|one| &one["Resource"]).collect();
            assert_eq!(found, [&resource], "{entity} {action}");
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for name in Project::locate().environments() {
            let policies = of(&name);
            assert!(policies.iter().any(|policy| policy.path == TRUST_POLICY), "{name}");
            assert!(policies.iter().any(|policy| policy.path == "PolicyDocument"), "{name}");
            for Policy { stack, entity, path, document } in policies {
                let text = document.to_string();
                for unknown in ["Fn::", "\"Ref\"", "${", "not known"] {
                    assert!(!text.contains(unknown), "{name} {stack} {entity} {path}: {text}");
                }
            }
        }
    }
}
