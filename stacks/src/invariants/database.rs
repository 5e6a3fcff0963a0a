//! Databases: nobody reaches them from outside or in plain text, no password is in a template, and what is to stay is
//! hard to delete.

use serde::Serialize;
use serde_json::Value;

use super::{Breach, Subject};
use crate::environment::OnDelete;

/// What is broken about a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseBreach {
    /// It could have an address of the internet.
    #[error("it may have an address of the internet: `PubliclyAccessible` is not false")]
    Addressed,
    /// Connections without TLS are taken.
    #[error("it takes connections without TLS: no parameter group of the stack sets `rds.force_ssl` for it")]
    PlainText,
    /// The password of its master user is known to whoever reads the template.
    #[error("its password would be in the template: `ManageMasterUserPassword` is not true")]
    PlainPassword,
    /// One call deletes what is to stay.
    #[error("its data is to stay, but one call deletes it: `DeletionProtection` is not true")]
    Unprotected,
    /// Nothing brings back what a person spoils.
    #[error("nothing brings back what somebody spoils: `BackupRetentionPeriod` is missing")]
    NoBackups,
    /// Nothing limits what it costs.
    #[error("nothing limits what it costs: `ServerlessV2ScalingConfiguration.MaxCapacity` is missing")]
    Unbounded,
}

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    match subject.resource.kind() {
        "AWS::RDS::DBCluster" => check_cluster(subject, breaches),
        "AWS::RDS::DBInstance" if *subject.resource.property("PubliclyAccessible") != false => {
            breaches.push(DatabaseBreach::Addressed.into());
        }
        _ => {}
    }
}

fn check_cluster(subject: &Subject, breaches: &mut Vec<Breach>) {
    let cluster = subject.resource;
    let group = subject.referred(cluster.property("DBClusterParameterGroupName"));
    let forces_tls = group.is_some_and(|(_, group)| group.property("Parameters")["rds.force_ssl"] == "1");
    let is_kept = subject.stack.on_delete == OnDelete::Retain;
    let held = [
        (forces_tls, DatabaseBreach::PlainText),
        (*cluster.property("ManageMasterUserPassword") == true, DatabaseBreach::PlainPassword),
        (!is_kept || *cluster.property("DeletionProtection") == true, DatabaseBreach::Unprotected),
        (
            cluster.property("BackupRetentionPeriod").as_u64().is_some_and(|days| days > 0),
            DatabaseBreach::NoBackups,
        ),
        (
            cluster.property("ServerlessV2ScalingConfiguration")["MaxCapacity"].is_number(),
            DatabaseBreach::Unbounded,
        ),
    ];
    breaches.extend(held.into_iter().filter(|(holds, _)| !holds).map(|(_, breach)| breach.into()));
    let exports = cluster.property("EnableCloudwatchLogsExports").as_array().into_iter().flatten();
    if !exports.filter_map(Value::as_str).all(|log| is_declared(subject, log)) {
        breaches.push(Breach::UndeclaredLogGroup);
    }
}

/// Whether the group of a log is in the stack, and made before the cluster, which would make one that keeps for ever.
/// RDS [names it](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html) for
/// the cluster.
fn is_declared(subject: &Subject, log: &str) -> bool {
    let Some(cluster) = subject.resource.property("DBClusterIdentifier").as_str() else { return false };
    let name = format!("/aws/rds/cluster/{cluster}/{log}");
    let mut before = subject.resource.depends_on().iter();
    before.any(|id| {
        let group = subject.stack.template.resources().get(id);
        group.is_some_and(|group| {
            group.kind() == "AWS::Logs::LogGroup" && *group.property("LogGroupName") == name
        })
    })
}
