//! A message of one kind, in the shape in which a device of that kind sends it.

use fastrand::Rng;
use telemetry::path::Path;
use telemetry::{Encoding, EventKind, Measure, MeasureValue, Message, Named};

use crate::clock::{Clock, number};
use crate::tree::{Node, Scalar};
use crate::values::Reading;
use crate::{bytes, written};

/// A message, and what it means.
pub(crate) struct Written {
    pub payload: Vec<u8>,
    /// What it says is the time, in microseconds since 1970.
    pub time: i64,
    pub readings: Vec<MeasureValue>,
}

/// Who sends a message, and when.
pub(crate) struct Moment<'a> {
    /// What the event says is the device.
    pub device: &'a str,
    /// The values of the dimensions, in the order of the model.
    pub dimensions: &'a [String],
    /// In microseconds since 1970.
    pub time: i64,
}

/// Measures of a kind that share a field: one, or parts of the same bytes.
pub(crate) type Field<'a> = Vec<&'a Measure>;

/// The fields of a kind, in the order of the model.
pub(crate) fn fields(kind: &EventKind) -> Vec<Field<'_>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    for measure in &kind.measures {
        match fields.iter_mut().find(|field| field[0].field == measure.field) {
            Some(field) => field.push(measure),
            None => fields.push(vec![measure]),
        }
    }
    fields
}

/// Writes a message with these fields of `kind`.
pub(crate) fn write(
    kind: &EventKind,
    clock: &Clock,
    fields: &[Field<'_>],
    moment: &Moment<'_>,
    anomaly_chance: f64,
    rng: &mut Rng,
) -> Written {
    let mut writer =
        Writer { kind, clock, moment, anomaly_chance, rng, time: moment.time, readings: Vec::new() };
    let payload = writer.message(fields);
    Written { payload, time: writer.time, readings: writer.readings }
}

struct Writer<'a> {
    kind: &'a EventKind,
    clock: &'a Clock,
    moment: &'a Moment<'a>,
    anomaly_chance: f64,
    rng: &'a mut Rng,
    time: i64,
    readings: Vec<MeasureValue>,
}

impl Writer<'_> {
    fn message(&mut self, fields: &[Field<'_>]) -> Vec<u8> {
        let mut message = Node::Object(Vec::new());
        match &self.kind.message {
            Message::Senml => return self.pack(fields).to_bytes(),
            Message::Event if self.kind.named.as_ref().is_some_and(Named::is_whole) => {
                let value = fields.first().map(|field| self.value(field).0);
                return bare(value.unwrap_or(Node::Nothing));
            }
            Message::Event => {
                let mut event = Node::Object(Vec::new());
                self.event(fields, &mut event, None);
                message = event;
            }
            Message::Each(path) => {
                // By name, each measure is an event of its own.
                let events: Vec<&[Field<'_>]> =
                    if self.kind.named.is_some() { fields.chunks(1).collect() } else { vec![fields] };
                let events: Vec<Node> = events
                    .into_iter()
                    .map(|fields| {
                        let mut event = Node::Object(Vec::new());
                        self.event(fields, &mut event, Some(&mut message));
                        event
                    })
                    .collect();
                message.put(&Path::of(path), Node::Array(events));
            }
        }
        message.to_bytes()
    }

    /// Writes an event, and into its message, where that is more, what belongs there.
    fn event(&mut self, fields: &[Field<'_>], event: &mut Node, mut message: Option<&mut Node>) {
        let mut put = |field: &str, node: Node| {
            let path = Path::of(field);
            match &mut message {
                Some(message) if path.from_message => message.put(&path, node),
                _ => event.put(&path, node),
            }
        };
        let kind = self.kind;
        if let Some(time) = &kind.time {
            let (scalar, said) = self.clock.write(self.moment.time);
            self.time = said;
            put(&time.field, Node::Scalar(scalar));
        }
        if kind.device.topic_segments.is_empty() {
            put(&kind.device.field, text(self.moment.device));
        }
        if let Some(id) = kind.event.as_ref().and_then(|event| event.id.as_deref()) {
            // What a device counts up would do as well: no two events of one have the same.
            put(id, Node::Scalar(Scalar::Bigint(self.moment.time)));
        }
        for (dimension, value) in kind.dimensions.iter().zip(self.moment.dimensions) {
            if dimension.topic_segments.is_empty() {
                put(&dimension.field, text(value));
            }
        }
        for field in fields {
            let (value, _) = self.value(field);
            match &kind.named {
                None => put(&field[0].field, value),
                Some(named) => {
                    if let Some(name) = &named.field {
                        put(name, text(&field[0].field));
                    }
                    put(&named.value, value);
                }
            }
        }
    }

    /// What stands for the measures of a field, and what is in it as such.
    fn value(&mut self, field: &Field<'_>) -> (Node, Scalar) {
        let readings: Vec<(&Measure, Reading)> =
            field.iter().map(|&measure| (measure, self.reading())).collect();
        let (measure, reading) = readings[0];
        let (scalar, values) = if measure.written.binary.is_some() {
            bytes::write(&readings, self.clock, self.moment.time, self.rng)
        } else {
            let (scalar, value) = written::write(measure, reading, self.clock, self.moment.time, self.rng);
            (scalar, vec![Some(value)])
        };
        for (measure, value) in field.iter().zip(values) {
            if let Some(value) = value {
                self.readings.push(MeasureValue { name: measure.name.as_str().into(), value });
            }
        }
        let points = &measure.written.points;
        if points.is_default() || measure.written.binary.is_some() {
            return (Node::Scalar(scalar.clone()), scalar);
        }
        // Whoever names the members sends arrays.
        let (time, said) = self.clock.write(self.moment.time);
        self.time = said;
        let mut point = Node::Object(Vec::new());
        point.put(&Path::of(&points.time), Node::Scalar(time));
        point.put(&Path::of(&points.value), Node::Scalar(scalar.clone()));
        (Node::Array(vec![point]), scalar)
    }

    fn reading(&mut self) -> Reading {
        if self.rng.f64() < self.anomaly_chance { Reading::Anomalous } else { Reading::Normal }
    }

    /// A [SenML](https://www.rfc-editor.org/rfc/rfc8428) pack whose base name is the device.
    fn pack(&mut self, fields: &[Field<'_>]) -> Node {
        let mut base = Some(vec![
            ("bn".to_owned(), text(&format!("{}:", self.moment.device))),
            ("bt".to_owned(), Node::Scalar(number(self.moment.time, telemetry::TimeUnit::Seconds))),
        ]);
        let records = fields.iter().map(|field| {
            let mut record = base.take().unwrap_or_default();
            record.push(("n".to_owned(), text(&field[0].field)));
            let (_, scalar) = self.value(field);
            let label = match &scalar {
                Scalar::Double(_) | Scalar::Bigint(_) => "v",
                Scalar::Boolean(_) => "vb",
                Scalar::Text(_) => match &field[0].written.binary {
                    Some(binary) if binary.encoding == Encoding::Base64 => "vd",
                    _ => "vs",
                },
            };
            record.push((label.to_owned(), Node::Scalar(scalar)));
            Node::Object(record)
        });
        Node::Array(records.collect())
    }
}

fn text(text: &str) -> Node {
    Node::Scalar(Scalar::Text(text.to_owned()))
}

/// A value that is the whole message: text without quotes, unless it would be read as something else.
fn bare(value: Node) -> Vec<u8> {
    match value {
        Node::Scalar(Scalar::Text(text))
            if text.trim() == text
                && !text.is_empty()
                && serde_json::from_str::<serde_json::Value>(&text).is_err() =>
        {
            text.into_bytes()
        }
        value => value.to_bytes(),
    }
}
