//! What a resource keeps for a time, as its properties say. A property that is left out has its default.

use serde_json::Value;

/// How long something is kept, in seconds; [`FOREVER`], or [`NEVER`] when it is not kept at all.
pub type Seconds = u64;

/// Without end.
pub const FOREVER: Seconds = Seconds::MAX;
/// Not at all.
pub const NEVER: Seconds = 0;
/// An hour.
pub const HOUR: Seconds = 3_600;
/// A day.
pub const DAY: Seconds = 24 * HOUR;

/// What a resource keeps.
#[derive(Debug, Clone, Copy)]
pub enum Kept {
    /// A property, or several that count together, whose shrinking loses data.
    For {
        /// How long it is kept, by the properties of the resource. `None`: that is not known.
        of: fn(&Value) -> Option<Seconds>,
        /// What is lost.
        lost: Lost<'static>,
    },
    /// What the [rules of a bucket](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html)
    /// leave in it.
    Lifecycle,
}

/// What is lost when something is kept for a shorter time.
#[derive(Debug, Clone, Copy)]
pub enum Lost<'a> {
    /// These, from the new age to the old one.
    Aged(&'a str),
    /// These that come later than the new age.
    Late(&'a str),
    /// This, which is not kept any more.
    All(&'a str),
}

/// The number at a path; what stands for it when there is none.
pub fn number(properties: &Value, path: &str, default: u64) -> Option<u64> {
    match properties.pointer(path) {
        None | Some(Value::Null) => Some(default),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    }
}

/// So many of a unit.
pub fn times(count: u64, unit: Seconds) -> Seconds {
    count.saturating_mul(unit)
}

/// For ever or not at all, as a switch says.
pub(super) fn switch(properties: &Value, path: &str, on: &str) -> Option<Seconds> {
    match properties.pointer(path) {
        None | Some(Value::Null) => Some(NEVER),
        Some(Value::Bool(value)) => Some(if value.to_string() == on { FOREVER } else { NEVER }),
        Some(Value::String(value)) => Some(if value == on { FOREVER } else { NEVER }),
        Some(_) => None,
    }
}

/// For ever, where a property is there.
pub(super) fn present(properties: &Value, path: &str) -> Option<Seconds> {
    match properties.pointer(path) {
        None | Some(Value::Null) => Some(NEVER),
        // Whether a condition is met is not known here.
        Some(value) if value.get("Fn::If").is_some() => None,
        Some(_) => Some(FOREVER),
    }
}
