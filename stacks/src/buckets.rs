//! A bucket as every stack has it: private, encrypted, TLS only, without forgotten uploads.

use serde_json::{Value, json};

use crate::cfn::{LogicalId, Resource, Template, tls_only};
use crate::environment::OnDelete;

/// Days after which the parts of an upload that was never finished are removed.
const UNFINISHED_UPLOAD_DAYS: u32 = 7;

/// Adds a bucket and its policy, and returns the bucket's id.
///
/// `rules` are lifecycle rules beside the one for unfinished uploads.
pub(crate) fn add(
    template: &mut Template,
    id: LogicalId,
    on_delete: OnDelete,
    rules: Vec<Value>,
) -> LogicalId {
    let mut lifecycle = vec![json!({
        "Id": "unfinished-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
    })];
    lifecycle.extend(rules);
    let policy = id.with("Policy");
    let bucket = template.add(
        id,
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
        .holding_data(on_delete),
    );
    template.add(
        policy,
        Resource::new(
            "AWS::S3::BucketPolicy",
            json!({
                "Bucket": bucket.reference(),
                "PolicyDocument": tls_only("s3", &[bucket.arn(), bucket.arn().within("/*")]),
            }),
        )
        // It stays where its bucket stays.
        .holding_data(on_delete),
    );
    bucket
}
