//! The receipt of a destruction as a person reads it: as text and as Markdown.

use std::fmt;

use engine::destroy::plan::Retained;
use engine::destroy::proof::{Asked, Left, Proof, Silent};
use engine::destroy::receipt::{Deleted, Failed, Kept, NotEmptied, Receipt, Share};
use engine::destroy::remove::Emptied;
use local_target::Stopped;

use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, cell, many, paint};

/// For instance `8 stacks with 71 resources and 12 objects`.
pub fn gist(receipt: &Receipt) -> String {
    let resources: usize = receipt.deleted.iter().map(|deleted| deleted.resources).sum();
    let objects: usize = receipt.deleted.iter().map(|deleted| deleted.objects).sum::<usize>()
        + receipt.emptied.as_ref().map_or(0, |share| share.objects);
    let stacks = many(receipt.deleted.len(), "stack", "stacks");
    let objects =
        if objects == 0 { String::new() } else { format!(" and {}", many(objects, "object", "objects")) };
    format!("{stacks} with {}{objects}", many(resources, "resource", "resources"))
}

/// What was asked, and about how many names: `S3 (3), SQS (1)`.
fn asked(receipt: &Receipt) -> String {
    let asked = |Asked { service, names }: &Asked| format!("{service} ({names})");
    receipt.proof.asked.iter().map(asked).collect::<Vec<_>>().join(", ")
}

impl Document for Receipt {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{}: receipt", self.environment)))?;
        for Deleted { stack, resources, objects, twins } in &self.deleted {
            let emptied = Emptied { objects: *objects, twins: *twins, ..Emptied::default() }.text();
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
        for Failed { stack, reason, .. } in &self.failed {
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
            writeln!(out, "  nothing else is left, by exact tag and exact name: {}", asked(self))?;
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
            writeln!(out, "Deleted: {}.\n", gist(self))?;
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
            for Failed { stack, reason, .. } in &self.failed {
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
        proven(self, out)
    }
}

/// What the services said, as Markdown.
fn proven(receipt: &Receipt, out: &mut dyn fmt::Write) -> fmt::Result {
    let Proof { asked, left, listed, unknown, silent } = &receipt.proof;
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
        let verdict =
            if receipt.is_clean() { "nothing else is left" } else { "what is left, or may be, stands above" };
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
        writeln!(out, "The Tagging API lists what is gone for a while, and CloudFormation deleted these.\n")?;
        for arn in listed {
            writeln!(out, "- `{arn}`")?;
        }
        writeln!(out, "\n</details>")?;
    }
    Ok(())
}
