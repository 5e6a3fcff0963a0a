//! Certificates.

use super::grants::{Grants, NO_STEP, Needed, change, read, write};
use super::load::Cost;
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::{ABSENT, BY_ID, Subject};
use super::{Data, Group, Kind, Local, Naming, Service, TOLD_BY_ID, Tags, route53};

const SERVICE: Service = Service { namespace: "acm", calls: &[], policy: Group::Entrance };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::CertificateManager::Certificate",
    service: &SERVICE,
    naming: Naming::by_arn("certificate/{id}"),
    tags: Tags::List("Tags"),
    data: Data::HoldsNothing("it is issued again"),
    replaced_by: &["DomainName", "DomainValidationOptions"],
    immutable: &[],
    at_most_once: TOLD_BY_ID,
    kept: &[],
    grants: Grants::Needs(certificate),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::Free("public certificates cost nothing"),
}];

/// [`AWS::CertificateManager::Certificate`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html).
/// `CloudFormation` writes the record that proves the domain.
fn certificate(subject: Subject) -> Needed {
    let all = [subject.arn_of("acm", "certificate/*")];
    let domain = subject.text(subject.resource.property("DomainName"))?;
    let listed = allow(&["acm:ListTagsForCertificate"], all.clone());
    let requested = allow(&["acm:RequestCertificate"], ["*".to_owned()]).when(
        "ForAllValues:StringEquals",
        "acm:DomainNames",
        [domain.as_str()],
    );
    let tagged = allow(&["acm:AddTagsToCertificate"], all.clone());
    let mut grants = vec![
        read(allow(&["acm:DescribeCertificate"], all.clone()).because(ABSENT)),
        read(subject.scope.owned(listed).because(BY_ID)),
        write(subject.scope.claimed(requested).because(BY_ID)),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        change(
            subject,
            &["acm:DeleteCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"],
            all,
        ),
    ];
    let proofs = subject.resource.property("DomainValidationOptions").as_array();
    for proof in proofs.into_iter().flatten() {
        let zone = subject.text(&proof["HostedZoneId"])?;
        grants.push(route53::record(subject, &zone, &format!("_*.{domain}")));
    }
    Ok(grants)
}
