//! `invoke`: a function of the environment, called once.

mod event;

use std::fmt;
use std::time::Instant;

use anyhow::Context as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use stacks::{Artifact, Function, Inputs};

use self::event::Surroundings;
use super::Outcome;
use crate::Global;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use engine::deploy;
use engine::deploy::options::selection;
use engine::inventory::Inventory;
use session::sdk_error::sentence;
use session::{Exit, Failure, Project, Session};

/// Call a function once, and show its answer and its log
///
/// Without --event it is given what calls it in the pipeline: a batch of the stream, a buffer of Firehose, a tick of
/// its schedule. Events in it are of the model, from devices that dashboards, alerts and counts leave out, and what the
/// function does with them is real: the consumer stores them. What else calls a function, only --event knows.
///
/// Of the log, lines of level DEBUG are left out: `cargo xtask logs` has them.
#[derive(Debug, Args)]
pub struct Invoke {
    /// The function, by the name of its package, for instance jsonl-transform.
    function: String,
    /// What it is given: a JSON file, `-` for standard input, or the name of a file in tests/events of its package.
    #[arg(long, value_name = "FILE|NAME")]
    event: Option<String>,
    /// How many events of the model a batch or buffer has.
    #[arg(
        long,
        default_value_t = 2,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000),
        conflicts_with = "event"
    )]
    events: u32,
    /// Show what it would be given, and call nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What a function is given.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Given(Value);

/// What came of a call.
#[derive(Debug, Serialize)]
struct Answered {
    /// Name of the function in Lambda.
    function: String,
    /// Its answer, or what it says of its failure; `null` if it says nothing.
    answer: Value,
    /// `Unhandled` or `Handled`, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The end of its log: [4 KB](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html) at most. A person reads
    /// of it what [`is_told`].
    log: Vec<String>,
    milliseconds: u64,
}

impl Document for Given {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{:#}", self.0)
    }
}

impl Document for Answered {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for line in self.log.iter().filter(|line| is_told(line)) {
            writeln!(out, "{}", paint(FAINT, line))?;
        }
        writeln!(out, "{:#}", self.answer)?;
        let Self { function, error, milliseconds, .. } = self;
        let verb = if error.is_some() { "failed" } else { "answered" };
        writeln!(out, "{} {verb} after {milliseconds} ms", paint(STRONG, function))
    }
}

/// Whether a line of a log is shown to a person: one that is whole, and not of a level for whoever looks for a fault.
fn is_told(line: &str) -> bool {
    match serde_json::from_str::<Value>(line) {
        Ok(line) => !matches!(line["level"].as_str(), Some("DEBUG" | "TRACE")),
        // The end of a log may begin amid a line of JSON.
        Err(_) => !line.ends_with('}'),
    }
}

impl Invoke {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (session, inventory) = global.connect_to_deployed().await?;
        let functions = functions(&session);
        let function = self.find(&functions, &session)?;
        let given = if let Some(event) = &self.event {
            event::read(function.name, event, &Project::locate())?
        } else {
            let surroundings = Surroundings::of(&session, &inventory, Timestamp::now())?;
            surroundings.ready(function, self.events, &Project::locate())?
        };
        if self.dry_run {
            report.print(&Given(given));
            return Ok(Exit::Done);
        }
        let name = physical(function, &session, &inventory)?;
        let answered = call(&session, name, &given).await?;
        report.print(&answered);
        if answered.error.is_none() {
            return Ok(Exit::Done);
        }
        let failure = Failure::new(Exit::Unexpected, format_args!("{} failed", function.name));
        Err(failure.hint("`cargo xtask logs` shows all that it said"))
    }

    fn find(&self, functions: &[Function], session: &Session) -> Result<Function, Failure> {
        let found = functions.iter().find(|function| function.name == self.function);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = functions.iter().map(|function| function.name).collect();
            let (asked, environment) = (&self.function, &session.environment.name);
            let message = format_args!("environment `{environment}` has no function `{asked}`");
            Failure::new(Exit::Configuration, message).hint(format!("it has {}", names.join(", ")))
        })
    }
}

/// The functions that the environment says.
fn functions(session: &Session) -> Vec<Function> {
    let inputs = Inputs { model: &session.model, environment: &session.environment };
    let code = deploy::artifacts(&stacks::synthesize(&inputs)).into_iter();
    code.filter_map(|artifact| match artifact {
        Artifact::Function(function) => Some(function),
        Artifact::FlinkJob => None,
    })
    .collect()
}

/// The name of a deployed function.
fn physical<'i>(function: Function, session: &Session, inventory: &'i Inventory) -> Result<&'i str, Failure> {
    let id = function.logical_id();
    // One that writes to another store is called after that, too.
    let is_it = |logical: &str| {
        logical.strip_prefix(id.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("On"))
    };
    let mut all = inventory.resources("AWS::Lambda::Function");
    let found = all.find(|(_, resource)| is_it(&resource.logical_id));
    found.map(|(_, resource)| resource.physical_id.as_str()).ok_or_else(|| {
        let environment = &session.environment.name;
        let message = format_args!("function `{}` is not deployed to `{environment}`", function.name);
        Failure::new(Exit::NoEnvironment, message)
            .hint(format!("`cargo xtask deploy{}` deploys it", selection(environment)))
    })
}

/// Calls a function, and waits for its answer.
async fn call(session: &Session, name: &str, given: &Value) -> Result<Answered, Failure> {
    let request = session.lambda().invoke().function_name(name).log_type(LogType::Tail);
    let began = Instant::now();
    let sent = request.payload(Blob::new(given.to_string())).send().await;
    let answer = sent.map_err(|error| anyhow::anyhow!("{name} cannot be called: {}", sentence(&error)))?;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let log = answer.log_result().unwrap_or_default();
    let log = aws_smithy_types::base64::decode(log).context("the log is not base64")?;
    let payload = answer.payload().map(AsRef::as_ref).unwrap_or_default();
    Ok(Answered {
        function: name.to_owned(),
        answer: serde_json::from_slice(payload)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(payload).into_owned())),
        error: answer.function_error().map(str::to_owned),
        log: String::from_utf8_lossy(&log).lines().map(str::to_owned).collect(),
        milliseconds,
    })
}
