//! Functions and stacks of one's own, as `new` begins them in a copy of this checkout: compiled, tested, proven,
//! deployed to this machine, and gone.
//!
//! The copy and its target folder stay below this target folder, so that a second run compiles only what is new.

mod installation;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask_start::is_told;

use installation::{Pipeline, Program, processes_of, sqs, target};

/// What is begun, and what a line of its log says when it was invoked.
#[rustfmt::skip]
const FUNCTIONS: [(&str, &str, &str); 4] = [
    ("greeter",  "rule",     "dt/device-0000/measures"),
    ("reader-2", "stream",   "events: 1"),
    ("worker",   "queue",    "done: 1"),
    ("ticker",   "schedule", "time: "),
];

const STACK: &str = "depot";

#[tokio::test(flavor = "multi_thread")]
async fn what_new_begins_is_tested_proven_deployed_and_answers() {
    let copy = Copy::of_this_checkout();
    begin(&copy);
    let tests: Vec<String> = FUNCTIONS.map(|(name, ..)| format!("--test={}", name.replace('-', "_"))).into();
    copy.cargo(
        &[&["test", "--workspace"], &tests.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat(),
    );
    copy.cargo(&["build", "--workspace", "--bin", "xtask"]);

    let pipeline = Pipeline::of(copy.program());
    let names: BTreeSet<&str> = FUNCTIONS.map(|(name, ..)| name).into_iter().chain([STACK]).collect();
    let out = copy.target.join("templates");
    let synthesized = pipeline.json(&["synth", "--out", &out.display().to_string()]);
    let stacks = synthesized["stacks"].as_array().expect("stacks").iter();
    let stacks: BTreeSet<&str> = stacks.filter_map(|stack| stack["name"].as_str()).collect();
    assert!(names.is_subset(&stacks), "{stacks:?}");
    for environment in ["local", "prod"] {
        let mut check = copy.program().command();
        let output = check.args(["check", "--env", environment]).output().expect("xtask runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    let deployed = pipeline.json(&["deploy"]);
    let proof = pipeline.json(&["verify", "--events", "20"]);
    assert_eq!((&proof["ok"], &proof["lost"]), (&json!(true), &json!(0)), "{proof}");
    pipeline.json(&["simulate", "--devices", "1", "--rate", "1", "--for", "1s"]);
    let status = pipeline.status();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let queue = sqs(&text(&status["endpoints"]["aws"]), &text(&status["region"]));
    let url = text(&deployed["outputs"]["worker"]["QueueUrl"]);
    queue.send_message().queue_url(url).message_body("{}").send().await.expect("sent");
    for (name, _, says) in FUNCTIONS {
        answers(&pipeline, name, says);
    }

    let receipt = pipeline.json(&["destroy", "--yes"]);
    assert_eq!((&receipt["left"], &receipt["retained"]), (&json!([]), &json!([])), "{receipt}");
    assert_eq!(processes_of(pipeline.folder.path()), Vec::<String>::new());
}

/// Begins everything, with a schedule that a test has the time for.
fn begin(copy: &Copy) {
    let program = Program { path: env!("CARGO_BIN_EXE_xtask").into(), ..copy.program() };
    let begun = FUNCTIONS.map(|(name, trigger, _)| vec!["new", "function", name, "--trigger", trigger]);
    for arguments in begun.into_iter().chain([vec!["new", "stack", STACK]]) {
        let dry = program.command().args(&arguments).arg("--dry-run").output().expect("xtask runs");
        let output = program.command().args(&arguments).output().expect("xtask runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(dry.status.success() && output.status.success(), "{arguments:?}: {said}");
        let again = program.command().args(&arguments).output().expect("xtask runs");
        assert_eq!(again.status.code(), Some(2), "{arguments:?} a second time");
    }
    let ticker = copy.root.join("stacks/src/ticker.rs");
    let text = std::fs::read_to_string(&ticker).expect("a stack");
    let often = text.replace("rate(1 hour)", "rate(1 minute)");
    assert_ne!(often, text);
    std::fs::write(ticker, often).expect("written");
}

/// Waits until a function says in its log what it was invoked with.
fn answers(pipeline: &Pipeline, function: &str, says: &str) {
    let start = Instant::now();
    loop {
        let lines = pipeline.json(&["logs", function, "--since", "1h", "--filter", "answered"]);
        let lines = lines["lines"].as_array().expect("lines");
        let mut messages = lines.iter().filter_map(|line| line["message"].as_str());
        if messages.any(|message| message.contains(says)) {
            return;
        }
        assert!(start.elapsed() < Duration::from_mins(3), "{function} does not say {says}: {lines:#?}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// A copy of this checkout with a target folder of its own, in which what comes from the registry is linked to that
/// of this one: it is neither compiled again nor there twice.
struct Copy {
    root: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn of_this_checkout() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
        let copy = Self { root: place.join("checkout"), target: place.join("target") };
        mirror(checkout, &copy.root, &["target", ".git", "flink-job"]);
        let own = targets(checkout);
        for folder in ["deps", "build", ".fingerprint"] {
            let (from, to) = (target().join("debug").join(folder), copy.target.join("debug").join(folder));
            link(&from, &to, &|name| !own.contains(&plain(made_from(name))));
        }
        // The Python environments, and what is packed under the hash of its content.
        let sluice = copy.target.join("sluice");
        if !sluice.exists() {
            std::fs::create_dir_all(target().join("sluice")).expect("a folder");
            std::os::unix::fs::symlink(target().join("sluice"), sluice).expect("a link");
        }
        copy
    }

    fn program(&self) -> Program {
        Program {
            path: self.target.join("debug/xtask"),
            checkout: self.root.clone(),
            target: self.target.clone(),
        }
    }

    /// Runs cargo in the copy.
    fn cargo(&self, arguments: &[&str]) {
        let mut command = Command::new(env!("CARGO"));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_told) {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        let output = command.output().expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stderr);
        let tested = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "cargo {arguments:?}:\n{tested}\n{said}");
        assert!(!said.contains("warning: unused") && !said.contains("never used"), "{said}");
    }
}

/// What the packages of a checkout are compiled to: libraries, programs, tests.
fn targets(checkout: &Path) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(checkout)
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names = packages.iter().flat_map(|package| {
        let targets = package["targets"].as_array().into_iter().flatten();
        targets.map(|target| &target["name"]).chain([&package["name"]])
    });
    names.filter_map(Value::as_str).map(plain).collect()
}

fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// The name of what a file or folder of cargo's was made from: `tokio` of `libtokio-0123abc.rlib`.
fn made_from(name: &str) -> &str {
    let name = name.strip_prefix("lib").unwrap_or(name);
    name.rsplit_once('-').map_or(name, |(made_from, _)| made_from)
}

/// Makes a folder equal to another: what is the same stays untouched, so that cargo finds it as it was.
fn mirror(from: &Path, to: &Path, without: &[&str]) {
    std::fs::create_dir_all(to).expect("a folder");
    let names = |folder: &Path| -> BTreeSet<std::ffi::OsString> {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name());
        entries.filter(|name| !without.iter().any(|left| name == *left)).collect()
    };
    let wanted = names(from);
    for gone in names(to).difference(&wanted).map(|name| to.join(name)) {
        if gone.is_dir() { std::fs::remove_dir_all(&gone) } else { std::fs::remove_file(&gone) }
            .expect("removed");
    }
    for name in wanted {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            mirror(&from, &to, &[]);
        } else if std::fs::read(&to).ok() != std::fs::read(&from).ok() {
            std::fs::copy(from, to).expect("a copy");
        }
    }
}

/// Links the files of a folder whose names are wanted into another, where they are not there yet.
fn link(from: &Path, to: &Path, is_wanted: &dyn Fn(&str) -> bool) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !name.to_str().is_some_and(is_wanted) {
            continue;
        }
        let to = to.join(&name);
        if entry.path().is_dir() {
            link(&entry.path(), &to, &|_| true);
        } else if !to.exists() {
            // A build may remove it meanwhile: what is missing is compiled.
            let _ = std::fs::hard_link(entry.path(), to);
        }
    }
}
