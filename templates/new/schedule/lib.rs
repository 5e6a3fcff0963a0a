//! `<< name >>`: decides what is done on schedule.
//!
//! Pure: no network, no clock. The binary brings the time, and does what is decided here.

use serde::{Deserialize, Serialize};

/// What the function uses of a
/// [scheduled event](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
#[derive(Debug, Deserialize)]
pub struct Event {
    /// When the run was due: a repetition of it has the same time.
    pub time: String,
}

/// What comes of a run.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// When it was due.
    pub time: String,
}

/// Answers one run.
pub fn answer(event: &Event) -> Answer {
    Answer { time: event.time.clone() }
}
