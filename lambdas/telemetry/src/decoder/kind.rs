//! From the bytes of one event to its records.
//!
//! The order matters: the document, then who and when (without which nothing can be stored), then
//! every measure by itself, then the clock, and last the limits of the store. A fault of one measure
//! never costs another its place.

use std::borrow::Cow;
use std::sync::Arc;

use super::Decoded;
use crate::clock::{Arrival, Correction};
use crate::fields::{self, Declared, Fields, Place};
use crate::path::Path;
use crate::points;
use crate::reason::{Fault, MAX_REASONS, Rejection, quoted};
use crate::record::{DimensionValue, MeasureValue, Measured, ORIGINAL_TIME, Record, TIME_CORRECTED, Value};
use crate::scalar::Scalar;
use crate::scan::{self, Scanner};
use crate::{EventKind, Limits, MeasureType, Range, RecordLayout, TimeUnit, Undeclared, identity, instant};

/// A kind of events, prepared for decoding.
#[derive(Debug, Clone)]
pub(super) struct KindDecoder {
    limits: Limits,
    fields: Declared,
    /// The device first.
    dimensions: Vec<Source>,
    device: Naming,
    time: Option<Source>,
    unit: TimeUnit,
    copies: Option<Copies>,
    measures: Vec<PreparedMeasure>,
    /// `measure_name` of multi-measure records; `None` in the single layout.
    multi: Option<Arc<str>>,
    undeclared: Undeclared,
    original_time: Arc<str>,
    time_corrected: Arc<str>,
}

/// Where a value comes from and what it is called in the store.
#[derive(Debug, Clone)]
struct Source {
    slot: usize,
    field: Box<str>,
    name: Arc<str>,
}

/// What makes copies of an event one.
#[derive(Debug, Clone)]
struct Copies {
    id: Option<Source>,
    /// In nanoseconds.
    window: i64,
}

/// Who names the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// A field of the event.
    Event,
    /// A level of the topic, which the rule made the partition key.
    Topic,
}

#[derive(Debug, Clone)]
struct PreparedMeasure {
    source: Source,
    kind: MeasureType,
    normal: Option<Range>,
}

/// A value that can be stored, before it is put into a record.
struct Reading {
    time: i64,
    /// Index of the measure in the model.
    measure: usize,
    /// Index in the array; `None`: the field is no array.
    element: Option<usize>,
    value: Value,
}

impl KindDecoder {
    /// Prepares `kind`, which is taken as valid, for a store.
    pub(super) fn new(kind: &EventKind, limits: Limits) -> Self {
        let mut fields = Declared::default();
        let mut source = |field: &str, name: &str| Source {
            slot: fields.declare(&Path::of(field)),
            field: field.into(),
            name: name.into(),
        };
        // In the order in which devices usually write them.
        let time = kind.time.as_ref().map(|time| source(&time.field, ""));
        let device = source(&kind.device.field, &kind.device.dimension);
        let dimensions = std::iter::once(device)
            .chain(kind.dimensions.iter().map(|dimension| source(&dimension.field, &dimension.name)))
            .collect();
        let copies = kind.event.as_ref().map(|event| Copies {
            id: event.id.as_ref().map(|field| source(field, "")),
            window: event.window(),
        });
        let measures = kind
            .measures
            .iter()
            .map(|measure| PreparedMeasure {
                source: source(&measure.field, &measure.name),
                kind: measure.kind,
                normal: measure.normal,
            })
            .collect();
        Self {
            limits,
            dimensions,
            device: if kind.device.topic_segments.is_empty() { Naming::Event } else { Naming::Topic },
            time,
            unit: kind.time.as_ref().map_or(TimeUnit::Milliseconds, |time| time.unit),
            copies,
            measures,
            multi: match &kind.record {
                RecordLayout::Multi { name } => Some(name.as_str().into()),
                RecordLayout::Single => None,
            },
            undeclared: kind.undeclared,
            original_time: ORIGINAL_TIME.into(),
            time_corrected: TIME_CORRECTED.into(),
            fields: fields.with_literals(),
        }
    }

    /// Decodes one message. Answers for any bytes: with records, a rejection, or both.
    pub(super) fn decode(&self, payload: &[u8], arrival: Arrival<'_>) -> Decoded {
        let mut rejection = Rejection::default();
        let keep_names = match self.undeclared {
            Undeclared::Ignore => 0,
            Undeclared::Quarantine => MAX_REASONS,
        };
        let mut undeclared = fields::Undeclared::keeping(keep_names);
        let fields = match read(payload, &self.fields, &mut undeclared) {
            Ok(fields) => fields,
            Err(fault) => {
                rejection.push(None, fault);
                return Decoded { rejection: rejection.some(), ..Decoded::default() };
            }
        };
        let mut decoded = Decoded::default();
        let dimensions = self.dimensions(&fields, arrival, &mut rejection);
        let identity = self.identity(payload, &fields, &mut rejection);
        let moment = || match &identity {
            Some((window, identity)) => identity::instant(arrival.time(), *window, identity),
            None => arrival.moment(),
        };
        let time = self.time(&fields, moment, &mut rejection);
        if let (Some(dimensions), Some(time)) = (dimensions, time) {
            let mut readings = self.readings(&fields, time, &mut undeclared, &mut rejection);
            self.one_value_an_instant(&mut readings, &mut rejection);
            decoded.corrected = self.correct_clock(&mut readings, arrival, moment, &mut rejection);
            decoded.out_of_range = readings
                .iter()
                .filter(|reading| !self.measures[reading.measure].is_normal(&reading.value))
                .count();
            decoded.records =
                self.records(readings, &dimensions, arrival.version(), decoded.corrected, &mut rejection);
            if decoded.records.is_empty() && rejection.reasons.is_empty() {
                rejection.push(None, Fault::NoMeasures);
            }
        }
        decoded.undeclared = undeclared.count;
        if self.undeclared == Undeclared::Quarantine {
            reject_undeclared(undeclared, &mut rejection);
        }
        decoded.rejection = rejection.some();
        decoded
    }

    /// The series. A dimension without a value is left out, but not the device.
    fn dimensions(
        &self,
        fields: &Fields<'_>,
        arrival: Arrival<'_>,
        rejection: &mut Rejection,
    ) -> Option<Arc<[DimensionValue]>> {
        let mut dimensions = Vec::with_capacity(self.dimensions.len());
        let mut complete = true;
        let mut of_the_event = 0;
        if self.device == Naming::Topic {
            complete = self.name_by_topic(arrival, &mut dimensions, rejection);
            of_the_event = 1;
        }
        for (index, source) in self.dimensions.iter().enumerate().skip(of_the_event) {
            let fault = match fields.scalar(source.slot) {
                Ok(Some(scalar)) => {
                    let value = scalar.into_text();
                    dimensions.push(DimensionValue { name: Arc::clone(&source.name), value });
                    continue;
                }
                Ok(None) if index > 0 => continue,
                Ok(None) => Fault::DeviceMissing,
                Err(fault) => fault,
            };
            rejection.push(Some(source.field.to_string()), fault);
            complete = false;
        }
        let (bytes, max) = (dimensions.iter().map(DimensionValue::bytes).sum(), self.limits.series_bytes);
        if bytes > max {
            rejection.push(None, Fault::DimensionsTooLarge { bytes, max });
            complete = false;
        }
        complete.then(|| dimensions.into())
    }

    /// Takes the device from the topic, and answers whether there is one: no stream takes an empty level as
    /// a key.
    fn name_by_topic(
        &self,
        arrival: Arrival<'_>,
        dimensions: &mut Vec<DimensionValue>,
        rejection: &mut Rejection,
    ) -> bool {
        let device = &self.dimensions[0];
        let named = !arrival.partition_key.is_empty();
        if named {
            dimensions.push(DimensionValue {
                name: Arc::clone(&device.name),
                value: arrival.partition_key.to_owned(),
            });
        } else {
            rejection.push(Some(device.field.to_string()), Fault::DeviceMissing);
        }
        named
    }

    /// What tells the event from the others of its device, and the window in which it does; `None` where
    /// each copy is an event. An id with a fault is none.
    fn identity<'a>(
        &self,
        payload: &'a [u8],
        fields: &Fields<'_>,
        rejection: &mut Rejection,
    ) -> Option<(i64, Cow<'a, [u8]>)> {
        let Copies { id, window } = self.copies.as_ref()?;
        let id = id.as_ref().and_then(|source| {
            let id = fields.scalar(source.slot);
            let id = id.map_err(|fault| rejection.push(Some(source.field.to_string()), fault));
            id.ok().flatten().map(Scalar::into_text)
        });
        Some((*window, id.map_or(Cow::Borrowed(payload), |id| Cow::Owned(id.into_bytes()))))
    }

    /// The time of the event; without one, the moment of its arrival.
    fn time(&self, fields: &Fields<'_>, moment: impl Fn() -> i64, rejection: &mut Rejection) -> Option<i64> {
        let Some(source) = &self.time else { return Some(moment()) };
        let read = || {
            let scalar = match fields.get(source.slot)? {
                // An object or array is as unreadable as any other text that is no time.
                Some(json) if json.starts_with(['{', '[']) => {
                    return Err(Fault::TimeUnreadable { text: quoted(json) });
                }
                json => json.map_or(Ok(None), Scalar::parse)?,
            };
            scalar.map_or(Ok(moment()), |scalar| instant::read(&scalar, self.unit))
        };
        read().map_err(|fault| rejection.push(Some(source.field.to_string()), fault)).ok()
    }

    /// Every value that is of its type, and a reason for every other.
    fn readings(
        &self,
        fields: &Fields<'_>,
        time: i64,
        undeclared: &mut fields::Undeclared,
        rejection: &mut Rejection,
    ) -> Vec<Reading> {
        let mut readings = Vec::with_capacity(self.measures.len());
        for (index, measure) in self.measures.iter().enumerate() {
            let json = match fields.get(measure.source.slot) {
                Ok(Some(json)) => json,
                Ok(None) => continue,
                Err(fault) => {
                    rejection.push(Some(measure.source.field.to_string()), fault);
                    continue;
                }
            };
            if json.starts_with('[') {
                for (at, element) in
                    points::read(json, measure.kind, self.unit, &self.limits).into_iter().enumerate()
                {
                    match element.point {
                        Ok(Some(point)) => readings.push(Reading {
                            time: point.time,
                            measure: index,
                            element: Some(at),
                            value: point.value,
                        }),
                        Ok(None) => {}
                        Err(fault) => rejection.push(Some(self.path(index, Some(at))), fault),
                    }
                    for name in element.others {
                        undeclared.add(|| format!("{}.{}", self.path(index, Some(at)), quoted(&name)));
                    }
                }
                continue;
            }
            let coerced = Scalar::parse(json).and_then(|scalar| {
                scalar.map(|scalar| scalar.coerce(measure.kind, self.unit, &self.limits)).transpose()
            });
            match coerced {
                Ok(Some(value)) => readings.push(Reading { time, measure: index, element: None, value }),
                Ok(None) => {}
                Err(fault) => rejection.push(Some(self.path(index, None)), fault),
            }
        }
        readings
    }

    /// Where a value stands in the event, as reasons say it.
    fn path(&self, measure: usize, element: Option<usize>) -> String {
        let field = &self.measures[measure].source.field;
        element.map_or_else(|| field.to_string(), |at| format!("{field}[{at}]"))
    }

    /// Sorts the readings, and leaves one value for each measure and instant.
    fn one_value_an_instant(&self, readings: &mut Vec<Reading>, rejection: &mut Rejection) {
        // Stable: of two elements with the same time, the one that the device sent first stays.
        readings.sort_by_key(|reading| (reading.time, reading.measure));
        readings.dedup_by(|next, kept| {
            let same_place = (next.time, next.measure) == (kept.time, kept.measure);
            if same_place && next.value != kept.value {
                rejection.push(Some(self.path(next.measure, None)), Fault::ConflictingPoint);
            }
            same_place
        });
    }

    /// How sorted readings are to be moved, if the clock of their device is ahead. Where one or another of
    /// them is, it is left out.
    fn correct_clock(
        &self,
        readings: &mut Vec<Reading>,
        arrival: Arrival<'_>,
        moment: impl Fn() -> i64,
        rejection: &mut Rejection,
    ) -> Option<Correction> {
        let (earliest, latest) = (readings.first()?.time, readings.last()?.time);
        let window = self.limits.window;
        if arrival.allows(latest, window) {
            return None;
        }
        let correction = arrival.correction(earliest, latest, moment(), window);
        if correction.is_none() {
            let allowed = readings.partition_point(|reading| arrival.allows(reading.time, window));
            for reading in readings.drain(allowed..) {
                let fault = Fault::TimeAhead { time: reading.time, ahead: window.ahead };
                rejection.push(Some(self.path(reading.measure, reading.element)), fault);
            }
        }
        correction
    }

    /// Makes records of sorted readings.
    fn records(
        &self,
        readings: Vec<Reading>,
        dimensions: &Arc<[DimensionValue]>,
        version: i64,
        correction: Option<Correction>,
        rejection: &mut Rejection,
    ) -> Vec<Record> {
        let mut records = Vec::new();
        let mut readings = readings.into_iter().peekable();
        while let Some(first) = readings.next() {
            let original = first.time;
            let mut values = Vec::with_capacity(self.measures.len());
            values.push(self.named(first));
            while let Some(next) = readings.next_if(|next| next.time == original) {
                values.push(self.named(next));
            }
            let time = match correction {
                None => original,
                Some(correction) => {
                    values.extend(self.marks(original));
                    correction.apply(original)
                }
            };
            let mut put = |name: &Arc<str>, measured| {
                let record = Record {
                    dimensions: Arc::clone(dimensions),
                    measure_name: Arc::clone(name),
                    measured,
                    time,
                    version,
                };
                match (self.limits.too_large)(&record) {
                    None => records.push(record),
                    Some(bytes) => {
                        let max = self.limits.record_bytes;
                        rejection.push(None, Fault::RecordTooLarge { name: name.to_string(), bytes, max });
                    }
                }
            };
            match &self.multi {
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

    fn named(&self, reading: Reading) -> MeasureValue {
        MeasureValue { name: Arc::clone(&self.measures[reading.measure].source.name), value: reading.value }
    }

    /// What a corrected record says of itself. A time before 1970 cannot be said.
    fn marks(&self, original: i64) -> impl Iterator<Item = MeasureValue> {
        let original = (original >= 0).then(|| MeasureValue {
            name: Arc::clone(&self.original_time),
            value: Value::Timestamp(original),
        });
        let mark = MeasureValue { name: Arc::clone(&self.time_corrected), value: Value::Boolean(true) };
        original.into_iter().chain(std::iter::once(mark))
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

fn reject_undeclared(undeclared: fields::Undeclared, rejection: &mut Rejection) {
    let unnamed = undeclared.count.saturating_sub(undeclared.names.len());
    for name in undeclared.names {
        rejection.push(Some(name), Fault::UndeclaredField);
    }
    rejection.omitted += unnamed;
}

/// Reads the fields of a message that is one event.
fn read<'a>(
    payload: &'a [u8],
    declared: &Declared,
    undeclared: &mut fields::Undeclared,
) -> Result<Fields<'a>, Fault> {
    let text = scan::text(payload)?;
    if Scanner::new(text).next() != Some(b'{') {
        return Err(scan::not_json(text).unwrap_or(Fault::NotAnObject));
    }
    scan::document(text, |scanner| Fields::read(scanner, declared, Place::default(), undeclared))
}
