//! Stacks as they are deployed, so that whoever deploys keeps what is needed to remove what the templates no
//! longer have: the consumer's old kind, dashboards that are switched off, the bucket of an environment that
//! now shares one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::permissions;
use crate::cfn::{LogicalId, Resource, Template, WILDCARD_METADATA};
use crate::environment::Environment;
use crate::{STACKS, Stack};

/// A stack as it is deployed, by its name in the table of stacks. `parameters` are their values. `None`: the
/// table has no such stack, or the template is none of this product's, which are JSON.
///
/// Resources of types that are not known are left out: nobody was ever permitted to make them.
pub fn deployed(
    environment: &Environment,
    name: &str,
    template: &str,
    parameters: &BTreeMap<String, String>,
) -> Option<Stack> {
    let definition = STACKS.iter().find(|definition| definition.name == name)?;
    let document: Value = serde_json::from_str(template).ok()?;
    let mut template = Template::new(definition.summary);
    for (id, resource) in document["Resources"].as_object()? {
        let kind = resource["Type"].as_str().and_then(permissions::known);
        if let Some(kind) = kind {
            let mut made = Resource::new(kind.name, resolved(&resource["Properties"], parameters));
            if let Some(reasons) = resource["Metadata"].get(WILDCARD_METADATA) {
                made = made.metadata_entry(WILDCARD_METADATA, reasons.clone());
            }
            template.add(LogicalId::from_kebab(id), made);
        }
    }
    Some(Stack {
        name: definition.name,
        stack_name: environment.stack_name(name),
        depends_on: Vec::new(),
        template,
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        on_delete: environment.on_delete,
        boundary: None,
    })
}

/// The types that deployed stacks have and their templates no longer do, by stack.
pub fn gone<'a>(deployed: &'a [Stack], stacks: &[Stack]) -> BTreeMap<&'a str, Vec<&'static str>> {
    let mut gone: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for stack in deployed {
        let kinds = |stack: &Stack| -> Vec<&'static str> {
            stack.template.resources().values().map(Resource::kind).collect()
        };
        let wanted: Vec<&str> =
            stacks.iter().filter(|other| other.name == stack.name).flat_map(kinds).collect();
        let mut kinds = kinds(stack);
        kinds.retain(|kind| !wanted.contains(kind));
        kinds.sort_unstable();
        kinds.dedup();
        if !kinds.is_empty() {
            gone.insert(&stack.stack_name, kinds);
        }
    }
    gone
}

/// A value with those of the parameters in it.
fn resolved(value: &Value, parameters: &BTreeMap<String, String>) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| resolved(item, parameters)).collect(),
        Value::Object(members) => {
            if let Some(given) = members.get("Ref").and_then(Value::as_str).and_then(|id| parameters.get(id))
            {
                return Value::String(given.clone());
            }
            let member = |(key, value): (&String, &Value)| match value {
                Value::String(text) if key == "Fn::Sub" => {
                    let text = parameters
                        .iter()
                        .fold(text.clone(), |text, (id, given)| text.replace(&format!("${{{id}}}"), given));
                    (key.clone(), Value::String(text))
                }
                _ => (key.clone(), resolved(value, parameters)),
            };
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
