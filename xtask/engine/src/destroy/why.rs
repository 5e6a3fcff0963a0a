//! Why something stays when its environment is destroyed, what it costs to keep, and how to remove it later.
//! Pure: the row of its type says it.

use serde::Serialize;
use stacks::cfn::Policy;
use stacks::environment::name;
use stacks::kinds::{self, Data};

use super::plan::Resource;

/// Why something stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// What says that it stays.
    #[serde(rename = "why")]
    pub reason: String,
    /// What it costs while it stays, if that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<&'static str>,
    /// The command that removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove: Option<String>,
}

/// What is said where nothing says whether something stays. `CloudFormation` reads templates that this program
/// does not, so it may go.
const NOT_KNOWN: &str = "not known whether it stays: the stack's template cannot be read";

/// The policy by which a final snapshot stays.
pub const SNAPSHOT: &str = "Snapshot";

impl Why {
    /// Why the final snapshot of a cluster stays.
    pub fn snapshot(environment: &str) -> Self {
        let file = name::split(environment).0;
        Self {
            reason: format!(
                "`DeletionPolicy: {SNAPSHOT}`, from `final_snapshot = true` in environments/{file}.toml"
            ),
            cost: Some("by the gigabyte and month"),
            remove: Some(
                "aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier NAME, by the name that \
                 `aws rds describe-db-cluster-snapshots` tells"
                    .to_owned(),
            ),
        }
    }

    /// Whether it is known to stay.
    pub fn is_known(&self) -> bool {
        self.reason != NOT_KNOWN
    }

    /// Why a resource stays that could not be deleted, for this reason.
    pub fn abandoned(resource: &Resource, reason: &str) -> Self {
        let reason = format!("it could not be deleted, and was left behind as agreed: {reason}");
        Self { reason, ..Self::of(resource, Some(""), "") }
    }

    /// Why a resource stays that was deployed with this policy. `None`: its template cannot be read, so that
    /// nothing of it is known to be deletable.
    pub fn of(resource: &Resource, policy: Option<&str>, environment: &str) -> Self {
        let keeping = kinds::of(&resource.kind).and_then(|kind| match kind.data {
            Data::HoldsData(held) => Some(held.keeping),
            // A policy goes with what it protects.
            Data::GoesWithData(_) | Data::GoesWithStack(_) | Data::HoldsNothing(_) | Data::Stays(_) => None,
        });
        let reason = match policy {
            Some(policy) => format!(
                "`DeletionPolicy: {policy}`, from `on_delete = \"retain\"` in environments/{}.toml",
                name::split(environment).0
            ),
            None => NOT_KNOWN.to_owned(),
        };
        Self {
            reason,
            cost: keeping.map(|keeping| keeping.cost),
            remove: keeping
                .filter(|_| !resource.physical_id.is_empty())
                .map(|keeping| (keeping.remove)(&resource.physical_id)),
        }
    }
}

/// Whether a policy keeps a resource when its stack goes.
pub fn keeps(policy: &str) -> bool {
    Policy::is_retained(policy)
}
