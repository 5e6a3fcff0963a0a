//! A JSON document, read field by field, so that an error names the field.

use serde_json::{Map, Value};

use crate::error::Error;

/// An object of a request, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    fields: &'a Map<String, Value>,
    /// Empty, or a path that ends with a dot.
    path: &'a str,
}

/// What kind of JSON a value is: its content is not for logs.
pub fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => format!("a text of {} characters", text.chars().count()),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(fields) => format!("an object of {} fields", fields.len()),
    }
}

/// An error about a value.
pub fn unexpected(field: impl Into<String>, expected: impl Into<String>, value: &Value) -> Error {
    Error::Unexpected { field: field.into(), expected: expected.into(), found: kind(value) }
}

impl<'a> Document<'a> {
    /// The object that `value` is; `path` ends with a dot, or is empty for the whole request.
    pub fn new(value: &'a Value, path: &'a str) -> Result<Self, Error> {
        match value {
            Value::Object(fields) => Ok(Self { fields, path }),
            other => {
                let field = path.trim_end_matches('.');
                Err(unexpected(if field.is_empty() { "the request" } else { field }, "an object", other))
            }
        }
    }

    /// The path of a field.
    pub fn path(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// A field; null is as good as none.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A field that must be there.
    pub fn required(&self, name: &str, expected: &str) -> Result<&'a Value, Error> {
        let missing = || Error::Missing { field: self.path(name), expected: format!("expected {expected}") };
        self.get(name).ok_or_else(missing)
    }

    /// An error about a field.
    pub fn unexpected(&self, name: &str, expected: impl Into<String>, value: &Value) -> Error {
        unexpected(self.path(name), expected, value)
    }

    /// A text, not empty.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(other) => Err(self.unexpected(name, "text that is not empty", other)),
        }
    }

    /// A list.
    pub fn list(&self, name: &str, expected: &str) -> Result<Option<&'a [Value]>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(self.unexpected(name, expected, other)),
        }
    }

    /// All fields.
    pub fn fields(&self) -> &'a Map<String, Value> {
        self.fields
    }
}
