//! Kind `flink`: an application of Managed Service for Apache Flink, for steady, high volume.
//!
//! `CloudFormation` creates it stopped, and starts it never: a deployment does.

use std::collections::BTreeMap;

use serde_json::json;
use telemetry::Model;

use super::Ends;
use crate::artifact::Artifact;
use crate::audit_exceptions::with_reasons;
use crate::cfn::{Arn, Expression, LogicalId, ParameterSource, Resource, Statement, Template, Trust, role};
use crate::environment::{FlinkConsumer, LogLevel};
use crate::functions::add_log_group;
use crate::network::{self, Placement};
use crate::{Inputs, artifacts};

const APPLICATION: LogicalId = LogicalId::new("FlinkJob");

/// The Flink version, and with it Java 17. See
/// [releases](https://docs.aws.amazon.com/managed-flink/latest/java/flink-2-2.html).
const RUNTIME: &str = "FLINK-2_2";

/// Least time between two checkpoints, in milliseconds: what the service takes by itself.
const CHECKPOINT_PAUSE_MS: u32 = 5_000;

/// What the service does with the role of an application to have it in a
/// [network](https://docs.aws.amazon.com/managed-flink/latest/java/vpc-permissions.html).
const ENTER: &[&str] = &[
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
];

/// Groups of properties that the job reads.
const PIPELINE_GROUP: &str = "pipeline";
const MODEL_GROUP: &str = "model";

/// Longest piece of the model in one property, in characters. The
/// [service](https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_PropertyGroup.html) takes 2,048.
const CHUNK: usize = 2_000;
/// Most properties of a group.
pub(crate) const MAX_MODEL_CHUNKS: usize = 50;

pub(super) fn add(template: &mut Template, inputs: &Inputs, consumer: &FlinkConsumer, ends: &Ends) {
    let environment = inputs.environment;
    let mut properties = ends.store.properties();
    properties.extend([
        ("StreamArn", ends.stream.reference()),
        ("Region", environment.region.as_str().into()),
        ("QuarantineUrl", ends.quarantine_url.reference()),
        ("RejectedBucket", ends.rejected_bucket.reference()),
        ("BufferMegabytes", consumer.buffer_mb.to_string().into()),
        ("Environment", environment.name.as_str().into()),
    ]);
    if ends.store.is_timestream() {
        properties.insert("MemoryHours", environment.store.memory_hours.to_string().into());
    }
    let logs =
        add_log_group(template, environment, APPLICATION.with("Logs"), "consumer", Artifact::FlinkJob.name());
    let log_stream = template.add(
        APPLICATION.with("LogStream"),
        Resource::new("AWS::Logs::LogStream", json!({"LogGroupName": logs.reference()})),
    );
    let log_group = Arn::sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:")
        .within(logs.reference());
    let log_stream = log_group.within(":log-stream:").within(log_stream.reference());

    let bucket = artifacts::bucket(template, environment);
    let bucket = Arn::sub("arn:${AWS::Partition}:s3:::").within(bucket.reference());
    let mut statements = ends.statements(&[]);
    statements.extend([
        // Every version of it: an update that fails goes back to the one before.
        Statement::allow(
            &["s3:GetObject"],
            [bucket
                .within(format!("/{}", environment.object_key(&format!("{}/*", Artifact::FlinkJob.name()))))],
        ),
        Statement::allow(&["logs:DescribeLogStreams"], [log_group.within(":log-stream:*")]),
        Statement::allow(&["logs:PutLogEvents"], [log_stream.clone()]),
        Statement::allow_everywhere(
            &["logs:DescribeLogGroups"],
            "The service looks for its log group in a list of all: the action is about no single group",
        ),
    ]);
    let role_id = APPLICATION.with("Role");
    let network = super::network::add(template, environment, &role_id, &statements);
    if network.is_some() {
        statements.push(network::join(ENTER));
    }
    let trust = Trust::service("kinesisanalytics.amazonaws.com")
        .when(json!({"StringEquals": {"aws:SourceAccount": Expression::ACCOUNT}}));
    let role = template.add(
        role_id,
        with_reasons(role("Writes the events of the stream to the store", &trust, &statements)),
    );

    let key = template.parameter(APPLICATION.with("Key"), ParameterSource::ArtifactKey(Artifact::FlinkJob));
    let mut configuration = json!({
        "ApplicationCodeConfiguration": {
            // A JAR too is a ZIP file to the service.
            "CodeContentType": "ZIPFILE",
            "CodeContent": {"S3ContentLocation": {"BucketARN": bucket, "FileKey": key.reference()}},
        },
        "EnvironmentProperties": {"PropertyGroups": [
            {"PropertyGroupId": MODEL_GROUP, "PropertyMap": model_properties(inputs.model)},
            {"PropertyGroupId": PIPELINE_GROUP, "PropertyMap": properties},
        ]},
        // Of a configuration that is not CUSTOM, the service ignores the rest.
        "FlinkApplicationConfiguration": {
            "CheckpointConfiguration": {
                "ConfigurationType": "CUSTOM",
                "CheckpointingEnabled": true,
                "CheckpointInterval": u64::from(consumer.checkpoint_seconds) * 1_000,
                "MinPauseBetweenCheckpoints": CHECKPOINT_PAUSE_MS,
            },
            "MonitoringConfiguration": {
                "ConfigurationType": "CUSTOM",
                // The job's own metrics are those of its operators.
                "MetricsLevel": "OPERATOR",
                "LogLevel": log_level(environment.logs.level),
            },
            "ParallelismConfiguration": {
                "ConfigurationType": "CUSTOM",
                "Parallelism": consumer.parallelism,
                "ParallelismPerKPU": consumer.parallelism_per_kpu,
                "AutoScalingEnabled": consumer.autoscaling,
            },
        },
        "ApplicationSnapshotConfiguration": {"SnapshotsEnabled": true},
    });
    if let Some(Placement { subnets, group }) = &network {
        configuration["VpcConfigurations"] = json!([{"SubnetIds": subnets, "SecurityGroupIds": [group]}]);
    }
    let application = template.add(
        ends.reader(APPLICATION),
        Resource::new(
            "AWS::KinesisAnalyticsV2::Application",
            json!({
                "ApplicationDescription": "Writes the events of the stream to the store",
                "RuntimeEnvironment": RUNTIME,
                "ServiceExecutionRole": role.attribute("Arn"),
                "ApplicationConfiguration": configuration,
                // How an update restarts an application that runs. Without a snapshot it begins with the
                // oldest record, which writes again what is there, and changes nothing.
                "RunConfiguration": {
                    "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
                    "FlinkRunConfiguration": {"AllowNonRestoredState": false},
                },
            }),
        ),
    );
    template.add(
        APPLICATION.with("Logging"),
        Resource::new(
            "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
            json!({
                "ApplicationName": application.reference(),
                "CloudWatchLoggingOption": {"LogStreamARN": log_stream},
            }),
        ),
    );

    template.output(
        "ConsumerApplicationName",
        "Application that writes to the store",
        application.reference(),
    );
    template.output("ConsumerLogGroup", "Log group of that application", logs.reference());
}

fn log_level(level: LogLevel) -> &'static str {
    match level {
        // The service has no finer one.
        LogLevel::Trace | LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warn => "WARN",
        LogLevel::Error => "ERROR",
    }
}

/// The model as properties: pieces of its JSON, to be put together in the order of their keys.
fn model_properties(model: &Model) -> BTreeMap<String, String> {
    model_chunks(model)
        .into_iter()
        .enumerate()
        .map(|(index, chunk)| (format!("json.{index:02}"), chunk))
        .collect()
}

/// The JSON of the model in pieces that fit into a property each. It is plain ASCII, because
/// `CloudFormation` keeps nothing else of a template as it is.
pub(crate) fn model_chunks(model: &Model) -> Vec<String> {
    // The type has string keys and no failing Serialize, so the default is never taken.
    let json = ascii(&serde_json::to_string(model).unwrap_or_default());
    let mut chunks = vec![String::new()];
    for character in json.chars() {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(character),
            _ => chunks.push(character.into()),
        }
    }
    chunks
}

/// JSON in which every character beyond ASCII is escaped. Such characters stand in strings only.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            let mut units = [0; 2];
            text.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escaped_json_means_the_same() {
        let text = "{\"a\":\"°C \u{1f321} \u{ffff} \\n\"}";
        let escaped = ascii(text);
        assert!(escaped.is_ascii());
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&escaped), value(text));
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_model(names in prop::collection::vec("\\PC{1,60}", 0..120)) {
            let measures: Vec<_> = names
                .iter()
                .map(|name| json!({"name": name, "field": name, "type": "double"}))
                .collect();
            let mut model: Model = serde_json::from_value(shipped()).expect("a model");
            model.kinds[0].measures = serde_json::from_value(json!(measures)).expect("measures");
            let properties = model_properties(&model);
            prop_assert!(properties.values().all(|piece| !piece.is_empty() && piece.len() <= CHUNK));
            let together: String = properties.into_values().collect();
            let back: Model = serde_json::from_str(&together).expect("JSON");
            prop_assert_eq!(back, model);
        }
    }

    fn shipped() -> serde_json::Value {
        let model = crate::model::parse("telemetry.toml", include_str!("../../../telemetry.toml"));
        serde_json::to_value(model.expect("the shipped model")).expect("JSON")
    }
}
