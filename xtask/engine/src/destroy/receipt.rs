//! What is gone, what was kept and why, and the proof that nothing else is left.

use serde::Serialize;

use super::plan::{DestroyPlan, Removal, Retained};
use super::proof::Proof;
use super::remove::{Emptied, Outcome, RemoveError};
use local_target::Stopped;

/// The receipt of a destruction.
#[derive(Debug, Serialize)]
pub struct Receipt {
    /// The environment.
    pub environment: String,
    /// Stacks that are gone.
    pub deleted: Vec<Deleted>,
    /// Its part of the account's bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emptied: Option<Share>,
    /// What stays, and why.
    pub retained: Vec<Kept>,
    /// Why its part of the account's bucket is not empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_emptied: Option<NotEmptied>,
    /// Stacks that are still there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
    /// Processes of the local target that were ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
    /// What the services say is left.
    #[serde(flatten)]
    pub proof: Proof,
}

/// A stack that is gone.
#[derive(Debug, Serialize)]
pub struct Deleted {
    /// Its name in CloudFormation.
    pub stack: String,
    /// How many resources it had.
    pub resources: usize,
    /// Versions and markers of objects in its buckets.
    pub objects: usize,
    /// Entities and component types of its workspace that were not its own.
    pub twins: usize,
}

/// A part of the account's bucket that was emptied.
#[derive(Debug, Serialize)]
pub struct Share {
    /// The bucket.
    pub bucket: String,
    /// What its keys begin with.
    pub prefix: String,
    /// Versions and markers of objects.
    pub objects: usize,
}

/// A part of the account's bucket that is not empty.
#[derive(Debug, Serialize)]
pub struct NotEmptied {
    /// The bucket.
    pub bucket: String,
    /// What its keys begin with.
    pub prefix: String,
    /// Why.
    pub reason: String,
}

/// A resource that stays.
#[derive(Debug, Serialize)]
pub struct Kept {
    /// Its name in CloudFormation.
    pub stack: String,
    /// The resource.
    #[serde(flatten)]
    pub retained: Retained,
}

/// A stack that is still there.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// Its name in CloudFormation.
    pub stack: String,
    /// Why.
    pub reason: String,
    /// What is in the way and may be left behind: `stack.LogicalId`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<String>,
    /// Whether something goes on, and nobody watches it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unwatched: bool,
    /// Whether it was not touched: it waited for another one, or a person interrupted.
    #[serde(skip)]
    pub kept: bool,
}

impl Receipt {
    /// The receipt of a plan that was executed.
    pub fn of(plan: &DestroyPlan, outcomes: &[Outcome], proof: Proof) -> Self {
        let mut receipt = Self {
            environment: plan.environment.clone(),
            deleted: Vec::new(),
            emptied: None,
            not_emptied: None,
            retained: Vec::new(),
            failed: Vec::new(),
            stopped: Vec::new(),
            proof,
        };
        for (stack, outcome) in plan.stacks.iter().zip(outcomes) {
            receipt.add(stack, outcome);
        }
        receipt
    }

    fn add(&mut self, stack: &Removal, outcome: &Outcome) {
        let name = stack.stack_name.clone();
        let reason = match outcome {
            Outcome::Gone(Emptied { objects, twins, .. }) => {
                let resources = stack.delete.len();
                self.deleted.push(Deleted { stack: name, resources, objects: *objects, twins: *twins });
                let kept = |retained: &Retained| Kept {
                    stack: stack.stack_name.clone(),
                    retained: retained.clone(),
                };
                self.retained.extend(stack.retain.iter().map(kept));
                return;
            }
            Outcome::Failed(error) => error.to_string(),
            Outcome::Kept(holder) => format!("not touched, because {holder} needs it and is still there"),
            Outcome::Interrupted { .. } => "interrupted".to_owned(),
        };
        let kept = matches!(outcome, Outcome::Kept(_) | Outcome::Interrupted { begun: false });
        let (mut left, mut unwatched) = (Vec::new(), matches!(outcome, Outcome::Interrupted { begun: true }));
        if let Outcome::Failed(error) = outcome {
            unwatched = error.is_unwatched();
            if let RemoveError::Failed { stuck: ids, .. } = error {
                left = ids.iter().map(|id| format!("{}.{id}", stack.name)).collect();
            }
        }
        self.failed.push(Failed { stack: name, reason, stuck: left, unwatched, kept });
    }

    /// Notes how many versions and markers went from its part of the account's bucket.
    pub fn emptied(&mut self, bucket: &str, prefix: &str, objects: usize) {
        self.emptied = Some(Share { bucket: bucket.to_owned(), prefix: prefix.to_owned(), objects });
    }

    /// Notes why its part of the account's bucket is not empty.
    pub fn not_emptied(&mut self, bucket: &str, prefix: &str, reason: String) {
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        self.not_emptied = Some(NotEmptied { bucket, prefix, reason });
    }

    /// The part of the account's bucket that was to be emptied and is not: `bucket/prefix`.
    pub fn full(&self) -> Option<String> {
        self.not_emptied.as_ref().map(|one| format!("{}/{}", one.bucket, one.prefix))
    }

    /// Notes the processes of the local target that were ended.
    pub fn stopped(&mut self, stopped: Vec<Stopped>) {
        self.stopped = stopped;
    }

    /// Whether nothing is left but what was to be retained.
    pub fn is_clean(&self) -> bool {
        self.proof.is_clean() && self.failed.is_empty() && self.not_emptied.is_none()
    }

    /// Whether what is still there goes on, or waits for what does, and nobody watches it.
    pub fn is_unwatched(&self) -> bool {
        let mut begun = self.failed.iter().filter(|failed| !failed.kept).peekable();
        begun.peek().is_some() && begun.all(|failed| failed.unwatched)
    }

    /// How many stacks are still there.
    pub fn failures(&self) -> usize {
        self.failed.len()
    }
}
