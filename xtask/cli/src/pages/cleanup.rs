//! What a cleanup found and what it did, as a person reads it: as text and as Markdown.

use std::fmt;

use engine::cleanup::artifacts::Stale;
use engine::cleanup::expired::Expired;
use engine::cleanup::findings::{ChangeSet, Failed, Findings, Held, Orphan, Stranger, Swept};
use engine::destroy::contents::size;

use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, cell, many, paint};

#[cfg(test)]
mod tests;

impl Document for Findings {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(STRONG, format_args!("{}: what no stack owns", self.scope)))?;
        for Expired { environment, expires, stacks, kept } in &self.expired {
            let stacks = many(*stacks, "stack", "stacks");
            match kept {
                None => writeln!(
                    out,
                    "  {} environment {environment}, {stacks}: expired on {expires}",
                    paint(BAD, "-")
                )?,
                Some(why) => writeln!(
                    out,
                    "  {} environment {environment}, {stacks}: expired on {expires}, and stays: {why}",
                    paint(CAUTION, "=")
                )?,
            }
        }
        for Stale { bucket, key, bytes, .. } in &self.artifacts {
            writeln!(out, "  {} {bucket}/{key} {}", paint(BAD, "-"), paint(FAINT, size(*bytes)))?;
        }
        for Orphan { name, bytes } in &self.log_groups {
            writeln!(out, "  {} log group {name} {}", paint(BAD, "-"), paint(FAINT, size(*bytes)))?;
        }
        for ChangeSet { stack_name, name, .. } in &self.change_sets {
            writeln!(out, "  {} change set {name} of {stack_name}", paint(BAD, "-"))?;
        }
        for Stranger { name, why } in &self.strangers {
            writeln!(out, "  {} log group {name} is left alone: {why}", paint(CAUTION, "="))?;
        }
        for Held { environment, why } in &self.held {
            writeln!(out, "  {} {environment}: {why}, so nothing of it is removed now", paint(CAUTION, "="))?;
        }
        if self.is_empty() {
            writeln!(out, "  nothing to remove")?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "### Cleanup of `{}`\n", self.scope)?;
        if self.is_empty() {
            writeln!(out, "Nothing to remove.")?;
        } else {
            table(self, out)?;
        }
        for Expired { environment, expires, kept, .. } in &self.expired {
            if let Some(why) = kept {
                writeln!(out, "\n⚠️ `{environment}` expired on {expires} and stays: {}.", cell(why))?;
            }
        }
        for Stranger { name, why } in &self.strangers {
            writeln!(out, "\n⚠️ Log group `{}` is left alone: {}.", cell(name), cell(why))?;
        }
        for Held { environment, why } in &self.held {
            writeln!(out, "\n⚠️ `{environment}`: {}, so nothing of it is removed now.", cell(why))?;
        }
        Ok(())
    }
}

/// What goes, as a Markdown table with a long part.
fn table(found: &Findings, out: &mut dyn fmt::Write) -> fmt::Result {
    let stored: u64 = found.log_groups.iter().map(|orphan| orphan.bytes).sum();
    writeln!(out, "| what | how many | size |\n| --- | ---: | ---: |")?;
    for (what, count, bytes) in [
        ("expired environments", found.going().count(), None),
        (
            "archives and templates that no stack uses",
            found.artifacts.len(),
            Some(found.artifacts.iter().map(|stale| stale.bytes).sum()),
        ),
        ("log groups that no stack has", found.log_groups.len(), Some(stored)),
        ("change sets that nobody executed", found.change_sets.len(), None),
    ] {
        if count > 0 {
            writeln!(out, "| {what} | {count} | {} |", bytes.map(size).unwrap_or_default())?;
        }
    }
    writeln!(out, "\n<details><summary>each of them</summary>\n")?;
    for Expired { environment, expires, stacks, .. } in found.going() {
        let stacks = many(*stacks, "stack", "stacks");
        writeln!(out, "- environment `{environment}`, {stacks}, expired on {expires}")?;
    }
    for Stale { bucket, key, .. } in &found.artifacts {
        writeln!(out, "- `{bucket}/{key}`")?;
    }
    for Orphan { name, .. } in &found.log_groups {
        writeln!(out, "- log group `{name}`")?;
    }
    for ChangeSet { stack_name, name, .. } in &found.change_sets {
        writeln!(out, "- change set `{name}` of `{stack_name}`")?;
    }
    writeln!(out, "\n</details>")
}

impl Document for Swept {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for receipt in &self.receipts {
            receipt.text(out)?;
        }
        self.found.text(out)?;
        for Failed { what, why } in &self.failed {
            writeln!(out, "  {} {what}: {why}", paint(BAD, "failed"))?;
        }
        if self.is_done() {
            writeln!(out, "  {}", paint(GOOD, "all of it is gone"))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        self.found.markdown(out)?;
        if !self.failed.is_empty() {
            writeln!(out, "\n❌ **Not removed**\n\n| what | why |\n| --- | --- |")?;
            for Failed { what, why } in &self.failed {
                writeln!(out, "| `{}` | {} |", cell(what), cell(why))?;
            }
        } else if self.is_done() {
            writeln!(out, "\n✅ All of it is gone.")?;
        }
        for receipt in &self.receipts {
            writeln!(out)?;
            receipt.markdown(out)?;
        }
        Ok(())
    }
}
