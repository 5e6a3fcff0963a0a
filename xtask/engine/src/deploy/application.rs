//! Flink applications: started once their stack is there, stopped with a snapshot before it goes.
//!
//! CloudFormation creates an application stopped. An update restarts one that runs, and leaves alone one
//! that does not. So what is done here follows from what the application does at the moment, and never
//! from what a deployment changed: whatever interrupted the last one, the next one finds it and goes on.
//!
//! On the local target the emulator keeps the application, and nothing runs it: where it says RUNNING,
//! the job is a process of this machine, made from the application as the emulator describes it.

use std::time::Instant;

use aws_sdk_kinesisanalyticsv2::Client;
use aws_sdk_kinesisanalyticsv2::error::ProvideErrorMetadata as _;
use aws_sdk_kinesisanalyticsv2::types::{
    ApplicationDetail, ApplicationRestoreConfiguration, ApplicationRestoreType, RunConfiguration,
    SnapshotDetails, SnapshotStatus,
};

pub use super::application_error::ApplicationError;
use super::application_error::PATIENCE;
use super::description::{job, log_of, units};
use super::difference::Change;
use super::execute::{Outcome, Outcomes};
use super::pace::{self, Pace};
use super::plan::{Plan, StackPlan};
use super::status::{Activity, activity};
use local_target::flink::Machine;
use session::Session;
use session::sdk_error::sentence;
use session::{Observer, Step};

/// The type of an application in a template.
pub const APPLICATION: &str = "AWS::KinesisAnalyticsV2::Application";

/// Lines of a log that are worth showing.
const TAIL: i32 = 12;

/// The applications of an environment, and the way to them.
#[derive(Debug)]
pub struct Applications<'a> {
    client: Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    machine: Option<Machine>,
    pace: Pace,
    observer: &'a dyn Observer,
}

/// An application that runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Running {
    /// Its name.
    pub name: String,
    /// Whether it ran before.
    pub before: bool,
}

impl<'a> Applications<'a> {
    /// The applications of an environment. `machine` runs them where the service is an emulator.
    pub fn new(session: &Session, machine: Option<Machine>, observer: &'a dyn Observer) -> Self {
        Self {
            client: session.flink(),
            logs: session.logs(),
            cloudformation: session.cloudformation(),
            machine,
            pace: if session.endpoints.is_some() { pace::MACHINE } else { pace::SERVICE },
            observer,
        }
    }

    /// Makes ready what a plan is about to change: stops an application that it removes or replaces, and
    /// waits for one that changes by itself at the moment, as the service takes no update of it then.
    pub async fn prepare(&self, plan: &Plan) -> Result<(), ApplicationError> {
        for stack in &plan.stacks {
            if removes_application(stack) {
                for name in self.of(&stack.stack_name).await? {
                    self.stop(&name).await?;
                }
            } else if changes_application(stack, Change::Modify) {
                for name in self.of(&stack.stack_name).await? {
                    self.settle(&name).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits until an application does not change by itself.
    async fn settle(&self, name: &str) -> Result<(), ApplicationError> {
        let step = self.observer.step(format_args!("Waiting for {name}"));
        let deadline = Instant::now() + PATIENCE;
        let mut waits = self.pace.waits();
        while let Some(detail) = self.describe(name).await? {
            let status = detail.application_status().as_str();
            if activity(status) != Activity::Busy {
                break;
            }
            if Instant::now() > deadline {
                let (name, status) = (name.to_owned(), status.to_owned());
                return Err(ApplicationError::Slow { name, status, log: self.tail(&detail).await });
            }
            step.update(format_args!("{} ({status})", step.text()));
            waits.next().await;
        }
        Ok(())
    }

    /// Starts the applications of the stacks that were deployed, and waits until they run. A stack that
    /// failed went back to what it was: an application in it that was stopped for the change runs again.
    pub async fn start_all(
        &self,
        plan: &Plan,
        outcomes: &Outcomes,
    ) -> Result<Vec<Running>, ApplicationError> {
        let mut running = Vec::new();
        for (stack, (_, outcome)) in plan.stacks.iter().zip(outcomes) {
            let done = matches!(outcome, Outcome::Done(..));
            let concerned = match outcome {
                Outcome::Done(..) => has_application(stack),
                Outcome::Failed(_) => has_application(stack) || removes_application(stack),
                Outcome::Skipped(_) | Outcome::NotBegun => removes_application(stack),
                // What CloudFormation has begun decides what there will be.
                Outcome::Detached => false,
            };
            if !concerned {
                continue;
            }
            for name in self.of(&stack.stack_name).await? {
                match self.start(&name).await {
                    Ok(started) => running.extend(started),
                    // The stack's own failure is the one to tell.
                    Err(error) if !done => self.observer.warn(&error),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(running)
    }

    /// Names of the applications that a stack has.
    pub async fn of(&self, stack_name: &str) -> Result<Vec<String>, ApplicationError> {
        let mut names = Vec::new();
        let pages = self.cloudformation.list_stack_resources().stack_name(stack_name).into_paginator();
        let mut resources = pages.items().send();
        while let Some(resource) = resources.next().await {
            let resource = match resource {
                Ok(resource) => resource,
                Err(error) if super::status::says_not_there(&sentence(&error)) => break,
                Err(error) => {
                    return Err(ApplicationError::Service {
                        name: format!("of {stack_name}"),
                        cause: sentence(&error),
                    });
                }
            };
            let gone =
                resource.resource_status().is_some_and(|status| status.as_str() == super::status::DELETED);
            if resource.resource_type() == Some(APPLICATION) && !gone {
                names.extend(resource.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned));
            }
        }
        Ok(names)
    }

    /// Starts an application, unless it runs, and waits until it does. `None`: it is being deleted.
    pub async fn start(&self, name: &str) -> Result<Option<Running>, ApplicationError> {
        let step = self.observer.step(format_args!("Starting {name}"));
        let deadline = Instant::now() + PATIENCE;
        let mut waits = self.pace.waits();
        let mut asked = false;
        let mut quiet = true;
        loop {
            let Some(detail) = self.describe(name).await? else { return Ok(None) };
            let status = detail.application_status().as_str();
            match activity(status) {
                Activity::Running => {
                    let before = self.run_here(&detail, &step).await? && quiet;
                    let running = Running { name: name.to_owned(), before };
                    if !before {
                        step.done(units(&detail));
                    }
                    return Ok(Some(running));
                }
                Activity::Stopped if !asked => {
                    asked = self.ask_to_start(&detail, &step).await?;
                }
                Activity::Busy => {}
                Activity::Going => return Ok(None),
                Activity::Stopped | Activity::RolledBack | Activity::Unknown(_) => {
                    let (name, status) = (name.to_owned(), status.to_owned());
                    return Err(ApplicationError::NotRunning { name, status, log: self.tail(&detail).await });
                }
            }
            quiet = false;
            if Instant::now() > deadline {
                let (name, status) = (name.to_owned(), status.to_owned());
                return Err(ApplicationError::Slow { name, status, log: self.tail(&detail).await });
            }
            step.update(format_args!("{} ({status})", step.text()));
            waits.next().await;
        }
    }

    /// Stops an application, with a snapshot, and waits until it is stopped. Its position stays in the
    /// snapshot for as long as the application is there. Returns whether it ran.
    pub async fn stop(&self, name: &str) -> Result<bool, ApplicationError> {
        let step = self.observer.step(format_args!("Stopping {name}"));
        let deadline = Instant::now() + PATIENCE;
        let mut waits = self.pace.waits();
        let mut asked = false;
        loop {
            let Some(detail) = self.describe(name).await? else { return Ok(false) };
            let status = detail.application_status().as_str();
            match activity(status) {
                // Whatever the emulator says, the process may still be there.
                Activity::Stopped | Activity::Going => {
                    self.end_here().await?;
                    break;
                }
                Activity::Running | Activity::RolledBack | Activity::Unknown(_) if !asked => {
                    self.end_here().await?;
                    let sent = self.client.stop_application().application_name(name).send().await;
                    // Between the two questions it may have begun to change by itself.
                    asked = match sent {
                        Ok(_) => true,
                        Err(error) if error.code() == Some("ResourceInUseException") => false,
                        Err(error) => return Err(service(name, sentence(&error))),
                    };
                }
                Activity::Running | Activity::RolledBack | Activity::Busy | Activity::Unknown(_) => {}
            }
            if Instant::now() > deadline {
                let (name, status) = (name.to_owned(), status.to_owned());
                return Err(ApplicationError::Slow { name, status, log: self.tail(&detail).await });
            }
            step.update(format_args!("{} ({status})", step.text()));
            waits.next().await;
        }
        let snapshot = self.latest_snapshot(name).await?;
        step.done(match snapshot {
            Some(snapshot) if asked => {
                format!("snapshot {}, which goes with the application", snapshot.snapshot_name())
            }
            _ => "it did not run".to_owned(),
        });
        Ok(asked)
    }

    /// The application as the service describes it. `None`: there is none.
    pub async fn describe(&self, name: &str) -> Result<Option<ApplicationDetail>, ApplicationError> {
        match self.client.describe_application().application_name(name).send().await {
            Ok(answer) => Ok(answer.application_detail),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(service(name, sentence(&error))),
        }
    }

    /// The newest snapshot that can be restored.
    pub async fn latest_snapshot(&self, name: &str) -> Result<Option<SnapshotDetails>, ApplicationError> {
        let mut latest: Option<SnapshotDetails> = None;
        let mut token = None;
        loop {
            let request = self.client.list_application_snapshots().application_name(name);
            let page = request.set_next_token(token).send().await;
            let page = page.map_err(|error| service(name, sentence(&error)))?;
            for snapshot in page.snapshot_summaries.unwrap_or_default() {
                let newer = latest.as_ref().is_none_or(|latest| {
                    latest.snapshot_creation_timestamp() <= snapshot.snapshot_creation_timestamp()
                });
                if *snapshot.snapshot_status() == SnapshotStatus::Ready && newer {
                    latest = Some(snapshot);
                }
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(latest);
            }
        }
    }

    /// From the newest snapshot; without one, from the oldest record of the stream, where the job begins
    /// by itself. `false`: the service takes no such request at the moment.
    async fn ask_to_start(
        &self,
        detail: &ApplicationDetail,
        step: &Step<'_>,
    ) -> Result<bool, ApplicationError> {
        let name = detail.application_name();
        let snapshot = self.latest_snapshot(name).await?;
        let restore = match &snapshot {
            Some(_) => ApplicationRestoreType::RestoreFromLatestSnapshot,
            None => ApplicationRestoreType::SkipRestoreFromSnapshot,
        };
        step.update(match snapshot {
            Some(snapshot) => format!("{} from snapshot {}", step.text(), snapshot.snapshot_name()),
            None => format!("{} from the oldest record", step.text()),
        });
        let restore = ApplicationRestoreConfiguration::builder().application_restore_type(restore).build();
        let restore = restore.map_err(|error| service(name, error.to_string()))?;
        let run = RunConfiguration::builder().application_restore_configuration(restore).build();
        match self.client.start_application().application_name(name).run_configuration(run).send().await {
            Ok(_) => Ok(true),
            // Somebody else started it, or it changes by itself: the next look says.
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(false),
            Err(error) => Err(service(name, sentence(&error))),
        }
    }

    /// On the local target, runs the job as it is described. `true`: it ran so before, or the service runs
    /// it.
    async fn run_here(&self, detail: &ApplicationDetail, step: &Step<'_>) -> Result<bool, ApplicationError> {
        let Some(machine) = &self.machine else { return Ok(true) };
        let job = job(detail).ok_or_else(|| {
            service(detail.application_name(), "its description has no code or no properties".to_owned())
        })?;
        Ok(machine.run(&job, step).await?)
    }

    async fn end_here(&self) -> Result<(), ApplicationError> {
        match &self.machine {
            Some(machine) => Ok(machine.stop().await?),
            None => Ok(()),
        }
    }

    /// The end of an application's log. What cannot be read is not worth another error.
    async fn tail(&self, detail: &ApplicationDetail) -> Vec<String> {
        if let Some(machine) = &self.machine {
            return machine.tail();
        }
        let option = detail.cloud_watch_logging_option_descriptions().first();
        let Some((group, stream)) = option.and_then(|option| log_of(option.log_stream_arn())) else {
            return Vec::new();
        };
        let request = self.logs.get_log_events().log_group_name(group).log_stream_name(stream).limit(TAIL);
        let lines = request.send().await.map(|answer| answer.events.unwrap_or_default()).unwrap_or_default();
        lines.into_iter().filter_map(|line| line.message).collect()
    }
}

fn service(name: &str, cause: String) -> ApplicationError {
    ApplicationError::Service { name: name.to_owned(), cause }
}

fn removes_application(stack: &StackPlan) -> bool {
    [Change::Remove, Change::Replace, Change::MayReplace]
        .into_iter()
        .any(|change| changes_application(stack, change))
}

fn changes_application(stack: &StackPlan, how: Change) -> bool {
    stack.resources.iter().any(|resource| resource.kind == APPLICATION && resource.change == how)
}

fn has_application(stack: &StackPlan) -> bool {
    stack.template.contains(&format!("\"{APPLICATION}\""))
}

#[cfg(test)]
mod tests;
