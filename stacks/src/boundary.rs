//! The [permissions boundary](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)
//! of every role that the stacks of a bootstrapped environment create.
//!
//! Whoever may create roles could otherwise give them more than they have themselves.

use serde_json::json;

use crate::cfn::Template;
use crate::environment::Environment;

/// The property of a role that names its boundary.
pub(crate) const PROPERTY: &str = "PermissionsBoundary";

/// Types that take a boundary.
const BOUNDED: [&str; 1] = ["AWS::IAM::Role"];

/// Whether a type takes a boundary.
pub(crate) fn is_bounded(kind: &str) -> bool {
    BOUNDED.contains(&kind)
}

/// Puts the boundary on every role, where the environment is bootstrapped.
pub(crate) fn apply(template: &mut Template, environment: &Environment) {
    let Some(boundary) = environment.boundary_arn() else { return };
    for role in template.resources_mut().values_mut().filter(|resource| is_bounded(resource.kind())) {
        role.set_property(PROPERTY, json!(boundary));
    }
}
