//! Which failure of a stack passes by itself, and what is left to do then. Pure.

use super::execute::StackError;
use super::plan::{Action, StackPlan};
use super::status::{Condition, condition, says_role_not_told};

/// What is left to do of a stack that failed because a role was too new. `None`: it failed otherwise, or is not
/// back where it was.
pub fn once_more(stack: &StackPlan, failed: &StackError) -> Option<StackPlan> {
    let StackError::Failed { status, cause: Some(cause) } = failed else { return None };
    if !says_role_not_told(&cause.kind, &cause.reason) {
        return None;
    }
    let action = match condition(status) {
        Condition::NeverSucceeded => Action::Recreate,
        Condition::Ready => Action::Update,
        _ => return None,
    };
    // The change set that was made for it is executed.
    Some(StackPlan { action, status: Some(status.clone()), change_set: None, ..stack.clone() })
}

#[cfg(test)]
mod tests;
