//! The Maven wrapper of the Flink job, as this program runs it.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{ChildStdout, Command};

use super::{TAIL, ToolError};
use crate::toolchain::jdk::{Jdk, VARIABLE};
use session::Step;

/// The wrapper in this folder, with this JDK. It brings its own Maven, and asks nothing.
pub fn command(folder: &Path, jdk: &Jdk) -> Command {
    let mut command = Command::new(folder.join("mvnw"));
    command.arg("-B").current_dir(folder).stdin(Stdio::null()).kill_on_drop(true).env(VARIABLE, &jdk.home);
    command
}

/// Runs a build and shows how far it is. What it says is told when it fails.
pub async fn build(mut command: Command, step: &Step<'_>) -> Result<(), ToolError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |source| ToolError::Start { program: program.clone(), source };
    // Both go to one place: Maven writes to standard output, the wrapper's complaints to standard error.
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let stderr = child.stderr.take();
    let complaints = async {
        let mut text = String::new();
        if let Some(mut stderr) = stderr {
            // What cannot be read is only missing from the message.
            let _ = tokio::io::AsyncReadExt::read_to_string(&mut stderr, &mut text).await;
        }
        text
    };
    let (mut output, complaints) = tokio::join!(follow(child.stdout.take(), step), complaints);
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    output.extend(complaints.lines().map(str::to_owned));
    Err(ToolError::Failed { output: Vec::from(output).join("\n") })
}

/// Shows what Maven does, and keeps the last lines that say what went wrong.
async fn follow(stdout: Option<ChildStdout>, step: &Step<'_>) -> VecDeque<String> {
    let mut errors = VecDeque::new();
    let Some(stdout) = stdout else { return errors };
    let mut lines = BufReader::new(stdout).lines();
    let mut downloads = 0_u32;
    while let Ok(Some(line)) = lines.next_line().await {
        match spoken(&line) {
            Line::Goal(goal) => step.update(format_args!("{}: {goal}", step.text())),
            Line::Download => {
                downloads = downloads.saturating_add(1);
                step.update(format_args!("{}: {downloads} files downloaded", step.text()));
            }
            Line::Problem(problem) => {
                if errors.len() == TAIL {
                    errors.pop_front();
                }
                errors.push_back(problem.to_owned());
            }
            Line::Chatter => {}
        }
    }
    errors
}

#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Goal(&'a str),
    Download,
    Problem(&'a str),
    Chatter,
}

/// What a line of Maven says.
fn spoken(line: &str) -> Line<'_> {
    if let Some(problem) = line.strip_prefix("[ERROR] ") {
        return Line::Problem(problem);
    }
    let Some(line) = line.strip_prefix("[INFO] ") else { return Line::Chatter };
    if line.starts_with("Downloaded from ") {
        return Line::Download;
    }
    // `--- compiler:3.16.0:compile (default-compile) @ flink-job ---`
    match line.strip_prefix("--- ").and_then(|goal| goal.split_whitespace().next()) {
        Some(goal) => Line::Goal(goal.split(':').next().unwrap_or(goal)),
        None => Line::Chatter,
    }
}

/// How many tests passed, failed and were skipped, from the last line in which Surefire counts all of them.
pub fn counts(output: &str) -> Option<(u64, u64, u64)> {
    output.lines().rev().find_map(|line| {
        let mut numbers = line.split_once("Tests run: ")?.1.split(", ").map(|part| {
            let number = part.rsplit(' ').next()?;
            number.trim_end_matches(',').parse::<u64>().ok()
        });
        let mut next = || numbers.next().flatten();
        let (run, failures, errors, skipped) = (next()?, next()?, next()?, next()?);
        let failed = failures + errors;
        Some((run.saturating_sub(failed + skipped), failed, skipped))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (line, expected) in [
            ("[INFO] --- compiler:3.16.0:compile (default-compile) @ flink-job ---", Line::Goal("compiler")),
            ("[INFO] Downloaded from central: https://repo1 (1.2 kB at 3 kB/s)", Line::Download),
            ("[INFO] Downloading from central: https://repo1", Line::Chatter),
            ("[ERROR] /a/Job.java:[3,4] ';' expected", Line::Problem("/a/Job.java:[3,4] ';' expected")),
            ("[INFO] BUILD SUCCESS", Line::Chatter),
            ("", Line::Chatter),
        ] {
            assert_eq!(spoken(line), expected, "{line}");
        }
    }

    #[test]
    fn tests_are_counted_once() {
        for (output, expected) in [
            (
                "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in a.B\n\
                 [INFO] Results:\n[INFO] Tests run: 7, Failures: 0, Errors: 0, Skipped: 1\n[INFO] BUILD SUCCESS",
                Some((6, 0, 1)),
            ),
            (
                "[ERROR] Tests run: 7, Failures: 1, Errors: 2, Skipped: 0\n[INFO] BUILD FAILURE",
                Some((4, 3, 0)),
            ),
            ("[ERROR] COMPILATION ERROR", None),
        ] {
            assert_eq!(counts(output), expected, "{output}");
        }
    }
}
