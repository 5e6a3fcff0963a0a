//! `doctor`: what this machine has of what the pipeline needs, and what to do about the rest.

use std::fmt;
use std::path::{Path, PathBuf};

use aws_sdk_timestreamquery::types::QueryPricingModel;
use clap::Args;
use serde::Serialize;
use stacks::environment::{Architecture, Consumer, Environment, Target};
use telemetry::Model;

use super::Outcome;
use crate::Global;
use crate::report::{BAD, Document, FAINT, GOOD, Report, paint};
use artifacts::toolchain;
use artifacts::toolchain::jdk;
use artifacts::toolchain::python;
use artifacts::toolchain::requirements::{AUDIT, EMULATOR, Requirements, TOOLS};
use artifacts::toolchain::venv::{self, Venv};
use engine::deploy::causes::OTHER_STORE;
use engine::deploy::status::says_timestream_closed;
use engine::twin::Workspace;
use session::sdk_error::sentence;
use session::{Exit, Project, Session};

/// Builds, the Python environment and the local target's data take about this much, in bytes.
const ENOUGH_DISK: u64 = 8_000_000_000;

/// What queries of Timestream may cost.
const QUERIES: &str = "Timestream queries";

/// Say what this machine lacks, and the command that mends it
#[derive(Debug, Args)]
pub struct Doctor {}

#[derive(Debug, Serialize)]
struct Diagnosis {
    ok: bool,
    environment: String,
    findings: Vec<Finding>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    subject: &'static str,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// There, and fit.
    Fine,
    /// Needed, and absent or unfit.
    Lacking,
    /// Neither there nor needed now.
    Absent,
}

impl Finding {
    fn fine(subject: &'static str, detail: impl Into<String>) -> Self {
        Self { subject, state: State::Fine, detail: detail.into(), fix: None }
    }

    fn absent(subject: &'static str, detail: impl Into<String>) -> Self {
        Self { subject, state: State::Absent, detail: detail.into(), fix: None }
    }

    fn lacking(subject: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { subject, state: State::Lacking, detail: detail.into(), fix: Some(fix.into()) }
    }
}

impl Doctor {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load_sample(&global.environment(), &global.set)?;
        let mut findings = vec![
            rust(&project).await,
            python(),
            packages("Emulator", &EMULATOR, &project),
            packages("Python packages", &TOOLS, &project),
            packages("Security checkers", &AUDIT, &project),
            jdk(&environment),
            disk(project.target()),
        ];
        findings.extend(match environment.target {
            Target::Local => target(&project, global),
            Target::Aws => {
                let mut findings = vec![processor(&project, &environment).await];
                findings.extend(services(&model, &environment).await);
                findings
            }
        });
        let ok = findings.iter().all(|finding| finding.state != State::Lacking);
        report.print(&Diagnosis { ok, environment: environment.name, findings });
        Ok(if ok { Exit::Done } else { Exit::Unexpected })
    }
}

async fn rust(project: &Project) -> Finding {
    let needed = env!("CARGO_PKG_RUST_VERSION");
    match said(toolchain::cargo(project).arg("--version")).await {
        // This program was compiled, so the compiler is new enough.
        Some(version) => Finding::fine("Rust", format!("{version} (at least {needed} is needed)")),
        None => Finding::lacking("Rust", "cargo does not start", "install it from https://rustup.rs"),
    }
}

fn python() -> Finding {
    match python::find() {
        Ok(python) => {
            let (major, minor) = python.version;
            Finding::fine("Python", format!("{major}.{minor} at {}", python.path.display()))
        }
        Err(error) => Finding::lacking("Python", error.to_string(), error.remedy()),
    }
}

/// Needed by one of the consumers only.
fn jdk(environment: &Environment) -> Finding {
    let needed = matches!(environment.consumer, Consumer::Flink(_));
    match jdk::find() {
        Ok(jdk) => Finding::fine("JDK", format!("{} at {}", jdk.version, jdk.home.display())),
        Err(error) if needed => Finding::lacking("JDK", error.to_string(), jdk::remedy()),
        Err(error) => Finding::absent("JDK", format!("{error}; only a consumer of kind `flink` needs it")),
    }
}

fn packages(subject: &'static str, requirements: &Requirements, project: &Project) -> Finding {
    if let Some(venv) = Venv::find(requirements, project) {
        return Finding::fine(subject, shown(project, &venv.bin()));
    }
    let place = venv::location(requirements, project);
    let (place, megabytes) = (shown(project, &place), requirements.megabytes);
    Finding::absent(subject, format!("are set up in {place} when they are first needed ({megabytes} MB)"))
}

fn disk(folder: &Path) -> Finding {
    let existing = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(folder);
    let Ok(room) = rustix::fs::statvfs(existing) else {
        return Finding::absent("Disk", format!("the space around {} is not known", existing.display()));
    };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let detail = format!("{} GB free for {}", free / 1_000_000_000, folder.display());
    if free >= ENOUGH_DISK {
        return Finding::fine("Disk", detail);
    }
    let fix = format!(
        "make room for {} GB, or name another folder with CARGO_TARGET_DIR",
        ENOUGH_DISK / 1_000_000_000
    );
    Finding::lacking("Disk", detail, fix)
}

fn target(project: &Project, global: &Global) -> Vec<Finding> {
    if let Some(endpoints) = local_target::running(&global.location(project)) {
        let processes = local_target::processes(&global.location(project));
        let pids = processes.iter().map(|(name, pid)| format!("{name} {pid}")).collect::<Vec<_>>().join(", ");
        return vec![Finding::fine("Local target", format!("runs at {} ({pids})", endpoints.aws))];
    }
    let ports = match local_target::free_ports(&global.location(project)) {
        Ok(ports) => Finding::fine("Ports", format!("{ports}: free")),
        Err(error) => {
            let fix = session::Explain::hint(&error).unwrap_or_default();
            Finding::lacking("Ports", error.to_string(), fix)
        }
    };
    vec![ports, Finding::absent("Local target", "does not run; `cargo xtask deploy` starts it")]
}

async fn processor(project: &Project, environment: &Environment) -> Finding {
    let triple = match environment.architecture {
        Some(Architecture::X86_64) => "x86_64-unknown-linux-gnu",
        Some(Architecture::Arm64) | None => "aarch64-unknown-linux-gnu",
    };
    let mut command = tokio::process::Command::new("rustup");
    let installed = said(command.args(["target", "list", "--installed"]).current_dir(project.root())).await;
    match installed {
        Some(list) if list.lines().any(|line| line == triple) => {
            Finding::fine("Processor", format!("Rust compiles for {triple}"))
        }
        Some(_) => Finding::absent(
            "Processor",
            format!("{triple} is added to Rust by the first `cargo xtask deploy`"),
        ),
        None => Finding::lacking(
            "Processor",
            format!("whether Rust compiles for {triple} is not known: rustup does not start"),
            "install it from https://rustup.rs, or Rust's library for that processor by other means",
        ),
    }
}

/// The credentials, and what not every account or Region has.
async fn services(model: &Model, environment: &Environment) -> Vec<Finding> {
    let session = match Session::open(model.clone(), environment.clone(), None).await {
        Ok(session) => session,
        Err(failure) => {
            let fix = failure.hint.unwrap_or_default();
            return vec![Finding::lacking("AWS credentials", failure.error.to_string(), fix)];
        }
    };
    let place = format!("for account {}, Region {}", environment.account, environment.region);
    let mut findings = vec![Finding::fine("AWS credentials", place)];
    if environment.store.postgres().is_none() {
        findings.push(queries(&session).await);
    }
    if environment.twin.enabled {
        findings.push(match Workspace::named(&session).exists().await {
            Ok(_) => Finding::fine("TwinMaker", "answers"),
            Err(error) => Finding::lacking(
                "TwinMaker",
                error.to_string(),
                "the credentials need `iottwinmaker:GetWorkspace`; `[twin] enabled = false` does without it",
            ),
        });
    }
    findings
}

/// How much the account's queries of Timestream may take.
async fn queries(session: &Session) -> Finding {
    let client = match session.timestream_query().await {
        Ok(client) => client,
        Err(failure) => return Finding::absent(QUERIES, format!("are not known: {}", failure.error)),
    };
    match client.describe_account_settings().send().await {
        Ok(settings) => capacity(settings.query_pricing_model(), settings.max_query_tcu()),
        Err(error) => unanswered(&sentence(&error)),
    }
}

/// What it means that the service does not answer. What queries cost is no reason not to deploy.
fn unanswered(cause: &str) -> Finding {
    if says_timestream_closed(cause) {
        return Finding::lacking(QUERIES, format!("are refused: {cause}"), OTHER_STORE);
    }
    Finding::absent(QUERIES, format!("are not known: {cause}"))
}

/// What the [settings of an account](https://docs.aws.amazon.com/timestream/latest/developerguide/tcu.html) mean.
fn capacity(pricing: Option<&QueryPricingModel>, most: Option<i32>) -> Finding {
    match (pricing, most) {
        (Some(QueryPricingModel::BytesScanned), _) => {
            Finding::fine(QUERIES, "are paid by the bytes that they read, not by the time that they take")
        }
        (_, Some(most)) => Finding::fine(
            QUERIES,
            format!(
                "MaxQueryTCU is {most}: those under way together take and cost at most {most} units of 4 vCPU, each \
                 at least 4 for 30 s; `aws timestream-query update-account-settings --max-query-tcu N` changes it"
            ),
        ),
        (_, None) => Finding::absent(QUERIES, "the account has no MaxQueryTCU"),
    }
}

/// What a program prints when it succeeds.
async fn said(command: &mut tokio::process::Command) -> Option<String> {
    let output = command.stdout(std::process::Stdio::piped()).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A path as short as it can be told.
fn shown(project: &Project, path: &Path) -> String {
    let short: PathBuf = path.strip_prefix(project.root()).unwrap_or(path).into();
    short.display().to_string()
}

impl Document for Diagnosis {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let width = self.findings.iter().map(|finding| finding.subject.len()).max().unwrap_or(0);
        for Finding { subject, state, detail, fix } in &self.findings {
            let mark = match state {
                State::Fine => paint(GOOD, "✓"),
                State::Lacking => paint(BAD, "✗"),
                State::Absent => paint(FAINT, "–"),
            };
            writeln!(out, "{mark} {subject:width$}  {detail}")?;
            if let Some(fix) = fix {
                writeln!(out, "  {:width$}  {}", "", paint(GOOD, format_args!("→ {fix}")))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_queries_may_cost_is_told() {
        for (pricing, most, state, words) in [
            (Some(QueryPricingModel::ComputeUnits), Some(200), State::Fine, "MaxQueryTCU is 200:"),
            (None, Some(4), State::Fine, "MaxQueryTCU is 4:"),
            (Some(QueryPricingModel::BytesScanned), None, State::Fine, "by the bytes"),
            (Some(QueryPricingModel::ComputeUnits), None, State::Absent, "no MaxQueryTCU"),
        ] {
            let found = capacity(pricing.as_ref(), most);
            assert_eq!((found.state, found.fix.as_ref()), (state, None), "{found:?}");
            assert!(found.detail.contains(words), "{found:?}");
        }
    }

    #[test]
    fn an_account_to_which_timestream_is_closed_is_told_of_the_other_store() {
        let closed = "Only existing Timestream for LiveAnalytics customers can access the service.";
        let found = unanswered(closed);
        assert_eq!(found.state, State::Lacking, "{found:?}");
        assert!(found.fix.is_some_and(|fix| fix.contains("`--set store.kind=postgres`")));
        assert_eq!(unanswered("AccessDeniedException: no").state, State::Absent);
    }

    #[test]
    fn a_table_marks_each_finding_and_names_the_fix() {
        let findings = vec![
            Finding::fine("Rust", "cargo 1.95.0"),
            Finding::lacking("Python", "no Python was found", "`apt install python3`"),
            Finding::absent("Local target", "does not run"),
        ];
        let mut text = String::new();
        Diagnosis { ok: false, environment: "local".to_owned(), findings }.text(&mut text).expect("text");
        let expected = "\
✓ Rust          cargo 1.95.0
✗ Python        no Python was found
                → `apt install python3`
– Local target  does not run
";
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
    }
}
