//! The model in the form in which every consumer reads it: `model.json`, beside the function's binary.
//!
//! `stacks` makes it from `telemetry.toml`, after validation; nothing here validates. It is plain
//! data with stable names, so that a job in another language reads the same file. What a field's path
//! may be, [`path`](crate::path) says.

mod written;

use std::path;

use serde::{Deserialize, Serialize};

use crate::path::WHOLE;
pub use written::{Binary, BinaryType, Decimal, Encoding, Endian, Mapped, Points, Written};

/// What the devices of a pipeline send: one kind of event, or several.
///
/// As JSON, a kind without a name is the whole file; otherwise it is `{"kinds": [...]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Model {
    /// At least one, in the order of the file. Each has a name, unless it is the only one.
    pub kinds: Vec<EventKind>,
}

/// How a model is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Several { kinds: Vec<EventKind> },
    One(Box<EventKind>),
}

impl From<Form> for Model {
    fn from(form: Form) -> Self {
        match form {
            Form::Several { kinds } => Self { kinds },
            Form::One(kind) => Self { kinds: vec![*kind] },
        }
    }
}

impl From<Model> for Form {
    fn from(Model { mut kinds }: Model) -> Self {
        match kinds.pop() {
            Some(only) if kinds.is_empty() && only.name.is_none() => Self::One(Box::new(only)),
            last => {
                kinds.extend(last);
                Self::Several { kinds }
            }
        }
    }
}

impl From<EventKind> for Model {
    fn from(kind: EventKind) -> Self {
        Self { kinds: vec![kind] }
    }
}

/// What the devices of one kind send, and how it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventKind {
    /// What tells the kind from the others: letters, digits, `_` and `-`. The partition key of its events
    /// begins with it. `None`: the pipeline has this kind alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// MQTT topic filter of the events, for instance `dt/+/measures`.
    pub topic: String,
    /// Where the events are in a message.
    #[serde(default, skip_serializing_if = "Message::is_event")]
    pub message: Message,
    /// Where an event names the measure whose value it is. `None`: each measure has a field of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Named>,
    /// Who sent an event.
    pub device: Device,
    /// When it was measured. `None`: the arrival time is the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeField>,
    /// How an event that comes more than once, and does not say when it happened, is known again. `None`:
    /// each copy is an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventIdentity>,
    /// What else describes the device, in the order of the file. Without the device itself.
    #[serde(default)]
    pub dimensions: Vec<Dimension>,
    /// What is measured, in the order of the file.
    pub measures: Vec<Measure>,
    /// How an event becomes records.
    pub record: RecordLayout,
    /// What happens to fields of an event that the model does not name.
    pub undeclared: Undeclared,
}

/// The identity of a device: the first dimension of every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Name of the dimension in the store.
    pub dimension: String,
    /// Field of the event that holds the identity. Where the topic names the device, the field by which
    /// the lake knows it: what an event says there is not read.
    pub field: String,
    /// Which segments of the topic name the device, counted from 1 as in the `IoT` SQL function
    /// `topic(n)`; with several, their texts are joined with `/`. They come in the partition key of the
    /// event. Empty: the event itself names the device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topic_segments: Vec<u32>,
}

/// Where the events are in a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Message {
    /// The message is one event.
    #[default]
    Event,
    /// Each element of the array at this path is an event; `$` is the message itself.
    Each(String),
    /// The message is a pack of [SenML](https://www.rfc-editor.org/rfc/rfc8428), with its base fields
    /// resolved.
    Senml,
}

impl Message {
    /// Whether the message is one event.
    pub fn is_event(&self) -> bool {
        *self == Self::Event
    }
}

/// How an event names the one measure that it is about, by the measure's `field`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Field of the event that holds the name. `None`: the topic names the measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Which segments of the topic name the measure, joined with `/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topic_segments: Vec<u32>,
    /// Field of the event that holds the value; `$` is the event itself, which then may be any JSON value,
    /// or text that is not JSON.
    pub value: String,
}

impl Named {
    /// Whether the event itself is the value.
    pub fn is_whole(&self) -> bool {
        self.value == WHOLE
    }
}

/// What makes two events without a time of their own one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventIdentity {
    /// Field of the event that tells it from the other events of its device. `None`, and for an event
    /// without the field: its bytes do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The time between two instants that such an event may get, in seconds. Copies that arrive within a
    /// small part of it are nearly always one; the time of the event is as exact as this.
    pub window_seconds: u32,
}

/// The field that holds the time of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeField {
    /// Field of the event.
    pub field: String,
    /// Unit of a number in it. ISO-8601 text needs none.
    pub unit: TimeUnit,
    /// How text is written that is not ISO-8601, for instance `%d.%m.%Y %H:%M:%S`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Name of the IANA zone in which text without an offset is. `None`: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Unit of a time that is a number since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanoseconds,
}

/// An attribute of the device that identifies the series, beside the device itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Name in the store.
    pub name: String,
    /// Field of the event; where the topic holds the value, the field by which the lake knows it.
    pub field: String,
    /// Which segments of the topic hold the value, as with the [`Device`]. Empty: the event does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topic_segments: Vec<u32>,
}

/// A value that the device measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Name in the store.
    pub name: String,
    /// Field of the event.
    pub field: String,
    /// Type in the store.
    #[serde(rename = "type")]
    pub kind: MeasureType,
    /// Unit, for people, for instance `celsius`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What is normal, in the measure's unit. A value outside is stored, and counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<Range>,
    /// How the value is written in the event, where it is not simply there.
    #[serde(flatten)]
    pub written: Written,
}

/// A closed range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The lowest normal value.
    pub min: f64,
    /// The highest normal value.
    pub max: f64,
}

impl Range {
    /// Whether `value` is normal. Nothing that is not a number is.
    pub fn contains(&self, value: f64) -> bool {
        self.min <= value && value <= self.max
    }
}

/// Type of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasureType {
    /// 64-bit floating point, without NaN, infinities and `-0.0`.
    Double,
    /// 64-bit signed integer.
    Bigint,
    /// `true` or `false`.
    Boolean,
    /// Text.
    Varchar,
    /// An instant, with nanoseconds.
    Timestamp,
}

impl MeasureType {
    /// The name in the model, for instance `double`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Double => "double",
            Self::Bigint => "bigint",
            Self::Boolean => "boolean",
            Self::Varchar => "varchar",
            Self::Timestamp => "timestamp",
        }
    }
}

/// How an event becomes records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "layout", rename_all = "lowercase", deny_unknown_fields)]
pub enum RecordLayout {
    /// One multi-measure record for each instant of an event.
    Multi {
        /// `measure_name` of these records.
        name: String,
    },
    /// One record for each measure.
    Single,
}

/// What happens to a field that the model does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undeclared {
    /// It is counted and not stored. The lake keeps it.
    #[default]
    Ignore,
    /// What is declared is stored, and the event goes to quarantine too.
    Quarantine,
}

/// Name of the file that carries the model inside a function's archive.
pub const MODEL_FILE: &str = "model.json";

/// Why a function found no model.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is not there or cannot be read.
    #[error("cannot read the model {path}")]
    Read {
        /// Where it was expected.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not a model.
    #[error("{path} is not a model")]
    Parse {
        /// Where it is.
        path: String,
        /// The cause, with line and column.
        source: serde_json::Error,
    },
}

impl Model {
    /// The first kind. What all kinds have in common, such as the dimension of the device, it has.
    ///
    /// # Panics
    ///
    /// When there is none, which no file says.
    pub fn first(&self) -> &EventKind {
        self.kinds.first().expect("a model has a kind")
    }

    /// Reads [`MODEL_FILE`] from the folder of the running binary, where a function's archive puts it
    /// (`LAMBDA_TASK_ROOT`).
    pub fn beside_binary() -> Result<Self, LoadError> {
        let exe = std::env::current_exe().unwrap_or_default();
        Self::read(&exe.with_file_name(MODEL_FILE))
    }

    /// Reads a model from a JSON file.
    pub fn read(path: &path::Path) -> Result<Self, LoadError> {
        let name = || path.display().to_string();
        let text = std::fs::read(path).map_err(|source| LoadError::Read { path: name(), source })?;
        serde_json::from_slice(&text).map_err(|source| LoadError::Parse { path: name(), source })
    }
}
