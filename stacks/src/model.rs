//! `telemetry.toml`: what a device sends, as a person writes it, becomes the
//! [`telemetry::Model`] that every part of the pipeline is derived from.
//!
//! This is the only place that validates a model. It knows the limits of everything that a model
//! reaches: the IoT rule, the store and the lake. Pure: it takes the text, not the file.

mod names;
mod topic;

use std::cell::RefCell;
use std::collections::BTreeMap;

use telemetry::{
    Device, Dimension, Measure, MeasureType, Model, Range, RecordLayout, TimeField, TimeUnit, Undeclared,
};

use crate::config::{Document, Fault, Problems, Section, Spot};
use names::{
    DIMENSION_NAME_BYTES, MEASURE_NAME_BYTES, PIPELINE_MEASURES, check_column, check_field, check_identifier,
};

/// `measure_name` of the records of the layout `multi`, unless the model names it.
pub const DEFAULT_RECORD_NAME: &str = "telemetry";

/// Most dimensions of a table, the device among them, by the
/// [quotas of Timestream](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html).
const MAX_DIMENSIONS: usize = 128;

/// Most measures of a multi-measure record, less those that the pipeline adds.
const MAX_MULTI_MEASURES: usize = 256 - PIPELINE_MEASURES.len();

/// Most measure names of a table, less those that the pipeline adds.
const MAX_SINGLE_MEASURES: usize = 8_192 - PIPELINE_MEASURES.len();

/// Longest unit, in characters: it stands in titles of panels.
const MAX_UNIT_CHARACTERS: usize = 64;

/// Why a model cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum ModelFault {
    #[error("names no device")]
    NoDevice,
    #[error("declares nothing that is measured")]
    NoMeasure,
    #[error("declares {count} {what}, but at most {max} are allowed")]
    TooMany { count: usize, what: &'static str, max: usize },
    #[error("is \"{name}\", which {by} is called already{case}")]
    NameTaken { name: String, by: String, case: &'static str },
    #[error("is \"{field}\", which {by} is read from already{case}")]
    FieldTaken { field: String, by: String, case: &'static str },
    #[error("is given for a {kind}, but only numbers have a range")]
    RangeOfNoNumber { kind: &'static str },
    #[error("is empty: {min} is more than {max}")]
    EmptyRange { min: f64, max: f64 },
    #[error("is {unit:?}")]
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
            Self::NameTaken { .. } => "choose another `name`: the columns of a table ignore case".into(),
            Self::FieldTaken { .. } => {
                "a field is read once: choose another `field`, or remove one of the two".into()
            }
            Self::RangeOfNoNumber { .. } => "remove it, or change `type` to \"double\" or \"bigint\"".into(),
            Self::EmptyRange { .. } => "exchange `min` and `max`".into(),
            Self::Unit { .. } => {
                format!("write a unit of 1 to {MAX_UNIT_CHARACTERS} characters, or remove the key")
            }
        }
    }
}

/// Parses and validates a model.
///
/// `file_name` stands in the problems. Every problem is returned, not the first.
pub fn parse(file_name: &str, text: &str) -> Result<Model, Problems> {
    let document = Document::parse(file_name, text, &[])?;
    let model = Section::read_root(&document, |root| read(&document, root));
    document.finish(model)
}

fn read(document: &Document<'_>, root: &Section<'_>) -> Option<Model> {
    let taken = Taken { document, names: RefCell::default(), fields: RefCell::default() };
    let topic = root.text_like("topic", "an MQTT topic filter, such as \"dt/+/measures\"");
    let topic = topic.check(|filter| topic::check_filter(filter)).required();
    let device = root.table("device", |section| read_device(section, topic.as_deref(), &taken));
    let time = root.optional_table("time", |section| read_time(section, &taken));
    let record = root.table("record", read_record);
    let dimensions = root.tables("dimension", |section| read_dimension(section, &taken));
    let measures = root.tables("measure", |section| read_measure(section, &taken));

    if let Some(dimensions) = &dimensions {
        check_count(root, "dimension", dimensions.len() + 1, MAX_DIMENSIONS);
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
    Some(Model {
        topic: topic?,
        device: device?,
        time: time?,
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
        section.text("dimension").check(|name| check_column(name, DIMENSION_NAME_BYTES)).optional();
    // The rule writes the segment into the event under an alias, which stands in SQL.
    let from_topic = section.has("topic_segment");
    let field = section.text("field");
    let field = if from_topic {
        field.check(|field| check_identifier(field, DIMENSION_NAME_BYTES)).optional()
    } else {
        field.check(|field| check_field(field)).optional()
    };
    let (dimension, field) = match (dimension?, field?) {
        (Some(dimension), Some(field)) => (dimension, field),
        (Some(dimension), None) if from_topic => (dimension.clone(), dimension),
        (None, Some(field)) => {
            if let Err(fault) = check_column(&field, DIMENSION_NAME_BYTES) {
                section.add("dimension", DefaultName(fault));
                return None;
            }
            (field.clone(), field)
        }
        (None, None) if from_topic => return section.text("dimension").required().and(None),
        (_, None) => {
            section.add("field", ModelFault::NoDevice);
            return None;
        }
    };
    taken.name(&dimension, "the device", section.spot("dimension"));
    taken.field(&field, "the device", section.spot("field"));
    Some(Device { dimension, field, topic_segment: topic_segment? })
}

fn read_time(section: &Section<'_>, taken: &Taken<'_>) -> Option<TimeField> {
    const UNITS: [(&str, TimeUnit); 4] = [
        ("s", TimeUnit::Seconds),
        ("ms", TimeUnit::Milliseconds),
        ("us", TimeUnit::Microseconds),
        ("ns", TimeUnit::Nanoseconds),
    ];
    let field = section.text("field").check(|field| check_field(field)).required();
    let unit = section.choice("unit", &UNITS).required();
    if let Some(field) = &field {
        taken.field(field, "the time", section.spot("field"));
    }
    Some(TimeField { field: field?, unit: unit? })
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
            let name = section.text("name").check(|name| check_column(name, MEASURE_NAME_BYTES));
            name.or(DEFAULT_RECORD_NAME.into()).map(|name| RecordLayout::Multi { name })
        }
    };
    Some((layout?, undeclared?))
}

fn read_dimension(section: &Section<'_>, taken: &Taken<'_>) -> Option<Dimension> {
    let (name, field) = read_named(section, DIMENSION_NAME_BYTES, "dimension", taken)?;
    Some(Dimension { name, field })
}

fn read_measure(section: &Section<'_>, taken: &Taken<'_>) -> Option<Measure> {
    const TYPES: [(&str, MeasureType); 5] = [
        ("double", MeasureType::Double),
        ("bigint", MeasureType::Bigint),
        ("boolean", MeasureType::Boolean),
        ("varchar", MeasureType::Varchar),
        ("timestamp", MeasureType::Timestamp),
    ];
    let named = read_named(section, MEASURE_NAME_BYTES, "measure", taken);
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
    Some(Measure { name, field, kind: kind?, unit: unit?, normal: normal? })
}

/// The name and the field of a dimension or a measure. The field is called like the name unless it
/// is given.
fn read_named(
    section: &Section<'_>,
    max_bytes: usize,
    what: &str,
    taken: &Taken<'_>,
) -> Option<(String, String)> {
    let name = section.text("name").check(|name| check_column(name, max_bytes)).required();
    let field = section.text("field").check(|field| check_field(field)).optional();
    if let Some(name) = &name {
        taken.name(name, &format!("the {what} \"{name}\""), section.spot("name"));
    }
    let field = match field? {
        Some(field) => field,
        None => name.clone()?,
    };
    let by = name.as_ref().map_or_else(|| format!("another {what}"), |name| format!("the {what} \"{name}\""));
    taken.field(&field, &by, section.spot("field"));
    Some((name?, field))
}

fn read_range(section: &Section<'_>) -> Option<Range> {
    let min = section.number("min").required();
    let max = section.number("max").required();
    let (min, max) = (min?, max?);
    if min > max {
        section.add("min", ModelFault::EmptyRange { min, max });
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

/// The names and fields that are in use, by their lower case: columns ignore case, both in the store
/// and in the lake.
struct Taken<'a> {
    document: &'a Document<'a>,
    names: RefCell<BTreeMap<String, Use>>,
    fields: RefCell<BTreeMap<String, Use>>,
}

/// Who uses a name, and how it is written there.
struct Use {
    written: String,
    by: String,
}

impl Taken<'_> {
    fn name(&self, name: &str, by: &str, spot: Spot) {
        if let Some((by, case)) = take(&mut self.names.borrow_mut(), name, by) {
            self.document.add(&spot, ModelFault::NameTaken { name: name.to_owned(), by, case });
        }
    }

    fn field(&self, field: &str, by: &str, spot: Spot) {
        if let Some((by, case)) = take(&mut self.fields.borrow_mut(), field, by) {
            self.document.add(&spot, ModelFault::FieldTaken { field: field.to_owned(), by, case });
        }
    }
}

/// Notes who uses `word`, or answers who does already.
fn take(uses: &mut BTreeMap<String, Use>, word: &str, by: &str) -> Option<(String, &'static str)> {
    match uses.entry(word.to_lowercase()) {
        std::collections::btree_map::Entry::Vacant(vacant) => {
            vacant.insert(Use { written: word.to_owned(), by: by.to_owned() });
            None
        }
        std::collections::btree_map::Entry::Occupied(occupied) => {
            let taken = occupied.get();
            let case = if taken.written == word { "" } else { " but for the case of letters" };
            Some((taken.by.clone(), case))
        }
    }
}
