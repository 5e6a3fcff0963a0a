//! What an account is prepared with before anything is deployed to it from a pipeline: a bucket for code and
//! the provider of GitHub's tokens, once; and for each environment a boundary around the roles of its
//! stacks, and the roles that deploy it and plan its deployment.
//!
//! Nothing here belongs to an environment: `destroy` leaves all of it alone. So its stacks carry [`TAG`] and
//! never that of an environment.

pub mod github;
pub mod permissions;
pub mod trust;

mod account;
mod deployed;
mod roles;

use std::collections::BTreeMap;

pub use account::{PROVIDER, Provider, account};
pub use deployed::{deployed, gone};
pub use roles::{
    Access, GITHUB_IDS, GITHUB_REPOSITORY, PolicyDocument, Role, RoleAccess, access, environment,
    environment_keeping, github_environment,
};

use crate::Stack;
use crate::cfn::Template;
use crate::environment::OnDelete;
use crate::kinds;

/// Whose preparation it is: an environment's, or [`ACCOUNT`].
pub const TAG: &str = "sluice:bootstrap";

/// The value of [`TAG`] on what an account has once.
pub const ACCOUNT: &str = "account";

/// What the stack of an account is called where stacks are told apart.
pub const ACCOUNT_NAME: &str = "bootstrap-account";
/// What the stack that prepares an environment is called there.
pub const ENVIRONMENT_NAME: &str = "bootstrap-environment";

/// Finishes a stack of the bootstrap.
fn stack(
    name: &'static str,
    stack_name: String,
    depends_on: Vec<&'static str>,
    mut template: Template,
    tags: BTreeMap<String, String>,
) -> Stack {
    let on_delete = OnDelete::Delete;
    kinds::data::apply(&mut template, on_delete);
    kinds::tags::apply(&mut template, &tags);
    Stack {
        name,
        stack_name,
        depends_on,
        template,
        parameters: BTreeMap::new(),
        tags,
        on_delete,
        boundary: None,
    }
}
