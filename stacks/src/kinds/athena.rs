//! Athena.

use super::grants::{Grants, NO_STEP, Needed, read, write};
use super::load::Cost;
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::Subject;
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Service, Tags};

const SERVICE: Service = Service { namespace: "athena", calls: &[], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Athena::WorkGroup",
    service: &SERVICE,
    naming: Naming::own("/Name", 128, Generated::Stack(128), "workgroup/{name}"),
    tags: Tags::List("Tags"),
    data: Data::HoldsNothing("results lie in a bucket, and the history of queries is not missed"),
    replaced_by: &["Name"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/Name"]),
    kept: &[],
    grants: Grants::Needs(workgroup),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::ByUse("what queries of the lake scan"),
}];

/// [`AWS::Athena::WorkGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html).
/// Whoever makes it has to reach the folder for its results.
fn workgroup(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    let results =
        &subject.resource.property("WorkGroupConfiguration")["ResultConfiguration"]["OutputLocation"];
    let results = subject.text(results)?;
    let folder = results.trim_start_matches("s3://").trim_end_matches('/').to_owned();
    let bucket = folder.split('/').next().unwrap_or_default().to_owned();
    Ok(vec![
        read(allow(&["athena:GetWorkGroup", "athena:ListTagsForResource"], arn.clone())),
        write(allow(
            &[
                "athena:CreateWorkGroup",
                "athena:DeleteWorkGroup",
                "athena:TagResource",
                "athena:UntagResource",
                "athena:UpdateWorkGroup",
            ],
            arn,
        )),
        write(allow(
            &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            [subject.arn_of("s3", &bucket)],
        )),
        write(allow(
            &["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            [subject.arn_of("s3", &format!("{folder}/*"))],
        )),
    ])
}
