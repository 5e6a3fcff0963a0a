//! The columns of a table of the lake: the fields of a kind, as its events have them.
//!
//! What is nested is a column of structs and arrays. The
//! [SerDe](https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html) finds a key by the name of its column
//! or, where that cannot be the key itself, by a mapping, which holds
//! [at every depth](https://aws.amazon.com/blogs/big-data/create-tables-in-amazon-athena-from-nested-json-and-mappings-using-jsonserde/).
//! So a key has one name in all of a table, and a name one key.

use std::collections::{BTreeMap, BTreeSet};

use telemetry::lake::{EVENTS_MEMBER, Form, NAME_MEMBER, VALUE_MEMBER};
use telemetry::path::{Path, Step};
use telemetry::{EventKind, Measure, MeasureType, Message, TimeField, TimeUnit};

use crate::environment::PARTITION;

/// The labels of a record of [`SenML`](https://www.rfc-editor.org/rfc/rfc8428#section-4), but for sums.
const SENML: [(&str, &str); 11] = [
    ("bn", "string"),
    ("bt", "string"),
    ("bu", "string"),
    ("bv", "double"),
    ("n", "string"),
    ("t", "string"),
    ("u", "string"),
    ("v", "double"),
    ("vb", "boolean"),
    ("vd", "string"),
    ("vs", "string"),
];

/// A column of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    /// Its type in Glue, for instance `struct<temperature:double>`.
    pub kind: String,
    pub comment: String,
}

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    /// In the order of the model: device, time, id of the event, dimensions, measures, each field once.
    pub columns: Vec<Column>,
    /// The key of each name.
    pub names: Vec<(String, String)>,
}

/// What is at a place of an event.
#[derive(Debug)]
enum Node {
    Value {
        kind: &'static str,
        comment: String,
    },
    /// Members by their keys, in the order of the model.
    Object(Vec<(String, Node)>),
    Array(Box<Node>),
}

impl Columns {
    /// The columns of a kind.
    pub fn of(kind: &EventKind) -> Self {
        let mut line = Node::Object(Vec::new());
        for Field { path, node } in fields(kind) {
            line.insert(&path, node);
        }
        let mut names = Names::default();
        let members = if let Node::Object(members) = line { members } else { Vec::new() };
        let columns = members
            .into_iter()
            .map(|(key, node)| {
                let name = names.of(&key);
                Column { name, kind: node.kind(&mut names), comment: node.comment() }
            })
            .collect();
        Self { columns, names: names.given }
    }
}

/// A field, and where a line of the lake has it.
struct Field {
    path: Vec<Step>,
    node: Node,
}

fn fields(kind: &EventKind) -> Vec<Field> {
    let member = |name: &str| vec![Step::Member(name.into())];
    // Where a line has the events, and what the model says of a path in one.
    let events = match &kind.message {
        _ if Form::of(kind) == Form::Events => [&member(EVENTS_MEMBER)[..], &[Step::Element(0)]].concat(),
        Message::Each(path) => [&Path::of(path).steps[..], &[Step::Element(0)]].concat(),
        Message::Event | Message::Senml => Vec::new(),
    };
    let at = |field: &str| {
        let path = Path::of(field);
        if path.from_message { path.steps } else { [&events[..], &path.steps].concat() }
    };
    // The topic has it: the transform adds it to the line.
    let or_topic =
        |field: &str, segments: &[u32]| if segments.is_empty() { at(field) } else { member(field) };
    let field =
        |path, kind, comment: &str| Field { path, node: Node::Value { kind, comment: comment.to_owned() } };
    let text = |path, comment: &str| field(path, "string", comment);

    let is_senml = kind.message == Message::Senml;
    let mut fields = Vec::new();
    if is_senml {
        let label = |(label, kind)| field([&events[..], &member(label)].concat(), kind, "");
        fields.extend(SENML.map(label));
    } else {
        fields.push(text(or_topic(&kind.device.field, &kind.device.topic_segments), "device"));
    }
    // Devices send a time as a number, a fraction or text. As text, no digit of it is lost.
    fields.extend(kind.time.iter().map(|time| text(at(&time.field), &format!("time: {}", how(time)))));
    let id = kind.event.iter().filter_map(|event| event.id.as_ref());
    fields.extend(id.map(|field| text(at(field), "id of the event")));
    fields.extend(
        kind.dimensions.iter().map(|one| text(or_topic(&one.field, &one.topic_segments), "dimension")),
    );
    if let Some(named) = &kind.named {
        let path = named.field.as_deref().map_or_else(|| member(NAME_MEMBER), at);
        fields.push(text(path, "name of the measure"));
        let path = if named.is_whole() { member(VALUE_MEMBER) } else { at(&named.value) };
        fields.push(field(path, common_type(&kind.measures), "value of the measure"));
    } else if !is_senml {
        fields.extend(kind.measures.iter().map(|one| Field { path: at(&one.field), node: measure(one) }));
    }
    fields
}

impl Node {
    /// Puts a node at the end of a path, unless there is one.
    fn insert(&mut self, path: &[Step], node: Node) {
        let (Some((step, rest)), place) = (path.split_first(), self) else { return };
        let empty = || match rest.first() {
            None => None,
            Some(Step::Member(_)) => Some(Self::Object(Vec::new())),
            Some(Step::Element(_)) => Some(Self::Array(Box::new(Self::nothing()))),
        };
        match (step, place) {
            (Step::Member(key), Self::Object(members)) => {
                match members.iter_mut().find(|(other, _)| **other == **key) {
                    Some((_, inner)) => inner.insert(rest, node),
                    None => match empty() {
                        None => members.push((key.to_string(), node)),
                        Some(mut inner) => {
                            inner.insert(rest, node);
                            members.push((key.to_string(), inner));
                        }
                    },
                }
            }
            // Elements of one array are alike.
            (Step::Element(_), Self::Array(inner)) => match (empty(), &**inner) {
                (None, Self::Object(members)) if members.is_empty() => **inner = node,
                (Some(mut made), Self::Object(members)) if members.is_empty() => {
                    made.insert(rest, node);
                    **inner = made;
                }
                _ => inner.insert(rest, node),
            },
            _ => {}
        }
    }

    fn nothing() -> Self {
        Self::Object(Vec::new())
    }

    fn kind(&self, names: &mut Names) -> String {
        match self {
            Self::Value { kind, .. } => (*kind).to_owned(),
            Self::Array(inner) => format!("array<{}>", inner.kind(names)),
            Self::Object(members) => {
                let member = |(key, node): &(String, Self)| {
                    let name = names.of(key);
                    format!("{name}:{}", node.kind(names))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("struct<{}>", members.join(","))
            }
        }
    }

    fn comment(&self) -> String {
        match self {
            Self::Value { comment, .. } => comment.clone(),
            Self::Object(_) => "an object with fields of the model".to_owned(),
            Self::Array(_) => "an array with fields of the model".to_owned(),
        }
    }
}

/// The names that keys have.
#[derive(Debug, Default)]
struct Names {
    given: Vec<(String, String)>,
    by_key: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Names {
    fn of(&mut self, key: &str) -> String {
        if let Some(name) = self.by_key.get(key) {
            return name.clone();
        }
        let free = |name: &String| name != PARTITION && !self.taken.contains(name);
        let first = column_name(key);
        // With a number behind it where another key has taken it.
        let numbered = (2..).map(|number| format!("{first}_{number}"));
        let name = std::iter::once(first.clone()).chain(numbered).find(free).unwrap_or_default();
        self.taken.insert(name.clone());
        self.by_key.insert(key.to_owned(), name.clone());
        self.given.push((name.clone(), key.to_owned()));
        name
    }
}

/// A [name that Athena takes](https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html)
/// without quotes: lower case letters, digits and underscores.
fn column_name(key: &str) -> String {
    let name: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') { name } else { format!("_{name}") }
}

/// What an event has at the path of a measure.
fn measure(measure: &Measure) -> Node {
    let value = Node::Value { kind: written_type(measure), comment: comment(measure) };
    let points = &measure.written.points;
    if points.is_default() {
        return value;
    }
    let time = Node::Value { kind: "string", comment: String::new() };
    Node::Array(Box::new(Node::Object(vec![(points.time.clone(), time), (points.value.clone(), value)])))
}

/// The type of a value as it is sent: one that is written as something else is text.
fn written_type(measure: &Measure) -> &'static str {
    let written = &measure.written;
    let is_plain = written.binary.is_none()
        && written.missing.is_empty()
        && written.map.is_empty()
        && written.suffix.is_none()
        && written.decimal.is_point();
    match measure.kind {
        MeasureType::Double if is_plain => "double",
        MeasureType::Bigint if is_plain => "bigint",
        MeasureType::Boolean if is_plain => "boolean",
        // A timestamp comes in any form that a time comes in.
        _ => "string",
    }
}

/// The type of a field that holds now one measure, now another.
fn common_type(measures: &[Measure]) -> &'static str {
    let mut types = measures.iter().map(written_type);
    let first = types.next().unwrap_or("string");
    if types.all(|kind| kind == first) { first } else { "string" }
}

fn comment(measure: &Measure) -> String {
    if measure.written.binary.is_some() {
        return "bytes with measures".to_owned();
    }
    let unit = measure.unit.as_ref().map_or_else(String::new, |unit| format!(" in {unit}"));
    format!("measure{unit}")
}

fn how(time: &TimeField) -> String {
    if let Some(format) = &time.format {
        return format!("{format}, or ISO-8601");
    }
    let unit = match time.unit {
        TimeUnit::Seconds => "s",
        TimeUnit::Milliseconds => "ms",
        TimeUnit::Microseconds => "us",
        TimeUnit::Nanoseconds => "ns",
    };
    format!("{unit} since 1970, or ISO-8601")
}
