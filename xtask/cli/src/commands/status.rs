//! `status`: what is there and how it is, asked from the services themselves.

use std::fmt;

use aws_sdk_cloudwatch::types::{MetricAlarm, StateValue};
use aws_sdk_iottwinmaker::types::{EntitySummary, State};
use aws_sdk_kinesisanalyticsv2::primitives::DateTime;
use aws_sdk_kinesisanalyticsv2::types::{ApplicationDetail, SnapshotDetails};
use aws_sdk_sqs::types::QueueAttributeName;
use clap::Args;
use futures::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use telemetry::canary::is_canary;

use super::Outcome;
use crate::Global;
use crate::grafana::service;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, Report, STRONG, many, paint};
use crate::store::Store;
use engine::deploy::application::{APPLICATION, Applications};
use engine::deploy::description::units;
use engine::deploy::status::{Activity, activity};
use engine::inventory::{DeployedStack, Inventory};
use engine::twin::Workspace;
use local_target::flink::Machine;
use session::Endpoints;
use session::sdk_error::sentence;
use session::{Exit, Project, Session};

/// Show what is there and how it is
///
/// Asks CloudFormation, Kinesis, Firehose, Lambda, Managed Service for Apache Flink, Timestream, TwinMaker,
/// ECS, CloudWatch and the quarantine queue.
#[derive(Debug, Args)]
pub struct Status {}

#[derive(Debug, Serialize)]
struct Overview {
    environment: String,
    region: String,
    /// Of the local target.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Endpoints>,
    /// Whether everything is as it should be.
    healthy: bool,
    stacks: Vec<Part>,
    parts: Vec<Part>,
    /// Events in the quarantine queue; absent when it cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<i64>,
    /// How the alarms are; absent without any, or when they cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    alarms: Option<Alarms>,
}

/// How many alarms there are in each state.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Alarms {
    /// On.
    alarm: usize,
    ok: usize,
    /// Without enough values to say.
    insufficient_data: usize,
}

/// One thing that has a state.
#[derive(Debug, Serialize)]
struct Part {
    kind: &'static str,
    name: String,
    state: String,
    health: Health,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Good,
    Changing,
    Bad,
}

impl Part {
    fn new(kind: &'static str, name: impl Into<String>, state: impl Into<String>, detail: String) -> Self {
        let state = state.into();
        let health = health(&state);
        Self { kind, name: name.into(), state, health, detail }
    }

    fn silent(kind: &'static str, name: &str, error: &str) -> Self {
        Self { health: Health::Bad, ..Self::new(kind, name, "NO ANSWER", error.to_owned()) }
    }
}

/// How a state of any of the services sounds: each has words of its own, with common endings.
fn health(state: &str) -> Health {
    let state = state.to_ascii_uppercase();
    if state.contains("ROLLBACK") && !state.ends_with("UPDATE_ROLLBACK_COMPLETE") || state.contains("FAILED")
    {
        Health::Bad
    } else if state.ends_with("COMPLETE") || matches!(state.as_str(), "ACTIVE" | "ENABLED" | "RUNNING") {
        Health::Good
    } else if state.ends_with("ING") || state.ends_with("IN_PROGRESS") || state == "PENDING" {
        Health::Changing
    } else {
        Health::Bad
    }
}

impl Status {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (session, inventory) = global.connect_to_deployed().await?;
        let machine = Machine::of(&Project::locate(), &global.location(&Project::locate()), &session);
        let (
            streams,
            deliveries,
            functions,
            mappings,
            applications,
            tables,
            twin,
            dashboards,
            quarantine,
            alarms,
        ) = tokio::join!(
            streams(&session, &inventory),
            deliveries(&session, &inventory),
            functions(&session, &inventory),
            mappings(&session, &inventory),
            applications(&session, &inventory, machine, report),
            table(&session, &inventory),
            twin(&session, &inventory),
            dashboards(&session, &inventory),
            quarantine(&session, &inventory),
            alarms(&session, &inventory),
        );
        let stacks: Vec<Part> = inventory.stacks.iter().map(stack).collect();
        let mut parts: Vec<Part> =
            [streams, deliveries, functions, mappings, applications, tables, twin, dashboards]
                .into_iter()
                .flatten()
                .collect();
        let depth = match quarantine {
            Some(Ok(depth)) => Some(depth),
            Some(Err(error)) => {
                parts.push(Part::silent("quarantine", "queue", &error));
                None
            }
            None => None,
        };
        let alarms = match alarms {
            Ok(alarms) => {
                parts.extend(alarms.iter().filter(|alarm| is_on(alarm)).map(alarm));
                (!alarms.is_empty()).then(|| count(&alarms))
            }
            Err(error) => {
                parts.push(Part::silent("alarm", "CloudWatch", &error));
                None
            }
        };
        report.print(&Overview {
            environment: session.environment.name.clone(),
            region: session.environment.region.clone(),
            endpoints: session.endpoints.clone(),
            healthy: stacks.iter().chain(&parts).all(|part| part.health == Health::Good),
            stacks,
            parts,
            quarantine: depth,
            alarms,
        });
        Ok(Exit::Done)
    }
}

fn stack(stack: &DeployedStack) -> Part {
    Part::new("stack", stack.name, &stack.status, format!("{} resources", stack.resources.len()))
}

async fn streams(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let client = session.kinesis();
    join_all(inventory.resources("AWS::Kinesis::Stream").map(|(_, resource)| {
        let (client, name) = (client.clone(), resource.physical_id.clone());
        async move {
            match client.describe_stream_summary().stream_name(&name).send().await {
                Ok(answer) => answer.stream_description_summary().map_or_else(
                    || Part::silent("stream", &name, "the answer is empty"),
                    |summary| {
                        let (shards, hours) = (summary.open_shard_count(), summary.retention_period_hours());
                        let detail = format!("{shards} open shards, kept {hours} h");
                        Part::new("stream", &name, summary.stream_status().as_str(), detail)
                    },
                ),
                Err(error) => Part::silent("stream", &name, &sentence(&error)),
            }
        }
    }))
    .await
}

async fn deliveries(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let client = session.firehose();
    join_all(inventory.resources("AWS::KinesisFirehose::DeliveryStream").map(|(_, resource)| {
        let (client, name) = (client.clone(), resource.physical_id.clone());
        async move {
            match client.describe_delivery_stream().delivery_stream_name(&name).send().await {
                Ok(answer) => answer.delivery_stream_description().map_or_else(
                    || Part::silent("delivery", &name, "the answer is empty"),
                    |description| {
                        let failure =
                            description.failure_description().map(|failure| failure.details().to_owned());
                        let state = description.delivery_stream_status().as_str();
                        Part::new("delivery", &name, state, failure.unwrap_or_default())
                    },
                ),
                Err(error) => Part::silent("delivery", &name, &sentence(&error)),
            }
        }
    }))
    .await
}

async fn functions(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let client = session.lambda();
    join_all(inventory.resources("AWS::Lambda::Function").map(|(_, resource)| {
        let (client, name) = (client.clone(), resource.physical_id.clone());
        async move {
            match client.get_function_configuration().function_name(&name).send().await {
                Ok(answer) => {
                    let state = answer.state().map_or("Active", |state| state.as_str());
                    let update = answer.last_update_status().map_or("", |status| status.as_str());
                    let mut part = Part::new(
                        "function",
                        &name,
                        state,
                        answer.state_reason().unwrap_or_default().to_owned(),
                    );
                    if update == "Failed" {
                        part.health = Health::Bad;
                        answer
                            .last_update_status_reason()
                            .unwrap_or("the last update failed")
                            .clone_into(&mut part.detail);
                    }
                    part
                }
                Err(error) => Part::silent("function", &name, &sentence(&error)),
            }
        }
    }))
    .await
}

async fn mappings(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let client = session.lambda();
    join_all(inventory.resources("AWS::Lambda::EventSourceMapping").map(|(stack, resource)| {
        let (client, id) = (client.clone(), resource.physical_id.clone());
        let name = format!("{}/{}", stack.name, resource.logical_id);
        async move {
            match client.get_event_source_mapping().uuid(&id).send().await {
                Ok(answer) => {
                    let last = answer.last_processing_result().unwrap_or_default().to_owned();
                    Part::new("mapping", &name, answer.state().unwrap_or("UNKNOWN"), last)
                }
                Err(error) => Part::silent("mapping", &name, &sentence(&error)),
            }
        }
    }))
    .await
}

/// What runs an application is the service, or a process of this machine.
async fn applications(
    session: &Session,
    inventory: &Inventory,
    machine: Option<Machine>,
    report: &Report,
) -> Vec<Part> {
    let applications = Applications::new(session, machine.clone(), report);
    join_all(inventory.resources(APPLICATION).map(|(_, resource)| {
        let (applications, machine, name) = (&applications, &machine, &resource.physical_id);
        async move {
            match futures::try_join!(applications.describe(name), applications.latest_snapshot(name)) {
                Ok((Some(detail), snapshot)) => application(&detail, snapshot.as_ref(), machine.as_ref()),
                Ok((None, _)) => Part::silent("application", name, "the service has none of this name"),
                Err(error) => Part::silent("application", name, &error.to_string()),
            }
        }
    }))
    .await
}

fn application(
    detail: &ApplicationDetail,
    snapshot: Option<&SnapshotDetails>,
    machine: Option<&Machine>,
) -> Part {
    let status = detail.application_status().as_str();
    let mut facts = vec![units(detail)];
    let mut state = status.to_owned();
    if let (Some(machine), Activity::Running) = (machine, activity(status)) {
        let here = machine.state();
        state = here.status;
        facts = Vec::from_iter(here.pid.map(|pid| format!("process {pid}")));
        facts.extend(here.web_port.map(|port| format!("http://127.0.0.1:{port}")));
    }
    facts.extend(snapshot.map(|snapshot| {
        let taken = snapshot.snapshot_creation_timestamp().map_or(0, DateTime::secs);
        let taken = Timestamp::from_second(taken).unwrap_or_default();
        format!("snapshot {} of {taken}", snapshot.snapshot_name())
    }));
    let health = match activity(&state) {
        Activity::Running => Health::Good,
        Activity::Busy => Health::Changing,
        Activity::Stopped | Activity::Going | Activity::RolledBack | Activity::Unknown(_) => Health::Bad,
    };
    Part { health, ..Part::new("application", detail.application_name(), state, facts.join(", ")) }
}

async fn table(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let (Ok(database), Ok(table)) =
        (inventory.output(session, "store", "DatabaseName"), inventory.output(session, "store", "TableName"))
    else {
        return Vec::new();
    };
    let name = format!("{database}.{table}");
    if session.environment.store.postgres().is_some() {
        let asked = async { Store::deployed(session, inventory).await?.kept().await };
        return vec![match asked.await {
            Ok(kept) => Part::new("table", &name, "ACTIVE", kept),
            Err(failure) => Part::silent("table", &name, &failure.error.to_string()),
        }];
    }
    let client = match session.timestream_write().await {
        Ok(client) => client,
        Err(failure) => return vec![Part::silent("table", &name, &failure.error.to_string())],
    };
    let part = match client.describe_table().database_name(database).table_name(table).send().await {
        Ok(answer) => {
            let described = answer.table();
            let state =
                described.and_then(|table| table.table_status()).map_or("UNKNOWN", |status| status.as_str());
            let kept = described.and_then(|table| table.retention_properties()).map(|kept| {
                let (hours, days) = (
                    kept.memory_store_retention_period_in_hours(),
                    kept.magnetic_store_retention_period_in_days(),
                );
                format!("kept {hours} h in memory, then {days} days")
            });
            Part::new("table", &name, state, kept.unwrap_or_default())
        }
        Err(error) => Part::silent("table", &name, &sentence(&error)),
    };
    vec![part]
}

/// The twin's workspace, which is as well as its entities are.
async fn twin(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let Ok(id) = inventory.output(session, "twin", "WorkspaceId") else { return Vec::new() };
    let workspace = Workspace { client: session.twinmaker(), id: id.to_owned() };
    vec![match workspace.entities().await {
        Ok(mut entities) => {
            entities.retain(|entity| !is_canary(entity.entity_name()));
            let is_broken = |entity: &EntitySummary| {
                entity.status().and_then(|status| status.state()) == Some(&State::Error)
            };
            let broken: Vec<&str> =
                entities.iter().filter(|one| is_broken(one)).map(EntitySummary::entity_name).collect();
            let noun = if entities.len() == 1 { "entity" } else { "entities" };
            let detail = format!("{} {noun}", entities.len());
            match broken[..] {
                [] => Part::new("twin", id, "ACTIVE", detail),
                _ => Part::new("twin", id, "FAILED", format!("{detail}; in error: {}", broken.join(", "))),
            }
        }
        Err(error) => Part::silent("twin", id, &error.to_string()),
    }]
}

/// The container of Grafana.
async fn dashboards(session: &Session, inventory: &Inventory) -> Vec<Part> {
    let part = match service::look(session, inventory).await {
        None => return Vec::new(),
        Some(Ok(look)) => Part::new("dashboards", look.name, look.state, look.detail),
        Some(Err(error)) => Part::silent("dashboards", "grafana", &error),
    };
    vec![part]
}

/// Events in quarantine, also those that somebody reads at the moment.
async fn quarantine(session: &Session, inventory: &Inventory) -> Option<Result<i64, String>> {
    let url = inventory.output(session, "ingest", "QuarantineUrl").ok()?;
    let counts = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let request =
        session.sqs().get_queue_attributes().queue_url(url).set_attribute_names(Some(counts.to_vec()));
    Some(match request.send().await {
        Ok(answer) => {
            let count = |name| answer.attributes()?.get(name)?.parse::<i64>().ok();
            Ok(counts.iter().filter_map(count).sum())
        }
        Err(error) => Err(sentence(&error)),
    })
}

/// Most alarms that [one question](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html)
/// names.
const ALARMS: usize = 100;

/// The alarms of the environment; that of the pipeline as a whole says nothing that they do not.
async fn alarms(session: &Session, inventory: &Inventory) -> Result<Vec<MetricAlarm>, String> {
    let names = inventory.resources("AWS::CloudWatch::Alarm").map(|(_, alarm)| alarm.physical_id.clone());
    let names: Vec<String> = names.collect();
    let client = session.cloudwatch();
    let mut alarms = Vec::new();
    for names in names.chunks(ALARMS) {
        let asked = client.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let asked = asked.max_records(i32::try_from(ALARMS).unwrap_or(i32::MAX));
        let answer = asked.send().await.map_err(|error| sentence(&error))?;
        alarms.extend(answer.metric_alarms.unwrap_or_default());
    }
    Ok(alarms)
}

fn is_on(alarm: &MetricAlarm) -> bool {
    alarm.state_value() == Some(&StateValue::Alarm)
}

/// An alarm that is on: its description says what it is about, and what to do.
fn alarm(alarm: &MetricAlarm) -> Part {
    let name = alarm.alarm_name().unwrap_or_default();
    let says = alarm.alarm_description().unwrap_or_default().to_owned();
    Part { health: Health::Bad, ..Part::new("alarm", name, "ALARM", says) }
}

fn count(alarms: &[MetricAlarm]) -> Alarms {
    let mut counts = Alarms::default();
    for alarm in alarms {
        match alarm.state_value() {
            Some(StateValue::Alarm) => counts.alarm += 1,
            Some(StateValue::Ok) => counts.ok += 1,
            _ => counts.insufficient_data += 1,
        }
    }
    counts
}

impl Document for Overview {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{} in {}", paint(STRONG, &self.environment), self.region)?;
        if let Some(Endpoints { aws, timestream, twinmaker, rds_data, mqtt }) = &self.endpoints {
            let rds_data = rds_data.as_ref().map(|url| format!("RDS Data API {url}, ")).unwrap_or_default();
            let endpoints = format_args!(
                "AWS {aws}, Timestream {timestream}, TwinMaker {twinmaker}, {rds_data}MQTT port {mqtt}"
            );
            writeln!(out, "{}", paint(FAINT, endpoints))?;
        }
        for part in self.stacks.iter().chain(&self.parts) {
            let (style, mark) = match part.health {
                Health::Good => (GOOD, '✓'),
                Health::Changing => (CAUTION, '…'),
                Health::Bad => (BAD, '✗'),
            };
            let Part { kind, name, state, detail, .. } = part;
            let mark = paint(style, mark);
            writeln!(out, "{mark} {kind:<11} {name:<48} {} {}", paint(style, state), paint(FAINT, detail))?;
        }
        match &self.alarms {
            Some(Alarms { alarm: 0, ok, insufficient_data: 0 }) => {
                writeln!(out, "{} {} quiet", paint(GOOD, '✓'), many(*ok, "alarm is", "alarms are"))?;
            }
            Some(Alarms { alarm: 0, ok, insufficient_data }) => {
                let silent = many(*insufficient_data, "has no values", "have no values");
                writeln!(
                    out,
                    "{} {} quiet, {silent}",
                    paint(CAUTION, '…'),
                    many(*ok, "alarm is", "alarms are")
                )?;
            }
            // Each has its line.
            Some(_) | None => {}
        }
        match self.quarantine {
            None => Ok(()),
            Some(0) => writeln!(out, "{} quarantine is empty", paint(GOOD, '✓')),
            Some(depth) => writeln!(
                out,
                "{} {depth} events in quarantine: `cargo xtask quarantine list` says why",
                paint(CAUTION, '!')
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, health};

    #[test]
    fn words_of_the_services() {
        for (state, expected) in [
            ("CREATE_COMPLETE", Health::Good),
            ("UPDATE_COMPLETE", Health::Good),
            ("UPDATE_ROLLBACK_COMPLETE", Health::Good),
            ("ROLLBACK_COMPLETE", Health::Bad),
            ("UPDATE_ROLLBACK_FAILED", Health::Bad),
            ("UPDATE_IN_PROGRESS", Health::Changing),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Health::Bad),
            ("ACTIVE", Health::Good),
            ("Active", Health::Good),
            ("Pending", Health::Changing),
            ("Enabled", Health::Good),
            ("Disabled", Health::Bad),
            ("CREATING", Health::Changing),
            ("CREATING_FAILED", Health::Bad),
            ("SOMETHING_NEW", Health::Bad),
        ] {
            assert_eq!(health(state), expected, "{state}");
        }
    }
}
