//! What an environment shares with the others of its account: names that `bootstrap` gives, and that its
//! stacks, its deployment and the policies of its roles have to agree on.

use super::{Environment, name};
use crate::cfn::Arn;

/// What the names of what `bootstrap` makes for one environment begin with, for instance
/// `sluice-dev-boundary`.
const PREFIX: &str = "sluice";

/// The stack that an account has once.
pub const ACCOUNT_STACK: &str = "sluice-bootstrap";

impl Environment {
    /// The part of the name that its file has. The instances of one file, whose names go on behind a
    /// hyphen, share the roles and the boundary that are made for it.
    pub fn file_name(&self) -> &str {
        name::split(&self.name).0
    }

    /// The partition of AWS that its Region lies in.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
    pub fn partition(&self) -> &'static str {
        match self.region.split_once('-') {
            Some(("cn", _)) => "aws-cn",
            Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// The account's bucket for code and large templates: `sluice-artifacts-<account>-<region>`. `None`:
    /// the environment is not bootstrapped, and has a bucket of its own.
    pub fn shared_bucket(&self) -> Option<String> {
        self.bootstrap.then(|| self.account_bucket())
    }

    /// The name of the account's bucket, whether or not this environment uses it.
    pub fn account_bucket(&self) -> String {
        format!("{PREFIX}-artifacts-{}-{}", self.account, self.region)
    }

    /// The key of an object of this environment in its bucket, whichever that is:
    /// `<environment>/<artifact>/<SHA-256>.zip`, `<environment>/templates/<stack>/<SHA-256>.json`.
    pub fn object_key(&self, key: &str) -> String {
        format!("{}/{key}", self.name)
    }

    /// The stack that `bootstrap` makes for it: `sluice-bootstrap-<file>`.
    pub fn bootstrap_stack(&self) -> String {
        format!("{ACCOUNT_STACK}-{}", self.file_name())
    }

    /// The managed policy that bounds what the roles of its stacks may do: `sluice-<file>-boundary`.
    pub fn boundary_name(&self) -> String {
        self.bootstrap_name("boundary")
    }

    /// The role that deploys it from GitHub: `sluice-<file>-deploy`.
    pub fn deploy_role_name(&self) -> String {
        self.bootstrap_name("deploy")
    }

    /// The role that plans its deployment from GitHub: `sluice-<file>-plan`.
    pub fn plan_role_name(&self) -> String {
        self.bootstrap_name("plan")
    }

    /// The ARN of the boundary, as the roles of its stacks name it. `None`: the environment is not
    /// bootstrapped, and its roles are bounded by nothing but their own policies.
    pub fn boundary_arn(&self) -> Option<Arn> {
        const POLICIES: Arn = Arn::sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/");
        self.bootstrap.then(|| POLICIES.within(self.boundary_name()))
    }

    fn bootstrap_name(&self, part: &str) -> String {
        format!("{PREFIX}-{}-{part}", self.file_name())
    }
}
