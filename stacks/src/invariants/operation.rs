//! How it runs: retries end, logs are declared and end too, everything carries its tags.

use serde_json::{Value, json};

use super::{Breach, Subject};
use crate::tags;

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let resource = subject.resource;
    match resource.kind() {
        "AWS::Lambda::EventSourceMapping" => check_mapping(subject, breaches),
        "AWS::IoT::TopicRule" if !resource.property("TopicRulePayload")["ErrorAction"].is_object() => {
            breaches.push(Breach::NoErrorAction);
        }
        "AWS::Lambda::Function" if !is_declared(subject, &resource.property("LoggingConfig")["LogGroup"]) => {
            breaches.push(Breach::UndeclaredLogGroup);
        }
        "AWS::KinesisFirehose::DeliveryStream" => {
            let logging =
                &resource.property("ExtendedS3DestinationConfiguration")["CloudWatchLoggingOptions"];
            if logging["Enabled"] != true || !is_declared(subject, &logging["LogGroupName"]) {
                breaches.push(Breach::UndeclaredLogGroup);
            }
        }
        "AWS::Logs::LogGroup" if !resource.property("RetentionInDays").is_u64() => {
            breaches.push(Breach::NoRetention);
        }
        _ => {}
    }
    match tags::is_taggable(resource.kind()) {
        Some(true) => {
            let there =
                resource.property(tags::property(resource.kind())).as_array().map_or(&[][..], Vec::as_slice);
            let is_there =
                |(key, value): (&String, &String)| there.contains(&json!({"Key": key, "Value": value}));
            if !subject.stack.tags.iter().all(is_there) {
                breaches.push(Breach::NoTags);
            }
        }
        Some(false) => {}
        None => breaches.push(Breach::UnknownType(resource.kind())),
    }
}

/// A stream's mapping ends its retries itself, and keeps what it gives up; a queue's leaves both to
/// the queue, which passes the message on. Either fails the bad records alone.
fn check_mapping(subject: &Subject, breaches: &mut Vec<Breach>) {
    let mapping = subject.resource;
    let types = mapping.property("FunctionResponseTypes").as_array();
    if !types.is_some_and(|types| types.contains(&json!("ReportBatchItemFailures"))) {
        breaches.push(Breach::CarelessMapping("FunctionResponseTypes"));
    }
    let source = subject.referred(subject.resource.property("EventSourceArn"));
    if let Some((_, queue)) = source.filter(|(_, source)| source.kind() == "AWS::SQS::Queue") {
        if !queue.property("RedrivePolicy")["maxReceiveCount"].is_u64() {
            breaches.push(Breach::EndlessRetries("RedrivePolicy"));
        }
        return;
    }
    for limit in ["MaximumRetryAttempts", "MaximumRecordAgeInSeconds"] {
        if !subject.resource.property(limit).is_u64() {
            breaches.push(Breach::EndlessRetries(limit));
        }
    }
    if *mapping.property("BisectBatchOnFunctionError") != true {
        breaches.push(Breach::CarelessMapping("BisectBatchOnFunctionError"));
    }
    if mapping.property("DestinationConfig")["OnFailure"]["Destination"].is_null() {
        breaches.push(Breach::CarelessMapping("DestinationConfig"));
    }
}

fn is_declared(subject: &Subject, log_group: &Value) -> bool {
    subject.referred(log_group).is_some_and(|(_, resource)| resource.kind() == "AWS::Logs::LogGroup")
}
