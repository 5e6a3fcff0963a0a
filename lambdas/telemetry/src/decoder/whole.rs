//! What is the same for all events of a message: it is read once, and its faults are told once.

use super::gathered::Gathered;
use super::kind::KindDecoder;
use super::prepared::{ByName, Field, Naming, Source};
use crate::clock::Arrival;
use crate::fields::{Fields, Place};
use crate::partition::joined;
use crate::reason::Fault;
use crate::record::Value;

/// The time from a message to the next of its record of the stream, in nanoseconds: as many events of it keep
/// apart.
const MESSAGE_NANOSECONDS: usize = 1_000;

/// What the topic says, and the fields of the message around its events.
#[derive(Debug)]
pub(super) struct Whole<'a> {
    pub(super) arrival: Arrival<'a>,
    /// Which event of its record of the stream the message is.
    nth: usize,
    /// The levels of the topic in the key.
    levels: Vec<&'a str>,
    /// For each dimension that is the same, its value.
    pub(super) dimensions: Vec<Option<String>>,
    /// Whether nothing is wrong with these.
    pub(super) complete: bool,
    /// The series, if all dimensions are the same.
    pub(super) series: Option<usize>,
    pub(super) id: Option<String>,
    /// `Err`: there is a time, and it cannot be used.
    pub(super) time: Result<Option<i64>, ()>,
    /// The name of the measure.
    pub(super) name: Option<String>,
    /// Values of measures: each event has them that has values of its own.
    pub(super) values: Vec<(usize, Value)>,
}

impl<'a> Whole<'a> {
    pub(super) fn new(arrival: Arrival<'a>, nth: usize, levels: Vec<&'a str>) -> Self {
        Self {
            arrival,
            nth,
            levels,
            dimensions: Vec::new(),
            complete: true,
            series: None,
            id: None,
            time: Ok(None),
            name: None,
            values: Vec::new(),
        }
    }

    /// How many nanoseconds after the arrival of its record one of the message's events has its moment.
    pub(super) fn offset(&self, index: usize) -> i64 {
        let before = self.nth.saturating_mul(MESSAGE_NANOSECONDS);
        i64::try_from(before.saturating_add(index)).unwrap_or(i64::MAX)
    }
}

impl KindDecoder {
    /// Reads what is the same for all events, with the fields around them, if there are any.
    pub(super) fn shared(&self, whole: &mut Whole<'_>, fields: Option<&Fields<'_>>, out: &mut Gathered<'_>) {
        let prepared = &self.prepared;
        if prepared.dimensions.iter().any(Source::is_shared) {
            self.shared_dimensions(whole, fields, out);
        }
        if let Some(ByName { name: Naming::Topic(places), .. }) = &prepared.named {
            whole.name = joined(&whole.levels, places);
        }
        let Some(fields) = fields else { return };
        let around = |field: &&Field| field.is_around();
        if let Some(id) = prepared.copies.iter().find_map(|copies| copies.id.as_ref()).filter(around) {
            // Each event is known by it, however many there are: it is no longer than any other text.
            let max = self.limits.text_bytes;
            let text = id.text(fields, Place::default(), out);
            if let Some(bytes) = text.as_ref().map(String::len).filter(|bytes| *bytes > max) {
                out.reject(Place::default(), &id.text, Fault::TextTooLong { bytes, max });
            }
            whole.id = text.filter(|text| text.len() <= max);
        }
        if let Some(time) = prepared.time.as_ref().filter(around) {
            whole.time = self.time(time, fields, Place::default(), out);
        }
        if let Some(ByName { name: Naming::Field(name), .. }) = &prepared.named
            && name.is_around()
        {
            whole.name = name.text(fields, Place::default(), out);
        }
        for (index, measure) in prepared.measures.iter().enumerate() {
            if measure.field.is_around() {
                match fields.scalar(measure.field.slot).and_then(|scalar| self.convert(index, scalar)) {
                    Ok(value) => whole.values.extend(value.map(|value| (index, value))),
                    Err(fault) => out.reject(Place::default(), &measure.field.text, fault),
                }
            }
        }
    }

    fn shared_dimensions(&self, whole: &mut Whole<'_>, fields: Option<&Fields<'_>>, out: &mut Gathered<'_>) {
        let mut bytes = 0;
        for (index, source) in self.prepared.dimensions.iter().enumerate() {
            let value = match (&source.levels, fields) {
                _ if !source.is_shared() => Ok(None),
                (None, Some(fields)) => source.text(index, fields, Place::default(), out),
                (levels, _) => {
                    let text = levels.as_ref().and_then(|places| joined(&whole.levels, places));
                    if text.is_none() && index == 0 {
                        out.reject(Place::default(), &source.field.text, Fault::DeviceMissing);
                        Err(())
                    } else {
                        Ok(text)
                    }
                }
            };
            whole.complete &= value.is_ok();
            let value = value.unwrap_or_default();
            bytes += value.as_ref().map_or(0, |value| source.name.len() + value.len());
            whole.dimensions.push(value);
        }
        let max = self.limits.series_bytes;
        if bytes > max {
            out.rejection.push(None, Fault::DimensionsTooLarge { bytes, max });
            whole.complete = false;
        }
        if whole.complete && self.prepared.dimensions.iter().all(Source::is_shared) {
            let sources = self.prepared.dimensions.iter().zip(&whole.dimensions);
            let dimensions = sources.filter_map(|(source, value)| Some(source.with(value.clone()?)));
            whole.series = Some(out.series(dimensions.collect()));
        }
    }
}
