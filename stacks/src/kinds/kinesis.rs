//! Streams.

use serde_json::Value;

use super::grants::{Grants, Needed, read, write};
use super::kept::{HOUR, Seconds, number, times};
use super::load::{Amounts, Cost, GB, HOURS, KB, MILLION, READERS, Site, events, shards, steps};
use super::statement::allow;
use super::subject::{NO_RESOURCE, Subject};
use super::{
    AtMostOnce, Data, Encryption, Generated, Group, Held, Keeping, Kept, Kind, Local, Lost, Naming, Proof,
    Service, Tags, Witness,
};
use crate::cfn::{LogicalId, Resource};
use crate::environment::StreamMode;

const SERVICE: Service = Service { namespace: "kinesis", calls: &[], policy: Group::Streams };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Kinesis::Stream",
    service: &SERVICE,
    naming: Naming::own("/Name", 128, Generated::Stack(128), "stream/{name}"),
    tags: Tags::List("Tags"),
    // Until its retention ends, it may hold the only copy of what no consumer has read yet.
    data: Data::HoldsData(Held {
        encryption: Encryption::By("StreamEncryption", |properties| {
            properties["StreamEncryption"]["EncryptionType"] == "KMS"
        }),
        keeping: Keeping {
            cost: "by the hour, whether or not it is used",
            remove: |id| format!("aws kinesis delete-stream --stream-name {id}"),
        },
    }),
    replaced_by: &["Name"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/Name"]),
    // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html
    kept: &[Kept::For { of: retention, lost: Lost::Aged("records") }],
    grants: Grants::Needs(stream),
    steps: Grants::Needs(stream_steps),
    local: Local::AsIs,
    proof: Proof::Asked(Witness::Kinesis),
    cost: Cost::Metered(stream_amounts),
}];

/// [`AWS::Kinesis::Stream`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html).
/// The [reference of authorization](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html)
/// names no resource for `UpdateShardCount` and `UpdateStreamMode`, so a statement that names a stream allows
/// neither. They are granted to `CloudFormation`'s
/// [calls for the caller](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html)
/// alone, which is limited to the environment's stacks.
fn stream(subject: Subject) -> Needed {
    const KEY: &str = "The key is the one that Kinesis keeps in the account; the stream is named beside it";
    let arn = [subject.arn()?];
    let keys = [subject.arn_of("kms", "key/*")];
    let encryption = allow(&["kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption"], keys);
    let capacity = allow(&["kinesis:UpdateShardCount", "kinesis:UpdateStreamMode"], ["*".to_owned()]);
    Ok(vec![
        write(capacity.because(NO_RESOURCE).when("Bool", "aws:ViaAWSService", ["true"])),
        write(encryption.because(KEY)),
        read(allow(
            &["kinesis:DescribeStreamSummary", "kinesis:ListTagsForResource", "kinesis:ListTagsForStream"],
            arn.clone(),
        )),
        write(allow(
            &[
                "kinesis:AddTagsToStream",
                "kinesis:CreateStream",
                "kinesis:DecreaseStreamRetentionPeriod",
                "kinesis:DeleteStream",
                "kinesis:IncreaseStreamRetentionPeriod",
                "kinesis:RemoveTagsFromStream",
                "kinesis:StartStreamEncryption",
                "kinesis:StopStreamEncryption",
                "kinesis:TagResource",
                "kinesis:UntagResource",
            ],
            arn,
        )),
    ])
}

/// `simulate` and `verify` send.
fn stream_steps(subject: Subject) -> Needed {
    Ok(vec![write(allow(&["kinesis:PutRecords"], [subject.arn()?]))])
}

fn retention(properties: &Value) -> Option<Seconds> {
    number(properties, "/RetentionPeriodHours", 24).map(|hours| times(hours, HOUR))
}

fn stream_amounts(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let stream = &site.environment.stream;
    let extended_hours = f64::from(stream.retention_hours.saturating_sub(24));
    let raw = events(site) * site.load.event_bytes / GB;
    match stream.mode {
        StreamMode::Provisioned { .. } => {
            let hours = shards(site) * HOURS;
            let extended = if extended_hours > 0.0 { hours } else { 0.0 };
            vec![
                ("kinesis-shard", hours),
                ("kinesis-shard-extended", extended),
                ("kinesis-put", events(site) * steps(site, 25.0 * KB) / MILLION),
            ]
        }
        StreamMode::OnDemand => vec![
            ("kinesis-stream", HOURS),
            ("kinesis-in", events(site) * steps(site, KB) * KB / GB),
            ("kinesis-out", raw * READERS),
            ("kinesis-extended", raw * extended_hours / HOURS),
        ],
    }
}
