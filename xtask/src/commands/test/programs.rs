//! The programs that hold the tests of the workspace, run as cargo runs them, but two at a time.
//!
//! Cargo runs one after the other, and a test that has a whole pipeline waits for processes most of its time. So there
//! are two lanes: one has such tests, of which two at once would build the same files, the other all the rest. What a
//! program writes is shown when it has ended, so that it reads as if it had been alone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use artifacts::toolchain;
use cli::report::Report;
use session::{Event, Observer as _, Project};

use super::{Counts, show};

/// For how long the output of a program that has ended is waited for.
const REST: Duration = Duration::from_secs(5);

/// What the programs are run with.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The checkout.
    pub project: &'a Project,
    /// Arguments of each.
    pub arguments: Vec<OsString>,
    /// Variables of each.
    pub variables: Vec<(&'static str, OsString)>,
    /// Variables that none of them has.
    pub removed: &'a [&'static str],
}

/// A program that holds tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Where its source begins, from the checkout.
    source: PathBuf,
    /// The executable.
    path: PathBuf,
    /// The folder of its package, in which it runs.
    folder: PathBuf,
}

/// Which programs a lane has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// Those that have a whole pipeline each.
    Pipelines,
    /// The rest.
    Others,
}

impl Program {
    fn lane(&self) -> Lane {
        if self.source.starts_with("xtask/tests") { Lane::Pipelines } else { Lane::Others }
    }

    /// Runs it to its end. Returns what it wrote, wherever to.
    async fn run(&self, setting: &Setting<'_>) -> io::Result<(ExitStatus, String)> {
        let (mut reader, writer) = io::pipe()?;
        // As cargo would, which runs in the same environment.
        let mut command = toolchain::scrubbed(setting.project, &self.path);
        command
            .args(&setting.arguments)
            .current_dir(&self.folder)
            .env("CARGO", toolchain::cargo(setting.project).as_std().get_program())
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .envs(setting.variables.iter().map(|(name, value)| (name, value)))
            .stdout(writer.try_clone()?)
            .stderr(writer);
        for name in setting.removed {
            command.env_remove(name);
        }
        let mut child = command.spawn()?;
        // It has ends of the pipe too, and what is read ends with the last of them.
        drop(command);
        let read = Arc::new(Mutex::new(Vec::new()));
        let (done, ended) = oneshot::channel();
        let bytes = Arc::clone(&read);
        // A thread of its own, which nothing waits for: a process that is left behind keeps its end of the pipe.
        std::thread::spawn(move || {
            let mut chunk = [0; 8_192];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..length]);
            }
            let _ = done.send(());
        });
        let status = child.wait().await?;
        let left_behind = timeout(REST, ended).await.is_err();
        // Tests may write what is not text.
        let bytes = read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut output = String::from_utf8_lossy(&bytes).into_owned();
        if left_behind {
            output.push_str("a process that was left behind still holds the output of this program\n");
        }
        Ok((status, output))
    }
}

/// The programs of a build, from cargo's
/// [messages](https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages), in their order.
pub fn of_build(messages: &str, checkout: &Path) -> Vec<Program> {
    #[derive(Deserialize)]
    struct Message {
        manifest_path: PathBuf,
        target: Target,
        profile: Profile,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        src_path: PathBuf,
    }
    #[derive(Deserialize)]
    struct Profile {
        test: bool,
    }
    let program = |message: Message| {
        let source = message.target.src_path;
        Some(Program {
            source: source.strip_prefix(checkout).map(Path::to_owned).unwrap_or(source),
            path: message.executable.filter(|_| message.profile.test)?,
            folder: message.manifest_path.parent()?.to_owned(),
        })
    };
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut programs: Vec<Program> = messages.filter_map(program).collect();
    // The folder of the Flink job is Maven's until the job's own tests have ended.
    programs.sort_by_key(|program| (program.source.ends_with("flink.rs"), program.source.clone()));
    programs
}

/// Runs all of them, and shows what each wrote. Whether all succeeded, and how many tests they count.
pub async fn run(
    programs: Vec<Program>,
    setting: &Setting<'_>,
    report: &Report,
) -> io::Result<(bool, Counts)> {
    let waiting = RefCell::new(VecDeque::from(programs));
    // Who has no pipeline left takes of the rest.
    let next = |lane: Lane| {
        let mut waiting = waiting.borrow_mut();
        let at = waiting.iter().position(|program| program.lane() == lane);
        at.or_else(|| (lane == Lane::Pipelines && !waiting.is_empty()).then_some(0))
            .and_then(|index| waiting.remove(index))
    };
    let walk = async |lane: Lane| {
        let (mut all_ok, mut counts) = (true, Counts::default());
        while let Some(program) = next(lane) {
            let step = report.step(program.source.display());
            let (status, output) = program.run(setting).await?;
            let mut counted = Counts::of_one(&output);
            // One that was killed counts nothing itself.
            counted.failed += u64::from(!status.success() && counted.failed == 0);
            show(&output, report);
            if status.success() {
                step.done(format_args!("{} passed", counted.passed));
            } else {
                drop(step);
                report.receive(Event::Failed(&format!("{} failed: {status}", program.source.display())));
            }
            all_ok &= status.success();
            counts += counted;
        }
        io::Result::Ok((all_ok, counts))
    };
    let (pipelines, others) = futures::try_join!(walk(Lane::Pipelines), walk(Lane::Others))?;
    let ((one_ok, mut counts), (other_ok, more)) = (pipelines, others);
    counts += more;
    Ok((one_ok && other_ok, counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_tests_are_told_from_others() {
        let message = |source: &str, executable: &str, test: bool| {
            serde_json::json!({
                "reason": "compiler-artifact",
                "manifest_path": "/c/xtask/Cargo.toml",
                "target": {"name": "x", "src_path": source},
                "profile": {"test": test},
                "executable": (!executable.is_empty()).then_some(executable),
            })
            .to_string()
        };
        let messages = [
            message("/c/xtask/tests/flink.rs", "/t/flink-1", true),
            message("/c/xtask/src/main.rs", "/t/xtask", false),
            message("/c/stacks/src/lib.rs", "", true),
            message("/c/xtask/src/main.rs", "/t/xtask-2", true),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let programs = of_build(&messages.join("\n"), Path::new("/c"));
        let found: Vec<_> = programs
            .iter()
            .map(|one| (one.source.to_str().expect("text"), one.path.to_str().expect("text"), one.lane()))
            .collect();
        assert_eq!(
            found,
            [
                ("xtask/src/main.rs", "/t/xtask-2", Lane::Others),
                ("xtask/tests/flink.rs", "/t/flink-1", Lane::Pipelines),
            ]
        );
        assert_eq!(programs[0].folder, Path::new("/c/xtask"));
    }

    #[tokio::test]
    async fn all_run_and_a_failure_ends_none_of_the_others() {
        let program = |source: &str, path: &str| Program {
            source: source.into(),
            path: path.into(),
            folder: std::env::temp_dir(),
        };
        let programs =
            vec![program("xtask/tests/a", "false"), program("xtask/tests/b", "echo"), program("c", "echo")];
        let said = "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        let project = Project::locate();
        let setting =
            Setting { project: &project, arguments: vec![said.into()], variables: Vec::new(), removed: &[] };
        let report = Report::new(cli::Format::Json);
        let (ok, counts) = run(programs, &setting, &report).await.expect("they run");
        assert_eq!((ok, counts), (false, Counts { passed: 4, failed: 1, ignored: 2, ..Counts::default() }));
    }
}
