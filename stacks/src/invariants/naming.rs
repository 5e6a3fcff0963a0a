//! Names and sizes: two environments fit in one account, and nothing exceeds what AWS accepts.

use super::{Breach, Subject, objects};
use crate::Stack;
use crate::bootstrap;
use crate::cfn::TEMPLATE_LIMIT_BYTES;
use crate::tags::ENVIRONMENT_TAG;

/// A property that gives a resource its physical name.
struct Name {
    kind: &'static str,
    pointer: &'static str,
    max_length: usize,
}

/// Physical names that are unique in an account or wider. Names that live inside another resource,
/// like that of a table, need no entry.
#[rustfmt::skip]
static NAMES: &[Name] = &[
    Name { kind: "AWS::Athena::WorkGroup",               pointer: "/Name",               max_length: 128 },
    Name { kind: "AWS::Events::Rule",                    pointer: "/Name",               max_length: 64 },
    Name { kind: "AWS::Glue::Database",                  pointer: "/DatabaseInput/Name", max_length: 255 },
    Name { kind: "AWS::Grafana::Workspace",              pointer: "/Name",               max_length: 255 },
    Name { kind: "AWS::IAM::ManagedPolicy",              pointer: "/ManagedPolicyName",  max_length: 128 },
    Name { kind: "AWS::IAM::Role",                       pointer: "/RoleName",           max_length: 64 },
    Name { kind: "AWS::IoT::TopicRule",                  pointer: "/RuleName",           max_length: 128 },
    Name { kind: "AWS::IoTTwinMaker::Workspace",         pointer: "/WorkspaceId",        max_length: 128 },
    Name { kind: "AWS::Kinesis::Stream",                 pointer: "/Name",               max_length: 128 },
    Name { kind: "AWS::KinesisAnalyticsV2::Application", pointer: "/ApplicationName",    max_length: 128 },
    Name { kind: "AWS::KinesisFirehose::DeliveryStream", pointer: "/DeliveryStreamName", max_length: 64 },
    Name { kind: "AWS::Lambda::Function",                pointer: "/FunctionName",       max_length: 64 },
    Name { kind: "AWS::Logs::LogGroup",                  pointer: "/LogGroupName",       max_length: 512 },
    Name { kind: "AWS::S3::Bucket",                      pointer: "/BucketName",         max_length: 63 },
    Name { kind: "AWS::SQS::Queue",                      pointer: "/QueueName",          max_length: 80 },
    Name { kind: "AWS::Timestream::Database",            pointer: "/DatabaseName",       max_length: 256 },
    Name { kind: "Custom::IoTTwinMakerWorkspace",        pointer: "/WorkspaceId",        max_length: 128 },
    Name { kind: "Custom::TimestreamDatabase",           pointer: "/DatabaseName",       max_length: 256 },
];

/// Beginnings of a bucket's name that [S3 keeps](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
const BUCKET_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
/// Ends of a bucket's name that S3 keeps.
const BUCKET_SUFFIXES: [&str; 6] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];

/// Quotas of a [template](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
const MAX_RESOURCES: usize = 500;
const MAX_PARAMETERS: usize = 200;
const MAX_OUTPUTS: usize = 200;
const MAX_STACK_NAME: usize = 128;

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let keys = objects(subject.resource.properties());
    if keys.iter().any(|object| object.contains_key("Fn::ImportValue")) {
        breaches.push(Breach::Export("Fn::ImportValue"));
    }
    for Name { kind, pointer, max_length } in NAMES {
        let property = pointer.trim_start_matches('/');
        if subject.resource.kind() != *kind {
            continue;
        }
        let Some(value) = subject.resource.properties().pointer(pointer) else { continue };
        let name = match (value.as_str(), value["Fn::Sub"].as_str()) {
            (Some(name), _) => {
                if let Some(why) = refusal(kind, name, *max_length) {
                    breaches.push(Breach::RefusedName { property, name: name.to_owned(), why });
                }
                name
            }
            // The stack's name has that of the environment in it.
            (None, Some(sub)) if sub.contains("${AWS::StackName}") || sub.contains("${AWS::StackId}") => {
                continue;
            }
            (None, Some(sub)) => sub,
            (None, None) => continue,
        };
        if !belongs(subject.stack, name) {
            breaches.push(Breach::SharedName { property, name: name.to_owned() });
        }
    }
}

/// Whether a name says whose it is: an environment's, or an account's in a Region.
fn belongs(stack: &Stack, name: &str) -> bool {
    let tag = |key: &str| stack.tags.get(key).map(String::as_str);
    match tag(ENVIRONMENT_TAG).or_else(|| tag(bootstrap::TAG)) {
        Some(bootstrap::ACCOUNT) if stack.name == bootstrap::ACCOUNT_NAME => {
            name.contains("${AWS::AccountId}") && name.contains("${AWS::Region}")
        }
        // Whole words: `device` does not carry `dev`.
        owner => {
            let words = format!("-{}-", name.replace(['_', '/', '.'], "-"));
            words.contains(&format!("-{}-", owner.unwrap_or_default()))
        }
    }
}

/// What the service says to a name, if it does not accept it.
fn refusal(kind: &str, name: &str, max_length: usize) -> Option<&'static str> {
    if name.chars().count() > max_length {
        return Some("it is longer than the service accepts");
    }
    match kind {
        "AWS::Logs::LogGroup" if name.starts_with("aws/") => Some("names that begin with aws/ belong to AWS"),
        "AWS::Glue::Database" if name.contains(|c: char| c.is_ascii_uppercase()) => {
            Some("Athena finds names in lower case only")
        }
        "AWS::S3::Bucket"
            if BUCKET_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                || BUCKET_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) =>
        {
            Some("S3 keeps its prefix or its suffix for itself")
        }
        "AWS::S3::Bucket"
            if name.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')) =>
        {
            Some("a bucket's name has lower case letters, digits and hyphens, and dots break TLS")
        }
        _ if name.to_ascii_lowercase().starts_with("aws") => Some("names that begin with aws belong to AWS"),
        _ => None,
    }
}

pub(super) fn check_stack(stack: &Stack) -> Vec<Breach> {
    let template = &stack.template;
    let quotas = [
        ("bytes", template.to_json().len(), TEMPLATE_LIMIT_BYTES),
        ("resources", template.resources().len(), MAX_RESOURCES),
        ("parameters", template.parameters().len(), MAX_PARAMETERS),
        ("outputs", template.outputs().len(), MAX_OUTPUTS),
        ("characters in its name", stack.stack_name.len(), MAX_STACK_NAME),
    ];
    quotas
        .into_iter()
        .filter(|(_, found, limit)| found > limit)
        .map(|(what, found, limit)| Breach::Quota { what, found, limit })
        .collect()
}
