//! What the steps of this product need whatever an environment consists of: a deployment uploads, `destroy`
//! looks for what is left. What they need of a type stands in its row.
//!
//! Who a caller is, anybody may ask:
//! [`GetCallerIdentity`](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html) needs
//! no permission.

use super::Role;
use crate::environment::ACCOUNT_STACK;
use crate::kinds::statement::{Effect, Statement, allow};
use crate::kinds::subject::{NO_RESOURCE, Scope};
use crate::tags::ENVIRONMENT_TAG;

/// What every environment needs, whatever it consists of.
pub(super) fn always(scope: Scope, role: Role) -> Vec<Statement> {
    let everything = || ["*".to_owned()];
    let stacks = [scope.arn("cloudformation", &format!("stack/{}/*", scope.environment.stack_name("*")))];
    let bucket = scope.arn("s3", &scope.environment.account_bucket());
    let objects = [format!("{bucket}/{}", scope.environment.object_key("*"))];
    let listed = scope.environment.object_key("*");
    let log_groups = [scope.arn("logs", &format!("log-group:/sluice/{}/*", scope.environment.name))];
    let mut statements = vec![
        allow(
            &[
                "cloudformation:CreateChangeSet",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeEvents",
                "cloudformation:DescribeStackEvents",
                "cloudformation:GetTemplate",
                "cloudformation:ListChangeSets",
                "cloudformation:ListStackResources",
                "cloudformation:TagResource",
            ],
            stacks.clone(),
        ),
        // What is the environment's is found among all stacks, all buckets and all that is tagged, so that
        // nothing is left behind unseen.
        allow(&["cloudformation:DescribeStacks"], everything())
            .because("Without a name it lists all stacks, which is about no single one"),
        allow(&["cloudformation:DescribeStackResources"], everything())
            .because("It is asked whose stack has a log group, which may be any"),
        allow(&["cloudformation:ListStacks", "s3:ListAllMyBuckets", "tag:GetResources"], everything())
            .because(NO_RESOURCE),
        // What lies there and is no stack's any more is told by its tag, too.
        allow(&["logs:ListTagsForResource"], log_groups.clone()),
        allow(&["s3:GetBucketTagging"], [scope.arn("s3", &scope.environment.stack_name("*"))]),
        allow(&["iam:GetPolicy"], [scope.boundary()]),
        allow(&["s3:GetObject"], objects.clone()),
        // Asked for one object that is not there, S3 says so only to those who may list, and tells the
        // condition no prefix; and `cleanup` finds by the names of folders which instances have code there.
        // So keys can be listed without a prefix, those of other environments among them: they tell names of
        // environments and hashes of archives, and nothing that is in an object.
        allow(&["s3:ListBucket"], [bucket.clone()]).when("StringLikeIfExists", "s3:prefix", [&listed]),
        allow(&["s3:ListBucketVersions"], [bucket.clone()]).when("StringLike", "s3:prefix", [&listed]),
        allow(&["s3:GetBucketLocation"], [bucket]),
    ];
    statements.extend(match role {
        Role::Deploy => vec![
            allow(
                &[
                    "cloudformation:CancelUpdateStack",
                    "cloudformation:ContinueUpdateRollback",
                    "cloudformation:DeleteStack",
                    "cloudformation:ExecuteChangeSet",
                    "cloudformation:RollbackStack",
                    "cloudformation:UntagResource",
                ],
                stacks,
            ),
            allow(&["logs:DeleteLogGroup"], log_groups),
            allow(
                &["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObjectVersion", "s3:PutObject"],
                objects,
            ),
        ],
        // The change set of a stack that is not there yet leaves an empty one, without tags. One that was
        // ever deployed has the environment's, and keeps it. The role puts no object: a deployment takes what lies under the
        // key of a template for that template.
        Role::Plan => vec![allow(&["cloudformation:DeleteStack"], stacks).when(
            "Null",
            format!("aws:ResourceTag/{ENVIRONMENT_TAG}"),
            ["true"],
        )],
    });
    statements
}

/// What the role that deploys never does, whatever else it is allowed: reach for its own permissions, for
/// the boundary, for the stacks of the bootstrap.
pub(super) fn never(scope: Scope) -> Vec<Statement> {
    let deny = |actions: &[&str], resources: Vec<String>| Statement::new(Effect::Deny, actions, resources);
    let environment = scope.environment;
    let role = |name: String| scope.arn("iam", &format!("role/{name}"));
    vec![
        deny(
            &[
                "iam:AttachRolePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PassRole",
                "iam:PutRolePolicy",
                "iam:SetDefaultPolicyVersion",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            vec![scope.boundary(), role(environment.deploy_role_name()), role(environment.plan_role_name())],
        ),
        deny(&["iam:DeleteRolePermissionsBoundary"], vec!["*".to_owned()]),
        // Also where the request names none.
        deny(&["iam:CreateRole", "iam:PutRolePermissionsBoundary"], vec!["*".to_owned()]).when(
            "StringNotEquals",
            "iam:PermissionsBoundary",
            [scope.boundary()],
        ),
        deny(
            &[
                "cloudformation:CancelUpdateStack",
                "cloudformation:ContinueUpdateRollback",
                "cloudformation:CreateChangeSet",
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:ExecuteChangeSet",
                "cloudformation:RollbackStack",
                "cloudformation:SetStackPolicy",
                "cloudformation:UpdateStack",
            ],
            vec![
                scope.arn("cloudformation", &format!("stack/{ACCOUNT_STACK}/*")),
                scope.arn("cloudformation", &format!("stack/{ACCOUNT_STACK}-*/*")),
            ],
        ),
    ]
}
