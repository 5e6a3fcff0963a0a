//! Which room may depend on which: the table of `ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each package may use of the workspace, in its tests too but for [`IN_TESTS`].
const MAY_USE: &[(&str, &[&str])] = &[
    ("telemetry", &[]),
    ("sql", &["telemetry"]),
    ("timestream", &["sql", "telemetry"]),
    ("postgres", &["sql", "telemetry", "timestream"]),
    ("stacks", &["postgres", "sql", "telemetry", "timestream"]),
    ("custom-resource", &[]),
    ("data-api", &["postgres"]),
    ("kinesis-consumer", &["data-api", "postgres", "telemetry", "timestream"]),
    ("store-setup", &["custom-resource", "data-api", "postgres", "telemetry"]),
    ("jsonl-transform", &["telemetry"]),
    ("device-simulator", &["telemetry"]),
    ("twinmaker-connector", &["data-api", "postgres", "sql", "telemetry", "timestream"]),
    ("local-harness", &[]),
    ("local-timestream", &["local-harness"]),
    ("local-twinmaker", &["local-harness"]),
    ("local-rds-data", &["local-harness"]),
    ("local-provider", &["custom-resource"]),
    ("xtask-start", &[]),
    ("session", &["stacks", "telemetry"]),
    ("artifacts", &["session", "stacks", "telemetry", "xtask-start"]),
    ("local-target", &["artifacts", "session", "stacks", "telemetry"]),
    ("engine", &["artifacts", "local-target", "session", "stacks", "telemetry"]),
    ("samples", &["jsonl-transform", "stacks", "telemetry", "timestream"]),
    (
        "cli",
        &[
            "artifacts",
            "data-api",
            "device-simulator",
            "engine",
            "local-target",
            "postgres",
            "samples",
            "session",
            "sql",
            "stacks",
            "telemetry",
            "timestream",
        ],
    ),
    (
        "xtask",
        &[
            "artifacts",
            "cli",
            "device-simulator",
            "session",
            "stacks",
            "telemetry",
            "timestream",
            "xtask-start",
        ],
    ),
    ("test-service", &["session"]),
];

/// Packages that read a command line or draw on a terminal, which is the command line's alone.
const TERMINAL: &[&str] = &[
    "anstream",
    "anstyle",
    "clap",
    "clap_complete",
    "comfy-table",
    "console",
    "indicatif",
    "ratatui-core",
    "ratatui-widgets",
];

/// What a function may use that has no line of its own.
const FUNCTION_MAY_USE: &[&str] = &["telemetry", "timestream"];

/// What the tests of a package may use that the package may not: they decode for a store, or start a local one.
const IN_TESTS: &[(&str, &str)] = &[
    ("telemetry", "timestream"),
    ("device-simulator", "timestream"),
    ("kinesis-consumer", "local-harness"),
    ("kinesis-consumer", "local-rds-data"),
    ("store-setup", "local-rds-data"),
    ("twinmaker-connector", "local-harness"),
    ("twinmaker-connector", "local-rds-data"),
    ("local-provider", "local-harness"),
    ("local-provider", "local-rds-data"),
    ("xtask", "local-harness"),
    ("engine", "test-service"),
    ("cli", "test-service"),
];

/// Packages that do I/O, which a pure library must not reach, however far down.
const IO: &[&str] = &["tokio", "aws-config", "reqwest", "hyper", "ureq"];

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().expect("packages");
    let mut allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for package in packages {
        let manifest = package["manifest_path"].as_str().expect("a path");
        if manifest.contains("/lambdas/") {
            allowed.entry(package["name"].as_str().expect("a name")).or_insert(FUNCTION_MAY_USE);
        }
    }
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    assert_eq!(names, allowed.keys().copied().collect(), "every package has a line in this table");
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let Some(used) = dependency["name"].as_str().filter(|used| names.contains(used)) else {
                continue;
            };
            let in_tests = dependency["kind"] == "dev" && IN_TESTS.contains(&(name, used));
            assert!(allowed[name].contains(&used) || in_tests, "{name} may not use {used}");
        }
    }
}

#[test]
fn pure_libraries_reach_no_io() {
    for package in ["stacks", "telemetry", "timestream", "device-simulator"] {
        let reached = reached(package);
        let io: Vec<_> = IO.iter().filter(|name| reached.contains(**name)).collect();
        assert!(io.is_empty(), "{package} reaches {io:?}");
    }
}

#[test]
fn only_the_command_line_reads_and_draws() {
    for package in ["session", "artifacts", "local-target", "engine"] {
        let reached = reached(package);
        let outside: Vec<_> = TERMINAL.iter().filter(|name| reached.contains(**name)).collect();
        assert!(outside.is_empty(), "{package} reaches {outside:?}");
    }
}

/// The packages that a package reaches, however far down.
fn reached(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--no-default-features",
            "--package",
            package,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    let reached: BTreeSet<String> =
        tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(reached.contains(package), "{tree}");
    reached
}
