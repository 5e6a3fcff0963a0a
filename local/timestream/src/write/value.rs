//! Text of a request into typed values and times, in the service's
//! [data types](https://docs.aws.amazon.com/timestream/latest/developerguide/writes.html#writes.data-types).

use serde::Deserialize;

use crate::store::{Value, ValueType};

/// What a number of time counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds, the default.
    #[default]
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// Text of a whole number of this unit since 1970 in nanoseconds; `None` when it is not one or does not fit.
    pub fn nanoseconds(self, text: &str) -> Option<i64> {
        let factor = match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        };
        text.parse::<i64>().ok()?.checked_mul(factor)
    }
}

/// Reads the text of a value; `None` when it is not of this type. A `TIMESTAMP` counts in `unit`.
///
/// `DOUBLE` refuses what the service refuses: NaN, infinities and `-0.0`.
pub fn read(kind: ValueType, text: &str, unit: TimeUnit) -> Option<Value> {
    Some(match kind {
        ValueType::Double => {
            let number: f64 = text.parse().ok()?;
            let negative_zero = number == 0.0 && number.is_sign_negative();
            if !number.is_finite() || negative_zero {
                return None;
            }
            Value::Double(number)
        }
        ValueType::Bigint => Value::Bigint(text.parse().ok()?),
        ValueType::Boolean if text.eq_ignore_ascii_case("true") => Value::Boolean(true),
        ValueType::Boolean if text.eq_ignore_ascii_case("false") => Value::Boolean(false),
        ValueType::Boolean => return None,
        ValueType::Varchar => Value::Varchar(text.to_owned()),
        ValueType::Timestamp => Value::Timestamp(unit.nanoseconds(text)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        use ValueType::{Bigint, Boolean, Double, Timestamp, Varchar};
        let ms = TimeUnit::Milliseconds;
        for (kind, text, unit, expected) in [
            (Double, "21.5", ms, Some(Value::Double(21.5))),
            (Double, "-1e-3", ms, Some(Value::Double(-0.001))),
            (Double, "0", ms, Some(Value::Double(0.0))),
            (Double, "1.7976931348623157e308", ms, Some(Value::Double(f64::MAX))),
            (Double, "-0.0", ms, None),
            (Double, "-0", ms, None),
            (Double, "NaN", ms, None),
            (Double, "Infinity", ms, None),
            (Double, "-inf", ms, None),
            (Double, "1e999", ms, None),
            (Double, "warm", ms, None),
            (Double, " 1", ms, None),
            (Double, "1,5", ms, None),
            (Bigint, "-9223372036854775808", ms, Some(Value::Bigint(i64::MIN))),
            (Bigint, "9223372036854775808", ms, None),
            (Bigint, "10.0", ms, None),
            (Bigint, "", ms, None),
            (Boolean, "true", ms, Some(Value::Boolean(true))),
            (Boolean, "False", ms, Some(Value::Boolean(false))),
            (Boolean, "1", ms, None),
            (Varchar, "öffnen", ms, Some(Value::Varchar("öffnen".into()))),
            (Timestamp, "1655461000123", ms, Some(Value::Timestamp(1_655_461_000_123_000_000))),
            (Timestamp, "1655461000", TimeUnit::Seconds, Some(Value::Timestamp(1_655_461_000_000_000_000))),
            (Timestamp, "7", TimeUnit::Microseconds, Some(Value::Timestamp(7_000))),
            (Timestamp, "7", TimeUnit::Nanoseconds, Some(Value::Timestamp(7))),
            (Timestamp, "9223372036854775807", TimeUnit::Seconds, None),
            (Timestamp, "2022-06-17", ms, None),
            (Timestamp, "1.5", ms, None),
        ] {
            assert_eq!(read(kind, text, unit), expected, "{kind:?} {text:?} {unit:?}");
        }
    }
}
