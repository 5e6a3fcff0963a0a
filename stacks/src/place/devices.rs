//! Whether the devices of a model can be held to topics of their own, and which level of a topic names them where the
//! environment says it.

use telemetry::{EventKind, Model};

use crate::Inputs;
use crate::config::Fault;
use crate::devices::{MAX_POLICY, Others, TopicsFault, document_length, is_plain, speaks_for_others, topics};
use crate::environment::Devices;
use crate::model::{TopicFault, check_segment};

/// Keys of the environment's file.
const ENABLED_KEY: &str = "devices.enabled";
const SEGMENT_KEY: &str = "devices.topic_segment";

/// Why devices cannot have identities.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdentityFault {
    #[error("{0}")]
    Segment(TopicFault),
    #[error("{0}")]
    Topics(TopicsFault),
    #[error("{0}")]
    Others(Others),
    #[error(
        "is true, but the topics of the model make a policy of {characters} characters, and IoT takes {MAX_POLICY}"
    )]
    Large { characters: usize },
}

impl Fault for IdentityFault {
    fn help(&self) -> String {
        match self {
            Self::Segment(fault) => fault.help(),
            Self::Topics(TopicsFault::Field { .. }) => {
                "say which level of the topic names the device: `topic_segment = 2` under [device] of the model, or under [devices] here for this environment alone".into()
            }
            Self::Topics(TopicsFault::Several { .. }) => {
                "let one level name it, such as `topic = \"dt/+/measures\"` with `topic_segment = 2`".into()
            }
            Self::Topics(TopicsFault::Reserved { .. }) => {
                "let the devices publish to a topic of the model's own, or leave the kind out".into()
            }
            Self::Topics(TopicsFault::Open { .. }) => {
                "begin the topic with a word, or with the level that names the device".into()
            }
            Self::Topics(TopicsFault::Pattern { .. }) => {
                "leave it out of the topics of the model, and of `topic_prefix`".into()
            }
            Self::Others(_) => {
                "put the level that names the device before every other `+`, behind words that no other kind has there".into()
            }
            Self::Large { .. } => "leave kinds out of the model, or shorten their topics".into(),
        }
    }
}

/// Names the device by the topic, where the environment says so and the model does not.
pub(super) fn name(devices: &Devices, model: &mut Model) -> Vec<(&'static str, IdentityFault)> {
    let Some(segment) = devices.topic_segment.filter(|_| devices.enabled) else { return Vec::new() };
    let mut faults = Vec::new();
    for kind in model.kinds.iter_mut().filter(|kind| kind.device.topic_segments.is_empty()) {
        match check_segment(&kind.topic, segment) {
            Ok(()) => kind.device.topic_segments = vec![segment],
            Err(fault) => faults.push((SEGMENT_KEY, IdentityFault::Segment(fault))),
        }
    }
    faults
}

/// Whether a policy holds every device to topics of its own.
pub(super) fn check(inputs: &Inputs) -> Option<(&'static str, IdentityFault)> {
    let kinds = &inputs.model.kinds;
    // Before the topics of all instances is a pattern.
    let plain =
        if inputs.environment.is_every_instance() { Ok(()) } else { kinds.iter().try_for_each(is_plain) };
    let fault = plain.map_err(IdentityFault::Topics).and_then(|()| bound(kinds)).err().or_else(|| {
        let characters = document_length(inputs);
        (characters > MAX_POLICY).then_some(IdentityFault::Large { characters })
    });
    fault.map(|fault| (ENABLED_KEY, fault))
}

fn bound(kinds: &[EventKind]) -> Result<(), IdentityFault> {
    for kind in kinds {
        topics(kind).map_err(IdentityFault::Topics)?;
    }
    for own in kinds {
        for other in kinds {
            if let Some(others) = speaks_for_others(own, other).map_err(IdentityFault::Topics)? {
                return Err(IdentityFault::Others(others));
            }
        }
    }
    Ok(())
}
