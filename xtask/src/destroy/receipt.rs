//! What is gone, what was kept, and what the services still have.

use std::fmt;

use serde::Serialize;

use super::find::Leftover;
use super::plan::{DestroyPlan, Removal, Resource};
use super::remove::{Emptied, Outcome};
use crate::local::Stopped;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, paint};

/// The proof of a destruction.
#[derive(Debug, Serialize)]
pub struct Receipt {
    environment: String,
    deleted: Vec<Deleted>,
    retained: Vec<Retained>,
    left: Vec<Left>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stopped: Vec<Stopped>,
    /// Services that were asked what is left.
    asked: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Deleted {
    stack: String,
    resources: usize,
    /// Versions and markers of objects in its buckets.
    objects: usize,
    /// Entities and component types of its workspace that were not its own.
    twins: usize,
}

#[derive(Debug, Serialize)]
struct Retained {
    stack: String,
    #[serde(flatten)]
    resource: Resource,
}

#[derive(Debug, Serialize)]
struct Left {
    #[serde(rename = "type")]
    kind: String,
    physical_id: String,
}

#[derive(Debug, Serialize)]
struct Failed {
    stack: String,
    reason: String,
}

impl Receipt {
    /// The receipt of a plan that was executed. `left` is what the services were asked for afterwards.
    pub fn of(plan: &DestroyPlan, outcomes: &[Outcome], left: Leftover) -> Self {
        let mut receipt = Self {
            environment: plan.environment.clone(),
            deleted: Vec::new(),
            retained: Vec::new(),
            left: Vec::new(),
            failed: Vec::new(),
            stopped: Vec::new(),
            asked: left.asked,
        };
        for (stack, outcome) in plan.stacks.iter().zip(outcomes) {
            receipt.add(stack, outcome);
        }
        receipt.left = left
            .resources
            .into_iter()
            .filter(|resource| {
                !receipt.retained.iter().any(|retained| retained.resource.physical_id == resource.physical_id)
            })
            .map(|resource| Left { kind: resource.kind, physical_id: resource.physical_id })
            .collect();
        receipt
    }

    fn add(&mut self, stack: &Removal, outcome: &Outcome) {
        let name = stack.stack_name.clone();
        let reason = match outcome {
            Outcome::Gone(Emptied { objects, twins }) => {
                let resources = stack.delete.len();
                self.deleted.push(Deleted { stack: name, resources, objects: *objects, twins: *twins });
                let retained = |resource: &Resource| Retained {
                    stack: stack.stack_name.clone(),
                    resource: resource.clone(),
                };
                self.retained.extend(stack.retain.iter().map(retained));
                return;
            }
            Outcome::Failed(error) => error.to_string(),
            Outcome::Kept(holder) => format!("not touched, because {holder} needs it and is still there"),
            Outcome::Interrupted => "interrupted".to_owned(),
        };
        self.failed.push(Failed { stack: name, reason });
    }

    /// Notes the processes of the local target that were ended.
    pub fn stopped(&mut self, stopped: Vec<Stopped>) {
        self.stopped = stopped;
    }

    /// Whether nothing is left but what was to be retained.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty() && self.failed.is_empty()
    }

    /// How many stacks are still there.
    pub fn failures(&self) -> usize {
        self.failed.len()
    }
}

impl Document for Receipt {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{}: receipt", self.environment)))?;
        for Deleted { stack, resources, objects, twins } in &self.deleted {
            let emptied = Emptied { objects: *objects, twins: *twins }.text();
            writeln!(out, "  {} {stack}: {resources} resources{emptied}", paint(GOOD, "deleted"))?;
        }
        for Retained { stack, resource: Resource { logical_id, kind, physical_id } } in &self.retained {
            writeln!(out, "  {} {physical_id} ({stack}.{logical_id}, {kind})", paint(CAUTION, "retained"))?;
        }
        for Stopped { name, pid } in &self.stopped {
            writeln!(
                out,
                "  {} {name} {}",
                paint(GOOD, "stopped"),
                paint(FAINT, format_args!("(process {pid})"))
            )?;
        }
        for Failed { stack, reason } in &self.failed {
            writeln!(out, "  {} {stack}: {reason}", paint(BAD, "failed"))?;
        }
        for Left { kind, physical_id } in &self.left {
            writeln!(out, "  {} {physical_id} ({kind})", paint(BAD, "left"))?;
        }
        if self.is_clean()
            && let Some((last, others)) = self.asked.split_last()
        {
            writeln!(out, "  {} and {last} were asked: nothing else is left", others.join(", "))?;
        }
        Ok(())
    }
}

impl Document for DestroyPlan {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{}: in this order", self.environment)))?;
        for stack in &self.stacks {
            writeln!(out, "  {} {}", paint(STRONG, &stack.stack_name), paint(FAINT, &stack.status))?;
            for Resource { logical_id, kind, physical_id } in &stack.delete {
                writeln!(out, "    {} {logical_id} {} {physical_id}", paint(BAD, "-"), paint(FAINT, kind))?;
            }
            for (kind, ids) in
                [("entities", &stack.extra.entities), ("component types", &stack.extra.component_types)]
            {
                if !ids.is_empty() {
                    let what = format_args!("{} {kind} that the stack did not make", ids.len());
                    writeln!(out, "    {} {what}", paint(BAD, "-"))?;
                }
            }
            for Resource { logical_id, kind, physical_id } in &stack.retain {
                writeln!(
                    out,
                    "    {} {logical_id} {} {physical_id}  stays",
                    paint(CAUTION, "="),
                    paint(FAINT, kind)
                )?;
            }
        }
        Ok(())
    }
}
