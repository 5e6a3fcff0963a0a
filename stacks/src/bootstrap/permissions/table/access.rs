//! Roles and secrets.

use super::super::PermissionsError;
use super::super::names::{ABSENT, Subject};
use super::super::policy::allow;
use super::{Grant, change, look, make, read, write};

/// Longest name of a role.
const LONGEST_ROLE: usize = 64;

/// [`AWS::IAM::Role`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html):
/// only with the boundary, and passed only to the services that the role trusts. A role is given no managed
/// policy, because no template attaches one.
pub(super) fn role(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    let alone = subject.arn_of("iam", &format!("role/{}", subject.generated_alone(LONGEST_ROLE)));
    let bounded = allow(
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        &["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
        arn.clone(),
    )
    .when("StringEquals", "iam:PermissionsBoundary", [subject.scope.boundary()]);
    Ok(vec![
        read(allow(
            &[
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:ListRoleTags",
            ],
            arn.clone(),
        )),
        write(bounded),
        write(allow(
            &[
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            arn,
        )),
        write(allow(&["iam:PassRole"], [alone]).when(
            "StringEquals",
            "iam:PassedToService",
            trusted(subject),
        )),
    ])
}

/// The services that may take a role.
fn trusted(subject: Subject) -> Vec<String> {
    let statements = subject.resource.property("AssumeRolePolicyDocument")["Statement"].as_array();
    let services = statements.into_iter().flatten().map(|statement| &statement["Principal"]["Service"]);
    services.filter_map(|service| service.as_str().map(str::to_owned)).collect()
}

/// [`AWS::SecretsManager::Secret`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html).
/// Its name has no stack in it. Its schema reads the value, which whoever plans may not.
pub(super) fn secret(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
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
