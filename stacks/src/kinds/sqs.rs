//! Queues.

use serde_json::Value;

use super::grants::{Grants, NO_STEP, Needed, read, write};
use super::kept::{DAY, Seconds, number};
use super::load::Cost;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::{Subject, Unresolved};
use super::{
    AtMostOnce, Data, Encryption, Generated, Group, Held, Keeping, Kept, Kind, Local, Lost, Naming, Proof,
    Service, Tags, Witness,
};

const SERVICE: Service = Service { namespace: "sqs", calls: &[], policy: Group::Streams };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::SQS::Queue",
        service: &SERVICE,
        naming: Naming::own("/QueueName", 80, Generated::Stack(80), "{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsData(Held {
            encryption: Encryption::By("SqsManagedSseEnabled", is_encrypted),
            keeping: Keeping {
                cost: "nothing while nobody uses it",
                remove: |id| format!("aws sqs delete-queue --queue-url {id}"),
            },
        }),
        replaced_by: &["QueueName", "FifoQueue"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/QueueName"]),
        // A message that is older goes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        kept: &[Kept::For { of: retention, lost: Lost::Aged("messages") }],
        grants: Grants::Needs(queue),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Sqs),
        cost: Cost::Depends(|site, _| match site.stack.name {
            "ingest" => Cost::ByUse("what goes to quarantine"),
            _ => Cost::ByUse("what goes through further queues"),
        }),
    },
    Kind {
        name: "AWS::SQS::QueuePolicy",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is an attribute of its queue"),
        data: Data::GoesWithData("it stays as long as its queue, and is made again from the template"),
        replaced_by: &[],
        immutable: &[],
        // A queue has one policy.
        at_most_once: AtMostOnce::By(&["/Queues"]),
        kept: &[],
        grants: Grants::Needs(queue_policy),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the queue"),
    },
];

fn is_encrypted(properties: &Value) -> bool {
    properties["SqsManagedSseEnabled"] == true || properties["KmsMasterKeyId"].is_string()
}

/// [`AWS::SQS::Queue`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html).
fn queue(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"], arn.clone())),
        write(allow(
            &[
                "sqs:CreateQueue",
                "sqs:DeleteQueue",
                "sqs:SetQueueAttributes",
                "sqs:TagQueue",
                "sqs:UntagQueue",
            ],
            arn,
        )),
    ])
}

/// [`AWS::SQS::QueuePolicy`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html):
/// an attribute of its queues.
fn queue_policy(subject: Subject) -> Needed {
    let queues = subject.resource.property("Queues").as_array();
    let arns: Vec<String> = queues
        .into_iter()
        .flatten()
        .map(|queue| Ok(subject.arn_of("sqs", &subject.text(queue)?)))
        .collect::<Result<_, Unresolved>>()?;
    Ok(vec![
        read(allow(&["sqs:GetQueueAttributes"], arns.clone())),
        write(allow(&["sqs:SetQueueAttributes"], arns)),
    ])
}

/// For how long a queue keeps a message. Without the property, SQS keeps it for four days.
pub(crate) fn retention(properties: &Value) -> Option<Seconds> {
    number(properties, "/MessageRetentionPeriod", 4 * DAY)
}
