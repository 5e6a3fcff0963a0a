//! Annotations: what GitHub shows at a line of a file, and on the page of a run.
//!
//! They are [workflow commands](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands),
//! lines that the runner takes out of what a step writes. Nothing is printed here.

use std::fmt;
use std::path::Path;

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

/// The workflow command, one line.
impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, file, position, title, message } = self;
        f.write_str(match level {
            Level::Error => "::error ",
            Level::Warning => "::warning ",
        })?;
        if let Some(file) = file {
            write!(f, "file={},", property(file))?;
        }
        if let Some((line, column)) = position {
            write!(f, "line={line},col={column},")?;
        }
        write!(f, "title={}::{}", property(title), data(message))
    }
}

/// The workflow command by which a
/// [problem matcher](https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md) reads what the
/// step writes from here on.
pub fn add_matcher(file: &Path) -> String {
    format!("::add-matcher::{}", data(&file.display().to_string()))
}

/// A message, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, where a colon or a comma would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_written_as_the_runner_reads_them() {
        let at = |position| Annotation {
            position,
            ..Annotation::error("cfn-lint: E3002, twice", "100% wrong:\r\nsee a, b").in_file("a,b:c%.toml")
        };
        let table = [
            (
                Annotation::error("Stack failed", "it rolled back"),
                "::error title=Stack failed::it rolled back",
            ),
            (
                Annotation::error("Failed", "no").in_environment("preview-12"),
                "::error file=environments/preview.toml,title=Failed::no",
            ),
            (
                at(None),
                "::error file=a%2Cb%3Ac%25.toml,title=cfn-lint%3A E3002%2C twice::100%25 wrong:%0D%0Asee a, b",
            ),
            (
                at(Some((7, 3))),
                "::error file=a%2Cb%3Ac%25.toml,line=7,col=3,title=cfn-lint%3A E3002%2C twice::100%25 wrong:%0D%0Asee a, b",
            ),
            (
                Annotation { level: Level::Warning, ..Annotation::error("%0A", "%0A") },
                "::warning title=%250A::%250A",
            ),
            // What is no line break of its own ends no command.
            (
                Annotation::error("a::error title=b", "::error::c"),
                "::error title=a%3A%3Aerror title=b::::error::c",
            ),
        ];
        for (annotation, expected) in table {
            assert_eq!(annotation.to_string(), expected);
        }
        assert_eq!(add_matcher(Path::new("/a%b/matchers.json")), "::add-matcher::/a%25b/matchers.json");
    }

    #[test]
    fn a_problem_is_shown_at_its_line() {
        let text = "target = \"aws\"\nregion = \"eu-central-1\"\naccount = \"1\"\nbuckets = 3\n";
        let set = [("stream.shards".to_owned(), "none".to_owned())];
        let problems = stacks::environment::parse("dev", "environments/dev.toml", text, &set)
            .expect_err("three problems");
        let shown: Vec<String> =
            problems.problems.iter().map(|problem| Annotation::of_problem(problem).to_string()).collect();
        let begins = |line: &str| shown.iter().any(|shown| shown.starts_with(line));
        assert!(
            begins("::error file=environments/dev.toml,line=3,col=11,title=Configuration::`account` "),
            "{shown:#?}"
        );
        assert!(
            begins("::error file=environments/dev.toml,line=4,col=1,title=Configuration::`buckets` "),
            "{shown:#?}"
        );
        assert!(begins("::error title=--set stream.shards=none::`stream.shards` "), "{shown:#?}");
        assert!(shown.iter().all(|shown| shown.contains("%0Ahelp: ") && !shown.contains('\n')), "{shown:#?}");
    }
}
