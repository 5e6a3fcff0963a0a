//! An event as a device writes it: one flat object, fields in the order in which they were added.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use telemetry::TimeUnit;

/// A scalar in an event.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Double(f64),
    Bigint(i64),
    Boolean(bool),
    Text(String),
}

impl Scalar {
    /// A time in microseconds as a number of `unit`: whole where it is whole, else with a fraction.
    ///
    /// A double holds the microseconds of any time until 2255 exactly, whatever its unit.
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    pub(crate) fn time(microseconds: i64, unit: TimeUnit) -> Self {
        let unit_microseconds = match unit {
            TimeUnit::Seconds => 1_000_000,
            TimeUnit::Milliseconds => 1_000,
            TimeUnit::Microseconds => 1,
            TimeUnit::Nanoseconds => return Self::Bigint(microseconds.saturating_mul(1_000)),
        };
        if microseconds % unit_microseconds == 0 {
            Self::Bigint(microseconds / unit_microseconds)
        } else {
            Self::Double(microseconds as f64 / unit_microseconds as f64)
        }
    }
}

/// The fields of an event.
pub(crate) struct Fields<'a>(pub(crate) Vec<(&'a str, Scalar)>);

impl Fields<'_> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Strings as keys and finite numbers always become JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, value) in &self.0 {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Scalar};
    use telemetry::TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};

    #[test]
    fn times_are_numbers_of_their_unit() {
        let cases = [
            (1_609_757_175_225_499, Milliseconds, "1609757175225.499"),
            (1_609_757_175_225_000, Milliseconds, "1609757175225"),
            (1_609_757_175_225_499, Seconds, "1609757175.225499"),
            (1_609_757_175_000_000, Seconds, "1609757175"),
            (1_609_757_175_225_499, Microseconds, "1609757175225499"),
            (1_609_757_175_225_499, Nanoseconds, "1609757175225499000"),
        ];
        for (microseconds, unit, expected) in cases {
            let bytes = Fields(vec![("t", Scalar::time(microseconds, unit))]).to_bytes();
            assert_eq!(String::from_utf8_lossy(&bytes), format!("{{\"t\":{expected}}}"), "{unit:?}");
        }
    }
}
