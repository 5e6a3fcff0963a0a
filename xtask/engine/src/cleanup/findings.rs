//! What a cleanup found and what it did, for a person and for a program.

use serde::Serialize;

use super::artifacts::Stale;
use super::expired::Expired;
use crate::destroy::receipt::Receipt;

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
    /// Environments that have expired.
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
    pub fn is_done(&self) -> bool {
        self.deed == Deed::Removed && !self.found.is_empty() && self.is_clean()
    }

    /// Whether everything that was found is gone.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.receipts.iter().all(Receipt::is_clean)
    }
}
