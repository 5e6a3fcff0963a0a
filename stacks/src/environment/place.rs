//! A model in an environment: `topic_prefix` comes before its topics, and the digital twin of the
//! environment can show it.
//!
//! A rule sees every message of its account and Region, so two environments there keep their events
//! apart by topics alone.

use telemetry::Model;

use super::Environment;
use crate::Inputs;
use crate::config::{Fault, Place, Problem, Problems};
use crate::model::{TopicFault, check_filter, check_plain};
use crate::twin;

/// Key of the environment's file.
const KEY: &str = "topic_prefix";

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

/// Checks a prefix by itself: plain levels, with a level to spare for the model.
pub(super) fn check_prefix(prefix: &str) -> Result<(), TopicFault> {
    check_plain(prefix)?;
    check_filter(&format!("{prefix}/+"))
}

impl Environment {
    /// The model as this environment reads it: `topic_prefix` stands before the topic, and the segment
    /// that names the device moves with it. Everything is derived from this one.
    ///
    /// `file_name` stands in the problem.
    ///
    /// # Errors
    ///
    /// When prefix and topic together are no topic filter: more than 8 levels or 256 bytes. When there
    /// is a digital twin, and a name or a number in it exceeds what `TwinMaker` takes.
    pub fn place(&self, file_name: &str, model: Model) -> Result<Model, Problems> {
        let file = file_name.to_owned();
        let mut problems = Vec::new();
        let mut add = |key: String, fault: Box<dyn Fault>| {
            problems.push(Problem { place: Place::File { file: file.clone() }, key, fault });
        };
        if let Some(prefix) = &self.topic_prefix {
            let filter = format!("{prefix}/{}", model.topic);
            if let Err(fault) = check_filter(&filter) {
                add(KEY.to_owned(), Box::new(PlaceFault { filter, fault }));
            }
        }
        if self.twin.enabled {
            for (key, fault) in twin::check(&Inputs { model: &model, environment: self }) {
                add(key, Box::new(fault));
            }
        }
        if problems.is_empty() { Ok(self.prefixed(model)) } else { Err(Problems { file, problems }) }
    }

    fn prefixed(&self, mut model: Model) -> Model {
        let Some(prefix) = &self.topic_prefix else { return model };
        let levels = prefix.split('/').fold(0_u32, |levels, _| levels.saturating_add(1));
        model.topic = format!("{prefix}/{}", model.topic);
        model.device.topic_segment = model.device.topic_segment.map(|segment| segment.saturating_add(levels));
        model
    }
}
