//! Processes that outlive the program that started them.
//!
//! A process id alone says little: the system gives it to another process one day. A [`Process`] is
//! therefore an id with its start time, and everything that the local target starts, functions of the
//! emulator included, inherits a variable that names the target's folder.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

/// Variable that names the local target's folder in each of its processes.
pub const MARK: &str = "SLUICE_LOCAL_TARGET";

/// How long a process may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(4);

/// Seconds by which two readings of one start time may differ: the system derives it from the time of
/// day at which it booted, and that is corrected while it runs.
const CLOCK_TOLERANCE: u64 = 2;

/// A process, told apart from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id, and the id of its group.
    pub pid: u32,
    /// When it started, in seconds since 1970.
    pub started: u64,
}

impl Process {
    /// Starts a process in a group of its own, detached from the terminal, with its output in `log`.
    pub fn spawn(command: &mut Command, folder: &Path, log: &Path) -> io::Result<Self> {
        let output = File::create(log)?;
        let errors = output.try_clone()?;
        let child = command
            .env(MARK, mark(folder))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()?;
        let pid = child.id();
        // A process that has ended already keeps its entry until it is waited for, and nobody does.
        started(pid).map(|started| Self { pid, started }).ok_or_else(|| io::Error::other("it ended at once"))
    }

    /// Whether it still runs.
    pub fn is_alive(self) -> bool {
        let mut system = System::new();
        refresh(&mut system, &[self.pid], ProcessRefreshKind::nothing());
        system.process(sysinfo::Pid::from_u32(self.pid)).is_some_and(|process| {
            runs(process.status()) && process.start_time().abs_diff(self.started) <= CLOCK_TOLERANCE
        })
    }

    /// Asks it and its children to end, and makes them when they do not. `false`: it had ended before.
    pub fn stop(self) -> bool {
        self.stop_within(GRACE)
    }

    /// The same, for a process that has something to finish.
    pub fn stop_within(self, grace: Duration) -> bool {
        if !self.is_alive() {
            return false;
        }
        self.signal(Signal::TERM);
        let deadline = Instant::now() + grace;
        while self.is_alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        // The group outlives its leader while a child of it runs.
        self.signal(Signal::KILL);
        true
    }

    fn signal(self, signal: Signal) {
        if let Some(group) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // The only error is that the group is gone, which is what the signal is for.
            let _gone = rustix::process::kill_process_group(group, signal);
        }
    }
}

/// Ends every process that was started for this folder and still runs; returns the ids of those that
/// do not end. Finds what no record names: functions whose emulator was killed, and services whose
/// start was interrupted before it was written down.
pub fn sweep(folder: &Path) -> Vec<u32> {
    let deadline = Instant::now() + GRACE;
    loop {
        let marked = marked(folder);
        if marked.is_empty() || Instant::now() > deadline {
            return marked;
        }
        for pid in marked {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _gone = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends every process that was started for this folder with this argument: one whose start was
/// interrupted before it was written down.
pub fn sweep_with(folder: &Path, argument: &str) {
    let argument = std::ffi::OsStr::new(argument);
    for pid in marked_where(folder, |arguments| arguments.iter().any(|one| one == argument)) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _gone = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}

/// Ids of the processes that were started for this folder and still run.
fn marked(folder: &Path) -> Vec<u32> {
    marked_where(folder, |_| true)
}

/// Those of them whose command line is meant.
fn marked_where(folder: &Path, is_meant: impl Fn(&[OsString]) -> bool) -> Vec<u32> {
    let mut entry = OsString::from(MARK);
    entry.push("=");
    entry.push(mark(folder));
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always).with_cmd(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    system
        .processes()
        .values()
        .filter(|process| process.thread_kind().is_none() && runs(process.status()))
        .filter(|process| process.environ().contains(&entry) && is_meant(process.cmd()))
        .map(|process| process.pid().as_u32())
        .filter(|pid| *pid != std::process::id())
        .collect()
}

/// The folder in one spelling, so that every process of it carries the same mark.
fn mark(folder: &Path) -> OsString {
    folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf()).into_os_string()
}

fn started(pid: u32) -> Option<u64> {
    let mut system = System::new();
    refresh(&mut system, &[pid], ProcessRefreshKind::nothing());
    Some(system.process(sysinfo::Pid::from_u32(pid))?.start_time())
}

fn refresh(system: &mut System, pids: &[u32], what: ProcessRefreshKind) {
    let pids: Vec<_> = pids.iter().copied().map(sysinfo::Pid::from_u32).collect();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, what);
}

/// A process that has ended stays listed until its parent asks for its exit status.
fn runs(status: ProcessStatus) -> bool {
    !matches!(status, ProcessStatus::Zombie | ProcessStatus::Dead)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spawn(script: &str, folder: &Path) -> Process {
        Process::spawn(Command::new("sh").args(["-c", script]), folder, &folder.join("log")).expect("spawn")
    }

    #[test]
    fn a_process_ends_with_its_children_even_when_they_resist() {
        let scripts = ["sleep 60 & wait", "trap '' TERM; sleep 60 & while true; do wait; done"];
        for script in scripts {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let process = spawn(script, folder.path());
            while marked(folder.path()).len() < 2 {
                assert!(process.is_alive(), "{script}");
                std::thread::sleep(Duration::from_millis(5));
            }
            assert!(process.stop(), "{script}");
            assert!(sweep(folder.path()).is_empty(), "{script}");
            assert!(!process.is_alive() && !process.stop(), "{script}");
        }
    }

    #[test]
    fn another_process_with_the_same_id_is_not_taken_for_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let process = spawn("exec sleep 60", folder.path());
        let later = Process { started: process.started - 60, ..process };
        assert!(process.is_alive());
        assert!(!later.is_alive() && !later.stop());
        assert!(process.is_alive(), "the other one was left alone");
        assert!(process.stop());
    }

    #[test]
    fn a_sweep_for_an_argument_leaves_other_programs_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (meant, other) = (spawn("exec sleep 61", folder.path()), spawn("exec sleep 62", folder.path()));
        while marked_where(folder.path(), |arguments| arguments.iter().any(|one| one == "61")).is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        sweep_with(folder.path(), "61");
        while meant.is_alive() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(other.is_alive());
        assert!(other.stop());
    }

    #[test]
    fn a_sweep_leaves_other_folders_alone() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (ours, other) = (spawn("exec sleep 60", one.path()), spawn("exec sleep 60", two.path()));
        assert!(sweep(one.path()).is_empty());
        assert!(!ours.is_alive());
        assert!(other.is_alive());
        assert!(other.stop());
    }
}
