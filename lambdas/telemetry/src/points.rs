//! Readings that a device has gathered: `[{"ts": …, "value": …}, …]`, one point an element.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::reason::Fault;
use crate::record::Value;
use crate::scalar::Scalar;
use crate::{Limits, MeasureType, TimeUnit, instant};

/// An element of an array.
pub(crate) struct Element<'a> {
    /// What was measured; `None` where it says that nothing was.
    pub(crate) point: Result<Option<Point>, Fault>,
    /// The names of its members that are neither `ts` nor `value`.
    pub(crate) others: Vec<Cow<'a, str>>,
}

/// A reading with a time of its own.
pub(crate) struct Point {
    /// In nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) time: i64,
    pub(crate) value: Value,
}

/// Reads the elements of a JSON array that the parser of the event has found well-formed.
pub(crate) fn read<'a>(
    json: &'a str,
    kind: MeasureType,
    unit: TimeUnit,
    limits: &Limits,
) -> Vec<Element<'a>> {
    let raw: Vec<&RawValue> = match serde_json::from_str(json) {
        Ok(raw) => raw,
        Err(error) => {
            let fault = Fault::NotJson { detail: error.to_string() };
            return vec![Element { point: Err(fault), others: Vec::new() }];
        }
    };
    raw.into_iter().map(|raw| element(raw.get(), kind, unit, limits)).collect()
}

fn element<'a>(json: &'a str, kind: MeasureType, unit: TimeUnit, limits: &Limits) -> Element<'a> {
    match serde_json::from_str::<RawPoint<'_>>(json) {
        Ok(point) => Element { point: point.read(kind, unit, limits), others: point.others },
        Err(_) => Element { point: Err(Fault::NotAPoint), others: Vec::new() },
    }
}

/// An element as it is written.
#[derive(Default)]
struct RawPoint<'a> {
    ts: Option<&'a str>,
    value: Option<&'a str>,
    repeated: bool,
    others: Vec<Cow<'a, str>>,
}

impl RawPoint<'_> {
    /// The reading. A member `value` that is no value, or nothing beside the time, is none; a reading under
    /// another name is a fault.
    fn read(&self, kind: MeasureType, unit: TimeUnit, limits: &Limits) -> Result<Option<Point>, Fault> {
        if self.repeated {
            return Err(Fault::DuplicateField);
        }
        if self.value.is_none() && !self.others.is_empty() {
            return Err(Fault::NotAPoint);
        }
        let scalar = |json: Option<_>| json.map_or(Ok(None), Scalar::parse);
        let Some(value) = scalar(self.value)? else { return Ok(None) };
        let ts = scalar(self.ts)?.ok_or(Fault::PointTimeMissing)?;
        let time = instant::read(&ts, unit)?;
        Ok(Some(Point { time, value: value.coerce(kind, unit, limits)? }))
    }
}

enum Member<'a> {
    Time,
    Value,
    Other(Cow<'a, str>),
}

impl<'a> Member<'a> {
    fn named(name: Cow<'a, str>) -> Self {
        match &*name {
            "ts" => Self::Time,
            "value" => Self::Value,
            _ => Self::Other(name),
        }
    }
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MemberVisitor;

        impl<'de> Visitor<'de> for MemberVisitor {
            type Value = Member<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Member<'de>, E> {
                Ok(Member::named(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Member<'de>, E> {
                Ok(Member::named(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(MemberVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawPoint<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PointVisitor;

        impl<'de> Visitor<'de> for PointVisitor {
            type Value = RawPoint<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with ts and value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut point = RawPoint::default();
                while let Some(member) = map.next_key()? {
                    let json = map.next_value::<&'de RawValue>()?.get();
                    let there = match member {
                        Member::Time => point.ts.replace(json),
                        Member::Value => point.value.replace(json),
                        Member::Other(name) => {
                            point.others.push(name);
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
