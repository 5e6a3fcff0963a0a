//! Readings that a device has gathered: `[{"ts": …, "value": …}, …]`, one point an element.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::reason::Fault;
use crate::record::Value;
use crate::scalar::Scalar;
use crate::{MeasureType, TimeUnit, instant};

/// What came of an element.
pub(crate) enum Element {
    Point {
        /// In nanoseconds since 1970-01-01T00:00:00Z.
        time: i64,
        value: Value,
    },
    /// The value is null or not there: nothing was measured.
    Empty,
    Bad(Fault),
}

/// The elements of an array, in its order, and how many of their fields are neither `ts` nor `value`.
pub(crate) struct Elements {
    pub(crate) list: Vec<Element>,
    pub(crate) undeclared: usize,
}

/// Reads the elements of a JSON array that the parser of the event has found well-formed.
pub(crate) fn read(json: &str, kind: MeasureType, unit: TimeUnit) -> Elements {
    let raw: Vec<&RawValue> = match serde_json::from_str(json) {
        Ok(raw) => raw,
        Err(error) => {
            return Elements {
                list: vec![Element::Bad(Fault::NotJson { detail: error.to_string() })],
                undeclared: 0,
            };
        }
    };
    let mut undeclared = 0;
    let list = raw
        .into_iter()
        .map(|raw| match serde_json::from_str::<RawPoint<'_>>(raw.get()) {
            Ok(point) => {
                undeclared += point.undeclared;
                point.read(kind, unit)
            }
            Err(_) => Element::Bad(Fault::NotAPoint),
        })
        .collect();
    Elements { list, undeclared }
}

/// An element as it is written.
#[derive(Default)]
struct RawPoint<'a> {
    ts: Option<&'a str>,
    value: Option<&'a str>,
    repeated: bool,
    undeclared: usize,
}

impl<'a> RawPoint<'a> {
    fn read(&self, kind: MeasureType, unit: TimeUnit) -> Element {
        if self.repeated {
            return Element::Bad(Fault::DuplicateField);
        }
        let present = |json: Option<&'a str>| json.filter(|json| *json != "null");
        let Some(value) = present(self.value) else { return Element::Empty };
        let Some(ts) = present(self.ts) else { return Element::Bad(Fault::PointTimeMissing) };
        let point = || {
            let time = instant::read(&Scalar::parse(ts)?, unit)?;
            let value = Scalar::parse(value)?.coerce(kind, unit)?;
            Ok(Element::Point { time, value })
        };
        point().unwrap_or_else(Element::Bad)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawPoint<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PointVisitor;

        impl<'de> Visitor<'de> for PointVisitor {
            type Value = RawPoint<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with ts and value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut point = RawPoint::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let json = map.next_value::<&'de RawValue>()?.get();
                    let there = match &*name {
                        "ts" => point.ts.replace(json),
                        "value" => point.value.replace(json),
                        _ => {
                            point.undeclared += 1;
                            None
                        }
                    };
                    point.repeated |= there.is_some();
                }
                Ok(point)
            }
        }

        deserializer.deserialize_map(PointVisitor)
    }
}
