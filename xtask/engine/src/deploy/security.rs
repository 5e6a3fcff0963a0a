//! Who may do what, and who reaches whom, before and after: two templates of a stack compared by what
//! they permit rather than by how they are written. Pure.
//!
//! A statement that is split, sorted or repeated permits the same and shows nothing. What is told is never
//! less than what changes: where two permissions cannot be compared, both are told.

mod expression;
mod network;
mod permission;
mod statement;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::expression::text;
pub use self::network::{Opening, Way};
pub use self::permission::{Effect, Permission};
use super::difference::Values;

/// Everything that a stack permits more or less than before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// What somebody may do and could not do before, widest first.
    #[serde(default)]
    pub gained: Vec<Permission>,
    /// What somebody could do and may not do any more, widest first.
    #[serde(default)]
    pub lost: Vec<Permission>,
    /// Ways of the network that open, widest first.
    #[serde(default)]
    pub opened: Vec<Opening>,
    /// Ways of the network that close, widest first.
    #[serde(default)]
    pub closed: Vec<Opening>,
}

impl Security {
    /// Whether everybody may do what they could do, and reaches whom they reached.
    pub fn is_empty(&self) -> bool {
        let Self { gained, lost, opened, closed } = self;
        gained.is_empty() && lost.is_empty() && opened.is_empty() && closed.is_empty()
    }
}

/// What a template permits more and less than another. Values are those of parameters, and of
/// [pseudo parameters](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html)
/// such as `AWS::Region` where they are known; what has no value is called by its name. A template that is
/// `null` permits nothing.
pub fn between(old: &Value, old_values: &Values, new: &Value, new_values: &Values) -> Security {
    let (old, new) = ((old, &shown(old, old_values)), (new, &shown(new, new_values)));
    let (gained, lost) = permission::between(old, new);
    let (opened, closed) = network::between(old, new);
    Security { gained, lost, opened, closed }
}

/// Values without those that are not to be shown.
fn shown(template: &Value, values: &Values) -> Values {
    let hidden = |name: &str| match &template["Parameters"][name]["NoEcho"] {
        Value::Bool(hidden) => *hidden,
        said => said == "true",
    };
    values
        .iter()
        .filter(|(name, _)| !hidden(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The resources of a template: their names, types and properties.
fn resources(template: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    template["Resources"].as_object().into_iter().flatten().map(|(id, resource)| {
        (id.as_str(), resource["Type"].as_str().unwrap_or_default(), &resource["Properties"])
    })
}

/// The items of a list; something that stands alone is a list of one, and nothing a list of none.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}
