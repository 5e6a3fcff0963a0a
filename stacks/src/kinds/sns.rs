//! Topics of notifications.

use super::grants::{Grants, NO_STEP, Needed, look, read, write};
use super::load::Cost;
use super::proof::{A_PART, TAGGED};
use super::statement::allow;
use super::subject::{NO_RESOURCE, Subject, Unresolved};
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Reference, Service, Tags};

const SERVICE: Service = Service { namespace: "sns", calls: &[], policy: Group::Dashboards };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::SNS::Topic",
        service: &SERVICE,
        naming: Naming {
            reference: Reference::Arn,
            ..Naming::own("/TopicName", 256, Generated::Stack(256), "{name}")
        },
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("it hands on what it is told, and keeps nothing"),
        replaced_by: &["TopicName", "FifoTopic"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/TopicName"]),
        kept: &[],
        grants: Grants::Needs(topic),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::ByUse("who is told of alarms, and how often"),
    },
    Kind {
        name: "AWS::SNS::TopicPolicy",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is an attribute of its topic"),
        data: Data::HoldsNothing("it is made again from the template"),
        replaced_by: &[],
        immutable: &[],
        // A topic has one policy.
        at_most_once: AtMostOnce::By(&["/Topics"]),
        kept: &[],
        grants: Grants::Needs(topic_policy),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the topic"),
    },
    Kind {
        name: "AWS::SNS::Subscription",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is a part of its topic"),
        data: Data::HoldsNothing("whoever is told confirms again, by a link that the topic sends"),
        replaced_by: &["TopicArn", "Protocol", "Endpoint"],
        immutable: &[],
        // The same again is the one that is there.
        at_most_once: AtMostOnce::By(&["/TopicArn", "/Protocol", "/Endpoint"]),
        kept: &[],
        grants: Grants::Needs(subscription),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("its messages are counted with the topic"),
    },
];

/// [`AWS::SNS::Topic`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html).
fn topic(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(
            &[
                "sns:GetDataProtectionPolicy",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:ListTagsForResource",
            ],
            arn.clone(),
        )),
        write(allow(
            &[
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:SetTopicAttributes",
                "sns:TagResource",
                "sns:UntagResource",
            ],
            arn,
        )),
    ])
}

/// [`AWS::SNS::TopicPolicy`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html):
/// an attribute of its topics.
fn topic_policy(subject: Subject) -> Needed {
    let topics = subject.resource.property("Topics").as_array();
    let arns: Vec<String> =
        topics.into_iter().flatten().map(|topic| subject.text(topic)).collect::<Result<_, Unresolved>>()?;
    Ok(vec![
        read(allow(&["sns:GetTopicAttributes"], arns.clone())),
        write(allow(&["sns:SetTopicAttributes"], arns)),
    ])
}

/// [`AWS::SNS::Subscription`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html).
/// The [reference of authorization](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html)
/// names no resource for what is done to a subscription. It is granted to `CloudFormation`'s calls for the caller alone,
/// which is limited to the environment's stacks.
fn subscription(subject: Subject) -> Needed {
    let topic = [subject.text(subject.resource.property("TopicArn"))?];
    let changed = allow(&["sns:SetSubscriptionAttributes", "sns:Unsubscribe"], ["*".to_owned()]);
    Ok(vec![
        look(&["sns:GetSubscriptionAttributes"]),
        read(allow(&["sns:ListSubscriptionsByTopic"], topic.clone())),
        write(allow(&["sns:Subscribe"], topic)),
        write(changed.because(NO_RESOURCE).when("Bool", "aws:ViaAWSService", ["true"])),
    ])
}
