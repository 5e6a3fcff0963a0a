//! A kind of events, prepared for decoding: where each value is, and what is made of it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::fields::{Declared, Place};
use crate::instant::Times;
use crate::model::Points;
use crate::partition::KeyLevels;
use crate::path::{Path, WHOLE};
use crate::record::DimensionValue;
use crate::value::Conversion;
use crate::{EventKind, Message, Named, Range, TimeUnit};

/// Where the values of a kind are.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) message: MessageForm,
    /// The fields of an event.
    pub(super) event: Declared,
    /// The fields of a message that holds several events.
    pub(super) around: Declared,
    pub(super) levels: KeyLevels,
    /// The device first.
    pub(super) dimensions: Vec<Source>,
    pub(super) time: Option<Field>,
    pub(super) times: Times,
    pub(super) copies: Option<Copies>,
    pub(super) named: Option<ByName>,
    /// In the order of the model.
    pub(super) measures: Vec<PreparedMeasure>,
}

/// Where the events are in a message.
#[derive(Debug, Clone)]
pub(super) enum MessageForm {
    /// The message is one event.
    Event,
    /// The message is one value, in JSON or not.
    Value,
    /// The message holds an array of events.
    Each(Field),
    /// The message is an array of events.
    Array,
    /// A pack of SenML.
    Senml(Labels),
}

/// A declared field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// As the model has it.
    pub(super) text: Box<str>,
    pub(super) slot: usize,
    pub(super) scope: Scope,
}

/// Of what a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Of each event.
    Event,
    /// Of the message around the events.
    Message,
}

/// A dimension.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) field: Field,
    /// Which levels of the key hold it, where the topic does.
    pub(super) levels: Option<Box<[usize]>>,
}

/// What makes copies of an event one.
#[derive(Debug, Clone)]
pub(super) struct Copies {
    pub(super) id: Option<Field>,
    /// In nanoseconds.
    pub(super) window: i64,
}

/// How an event names its measure.
#[derive(Debug, Clone)]
pub(super) struct ByName {
    pub(super) name: Naming,
    /// `None`: the event itself is the value.
    pub(super) value: Option<Field>,
    pub(super) measures: Names,
}

/// Who names the measure.
#[derive(Debug, Clone)]
pub(super) enum Naming {
    Field(Field),
    Topic(Box<[usize]>),
}

/// The labels of SenML that are read.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    pub(super) base_name: usize,
    pub(super) base_time: usize,
    pub(super) base_value: usize,
    pub(super) name: usize,
    pub(super) time: usize,
    /// Value, text, boolean and data.
    pub(super) values: [(&'static str, usize); 4],
    pub(super) measures: Names,
}

/// The measures of each name, by which events choose them.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    measures: HashMap<Box<str>, Vec<usize>>,
    /// The bytes of the longest name.
    longest: usize,
}

#[derive(Debug, Clone)]
pub(super) struct PreparedMeasure {
    pub(super) name: Arc<str>,
    pub(super) field: Field,
    pub(super) conversion: Conversion,
    pub(super) points: Points,
    pub(super) normal: Option<Range>,
}

impl Field {
    /// Whether it is of the message around the events.
    pub(super) fn is_around(&self) -> bool {
        self.scope == Scope::Message
    }

    /// As reasons name it, of an event at `place`.
    pub(super) fn of(&self, place: Place<'_>) -> String {
        if self.is_around() { self.text.to_string() } else { place.of(&self.text) }
    }
}

impl Source {
    /// Whether all events of a message have the same.
    pub(super) fn is_shared(&self) -> bool {
        self.levels.is_some() || self.field.is_around()
    }

    /// The dimension of a record.
    pub(super) fn with(&self, value: String) -> DimensionValue {
        DimensionValue { name: Arc::clone(&self.name), value }
    }
}

/// Declares fields where they belong.
struct Fields {
    event: Declared,
    around: Declared,
    /// Whether a message is more than its event.
    several: bool,
}

impl Fields {
    fn declare(&mut self, text: &str) -> Field {
        let path = Path::of(text);
        if !self.several || !path.from_message {
            return self.of_event(text);
        }
        Field { text: text.into(), slot: self.around.declare(&path), scope: Scope::Message }
    }

    /// What can only be in the event.
    fn of_event(&mut self, text: &str) -> Field {
        Field { text: text.into(), slot: self.event.declare(&Path::of(text)), scope: Scope::Event }
    }

    /// What is no field, because events name their measures: a name for reasons.
    fn name(text: &str) -> Field {
        Field { text: text.into(), slot: usize::MAX, scope: Scope::Event }
    }
}

impl Prepared {
    pub(super) fn new(kind: &EventKind) -> Self {
        let several = !kind.message.is_event();
        let mut fields = Fields { event: Declared::default(), around: Declared::default(), several };
        let levels = KeyLevels::of(kind);
        // In the order in which devices usually write them.
        let time = match kind.message {
            Message::Senml => None,
            Message::Event | Message::Each(_) => kind.time.as_ref().map(|time| fields.declare(&time.field)),
        };
        let device = (&kind.device.dimension, &kind.device.field, &kind.device.topic_segments);
        let others = kind.dimensions.iter().map(|one| (&one.name, &one.field, &one.topic_segments));
        let dimensions = std::iter::once(device)
            .chain(others)
            .map(|(name, field, segments)| Source {
                name: name.as_str().into(),
                field: fields.declare(field),
                levels: (!segments.is_empty()).then(|| levels.places(segments)),
            })
            .collect();
        let copies = kind.event.as_ref().map(|event| Copies {
            id: event.id.as_ref().map(|id| fields.declare(id)),
            window: event.window(),
        });
        let by_name = kind.named.is_some() || kind.message == Message::Senml;
        let measures: Vec<PreparedMeasure> = kind
            .measures
            .iter()
            .map(|measure| PreparedMeasure {
                name: measure.name.as_str().into(),
                field: if by_name { Fields::name(&measure.field) } else { fields.declare(&measure.field) },
                conversion: Conversion::of(measure),
                points: measure.written.points.clone(),
                normal: measure.normal,
            })
            .collect();
        let mut chosen = Names::default();
        for (index, measure) in kind.measures.iter().enumerate().filter(|_| by_name) {
            chosen.add(&measure.field, index);
        }
        let message = match &kind.message {
            Message::Senml => {
                MessageForm::Senml(Labels::declare(&mut fields.event, std::mem::take(&mut chosen)))
            }
            Message::Each(path) if path == WHOLE => MessageForm::Array,
            Message::Each(path) => {
                let slot = fields.around.declare(&Path::of(path));
                MessageForm::Each(Field { text: path.as_str().into(), slot, scope: Scope::Message })
            }
            Message::Event if kind.named.as_ref().is_some_and(Named::is_whole) => MessageForm::Value,
            Message::Event => MessageForm::Event,
        };
        let named = kind.named.as_ref().map(|named| ByName::new(named, &levels, &mut fields, chosen));
        Self {
            message,
            dimensions,
            time,
            times: kind.time.as_ref().map_or(Times::in_unit(TimeUnit::Milliseconds), Times::of),
            copies,
            named,
            measures,
            levels,
            event: fields.event.with_literals(),
            around: fields.around.with_literals(),
        }
    }
}

impl ByName {
    fn new(named: &Named, levels: &KeyLevels, fields: &mut Fields, measures: Names) -> Self {
        Self {
            name: match &named.field {
                Some(field) if named.topic_segments.is_empty() => Naming::Field(fields.declare(field)),
                _ => Naming::Topic(levels.places(&named.topic_segments)),
            },
            value: (!named.is_whole()).then(|| fields.of_event(&named.value)),
            measures,
        }
    }
}

impl Names {
    fn add(&mut self, name: &str, measure: usize) {
        self.measures.entry(name.into()).or_default().push(measure);
        self.longest = self.longest.max(name.len());
    }

    /// The measures of a name, in the order of the model; `None` if none has it.
    pub(super) fn get(&self, name: &str) -> Option<&[usize]> {
        // A message may have one long name for all of its events, which nobody needs to read for each.
        let known = (name.len() <= self.longest).then(|| self.measures.get(name))??;
        Some(known)
    }
}

impl Labels {
    fn declare(event: &mut Declared, measures: Names) -> Self {
        let mut label = |name: &str| event.declare(&Path::of(name));
        // Nothing is made of them, and they are no fields that nobody knows.
        for other in ["bver", "bu", "bs", "u", "s", "ut"] {
            label(other);
        }
        Self {
            base_name: label("bn"),
            base_time: label("bt"),
            base_value: label("bv"),
            name: label("n"),
            time: label("t"),
            values: ["v", "vs", "vb", "vd"].map(|name| (name, label(name))),
            measures,
        }
    }
}
