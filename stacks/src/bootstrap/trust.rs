//! Who takes a role from GitHub: one repository, in one of its
//! [environments](https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments),
//! whose protection rules GitHub has applied before it hands out the token.
//!
//! The subject of a token has one of
//! [two forms](https://docs.github.com/en/actions/reference/security/oidc): repositories that are made or
//! renamed since 2026-07-15 name the numbers of the owner and of the repository too, and others may be
//! switched to it. Which form a repository has is not seen from its name, so both are trusted.

use serde_json::{Value, json};

use super::github::Repository;
use crate::cfn::Arn;

/// The issuer of the tokens, and the name of its provider in IAM.
pub const ISSUER: &str = "token.actions.githubusercontent.com";

/// For whom a token is made that STS takes.
pub const AUDIENCE: &str = "sts.amazonaws.com";

/// The provider's ARN: IAM has at most one for an issuer.
pub fn provider() -> Arn {
    Arn::sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/").within(ISSUER)
}

/// What STS checks of a token beside its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    /// The claims of GitHub too, for instance
    /// [`repository_id`](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif).
    Checked,
    /// Nothing: where it is not documented, a condition on a claim would lock everybody out.
    Ignored,
}

impl Claims {
    /// What the [announcement](https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/)
    /// says: all commercial Regions.
    pub fn of_partition(partition: &str) -> Self {
        if partition == "aws" { Self::Checked } else { Self::Ignored }
    }
}

/// The trust policy of a role that jobs of this repository take in this environment of it.
///
/// With the numbers of the repository, everything is compared with exactly one value. Without them, the
/// second form of the subject is a pattern, in which `*` may stand for anything: by itself it would trust
/// an environment of another repository that is called like the rest of it. So the repository and the
/// environment that the token claims are compared too, exactly; where STS does not do that, the first form
/// alone is trusted.
pub fn policy(repository: &Repository, environment: &str, claims: Claims) -> Value {
    let (owner, name) = (repository.owner(), repository.name());
    let named = format!("repo:{repository}:environment:{environment}");
    let audience = key("aud");
    let (subject, claimed_repository, claimed_id) = (key("sub"), key("repository"), key("repository_id"));
    let claimed_environment = key("environment");
    let conditions = match (repository.ids(), claims) {
        (Some(ids), claims) => {
            let numbered =
                format!("repo:{owner}@{}/{name}@{}:environment:{environment}", ids.owner, ids.repository);
            let mut exact = json!({audience: AUDIENCE, subject: [named, numbered]});
            if claims == Claims::Checked {
                // Somebody else may get a name that was given up, and never a number.
                exact[claimed_id] = json!(ids.repository.to_string());
            }
            vec![json!({"StringEquals": exact})]
        }
        (None, Claims::Checked) => vec![
            json!({"StringEquals": {audience.clone(): AUDIENCE, subject.clone(): named}}),
            json!({
                "StringEquals": {
                    audience: AUDIENCE,
                    claimed_repository: repository.to_string(),
                    claimed_environment: environment,
                },
                "StringLike": {subject: format!("repo:{owner}@*/{name}@*:environment:{environment}")},
            }),
        ],
        (None, Claims::Ignored) => vec![json!({"StringEquals": {audience: AUDIENCE, subject: named}})],
    };
    let statement = |condition: Value| {
        json!({
            "Effect": "Allow",
            "Principal": {"Federated": provider()},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        })
    };
    json!({
        "Version": "2012-10-17",
        "Statement": conditions.into_iter().map(statement).collect::<Vec<_>>(),
    })
}

/// The condition key of a claim.
fn key(claim: &str) -> String {
    format!("{ISSUER}:{claim}")
}
