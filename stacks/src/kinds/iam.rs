//! Roles, and what `bootstrap` makes around them.

use super::grants::{BOOTSTRAP, Grants, NO_STEP, Needed, read, write};
use super::load::Cost;
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::Subject;
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Proof, Reference, Service, Tags};

const SERVICE: Service = Service { namespace: "iam", calls: &[], policy: Group::Access };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::IAM::ManagedPolicy",
        service: &SERVICE,
        naming: Naming {
            reference: Reference::Arn,
            ..Naming::own("/ManagedPolicyName", 128, Generated::Stack(128), "policy/{name}")
        },
        tags: Tags::None("its schema has no tags"),
        data: Data::HoldsNothing("it is made again from the template"),
        replaced_by: &["Description", "ManagedPolicyName", "Path"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/ManagedPolicyName"]),
        kept: &[],
        grants: BOOTSTRAP,
        steps: BOOTSTRAP,
        local: Local::AsIs,
        proof: Proof::Believed("no environment has one"),
        cost: Cost::Free("policies cost nothing"),
    },
    Kind {
        name: "AWS::IAM::OIDCProvider",
        service: &SERVICE,
        naming: Naming::by_arn("oidc-provider/{id}"),
        tags: Tags::List("Tags"),
        data: Data::Stays("others of the account may count on it by now"),
        replaced_by: &["Url"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/Url"]),
        kept: &[],
        grants: BOOTSTRAP,
        steps: BOOTSTRAP,
        local: Local::LeftOut(
            "the emulator has no such type, and nothing on this machine takes a role with a token",
        ),
        proof: Proof::Believed("no environment has one"),
        cost: Cost::Free("providers cost nothing"),
    },
    Kind {
        name: "AWS::IAM::Role",
        service: &SERVICE,
        naming: Naming::own("/RoleName", 64, Generated::Stack(64), "role/{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("it is made again from the template"),
        replaced_by: &["RoleName", "Path"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/RoleName"]),
        kept: &[],
        grants: Grants::Needs(role),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Free("roles cost nothing"),
    },
];

/// Longest name of a role.
const LONGEST_ROLE: usize = 64;

/// [`AWS::IAM::Role`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html):
/// only with the boundary, and passed only to the services that the role trusts. A role is given no managed
/// policy, because no template attaches one.
fn role(subject: Subject) -> Needed {
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
