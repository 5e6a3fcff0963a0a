//! Parameters of a request, as PostgreSQL gets them.
//!
//! Each goes over as text with the type that its field and its hint name, as
//! [the service does](https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_SqlParameter.html): a string
//! is a `varchar`, and becomes something else only by a hint or a cast.

use std::error::Error as StdError;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::wire::Error;

/// A parameter of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Its name, without the colon.
    #[serde(default)]
    pub name: String,
    /// One member, which says of which type it is.
    #[serde(default)]
    value: Map<String, Value>,
    /// What PostgreSQL shall take a string for.
    #[serde(default)]
    type_hint: Option<TypeHint>,
}

/// What a string stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum TypeHint {
    Date,
    Decimal,
    Json,
    Time,
    Timestamp,
    Uuid,
}

/// A parameter that can be sent: text of a type.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Its type.
    pub kind: Type,
    text: Option<String>,
}

impl Parameter {
    /// The parameter as PostgreSQL gets it.
    pub fn bind(&self) -> Result<Bound, Error> {
        let wrong = |what: &str| Error::bad_request(format!("The parameter \"{}\" {what}.", self.name));
        let mut members = self.value.iter().filter(|(_, value)| !value.is_null());
        let (Some((member, value)), None) = (members.next(), members.next()) else {
            return Err(wrong("must have exactly one value"));
        };
        let form = || wrong(&format!("has a {member} of another type"));
        let hinted = self.type_hint.map(TypeHint::kind);
        let (kind, text) = match member.as_str() {
            "isNull" if value.as_bool() == Some(true) => {
                return Ok(Bound { kind: hinted.unwrap_or(Type::UNKNOWN), text: None });
            }
            "stringValue" => {
                (hinted.clone().unwrap_or(Type::VARCHAR), value.as_str().ok_or_else(form)?.to_owned())
            }
            "longValue" => (Type::INT8, value.as_i64().ok_or_else(form)?.to_string()),
            "doubleValue" => (Type::FLOAT8, double(value).ok_or_else(form)?),
            "booleanValue" => (Type::BOOL, value.as_bool().ok_or_else(form)?.to_string()),
            "blobValue" => {
                let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or_else(form)?;
                (Type::BYTEA, hexadecimal(&bytes))
            }
            "arrayValue" => return Err(wrong("is an array: array parameters are not supported")),
            _ => return Err(wrong(&format!("has no value that is known: {member}"))),
        };
        if hinted.is_some() && member != "stringValue" {
            return Err(wrong("has a type hint, which is for a stringValue alone"));
        }
        Ok(Bound { kind, text: Some(text) })
    }
}

/// A number, or one of the three that JSON has no number for.
fn double(value: &Value) -> Option<String> {
    match value.as_str() {
        Some(text @ ("NaN" | "Infinity" | "-Infinity")) => Some(text.to_owned()),
        Some(_) => None,
        None => value.as_f64().map(|number| number.to_string()),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    "\\x".chars().chain(digits.map(|digit| char::from(DIGITS[usize::from(digit)]))).collect()
}

impl TypeHint {
    fn kind(self) -> Type {
        match self {
            Self::Date => Type::DATE,
            Self::Decimal => Type::NUMERIC,
            Self::Json => Type::JSON,
            Self::Time => Type::TIME,
            Self::Timestamp => Type::TIMESTAMP,
            Self::Uuid => Type::UUID,
        }
    }
}

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        Ok(self.text.as_ref().map_or(IsNull::Yes, |text| {
            out.extend_from_slice(text.as_bytes());
            IsNull::No
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "the tables read better")]
    fn bind(value: Value, hint: Option<&str>) -> Result<Bound, Error> {
        let parameter = json!({ "name": "p", "value": value, "typeHint": hint });
        serde_json::from_value::<Parameter>(parameter).expect("a parameter").bind()
    }

    #[test]
    fn a_field_has_a_type() {
        for (value, hint, kind, text) in [
            (json!({ "stringValue": "x" }), None, Type::VARCHAR, Some("x")),
            (json!({ "stringValue": "{}" }), Some("JSON"), Type::JSON, Some("{}")),
            (json!({ "stringValue": "1.50" }), Some("DECIMAL"), Type::NUMERIC, Some("1.50")),
            (json!({ "longValue": i64::MIN }), None, Type::INT8, Some("-9223372036854775808")),
            (json!({ "doubleValue": 1e300 }), None, Type::FLOAT8, None),
            (json!({ "doubleValue": "NaN" }), None, Type::FLOAT8, Some("NaN")),
            (json!({ "booleanValue": false }), None, Type::BOOL, Some("false")),
            (json!({ "blobValue": "AP8=" }), None, Type::BYTEA, Some("\\x00ff")),
        ] {
            let bound = bind(value.clone(), hint).expect("it can be bound");
            assert_eq!(bound.kind, kind, "{value}");
            assert!(text.is_none_or(|text| bound.text.as_deref() == Some(text)), "{bound:?}");
        }
        for (hint, kind) in [(None, Type::UNKNOWN), (Some("DATE"), Type::DATE)] {
            assert_eq!(bind(json!({ "isNull": true }), hint), Ok(Bound { kind, text: None }));
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        for (value, hint, part) in [
            (json!({}), None, "exactly one value"),
            (json!({ "longValue": 1, "stringValue": "1" }), None, "exactly one value"),
            (json!({ "longValue": 1.5 }), None, "longValue of another type"),
            (json!({ "longValue": 1 }), Some("DATE"), "type hint"),
            (json!({ "arrayValue": { "longValues": [1] } }), None, "array parameters are not supported"),
            (json!({ "blobValue": "?" }), None, "blobValue of another type"),
        ] {
            let error = bind(value.clone(), hint).expect_err(part);
            assert!(error.message.contains(part), "{value}: {error}");
        }
    }
}
