//! What was read of a message, on its way to records.
//!
//! The order matters: first one value for each series, measure and instant, then the clock, one for the
//! whole message, and last the limits of the store.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::Decoded;
use super::kind::KindDecoder;
use super::prepared::PreparedMeasure;
use crate::clock::{Arrival, Correction};
use crate::fields::{self, Place};
use crate::identity;
use crate::reason::{Fault, Rejection};
use crate::record::{DimensionValue, MeasureValue, Measured, Record, Value};

/// What was read of a message.
pub(super) struct Gathered<'a> {
    pub(super) rejection: Rejection,
    pub(super) undeclared: fields::Undeclared,
    pub(super) readings: Vec<Reading>,
    /// When the first of its events happened, if that does not say it.
    pub(super) first: Option<Moment<'a>>,
    series: Series,
}

/// The series of a message, in the order in which they first appear. Most messages have one.
#[derive(Default)]
struct Series {
    /// Without a dimension: there is none yet.
    first: Dimensions,
    others: Vec<Dimensions>,
    /// Where the others are.
    places: HashMap<Dimensions, usize>,
}

type Dimensions = Arc<[DimensionValue]>;

/// A value that can be stored, before it is put into a record.
pub(super) struct Reading {
    /// Index of the series.
    pub(super) series: usize,
    pub(super) time: i64,
    /// Index of the measure in the model.
    pub(super) measure: usize,
    /// Index of the event in the message.
    pub(super) event: usize,
    /// Index in the array; `None`: the field is no array.
    pub(super) element: Option<usize>,
    pub(super) value: Value,
}

/// When an event happened that does not say it.
pub(super) enum Moment<'a> {
    /// In nanoseconds.
    At(i64),
    /// An instant of the event's identity, before its arrival, with a window in nanoseconds.
    Of { window: i64, identity: Cow<'a, [u8]> },
}

impl Moment<'_> {
    /// In nanoseconds.
    pub(super) fn time(&self, arrival: Arrival<'_>) -> i64 {
        match self {
            Self::At(time) => *time,
            Self::Of { window, identity } => identity::instant(arrival.time(), *window, identity),
        }
    }
}

impl Gathered<'_> {
    pub(super) fn new(keep_names: usize) -> Self {
        Self {
            rejection: Rejection::default(),
            undeclared: fields::Undeclared::keeping(keep_names),
            readings: Vec::new(),
            first: None,
            series: Series::default(),
        }
    }

    /// Adds a reason, for a field of the event at `place`.
    pub(super) fn reject(&mut self, place: Place<'_>, field: &str, fault: Fault) {
        self.rejection.push(Some(place.of(field)), fault);
    }

    /// The index of a series.
    pub(super) fn series(&mut self, dimensions: Vec<DimensionValue>) -> usize {
        self.series.index(dimensions)
    }

    /// Sorts the readings, and leaves one value for each series, measure and instant.
    fn one_value_an_instant(&mut self, kind: &KindDecoder) {
        let Self { readings, rejection, .. } = self;
        // Stable: of two with the same place, the one that the device sent first stays.
        readings.sort_by_key(Reading::key);
        readings.dedup_by(|next, kept| {
            let same_place = next.key() == kept.key();
            if same_place && next.value != kept.value {
                rejection.push(Some(kind.path(next.measure, next.event, None)), Fault::ConflictingPoint);
            }
            same_place
        });
    }

    /// How the readings are to be moved, if the clock of their device is ahead. Where one or another of them
    /// is, it is left out.
    fn correct_clock(&mut self, kind: &KindDecoder, arrival: Arrival<'_>) -> Option<Correction> {
        let times = || self.readings.iter().map(|reading| reading.time);
        let (earliest, latest) = (times().min()?, times().max()?);
        let window = kind.limits.window;
        if arrival.allows(latest, window) {
            return None;
        }
        let moment = self.first.as_ref().map_or_else(|| arrival.moment(), |first| first.time(arrival));
        let correction = arrival.correction(earliest, latest, moment, window);
        if correction.is_none() {
            let Self { readings, rejection, .. } = self;
            readings.retain(|reading| {
                let allowed = arrival.allows(reading.time, window);
                if !allowed {
                    let fault = Fault::TimeAhead { time: reading.time, ahead: window.ahead };
                    rejection.push(Some(kind.path(reading.measure, reading.event, reading.element)), fault);
                }
                allowed
            });
        }
        correction
    }

    /// What becomes of the message.
    pub(super) fn decoded(mut self, kind: &KindDecoder, arrival: Arrival<'_>) -> Decoded {
        self.one_value_an_instant(kind);
        let corrected = self.correct_clock(kind, arrival);
        let normal = |reading: &&Reading| !kind.prepared.measures[reading.measure].is_normal(&reading.value);
        let out_of_range = self.readings.iter().filter(normal).count();
        let readings = std::mem::take(&mut self.readings);
        let records = self.records(kind, readings, arrival.version(), corrected);
        if records.is_empty() && self.rejection.reasons.is_empty() {
            self.rejection.push(None, Fault::NoMeasures);
        }
        let undeclared = self.undeclared.count;
        if kind.undeclared == crate::Undeclared::Quarantine {
            self.reject_undeclared();
        }
        Decoded { records, rejection: self.rejection.some(), corrected, undeclared, out_of_range }
    }

    fn reject_undeclared(&mut self) {
        let names = std::mem::take(&mut self.undeclared.names);
        self.rejection.omitted += self.undeclared.count.saturating_sub(names.len());
        for name in names {
            self.rejection.push(Some(name), Fault::UndeclaredField);
        }
    }

    /// Makes records of sorted readings.
    fn records(
        &mut self,
        kind: &KindDecoder,
        readings: Vec<Reading>,
        version: i64,
        correction: Option<Correction>,
    ) -> Vec<Record> {
        let mut records = Vec::new();
        let mut readings = readings.into_iter().peekable();
        while let Some(first) = readings.next() {
            let (series, original) = (first.series, first.time);
            let mut values = Vec::with_capacity(kind.prepared.measures.len());
            values.push(kind.named(first));
            while let Some(next) = readings.next_if(|next| next.series == series && next.time == original) {
                values.push(kind.named(next));
            }
            let time = match correction {
                None => original,
                Some(correction) => {
                    values.extend(kind.marks(original));
                    correction.apply(original)
                }
            };
            let mut put = |name: &Arc<str>, measured| {
                let record = Record {
                    dimensions: Arc::clone(self.series.get(series)),
                    measure_name: Arc::clone(name),
                    measured,
                    time,
                    version,
                };
                match (kind.limits.too_large)(&record) {
                    None => records.push(record),
                    Some(bytes) => {
                        let (name, max) = (name.to_string(), kind.limits.record_bytes);
                        self.rejection.push(None, Fault::RecordTooLarge { name, bytes, max });
                    }
                }
            };
            match &kind.multi {
                Some(name) => put(name, Measured::Multi(values)),
                None => {
                    for value in values {
                        let name = Arc::clone(&value.name);
                        put(&name, on_its_own(value));
                    }
                }
            }
        }
        records
    }
}

impl Series {
    fn index(&mut self, dimensions: Vec<DimensionValue>) -> usize {
        if self.first.is_empty() {
            self.first = dimensions.into();
            return 0;
        }
        if *self.first == *dimensions {
            return 0;
        }
        if let Some(place) = self.places.get(&*dimensions) {
            return *place;
        }
        let dimensions: Dimensions = dimensions.into();
        self.others.push(Arc::clone(&dimensions));
        self.places.insert(dimensions, self.others.len());
        self.others.len()
    }

    fn get(&self, index: usize) -> &Dimensions {
        index.checked_sub(1).map_or(&self.first, |other| &self.others[other])
    }
}

impl Reading {
    /// Its place among the others: where two have the same, they are about the same value.
    fn key(&self) -> (usize, i64, usize) {
        (self.series, self.time, self.measure)
    }
}

impl PreparedMeasure {
    /// Whether `value` is in the normal range; what is no number, or has no range, is.
    fn is_normal(&self, value: &Value) -> bool {
        let Some(normal) = &self.normal else { return true };
        match value {
            Value::Double(value) => normal.contains(*value),
            // A range is made of doubles; beyond 2^53 the comparison is as coarse as they are.
            #[allow(clippy::cast_precision_loss)]
            Value::Bigint(value) => normal.contains(*value as f64),
            Value::Boolean(_) | Value::Varchar(_) | Value::Timestamp(_) => true,
        }
    }
}

/// The content of a record of one measure.
fn on_its_own(measure: MeasureValue) -> Measured {
    match measure.value {
        Value::Timestamp(_) => Measured::Multi(vec![measure]),
        value => Measured::Single(value),
    }
}
