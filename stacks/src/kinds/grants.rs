//! The words in which a row says what it needs.
//!
//! The authority is `handlers.*.permissions` of the type's
//! [registry schema](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schemas.html);
//! which names and conditions an action accepts, the
//! [Service Authorization Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
//! What a schema lists for properties that no template sets (keys of customers, replication) is left
//! out.

use super::statement::{Statement, allow};
use super::subject::{BY_ID, NO_RESOURCE, Subject, Unresolved};

/// What a type needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Grants {
    /// This, of one of its resources.
    Needs(fn(Subject) -> Needed),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// What one resource needs.
pub(crate) type Needed = Result<Vec<Grant>, Unresolved>;

/// No step of this product calls the service of such a resource for it.
pub(super) const NO_STEP: Grants = Grants::Nothing("no step of this product calls its service");
/// Whoever bootstraps an account has the credentials of an administrator.
pub(super) const BOOTSTRAP: Grants = Grants::Nothing("only `bootstrap` makes it, as an administrator");

impl Grants {
    /// What a resource needs.
    pub(crate) fn of(self, subject: Subject) -> Needed {
        match self {
            Self::Needs(needed) => needed(subject),
            Self::Nothing(_) => Ok(Vec::new()),
        }
    }
}

/// Whether an action changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It only reads: whoever plans may do it too.
    Read,
    /// It creates, changes or deletes, or tells a secret.
    Write,
}

/// What a statement is for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub access: Access,
    pub statement: Statement,
}

pub(crate) fn read(statement: Statement) -> Grant {
    Grant { access: Access::Read, statement }
}

pub(crate) fn write(statement: Statement) -> Grant {
    Grant { access: Access::Write, statement }
}

/// Reading what has no name to be limited to.
pub(super) fn look(actions: &[&str]) -> Grant {
    read(allow(actions, ["*".to_owned()]).because(NO_RESOURCE))
}

/// Making what gets an id, tagged as the environment's.
pub(super) fn make(subject: Subject, actions: &[&str], resources: impl IntoIterator<Item = String>) -> Grant {
    write(subject.scope.claimed(allow(actions, resources)).because(BY_ID))
}

/// Changing what has an id and is tagged as the environment's.
pub(super) fn change(
    subject: Subject,
    actions: &[&str],
    resources: impl IntoIterator<Item = String>,
) -> Grant {
    write(subject.scope.owned(allow(actions, resources)).because(BY_ID))
}

/// Tagging what has an id: while it is made, and afterwards, where it is and stays the environment's.
/// `create` is the condition key that says that a tag comes with the creation.
pub(super) fn tag(
    subject: Subject,
    actions: &[&str],
    resources: impl IntoIterator<Item = String> + Clone,
    create: &str,
) -> [Grant; 2] {
    let while_made = allow(&actions[..1], resources.clone()).when("Null", create, ["false"]);
    [
        write(subject.scope.claimed(while_made).because(BY_ID)),
        write(subject.scope.kept(allow(actions, resources)).because(BY_ID)),
    ]
}

/// The first resource of some types in an account makes the role that its service works with. See
/// [service-linked roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html).
pub(super) fn linked_role(subject: Subject, service: &str) -> Grant {
    let roles = [subject.arn_of("iam", &format!("role/aws-service-role/{service}/*"))];
    let made = allow(&["iam:CreateServiceLinkedRole"], roles);
    let made = made.because("The service names its role; the condition names the service");
    write(made.when("StringEquals", "iam:AWSServiceName", [service]))
}
