//! What a model says of the lines of each kind: the folder that they go to, and what stands in them.

use telemetry::lake::{Form, KIND_KEY, NAME_MEMBER};
use telemetry::{EventKind, KeyLevels, Model, joined};

use crate::topic::Member;

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
    levels: KeyLevels,
    members: Vec<FromTopic>,
}

/// A member whose value is in the key.
#[derive(Debug, Clone)]
struct FromTopic {
    member: Member,
    /// Which of the key's levels, counted from 0, in the order in which they are joined.
    places: Box<[usize]>,
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
        let levels = KeyLevels::of(kind);
        let named = kind.named.as_ref();
        let of_name =
            named.map(|named| (named.field.as_deref().unwrap_or(NAME_MEMBER), &named.topic_segments));
        let dimensions = kind.dimensions.iter().map(|one| (one.field.as_str(), &one.topic_segments));
        let device = (kind.device.field.as_str(), &kind.device.topic_segments);
        let members = std::iter::once(device).chain(dimensions).chain(of_name);
        let members = members.filter(|(_, segments)| !segments.is_empty()).map(|(field, segments)| {
            FromTopic { member: Member::new(field), places: levels.places(segments) }
        });
        Self {
            metadata: kind.name.as_deref().map(metadata).unwrap_or_default(),
            form: Form::of(kind),
            members: members.collect(),
            levels,
        }
    }

    /// Whether the topic says something that the event does not.
    pub(crate) fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// The members that the rest of the key says, their values as JSON; `None` where it is not the key of such
    /// an event.
    pub(crate) fn members(&self, rest: &str) -> Option<Vec<(&Member, String)>> {
        if rest.is_empty() {
            return None;
        }
        let levels = self.levels.read(rest).ok()?;
        let members =
            self.members.iter().filter_map(|one| Some((&one.member, joined(&levels, &one.places)?)));
        Some(members.map(|(member, value)| (member, serde_json::Value::from(value).to_string())).collect())
    }
}

/// The [part of an answer](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html#dynamic-partitioning-aws-lambda)
/// that files a record, behind its data.
fn metadata(kind: &str) -> String {
    let keys = serde_json::json!({ "partitionKeys": { KIND_KEY: kind } });
    format!(",\"metadata\":{keys}")
}
