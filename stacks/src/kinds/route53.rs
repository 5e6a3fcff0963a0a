//! Names of hosts.

use super::grants::{Grant, Grants, NO_STEP, Needed, look, read, write};
use super::load::Cost;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::Subject;
use super::{AtMostOnce, Data, Group, Kind, Local, Naming, Service, Tags};

const SERVICE: Service = Service { namespace: "route53", calls: &[], policy: Group::Entrance };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Route53::RecordSet",
    service: &SERVICE,
    naming: Naming::NAMELESS,
    tags: Tags::None("it is a line of its zone"),
    data: Data::HoldsNothing("it is made again from the template"),
    // Its page says so of the name too, which its schema does not.
    replaced_by: &["HostedZoneId", "Name"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/HostedZoneId", "/Name", "/Type"]),
    kept: &[],
    grants: Grants::Needs(record_set),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: A_PART,
    cost: Cost::Free("its hosted zone is not the pipeline's"),
}];

/// [`AWS::Route53::RecordSet`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html):
/// this name of the zone, and no other.
fn record_set(subject: Subject) -> Needed {
    let zone = subject.text(subject.resource.property("HostedZoneId"))?;
    let name = subject.text(subject.resource.property("Name"))?;
    let zones = [subject.arn_of("route53", &format!("hostedzone/{zone}"))];
    let changes = [subject.arn_of("route53", "change/*")];
    Ok(vec![
        record(subject, &zone, &name),
        read(allow(&["route53:GetHostedZone", "route53:ListResourceRecordSets"], zones)),
        read(allow(&["route53:GetChange"], changes).because("A change has an id, and no tag")),
        look(&["route53:ListHostedZones"]),
    ])
}

/// Changing one name of a zone. See
/// [conditions of Route 53](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
pub(super) fn record(subject: Subject, zone: &str, name: &str) -> Grant {
    let zones = [subject.arn_of("route53", &format!("hostedzone/{zone}"))];
    write(allow(&["route53:ChangeResourceRecordSets"], zones).when(
        "ForAllValues:StringLike",
        "route53:ChangeResourceRecordSetsNormalizedRecordNames",
        [name.to_lowercase()],
    ))
}
