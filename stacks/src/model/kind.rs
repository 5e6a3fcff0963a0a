//! One kind of a model: its sections, whichever file they stand in.

use std::cell::RefCell;

use telemetry::lake::{EVENTS_MEMBER, NAME_MEMBER, VALUE_MEMBER};
use telemetry::path::{Path, WHOLE};
use telemetry::{
    Device, Dimension, EventIdentity, EventKind, Message, Named, RecordLayout, TimeField, Undeclared,
};
use timestream::limits;
use timestream::names::{DIMENSION_BYTES, MEASURE_BYTES};

use super::DEFAULT_RECORD_NAME;
use super::fields::{Events, Fields, Sharing};
use super::measure::read_measure;
use super::names::{self, PIPELINE_MEASURES, check_column, check_field};
use super::reader::{FIELD, Found, NAME, Reader, names_levels, read_name};
use super::shared::{Role, Shared};
use super::time::read_time;
use super::topic;
use crate::config::{Fault, Section, Spot, Value};

/// The keys of a kind.
pub(super) const KEYS: [&str; 10] =
    ["topic", "each", "senml", "named", "device", "time", "event", "record", "dimension", "measure"];

/// Most measures of a multi-measure record, less those that the pipeline adds.
const MAX_MULTI_MEASURES: usize = limits::RECORD_MEASURES - PIPELINE_MEASURES.len();

/// Most measure names of a table, less those that the pipeline adds.
const MAX_SINGLE_MEASURES: usize = limits::TABLE_MEASURES - PIPELINE_MEASURES.len();

/// Longest window in which copies of an event are one, in seconds: an hour. The time of the event is no more
/// exact than that.
const MAX_WINDOW_SECONDS: u32 = 3_600;

/// What a topic looks like.
pub(super) const TOPIC: &str = "an MQTT topic filter, such as \"dt/+/measures\"";

/// Why a kind cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum ModelFault {
    #[error("is missing, and so is `topic_segment`: nothing names the device")]
    NoDevice,
    #[error("is missing, and so is `topic_segment`: nothing names the measure")]
    NoName,
    #[error("is missing: nothing is measured")]
    NoMeasure,
    #[error("declares {count} {what}, but at most {max} are allowed")]
    TooMany { count: usize, what: &'static str, max: usize },
    #[error("is there beside `topic_segment`, which names the measure")]
    BothNames,
    #[error("begins at the message by itself")]
    EachOfMessage,
}

impl Fault for ModelFault {
    fn help(&self) -> String {
        match self {
            Self::NoDevice => {
                "write the `field` of the event that holds the identity, or the `topic_segment` that does"
                    .into()
            }
            Self::NoName => {
                "write the `field` of the event that names the measure, or the `topic_segment` that does"
                    .into()
            }
            Self::NoMeasure => "add a section [[measure]] with `name` and `type`".into(),
            Self::TooMany { .. } => "leave some out, or describe the devices as several kinds".into(),
            Self::BothNames => "keep one of the two".into(),
            Self::EachOfMessage => "leave `$.` out".into(),
        }
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

/// Reads a kind. `topic` is what stands beside the name of its file, if that says another.
pub(super) fn read_kind(
    root: &Section<'_>,
    kind: Option<&str>,
    other_topic: Option<&(String, Spot, &Section<'_>)>,
    shared: &Shared,
) -> Option<EventKind> {
    let topic = root.text_like("topic", TOPIC).check(|filter| topic::check_filter(filter));
    let topic = match other_topic {
        Some((filter, ..)) => topic.optional().map(|_| filter.clone()),
        None => topic.required(),
    };
    match (&topic, other_topic) {
        (Some(filter), Some((_, spot, section))) => shared.topic(section, spot, kind, filter),
        (Some(filter), None) => shared.topic(root, &root.spot("topic"), kind, filter),
        (None, _) => {}
    }
    let (message, events) = read_message(root);
    let is_senml = message == Message::Senml;
    let reader = Reader {
        kind,
        shared,
        topic: topic.as_deref(),
        found: match (is_senml, root.has("named")) {
            (true, _) => Found::Senml,
            (false, true) => Found::Name,
            (false, false) => Found::Path,
        },
        is_value: root.optional_table("named", |section| Some(is_whole(section))).flatten().unwrap_or(false),
        fields: Fields::new(events),
        names: RefCell::default(),
    };
    match &message {
        Message::Each(path) if path != WHOLE => {
            reader.fields.events(root, &root.spot("each"), &Path::of(path), path);
        }
        Message::Each(_) | Message::Senml => {
            reader.fields.line(root, &root.spot("each"), EVENTS_MEMBER, "the events");
        }
        Message::Event => {}
    }
    if is_senml {
        root.refuse("named", "with `senml = true`, where each record has a name");
        root.refuse("time", "with `senml = true`, where each record has a time");
    }
    let named =
        if is_senml { Some(None) } else { root.optional_table("named", |one| read_named(one, &reader)) };
    let device = root.table("device", |section| read_device(section, &reader));
    let time: Option<Option<TimeField>> = if is_senml {
        Some(None)
    } else {
        root.optional_table("time", |section| read_time(section, &reader))
    };
    let event = root.optional_table("event", |section| read_event(section, &reader));
    let record = root.table("record", |section| read_record(section, &reader));
    let dimensions = root.tables("dimension", |section| read_dimension(section, &reader));
    let measures = root.tables("measure", |section| read_measure(section, &reader));

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
    let measures = measures?;
    shared.check_size(root, &record, &measures);
    Some(EventKind {
        name: kind.map(str::to_owned),
        topic: topic?,
        message,
        named: named?,
        device: device?,
        time: time?,
        event: event?,
        dimensions: dimensions?,
        measures,
        record,
        undeclared,
    })
}

/// Where the events are in a message. What is said wrong is a problem, and leaves the other sections to be read.
fn read_message(root: &Section<'_>) -> (Message, Events) {
    let is_senml = root.flag("senml").or(false);
    let each = root.text_like("each", "the path of an array in the message, such as \"values\", or \"$\"");
    let each = each.optional();
    if is_senml == Some(true) {
        root.refuse("each", "with `senml = true`, where each record is an event");
        return (Message::Senml, Events::Elements);
    }
    let Some(Some(each)) = each else { return (Message::Event, Events::Message) };
    if each == WHOLE {
        return (Message::Each(each), Events::Elements);
    }
    match check_field(&each) {
        Ok(path) if path.from_message => root.add("each", ModelFault::EachOfMessage),
        Ok(_) => {}
        Err(fault) => root.add("each", fault),
    }
    (Message::Each(each), Events::Inside)
}

/// Whether the event itself is the value of `[named]`.
fn is_whole(section: &Section<'_>) -> bool {
    // The other keys are asked for when the section is read.
    section.member("value").is_some_and(|value| matches!(value, Value::Text(text) if text == WHOLE))
}

fn read_named(section: &Section<'_>, reader: &Reader<'_>) -> Option<Named> {
    let segments = reader.segments(section);
    let field = section.text_like("field", FIELD).optional();
    let value = section.text_like("value", "the path of the value, or \"$\" for the event itself").required();
    match &field {
        Some(Some(_)) if names_levels(section) => section.add("field", ModelFault::BothNames),
        Some(Some(field)) => drop(reader.field(section, field, "the name of the measure", Sharing::Alone)),
        Some(None) if names_levels(section) => {
            reader.fields.line(
                section,
                &section.spot("topic_segment"),
                NAME_MEMBER,
                "the name of the measure",
            );
        }
        Some(None) => section.add("field", ModelFault::NoName),
        None => {}
    }
    let value = value?;
    if reader.is_value {
        reader.fields.line(section, &section.spot("value"), VALUE_MEMBER, "the value");
        if reader.fields.events_are_inside() {
            section.add("value", EventIsNoValue);
        }
    } else {
        reader.field_at(section, "value", &value, "the value", Sharing::Alone)?;
    }
    Some(Named { field: field?, topic_segments: segments?, value })
}

/// An element of an array that would be a value.
#[derive(Debug, thiserror::Error)]
#[error("is \"$\", but with `each` an event is an object")]
struct EventIsNoValue;

impl Fault for EventIsNoValue {
    fn help(&self) -> String {
        "write the member that holds the value".into()
    }
}

fn read_device(section: &Section<'_>, reader: &Reader<'_>) -> Option<Device> {
    let is_senml = reader.found == Found::Senml;
    if is_senml {
        for key in ["topic_segment", "topic_segments"] {
            section.refuse(key, "with `senml = true`, where the base name names the device");
        }
    }
    let segments = if is_senml { Some(Vec::new()) } else { reader.segments(section) };
    let dimension = section.text_like("dimension", NAME).check(|name| check_column(name, DIMENSION_BYTES));
    let dimension = dimension.optional();
    let from_topic = !is_senml && names_levels(section);
    let field = section.text_like("field", FIELD).optional();
    let (dimension, field) = match (dimension?, field?) {
        (Some(dimension), Some(field)) => (dimension, field),
        (Some(dimension), None) if from_topic => (dimension.clone(), dimension),
        (Some(dimension), None) if is_senml => (dimension, "bn".to_owned()),
        (None, Some(field)) => {
            if let Err(fault) = check_column(&field, DIMENSION_BYTES) {
                section.add("dimension", DefaultName(fault));
                return None;
            }
            (field.clone(), field)
        }
        (None, None) if from_topic || is_senml => {
            return section.text_like("dimension", NAME).required().and(None);
        }
        (_, None) => {
            section.add("field", ModelFault::NoDevice);
            return None;
        }
    };
    reader.take_name(section, &section.spot("dimension"), &dimension, "the device");
    reader.shared.device(section, reader.kind, &dimension);
    if from_topic {
        reader.member(section, &field, "the device")?;
    } else if !is_senml {
        reader.field(section, &field, "the device", Sharing::Alone)?;
    }
    Some(Device { dimension, field, topic_segments: segments? })
}

fn read_event(section: &Section<'_>, reader: &Reader<'_>) -> Option<EventIdentity> {
    let window = section.integer("window_seconds", 1..=MAX_WINDOW_SECONDS).required();
    if reader.found == Found::Senml {
        section.refuse("id", "with `senml = true`, whose records have none");
    }
    let id = section.text_like("id", FIELD).optional();
    if let Some(Some(field)) = &id {
        reader.field_at(section, "id", field, "the id of an event", Sharing::Alone)?;
    }
    Some(EventIdentity { id: id?, window_seconds: window? })
}

fn read_record(section: &Section<'_>, reader: &Reader<'_>) -> Option<(RecordLayout, Undeclared)> {
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
            let name = name.or(reader.kind.unwrap_or(DEFAULT_RECORD_NAME).to_owned());
            if let Some(name) = &name {
                reader.shared.record(section, &section.spot("name"), reader.kind, name);
            }
            name.map(|name| RecordLayout::Multi { name })
        }
    };
    Some((layout?, undeclared?))
}

fn read_dimension(section: &Section<'_>, reader: &Reader<'_>) -> Option<Dimension> {
    let segments = reader.segments(section);
    let (name, field) = read_name(section, DIMENSION_BYTES, "dimension", reader, |_| Some(Role::Dimension))?;
    let by = format!("the dimension \"{name}\"");
    if names_levels(section) {
        reader.member(section, &field, &by)?;
    } else if reader.found == Found::Senml {
        return section.integer("topic_segment", 1..=u32::MAX).required().and(None);
    } else {
        reader.field(section, &field, &by, Sharing::Alone)?;
    }
    Some(Dimension { name, field, topic_segments: segments? })
}

fn check_count(root: &Section<'_>, key: &'static str, count: usize, max: usize) {
    if count > max {
        let what = if key == "dimension" { "dimensions with the device" } else { "measures" };
        root.add(key, ModelFault::TooMany { count, what, max });
    }
}
