//! What the roles of a bootstrapped environment may do, derived from its synthesized templates: a type that
//! is in no template gives no permission.
//!
//! `CloudFormation` acts with the credentials of whoever asks it, so the role that deploys needs what the
//! handlers of the types need, beside the steps of this product. The rows of [`kinds`] say what a type needs
//! of either, and by which names and tags an environment is told from the others of its account; `steps` what
//! every environment needs, [`boundary()`] what the roles of the stacks may have at most, and `pack` makes few policies of many statements.
//!
//! The templates are those of AWS, without stand-ins. Of an environment of instances they are synthesized with
//! a pattern for its name: `preview-*`.

mod boundary;
mod pack;
mod policy;
mod steps;

use crate::Stack;
use crate::environment::Environment;
use crate::kinds::grants::{Access, Grant, Grants};
use crate::kinds::subject::{Scope, Subject, Unresolved};
use crate::kinds::{self, Kind};

pub use crate::kinds::statement::{Conditions, Effect, Statement};
pub use policy::{MAX_CHARACTERS, MAX_POLICIES, Policy};

/// Why no policy can be derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermissionsError {
    /// Nobody has said yet what a type needs.
    #[error("{stack}.{logical_id} is a {kind}, of which no permission is known")]
    Unknown {
        /// Name of the stack in the table of stacks.
        stack: &'static str,
        /// The resource.
        logical_id: String,
        /// Its type.
        kind: String,
    },
    /// A name in a template cannot be told before it is deployed.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// More than IAM takes.
    #[error("the policy `{policy}` has {characters} characters, but IAM takes {MAX_CHARACTERS}")]
    TooLarge {
        /// The policy.
        policy: String,
        /// Its length.
        characters: usize,
    },
    /// More policies than a role takes.
    #[error("the role needs {count} policies, but IAM takes {MAX_POLICIES}")]
    TooMany {
        /// How many.
        count: usize,
    },
}

/// Whose policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It deploys and destroys.
    Deploy,
    /// It reads, and makes and deletes change sets.
    Plan,
}

/// What the role that deploys the environment may do, as managed policies: at most [`MAX_POLICIES`], each of
/// at most [`MAX_CHARACTERS`].
///
/// # Errors
///
/// When a type is unknown, a name cannot be told, or the policies become too large.
pub fn deploy(stacks: &[Stack], environment: &Environment) -> Result<Vec<Policy>, PermissionsError> {
    policies(Scope { stacks, environment }, Role::Deploy)
}

/// What the role that plans a deployment may do: it reads, and makes and deletes change sets.
///
/// # Errors
///
/// As [`deploy`].
pub fn plan(stacks: &[Stack], environment: &Environment) -> Result<Vec<Policy>, PermissionsError> {
    policies(Scope { stacks, environment }, Role::Plan)
}

/// What the roles of the environment's stacks may have at most: what their own policies say.
///
/// # Errors
///
/// As [`deploy`].
pub fn boundary(stacks: &[Stack], environment: &Environment) -> Result<Policy, PermissionsError> {
    let statements = boundary::statements(Scope { stacks, environment })?;
    let policy = Policy {
        name: "boundary".to_owned(),
        description: "What the roles of the stacks may have at most",
        statements: pack::joined(statements.iter().flat_map(pack::by_service).collect()),
    };
    match policy.characters() {
        characters if characters > MAX_CHARACTERS => {
            Err(PermissionsError::TooLarge { policy: policy.name, characters })
        }
        _ => Ok(policy),
    }
}

/// Whether it is known what a type of resource needs. Without that, nothing can be derived from a template
/// that has one: its row of [`kinds`] says it.
pub fn is_known(kind: &str) -> bool {
    known(kind).is_some()
}

/// A type of which it is known what it needs. A stand-in of the local target is none.
pub(super) fn known(kind: &str) -> Option<&'static Kind> {
    kinds::of(kind).filter(|known| known.name == kind && matches!(known.grants, Grants::Needs(_)))
}

/// What a resource needs, by its type: what `CloudFormation` does for it, and then the steps of this product.
fn needed(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let kind = known(subject.kind()).ok_or_else(|| PermissionsError::Unknown {
        stack: subject.stack.name,
        logical_id: subject.id.to_string(),
        kind: subject.kind().to_owned(),
    })?;
    Ok([kind.grants.of(subject)?, kind.steps.of(subject)?].concat())
}

fn policies(scope: Scope, role: Role) -> Result<Vec<Policy>, PermissionsError> {
    let mut statements = steps::always(scope, role);
    for subject in scope.subjects() {
        for grant in needed(subject)? {
            if grant.access == Access::Read || role == Role::Deploy {
                statements.push(grant.statement);
            }
        }
    }
    if role == Role::Deploy {
        statements.extend(steps::never(scope));
    }
    let policies = pack::packed(pack::joined(statements.iter().flat_map(pack::by_service).collect()))?;
    match policies.len() {
        count if count > MAX_POLICIES => Err(PermissionsError::TooMany { count }),
        _ => Ok(policies),
    }
}
