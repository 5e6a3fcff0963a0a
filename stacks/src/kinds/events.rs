//! Schedules.

use super::grants::{Grants, NO_STEP, Needed, read, write};
use super::load::Cost;
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::Subject;
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Service, Tags};

const SERVICE: Service = Service { namespace: "events", calls: &[], policy: Group::Streams };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Events::Rule",
    service: &SERVICE,
    naming: Naming::own("/Name", 64, Generated::Stack(64), "rule/{name}"),
    tags: Tags::List("Tags"),
    data: Data::HoldsNothing("a minute that is missed is not made up for"),
    replaced_by: &["Name"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/Name"]),
    kept: &[],
    grants: Grants::Needs(schedule),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::Free("schedules of rules cost nothing"),
}];

/// [`AWS::Events::Rule`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html).
fn schedule(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(
            &["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
            arn.clone(),
        )),
        write(allow(
            &[
                "events:DeleteRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:TagResource",
                "events:UntagResource",
            ],
            arn,
        )),
    ])
}
