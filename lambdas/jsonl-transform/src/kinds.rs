//! What a model says of the lines of each kind: the folder that they go to, and what stands in them.

use telemetry::{EventKind, Message, Model, PartitionKey};

use crate::topic::Member;

/// The name of the [partition key](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html)
/// by which Firehose files a line: the `kind` of `!{partitionKeyFromLambda:kind}` in its prefix.
const KIND: &str = "kind";

/// What of the member of a kind of [`Named`](telemetry::Named) messages by topic is called where the model does
/// not say.
const NAME: &str = "name";

/// How the lines of each kind are made.
#[derive(Debug, Clone)]
pub struct Kinds {
    model: Model,
    /// In the order of the model.
    shapes: Vec<Shape>,
    /// Whether anything depends on the partition key.
    by_key: bool,
}

/// How the lines of one kind are made.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// What the answer to a record of the kind ends with: where Firehose files it.
    pub(crate) metadata: String,
    pub(crate) form: Form,
    /// How many levels of the topic the key has.
    levels: usize,
    members: Vec<FromTopic>,
}

/// What becomes of a document that is not an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It stays as it was sent.
    AsSent,
    /// An array becomes `{"events": [...]}`: a row has columns by name, and an array none.
    Events,
    /// A scalar, or text that is not JSON, becomes `{"value": ...}`.
    Value,
}

/// A member whose value is in the key.
#[derive(Debug, Clone)]
struct FromTopic {
    member: Member,
    /// Which of the key's levels, counted from 0, in the order in which they are joined.
    places: Vec<usize>,
}

impl Kinds {
    /// The lines of this model.
    pub fn new(model: &Model) -> Self {
        let shapes: Vec<Shape> = model.kinds.iter().map(Shape::new).collect();
        let by_key = shapes.iter().any(|shape| !shape.metadata.is_empty() || !shape.members.is_empty());
        Self { model: model.clone(), shapes, by_key }
    }

    /// Whether a line depends on the partition key of its event.
    pub(crate) fn by_key(&self) -> bool {
        self.by_key
    }

    /// The kind of the event with this key, and what else the key says. `None` where there are several kinds
    /// and the key, or its absence, names none.
    pub(crate) fn of<'a>(&'a self, key: Option<&'a str>) -> Option<(&'a Shape, Option<&'a str>)> {
        match key {
            Some(key) => {
                let (index, rest) = self.model.kind_of(key)?;
                Some((&self.shapes[index], Some(rest)))
            }
            None if self.model.kinds.iter().all(|kind| kind.name.is_none()) => {
                Some((self.shapes.first()?, None))
            }
            None => None,
        }
    }
}

impl Shape {
    fn new(kind: &EventKind) -> Self {
        let levels = match kind.partition_key() {
            PartitionKey::Levels(levels) => levels,
            PartitionKey::Topic | PartitionKey::Client => Vec::new(),
        };
        let named = kind.named.as_ref();
        let of_name = named.map(|named| (named.field.as_deref().unwrap_or(NAME), &named.topic_segments));
        let dimensions = kind.dimensions.iter().map(|one| (one.field.as_str(), &one.topic_segments));
        let device = (kind.device.field.as_str(), &kind.device.topic_segments);
        let members = std::iter::once(device).chain(dimensions).chain(of_name);
        let members =
            members.filter(|(_, segments)| !segments.is_empty()).map(|(field, segments)| FromTopic {
                member: Member::new(field),
                places: segments.iter().filter_map(|segment| levels.binary_search(segment).ok()).collect(),
            });
        Self {
            metadata: kind.name.as_deref().map(metadata).unwrap_or_default(),
            form: match &kind.message {
                Message::Senml => Form::Events,
                Message::Each(path) if path == "$" => Form::Events,
                _ if named.is_some_and(|named| named.value == "$") => Form::Value,
                Message::Event | Message::Each(_) => Form::AsSent,
            },
            members: members.collect(),
            levels: levels.len(),
        }
    }

    /// Whether the topic says something that the event does not.
    pub(crate) fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// The members that the rest of the key says, their values as JSON; `None` where it is not the key of such
    /// an event.
    pub(crate) fn members(&self, rest: &str) -> Option<Vec<(&Member, String)>> {
        let levels: Vec<&str> = if self.levels == 1 { vec![rest] } else { rest.split('/').collect() };
        if levels.len() != self.levels || rest.is_empty() {
            return None;
        }
        let value = |places: &[usize]| {
            let texts: Vec<&str> = places.iter().map(|place| levels[*place]).collect();
            texts.join("/")
        };
        let members = self.members.iter().map(|one| (&one.member, value(&one.places)));
        let members = members.filter(|(_, value)| !value.is_empty());
        Some(members.map(|(member, value)| (member, serde_json::Value::from(value).to_string())).collect())
    }
}

/// The [part of an answer](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html#dynamic-partitioning-aws-lambda)
/// that files a record, behind its data.
fn metadata(kind: &str) -> String {
    let keys = serde_json::json!({ "partitionKeys": { KIND: kind } });
    format!(",\"metadata\":{keys}")
}
