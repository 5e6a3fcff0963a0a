//! From the bytes of a message to its events.
//!
//! The order matters: the document, then what is the same for all of its events, then event by event.

use std::sync::Arc;

use super::Decoded;
use super::event::{Event, Given};
use super::gathered::{Gathered, Reading};
use super::prepared::{Field, MessageForm, Prepared};
use super::whole::Whole;
use crate::clock::Arrival;
use crate::fields::{self, Declared, Fields, Place};
use crate::path::WHOLE;
use crate::reason::{Fault, MAX_REASONS, Reason};
use crate::record::{MeasureValue, ORIGINAL_TIME, TIME_CORRECTED, Value};
use crate::scalar::Scalar;
use crate::scan::{self, Scanner};
use crate::{EventKind, Limits, RecordLayout, Undeclared};

/// A kind of events, prepared for decoding.
#[derive(Debug, Clone)]
pub(super) struct KindDecoder {
    pub(super) limits: Limits,
    pub(super) prepared: Prepared,
    /// `measure_name` of multi-measure records; `None` in the single layout.
    pub(super) multi: Option<Arc<str>>,
    pub(super) undeclared: Undeclared,
    original_time: Arc<str>,
    time_corrected: Arc<str>,
}

impl KindDecoder {
    /// Prepares `kind`, which is taken as valid, for a store.
    pub(super) fn new(kind: &EventKind, limits: Limits) -> Self {
        Self {
            limits,
            prepared: Prepared::new(kind),
            multi: match &kind.record {
                RecordLayout::Multi { name } => Some(name.as_str().into()),
                RecordLayout::Single => None,
            },
            undeclared: kind.undeclared,
            original_time: ORIGINAL_TIME.into(),
            time_corrected: TIME_CORRECTED.into(),
        }
    }

    /// Decodes one message, the `nth` of its record of the stream. Answers for any bytes: with records, a
    /// rejection, or both.
    pub(super) fn decode(&self, payload: &[u8], arrival: Arrival<'_>, nth: usize) -> Decoded {
        let mut out = Gathered::new(match self.undeclared {
            Undeclared::Ignore => 0,
            Undeclared::Quarantine => MAX_REASONS,
        });
        match self.read(payload, arrival, nth, &mut out) {
            Ok(()) => out.decoded(self, arrival),
            Err(reason) => Decoded::refused(reason),
        }
    }

    /// Reads the events of a message, or says why there are none.
    fn read<'a>(
        &self,
        payload: &'a [u8],
        arrival: Arrival<'a>,
        nth: usize,
        out: &mut Gathered<'a>,
    ) -> Result<(), Reason> {
        let levels = self.prepared.levels.read(arrival.partition_key)?;
        let text = scan::text(payload)?;
        let mut whole = Whole::new(arrival, nth, levels);
        match &self.prepared.message {
            MessageForm::Event => {
                let fields = object(text, &self.prepared.event, out)?;
                self.shared(&mut whole, None, out);
                self.event(&Event { bytes: text, fields, index: 0, itself: Given::Json(text) }, &whole, out);
            }
            MessageForm::Value => {
                let itself = match scan::document(text, Scanner::value) {
                    Ok(json) => Given::Json(json),
                    Err(Fault::NestedTooDeep) => return Err(Fault::NestedTooDeep.into()),
                    Err(_) => Given::Text(text.trim()),
                };
                let fields = Fields::none(&self.prepared.event);
                self.shared(&mut whole, None, out);
                self.event(&Event { bytes: text, fields, index: 0, itself }, &whole, out);
            }
            MessageForm::Each(array) => {
                let fields = object(text, &self.prepared.around, out)?;
                self.shared(&mut whole, Some(&fields), out);
                match fields.get(array.slot).and_then(|json| elements(json.unwrap_or("null"))) {
                    Ok(elements) => self.each(elements, &whole, out),
                    Err(fault) => out.rejection.push(Some(array.text.to_string()), fault),
                }
            }
            MessageForm::Array => {
                let elements = array(text)?;
                self.shared(&mut whole, None, out);
                self.each(elements, &whole, out);
            }
            MessageForm::Senml(labels) => {
                let elements = array(text)?;
                self.shared(&mut whole, None, out);
                self.pack(labels, text, elements, &whole, out);
            }
        }
        Ok(())
    }

    fn each<'a>(&self, elements: Vec<&'a str>, whole: &Whole<'_>, out: &mut Gathered<'a>) {
        for (index, bytes) in elements.into_iter().enumerate() {
            match self.element(bytes, index, &mut out.undeclared) {
                Ok(fields) => {
                    self.event(&Event { bytes, fields, index, itself: Given::Json(bytes) }, whole, out);
                }
                Err(fault) => out.rejection.push(self.place(index).itself(), fault),
            }
        }
    }

    /// The fields of an element that is an event.
    pub(super) fn element<'a>(
        &self,
        json: &'a str,
        index: usize,
        undeclared: &mut fields::Undeclared,
    ) -> Result<Fields<'a>, Fault> {
        if !json.starts_with('{') {
            return Err(Fault::NotAnObject);
        }
        scan::document(json, |scanner| {
            Fields::read(scanner, &self.prepared.event, self.place(index), undeclared)
        })
    }

    /// Where an event is in its message.
    pub(super) fn place(&self, index: usize) -> Place<'_> {
        let element = match &self.prepared.message {
            MessageForm::Event | MessageForm::Value => None,
            MessageForm::Each(Field { text, .. }) => Some((&**text, index)),
            MessageForm::Array | MessageForm::Senml(_) => Some(("", index)),
        };
        Place { element }
    }

    /// Where a value stands in the message, as reasons say it.
    pub(super) fn path(&self, measure: usize, event: usize, element: Option<usize>) -> String {
        let path = self.prepared.measures[measure].field.of(self.place(event));
        element.map_or_else(|| path.clone(), |at| format!("{path}[{at}]"))
    }

    /// A value with its name.
    pub(super) fn named(&self, reading: Reading) -> MeasureValue {
        MeasureValue { name: Arc::clone(&self.prepared.measures[reading.measure].name), value: reading.value }
    }

    /// What a corrected record says of itself. A time before 1970 cannot be said.
    pub(super) fn marks(&self, original: i64) -> impl Iterator<Item = MeasureValue> {
        let original = (original >= 0).then(|| MeasureValue {
            name: Arc::clone(&self.original_time),
            value: Value::Timestamp(original),
        });
        let mark = MeasureValue { name: Arc::clone(&self.time_corrected), value: Value::Boolean(true) };
        original.into_iter().chain(std::iter::once(mark))
    }
}

/// The fields of a message that is an object.
fn object<'a>(text: &'a str, declared: &Declared, out: &mut Gathered<'_>) -> Result<Fields<'a>, Fault> {
    if Scanner::new(text).next() != Some(b'{') {
        return Err(scan::not_json(text).unwrap_or(Fault::NotAnObject));
    }
    scan::document(text, |scanner| Fields::read(scanner, declared, Place::default(), &mut out.undeclared))
}

/// The elements of a message that is an array. An object is one of one.
fn array(text: &str) -> Result<Vec<&str>, Reason> {
    let json = scan::document(text, Scanner::value)?;
    if json.starts_with('{') {
        return Ok(vec![json]);
    }
    elements(json).map_err(|fault| Reason { field: Some(WHOLE.to_owned()), fault })
}

/// The elements of an array. What says that there is no value has none.
fn elements(json: &str) -> Result<Vec<&str>, Fault> {
    if !json.starts_with('[') {
        return match Scalar::parse(json) {
            Ok(None) => Ok(Vec::new()),
            _ => Err(Fault::NotAnArray { found: scan::found(json) }),
        };
    }
    let mut elements = Vec::new();
    let all = Scanner::new(json).array(|scanner| {
        elements.push(scanner.value()?);
        Ok(())
    });
    // The walk over the document has found it well-formed.
    debug_assert_eq!(all, Ok(()));
    Ok(elements)
}
