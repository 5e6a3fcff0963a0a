//! What operations do to a stack, step by step.
//!
//! Statuses and their order:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::stack::{Effect, Step, Verb};
use super::world::World;

/// Whether a failure rolls back.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    RollBack,
    Stay,
}

fn stack(status: &str, reason: &str) -> Step {
    Step { logical_id: None, status: status.to_owned(), reason: reason.to_owned(), effect: Effect::Nothing }
}

fn resource(id: &str, status: &str, reason: &str, effect: Effect) -> Step {
    Step { logical_id: Some(id.to_owned()), status: status.to_owned(), reason: reason.to_owned(), effect }
}

fn listed(ids: &[String]) -> String {
    ids.join(", ")
}

const CANCELLED: &str = "Resource creation cancelled";

impl World {
    /// A stack is created: each resource, until one fails. Those that were begun beside it are cancelled.
    pub fn creation(
        &mut self,
        at: usize,
        template: &Value,
        parameters: &BTreeMap<String, String>,
        on_failure: OnFailure,
    ) -> Vec<Step> {
        let mut steps = vec![Step {
            effect: Effect::Template(template.clone(), parameters.clone()),
            ..stack("CREATE_IN_PROGRESS", "User Initiated")
        }];
        let (made, failed) = self.make_all(at, template, parameters, &mut steps, None);
        let Some(failed) = failed else {
            steps.push(stack("CREATE_COMPLETE", ""));
            return steps;
        };
        let reason = format!("The following resource(s) failed to create: [{failed}].");
        if on_failure == OnFailure::Stay {
            steps.push(stack("CREATE_FAILED", &reason));
            return steps;
        }
        steps.push(stack("ROLLBACK_IN_PROGRESS", &format!("{reason} Rollback requested by user.")));
        let left = self.unmake(at, made, &BTreeSet::new(), Unmaking::OnCreate, &mut steps);
        steps.push(removed("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", &left));
        steps
    }

    /// Makes the resources that a stack does not have. Returns those that are there then, and the first that failed.
    fn make_all(
        &mut self,
        at: usize,
        template: &Value,
        parameters: &BTreeMap<String, String>,
        steps: &mut Vec<Step>,
        only: Option<&BTreeSet<String>>,
    ) -> (Vec<(String, Value)>, Option<String>) {
        let ids: Vec<String> =
            template["Resources"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect();
        let mut ids = ids.into_iter().filter(|id| only.is_none_or(|only| only.contains(id)));
        let mut made = Vec::new();
        while let Some(id) = ids.next() {
            let new = self.resource(at, template, parameters, &id);
            steps.push(resource(&id, "CREATE_IN_PROGRESS", "", Effect::Has(Box::new(new.clone()))));
            let taken = self.is_taken(&new).then(|| {
                format!("Resource handler returned message: \"{} already exists\" (RequestToken: 1, HandlerErrorCode: AlreadyExists)", new.physical_id)
            });
            let fails = self.failure(&id, Verb::Create).or(taken.clone());
            let Some(reason) = fails else {
                let policy = template["Resources"][&id]["DeletionPolicy"].clone();
                made.push((id.clone(), policy));
                steps.push(resource(&id, "CREATE_COMPLETE", "", Effect::Nothing));
                continue;
            };
            if let Some(next) = ids.next() {
                let other = self.resource(at, template, parameters, &next);
                steps.push(resource(&next, "CREATE_IN_PROGRESS", "", Effect::Has(Box::new(other))));
                steps.push(resource(&id, "CREATE_FAILED", &reason, Effect::Gone));
                steps.push(resource(&next, "CREATE_FAILED", CANCELLED, Effect::Gone));
            } else {
                steps.push(resource(&id, "CREATE_FAILED", &reason, Effect::Gone));
            }
            return (made, Some(id));
        }
        (made, None)
    }

    /// Deletes resources, the last first. Returns those that could not be.
    fn unmake(
        &mut self,
        at: usize,
        resources: Vec<(String, Value)>,
        retain: &BTreeSet<String>,
        how: Unmaking,
        steps: &mut Vec<Step>,
    ) -> Vec<String> {
        let mut left = Vec::new();
        for (id, policy) in resources.into_iter().rev() {
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
            let kept = match policy.as_str().unwrap_or("Delete") {
                "Retain" => true,
                "RetainExceptOnCreate" => how != Unmaking::OnCreate,
                _ => false,
            };
            if kept || retain.contains(&id) {
                steps.push(resource(&id, "DELETE_SKIPPED", "", Effect::Orphaned));
                continue;
            }
            steps.push(resource(&id, "DELETE_IN_PROGRESS", "", Effect::Nothing));
            let there = self.stacks[at].resources.get(&id);
            let full = there
                .filter(|there| self.buckets.get(&there.physical_id).is_some_and(|keys| !keys.is_empty()));
            let full = full.map(|bucket| {
                format!("The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: 1) [{}]", bucket.physical_id)
            });
            match self.failure(&id, Verb::Delete).or(full) {
                // Forced: what cannot be deleted is left behind.
                // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
                Some(reason) if how == Unmaking::Forced => {
                    steps.push(resource(&id, "DELETE_FAILED", &reason, Effect::Nothing));
                    steps.push(resource(&id, "DELETE_SKIPPED", "", Effect::Orphaned));
                }
                Some(reason) => {
                    steps.push(resource(&id, "DELETE_FAILED", &reason, Effect::Nothing));
                    left.push(id);
                }
                None => steps.push(resource(&id, "DELETE_COMPLETE", "", Effect::Gone)),
            }
        }
        left
    }

    /// A stack is deleted, as far as it can be.
    pub fn deletion(&mut self, at: usize, retain: &BTreeSet<String>, forced: bool) -> Vec<Step> {
        let mut steps = vec![stack("DELETE_IN_PROGRESS", "User Initiated")];
        let there = &self.stacks[at].resources;
        let there: Vec<_> =
            there.iter().map(|(id, one)| (id.clone(), Value::String(one.policy.clone()))).collect();
        let how = if forced { Unmaking::Forced } else { Unmaking::OnDelete };
        let left = self.unmake(at, there, retain, how, &mut steps);
        steps.push(removed("DELETE_COMPLETE", "DELETE_FAILED", &left));
        steps
    }

    /// A stack is updated: what is new is made, what differs is changed, and what is gone goes afterwards.
    pub fn update(
        &mut self,
        at: usize,
        template: &Value,
        parameters: &BTreeMap<String, String>,
        on_failure: OnFailure,
    ) -> Vec<Step> {
        let old = (self.stacks[at].template.clone(), self.stacks[at].parameters.clone());
        let mut steps = vec![stack("UPDATE_IN_PROGRESS", "User Initiated")];
        let differences = self.changes(at, template, parameters);
        let of = |wanted: &str| ids(&differences, wanted);
        let (added, modified, removed) = (of("Add"), of("Modify"), of("Remove"));
        let (made, mut failed) =
            self.make_all(at, template, parameters, &mut steps, Some(&added.into_iter().collect()));
        let mut changed = Vec::new();
        for id in modified.iter().filter(|_| failed.is_none()).cloned().collect::<Vec<_>>() {
            let mut new = self.resource(at, template, parameters, &id);
            new.physical_id.clone_from(&self.stacks[at].resources[&id].physical_id);
            steps.push(resource(&id, "UPDATE_IN_PROGRESS", "", Effect::Nothing));
            changed.push(id.clone());
            match self.failure(&id, Verb::Update) {
                None => steps.push(resource(&id, "UPDATE_COMPLETE", "", Effect::Has(Box::new(new)))),
                Some(reason) => {
                    steps.push(resource(&id, "UPDATE_FAILED", &reason, Effect::Nothing));
                    failed = Some(id);
                    break;
                }
            }
        }
        let Some(failed) = failed else {
            let removed: Vec<_> = removed
                .into_iter()
                .map(|id| (id.clone(), Value::String(self.stacks[at].resources[&id].policy.clone())))
                .collect();
            steps.push(Step {
                effect: Effect::Template(template.clone(), parameters.clone()),
                ..stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
            });
            let left = self.unmake(at, removed, &BTreeSet::new(), Unmaking::OnDelete, &mut steps);
            // What cannot be deleted in the clean-up is no longer of the stack.
            // https://repost.aws/knowledge-center/cloudformation-update-complete-cleanup
            for id in &left {
                forget_later(id, &mut steps);
            }
            let reason = if left.is_empty() {
                ""
            } else {
                "Update successful. One or more resources could not be deleted."
            };
            steps.push(stack("UPDATE_COMPLETE", reason));
            return steps;
        };
        let reason = format!("The following resource(s) failed to update: [{failed}]. ");
        if on_failure == OnFailure::Stay {
            self.stacks[at].stable = Some(old);
            steps.push(stack("UPDATE_FAILED", &reason));
            return steps;
        }
        steps.push(stack("UPDATE_ROLLBACK_IN_PROGRESS", &reason));
        self.revert(at, &changed, made, &BTreeSet::new(), &mut steps);
        steps
    }

    /// Gives resources back what they had before, and deletes what was new.
    fn revert(
        &mut self,
        at: usize,
        changed: &[String],
        made: Vec<(String, Value)>,
        skip: &BTreeSet<String>,
        steps: &mut Vec<Step>,
    ) {
        let mut stuck = Vec::new();
        for id in changed {
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
            if skip.contains(id) {
                steps.push(resource(
                    id,
                    "UPDATE_COMPLETE",
                    "Resource skipped during rollback",
                    Effect::Nothing,
                ));
                continue;
            }
            steps.push(resource(id, "UPDATE_IN_PROGRESS", "", Effect::Nothing));
            if let Some(reason) = self.failure(id, Verb::Rollback) {
                steps.push(resource(id, "UPDATE_FAILED", &reason, Effect::Nothing));
                stuck.push(id.clone());
                continue;
            }
            let (template, parameters) =
                (self.stacks[at].template.clone(), self.stacks[at].parameters.clone());
            let mut old = self.resource(at, &template, &parameters, id);
            if let Some(there) = self.stacks[at].resources.get(id) {
                old.physical_id.clone_from(&there.physical_id);
            }
            steps.push(resource(id, "UPDATE_COMPLETE", "", Effect::Has(Box::new(old))));
        }
        if !stuck.is_empty() {
            let reason = format!("The following resource(s) failed to update: [{}]. ", listed(&stuck));
            steps.push(stack("UPDATE_ROLLBACK_FAILED", &reason));
            return;
        }
        steps.push(stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""));
        for id in self.unmake(at, made, &BTreeSet::new(), Unmaking::OnCreate, steps) {
            forget_later(&id, steps);
        }
        steps.push(stack("UPDATE_ROLLBACK_COMPLETE", ""));
    }

    /// A rollback that stopped goes on: the resources that failed are tried again, but for those to be skipped.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html>
    pub fn continued(&mut self, at: usize, skip: &BTreeSet<String>) -> Vec<Step> {
        let mut steps = vec![stack("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")];
        let failed = self.stacks[at].resources.iter().filter(|(_, one)| one.status == "UPDATE_FAILED");
        let failed: Vec<String> = failed.map(|(id, _)| id.clone()).collect();
        self.revert(at, &failed, Vec::new(), skip, &mut steps);
        steps
    }

    /// A stack that failed and stayed as it was goes back to where it last was well.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html>
    ///
    /// `new_goes`, which requests call `RetainExceptOnCreate`: what is new goes whatever its policy says.
    ///
    /// `unconfirmed`: that a stack which never was well ends in `ROLLBACK_COMPLETE` and is not deleted.
    pub fn rollback(&mut self, at: usize, new_goes: bool) -> Vec<Step> {
        if self.stacks[at].status == "CREATE_FAILED" {
            let mut steps = vec![stack("ROLLBACK_IN_PROGRESS", "User Initiated")];
            let there = self.stacks[at].resources.keys().cloned().collect();
            let there = self.policies(at, there, new_goes);
            let left = self.unmake(at, there, &BTreeSet::new(), Unmaking::OnCreate, &mut steps);
            steps.push(removed("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", &left));
            return steps;
        }
        if let Some((template, parameters)) = self.stacks[at].stable.take() {
            self.stacks[at].template = template;
            self.stacks[at].parameters = parameters;
        }
        self.back(at, new_goes, "User Initiated")
    }

    /// Gives a stack back what its template says.
    fn back(&mut self, at: usize, new_goes: bool, reason: &str) -> Vec<Step> {
        let mut steps = vec![stack("UPDATE_ROLLBACK_IN_PROGRESS", reason)];
        let (template, parameters) = (self.stacks[at].template.clone(), self.stacks[at].parameters.clone());
        let changes = self.changes(at, &template, &parameters);
        let (modified, removed) = (ids(&changes, "Modify"), ids(&changes, "Remove"));
        let removed = self.policies(at, removed, new_goes);
        self.revert(at, &modified, removed, &BTreeSet::new(), &mut steps);
        steps
    }

    /// Resources of a stack with what their policies say, which is nothing where they go all the same.
    fn policies(&self, at: usize, ids: Vec<String>, go: bool) -> Vec<(String, Value)> {
        let policy = |id: &String| Some(self.stacks[at].resources.get(id)?.policy.clone());
        let with = |id: String| (policy(&id).filter(|_| !go).map_or(Value::Null, Value::String), id);
        ids.into_iter().map(with).map(|(policy, id)| (id, policy)).collect()
    }

    /// An update that goes on is cancelled: it is rolled back.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html>
    pub fn cancel(&mut self, at: usize) {
        let steps = self.back(at, false, "Update cancelled by user.");
        if let Some(operation) = self.stacks[at].operation.as_mut() {
            operation.steps = steps.into();
        }
    }
}

/// How a stack ends of which all was to go, and this is left.
fn removed(complete: &str, failed: &str, left: &[String]) -> Step {
    if left.is_empty() {
        return stack(complete, "");
    }
    stack(failed, &format!("The following resource(s) failed to delete: [{}]. ", listed(left)))
}

/// The logical ids of the changes of this action.
fn ids(changes: &[(&'static str, String, String)], action: &str) -> Vec<String> {
    changes.iter().filter(|(one, ..)| *one == action).map(|(_, id, _)| id.clone()).collect()
}

/// Why resources are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unmaking {
    /// Their creation, or that of something beside them, failed.
    OnCreate,
    /// They are to go.
    OnDelete,
    /// They are to go, whatever happens.
    Forced,
}

/// What could not be deleted is of no stack from then on.
fn forget_later(id: &str, steps: &mut [Step]) {
    let last = steps
        .iter_mut()
        .rfind(|step| step.logical_id.as_deref() == Some(id) && step.status == "DELETE_FAILED");
    if let Some(step) = last {
        step.effect = Effect::Orphaned;
    }
}
