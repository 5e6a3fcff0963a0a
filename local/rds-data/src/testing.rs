//! A cluster with its Data API as real processes, for tests that talk to it as clients do.
//!
//! They end with the value that stands for them. PostgreSQL's programs are in the folder that `SLUICE_POSTGRES` names;
//! without the variable a test fails: one that skips itself proves nothing. What goes wrong is a panic.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use local_harness::process::{self, Process};
use serde_json::{Value, json};

use crate::{clusters::Description, secrets::Credentials};

/// A cluster that runs.
#[derive(Debug)]
pub struct Instance {
    process: Process,
    state: PathBuf,
    /// What is known of it: its ARN, its database, where its server is, the secret of its master role.
    pub cluster: Description,
}

/// The database of every cluster of tests.
pub const DATABASE: &str = "sluice_test";
/// The master role of every cluster of tests, as in the stack.
pub const MASTER: &str = "sluice";

/// The folder of PostgreSQL's programs.
pub fn postgres() -> PathBuf {
    PathBuf::from(env::var_os("SLUICE_POSTGRES").expect(
        "SLUICE_POSTGRES must name a folder with initdb and postgres, 15 or later; `cargo xtask test` sets it",
    ))
}

/// The command that starts this program on a free port, with its state in a folder.
pub fn command(program: &Path, state: &Path) -> Command {
    let mut command = process::command(program, state);
    command.arg("--postgres").arg(postgres());
    command
}

/// Starts the program of this workspace with its state in a folder, which has to be there, and makes a cluster, unless
/// the folder has it.
pub fn start(state: &Path) -> Instance {
    Instance::of(command(&process::program("local-rds-data"), state), state)
}

impl Instance {
    /// Starts a [`command`], and makes a cluster, unless its state has it.
    pub fn of(command: Command, state: &Path) -> Self {
        let process = Process::start(command);
        let wanted = json!({ "identifier": "sluice-test-store", "database": DATABASE, "username": MASTER });
        let (status, made) = process.request("POST", "/_local/clusters", &[], &wanted.to_string());
        assert_eq!(status, 200, "{made}");
        let cluster = serde_json::from_value(made).expect("a description");
        Self { process, state: state.to_owned(), cluster }
    }

    /// Where the Data API listens.
    pub fn url(&self) -> String {
        self.process.url()
    }

    /// The process, to end it or to send requests as they stand.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The process alone.
    pub fn into_process(self) -> Process {
        self.process
    }

    /// Makes a secret for a role; returns its ARN. The role is the test's to make.
    pub fn secret(&self, username: &str, password: &str) -> String {
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{username}");
        let mut secrets = self.secrets();
        let (username, password) = (username.to_owned(), password.to_owned());
        secrets.insert(arn.clone(), Credentials { username, password });
        std::fs::write(self.file(), serde_json::to_vec(&secrets).expect("JSON"))
            .expect("the secrets are written");
        arn
    }

    /// The name and password of a secret, for a test that connects to the server itself.
    pub fn credentials(&self, secret_arn: &str) -> Credentials {
        self.secrets().remove(secret_arn).expect("the secret")
    }

    /// Asks for faults, as `faults` has them.
    pub fn faults(&self, plan: &Value) {
        let (status, answer) = self.process.request("POST", "/_local/faults", &[], &plan.to_string());
        assert_eq!(status, 200, "{answer}");
    }

    fn secrets(&self) -> BTreeMap<String, Credentials> {
        serde_json::from_slice(&std::fs::read(self.file()).expect("the secrets")).expect("JSON")
    }

    fn file(&self) -> PathBuf {
        self.state.join("secrets.json")
    }
}
