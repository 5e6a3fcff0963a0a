//! A model's topics in an environment: `topic_prefix` comes before them.
//!
//! A rule sees every message of its account and Region, so two environments there keep their events
//! apart by topics alone.

use telemetry::Model;

use super::Environment;
use crate::config::{Fault, Place, Problem, Problems};
use crate::model::{TopicFault, check_filter, check_plain};

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
    /// When the two together are no topic filter: more than 8 levels or 256 bytes.
    pub fn place(&self, file_name: &str, mut model: Model) -> Result<Model, Problems> {
        let Some(prefix) = &self.topic_prefix else { return Ok(model) };
        let filter = format!("{prefix}/{}", model.topic);
        if let Err(fault) = check_filter(&filter) {
            let file = file_name.to_owned();
            let problem = Problem {
                place: Place::File { file: file.clone() },
                key: KEY.to_owned(),
                fault: Box::new(PlaceFault { filter, fault }),
            };
            return Err(Problems { file, problems: vec![problem] });
        }
        let levels = prefix.split('/').fold(0_u32, |levels, _| levels.saturating_add(1));
        model.topic = filter;
        model.device.topic_segment = model.device.topic_segment.map(|segment| segment.saturating_add(levels));
        Ok(model)
    }
}
