//! Why an event, or a part of it, cannot be stored: facts for machines, a sentence for people.
//!
//! The codes are part of the quarantine's message format; a code never changes its meaning.

use std::fmt;

use crate::MeasureType;

/// Reasons that one event can carry. An event with thousands of bad elements is as clear after
/// these, and its quarantine message stays small.
pub const MAX_REASONS: usize = 20;

/// Bytes of a message of the quarantine, and of all messages of one request: the most that SQS takes, if
/// a queue is told to ([quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)).
/// An older queue that is not told takes a quarter of it.
pub const QUARANTINE_MESSAGE_BYTES: usize = 1 << 20;

const NANOSECONDS_A_MINUTE: i64 = 60_000_000_000;

/// Bytes of foreign text (a field's name, an offending value) that a reason quotes.
const QUOTED_BYTES: usize = 128;

/// What is wrong with an event that goes to quarantine. There is at least one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejection {
    /// The first [`MAX_REASONS`] reasons, in the order of the model.
    pub reasons: Vec<Reason>,
    /// How many more there are.
    pub omitted: usize,
}

impl Rejection {
    pub(crate) fn push(&mut self, field: Option<String>, fault: Fault) {
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(Reason { field, fault });
        } else {
            self.omitted += 1;
        }
    }

    pub(crate) fn some(self) -> Option<Self> {
        (!self.reasons.is_empty()).then_some(self)
    }
}

/// One fault and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Field of the event; `temperature[2]` is the third element of an array. `None`: the event as a whole.
    pub field: Option<String>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// A fault of the event as a whole.
impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        Self { field: None, fault }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.fault),
            None => self.fault.fmt(f),
        }
    }
}

/// A fault of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes are an aggregate of the Kinesis Producer Library that cannot be taken apart.
    #[error("the record is an aggregate of the Kinesis Producer Library, and {detail}")]
    KplAggregate {
        /// Why not.
        detail: &'static str,
    },
    /// The model has several kinds of events, and the partition key names none of them.
    #[error("the partition key {key:?} names no kind of the model")]
    UnknownKind {
        /// The partition key.
        key: String,
    },
    /// The partition key has not the levels of the topic that the model reads.
    #[error("the partition key {key:?} has {levels} levels, not {wanted}")]
    KeyMismatch {
        /// The partition key, without the name of the kind.
        key: String,
        /// How many levels it has.
        levels: usize,
        /// How many the model reads.
        wanted: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the event is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Index of the first bad byte.
        at: usize,
    },
    /// The text is not exactly one JSON value.
    #[error("the event is not JSON: {detail}")]
    NotJson {
        /// What the parser says, with line and column.
        detail: String,
    },
    /// The JSON value is not an object.
    #[error("the event is JSON but not an object")]
    NotAnObject,
    /// Where the model has an array of events, there is none.
    #[error("an array of events is needed, not {found}")]
    NotAnArray {
        /// `an object`, `a number`, `text` or `a boolean`.
        found: &'static str,
    },
    /// A label of SenML that says that it must be understood, and is not.
    #[error("the label must be understood, and is not known")]
    SenmlUnknown,
    /// Objects and arrays are nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("the event is nested deeper than {} levels", crate::MAX_DEPTH)]
    NestedTooDeep,
    /// A declared field is there twice, and which one is meant is unknowable.
    #[error("the field is there more than once")]
    DuplicateField,
    /// A path leads on through what is neither an object nor an array, or through the other of the two.
    #[error("the path ends at {at}, which is {found}")]
    PathBlocked {
        /// The place that is in the way, as a path.
        at: String,
        /// `an object`, `an array`, `a number`, `text` or `a boolean`.
        found: &'static str,
    },
    /// No device is named.
    #[error("the device is missing or empty")]
    DeviceMissing,
    /// A dimension or measure is an object or array.
    #[error("a single value is needed, not {found}")]
    NotAScalar {
        /// `an object` or `an array`.
        found: &'static str,
    },
    /// The names and values of all dimensions exceed what the store takes together.
    #[error("the dimensions take {bytes} bytes, of at most {max}")]
    DimensionsTooLarge {
        /// Their size.
        bytes: usize,
        /// What the store takes.
        max: usize,
    },
    /// A time is neither a number nor ISO-8601.
    #[error("{text:?} is not a time")]
    TimeUnreadable {
        /// What stands there.
        text: String,
    },
    /// A time is outside of what nanoseconds in 64 bits, or the store's type, can say.
    #[error("the time {text} is outside of the range of the store")]
    TimeOutOfRange {
        /// What stands there.
        text: String,
    },
    /// A time is further after the arrival than the store takes, and the clock of the event cannot be
    /// corrected, because its times are too far apart.
    #[error(
        "the time {} is more than {} minutes after the arrival, and too far from the event's other times to correct its clock",
        to_the_second(*time),
        ahead / NANOSECONDS_A_MINUTE
    )]
    TimeAhead {
        /// In nanoseconds since 1970-01-01T00:00:00Z.
        time: i64,
        /// How far ahead a time may be, in nanoseconds.
        ahead: i64,
    },
    /// An element of an array has no time of its own.
    #[error("the element has no time")]
    PointTimeMissing,
    /// An element of an array is no reading.
    #[error("the element is not an object with {time} and {value}")]
    NotAPoint {
        /// The member that holds the time.
        time: String,
        /// The member that holds the value.
        value: String,
    },
    /// Two elements give the same measure different values at the same instant.
    #[error("the instant already has another value")]
    ConflictingPoint,
    /// The value cannot be read as the declared type.
    #[error("{text} is not a {}", wanted.name())]
    TypeMismatch {
        /// The declared type.
        wanted: MeasureType,
        /// What stands there, as JSON.
        text: String,
    },
    /// The text does not stand for bytes.
    #[error("{text} is not {encoding}")]
    BinaryUnreadable {
        /// What stands there, as JSON.
        text: String,
        /// `base64` or `hex`.
        encoding: &'static str,
    },
    /// There are too few bytes.
    #[error("the value needs bytes {start} to {end}, of {len}")]
    BinaryShort {
        /// The first byte, from 0.
        start: usize,
        /// The byte behind the last.
        end: usize,
        /// How many there are.
        len: usize,
    },
    /// NaN and infinities cannot be stored.
    #[error("{text} is not a finite number")]
    NotFinite {
        /// What stands there.
        text: String,
    },
    /// The number exceeds the declared type.
    #[error("{text} does not fit into a {}", wanted.name())]
    NumberOutOfRange {
        /// The declared type.
        wanted: MeasureType,
        /// What stands there.
        text: String,
    },
    /// A text exceeds what the store takes.
    #[error("the text takes {bytes} bytes, of at most {max}")]
    TextTooLong {
        /// Its size in UTF-8.
        bytes: usize,
        /// What the store takes.
        max: usize,
    },
    /// A record exceeds what the store takes.
    #[error("the record {name} takes {bytes} bytes, of at most {max}")]
    RecordTooLarge {
        /// `measure_name` of the record.
        name: String,
        /// Its size, as the store counts it.
        bytes: usize,
        /// What the store takes.
        max: usize,
    },
    /// Nothing of the event can be stored.
    #[error("the event has no measure")]
    NoMeasures,
    /// The model does not name the field, and asks for quarantine in this case.
    #[error("the model does not name this field")]
    UndeclaredField,
}

impl Fault {
    /// The stable name of the fault, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KplAggregate { .. } => "kpl_aggregate",
            Self::UnknownKind { .. } => "unknown_kind",
            Self::KeyMismatch { .. } => "key_mismatch",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::NotJson { .. } => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::NotAnArray { .. } => "not_an_array",
            Self::SenmlUnknown => "senml_unknown",
            Self::NestedTooDeep => "nested_too_deep",
            Self::DuplicateField => "duplicate_field",
            Self::PathBlocked { .. } => "path_blocked",
            Self::DeviceMissing => "device_missing",
            Self::NotAScalar { .. } => "not_a_scalar",
            Self::DimensionsTooLarge { .. } => "dimensions_too_large",
            Self::TimeUnreadable { .. } => "time_unreadable",
            Self::TimeOutOfRange { .. } => "time_out_of_range",
            Self::TimeAhead { .. } => "time_ahead",
            Self::PointTimeMissing => "point_time_missing",
            Self::NotAPoint { .. } => "not_a_point",
            Self::ConflictingPoint => "conflicting_point",
            Self::TypeMismatch { .. } => "type_mismatch",
            Self::BinaryUnreadable { .. } => "binary_unreadable",
            Self::BinaryShort { .. } => "binary_short",
            Self::NotFinite { .. } => "not_finite",
            Self::NumberOutOfRange { .. } => "number_out_of_range",
            Self::TextTooLong { .. } => "text_too_long",
            Self::RecordTooLarge { .. } => "record_too_large",
            Self::NoMeasures => "no_measures",
            Self::UndeclaredField => "undeclared_field",
        }
    }
}

/// Nanoseconds since 1970 as people read them, without the fraction of a second.
fn to_the_second(time: i64) -> String {
    match jiff::Timestamp::from_second(time.div_euclid(1_000_000_000)) {
        Ok(second) => second.to_string(),
        Err(_) => time.to_string(),
    }
}

/// Foreign text, cut to what a reason may quote.
pub(crate) fn quoted(text: &str) -> String {
    if text.len() <= QUOTED_BYTES {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(QUOTED_BYTES)])
}
