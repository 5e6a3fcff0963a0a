//! A model in an environment: `topic_prefix` comes before its topics, a consumer has to take it, and the
//! digital twin of the environment to show it.
//!
//! A rule sees every message of its account and Region, so two environments there keep their events
//! apart by topics alone.

mod devices;
mod twin;

use postgres::names::NameFault;
use telemetry::{EventKind, Model};

use crate::Inputs;
use crate::config::{Fault, Place, Problem, Problems};
use crate::consumer::{MAX_MODEL_CHUNKS, model_chunks};
use crate::environment::{Consumer, Environment, Grafana};
use crate::grafana::{MAX_PACKED_BYTES, packed_bytes};
use crate::model::{TopicFault, check_filter, is_reserved};
use crate::store::stored;

/// Keys of the environment's file.
const PREFIX_KEY: &str = "topic_prefix";
const KIND_KEY: &str = "consumer.kind";
const GRAFANA_KEY: &str = "grafana.kind";
const STORE_KEY: &str = "store.kind";

/// Why a model does not fit behind a prefix.
#[derive(Debug, thiserror::Error)]
#[error("makes \"{filter}\" of the model's topic, which {fault}")]
struct PlaceFault {
    filter: String,
    fault: TopicFault,
}

impl Fault for PlaceFault {
    fn help(&self) -> String {
        "shorten the prefix, or the `topic` of the model".into()
    }
}

/// Why no prefix keeps the events of a kind apart.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot stand before the model's topic \"{filter}\": every environment of the account would take its messages"
)]
struct StaysFault {
    filter: String,
}

impl Fault for StaysFault {
    fn help(&self) -> String {
        "remove the prefix here, or the kind from the model: topics of AWS are what they are".into()
    }
}

/// Why a model does not fit into the properties of a Flink application.
#[derive(Debug, thiserror::Error)]
#[error(
    "is \"flink\", but the model takes {chunks} properties, and an application has {MAX_MODEL_CHUNKS} for it"
)]
struct LargeModel {
    chunks: usize,
}

impl Fault for LargeModel {
    fn help(&self) -> String {
        "leave measures or dimensions out of the model, or use `kind = \"lambda\"`, whose function reads it from a file".into()
    }
}

/// Why the dashboards of a model do not reach their container.
#[derive(Debug, thiserror::Error)]
#[error(
    "is \"container\", but the dashboards of the model are {bytes} bytes packed, and a task takes {MAX_PACKED_BYTES}"
)]
struct ManyDashboards {
    bytes: usize,
}

impl Fault for ManyDashboards {
    fn help(&self) -> String {
        "leave kinds or measures out of the model, or use another `kind` of Grafana".into()
    }
}

/// Why a name of the model is no column of the store.
#[derive(Debug, thiserror::Error)]
#[error("is \"postgres\", but a name of the model {fault}")]
struct NoColumn {
    fault: NameFault,
}

impl Fault for NoColumn {
    fn help(&self) -> String {
        "give it another `name` in the model; its `field` stays".into()
    }
}

impl Environment {
    /// The model as this environment reads it: the level of the topic that `devices.topic_segment` counts names the
    /// device, `topic_prefix` stands before the topic, and the segment that names the device moves with it. Everything is derived from this one.
    ///
    /// `file_name` stands in the problem.
    ///
    /// # Errors
    ///
    /// When prefix and topic together are no topic filter: more than 8 levels or 256 bytes; when the topic is
    /// one of AWS, which no prefix moves; when a Flink
    /// application cannot take the model: more than 100,000 characters of JSON; when a container of Grafana
    /// cannot take its dashboards; when devices have identities, and no policy holds each to its topics; when the store is `PostgreSQL`, and a name is none of a column; and when there is a
    /// digital twin, and a name or a number in it exceeds what `TwinMaker` takes.
    pub fn place(&self, file_name: &str, mut model: Model) -> Result<Model, Problems> {
        let mut problems = Vec::new();
        let mut add = |key: String, fault: Box<dyn Fault>| {
            let place = Place::File { file: file_name.to_owned() };
            problems.push(Problem { place, key, fault });
        };
        let unnamed = devices::name(&self.devices, &mut model);
        let is_named = unnamed.is_empty();
        for (key, fault) in unnamed {
            add(key.to_owned(), Box::new(fault));
        }
        if let Some(prefix) = &self.topic_prefix {
            for kind in &mut model.kinds {
                if is_reserved(&kind.topic) {
                    add(PREFIX_KEY.to_owned(), Box::new(StaysFault { filter: kind.topic.clone() }));
                    continue;
                }
                let filter = format!("{prefix}/{}", kind.topic);
                match check_filter(&filter) {
                    Ok(()) => move_behind(prefix, filter, kind),
                    Err(fault) => add(PREFIX_KEY.to_owned(), Box::new(PlaceFault { filter, fault })),
                }
            }
        }
        if let Consumer::Flink(_) = self.consumer {
            let chunks = model_chunks(&model).len();
            if chunks > MAX_MODEL_CHUNKS {
                add(KIND_KEY.to_owned(), Box::new(LargeModel { chunks }));
            }
        }
        if self.store.postgres().is_some() {
            for fault in stored(&model).keys().filter_map(|name| postgres::names::check(name).err()) {
                add(STORE_KEY.to_owned(), Box::new(NoColumn { fault }));
            }
        }
        if let Grafana::Container(_) = self.grafana {
            let bytes = packed_bytes(&model, self);
            if bytes > MAX_PACKED_BYTES {
                add(GRAFANA_KEY.to_owned(), Box::new(ManyDashboards { bytes }));
            }
        }
        if self.devices.enabled
            && is_named
            && let Some((key, fault)) = devices::check(&Inputs { model: &model, environment: self })
        {
            add(key.to_owned(), Box::new(fault));
        }
        if self.twin.enabled {
            for (key, fault) in twin::check(&Inputs { model: &model, environment: self }) {
                add(key, Box::new(fault));
            }
        }
        if problems.is_empty() { Ok(model) } else { Err(Problems { file: file_name.to_owned(), problems }) }
    }
}

/// Moves a kind behind a prefix, which makes this filter of its topic.
fn move_behind(prefix: &str, filter: String, kind: &mut EventKind) {
    let levels = prefix.split('/').fold(0_u32, |levels, _| levels.saturating_add(1));
    kind.topic = filter;
    let dimensions = kind.dimensions.iter_mut().map(|dimension| &mut dimension.topic_segments);
    let named = kind.named.iter_mut().map(|named| &mut named.topic_segments);
    for segment in dimensions.chain(named).chain([&mut kind.device.topic_segments]).flatten() {
        *segment = segment.saturating_add(levels);
    }
}
