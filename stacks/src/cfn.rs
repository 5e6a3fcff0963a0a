//! The kernel: what a `CloudFormation` template is made of.
//!
//! It knows no stack and no service. A resource is a type and its properties as JSON; only what is
//! easily wrong has a type of its own: ids, intrinsic functions, IAM statements.

mod iam;
mod intrinsic;
mod skip;
mod template;

pub use iam::{PRINCIPAL, Statement, Trust, WILDCARD_METADATA, role, through_endpoint, tls_only};
pub use intrinsic::{Arn, Expression, LogicalId};
pub use skip::{Auditor, Skip};
pub(crate) use template::sorted;
pub use template::{
    INLINE_LIMIT_BYTES, Output, Parameter, ParameterSource, Policy, Resource, TEMPLATE_LIMIT_BYTES, Template,
};
