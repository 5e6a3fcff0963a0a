//! What is gone, what was kept and why, and the proof that nothing else is left.

use std::fmt;

use serde::Serialize;

use super::plan::{DestroyPlan, Removal, Retained};
use super::proof::{Asked, Left, Proof, Silent};
use super::remove::{Emptied, Outcome};
use crate::local::Stopped;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, cell, many, paint};

/// The receipt of a destruction.
#[derive(Debug, Serialize)]
pub struct Receipt {
    environment: String,
    deleted: Vec<Deleted>,
    /// Its part of the account's bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    emptied: Option<Share>,
    retained: Vec<Kept>,
    /// Why its part of the account's bucket is not empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_emptied: Option<NotEmptied>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stopped: Vec<Stopped>,
    #[serde(flatten)]
    proof: Proof,
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
struct Share {
    bucket: String,
    prefix: String,
    /// Versions and markers of objects.
    objects: usize,
}

#[derive(Debug, Serialize)]
struct NotEmptied {
    bucket: String,
    prefix: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Kept {
    stack: String,
    #[serde(flatten)]
    retained: Retained,
}

#[derive(Debug, Serialize)]
struct Failed {
    stack: String,
    reason: String,
}

impl Receipt {
    /// The receipt of a plan that was executed.
    pub fn of(plan: &DestroyPlan, outcomes: &[Outcome], proof: Proof) -> Self {
        let mut receipt = Self {
            environment: plan.environment.clone(),
            deleted: Vec::new(),
            emptied: None,
            not_emptied: None,
            retained: Vec::new(),
            failed: Vec::new(),
            stopped: Vec::new(),
            proof,
        };
        for (stack, outcome) in plan.stacks.iter().zip(outcomes) {
            receipt.add(stack, outcome);
        }
        receipt
    }

    fn add(&mut self, stack: &Removal, outcome: &Outcome) {
        let name = stack.stack_name.clone();
        let reason = match outcome {
            Outcome::Gone(Emptied { objects, twins }) => {
                let resources = stack.delete.len();
                self.deleted.push(Deleted { stack: name, resources, objects: *objects, twins: *twins });
                let kept = |retained: &Retained| Kept {
                    stack: stack.stack_name.clone(),
                    retained: retained.clone(),
                };
                self.retained.extend(stack.retain.iter().map(kept));
                return;
            }
            Outcome::Failed(error) => error.to_string(),
            Outcome::Kept(holder) => format!("not touched, because {holder} needs it and is still there"),
            Outcome::Interrupted => "interrupted".to_owned(),
        };
        self.failed.push(Failed { stack: name, reason });
    }

    /// Notes how many versions and markers went from its part of the account's bucket.
    pub fn emptied(&mut self, bucket: &str, prefix: &str, objects: usize) {
        self.emptied = Some(Share { bucket: bucket.to_owned(), prefix: prefix.to_owned(), objects });
    }

    /// Notes why its part of the account's bucket is not empty.
    pub fn not_emptied(&mut self, bucket: &str, prefix: &str, reason: String) {
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        self.not_emptied = Some(NotEmptied { bucket, prefix, reason });
    }

    /// The part of the account's bucket that was to be emptied and is not: `bucket/prefix`.
    pub fn full(&self) -> Option<String> {
        self.not_emptied.as_ref().map(|one| format!("{}/{}", one.bucket, one.prefix))
    }

    /// Notes the processes of the local target that were ended.
    pub fn stopped(&mut self, stopped: Vec<Stopped>) {
        self.stopped = stopped;
    }

    /// Whether nothing is left but what was to be retained.
    pub fn is_clean(&self) -> bool {
        self.proof.is_clean() && self.failed.is_empty() && self.not_emptied.is_none()
    }

    /// How many stacks are still there.
    pub fn failures(&self) -> usize {
        self.failed.len()
    }

    /// For instance `8 stacks with 71 resources and 12 objects`.
    pub fn gist(&self) -> String {
        let resources: usize = self.deleted.iter().map(|deleted| deleted.resources).sum();
        let objects: usize = self.deleted.iter().map(|deleted| deleted.objects).sum::<usize>()
            + self.emptied.as_ref().map_or(0, |share| share.objects);
        let stacks = many(self.deleted.len(), "stack", "stacks");
        let objects =
            if objects == 0 { String::new() } else { format!(" and {}", many(objects, "object", "objects")) };
        format!("{stacks} with {}{objects}", many(resources, "resource", "resources"))
    }

    /// What was asked, and about how many names: `S3 (3), SQS (1)`.
    fn asked(&self) -> String {
        let asked = |Asked { service, names }: &Asked| format!("{service} ({names})");
        self.proof.asked.iter().map(asked).collect::<Vec<_>>().join(", ")
    }
}

impl Document for Receipt {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{}: receipt", self.environment)))?;
        for Deleted { stack, resources, objects, twins } in &self.deleted {
            let emptied = Emptied { objects: *objects, twins: *twins }.text();
            let resources = many(*resources, "resource", "resources");
            writeln!(out, "  {} {stack}: {resources}{emptied}", paint(GOOD, "deleted"))?;
        }
        if let Some(Share { bucket, prefix, objects }) = &self.emptied {
            let objects = many(*objects, "object", "objects");
            writeln!(out, "  {} {bucket}/{prefix}: {objects}", paint(GOOD, "emptied"))?;
        }
        for Kept { stack, retained: Retained { resource, why } } in &self.retained {
            writeln!(
                out,
                "  {} {} ({stack}.{}, {})",
                paint(CAUTION, if why.is_known() { "retained" } else { "not known" }),
                resource.physical_id,
                resource.logical_id,
                resource.kind
            )?;
            writeln!(out, "           {}", paint(FAINT, &why.reason))?;
            if let Some(remove) = &why.remove {
                writeln!(out, "           {} {remove}", paint(FAINT, "later:"))?;
            }
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
        if let Some(NotEmptied { bucket, prefix, reason }) = &self.not_emptied {
            writeln!(out, "  {} {bucket}/{prefix}: {reason}", paint(BAD, "not emptied"))?;
        }
        for Left { kind, physical_id } in &self.proof.left {
            writeln!(out, "  {} {physical_id} ({kind})", paint(BAD, "left"))?;
        }
        for Silent { service, cause } in &self.proof.silent {
            writeln!(out, "  {} {service}: {cause}", paint(BAD, "no answer"))?;
        }
        for arn in &self.proof.listed {
            writeln!(out, "  {} {arn}", paint(CAUTION, "listed"))?;
        }
        if !self.proof.listed.is_empty() {
            let note = "the Tagging API lists what is gone for a while, and CloudFormation deleted these";
            writeln!(out, "           {}", paint(FAINT, note))?;
        }
        for arn in &self.proof.unknown {
            writeln!(out, "  {} {arn}", paint(BAD, "not known"))?;
        }
        if !self.proof.unknown.is_empty() {
            let note = "the Tagging API lists it, and nothing says that it is gone";
            writeln!(out, "           {}", paint(FAINT, note))?;
        }
        if self.is_clean() && !self.proof.asked.is_empty() {
            writeln!(out, "  nothing else is left, by exact tag and exact name: {}", self.asked())?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let listed = self.proof.listed.len();
        let verdict = match (self.failed.is_empty(), self.is_clean()) {
            _ if self.failed.is_empty() && self.not_emptied.is_some() => {
                "❌ its stacks are gone, and its part of the account's bucket is not empty".to_owned()
            }
            (true, true) if listed > 0 => {
                let listed = many(listed, "resource is", "resources are");
                format!("✅ gone, while {listed} still listed by tag")
            }
            (true, true) => "✅ gone".to_owned(),
            (true, false) => "❌ gone, but not proven to be".to_owned(),
            (false, _) => "❌ not gone yet".to_owned(),
        };
        writeln!(out, "### `{}`: {verdict}\n", self.environment)?;
        if !self.deleted.is_empty() {
            writeln!(out, "Deleted: {}.\n", self.gist())?;
            writeln!(
                out,
                "| stack | resources | objects emptied | twins emptied |\n| --- | ---: | ---: | ---: |"
            )?;
            for Deleted { stack, resources, objects, twins } in &self.deleted {
                writeln!(out, "| `{stack}` | {resources} | {objects} | {twins} |")?;
            }
            if let Some(Share { bucket, prefix, objects }) = &self.emptied {
                writeln!(out, "| `{bucket}/{prefix}` | | {objects} | |")?;
            }
            writeln!(out)?;
        }
        if !self.failed.is_empty() {
            writeln!(out, "**Still there**\n\n| stack | why |\n| --- | --- |")?;
            for Failed { stack, reason } in &self.failed {
                writeln!(out, "| `{stack}` | {} |", cell(reason))?;
            }
            writeln!(out)?;
        }
        if let Some(NotEmptied { bucket, prefix, reason }) = &self.not_emptied {
            writeln!(out, "**Not emptied**: `{bucket}/{prefix}`, because {}\n", cell(reason))?;
        }
        if !self.retained.is_empty() {
            let known = self.retained.iter().filter(|kept| kept.retained.why.is_known()).count();
            let unknown = match self.retained.len() - known {
                0 => String::new(),
                unknown => format!("; of {} it is not known", many(unknown, "resource", "resources")),
            };
            writeln!(out, "**Retained**: {}{unknown}\n", many(known, "resource", "resources"))?;
            writeln!(out, "<details><summary>what, why, and how to remove it later</summary>\n")?;
            writeln!(out, "| resource | why | costs | later |\n| --- | --- | --- | --- |")?;
            for Kept { stack, retained: Retained { resource, why } } in &self.retained {
                let remove = why.remove.as_ref().map(|remove| format!("`{}`", cell(remove)));
                writeln!(
                    out,
                    "| `{}`<br>{stack}.{}, {} | {} | {} | {} |",
                    cell(&resource.physical_id),
                    resource.logical_id,
                    resource.kind,
                    cell(&why.reason),
                    why.cost.unwrap_or_default(),
                    remove.unwrap_or_default()
                )?;
            }
            writeln!(out, "\n</details>\n")?;
        }
        if !self.stopped.is_empty() {
            let names: Vec<&str> = self.stopped.iter().map(|stopped| stopped.name.as_str()).collect();
            writeln!(out, "Stopped on this machine: {}.\n", names.join(", "))?;
        }
        self.proven(out)
    }
}

impl Receipt {
    /// What the services said, as Markdown.
    fn proven(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Proof { asked, left, listed, unknown, silent } = &self.proof;
        if !left.is_empty() {
            writeln!(out, "**Left**, though no stack has it\n\n| resource | type |\n| --- | --- |")?;
            for Left { kind, physical_id } in left {
                writeln!(out, "| `{}` | {kind} |", cell(physical_id))?;
            }
            writeln!(out)?;
        }
        if !unknown.is_empty() {
            writeln!(out, "**Not known**: the Tagging API lists it, and nothing says that it is gone\n")?;
            for arn in unknown {
                writeln!(out, "- `{}`", cell(arn))?;
            }
            writeln!(out)?;
        }
        if !silent.is_empty() {
            writeln!(out, "**No answer**\n\n| service | said |\n| --- | --- |")?;
            for Silent { service, cause } in silent {
                writeln!(out, "| {service} | {} |", cell(cause))?;
            }
            writeln!(out)?;
        }
        if !asked.is_empty() {
            let verdict = if self.is_clean() {
                "nothing else is left"
            } else {
                "what is left, or may be, stands above"
            };
            writeln!(out, "**Proof**, by exact tag and exact name: {verdict}.\n")?;
            writeln!(out, "| asked | names |\n| --- | ---: |")?;
            for Asked { service, names } in asked {
                writeln!(out, "| {service} | {names} |")?;
            }
        }
        if !listed.is_empty() {
            writeln!(
                out,
                "\n<details><summary>{} still listed by tag</summary>\n",
                many(listed.len(), "resource", "resources")
            )?;
            writeln!(
                out,
                "The Tagging API lists what is gone for a while, and CloudFormation deleted these.\n"
            )?;
            for arn in listed {
                writeln!(out, "- `{arn}`")?;
            }
            writeln!(out, "\n</details>")?;
        }
        Ok(())
    }
}
