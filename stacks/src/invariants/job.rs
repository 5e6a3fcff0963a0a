//! A Flink application: its settings are heard, its position is kept, and its logs arrive.

use serde_json::Value;

use super::{Breach, Subject};

const APPLICATION: &str = "AWS::KinesisAnalyticsV2::Application";
const LOGGING: &str = "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption";

/// Parts of the configuration that have a type of their own.
const PARTS: [&str; 3] = ["CheckpointConfiguration", "MonitoringConfiguration", "ParallelismConfiguration"];

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    if subject.resource.kind() != APPLICATION {
        return;
    }
    let configuration = subject.resource.property("ApplicationConfiguration");
    let flink = &configuration["FlinkApplicationConfiguration"];
    for part in PARTS {
        if flink[part]["ConfigurationType"] != "CUSTOM" {
            breaches.push(Breach::DefaultConfiguration(part));
        }
    }
    if flink["CheckpointConfiguration"]["CheckpointingEnabled"] != true {
        breaches.push(Breach::ForgetfulJob("CheckpointingEnabled"));
    }
    if configuration["ApplicationSnapshotConfiguration"]["SnapshotsEnabled"] != true {
        breaches.push(Breach::ForgetfulJob("SnapshotsEnabled"));
    }
    if !has_logs(subject) {
        breaches.push(Breach::NoLoggingOption);
    }
}

/// Whether an option sends the logs of this application to a stream that the stack declares: where there
/// is none, they vanish.
fn has_logs(subject: &Subject) -> bool {
    let resources = subject.stack.template.resources();
    let declares = |arn: &Value, kind: &str| {
        let text = arn["Fn::Sub"].as_str().unwrap_or_default();
        resources.iter().any(|(id, resource)| resource.kind() == kind && text.contains(&format!("${{{id}}}")))
    };
    resources.values().filter(|resource| resource.kind() == LOGGING).any(|option| {
        let of = subject.referred(option.property("ApplicationName"));
        let arn = &option.property("CloudWatchLoggingOption")["LogStreamARN"];
        of.is_some_and(|(id, _)| id == subject.id)
            && declares(arn, "AWS::Logs::LogGroup")
            && declares(arn, "AWS::Logs::LogStream")
    })
}
