//! Custom resources: what a function of the template's own makes.

use serde_json::Value;

use super::grants::{Grants, NO_STEP, Needed, write};
use super::kept::{DAY, Seconds, number, times};
use super::load::Cost;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::Subject;
use super::{Data, Group, Kept, Kind, Local, Lost, Naming, Service, TOLD_BY_ID, Tags};

const SERVICE: Service = Service { namespace: "cloudformation", calls: &["lambda"], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::CloudFormation::CustomResource",
    service: &SERVICE,
    naming: Naming::NAMELESS,
    tags: Tags::None("a custom resource takes none"),
    data: Data::HoldsNothing(
        "its function leaves what it made to the cluster, which stays or goes by itself",
    ),
    replaced_by: &["ServiceToken"],
    immutable: &[],
    at_most_once: TOLD_BY_ID,
    kept: &[Kept::For { of: retention, lost: Lost::Aged("points") }],
    grants: Grants::Needs(custom_resource),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: A_PART,
    cost: Cost::Free("a call of its function at each change"),
}];

/// [`AWS::CloudFormation::CustomResource`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html).
/// CloudFormation calls the function on behalf of whoever deploys.
fn custom_resource(subject: Subject) -> Needed {
    let function = subject.text(subject.resource.property("ServiceToken"))?;
    Ok(vec![write(allow(&["lambda:InvokeFunction"], [function]))])
}

/// The days for which the table keeps rows. `None`, where it is no schema of a table.
fn retention(properties: &Value) -> Option<Seconds> {
    properties.get("RetentionDays")?;
    number(properties, "/RetentionDays", 0).map(|days| times(days, DAY))
}
