//! A bucket as every stack has it: private, encrypted, TLS only, without forgotten uploads.

use serde_json::{Value, json};

use crate::cfn::{Auditor, LogicalId, Resource, Template, tls_only};

/// Days after which the parts of an upload that was never finished are removed.
const UNFINISHED_UPLOAD_DAYS: u32 = 7;

/// Days for which what was overwritten or deleted in a bucket of data can be brought back.
pub(crate) const UNDO_DAYS: u32 = 30;

/// Adds a bucket for archives and its policy, and returns the bucket's id.
///
/// `rules` are lifecycle rules beside the one for unfinished uploads.
pub(crate) fn add(template: &mut Template, id: LogicalId, rules: Vec<Value>) -> LogicalId {
    let bucket = bucket(rules).skip(
        Auditor::Checkov,
        "CKV_AWS_21",
        "A key has the hash of its object in it, so that no object is ever overwritten, and one that is \
         deleted is built again from the source",
    );
    add_with_policy(template, id, bucket)
}

/// Adds a bucket and its policy, and returns the bucket's id. What is overwritten or deleted in it can be
/// brought back for so many days: [`UNDO_DAYS`] where there is no second copy of it.
///
/// `rules` are lifecycle rules beside those for unfinished uploads and old versions.
pub(crate) fn add_versioned(
    template: &mut Template,
    id: LogicalId,
    undo_days: u32,
    mut rules: Vec<Value>,
) -> LogicalId {
    rules.push(json!({
        "Id": "replaced-and-deleted",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": undo_days},
        "ExpiredObjectDeleteMarker": true,
    }));
    let mut bucket = bucket(rules);
    bucket.set_property("VersioningConfiguration", json!({"Status": "Enabled"}));
    add_with_policy(template, id, bucket)
}

fn bucket(rules: Vec<Value>) -> Resource {
    let mut lifecycle = vec![json!({
        "Id": "unfinished-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
    })];
    lifecycle.extend(rules);
    Resource::new(
        "AWS::S3::Bucket",
        json!({
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}},
            ]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true,
                "BlockPublicPolicy": true,
                "IgnorePublicAcls": true,
                "RestrictPublicBuckets": true,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": lifecycle},
        }),
    )
    .skip(
        Auditor::Checkov,
        "CKV_AWS_18",
        "Access logs need a second bucket, which still fills while its stack is deleted. CloudTrail's data \
             events, which an account turns on for all of its buckets, record the same and who it was",
    )
}

fn add_with_policy(template: &mut Template, id: LogicalId, bucket: Resource) -> LogicalId {
    let policy = id.with("Policy");
    let bucket = template.add(id, bucket);
    template.add(
        policy,
        Resource::new(
            "AWS::S3::BucketPolicy",
            json!({
                "Bucket": bucket.reference(),
                "PolicyDocument": tls_only("s3", &[bucket.arn(), bucket.arn().within("/*")]),
            }),
        ),
    );
    bucket
}
