//! Secrets.

use super::grants::{Grants, NO_STEP, Needed, change, look, make, read, write};
use super::load::{Amounts, Cost, Site};
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::{ABSENT, Subject};
use super::{
    AtMostOnce, Data, Encryption, Generated, Group, Held, Keeping, Kind, Local, Naming, Reference, Service,
    Tags,
};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "secretsmanager", calls: &[], policy: Group::Access };

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::SecretsManager::Secret",
    service: &SERVICE,
    naming: Naming {
        reference: Reference::Arn,
        ..Naming::own("/Name", 512, Generated::Logical('-'), "secret:{name}")
    },
    tags: Tags::List("Tags"),
    data: Data::HoldsData(Held {
        encryption: Encryption::Always("the service encrypts every secret"),
        keeping: Keeping {
            cost: "by the month",
            remove: |id| format!("aws secretsmanager delete-secret --secret-id {id}"),
        },
    }),
    replaced_by: &["Name"],
    immutable: &[],
    at_most_once: AtMostOnce::By(&["/Name"]),
    kept: &[],
    grants: Grants::Needs(secret),
    steps: NO_STEP,
    local: Local::AsIs,
    proof: TAGGED,
    cost: Cost::Metered(secret_amounts),
}];

/// [`AWS::SecretsManager::Secret`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html).
/// Its name has no stack in it. Its schema reads the value, which whoever plans may not.
fn secret(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    let tagged = allow(&["secretsmanager:TagResource"], arn.clone());
    Ok(vec![
        read(allow(&["secretsmanager:DescribeSecret"], arn.clone()).because(ABSENT)),
        look(&["secretsmanager:GetRandomPassword"]),
        make(subject, &["secretsmanager:CreateSecret"], arn.clone()),
        write(subject.scope.adopted(tagged)),
        change(
            subject,
            &[
                "secretsmanager:DeleteSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:UntagResource",
                "secretsmanager:UpdateSecret",
            ],
            arn,
        ),
    ])
}

fn secret_amounts(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("secret", 1.0)]
}
