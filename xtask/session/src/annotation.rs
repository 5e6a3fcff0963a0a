//! Annotations: remarks with the place in a file that they are about.

use stacks::config::{Place, Problem};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// It deserves a look.
    Warning,
}

/// One remark, with the place that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: Level,
    /// A file of the repository.
    pub file: Option<String>,
    /// Line and column in it, counted from 1.
    pub position: Option<(usize, usize)>,
    /// A few words above the message.
    pub title: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Annotation {
    /// An error at no place.
    pub fn error(title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level: Level::Error, file: None, position: None, title: title.into(), message: message.into() }
    }

    /// The same, at a file as a whole.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same, at the file of an environment; an instance has that of its kind.
    #[must_use]
    pub fn in_environment(self, environment: &str) -> Self {
        let name = environment.split('-').next().unwrap_or(environment);
        self.in_file(format!("environments/{name}.toml"))
    }

    /// What is wrong with a configuration, at its line.
    pub fn of_problem(problem: &Problem) -> Self {
        let message = format!("{}\nhelp: {}", problem.message(), problem.fault.help());
        let annotation = Self::error("Configuration", message);
        match &problem.place {
            Place::File { file } => annotation.in_file(file.as_str()),
            Place::Line { file, line, column } => {
                Self { position: Some((*line, *column)), ..annotation.in_file(file.as_str()) }
            }
            Place::Override { set } => Self { title: format!("--set {set}"), ..annotation },
        }
    }
}
