//! Does with the workflows what GitHub and its runner do, as far as these workflows need it.
//!
//! Each job has a folder of its own, so that what it needs of another one has to come by an artifact. Each
//! GitHub environment stands for an account of AWS: it has its own local target.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::expression::{self, Contexts, Status};
use crate::files::{self, Job, Step, Values, Workflow};
use crate::github::{GitHub, Permission, REPOSITORY};

/// Something that happens to the repository.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: &'static str,
    /// What the event says, as [documented](https://docs.github.com/en/webhooks/webhook-events-and-payloads).
    pub payload: Value,
    pub inputs: Value,
    /// The branch that the run is for.
    branch: &'static str,
}

/// Where the commits of a pull request come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    Here,
    Fork,
}

impl Event {
    pub fn pull_request(number: u64, action: &'static str, head: Head) -> Self {
        let repository = match head {
            Head::Here => REPOSITORY,
            Head::Fork => "mallory/telemetry",
        };
        let pull_request = json!({
            "number": number,
            "head": {"ref": "change", "repo": {"full_name": repository, "fork": head == Head::Fork}},
            "base": {"ref": "main"},
        });
        let payload = json!({"action": action, "number": number, "pull_request": pull_request});
        Self { name: "pull_request", payload, inputs: json!({}), branch: "change" }
    }

    pub fn push_to_main() -> Self {
        Self { name: "push", payload: json!({"ref": "refs/heads/main"}), inputs: json!({}), branch: "main" }
    }

    pub fn dispatch(inputs: Value) -> Self {
        Self { name: "workflow_dispatch", payload: json!({"inputs": inputs}), inputs, branch: "main" }
    }

    pub fn schedule() -> Self {
        Self {
            name: "schedule",
            payload: json!({"schedule": "17 3 * * *"}),
            inputs: json!({}),
            branch: "main",
        }
    }

    /// Whether a workflow runs for it.
    fn triggers(&self, on: &BTreeMap<String, Value>) -> bool {
        let Some(filter) = on.get(self.name) else { return false };
        let listed = |key: &str, value: &str| {
            filter[key].as_array().is_none_or(|values| values.iter().any(|one| one == value))
        };
        match self.name {
            "pull_request" => {
                let action = self.payload["action"].as_str().unwrap_or_default();
                let by_default = ["opened", "synchronize", "reopened"].contains(&action);
                let types = if filter["types"].is_null() { by_default } else { listed("types", action) };
                types && listed("branches", "main")
            }
            "push" => listed("branches", self.branch),
            "workflow_dispatch" => {
                for (name, input) in filter["inputs"].as_object().into_iter().flatten() {
                    let value = self.inputs[name].as_str().unwrap_or_default();
                    assert!(input["required"] != true || !value.is_empty(), "the input {name} is missing");
                    let options = input["options"].as_array();
                    assert!(
                        options.is_none_or(|options| options.iter().any(|one| one == value)),
                        "{name}: {value}"
                    );
                }
                true
            }
            "schedule" => true,
            other => panic!("the event {other} is not known"),
        }
    }
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Success,
    Failure,
    Skipped,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

/// A job that GitHub looked at.
#[derive(Debug, Clone)]
pub struct Ran {
    /// For instance `deploy.yml: plan (dev)`.
    pub name: String,
    pub ended: Ended,
    /// What its steps added to the summary.
    pub summary: String,
    /// What its steps wrote.
    pub log: String,
    /// What it tells the jobs that need it.
    outputs: Value,
}

/// What the jobs that need a job know of it.
#[derive(Debug, Clone)]
struct Before {
    ended: Ended,
    outputs: Value,
}

/// Everything that ran for an event.
#[derive(Debug)]
pub struct Runs(Vec<Ran>);

impl Runs {
    /// Jobs that were not skipped, with how they ended, in the order in which they ran.
    pub fn ended(&self) -> Vec<(&str, Ended)> {
        let ran = self.0.iter().filter(|ran| ran.ended != Ended::Skipped);
        ran.map(|ran| (ran.name.as_str(), ran.ended)).collect()
    }

    /// Fails the test unless exactly these jobs ran, with success.
    pub fn expect(self, names: &[&str]) -> Self {
        let expected: Vec<_> = names.iter().map(|name| (*name, Ended::Success)).collect();
        assert_eq!(self.ended(), expected, "{}", self.logs());
        self
    }

    /// The job of this name.
    pub fn job(&self, name: &str) -> &Ran {
        self.0.iter().find(|ran| ran.name == name).unwrap_or_else(|| panic!("no job {name}\n{}", self.logs()))
    }

    fn logs(&self) -> String {
        let logs = self.0.iter().map(|ran| format!("== {} {:?}\n{}", ran.name, ran.ended, ran.log));
        logs.collect::<Vec<_>>().join("\n")
    }
}

/// A repository on GitHub with its workflows, and the accounts that it deploys to.
pub struct Repository {
    pub github: GitHub,
    folder: tempfile::TempDir,
    runs: u64,
}

/// The workflow that touches no environment, and is the same whoever asks.
const CHECKS: &str = "ci.yml";

/// The GitHub environments, and whether only main may use them.
const ENVIRONMENTS: [(&str, bool); 5] =
    [("dev", true), ("dev-plan", false), ("prod", true), ("prod-plan", false), ("preview", false)];

impl Repository {
    /// A repository whose environments are `files`: names and texts. Each deploys to a local target.
    pub fn new(files: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Self { github: GitHub::start(), folder, runs: 0 };
        let environments = repository.configuration().join("environments");
        std::fs::create_dir_all(&environments).expect("a folder");
        for (name, text) in files {
            std::fs::write(environments.join(format!("{name}.toml")), text).expect("a file");
        }
        std::fs::copy(
            files::root().join("telemetry.toml"),
            repository.configuration().join("telemetry.toml"),
        )
        .expect("a copy");
        repository.install_cargo();
        repository
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("configuration")
    }

    /// The local target that stands for the account of an environment.
    fn account(&self, environment: &str) -> PathBuf {
        self.folder.path().join("accounts").join(environment)
    }

    /// A `cargo` that knows the alias of `.cargo/config.toml` without compiling: while tests run, their own
    /// xtask must not be rebuilt under their feet.
    fn install_cargo(&self) {
        use std::os::unix::fs::PermissionsExt as _;

        let bin = self.folder.path().join("bin");
        std::fs::create_dir_all(&bin).expect("a folder");
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = xtask ] || {{ echo \"cargo $1 is no step of a workflow\" >&2; exit 99; }}\n\
             shift\nexec '{}' \"$@\"\n",
            env!("CARGO_BIN_EXE_xtask")
        );
        let cargo = bin.join("cargo");
        std::fs::write(&cargo, script).expect("a script");
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).expect("executable");
    }

    /// A command of a person at a laptop, with the credentials of an environment.
    pub fn xtask(&self, environment: &str, arguments: &[&str]) -> std::process::Output {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_xtask")), environment);
        command.args(arguments).args(["--env", environment]).output().expect("it runs")
    }

    fn command(&self, program: &Path, environment: &str) -> Command {
        let mut command = Command::new(program);
        let told = ["GITHUB_", "SLUICE_", "AWS_", "CI"];
        for (name, _) in std::env::vars_os() {
            if told.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
            .stdin(Stdio::null())
            // Where the functions are built, cargo is needed itself.
            .env("CARGO", env!("CARGO"))
            .env("SLUICE_CONFIGURATION", self.configuration())
            .env("SLUICE_LOCAL_DIR", self.account(environment))
            .env("SLUICE_LOCAL_PORT", "0")
            .env("NO_PROXY", "127.0.0.1,localhost");
        command
    }

    /// Runs every workflow that the event triggers, one job after the other, but not the checks.
    pub fn deliver(&mut self, event: &Event) -> Runs {
        self.run(event, |file| file != CHECKS)
    }

    /// Runs the checks that the event triggers.
    pub fn check(&mut self, event: &Event) -> Runs {
        self.run(event, |file| file == CHECKS)
    }

    fn run(&mut self, event: &Event, chosen: impl Fn(&str) -> bool) -> Runs {
        let mut ran = Vec::new();
        for (file, workflow) in files::workflows() {
            if chosen(&file) && event.triggers(&workflow.on) {
                self.runs += 1;
                let mut run =
                    Run { repository: self, file: &file, workflow: &workflow, event, ran: Vec::new() };
                run.all();
                ran.extend(run.ran);
            }
        }
        Runs(ran)
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        for environment in ["dev", "prod", "preview", "none"] {
            let Ok(entries) = std::fs::read_dir(self.account(environment)) else { continue };
            if entries.count() > 0 {
                stop(&self.account(environment));
            }
        }
    }
}

/// Ends what is left of a local target when an assertion failed.
fn stop(account: &Path) {
    let needle = account.display().to_string();
    let own = std::process::id().to_string();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == own || name.parse::<u32>().is_err() {
            continue;
        }
        let told =
            ["cmdline", "environ"].map(|file| std::fs::read(entry.path().join(file)).unwrap_or_default());
        if told.iter().any(|bytes| String::from_utf8_lossy(bytes).contains(&needle)) {
            let _ = Command::new("kill").args(["-9", &name]).status();
        }
    }
}

/// A run of one workflow.
struct Run<'a> {
    repository: &'a Repository,
    file: &'a str,
    workflow: &'a Workflow,
    event: &'a Event,
    ran: Vec<Ran>,
}

/// A job, once for each member of its matrix.
struct Member<'a> {
    id: &'a str,
    job: &'a Job,
    matrix: Value,
    name: String,
}

impl Run<'_> {
    fn all(&mut self) {
        let mut ended: BTreeMap<&str, Before> = BTreeMap::new();
        let jobs = &self.workflow.jobs;
        while ended.len() < jobs.len() {
            let is_next = |id: &str, job: &Job| {
                !ended.contains_key(id) && job.needs.names().iter().all(|name| ended.contains_key(name))
            };
            let (id, job) = jobs.iter().find(|(id, job)| is_next(id, job)).expect("jobs that need no circle");
            let needs: BTreeMap<&str, Before> =
                job.needs.names().into_iter().map(|name| (name, ended[name].clone())).collect();
            let (mut all, mut outputs) = (BTreeSet::new(), json!({}));
            for member in self.members(id, job, &needs) {
                let ran = self.job(&member, &needs);
                all.insert(ran.ended.as_str());
                outputs = ran.outputs.clone();
                self.ran.push(Ran { name: format!("{}: {}", self.file, member.name), ..ran });
            }
            let together = if all.contains("failure") {
                Ended::Failure
            } else if all.contains("success") {
                Ended::Success
            } else {
                Ended::Skipped
            };
            ended.insert(id, Before { ended: together, outputs });
        }
    }

    fn contexts(
        &self,
        member: &Member,
        needs: &BTreeMap<&str, Before>,
        vars: &Value,
        token: &str,
    ) -> Contexts {
        let needs: BTreeMap<_, _> = needs
            .iter()
            .map(|(name, Before { ended, outputs })| {
                (*name, json!({"result": ended.as_str(), "outputs": outputs}))
            })
            .collect();
        let contexts = json!({
            "github": {
                "event": self.event.payload,
                "event_name": self.event.name,
                "job": member.id,
                "ref": format!("refs/heads/{}", self.event.branch),
                "repository": REPOSITORY,
                "sha": "1b2c3d4e5f60718293a4b5c6d7e8f9012345678a",
                "token": token,
            },
            "inputs": self.event.inputs,
            "matrix": member.matrix,
            "needs": needs,
            "runner": {"os": "Linux"},
            "steps": {},
            "vars": vars,
        });
        contexts.as_object().cloned().unwrap_or_default()
    }

    /// A job, once for each member of its matrix. One whose matrix has no values yet has none: it is skipped.
    fn members<'a>(&self, id: &'a str, job: &'a Job, needs: &BTreeMap<&str, Before>) -> Vec<Member<'a>> {
        let bare = Member { id, job, matrix: json!({}), name: id.to_owned() };
        let Some(strategy) = &job.strategy else { return vec![bare] };
        assert!(!strategy.fail_fast && strategy.matrix.len() == 1, "{id}: one dimension is known");
        let (key, values) = strategy.matrix.iter().next().expect("a dimension");
        let values = match values {
            Values::Listed(values) => values.clone(),
            Values::Of(source) => {
                let contexts = self.contexts(&bare, needs, &json!({}), "");
                let list = expression::text(source, &contexts).unwrap_or_default();
                serde_json::from_str(&list).unwrap_or_default()
            }
        };
        if values.is_empty() {
            return vec![bare];
        }
        let member =
            |value: String| Member { id, job, matrix: json!({key: value}), name: format!("{id} ({value})") };
        values.into_iter().map(member).collect()
    }

    fn job(&self, member: &Member, needs: &BTreeMap<&str, Before>) -> Ran {
        let job = member.job;
        let mut ran = Ran {
            name: String::new(),
            ended: Ended::Skipped,
            summary: String::new(),
            log: String::new(),
            outputs: json!({}),
        };
        let bare = self.contexts(member, needs, &json!({}), "");
        let status = needs.values().all(|before| before.ended == Ended::Success);
        let status = if status { Status::Success } else { Status::Failure };
        if !expression::condition(job.condition.as_deref(), &bare, status).unwrap_or_else(self.wrong(member))
        {
            return ran;
        }
        assert_eq!(
            job.strategy.is_some(),
            member.matrix != json!({}),
            "{}: a matrix of nothing",
            member.name
        );
        for concurrency in job.concurrency.iter().chain([&self.workflow.concurrency]) {
            let group = expression::text(&concurrency.group, &bare).unwrap_or_else(self.wrong(member));
            assert!(!group.is_empty() && !group.ends_with('-'), "{}: the group {group}", member.name);
        }

        let environment = job.environment.as_deref().map(|environment| {
            let environment = expression::text(environment, &bare).unwrap_or_else(self.wrong(member));
            let known = ENVIRONMENTS.iter().find(|(name, _)| *name == environment);
            let (_, only_main) = known.unwrap_or_else(|| panic!("there is no environment {environment}"));
            assert!(
                !only_main || self.event.branch == "main",
                "{environment} is not for {}",
                self.event.branch
            );
            environment
        });
        let account =
            environment.as_deref().map_or("none", |name| name.strip_suffix("-plan").unwrap_or(name));
        let role = environment.as_deref().unwrap_or("none").replace("-plan", "/plan");
        let vars = json!({"AWS_ROLE_ARN": format!("arn:aws:iam::111122223333:role/{role}"), "AWS_REGION": "eu-central-1"});
        let vars = if environment.is_some() { vars } else { json!({}) };
        let permissions = job.permissions.as_ref().unwrap_or(&self.workflow.permissions);
        // A run for a fork never has more than it may read.
        let from_here =
            self.event.payload["pull_request"]["head"]["repo"]["full_name"] != "mallory/telemetry";
        let writes = from_here && permissions.get("pull-requests").is_some_and(|level| level == "write");
        let token = self.repository.github.token(if writes { Permission::Write } else { Permission::Read });
        let contexts = self.contexts(member, needs, &vars, &token);

        let workspace = tempfile::tempdir().expect("a folder");
        let mut place = Place {
            run: self,
            member,
            contexts,
            account: account.to_owned(),
            workspace: workspace.path().to_path_buf(),
            id_token: from_here && permissions.get("id-token").is_some_and(|level| level == "write"),
            checked_out: false,
            ran: &mut ran,
        };
        let ended = place.steps();
        let outputs: Value =
            job.outputs.iter().map(|(name, value)| (name.clone(), json!(place.text(value)))).collect();
        (ran.ended, ran.outputs) = (ended, outputs);
        ran
    }

    fn wrong<T>(&self, member: &Member) -> impl Fn(String) -> T {
        move |error| panic!("{}: {}: {error}", self.file, member.name)
    }

    /// Where this run keeps the artifact of this name.
    fn artifact(&self, name: &str) -> PathBuf {
        self.repository.folder.path().join("artifacts").join(self.repository.runs.to_string()).join(name)
    }
}

/// A job while it runs.
struct Place<'a> {
    run: &'a Run<'a>,
    member: &'a Member<'a>,
    contexts: Contexts,
    account: String,
    workspace: PathBuf,
    id_token: bool,
    checked_out: bool,
    ran: &'a mut Ran,
}

impl Place<'_> {
    fn steps(&mut self) -> Ended {
        let mut status = Status::Success;
        for step in &self.member.job.steps {
            let holds = expression::condition(step.condition.as_deref(), &self.contexts, status);
            if !holds.unwrap_or_else(self.run.wrong(self.member)) {
                continue;
            }
            let began = Instant::now();
            self.log(format_args!("-- {}", step.name));
            let done = match (&step.run, &step.uses) {
                (Some(run), None) => self.bash(step, run),
                (None, Some(uses)) => self.action(step, uses),
                _ => panic!("{}: a step runs or uses", step.name),
            };
            self.log(format_args!("-- {:.1}s", began.elapsed().as_secs_f64()));
            if !done {
                status = Status::Failure;
            }
        }
        if status == Status::Success { Ended::Success } else { Ended::Failure }
    }

    fn log(&mut self, line: std::fmt::Arguments<'_>) {
        self.ran.log.push_str(&line.to_string());
        self.ran.log.push('\n');
    }

    fn text(&self, template: &str) -> String {
        expression::text(template, &self.contexts).unwrap_or_else(self.run.wrong(self.member))
    }

    /// Runs a step as the runner does with `shell: bash`.
    fn bash(&mut self, step: &Step, script: &str) -> bool {
        // These run this test; run again by it they would never end.
        if ["cargo xtask lint", "cargo xtask test"].contains(&script.trim()) {
            return true;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (file, summary) = (folder.path().join("step.sh"), folder.path().join("summary.md"));
        let outputs = folder.path().join("output");
        std::fs::write(&file, script).expect("a script");
        let mut command = self.run.repository.command(Path::new("bash"), &self.account);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let bin = self.run.repository.folder.path().join("bin");
        let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)));
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&file)
            .current_dir(&self.workspace)
            .env("PATH", path.expect("a path"))
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_API_URL", &self.run.repository.github.url)
            .env("GITHUB_EVENT_NAME", self.run.event.name)
            .env("GITHUB_OUTPUT", &outputs)
            .env("GITHUB_REPOSITORY", REPOSITORY)
            .env("GITHUB_RUN_ID", self.run.repository.runs.to_string())
            .env("GITHUB_SERVER_URL", "https://github.example.com")
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("GITHUB_WORKSPACE", &self.workspace);
        for env in [&self.run.workflow.env, &self.member.job.env, &step.env] {
            for (name, value) in env {
                command.env(name, self.text(value));
            }
        }
        let output = command.output().expect("bash runs");
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.log(format_args!("{}{}{}", read(&output.stdout), read(&output.stderr), output.status));
        self.ran.summary.push_str(&std::fs::read_to_string(&summary).unwrap_or_default());
        if let Some(id) = &step.id {
            let text = std::fs::read_to_string(&outputs).unwrap_or_default();
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            let pairs: Value = pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect();
            self.contexts["steps"][id] = json!({"outputs": pairs});
        }
        output.status.success()
    }

    fn action(&mut self, step: &Step, uses: &str) -> bool {
        let with = |name: &str| {
            step.with.get(name).map(|value| match value {
                Value::String(text) => self.text(text),
                other => other.to_string(),
            })
        };
        match uses.split('@').next().unwrap_or_default() {
            "actions/checkout" => {
                self.checked_out = true;
                true
            }
            // The program is there already.
            "./.github/actions/prepare" => {
                assert!(self.checked_out, "an action of the repository needs the repository");
                let action = files::action(uses);
                assert_eq!(action.runs.using, "composite");
                for name in action.inputs.keys() {
                    assert!(with(name).is_some_and(|value| !value.is_empty()), "{uses} needs {name}");
                }
                let known = ["actions/setup-java", "actions/cache"];
                let is_known = |step: &Step| {
                    let uses = step.uses.as_deref().and_then(|uses| uses.split('@').next());
                    uses.is_some_and(|uses| known.contains(&uses))
                };
                assert!(action.runs.steps.iter().all(is_known), "{uses} has a step that is not known");
                true
            }
            "aws-actions/configure-aws-credentials" => {
                assert!(self.id_token, "{}: a role needs `id-token: write`", self.member.name);
                for name in ["role-to-assume", "aws-region"] {
                    assert!(with(name).is_some_and(|value| !value.is_empty()), "{name} is not set");
                }
                true
            }
            "actions/upload-artifact" => {
                let (name, path) = (with("name").expect("a name"), with("path").expect("a path"));
                let path = self.workspace.join(path);
                assert_eq!(with("if-no-files-found").as_deref(), Some("error"), "{name}");
                let kept = self.run.artifact(&name);
                assert!(!kept.exists(), "there is an artifact {name} already");
                if path.is_dir() {
                    copy(&path, &kept);
                } else if path.exists() {
                    std::fs::create_dir_all(&kept).expect("a folder");
                    let file = path.file_name().expect("a name");
                    std::fs::copy(&path, kept.join(file)).expect("a copy");
                }
                kept.exists()
            }
            "actions/download-artifact" => {
                let name = with("name").expect("a name");
                let to = self.workspace.join(with("path").unwrap_or_default());
                let kept = self.run.artifact(&name);
                if kept.exists() {
                    copy(&kept, &to);
                } else {
                    self.log(format_args!("there is no artifact {name}"));
                }
                kept.exists()
            }
            other => panic!("the action {other} is not known"),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).expect("a copy");
        }
    }
}
