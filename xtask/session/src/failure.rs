//! Exit codes, and errors that say what to do.

use std::error::Error;
use std::process::ExitCode;

use crate::Annotation;

/// What the process tells its caller. The numbers are a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, also when there was nothing to change.
    Done = 0,
    /// Something failed that no other code names.
    Unexpected = 1,
    /// The command line or a configuration file is wrong.
    Configuration = 2,
    /// The person said no, or could not be asked.
    Declined = 3,
    /// A stack failed.
    StackFailed = 4,
    /// The environment does not exist, or is not ours.
    NoEnvironment = 5,
    /// `verify` did not find what it sent, `store copy` left something behind, or `quarantine replay` did.
    VerificationFailed = 6,
    /// What was begun goes on, and nobody watches it.
    Unwatched = 7,
    /// `plan --exit-code` found changes.
    Changes = 8,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error of a module that knows its exit code and what a person can do about it.
pub trait Explain: std::error::Error + Send + Sync + 'static {
    /// The exit code of a command that ends with this error.
    fn exit(&self) -> Exit {
        Exit::Unexpected
    }

    /// What to do, in one or a few sentences.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The facts, for a program that reads the JSON document.
    fn details(&self) -> Option<serde_json::Value> {
        None
    }

    /// Where it is shown on GitHub. None: at no place, as it is.
    fn annotations(&self) -> Vec<Annotation> {
        Vec::new()
    }
}

/// How a command fails: printed by [`cli::report::Report::failure`].
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong, with its causes.
    pub error: anyhow::Error,
    /// What to do.
    pub hint: Option<String>,
    /// The facts, for a program.
    pub details: Option<serde_json::Value>,
    /// Where it is shown on GitHub, if at a place.
    pub annotations: Vec<Annotation>,
}

impl Failure {
    /// A failure that is one sentence.
    pub fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{message}"), hint: None, details: None, annotations: Vec::new() }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The message of an error and of its causes, without repeating what one already says of the next.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        next = cause.source();
    }
    text
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            exit: error.exit(),
            hint: error.hint(),
            details: error.details(),
            annotations: error.annotations(),
            error: error.into(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: Exit::Unexpected, error, hint: None, details: None, annotations: Vec::new() }
    }
}
