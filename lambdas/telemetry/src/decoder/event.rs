//! From the fields of one event to its readings.
//!
//! The order matters: first who and when, without which nothing can be stored, then every measure by
//! itself. A fault of one measure never costs another its place.

use std::borrow::Cow;

use super::gathered::{Gathered, Moment, Reading};
use super::kind::KindDecoder;
use super::prepared::{ByName, Copies, Field, Naming, Source};
use super::whole::Whole;
use crate::fields::{Fields, Place};
use crate::points;
use crate::reason::{Fault, quoted};
use crate::record::Value;
use crate::scalar::Scalar;

/// An event of a message.
pub(super) struct Event<'a> {
    pub(super) bytes: &'a str,
    pub(super) fields: Fields<'a>,
    /// Which of the message's it is.
    pub(super) index: usize,
    /// What it is itself, where that may be its value.
    pub(super) itself: Given<'a>,
}

/// What stands where a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    Json(&'a str),
    /// Text that is not JSON.
    Text(&'a str),
}

/// What a reading is about beside its measure.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) series: usize,
    pub(super) time: i64,
    /// Index of the event.
    pub(super) event: usize,
}

impl KindDecoder {
    /// Reads an event.
    pub(super) fn event<'a>(&self, event: &Event<'a>, whole: &Whole<'_>, out: &mut Gathered<'a>) {
        let place = self.place(event.index);
        let series = self.series(&event.fields, None, place, whole, out);
        let moment = self.moment(event, place, whole, out);
        let time = match &self.prepared.time {
            Some(field) if field.is_around() => whole.time,
            Some(field) => self.time(field, &event.fields, place, out),
            None => Ok(None),
        };
        let time = time.map(|time| time.unwrap_or_else(|| moment.time(whole.arrival)));
        out.first.get_or_insert(moment);
        if let (Some(series), Ok(time)) = (series, time) {
            let before = out.readings.len();
            out.readings.reserve(self.prepared.measures.len());
            let at = At { series, time, event: event.index };
            match &self.prepared.named {
                None => self.measures(&event.fields, at, out),
                Some(named) => self.named_measure(named, event, at, whole, out),
            }
            if out.readings.len() > before {
                let shared = whole.values.iter();
                out.readings.extend(shared.map(|(measure, value)| at.reading(*measure, value.clone())));
            }
        }
    }

    /// The series. A dimension without a value is left out, but not the device, which may be known already.
    pub(super) fn series(
        &self,
        fields: &Fields<'_>,
        device: Option<&str>,
        place: Place<'_>,
        whole: &Whole<'_>,
        out: &mut Gathered<'_>,
    ) -> Option<usize> {
        if whole.series.is_some() {
            return whole.series;
        }
        let max = self.limits.series_bytes;
        let mut dimensions = Vec::with_capacity(self.prepared.dimensions.len());
        let mut complete = whole.complete;
        let mut bytes = 0;
        for (index, source) in self.prepared.dimensions.iter().enumerate() {
            let value = match device {
                Some(device) if index == 0 => Some(Cow::Borrowed(device)),
                // What is wrong with it is told.
                _ if source.is_shared() && !whole.complete => None,
                _ if source.is_shared() => whole.dimensions[index].as_deref().map(Cow::Borrowed),
                _ => {
                    let text = source.text(index, fields, place, out);
                    complete &= text.is_ok();
                    text.unwrap_or_default().map(Cow::Owned)
                }
            };
            let Some(value) = value else { continue };
            bytes += source.name.len() + value.len();
            // Many records may have one long device.
            if bytes <= max {
                dimensions.push(source.with(value.into_owned()));
            }
        }
        if bytes > max {
            out.rejection.push(place.itself(), Fault::DimensionsTooLarge { bytes, max });
            complete = false;
        }
        complete.then(|| out.series(dimensions))
    }

    /// When the event happened, if it does not say it. An id with a fault is none.
    fn moment<'a>(
        &self,
        event: &Event<'a>,
        place: Place<'_>,
        whole: &Whole<'_>,
        out: &mut Gathered<'_>,
    ) -> Moment<'a> {
        let Some(Copies { id, window }) = &self.prepared.copies else {
            return Moment::At(whole.moment(event.index));
        };
        let id = id.as_ref().and_then(|id| match &whole.id {
            _ if !id.is_around() => id.text(&event.fields, place, out),
            // The id of a message is one of each of its events together with its place.
            Some(message) => Some(format!("{message}[{}]", event.index)),
            None => None,
        });
        let identity = id.map_or(Cow::Borrowed(event.bytes.as_bytes()), |id| Cow::Owned(id.into_bytes()));
        Moment::Of { window: *window, identity }
    }

    /// The time in a field, if there is one. `Err`: it cannot be used, and why is told.
    pub(super) fn time(
        &self,
        field: &Field,
        fields: &Fields<'_>,
        place: Place<'_>,
        out: &mut Gathered<'_>,
    ) -> Result<Option<i64>, ()> {
        let read = || {
            let scalar = match fields.get(field.slot)? {
                // An object or array is as unreadable as any other text that is no time.
                Some(json) if json.starts_with(['{', '[']) => {
                    return Err(Fault::TimeUnreadable { text: quoted(json) });
                }
                json => json.map_or(Ok(None), Scalar::parse)?,
            };
            scalar.map(|scalar| self.prepared.times.read(&scalar)).transpose()
        };
        read().map_err(|fault| out.reject(place, &field.text, fault))
    }

    /// Every value that is of its type, and a reason for every other.
    fn measures(&self, fields: &Fields<'_>, at: At, out: &mut Gathered<'_>) {
        for (index, measure) in self.prepared.measures.iter().enumerate() {
            if measure.field.is_around() {
                continue;
            }
            match fields.get(measure.field.slot) {
                Ok(Some(json)) => self.value(index, json, at, out),
                Ok(None) => {}
                Err(fault) => out.rejection.push(Some(self.path(index, at.event, None)), fault),
            }
        }
    }

    /// The value of the measure that the event names.
    fn named_measure(
        &self,
        named: &ByName,
        event: &Event<'_>,
        at: At,
        whole: &Whole<'_>,
        out: &mut Gathered<'_>,
    ) {
        let place = self.place(event.index);
        let name = match &named.name {
            Naming::Field(field) if !field.is_around() => {
                field.text(&event.fields, place, out).map(Cow::Owned)
            }
            Naming::Field(_) | Naming::Topic(_) => whole.name.as_deref().map(Cow::Borrowed),
        };
        let Some(name) = name else { return };
        let Some(measures) = named.measures.get(&name) else {
            out.undeclared.add(|| place.of(&quoted(&name)));
            return;
        };
        for measure in measures {
            let Some(value) = &named.value else {
                self.single_value(*measure, event.itself, at, out);
                continue;
            };
            match event.fields.get(value.slot) {
                Ok(Some(json)) => self.value(*measure, json, at, out),
                Ok(None) => {}
                Err(fault) => out.rejection.push(Some(self.path(*measure, at.event, None)), fault),
            }
        }
    }

    /// A value of the event, or an array of readings.
    pub(super) fn value(&self, index: usize, json: &str, at: At, out: &mut Gathered<'_>) {
        let measure = &self.prepared.measures[index];
        if !json.starts_with('[') || !measure.conversion.takes_arrays() {
            return self.single_value(index, Given::Json(json), at, out);
        }
        points::each(json, &measure.points, |element, point| {
            let path = || self.path(index, at.event, Some(element));
            let Some(point) = point else {
                return out.rejection.push(Some(path()), points::not_a_point(&measure.points));
            };
            let convert = |scalar| measure.conversion.value(scalar, &self.prepared.times, &self.limits);
            match point.reading(&measure.points, &self.prepared.times, convert) {
                Ok(Some((time, value))) => {
                    out.readings.push(Reading { time, element: Some(element), ..at.reading(index, value) });
                }
                Ok(None) => {}
                Err(fault) => out.rejection.push(Some(path()), fault),
            }
            for name in point.others {
                out.undeclared.add(|| format!("{}.{}", path(), quoted(&name)));
            }
        });
    }

    /// A value that is no array of readings.
    pub(super) fn single_value(&self, index: usize, given: Given<'_>, at: At, out: &mut Gathered<'_>) {
        match given.scalar().and_then(|scalar| self.convert(index, scalar)) {
            Ok(value) => out.readings.extend(value.map(|value| at.reading(index, value))),
            Err(fault) => out.rejection.push(Some(self.path(index, at.event, None)), fault),
        }
    }

    /// What is stored of a scalar.
    pub(super) fn convert(&self, measure: usize, scalar: Option<Scalar<'_>>) -> Result<Option<Value>, Fault> {
        let Some(scalar) = scalar else { return Ok(None) };
        self.prepared.measures[measure].conversion.value(scalar, &self.prepared.times, &self.limits)
    }
}

impl Source {
    /// The text of the dimension with an index, where that is a field. `Err`: nothing can be stored without it, and why is told.
    pub(super) fn text(
        &self,
        index: usize,
        fields: &Fields<'_>,
        place: Place<'_>,
        out: &mut Gathered<'_>,
    ) -> Result<Option<String>, ()> {
        let fault = match fields.scalar(self.field.slot) {
            Ok(Some(scalar)) => return Ok(Some(scalar.into_text())),
            Ok(None) if index > 0 => return Ok(None),
            Ok(None) => Fault::DeviceMissing,
            Err(fault) => fault,
        };
        out.reject(place, &self.field.text, fault);
        Err(())
    }
}

impl Field {
    /// Its text. One with a fault, which is told, is none.
    pub(super) fn text(
        &self,
        fields: &Fields<'_>,
        place: Place<'_>,
        out: &mut Gathered<'_>,
    ) -> Option<String> {
        let scalar = fields.scalar(self.slot);
        let scalar = scalar.map_err(|fault| out.reject(place, &self.text, fault));
        scalar.ok().flatten().map(Scalar::into_text)
    }
}

impl<'a> Given<'a> {
    /// The single value; `None` where there is none.
    fn scalar(self) -> Result<Option<Scalar<'a>>, Fault> {
        match self {
            Self::Json(json) => Scalar::parse(json),
            Self::Text(text) => Ok(Some(Scalar::Text(text.into())).filter(|scalar| !scalar.is_blank())),
        }
    }
}

impl At {
    pub(super) fn reading(self, measure: usize, value: Value) -> Reading {
        Reading { series: self.series, time: self.time, measure, event: self.event, element: None, value }
    }
}
