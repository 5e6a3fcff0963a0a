//! Delivery streams.

use super::grants::{Grants, Needed, read, write};
use super::load::{Amounts, Cost, GB, KB, SECONDS, Site, events, objects, steps};
use super::statement::allow;
use super::subject::Subject;
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Proof, Service, Tags, Witness};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "firehose", calls: &[], policy: Group::Streams };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::KinesisFirehose::DeliveryStream",
    service: &SERVICE,
    naming: Naming::own("/DeliveryStreamName", 64, Generated::Stack(64), "deliverystream/{name}"),
    tags: Tags::List("Tags"),
    data: Data::HoldsNothing("what it has not delivered is in the stream that it reads"),
    replaced_by: &["DeliveryStreamName", "DeliveryStreamType", "KinesisStreamSourceConfiguration"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/DeliveryStreamName"]),
    kept: &[],
    grants: Grants::Needs(delivery_stream),
    steps: Grants::Needs(delivery_steps),
    local: Local::AsIs,
    proof: Proof::Asked(Witness::Firehose),
    cost: Cost::Metered(delivery_amounts),
}];

/// [`AWS::KinesisFirehose::DeliveryStream`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisfirehose-deliverystream.html).
fn delivery_stream(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"], arn.clone())),
        write(allow(
            &[
                "firehose:CreateDeliveryStream",
                "firehose:DeleteDeliveryStream",
                "firehose:StartDeliveryStreamEncryption",
                "firehose:StopDeliveryStreamEncryption",
                "firehose:TagDeliveryStream",
                "firehose:UntagDeliveryStream",
                "firehose:UpdateDestination",
            ],
            arn,
        )),
    ])
}

/// `verify` looks for its events in the lake.
fn delivery_steps(subject: Subject) -> Needed {
    let lake = &subject.resource.property("ExtendedS3DestinationConfiguration")["BucketARN"];
    let lake = subject.text(lake)?;
    Ok(vec![write(allow(&["s3:GetObject"], [format!("{lake}/*")])), write(allow(&["s3:ListBucket"], [lake]))])
}

/// <https://aws.amazon.com/firehose/pricing/>
fn delivery_amounts(site: Site, _: &LogicalId, resource: &Resource) -> Amounts {
    let step = 5.0 * KB;
    let mut amounts = vec![("firehose", events(site) * steps(site, step) * step / GB)];
    let destination = resource.property("ExtendedS3DestinationConfiguration");
    if destination["DynamicPartitioningConfiguration"]["Enabled"] == true {
        amounts.extend([
            ("firehose-partition", events(site) * site.load.event_bytes / GB),
            ("firehose-object", objects(site) * SECONDS / 1_000.0),
        ]);
    }
    amounts
}
