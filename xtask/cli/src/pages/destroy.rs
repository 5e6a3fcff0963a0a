//! The plan of a destruction as a person reads it: as text and as Markdown.

use std::fmt;

use engine::destroy::plan::{DestroyPlan, Removal, Resource, Retained};

use crate::report::{BAD, CAUTION, Document, FAINT, STRONG, cell, many, paint};

#[cfg(test)]
mod tests;

/// What a person may have put into the workspace of a stack, by kind.
fn extras(stack: &Removal) -> impl Iterator<Item = (&'static str, usize)> {
    let kinds =
        [("entities", stack.extra.entities.len()), ("component types", stack.extra.component_types.len())];
    kinds.into_iter().filter(|(_, count)| *count > 0)
}

impl Document for DestroyPlan {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{}: in this order", self.environment)))?;
        for stack in &self.stacks {
            write!(out, "  {} {}", paint(STRONG, &stack.stack_name), paint(FAINT, &stack.status))?;
            if stack.protected {
                write!(out, "  {}", paint(BAD, "termination protection is on"))?;
            }
            writeln!(out)?;
            for contents in stack.contents.iter().filter(|contents| !contents.is_empty()) {
                writeln!(out, "    {} {}: {}", paint(BAD, "empty"), contents.bucket, contents.text())?;
            }
            if !stack.devices.is_empty() {
                let devices = paint(BAD, "devices have an identity of it");
                writeln!(out, "    {devices}: {}", stack.devices.join(", "))?;
            }
            for (kind, count) in extras(stack) {
                writeln!(out, "    {} {count} {kind} that the stack did not make", paint(BAD, "-"))?;
            }
            for Resource { logical_id, kind, physical_id } in &stack.delete {
                writeln!(out, "    {} {logical_id} {} {physical_id}", paint(BAD, "-"), paint(FAINT, kind))?;
            }
            for Retained { resource: Resource { logical_id, kind, physical_id }, why } in &stack.retain {
                writeln!(
                    out,
                    "    {} {logical_id} {} {physical_id}  {}",
                    paint(CAUTION, if why.is_known() { "=" } else { "?" }),
                    paint(FAINT, kind),
                    if why.is_known() { "stays" } else { "not known" }
                )?;
                let cost = why.cost.map(|cost| format!("; costs {cost}")).unwrap_or_default();
                writeln!(out, "      {}", paint(FAINT, format_args!("{}{cost}", why.reason)))?;
            }
        }
        if let Some(shared) = &self.shared {
            let place = format_args!("{}/{}", shared.bucket, shared.prefix);
            writeln!(out, "  {} {place}: {}", paint(BAD, "empty"), shared.text())?;
        }
        writeln!(out, "{}", summary(self))
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "### Destroy `{}`: {}\n", self.environment, summary(self))?;
        if self.stacks.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "| order | stack | deleted | emptied | retained |\n| ---: | --- | ---: | --- | ---: |"
        )?;
        for (order, stack) in self.stacks.iter().enumerate() {
            let contents = stack.contents.iter().filter(|contents| !contents.is_empty());
            let mut emptied: Vec<String> =
                contents.map(|contents| format!("`{}`: {}", contents.bucket, contents.text())).collect();
            emptied.extend(extras(stack).map(|(kind, count)| format!("{count} {kind} that it did not make")));
            if !stack.devices.is_empty() {
                let devices = many(stack.devices.len(), "device has", "devices have");
                emptied.push(format!("**{devices} an identity of it**"));
            }
            let protected = if stack.protected { "<br>**termination protection is on**" } else { "" };
            writeln!(
                out,
                "| {} | `{}`{protected} | {} | {} | {} |",
                order + 1,
                stack.stack_name,
                stack.delete.len(),
                emptied.join("<br>"),
                stack.stays().count()
            )?;
        }
        if let Some(shared) = &self.shared {
            let order = self.stacks.len() + 1;
            writeln!(out, "| {order} | `{}/{}` | | {} | |", shared.bucket, shared.prefix, shared.text())?;
        }
        let retained: Vec<(&Removal, &Retained)> =
            self.stacks.iter().flat_map(|stack| stack.retain.iter().map(move |kept| (stack, kept))).collect();
        if !retained.is_empty() {
            writeln!(out, "\n**What stays, and why**\n\n| resource | why | costs |\n| --- | --- | --- |")?;
            for (stack, Retained { resource, why }) in retained {
                writeln!(
                    out,
                    "| `{}`<br>{}.{}, {} | {} | {} |",
                    cell(&resource.physical_id),
                    stack.name,
                    resource.logical_id,
                    resource.kind,
                    cell(&why.reason),
                    why.cost.unwrap_or_default()
                )?;
            }
        }
        writeln!(out, "\n<details><summary>Every resource that goes</summary>\n")?;
        writeln!(out, "| stack | resource | type |\n| --- | --- | --- |")?;
        for stack in &self.stacks {
            for Resource { logical_id, kind, .. } in &stack.delete {
                writeln!(out, "| {} | {logical_id} | {kind} |", stack.name)?;
            }
        }
        writeln!(out, "\n</details>\n\nEvents in log groups go too, and are not counted.")
    }
}

/// For instance `8 stacks go with 71 resources; 10 resources stay`.
fn summary(plan: &DestroyPlan) -> String {
    let delete: usize = plan.stacks.iter().map(|stack| stack.delete.len()).sum();
    let retain = plan.stacks.iter().flat_map(Removal::stays).count();
    let all: usize = plan.stacks.iter().map(|stack| stack.retain.len()).sum();
    let stacks = many(plan.stacks.len(), "stack goes", "stacks go");
    let resources = many(delete, "resource", "resources");
    let stay = match retain {
        0 => "nothing stays".to_owned(),
        retain => many(retain, "resource stays", "resources stay"),
    };
    let unknown = match all - retain {
        0 => String::new(),
        unknown => format!("; of {} it is not known", many(unknown, "resource", "resources")),
    };
    let protected = match plan.stacks.iter().filter(|stack| stack.protected).count() {
        0 => String::new(),
        protected => format!(
            "; {} refused, so that nothing is destroyed",
            many(protected, "deletion is", "deletions are")
        ),
    };
    format!("{stacks} with {resources}; {stay}{unknown}{protected}")
}
