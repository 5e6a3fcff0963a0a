//! One kind of a proposal, from the messages of one group.

use std::collections::BTreeSet;

use telemetry::path::{Path, Step, WHOLE};

use super::fields::{self, Proposed, measure, snake};
use super::shape::{LONGEST_ARRAY, SENML_VALUES, Shape, long_arrays, readings, shape};
use super::time::{self, Written};
use super::topics::{Group, Message};
use super::tree::Tree;

/// Names of fields that name the device, the likeliest first.
const DEVICE_NAMES: &[&str] = &[
    "deviceid",
    "device_id",
    "deveui",
    "dev_eui",
    "device",
    "devicename",
    "device_name",
    "_id_",
    "thingname",
    "thing",
    "sensorid",
    "sensor_id",
    "sensor-id",
    "node",
    "node_id",
    "nodeid",
    "host",
    "hostname",
    "serial",
    "serialnumber",
    "mac",
    "uuid",
    "vin",
    "id",
    "src",
    "client_id",
    "clientid",
];
/// Members of an event that name its measure, and those that hold its value.
const NAME_MEMBERS: &[&str] =
    &["n", "name", "key", "metric", "tag", "sensor", "measurement", "field", "parameter"];
const VALUE_MEMBERS: &[&str] = &["v", "value", "val", "reading", "data"];

/// Where a name or an identity is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Topic(Vec<usize>),
    Field(String),
}

/// What names the measure of an event, and what is its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedBy {
    pub(super) name: Source,
    pub(super) value: String,
}

/// A kind as the samples suggest it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) topic: String,
    /// What is to be looked at.
    pub(super) remarks: Vec<String>,
    pub(super) shape: Shape,
    pub(super) named: Option<NamedBy>,
    pub(super) device: Source,
    pub(super) dimensions: Vec<(String, Source)>,
    pub(super) time: Option<(String, Written)>,
    pub(super) measures: Vec<Proposed>,
}

/// An event, and the message that it is in.
struct Event<'a> {
    tree: &'a Tree,
    message: &'a Message,
}

/// The values of each name, in the order in which the first of each came.
#[derive(Default)]
struct ByName<'a>(Vec<(String, Vec<&'a Tree>)>);

impl<'a> ByName<'a> {
    fn add(&mut self, name: String, value: &'a Tree) {
        match self.0.iter_mut().find(|(one, _)| *one == name) {
            Some((_, values)) => values.push(value),
            None => self.0.push((name, vec![value])),
        }
    }
}

impl Kind {
    pub(super) fn of(group: &Group, taken: &BTreeSet<String>) -> Self {
        let name = kind_name(group, taken);
        let shape = shape(group);
        let mut kind = Self {
            name,
            topic: String::new(),
            remarks: Vec::new(),
            named: None,
            device: Source::Topic(Vec::new()),
            dimensions: Vec::new(),
            time: None,
            measures: Vec::new(),
            shape,
        };
        let events = events(group, &kind.shape);
        kind.find_device(group, &events);
        kind.find_dimensions(group);
        if kind.shape == Shape::Senml {
            kind.read_senml(group);
            return kind;
        }
        kind.find_time(&events);
        kind.find_named(group, &events);
        kind.find_measures(&events);
        kind
    }

    fn find_device(&mut self, group: &Group, events: &[Event<'_>]) {
        let filter = group.filter();
        self.topic = filter.clone().unwrap_or_else(|| "dt/+/measures".to_owned());
        if filter.is_none() {
            self.remarks.push("the samples do not say their topic: write the filter of yours".to_owned());
        }
        if self.shape == Shape::Senml {
            self.device = Source::Field("bn".to_owned());
            return;
        }
        if group.device > 0 {
            self.device = Source::Topic(vec![group.device]);
            return;
        }
        let by_name = |in_message: bool| {
            let leaves = events.first().map(|event| {
                let tree = if in_message { &event.message.tree } else { event.tree };
                tree.leaves(0)
            });
            let named = leaves.into_iter().flatten().filter_map(|(path, leaf)| {
                leaf.text()?;
                let Some(Step::Member(name)) = path.steps.last() else { return None };
                let small = name.to_ascii_lowercase();
                let rank = DEVICE_NAMES.iter().position(|one| *one == small)?;
                Some((rank + 30 * (path.steps.len() - 1), path))
            });
            named.min_by_key(|(rank, _)| *rank)
        };
        let of_event = by_name(false).map(|(rank, path)| (rank, path, false));
        let of_message = match &self.shape {
            Shape::Each(each) if each != WHOLE => by_name(true).map(|(rank, path)| (rank, path, true)),
            _ => None,
        };
        if let Some((_, path, in_message)) =
            of_event.into_iter().chain(of_message).min_by_key(|(rank, ..)| *rank)
        {
            self.device = Source::Field(field_of(&path, in_message));
            return;
        }
        self.remarks.push(
            "nothing in the samples looks like the name of a device: a level of the topic is taken"
                .to_owned(),
        );
        let mut levels: Vec<&str> = self.topic.split('/').collect();
        let level = match filter {
            Some(_) => levels.len(),
            None => 2,
        };
        levels[level - 1] = "+";
        self.device = Source::Topic(vec![level]);
        self.topic = levels.join("/");
    }

    /// Levels of the topic that tell more than the device.
    fn find_dimensions(&mut self, group: &Group) {
        let device: &[usize] = match &self.device {
            Source::Topic(levels) => levels,
            Source::Field(_) => &[],
        };
        let beside =
            group.wildcards.iter().filter(|level| !device.contains(level) && !group.names.contains(level));
        let mut named = BTreeSet::new();
        let dimensions = beside.map(|&level| {
            let before = self
                .topic
                .split('/')
                .nth(level.wrapping_sub(2))
                .filter(|text| *text != "+" && !text.is_empty());
            let in_payload = group.messages.first().and_then(|message| {
                let text = message.topic.as_ref()?.get(level - 1)?.clone();
                let leaves = message.tree.leaves(LONGEST_ARRAY);
                let (path, _) = leaves.into_iter().find(|(_, leaf)| leaf.text().as_deref() == Some(&text))?;
                match path.steps.last()? {
                    Step::Member(name) => Some(snake(name)),
                    Step::Element(_) => None,
                }
            });
            let name = in_payload.or(before.map(snake)).unwrap_or_else(|| format!("level_{level}"));
            let name = if named.insert(name.clone()) { name } else { format!("{name}_{level}") };
            (name, Source::Topic(vec![level]))
        });
        self.dimensions = dimensions.collect();
    }

    fn find_time(&mut self, events: &[Event<'_>]) {
        let mut candidates: Vec<(usize, Path, bool, Written)> = Vec::new();
        let in_messages: &[bool] = match &self.shape {
            Shape::Each(each) if each != WHOLE => &[false, true],
            _ => &[false],
        };
        for &in_message in in_messages {
            let trees =
                || events.iter().map(|event| if in_message { &event.message.tree } else { event.tree });
            let Some(first) = trees().next() else { continue };
            for (path, _) in first.leaves(0) {
                let Some(rank) = time::rank(&path) else { continue };
                let values: Option<Vec<&Tree>> = trees().map(|tree| tree.at(&path)).collect();
                if let Some(written) = values.and_then(|values| time::written(&values)) {
                    candidates.push((rank + usize::from(in_message), path, in_message, written));
                }
            }
        }
        let best = candidates.into_iter().min_by_key(|(rank, ..)| *rank);
        if let Some((_, path, in_message, written)) = best {
            self.time = Some((field_of(&path, in_message), written));
        }
    }

    fn find_named(&mut self, group: &Group, events: &[Event<'_>]) {
        if !group.names.is_empty() {
            self.named = Some(NamedBy { name: Source::Topic(group.names.clone()), value: WHOLE.to_owned() });
            return;
        }
        let is_member = |names: &[&str], name: &str| names.contains(&name.to_ascii_lowercase().as_str());
        let Some(Tree::Object(members)) = events.first().map(|event| event.tree) else { return };
        let time = self.time.as_ref().map(|(field, _)| field.as_str());
        let name = members
            .iter()
            .find(|(name, value)| is_member(NAME_MEMBERS, name) && matches!(value, Tree::Text(_)));
        let value = members.iter().find(|(name, value)| is_member(VALUE_MEMBERS, name) && value.is_scalar());
        let (Some((name, _)), Some((value, _))) = (name, value) else { return };
        let every = events.iter().all(|event| {
            let others = event.tree.leaves(0).into_iter().filter(|(path, leaf)| {
                let field = path.to_string();
                matches!(leaf, Tree::Whole(_) | Tree::Number(_))
                    && field != *value
                    && Some(field.as_str()) != time
            });
            // Where there is no value, a code may say why.
            let has_value = event.tree.member(value).is_some();
            matches!(event.tree.member(name), Some(Tree::Text(_))) && (!has_value || others.count() == 0)
        });
        if every {
            self.named = Some(NamedBy { name: Source::Field(name.clone()), value: value.clone() });
        }
    }

    fn find_measures(&mut self, events: &[Event<'_>]) {
        if let Some(named) = self.named.clone() {
            let value = Path::of(&named.value);
            let mut values = ByName::default();
            for event in events {
                let name = match &named.name {
                    Source::Field(field) => event.tree.member(field).and_then(Tree::text),
                    Source::Topic(levels) => event.message.topic.as_ref().map(|topic| {
                        levels
                            .iter()
                            .filter_map(|level| topic.get(level - 1))
                            .cloned()
                            .collect::<Vec<_>>()
                            .join("/")
                    }),
                };
                let found = if named.value == WHOLE { Some(event.tree) } else { event.tree.at(&value) };
                if let (Some(name), Some(found)) = (name, found) {
                    values.add(name, found);
                }
            }
            for (field, values) in values.0 {
                let steps = field.split('/').map(|level| Step::Member(level.into())).collect();
                self.add(&Path::to(steps), &field, &values);
            }
            return;
        }
        let mut paths: Vec<Path> = Vec::new();
        for event in events {
            for (array, time, value) in readings(event.tree) {
                if self.measures.iter().all(|measure| measure.field != array.to_string()) {
                    let of = |member: &str| -> Vec<&Tree> {
                        let arrays = events.iter().filter_map(|event| event.tree.at(&array));
                        arrays.flat_map(Tree::elements).filter_map(|element| element.member(member)).collect()
                    };
                    let (found, times) = (of(&value), of(&time));
                    // The unit of their times is that of the event's, which may have none.
                    let unit = time::written(&times).filter(|_| self.time.is_none());
                    self.time = unit.map(|written| (time.clone(), written)).or(self.time.take());
                    self.add(&array, &array.to_string(), &found);
                    if let Some(last) = self.measures.last_mut() {
                        last.points = Some((time, value));
                    }
                }
            }
            paths.extend(event.tree.leaves(LONGEST_ARRAY).into_iter().map(|(path, _)| path));
        }
        let mut seen = BTreeSet::new();
        paths.retain(|path| seen.insert(path.to_string()));
        let used: BTreeSet<String> = self.used_fields();
        for path in paths {
            let field = path.to_string();
            let is_reading = |measure: &Proposed| {
                measure.points.is_some() && field.starts_with(&format!("{}[", measure.field))
            };
            if used.contains(&field) || self.measures.iter().any(is_reading) {
                continue;
            }
            if !is_field(&path, &field) {
                self.remarks.push(no_field(&field));
                continue;
            }
            let values: Vec<&Tree> = events.iter().filter_map(|event| event.tree.at(&path)).collect();
            let is_text = |value: &&Tree| matches!(value, Tree::Text(_));
            if values.iter().all(|value| value.is_scalar()) {
                self.add(&path, &field, &values);
                // Elements at one instant differ by what describes them, and would else contradict each other.
                let is_each = matches!(self.shape, Shape::Each(_));
                if let Some(last) = self
                    .measures
                    .pop_if(|last| is_each && last.kind == "varchar" && values.iter().all(is_text))
                {
                    self.dimensions.push((last.name, Source::Field(last.field)));
                }
            } else {
                self.remarks.push(format!("`{field}` is a single value here and more there: left out"));
            }
        }
        // What is longer is no list of measures.
        if let Some(event) = events.first() {
            for (path, count) in long_arrays(event.tree) {
                self.remarks.push(format!("`{path}` is an array of {count} elements: left out"));
            }
        }
    }

    fn used_fields(&self) -> BTreeSet<String> {
        let device = match &self.device {
            Source::Field(field) => Some(field.clone()),
            Source::Topic(_) => None,
        };
        // A dimension that the topic says is a member of the lake's lines too, by its name.
        let dimensions = self.dimensions.iter().map(|(name, _)| name.clone());
        let time = self.time.iter().map(|(field, _)| field.clone());
        device.into_iter().chain(time).chain(dimensions).chain(["device".to_owned()]).collect()
    }

    fn add(&mut self, path: &Path, field: &str, values: &[&Tree]) {
        let name = {
            let taken = |name: &str| {
                self.measures.iter().any(|measure| measure.name == name)
                    || self.dimensions.iter().any(|(dimension, _)| dimension == name)
                    || name == "device"
            };
            fields::name(path, &taken)
        };
        match measure(name, field.to_owned(), values) {
            Some(proposed) => self.measures.push(proposed),
            None => self.remarks.push(format!("`{field}` has no value in any sample: left out")),
        }
    }

    fn read_senml(&mut self, group: &Group) {
        let mut values = ByName::default();
        for message in &group.messages {
            let Tree::Array(records) = &message.tree else { continue };
            let mut base = String::new();
            for record in records {
                if let Some(Tree::Text(bn)) = record.member("bn") {
                    base.clone_from(bn);
                }
                let own = record.member("n").and_then(Tree::text).unwrap_or_default();
                let full = format!("{base}{own}");
                let name = if !base.is_empty() && !own.is_empty() {
                    own
                } else {
                    full.rsplit([':', '/']).next().unwrap_or_default().to_owned()
                };
                let Some(value) = SENML_VALUES.iter().find_map(|label| record.member(label)) else {
                    continue;
                };
                values.add(name, value);
            }
        }
        for (field, values) in values.0 {
            let path = Path::to(vec![Step::Member(field.as_str().into())]);
            self.add(&path, &field, &values);
        }
    }
}

/// How a field of an event, or of its message, is written.
fn field_of(path: &Path, in_message: bool) -> String {
    if in_message { format!("$.{path}") } else { path.to_string() }
}

/// The remark on a member that no measure can read.
pub(super) fn no_field(field: &str) -> String {
    format!("{field:?} cannot be the field of a measure: left out")
}

/// Whether the field of a path is read as that path. What else a field must be, the check of the model says.
fn is_field(path: &Path, field: &str) -> bool {
    let read = Path::of(field);
    read.steps == path.steps && !read.from_message && !field.contains(char::is_control)
}

/// The name of a kind: the first level of its topics that says something, or more of them.
fn kind_name(group: &Group, taken: &BTreeSet<String>) -> String {
    let topic = group.filter().unwrap_or_default();
    let clean = |level: &str| {
        let name: String = snake(level).chars().take(24).collect();
        if name.starts_with(|c: char| c.is_ascii_lowercase()) { name } else { format!("k_{name}") }
    };
    let words: Vec<String> =
        topic.split('/').filter(|level| !level.is_empty() && *level != "+").map(clean).collect();
    let first = words.first().cloned().unwrap_or_else(|| "telemetry".to_owned());
    let longer = words.last().filter(|_| words.len() > 1).map(|last| format!("{first}_{last}"));
    let fits = |name: &String| name.len() <= 32 && !taken.contains(name);
    let numbered = (2..).map(|count| format!("{first}_{count}"));
    std::iter::once(first.clone()).chain(longer).chain(numbered).find(fits).unwrap_or(first)
}

fn events<'a>(group: &'a Group, shape: &Shape) -> Vec<Event<'a>> {
    let mut events = Vec::new();
    for message in &group.messages {
        let tree = &message.tree;
        let array = match shape {
            Shape::Event | Shape::Senml => {
                events.push(Event { tree, message });
                continue;
            }
            Shape::Each(path) if path == WHOLE => Some(tree),
            Shape::Each(path) => tree.at(&Path::of(path)),
        };
        if let Some(array) = array {
            events.extend(array.elements().iter().map(|element| Event { tree: element, message }));
        }
    }
    events
}
