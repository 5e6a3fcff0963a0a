//! Buckets.

use serde_json::Value;

use super::grants::{Grants, NO_STEP, Needed, read, write};
use super::kept::{Seconds, switch};
use super::load::{Amounts, Cost, GB, SECONDS, Site, objects, rate};
use super::naming;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::Subject;
use super::{
    AtMostOnce, Data, Encryption, Generated, Group, Held, Keeping, Kept, Kind, Local, Lost, Name, Naming,
    Proof, Reference, Service, Tags, Witness,
};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "s3", calls: &[], policy: Group::Stacks };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::S3::Bucket",
        service: &SERVICE,
        naming: Naming {
            name: Name::Own { at: "/BucketName", longest: 63, refusal, otherwise: Generated::Lower(63) },
            reference: Reference::Name,
            arn: Some("{name}"),
            behind: "",
        },
        tags: Tags::List("Tags"),
        data: Data::HoldsData(Held {
            encryption: Encryption::By("BucketEncryption", is_encrypted),
            keeping: Keeping {
                cost: "by the gigabyte and month",
                remove: |id| format!("aws s3 rb s3://{id} --force"),
            },
        }),
        replaced_by: &["BucketName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/BucketName"]),
        kept: &[
            Kept::For { of: versions, lost: Lost::All("what is overwritten or deleted from then on") },
            Kept::Lifecycle,
        ],
        grants: Grants::Needs(bucket),
        steps: Grants::Needs(bucket_steps),
        local: Local::AsIs,
        proof: Proof::Asked(Witness::S3),
        cost: Cost::Metered(bucket_amounts),
    },
    Kind {
        name: "AWS::S3::BucketPolicy",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is a part of its bucket"),
        data: Data::GoesWithData("it stays as long as its bucket, and is made again from the template"),
        replaced_by: &["Bucket"],
        immutable: &[],
        // A bucket has one policy.
        at_most_once: AtMostOnce::By(&["/Bucket"]),
        kept: &[],
        grants: Grants::Needs(bucket_policy),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the bucket"),
    },
];

/// Beginnings of a bucket's name that [S3 keeps](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
/// Ends of a bucket's name that S3 keeps.
const SUFFIXES: [&str; 6] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];
/// How much smaller the lake's objects are than the lines in them. Assumed: the same names recur in each.
const COMPRESSED: f64 = 0.15;

/// What S3 says to the name of a bucket.
fn refusal(name: &str) -> Option<&'static str> {
    if PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
    {
        return Some("S3 keeps its prefix or its suffix for itself");
    }
    if name.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')) {
        return Some("a bucket's name has lower case letters, digits and hyphens, and dots break TLS");
    }
    naming::refusal(name)
}

fn is_encrypted(properties: &Value) -> bool {
    let rules = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"];
    rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"].is_string()
}

/// [`AWS::S3::Bucket`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html).
/// Its handler reads every side of a bucket, whatever the template sets.
fn bucket(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(
            &[
                "s3:GetAccelerateConfiguration",
                "s3:GetAnalyticsConfiguration",
                "s3:GetBucketAbac",
                "s3:GetBucketAcl",
                "s3:GetBucketCORS",
                "s3:GetBucketLocation",
                "s3:GetBucketLogging",
                "s3:GetBucketMetadataTableConfiguration",
                "s3:GetBucketNotification",
                "s3:GetBucketObjectLockConfiguration",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetBucketWebsite",
                "s3:GetEncryptionConfiguration",
                "s3:GetIntelligentTieringConfiguration",
                "s3:GetInventoryConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetMetricsConfiguration",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket",
                "s3:ListTagsForResource",
            ],
            arn.clone(),
        )),
        write(allow(
            &[
                "s3:CreateBucket",
                "s3:DeleteBucket",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketTagging",
                "s3:PutBucketVersioning",
                "s3:PutEncryptionConfiguration",
                "s3:PutLifecycleConfiguration",
                "s3:TagResource",
                "s3:UntagResource",
            ],
            arn,
        )),
    ])
}

/// `destroy` empties it, and says before how much that is.
fn bucket_steps(subject: Subject) -> Needed {
    let bucket = subject.arn()?;
    let objects = [format!("{bucket}/*")];
    Ok(vec![
        read(allow(&["s3:ListBucket", "s3:ListBucketVersions"], [bucket])),
        write(allow(&["s3:DeleteObject", "s3:DeleteObjectVersion"], objects)),
    ])
}

/// [`AWS::S3::BucketPolicy`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html).
fn bucket_policy(subject: Subject) -> Needed {
    let bucket = subject.text(subject.resource.property("Bucket"))?;
    let arn = [subject.arn_of("s3", &bucket)];
    Ok(vec![
        read(allow(&["s3:GetBucketPolicy"], arn.clone())),
        write(allow(&["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"], arn)),
    ])
}

fn versions(properties: &Value) -> Option<Seconds> {
    switch(properties, "/VersioningConfiguration/Status", "Enabled")
}

fn bucket_amounts(site: Site, id: &LogicalId, _: &Resource) -> Amounts {
    // The others hold code, and what was rejected.
    if !is_lake(site, id) {
        return Vec::new();
    }
    let bytes = rate(site) * site.load.event_bytes;
    vec![("s3-storage", bytes * SECONDS * COMPRESSED / GB), ("s3-put", objects(site) * SECONDS / 1_000.0)]
}

/// Whether a delivery of its stack fills it.
fn is_lake(site: Site, id: &LogicalId) -> bool {
    let mut resources = site.stack.template.resources().values();
    resources.any(|resource| {
        resource.property("ExtendedS3DestinationConfiguration")["BucketARN"]["Fn::GetAtt"][0] == id.as_str()
    })
}
