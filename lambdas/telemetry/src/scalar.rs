//! A JSON scalar as it is written, and what it is as a declared type.
//!
//! The text of a number is kept, so that it is converted once and to the type that is wanted.
//! Nothing is rounded, wrapped or guessed: what is not exactly the type is refused.

use std::borrow::Cow;

use crate::decimal::Decimal;
use crate::instant::Times;
use crate::reason::{Fault, quoted};
use crate::record::Value;
use crate::{Limits, MeasureType};

/// A JSON value that is neither null, array nor object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    Boolean(bool),
    /// In the grammar of JSON.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// Reads one JSON value, which the parser of the event has found well-formed. Only an escape
    /// sequence that is no character can be wrong here.
    ///
    /// `None` is "no value", whatever the field is declared as: null, or text of nothing but white
    /// space, which gateways send in its place.
    pub(crate) fn parse(json: &'a str) -> Result<Option<Self>, Fault> {
        Ok(Some(match json.as_bytes().first() {
            Some(b'"') => match text(json)? {
                blank if is_blank(&blank) => return Ok(None),
                text => Self::Text(text),
            },
            Some(b'n') => return Ok(None),
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'{') => return Err(Fault::NotAScalar { found: "an object" }),
            Some(b'[') => return Err(Fault::NotAScalar { found: "an array" }),
            _ => Self::Number(json.into()),
        }))
    }

    /// The value as text: a string's characters, a number as it is written.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Number(text) | Self::Text(text) => text.into_owned(),
        }
    }

    /// The value as lists of the model have it: text without the white space around it.
    pub(crate) fn trimmed(&self) -> Cow<'_, str> {
        match self {
            Self::Boolean(true) => "true".into(),
            Self::Boolean(false) => "false".into(),
            Self::Number(text) => Cow::Borrowed(text),
            Self::Text(text) => text.trim().into(),
        }
    }

    /// Whether it is text that says nothing.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if is_blank(text))
    }

    /// The value as a reason quotes it.
    pub(crate) fn quoted(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Number(text) => quoted(text),
            Self::Text(text) => format!("{:?}", quoted(text)),
        }
    }

    /// The value as the type `wanted`.
    pub(crate) fn coerce(self, wanted: MeasureType, times: &Times, limits: &Limits) -> Result<Value, Fault> {
        match wanted {
            MeasureType::Double => self.double().map(Value::Double),
            MeasureType::Bigint => self.integer(MeasureType::Bigint).map(Value::Bigint),
            MeasureType::Boolean => self.boolean().map(Value::Boolean),
            MeasureType::Varchar => self.varchar(limits.text_bytes).map(Value::Varchar),
            MeasureType::Timestamp => self.timestamp(times).map(Value::Timestamp),
        }
    }

    fn mismatch(&self, wanted: MeasureType) -> Fault {
        Fault::TypeMismatch { wanted, text: self.quoted() }
    }

    /// The text of a number, be it a JSON number or text that reads as one.
    fn number(&self) -> Option<(&str, Decimal<'_>)> {
        let text = match self {
            Self::Number(text) => &**text,
            Self::Text(text) => text.trim(),
            Self::Boolean(_) => return None,
        };
        Decimal::parse(text).map(|number| (text, number))
    }

    /// Finite, and not `-0.0`.
    pub(crate) fn double(&self) -> Result<f64, Fault> {
        let wanted = MeasureType::Double;
        // The grammar first: the standard library reads more than numbers are written as.
        let Some((text, _)) = self.number() else {
            return Err(if self.names_no_number() {
                Fault::NotFinite { text: self.quoted() }
            } else {
                self.mismatch(wanted)
            });
        };
        let value: f64 = text.parse().map_err(|_| self.mismatch(wanted))?;
        if value.is_infinite() {
            return Err(Fault::NumberOutOfRange { wanted, text: self.quoted() });
        }
        // Adding zero turns -0.0, which the store refuses, into 0.0 and changes nothing else.
        Ok(value + 0.0)
    }

    /// `NaN`, `Infinity` and the like, which gateways send as text.
    fn names_no_number(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().parse::<f64>().is_ok_and(|value| !value.is_finite()))
    }

    fn integer(&self, wanted: MeasureType) -> Result<i64, Fault> {
        let (_, number) = self.number().ok_or_else(|| self.mismatch(wanted))?;
        match number.integer(0) {
            Ok(integer) if integer.exact => Ok(integer.value),
            Ok(_) => Err(self.mismatch(wanted)),
            Err(_) => Err(Fault::NumberOutOfRange { wanted, text: self.quoted() }),
        }
    }

    fn boolean(&self) -> Result<bool, Fault> {
        let wanted = MeasureType::Boolean;
        match self {
            Self::Boolean(value) => return Ok(*value),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => return Ok(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => return Ok(false),
            _ => {}
        }
        match self.integer(wanted) {
            Ok(0) => Ok(false),
            Ok(1) => Ok(true),
            _ => Err(self.mismatch(wanted)),
        }
    }

    fn varchar(self, max: usize) -> Result<String, Fault> {
        let text = self.into_text();
        if text.len() > max {
            return Err(Fault::TextTooLong { bytes: text.len(), max });
        }
        Ok(text)
    }

    /// The store's timestamps begin in 1970.
    fn timestamp(&self, times: &Times) -> Result<i64, Fault> {
        let time = times.read(self)?;
        if time < 0 { Err(Fault::TimeOutOfRange { text: self.quoted() }) } else { Ok(time) }
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// The characters of a JSON string.
fn text(json: &str) -> Result<Cow<'_, str>, Fault> {
    match json.get(1..json.len().saturating_sub(1)) {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str(json)
            .map(Cow::Owned)
            .map_err(|error| Fault::NotJson { detail: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TimeUnit, Window};

    const LIMITS: Limits = Limits {
        series_bytes: 100,
        text_bytes: 100,
        record_bytes: 100,
        too_large: |_| None,
        window: Window { ahead: 0, span: 0 },
    };

    #[test]
    fn a_value_is_the_declared_type_or_refused() {
        use MeasureType::{Bigint, Boolean, Double, Timestamp, Varchar};
        let varchar = |text: &str| Ok(Value::Varchar(text.to_owned()));
        let table = [
            (Double, "10", Ok(Value::Double(10.0))),
            (Double, "11.2", Ok(Value::Double(11.2))),
            (Double, r#""12.5""#, Ok(Value::Double(12.5))),
            (Double, r#"" 12.5 ""#, Ok(Value::Double(12.5))),
            (Double, "1e-400", Ok(Value::Double(0.0))),
            (Double, "1e400", Err("number_out_of_range")),
            (Double, r#""NaN""#, Err("not_finite")),
            (Double, r#""-Infinity""#, Err("not_finite")),
            (Double, r#""warm""#, Err("type_mismatch")),
            (Double, "true", Err("type_mismatch")),
            (Double, "{}", Err("not_a_scalar")),
            (Bigint, "-88", Ok(Value::Bigint(-88))),
            (Bigint, "10.0", Ok(Value::Bigint(10))),
            (Bigint, r#""1e3""#, Ok(Value::Bigint(1000))),
            (Bigint, "9007199254740993", Ok(Value::Bigint(9_007_199_254_740_993))),
            (Bigint, "9007199254740993.0", Ok(Value::Bigint(9_007_199_254_740_993))),
            (Bigint, "10.5", Err("type_mismatch")),
            (Bigint, "9223372036854775808", Err("number_out_of_range")),
            (Boolean, "true", Ok(Value::Boolean(true))),
            (Boolean, r#""False""#, Ok(Value::Boolean(false))),
            (Boolean, "1", Ok(Value::Boolean(true))),
            (Boolean, r#""0""#, Ok(Value::Boolean(false))),
            (Boolean, "2", Err("type_mismatch")),
            (Boolean, r#""yes""#, Err("type_mismatch")),
            (Varchar, r#""on""#, varchar("on")),
            (Varchar, r#""\u00e4\n""#, varchar("ä\n")),
            (Varchar, r#""\ud800""#, Err("not_json")),
            (Varchar, "10.50", varchar("10.50")),
            (Varchar, "true", varchar("true")),
            (Varchar, r#"" on ""#, varchar(" on ")),
            (Timestamp, "5", Ok(Value::Timestamp(5_000_000))),
            (Timestamp, r#""1970-01-01T00:00:01Z""#, Ok(Value::Timestamp(1_000_000_000))),
            (Timestamp, "-5", Err("time_out_of_range")),
            (Timestamp, "false", Err("time_unreadable")),
        ];
        for (wanted, json, expected) in table {
            let value = parsed(json)
                .and_then(|scalar| scalar.coerce(wanted, &Times::in_unit(TimeUnit::Milliseconds), &LIMITS));
            assert_eq!(value.map_err(|fault| fault.code()), expected, "{json} as {wanted:?}");
        }
    }

    fn parsed(json: &str) -> Result<Scalar<'_>, Fault> {
        Scalar::parse(json).map(|scalar| scalar.expect(json))
    }

    #[test]
    fn null_and_blank_text_are_no_value() {
        for json in ["null", r#""""#, r#"" ""#, r#""\t\r\n""#, r#""\u3000 \u00a0""#] {
            assert_eq!(Scalar::parse(json), Ok(None), "{json}");
        }
        for json in [r#""\u0000""#, r#""\u200b""#, r#"" 0""#, "0", "false"] {
            assert!(matches!(Scalar::parse(json), Ok(Some(_))), "{json}");
        }
    }

    #[test]
    fn negative_zero_loses_its_sign() {
        for json in ["-0", "-0.0", r#""-0.0""#, "-1e-400"] {
            let value = parsed(json).and_then(|scalar| scalar.double()).expect(json);
            assert!(value == 0.0 && value.is_sign_positive(), "{json} gives {value:?}");
        }
    }

    #[test]
    fn text_is_measured_in_bytes() {
        for (text, expected) in [("ä".repeat(1024), Ok(2048)), ("ä".repeat(1025), Err("text_too_long"))] {
            let value = Scalar::Text(text.into()).varchar(2048);
            assert_eq!(value.map(|text| text.len()).map_err(|fault| fault.code()), expected);
        }
    }
}
