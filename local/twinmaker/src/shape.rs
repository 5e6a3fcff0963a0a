//! Shapes of the API's model, and what is wrong with a value that should have one.
//!
//! Knows no operation: [`crate::model`] declares the shapes. Sentences are those that the service's
//! framework makes.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use regex::Regex;
use serde_json::{Map, Value};

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// `true` or `false`.
    Boolean,
    /// 32 bits.
    Integer {
        /// The least value.
        least: i64,
        /// The greatest value.
        greatest: i64,
    },
    /// 64 bits.
    Long,
    /// A number, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
    Double,
    /// Seconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// A string.
    Text {
        /// Characters, at least.
        min: usize,
        /// Characters, at most.
        max: usize,
        /// What the whole string matches.
        pattern: Option<&'static str>,
    },
    /// One of some strings.
    OneOf(&'static [&'static str]),
    /// An array.
    List {
        /// The shape of each element.
        of: &'static Shape,
        /// Elements, at least.
        min: usize,
        /// Elements, at most.
        max: usize,
    },
    /// An object whose keys are data.
    Map {
        /// The shape of each key.
        key: &'static Shape,
        /// The shape of each value.
        value: &'static Shape,
        /// Entries, at most.
        max: usize,
    },
    /// An object whose keys are the model's.
    Structure {
        /// What it consists of.
        members: &'static [Member],
    },
    /// An object of which exactly one member is there.
    Union {
        /// What it may be.
        members: &'static [Member],
    },
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its key.
    pub name: &'static str,
    /// Its shape.
    pub shape: &'static Shape,
    /// Whether it may be left out.
    pub presence: Presence,
}

/// Whether a member may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must be there.
    Required,
    /// It may be left out, or be `null`.
    Optional,
}

/// What to do about members that the model does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// The service ignores them in requests.
    Ignored,
    /// In an answer they are a mistake.
    Refused,
}

/// A member that must be there.
pub const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, presence: Presence::Required }
}

/// A member that may be left out.
pub const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, presence: Presence::Optional }
}

/// Everything that is wrong with `value`, each as a sentence without its end.
pub fn violations(shape: &Shape, value: &Value, unknown: Unknown) -> Vec<String> {
    let mut check = Check { unknown, found: Vec::new() };
    check.value(shape, value, "");
    check.found
}

struct Check {
    unknown: Unknown,
    found: Vec<String>,
}

impl Check {
    fn value(&mut self, shape: &Shape, value: &Value, path: &str) {
        match (shape, value) {
            (Shape::Boolean, Value::Bool(_)) | (Shape::Timestamp | Shape::Double, Value::Number(_)) => {}
            (Shape::Integer { least, greatest }, Value::Number(number)) => match number.as_i64() {
                Some(number) if number < *least => {
                    self.constraint(value, path, &format!("have value greater than or equal to {least}"));
                }
                Some(number) if number > *greatest => {
                    self.constraint(value, path, &format!("have value less than or equal to {greatest}"));
                }
                Some(_) => {}
                None => self.constraint(value, path, "be an integer"),
            },
            (Shape::Long, Value::Number(number)) => {
                if number.as_i64().is_none() {
                    self.constraint(value, path, "be a long");
                }
            }
            (Shape::Double, Value::String(text)) if is_not_finite(text) => {}
            (Shape::Text { min, max, pattern }, Value::String(text)) => {
                self.text(text, *min, *max, *pattern, path);
            }
            (Shape::OneOf(values), Value::String(text)) => {
                if !values.contains(&text.as_str()) {
                    self.constraint(value, path, &format!("satisfy enum value set: [{}]", values.join(", ")));
                }
            }
            (Shape::List { of, min, max }, Value::Array(elements)) => {
                self.length(elements.len(), *min, *max, path);
                for (index, element) in elements.iter().enumerate() {
                    self.value(of, element, &format!("{path}.{}.member", index + 1));
                }
            }
            (Shape::Map { key, value: shape, max }, Value::Object(entries)) => {
                self.length(entries.len(), 0, *max, path);
                for (name, entry) in entries {
                    self.value(key, &Value::String(name.clone()), &format!("{path}.key"));
                    self.value(shape, entry, &join(path, name));
                }
            }
            (Shape::Structure { members }, Value::Object(fields)) => self.members(members, fields, path),
            (Shape::Union { members }, Value::Object(fields)) => {
                self.members(members, fields, path);
                let set = members.iter().filter(|member| present(fields, member.name).is_some()).count();
                if set != 1 {
                    let names: Vec<_> = members.iter().map(|member| member.name).collect();
                    self.found.push(format!(
                        "Value at '{path}' failed to satisfy constraint: Member must have exactly one of [{}]",
                        names.join(", ")
                    ));
                }
            }
            (_, Value::Null) => self.null(path),
            (shape, value) => self.constraint(value, path, &format!("be {}", kind(shape))),
        }
    }

    fn members(&mut self, members: &[Member], fields: &Map<String, Value>, path: &str) {
        for Member { name, shape, presence } in members {
            match present(fields, name) {
                Some(value) => self.value(shape, value, &join(path, name)),
                None if *presence == Presence::Required => self.null(&join(path, name)),
                None => {}
            }
        }
        if self.unknown == Unknown::Refused {
            for name in fields.keys().filter(|name| members.iter().all(|member| member.name != **name)) {
                self.found.push(format!("'{}' is no member of the model", join(path, name)));
            }
        }
    }

    fn text(&mut self, text: &str, min: usize, max: usize, pattern: Option<&'static str>, path: &str) {
        let value = || Value::String(text.to_owned());
        let length = text.chars().count();
        if length < min {
            self.constraint(&value(), path, &format!("have length greater than or equal to {min}"));
        }
        if length > max {
            self.constraint(&value(), path, &format!("have length less than or equal to {max}"));
        }
        if let Some(pattern) = pattern.filter(|pattern| !matches(pattern, text)) {
            self.constraint(&value(), path, &format!("satisfy regular expression pattern: {pattern}"));
        }
    }

    fn length(&mut self, length: usize, min: usize, max: usize, path: &str) {
        let constraint = if length < min {
            format!("greater than or equal to {min}")
        } else if length > max {
            format!("less than or equal to {max}")
        } else {
            return;
        };
        self.found.push(format!(
            "Value at '{path}' failed to satisfy constraint: Member must have length {constraint}"
        ));
    }

    fn constraint(&mut self, value: &Value, path: &str, constraint: &str) {
        let shown = match value {
            Value::String(text) => text.chars().take(100).collect(),
            value => value.to_string().chars().take(100).collect::<String>(),
        };
        self.found.push(format!(
            "Value '{shown}' at '{path}' failed to satisfy constraint: Member must {constraint}"
        ));
    }

    fn null(&mut self, path: &str) {
        self.found.push(format!("Value at '{path}' failed to satisfy constraint: Member must not be null"));
    }
}

/// A member of an object, unless it is `null`, which is the same as not there.
fn present<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// The numbers that JSON writes as text.
pub fn is_not_finite(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Boolean => "a boolean",
        Shape::Integer { .. } | Shape::Long | Shape::Double => "a number",
        Shape::Timestamp => "a timestamp in epoch seconds",
        Shape::Text { .. } | Shape::OneOf(_) => "a string",
        Shape::List { .. } => "a list",
        Shape::Map { .. } | Shape::Structure { .. } | Shape::Union { .. } => "an object",
    }
}

/// Whether the whole text matches. Patterns are the model's own, compiled once.
fn matches(pattern: &'static str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> = LazyLock::new(Mutex::default);
    COMPILED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(pattern)
        .or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok())
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(text))
}
