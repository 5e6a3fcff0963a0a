//! How it runs: retries end, logs are declared and end too, everything carries its tags.

use serde_json::{Value, json};

use super::{Breach, Subject};
use crate::cfn::ParameterSource;
use crate::kinds;

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let resource = subject.resource;
    check_code(subject, breaches);
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
        "AWS::IoTTwinMaker::Entity" | "Custom::IoTTwinMakerEntity" => check_entity(subject, breaches),
        "AWS::Logs::LogGroup" if !resource.property("RetentionInDays").is_u64() => {
            breaches.push(Breach::NoRetention);
        }
        _ => {}
    }
    if kinds::of(resource.kind()).is_none() {
        breaches.push(Breach::UnknownType(resource.kind()));
    }
    if !kinds::tags::carries(resource, &subject.stack.tags) {
        breaches.push(Breach::NoTags);
    }
}

/// An entity names its component types by their ids, so `CloudFormation` sees neither that they are
/// there nor which of the two has to come first.
fn check_entity(subject: &Subject, breaches: &mut Vec<Breach>) {
    let waits_for = |id: &Value| {
        let types = subject.stack.template.resources().iter();
        types
            .filter(|(_, resource)| resource.property("ComponentTypeId") == id)
            .any(|(type_id, _)| subject.resource.depends_on().contains(type_id))
    };
    let components = subject.resource.property("Components").as_object().into_iter().flatten();
    for (name, component) in components {
        if !waits_for(&component["ComponentTypeId"]) {
            breaches.push(Breach::LooseComponent(name.clone()));
        }
    }
}

/// What runs is named by its content, so that another content is an update, and the old one stays for a
/// rollback.
fn check_code(subject: &Subject, breaches: &mut Vec<Breach>) {
    let (pointer, name) = match subject.resource.kind() {
        "AWS::Lambda::Function" => ("/Code/S3Key", "Code.S3Key"),
        "AWS::KinesisAnalyticsV2::Application" => (
            "/ApplicationConfiguration/ApplicationCodeConfiguration/CodeContent/S3ContentLocation/FileKey",
            "S3ContentLocation.FileKey",
        ),
        _ => return,
    };
    let key = subject.resource.properties().pointer(pointer).and_then(|key| key["Ref"].as_str());
    let source = key.and_then(|key| subject.stack.parameters.get(key));
    if !matches!(source, Some(ParameterSource::ArtifactKey(_))) {
        breaches.push(Breach::FixedCode(name));
    }
}

/// A mapping ends its retries, keeps what it gives up, and fails the bad records alone. A queue does the first two
/// itself.
fn check_mapping(subject: &Subject, breaches: &mut Vec<Breach>) {
    let mapping = subject.resource;
    let types = mapping.property("FunctionResponseTypes").as_array();
    if !types.is_some_and(|types| types.contains(&json!("ReportBatchItemFailures"))) {
        breaches.push(Breach::CarelessMapping("FunctionResponseTypes"));
    }
    let source = subject.referred(mapping.property("EventSourceArn"));
    if let Some((_, queue)) = source.filter(|(_, source)| source.kind() == "AWS::SQS::Queue") {
        if !queue.property("RedrivePolicy")["maxReceiveCount"].is_u64() {
            breaches.push(Breach::CarelessMapping("RedrivePolicy"));
        }
        return;
    }
    // Attempts may be without end, as their age ends them.
    let age = "MaximumRecordAgeInSeconds";
    if !mapping.property(age).is_u64() {
        breaches.push(Breach::EndlessRetries(age));
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
