//! GitHub: what a workflow's run shows beside its log, and comments on pull requests.
//!
//! Nothing is written for a run of Actions unless this is one. Only [`api`] talks to a service.

pub mod annotation;
pub mod api;
pub mod comment;

use std::io::{self, Write as _};
use std::path::PathBuf;

/// Set to `true` by the
/// [runner](https://docs.github.com/en/actions/reference/workflows-and-actions/variables), and by nothing
/// else.
pub const ACTIONS: &str = "GITHUB_ACTIONS";

/// Names the file of a step's summary.
pub const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Names the file of a step's
/// [outputs](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter).
pub const OUTPUT: &str = "GITHUB_OUTPUT";

/// What a [summary](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary)
/// may hold, in bytes: a larger one is not shown at all.
const SUMMARY_LIMIT: u64 = 1 << 20;

/// What stands in a summary for a result that it has no room for.
const NO_ROOM: &str = "\n*A further result does not fit into this summary. The log of the step has it.*\n";

/// A run of GitHub Actions, as one of its steps sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

impl Run {
    /// The run that this program is a part of.
    pub fn current() -> Option<Self> {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_run = variable(ACTIONS).is_some_and(|value| value == "true");
        let file = |name| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        is_run.then(|| Self { summary: file(SUMMARY), output: file(OUTPUT) })
    }

    /// Sets an output of the step, which later steps and jobs read. The value is one line.
    pub fn output(&self, name: &str, value: &str) -> io::Result<()> {
        let Some(path) = &self.output else { return Ok(()) };
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{name}={value}")
    }

    /// Adds Markdown to the summary of the step. What would make it too large is left out, with a sentence.
    pub fn summarize(&self, markdown: &str) -> io::Result<()> {
        let Some(path) = &self.summary else { return Ok(()) };
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        let room = (SUMMARY_LIMIT - NO_ROOM.len() as u64).saturating_sub(file.metadata()?.len());
        if markdown.len() as u64 <= room {
            return file.write_all(markdown.as_bytes());
        }
        if room > 0 { file.write_all(NO_ROOM.as_bytes()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_runner_s_own_word_makes_a_run() {
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<Option<&'a str>>);
        let table: [Case<'_>; 5] = [
            (&[], None),
            (&[(SUMMARY, "/tmp/summary")], None),
            (&[(ACTIONS, "false"), (SUMMARY, "/tmp/summary")], None),
            (&[(ACTIONS, "true"), (SUMMARY, "")], Some(None)),
            (&[(ACTIONS, "true"), (SUMMARY, "/tmp/summary")], Some(Some("/tmp/summary"))),
        ];
        for (variables, expected) in table {
            let variable = |name: &str| {
                variables.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned())
            };
            let expected = expected.map(|summary| Run { summary: summary.map(PathBuf::from), output: None });
            assert_eq!(Run::of(variable), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_summary_grows_up_to_what_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("summary");
        let run = Run { summary: Some(path.clone()), output: None };
        let read = || std::fs::read_to_string(&path).expect("a summary");
        for text in ["# one\n", "# two\n"] {
            run.summarize(text).expect("written");
        }
        assert_eq!(read(), "# one\n# two\n");
        let limit = usize::try_from(SUMMARY_LIMIT).expect("a number");
        run.summarize(&"x".repeat(limit)).expect("left out");
        assert_eq!(read(), format!("# one\n# two\n{NO_ROOM}"));
        run.summarize(&"x".repeat(limit - read().len() - NO_ROOM.len())).expect("just fits");
        for _ in 0..2 {
            run.summarize("more").expect("left out");
            assert!(read().len() <= limit, "{}", read().len());
        }
        Run { summary: None, output: None }.summarize("nowhere").expect("nothing to do");
    }
}
