//! What a cleanup found and what it did, for a person and for a program.

use std::fmt;

use serde::Serialize;

use super::artifacts::Stale;
use super::expired::Expired;
use crate::destroy::contents::size;
use crate::destroy::receipt::Receipt;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, cell, many, paint};

/// What no stack owns any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The environments that it is about.
    pub scope: String,
    /// Archives and templates that no stack uses.
    pub artifacts: Vec<Stale>,
    /// Log groups that no stack has.
    pub log_groups: Vec<Orphan>,
    /// Log groups that bear the environment's name, and are left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strangers: Vec<Stranger>,
    /// Change sets that nobody executed.
    pub change_sets: Vec<ChangeSet>,
    /// Environments whose day has come.
    pub expired: Vec<Expired>,
    /// Environments of which nothing goes now, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// A log group that no stack has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// Its name.
    pub name: String,
    /// What it stores.
    pub bytes: u64,
}

/// A log group that nothing says is the environment's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stranger {
    /// Its name.
    pub name: String,
    /// Why it is left alone.
    pub why: String,
}

/// A change set that nobody executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeSet {
    /// The stack that it would change.
    pub stack_name: String,
    /// Its name.
    pub name: String,
    /// ARN.
    pub id: String,
}

/// An environment of which nothing goes now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The environment.
    pub environment: String,
    /// Why.
    pub why: String,
}

impl Findings {
    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.artifacts.is_empty()
            && self.log_groups.is_empty()
            && self.change_sets.is_empty()
            && self.going().next().is_none()
    }

    /// The environments that go.
    pub fn going(&self) -> impl Iterator<Item = &Expired> {
        self.expired.iter().filter(|expired| expired.kept.is_none())
    }

    /// What is still found of what was shown earlier: what a person answered for, and is there to remove. What
    /// appeared since then is left alone, and so is what somebody began to use.
    #[must_use]
    pub fn still(mut self, shown: &Self) -> Self {
        self.log_groups.retain(|orphan| shown.log_groups.iter().any(|other| other.name == orphan.name));
        self.change_sets.retain(|one| shown.change_sets.iter().any(|other| other.id == one.id));
        self.artifacts.retain_mut(|stale| {
            let is_same = |other: &&Stale| (&other.bucket, &other.key) == (&stale.bucket, &stale.key);
            let Some(other) = shown.artifacts.iter().find(is_same) else { return false };
            stale.versions.retain(|version| other.versions.contains(version));
            stale.bytes = stale.bytes.min(other.bytes);
            !stale.versions.is_empty()
        });
        self.expired.clone_from(&shown.expired);
        self
    }

    fn bytes(&self) -> u64 {
        self.artifacts.iter().map(|stale| stale.bytes).sum()
    }
}

/// Whether what was found was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// It was only looked for.
    Shown,
    /// It was.
    Removed,
}

/// What was removed.
#[derive(Debug, Serialize)]
pub struct Swept {
    /// Whether anything was.
    pub deed: Deed,
    /// What was found.
    #[serde(flatten)]
    pub found: Findings,
    /// Receipts of the environments that were destroyed.
    pub receipts: Vec<Receipt>,
    /// What was not removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
}

/// Something that was not removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its name.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Swept {
    /// Whether there was something, and it is gone.
    fn is_done(&self) -> bool {
        self.deed == Deed::Removed && !self.found.is_empty() && self.is_clean()
    }

    /// Whether everything that was found is gone.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.receipts.iter().all(Receipt::is_clean)
    }
}

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
            self.table(out)?;
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

impl Findings {
    /// What goes, as a Markdown table with a long part.
    fn table(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let stored: u64 = self.log_groups.iter().map(|orphan| orphan.bytes).sum();
        writeln!(out, "| what | how many | size |\n| --- | ---: | ---: |")?;
        for (what, count, bytes) in [
            ("expired environments", self.going().count(), None),
            ("archives and templates that no stack uses", self.artifacts.len(), Some(self.bytes())),
            ("log groups that no stack has", self.log_groups.len(), Some(stored)),
            ("change sets that nobody executed", self.change_sets.len(), None),
        ] {
            if count > 0 {
                writeln!(out, "| {what} | {count} | {} |", bytes.map(size).unwrap_or_default())?;
            }
        }
        writeln!(out, "\n<details><summary>each of them</summary>\n")?;
        for Expired { environment, expires, stacks, .. } in self.going() {
            let stacks = many(*stacks, "stack", "stacks");
            writeln!(out, "- environment `{environment}`, {stacks}, expired on {expires}")?;
        }
        for Stale { bucket, key, .. } in &self.artifacts {
            writeln!(out, "- `{bucket}/{key}`")?;
        }
        for Orphan { name, .. } in &self.log_groups {
            writeln!(out, "- log group `{name}`")?;
        }
        for ChangeSet { stack_name, name, .. } in &self.change_sets {
            writeln!(out, "- change set `{name}` of `{stack_name}`")?;
        }
        writeln!(out, "\n</details>")
    }
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
