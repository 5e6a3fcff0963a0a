//! Packs of [SenML](https://www.rfc-editor.org/rfc/rfc8428): records whose base fields are in force from
//! their own record on.

use std::borrow::Cow;

use super::event::At;
use super::gathered::{Gathered, Moment};
use super::kind::KindDecoder;
use super::prepared::{Copies, Labels};
use super::whole::Whole;
use crate::MeasureType;
use crate::decimal::Decimal;
use crate::fields::{Fields, Place, Undeclared};
use crate::reason::{Fault, quoted};
use crate::record::Value;
use crate::scalar::Scalar;
use crate::scan::Scanner;

/// A time below is relative to the arrival: 2^28 seconds, in nanoseconds.
const ABSOLUTE: u64 = (1 << 28) * 1_000_000_000;

/// Nanoseconds are so many decimal places of a second.
const NANOSECONDS: u8 = 9;

/// What separates the name of a device from that of its measure.
const SEPARATORS: [char; 2] = [':', '/'];

/// A base field: what was given last. `Err`: it cannot be used, and that is told.
type Base<T> = Result<Option<T>, ()>;

/// The base fields in force.
struct Bases<'a> {
    name: Base<BaseName<'a>>,
    time: Base<i64>,
    value: Base<Number>,
}

/// A number: as a whole one too, if it is one.
#[derive(Clone, Copy)]
struct Number {
    double: f64,
    whole: Option<i64>,
}

/// A base name, with all that is made of it for many records.
struct BaseName<'a> {
    text: Cow<'a, str>,
    /// The bytes before the separators at its end.
    device: usize,
    /// The bytes up to the last separator.
    split: usize,
}

/// A record of a pack.
#[derive(Clone, Copy)]
struct Record<'r, 'a> {
    fields: &'r Fields<'a>,
    place: Place<'r>,
    index: usize,
}

impl KindDecoder {
    /// Reads the records of a pack.
    pub(super) fn pack<'a>(
        &self,
        labels: &Labels,
        text: &'a str,
        records: Vec<&'a str>,
        whole: &Whole<'_>,
        out: &mut Gathered<'a>,
    ) {
        let moment = match &self.prepared.copies {
            Some(Copies { window, .. }) => {
                Moment::Of { window: *window, identity: Cow::Borrowed(text.as_bytes()) }
            }
            None => Moment::At(whole.moment(0)),
        };
        let now = moment.time(whole.arrival);
        out.first = Some(moment);
        let mut bases = Bases { name: Ok(None), time: Ok(None), value: Ok(None) };
        for (index, json) in records.into_iter().enumerate() {
            let mut unknown = Undeclared::default();
            let fields = match self.element(json, index, &mut unknown) {
                Ok(fields) => fields,
                Err(fault) => {
                    out.rejection.push(self.place(index).itself(), fault);
                    continue;
                }
            };
            let record = Record { fields: &fields, place: self.place(index), index };
            bases.take(labels, record, out);
            if unknown.count > 0 && self.must_be_understood(json, record.place, out) {
                continue;
            }
            self.record(labels, record, &bases, now, whole, out);
        }
    }

    /// Whether the record has labels that nobody may pass over, and does not know. They are told.
    fn must_be_understood(&self, json: &str, place: Place<'_>, out: &mut Gathered<'_>) -> bool {
        let mut any = false;
        // The record was walked over before.
        let _ = Scanner::new(json).object(|scanner| {
            let label = scanner.name()?;
            if label.ends_with('_') && !self.prepared.event.has_member(&label) {
                out.reject(place, &quoted(&label), Fault::SenmlUnknown);
                any = true;
            }
            scanner.value().map(|_| ())
        });
        any
    }

    fn record(
        &self,
        labels: &Labels,
        record: Record<'_, '_>,
        bases: &Bases<'_>,
        now: i64,
        whole: &Whole<'_>,
        out: &mut Gathered<'_>,
    ) {
        let Some((label, value)) = record.value(labels, out) else { return };
        let Ok(name) = record.scalar("n", labels.name, out) else { return };
        let name = name.map(Scalar::into_text).unwrap_or_default();
        let Ok(base) = &bases.name else { return };
        let (device, field) = split(base.as_ref(), &name);
        let Some(measures) = labels.measures.get(field) else {
            return out.undeclared.add(|| record.place.of(&quoted(field)));
        };
        let by_topic = self.prepared.dimensions[0].is_shared();
        if device.is_empty() && !by_topic {
            return out.reject(record.place, "n", Fault::DeviceMissing);
        }
        let device = (!by_topic).then_some(device);
        let series = self.series(record.fields, device, record.place, whole, out);
        let time = record.time(labels, bases, now, out);
        let (Some(series), Some(time)) = (series, time) else { return };
        for measure in measures {
            let at = At { series, time, event: record.index };
            let converted = bases.sum(label, &value).and_then(|sum| match sum {
                Some(value) => self.convert(*measure, Some(value)),
                None => Ok(None),
            });
            match converted {
                Ok(value) => out.readings.extend(value.map(|value| at.reading(*measure, value))),
                Err(fault) => out.rejection.push(Some(self.path(*measure, record.index, None)), fault),
            }
        }
    }
}

impl<'a> Record<'_, 'a> {
    /// The value of a label. `Err`: it cannot be used, which is told.
    fn scalar(self, label: &str, slot: usize, out: &mut Gathered<'_>) -> Base<Scalar<'a>> {
        self.fields.scalar(slot).map_err(|fault| out.reject(self.place, label, fault))
    }

    /// The label of the value, and the value; `None` if there is none, or cannot be used.
    fn value(self, labels: &Labels, out: &mut Gathered<'_>) -> Option<(&'static str, Scalar<'a>)> {
        let mut found = None;
        for (label, slot) in labels.values {
            let Some(scalar) = self.scalar(label, slot, out).ok()? else { continue };
            if found.is_some() {
                out.reject(self.place, label, Fault::DuplicateField);
                return None;
            }
            found = Some((label, scalar));
        }
        found
    }

    /// The time; `None` if it cannot be used, which is told.
    fn time(self, labels: &Labels, bases: &Bases<'_>, now: i64, out: &mut Gathered<'_>) -> Option<i64> {
        let own = self.seconds("t", labels.time, out).ok()?.unwrap_or(0);
        let base = bases.time.ok()?.unwrap_or(0);
        let time = match base.checked_add(own) {
            Some(sum) if sum.unsigned_abs() < ABSOLUTE => now.checked_add(sum),
            sum => sum,
        };
        if time.is_none() {
            let text = self.fields.get(labels.time).ok().flatten().unwrap_or("0");
            out.reject(self.place, "t", Fault::TimeOutOfRange { text: quoted(text) });
        }
        time
    }

    /// A number of seconds, in nanoseconds.
    fn seconds(self, label: &str, slot: usize, out: &mut Gathered<'_>) -> Base<i64> {
        let Some(scalar) = self.scalar(label, slot, out)? else { return Ok(None) };
        let text = scalar.trimmed();
        let fault = match Decimal::parse(&text).map(|number| number.integer(NANOSECONDS)) {
            Some(Ok(time)) => return Ok(Some(time.value)),
            Some(Err(_)) => Fault::TimeOutOfRange { text: quoted(&text) },
            None => Fault::TimeUnreadable { text: quoted(&text) },
        };
        out.reject(self.place, label, fault);
        Err(())
    }
}

impl<'a> Bases<'a> {
    /// Takes what a record has of them.
    fn take(&mut self, labels: &Labels, record: Record<'_, 'a>, out: &mut Gathered<'_>) {
        match record.scalar("bn", labels.base_name, out) {
            Ok(None) => {}
            name => self.name = name.map(|name| name.map(BaseName::of)),
        }
        match record.seconds("bt", labels.base_time, out) {
            Ok(None) => {}
            time => self.time = time,
        }
        match record.scalar("bv", labels.base_value, out) {
            Ok(None) => {}
            Ok(Some(value)) => {
                let number = number(&value);
                self.value = number.map(Some).map_err(|fault| out.reject(record.place, "bv", fault));
            }
            Err(()) => self.value = Err(()),
        }
    }

    /// A value together with the base value, where that is of numbers. `None`: it is not known.
    fn sum<'v>(&self, label: &str, value: &Scalar<'v>) -> Result<Option<Scalar<'v>>, Fault> {
        let base = match self.value {
            Ok(Some(base)) if label == "v" => base,
            Err(()) if label == "v" => return Ok(None),
            _ => return Ok(Some(value.clone())),
        };
        let own = number(value)?;
        let whole = base.whole.zip(own.whole).and_then(|(base, own)| base.checked_add(own));
        if let Some(sum) = whole {
            return Ok(Some(Scalar::Number(sum.to_string().into())));
        }
        let sum = base.double + own.double;
        if !sum.is_finite() {
            return Err(Fault::NumberOutOfRange { wanted: MeasureType::Double, text: value.quoted() });
        }
        let text = Value::Double(sum + 0.0).text().into_owned();
        Ok(Some(Scalar::Number(text.into())))
    }
}

/// A number, also in text.
fn number(scalar: &Scalar<'_>) -> Result<Number, Fault> {
    let double = scalar.double()?;
    let text = scalar.trimmed();
    let whole = Decimal::parse(&text).and_then(|number| number.integer(0).ok());
    Ok(Number { double, whole: whole.filter(|integer| integer.exact).map(|integer| integer.value) })
}

impl<'a> BaseName<'a> {
    fn of(name: Scalar<'a>) -> Self {
        let text = match name {
            Scalar::Text(text) => text,
            other => other.into_text().into(),
        };
        let device = text.trim_end_matches(SEPARATORS).len();
        let split = end_of_device(&text);
        Self { text, device, split }
    }
}

/// The bytes of a full name up to its last separator, with it.
fn end_of_device(name: &str) -> usize {
    name.rfind(SEPARATORS).map_or(0, |at| at + 1)
}

/// The device and the measure of a record, of the base name in force and its own.
fn split<'n>(base: Option<&'n BaseName<'_>>, name: &'n str) -> (&'n str, &'n str) {
    let (full, end) = match base {
        Some(base) if !name.is_empty() => return (&base.text[..base.device], name),
        Some(base) => (&*base.text, base.split),
        None => (name, end_of_device(name)),
    };
    (full[..end].trim_end_matches(SEPARATORS), &full[end..])
}
