//! What holds data: encrypted, private, and with a word on what happens to it.

use super::{Breach, Subject};
use crate::cfn::Policy;
use crate::environment::OnDelete;

/// Types that hold data of which there may be no second copy, or that the linters count as such.
static STATEFUL: &[&str] = &[
    "AWS::EFS::FileSystem",
    "AWS::Grafana::Workspace",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::Database",
    "AWS::Timestream::Table",
    "Custom::TimestreamDatabase",
    "Custom::TimestreamTable",
];

const PUBLIC_ACCESS: [&str; 4] =
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

pub(super) fn check(subject: &Subject, breaches: &mut Vec<Breach>) {
    let resource = subject.resource;
    if STATEFUL.contains(&resource.kind())
        && (resource.deletion_policy().is_none() || resource.update_replace_policy().is_none())
    {
        breaches.push(Breach::NoDataPolicy);
    }
    let goes = [resource.deletion_policy(), resource.update_replace_policy()].contains(&Some(Policy::Delete));
    if subject.stack.on_delete == OnDelete::Retain
        && STATEFUL.contains(&resource.kind())
        && goes
        && !may_go(subject)
    {
        breaches.push(Breach::LosesData);
    }
    match resource.kind() {
        "AWS::S3::Bucket" => {
            let rules = &resource.property("BucketEncryption")["ServerSideEncryptionConfiguration"];
            if !rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"].is_string() {
                breaches.push(Breach::Unencrypted("BucketEncryption"));
            }
            let block = resource.property("PublicAccessBlockConfiguration");
            breaches.extend(
                PUBLIC_ACCESS.iter().filter(|key| block[**key] != true).map(|key| Breach::Public(key)),
            );
        }
        "AWS::SQS::Queue"
            if *resource.property("SqsManagedSseEnabled") != true
                && !resource.property("KmsMasterKeyId").is_string() =>
        {
            breaches.push(Breach::Unencrypted("SqsManagedSseEnabled"));
        }
        "AWS::EFS::FileSystem" if *resource.property("Encrypted") != true => {
            breaches.push(Breach::Unencrypted("Encrypted"));
        }
        "AWS::Kinesis::Stream" if resource.property("StreamEncryption")["EncryptionType"] != "KMS" => {
            breaches.push(Breach::Unencrypted("StreamEncryption"));
        }
        _ => {}
    }
}

/// What goes with its stack wherever it is: logs, which nobody would look for, and archives, which can
/// be built again.
fn may_go(subject: &Subject) -> bool {
    subject.resource.kind() == "AWS::Logs::LogGroup" || subject.stack.name == "artifacts"
}
