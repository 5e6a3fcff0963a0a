//! Readings that a device has gathered: `[{"ts": …, "value": …}, …]`, one point an element.

use std::borrow::Cow;

use crate::instant::Times;
use crate::model::Points;
use crate::reason::Fault;
use crate::record::Value;
use crate::scalar::Scalar;
use crate::scan::{Refused, Scanner};

/// An element of an array, as it is written.
#[derive(Default)]
pub(crate) struct Element<'a> {
    time: Option<&'a str>,
    value: Option<&'a str>,
    /// Whether one of them is there twice.
    repeated: bool,
    /// The names of its other members.
    pub(crate) others: Vec<Cow<'a, str>>,
}

/// Walks over the elements of a JSON array that the walk over the event has found well-formed. One that is
/// no object is `None`.
pub(crate) fn each<'a>(json: &'a str, names: &Points, mut take: impl FnMut(usize, Option<Element<'a>>)) {
    let mut index = 0;
    // What is well-formed is not refused here.
    let _ = Scanner::new(json).array(|scanner| {
        let element = scanner.value()?;
        take(index, Element::read(element, names).ok());
        index += 1;
        Ok(())
    });
}

impl<'a> Element<'a> {
    fn read(json: &'a str, names: &Points) -> Result<Self, Refused> {
        let mut element = Self::default();
        Scanner::new(json).object(|scanner| {
            let name = scanner.name()?;
            let json = scanner.value()?;
            let there = if name == names.time {
                element.time.replace(json)
            } else if name == names.value {
                element.value.replace(json)
            } else {
                element.others.push(name);
                None
            };
            element.repeated |= there.is_some();
            Ok(())
        })?;
        Ok(element)
    }

    /// The time and the value, of which `convert` makes one that can be stored. A member that says that there
    /// is no value, or nothing beside the time, is none; a reading under another name is a fault.
    pub(crate) fn reading(
        &self,
        names: &Points,
        times: &Times,
        convert: impl FnOnce(Scalar<'a>) -> Result<Option<Value>, Fault>,
    ) -> Result<Option<(i64, Value)>, Fault> {
        if self.repeated {
            return Err(Fault::DuplicateField);
        }
        if self.value.is_none() && !self.others.is_empty() {
            return Err(not_a_point(names));
        }
        let scalar = |json: Option<_>| json.map_or(Ok(None), Scalar::parse);
        let Some(value) = scalar(self.value)? else { return Ok(None) };
        let value = convert(value);
        if value == Ok(None) {
            return Ok(None);
        }
        let time = times.read(&scalar(self.time)?.ok_or(Fault::PointTimeMissing)?)?;
        Ok(value?.map(|value| (time, value)))
    }
}

/// The fault of an element that is no reading.
pub(crate) fn not_a_point(names: &Points) -> Fault {
    Fault::NotAPoint { time: names.time.clone(), value: names.value.clone() }
}
