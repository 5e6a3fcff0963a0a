//! What happens, for a program: one JSON object on each line.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use session::StepId;

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Told {
    /// A remark.
    Note,
    /// Something that deserves a look.
    Warning,
    /// Something failed, and the rest goes on.
    Failed,
    /// Work has begun.
    Began,
    /// It has come further, or goes on as before for another half minute.
    Goes,
    /// It has ended well.
    Done,
    /// It has ended otherwise.
    Left,
    /// The command failed.
    Error,
}

/// A line.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// When, UTC.
    at: Timestamp,
    event: Told,
    /// Which work, among all of this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<StepId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a str>,
    /// For how long the work has gone on.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    /// The exit code that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
}

impl<'a> Line<'a> {
    /// A line about no work.
    pub fn new(event: Told, text: &'a str) -> Self {
        let at = Timestamp::now();
        Self { at, event, step: None, text: Some(text), result: None, seconds: None, hint: None, exit: None }
    }

    /// The same about work.
    #[must_use]
    pub fn of(mut self, step: StepId, took: Option<Duration>) -> Self {
        self.step = Some(step);
        self.seconds = took.map(|took| took.as_secs_f64());
        self
    }

    /// The same with what came of it.
    #[must_use]
    pub fn result(mut self, result: &'a str) -> Self {
        self.result = Some(result);
        self
    }

    /// The same of a command that ends with it.
    #[must_use]
    pub fn ends(mut self, hint: Option<&'a str>, exit: u8) -> Self {
        (self.hint, self.exit) = (hint, Some(exit));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_object() {
        let line = Line::new(Told::Error, "two\nlines").ends(Some("do this"), 7);
        let text = serde_json::to_string(&line).expect("JSON");
        assert_eq!(text.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&text).expect("an object");
        assert_eq!(
            (&value["event"], &value["exit"], &value["text"]),
            (&"error".into(), &7.into(), &"two\nlines".into())
        );
        assert!(value["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    }
}
