//! Topic rules, and who a device is.

use serde_json::Value;

use super::grants::{Grants, Needed, change, look, make, read, write};
use super::kept::{Seconds, present};
use super::load::{Amounts, Cost, HOURS, KB, MILLION, SECONDS, Site, share, steps};
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::{ABSENT, Subject};
use super::{
    AtMostOnce, Data, Encryption, Generated, Group, Held, Keeping, Kept, Kind, Local, Lost, Naming, Proof,
    Service, Tags,
};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "iot", calls: &[], policy: Group::Streams };

pub(super) const KINDS: &[Kind] = &[POLICY, THING_TYPE, TOPIC_RULE];

const TOPIC_RULE: Kind = Kind {
    name: "AWS::IoT::TopicRule",
    service: &SERVICE,
    // Its handler leaves the stack out of the name:
    // https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot
    naming: Naming::own("/RuleName", 128, Generated::Logical('_'), "rule/{name}"),
    tags: Tags::List("Tags"),
    data: Data::HoldsNothing("what it cannot deliver goes to a queue"),
    replaced_by: &["RuleName"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/RuleName"]),
    kept: &[Kept::For { of: undelivered, lost: Lost::All("messages that the rule cannot deliver") }],
    grants: Grants::Needs(topic_rule),
    steps: Grants::Needs(topic_rule_steps),
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::Depends(topic_rule_cost),
};

const POLICY: Kind = Kind {
    name: "AWS::IoT::Policy",
    service: &SERVICE,
    naming: Naming::own("/PolicyName", 128, Generated::Unknown, "policy/{name}"),
    tags: Tags::List("Tags"),
    // Without it no certificate that it is attached to lets a device in.
    data: Data::HoldsData(Held {
        encryption: Encryption::Always("it is no secret, and certificates are kept by the service"),
        keeping: Keeping {
            cost: "nothing",
            remove: |id| {
                format!(
                    "aws iot delete-policy --policy-name {id}, once `aws iot list-targets-for-policy --policy-name {id}` names none"
                )
            },
        },
    }),
    replaced_by: &["PolicyName"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/PolicyName"]),
    kept: &[],
    grants: Grants::Needs(policy),
    steps: Grants::Needs(policy_steps),
    local: Local::AsIs,
    proof: LISTED,
    cost: Cost::Free("identities cost nothing, connections and messages do"),
};

const THING_TYPE: Kind = Kind {
    name: "AWS::IoT::ThingType",
    service: &SERVICE,
    naming: Naming::own("/ThingTypeName", 128, Generated::Unknown, "thingtype/{name}"),
    tags: Tags::List("Tags"),
    data: Data::GoesWithData("the things of devices are of it, and stay as long as their policy"),
    // Of its properties a service changes those of MQTT 5 alone:
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-thingtype.html
    replaced_by: &["ThingTypeName"],
    immutable: &["ThingTypeProperties"],
    at_most_once: AtMostOnce::By(&["/ThingTypeName"]),
    kept: &[],
    grants: Grants::Needs(thing_type),
    steps: Grants::Needs(thing_type_steps),
    local: Local::AsIs,
    proof: LISTED,
    cost: Cost::Free("the registry of things costs nothing"),
};

/// Its service is not asked about each type of its own.
const LISTED: Proof = Proof::Believed("the Tagging API lists it by its tag");

/// [`AWS::IoT::Policy`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-policy.html).
fn policy(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["iot:GetPolicy", "iot:ListPolicyVersions", "iot:ListTagsForResource"], arn.clone())),
        write(allow(
            &[
                "iot:CreatePolicy",
                "iot:CreatePolicyVersion",
                "iot:DeletePolicy",
                "iot:DeletePolicyVersion",
                "iot:SetDefaultPolicyVersion",
                "iot:TagResource",
                "iot:UntagResource",
            ],
            arn,
        )),
    ])
}

/// `destroy` looks for certificates that need it. Whoever makes and revokes them has permissions of their own: a
/// certificate carries no tag that could say whose it is.
fn policy_steps(subject: Subject) -> Needed {
    Ok(vec![read(allow(&["iot:ListTargetsForPolicy"], [subject.arn()?]))])
}

/// [`AWS::IoT::ThingType`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-thingtype.html).
fn thing_type(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["iot:DescribeThingType", "iot:ListTagsForResource"], arn.clone())),
        write(allow(
            &[
                "iot:CreateThingType",
                "iot:DeleteThingType",
                "iot:DeprecateThingType",
                "iot:TagResource",
                "iot:UntagResource",
                "iot:UpdateThingType",
            ],
            arn,
        )),
    ])
}

/// `destroy` looks for devices that are of it.
fn thing_type_steps(_: Subject) -> Needed {
    Ok(vec![look(&["iot:ListThings"])])
}

/// [`AWS::IoT::TopicRule`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-topicrule.html).
/// Its [handler](https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot) names it
/// without the stack, and with underscores.
fn topic_rule(subject: Subject) -> Needed {
    let rules = [subject.arn_of("iot", &format!("rule/{}_*", subject.id))];
    let listed = allow(&["iot:ListTagsForResource"], rules.clone());
    let tagged = allow(&["iot:TagResource"], rules.clone());
    Ok(vec![
        read(allow(&["iot:GetTopicRule"], rules.clone()).because(ABSENT)),
        read(subject.scope.owned(listed)),
        make(subject, &["iot:CreateTopicRule"], rules.clone()),
        write(subject.scope.adopted(tagged)),
        change(subject, &["iot:DeleteTopicRule", "iot:ReplaceTopicRule", "iot:UntagResource"], rules),
    ])
}

/// `simulate` and `verify` send.
fn topic_rule_steps(subject: Subject) -> Needed {
    let publish =
        |topics| write(allow(&["iot:Publish"], [subject.arn_of("iot", &format!("topic/{topics}"))]));
    Ok(topics(subject).map(publish).into_iter().collect())
}

/// The topics that a rule reads, as a pattern of IAM.
fn topics(subject: Subject) -> Option<String> {
    let sql = subject.resource.property("TopicRulePayload")["Sql"].as_str()?;
    let (_, filter) = sql.split_once("FROM '")?;
    let (filter, _) = filter.split_once('\'')?;
    let level = |level| if matches!(level, "+" | "#") { "*" } else { level };
    Some(filter.split('/').map(level).collect::<Vec<_>>().join("/"))
}

fn undelivered(properties: &Value) -> Option<Seconds> {
    present(properties, "/TopicRulePayload/ErrorAction")
}

/// <https://aws.amazon.com/iot-core/pricing/additional-details/>
/// The rules of `ingest` have every message of the devices; a further one would pay for them once more.
fn topic_rule_cost(site: Site, _: &Resource) -> Cost {
    match site.stack.name {
        "ingest" => Cost::Metered(topic_rule_amounts),
        _ => Cost::ByUse("what further rules select, and their actions"),
    }
}

fn topic_rule_amounts(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let kinds = share(site);
    let messages = kinds * site.load.events_per_second * SECONDS * steps(site, 5.0 * KB) / MILLION;
    vec![
        ("iot-connection", kinds * site.load.devices * HOURS * 60.0 / MILLION),
        ("iot-message", messages),
        ("iot-rule", messages),
    ]
}
