//! Why something stays when its environment is destroyed, what it costs to keep, and how to remove it later.
//! Pure: a table.

use serde::Serialize;
use stacks::cfn::Policy;
use stacks::environment::name;

use super::plan::Resource;
use crate::deploy::replacement::stands_for;

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

/// What is known of a type that holds data: what it costs to keep, and the command that removes it.
struct Keeping {
    kind: &'static str,
    cost: &'static str,
    remove: fn(&str) -> String,
}

/// Every type that a shipped stack may leave behind, but policies, which go with what they protect.
#[rustfmt::skip]
static KEEPING: &[Keeping] = &[
    Keeping { kind: "AWS::EFS::FileSystem",        cost: "by the gigabyte and month",                        remove: |id| format!("aws efs delete-file-system --file-system-id {id}") },
    Keeping { kind: "AWS::Kinesis::Stream",        cost: "by the hour, whether or not it is used",           remove: |id| format!("aws kinesis delete-stream --stream-name {id}") },
    Keeping { kind: "AWS::S3::Bucket",             cost: "by the gigabyte and month",                        remove: |id| format!("aws s3 rb s3://{id} --force") },
    Keeping { kind: "AWS::SQS::Queue",             cost: "nothing while nobody uses it",                     remove: |id| format!("aws sqs delete-queue --queue-url {id}") },
    Keeping { kind: "AWS::SecretsManager::Secret", cost: "by the month",                                     remove: |id| format!("aws secretsmanager delete-secret --secret-id {id}") },
    Keeping { kind: "AWS::Timestream::Database",   cost: "nothing by itself",                                remove: |id| format!("aws timestream-write delete-database --database-name {id}") },
    Keeping { kind: "AWS::Timestream::Table",      cost: "by the gigabyte and hour, until its retention ends", remove: delete_table },
];

fn delete_table(id: &str) -> String {
    let (database, table) = id.split_once('|').unwrap_or(("DATABASE", id));
    format!("aws timestream-write delete-table --database-name {database} --table-name {table}")
}

impl Why {
    /// Whether it is known to stay.
    pub fn is_known(&self) -> bool {
        self.reason != NOT_KNOWN
    }

    /// Why a resource stays that was deployed with this policy. `None`: its template cannot be read, so that
    /// nothing of it is known to be deletable.
    pub fn of(resource: &Resource, policy: Option<&str>, environment: &str) -> Self {
        let kind = stands_for(&resource.kind);
        let keeping = KEEPING.iter().find(|keeping| keeping.kind == kind);
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
