//! `telemetry.toml`: what a device sends, as a person writes it, becomes the
//! [`telemetry::EventKind`] that every part of the pipeline is derived from.
//!
//! This is the only place that validates a model. It knows the limits of everything that a model
//! reaches: the topic rule, the store and the lake. Pure: it takes the text, not the file.

mod names;
mod taken;
mod topic;

use std::io;

use telemetry::{
    Device, Dimension, EventIdentity, EventKind, Measure, MeasureType, Message, Model, Range, RecordLayout,
    TimeField, TimeUnit, Undeclared, Written,
};
use timestream::limits;
use timestream::names::{DIMENSION_BYTES, MEASURE_BYTES};

use crate::config::{Document, Fault, Problems, Section};
use names::{PIPELINE_MEASURES, check_column, check_field};
use taken::Taken;
pub(crate) use topic::{TopicFault, check_filter, check_plain};

/// `measure_name` of the records of the layout `multi`, unless the model names it.
pub const DEFAULT_RECORD_NAME: &str = "telemetry";

/// Most measures of a multi-measure record, less those that the pipeline adds.
const MAX_MULTI_MEASURES: usize = limits::RECORD_MEASURES - PIPELINE_MEASURES.len();

/// Most measure names of a table, less those that the pipeline adds.
const MAX_SINGLE_MEASURES: usize = limits::TABLE_MEASURES - PIPELINE_MEASURES.len();

/// Longest window in which copies of an event are one, in seconds: an hour. The time of the event is no more
/// exact than that.
const MAX_WINDOW_SECONDS: u32 = 3_600;

/// Longest unit, in characters: it stands in titles of panels.
const MAX_UNIT_CHARACTERS: usize = 64;

/// What a name looks like.
const NAME: &str = "a name of letters, digits and _, in double quotes";

/// What a field looks like.
const FIELD: &str = "the name of a member of the event, in double quotes";

/// Why a model cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum ModelFault {
    #[error("is missing, and so is `topic_segment`: nothing names the device")]
    NoDevice,
    #[error("is missing: nothing is measured")]
    NoMeasure,
    #[error("declares {count} {what}, but at most {max} are allowed")]
    TooMany { count: usize, what: &'static str, max: usize },
    #[error("is given for a {kind}, but only numbers have a range")]
    RangeOfNoNumber { kind: &'static str },
    #[error("is empty: `min` is {min}, more than {max}")]
    EmptyRange { min: f64, max: f64 },
    #[error("cannot be {unit:?}")]
    Unit { unit: String },
}

impl Fault for ModelFault {
    fn help(&self) -> String {
        match self {
            Self::NoDevice => {
                "write the `field` of the event that holds the identity, or the `topic_segment` that does"
                    .into()
            }
            Self::NoMeasure => "add a section [[measure]] with `name` and `type`".into(),
            Self::TooMany { .. } => "leave some out, or split the devices over two models".into(),
            Self::RangeOfNoNumber { .. } => "remove it, or change `type` to \"double\" or \"bigint\"".into(),
            Self::EmptyRange { .. } => "exchange `min` and `max`".into(),
            Self::Unit { .. } => {
                format!("write a unit of 1 to {MAX_UNIT_CHARACTERS} characters, or remove the key")
            }
        }
    }
}

/// Parses and validates a model that is one file. A kind in a file of its own is a problem of it.
///
/// `file_name` stands in the problems. Every problem is returned, not the first.
pub fn parse(file_name: &str, text: &str) -> Result<Model, Problems> {
    parse_with(file_name, text, &|_| Err(io::ErrorKind::NotFound.into()))
}

/// Parses and validates a model, of which `read` has the files that it names, by the path that is written
/// there: relative to `file_name`, with `/`.
///
/// The place of a problem is in the file that has it.
pub fn parse_with(
    file_name: &str,
    text: &str,
    _read_file: &dyn Fn(&str) -> io::Result<String>,
) -> Result<Model, Problems> {
    let document = Document::parse(file_name, text, &[])?;
    let kind = Section::read_root(&document, |root| read(&document, root));
    document.finish(kind.map(Model::from))
}

fn read(document: &Document<'_>, root: &Section<'_>) -> Option<EventKind> {
    let taken = Taken::new(document);
    let topic = root.text_like("topic", "an MQTT topic filter, such as \"dt/+/measures\"");
    let topic = topic.check(|filter| topic::check_filter(filter)).required();
    let device = root.table("device", |section| read_device(section, topic.as_deref(), &taken));
    let time = root.optional_table("time", |section| read_time(section, &taken));
    let event = root.optional_table("event", |section| read_event(section, &taken));
    let record = root.table("record", read_record);
    let dimensions = root.tables("dimension", |section| read_dimension(section, &taken));
    let measures = root.tables("measure", |section| read_measure(section, &taken));

    if let Some(dimensions) = &dimensions {
        check_count(root, "dimension", dimensions.len() + 1, limits::TABLE_DIMENSIONS);
    }
    if let Some(measures) = &measures {
        if measures.is_empty() {
            root.add("measure", ModelFault::NoMeasure);
        }
        let max = match record {
            Some((RecordLayout::Single, _)) => MAX_SINGLE_MEASURES,
            Some((RecordLayout::Multi { .. }, _)) | None => MAX_MULTI_MEASURES,
        };
        check_count(root, "measure", measures.len(), max);
    }
    let (record, undeclared) = record?;
    Some(EventKind {
        name: None,
        topic: topic?,
        message: Message::Event,
        named: None,
        device: device?,
        time: time?,
        event: event?,
        dimensions: dimensions?,
        measures: measures?,
        record,
        undeclared,
    })
}

fn read_device(section: &Section<'_>, topic: Option<&str>, taken: &Taken<'_>) -> Option<Device> {
    let topic_segment = section.integer("topic_segment", 1..=u32::MAX);
    let topic_segment = topic_segment
        .check(|&segment| topic.map_or(Ok(()), |filter| topic::check_segment(filter, segment)))
        .optional();
    let dimension =
        section.text_like("dimension", NAME).check(|name| check_column(name, DIMENSION_BYTES)).optional();
    let from_topic = section.has("topic_segment");
    let field = section.text_like("field", FIELD).optional();
    let (dimension, field) = match (dimension?, field?) {
        (Some(dimension), Some(field)) => (dimension, field),
        (Some(dimension), None) if from_topic => (dimension.clone(), dimension),
        (None, Some(field)) => {
            if let Err(fault) = check_column(&field, DIMENSION_BYTES) {
                section.add("dimension", DefaultName(fault));
                return None;
            }
            (field.clone(), field)
        }
        (None, None) if from_topic => return section.text_like("dimension", NAME).required().and(None),
        (_, None) => {
            section.add("field", ModelFault::NoDevice);
            return None;
        }
    };
    taken.name(&dimension, "the device", &section.spot("dimension"));
    read_from(section, &field, "the device", taken)?;
    Some(Device { dimension, field, topic_segments: topic_segment?.into_iter().collect() })
}

fn read_time(section: &Section<'_>, taken: &Taken<'_>) -> Option<TimeField> {
    const UNITS: [(&str, TimeUnit); 4] = [
        ("s", TimeUnit::Seconds),
        ("ms", TimeUnit::Milliseconds),
        ("us", TimeUnit::Microseconds),
        ("ns", TimeUnit::Nanoseconds),
    ];
    let field = section.text_like("field", FIELD).required();
    let unit = section.choice("unit", &UNITS).required();
    if let Some(field) = &field {
        read_from(section, field, "the time", taken)?;
    }
    Some(TimeField { field: field?, unit: unit?, format: None, zone: None })
}

fn read_event(section: &Section<'_>, taken: &Taken<'_>) -> Option<EventIdentity> {
    let window = section.integer("window_seconds", 1..=MAX_WINDOW_SECONDS).required();
    let id = section.text_like("id", FIELD).check(|field| check_field(field)).optional();
    if let Some(Some(field)) = &id {
        taken.field(field, "the id of an event", &section.spot("id"));
    }
    Some(EventIdentity { id: id?, window_seconds: window? })
}

fn read_record(section: &Section<'_>) -> Option<(RecordLayout, Undeclared)> {
    #[derive(Clone, Copy)]
    enum Layout {
        Multi,
        Single,
    }
    const LAYOUTS: [(&str, Layout); 2] = [("multi", Layout::Multi), ("single", Layout::Single)];
    const UNDECLARED: [(&str, Undeclared); 2] =
        [("ignore", Undeclared::Ignore), ("quarantine", Undeclared::Quarantine)];

    let layout = section.choice("layout", &LAYOUTS).or(Layout::Multi);
    let undeclared = section.choice("undeclared", &UNDECLARED).or(Undeclared::default());
    let layout = match layout {
        Some(Layout::Single) => {
            section.refuse("name", "with `layout = \"single\"`, where each record is named for its measure");
            Some(RecordLayout::Single)
        }
        Some(Layout::Multi) | None => {
            let name = section.text_like("name", NAME).check(|name| check_column(name, MEASURE_BYTES));
            name.or(DEFAULT_RECORD_NAME.into()).map(|name| RecordLayout::Multi { name })
        }
    };
    Some((layout?, undeclared?))
}

fn read_dimension(section: &Section<'_>, taken: &Taken<'_>) -> Option<Dimension> {
    let (name, field) = read_named(section, DIMENSION_BYTES, "dimension", taken)?;
    Some(Dimension { name, field, topic_segments: Vec::new() })
}

fn read_measure(section: &Section<'_>, taken: &Taken<'_>) -> Option<Measure> {
    const TYPES: [(&str, MeasureType); 5] = [
        ("double", MeasureType::Double),
        ("bigint", MeasureType::Bigint),
        ("boolean", MeasureType::Boolean),
        ("varchar", MeasureType::Varchar),
        ("timestamp", MeasureType::Timestamp),
    ];
    let named = read_named(section, MEASURE_BYTES, "measure", taken);
    let kind = section.choice("type", &TYPES).required();
    let unit = section.text("unit").check(|unit| check_unit(unit)).optional();
    let normal = section.optional_table("normal", read_range);
    if let Some(kind) = kind
        && section.has("normal")
        && !matches!(kind, MeasureType::Double | MeasureType::Bigint)
    {
        let word = TYPES.iter().find(|(_, other)| *other == kind).map_or("", |(word, _)| word);
        section.add("normal", ModelFault::RangeOfNoNumber { kind: word });
    }
    let (name, field) = named?;
    Some(Measure { name, field, kind: kind?, unit: unit?, normal: normal?, written: Written::default() })
}

/// The name and the field of a dimension or a measure. The field is called like the name unless it
/// is given.
fn read_named(
    section: &Section<'_>,
    max_bytes: usize,
    what: &str,
    taken: &Taken<'_>,
) -> Option<(String, String)> {
    let name = section.text_like("name", NAME).check(|name| check_column(name, max_bytes)).required();
    let field = section.text_like("field", FIELD).optional();
    let by = name.as_ref().map_or_else(|| format!("another {what}"), |name| format!("the {what} \"{name}\""));
    let free = name.as_ref().is_some_and(|name| taken.name(name, &by, &section.spot("name")));
    let field = match field? {
        Some(field) => field,
        // The name of another would be the field of another: one problem, not two.
        None if !free => return None,
        None => name.clone()?,
    };
    read_from(section, &field, &by, taken)?;
    Some((name?, field))
}

/// Notes that a field is read, if it can be.
fn read_from(section: &Section<'_>, field: &str, by: &str, taken: &Taken<'_>) -> Option<()> {
    if let Err(fault) = check_field(field) {
        section.add("field", fault);
        return None;
    }
    taken.field(field, by, &section.spot("field"));
    Some(())
}

fn read_range(section: &Section<'_>) -> Option<Range> {
    let min = section.number("min").required();
    let max = section.number("max").required();
    let (min, max) = (min?, max?);
    if min > max {
        section.add_here(ModelFault::EmptyRange { min, max });
        return None;
    }
    Some(Range { min, max })
}

fn check_unit(unit: &str) -> Result<(), ModelFault> {
    let usable = unit.trim() == unit
        && (1..=MAX_UNIT_CHARACTERS).contains(&unit.chars().count())
        && !unit.contains(char::is_control);
    if usable { Ok(()) } else { Err(ModelFault::Unit { unit: unit.to_owned() }) }
}

fn check_count(root: &Section<'_>, key: &'static str, count: usize, max: usize) {
    if count > max {
        let what = if key == "dimension" { "dimensions with the device" } else { "measures" };
        root.add(key, ModelFault::TooMany { count, what, max });
    }
}

/// The name of a dimension that is not there, so that the field's name would be taken.
#[derive(Debug, thiserror::Error)]
#[error("is missing, and the name of the field cannot stand for it: it {0}")]
struct DefaultName(names::NameFault);

impl Fault for DefaultName {
    fn help(&self) -> String {
        "add `dimension`, a name of letters, digits and _".into()
    }
}
