//! Everything there is, and what is asked of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::answers::{self, Answer};
use super::stack::{ChangeSet, Effect, Event, Operation, Resource, Stack, Verb, properties};
use super::{Fault, bucket};
use crate::Request;

/// The state of the service.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Oldest first; those that are gone are known by their ids.
    pub stacks: Vec<Stack>,
    /// The stacks before the last change.
    pub earlier: Vec<Stack>,
    pub failures: BTreeMap<(String, Verb), (usize, String)>,
    pub faults: Vec<(String, Fault)>,
    pub expires: Option<usize>,
    pub held: BTreeSet<String>,
    pub validation: Vec<(String, bool, String)>,
    pub buckets: BTreeMap<String, BTreeSet<String>>,
    /// Names that are taken though no stack has them.
    pub orphans: BTreeSet<String>,
    pub seen: Vec<Request>,
    pub late: usize,
    pub tokenless: bool,
    pub uploads: usize,
    pub most_uploads: usize,
    made: usize,
}

/// What a request says.
pub type Form = BTreeMap<String, String>;

impl World {
    /// What goes wrong with this request.
    pub fn fault_of(&mut self, request: &Request) -> Option<Fault> {
        if self.expires.is_some_and(|from| self.seen.len() >= from) {
            return Some(Fault::Expired);
        }
        let found = self.faults.iter().position(|(action, _)| action == "*" || action == request.action())?;
        Some(self.faults.remove(found).1)
    }

    /// Answers a request. The stack that it is about goes on by one step afterwards.
    pub fn answer(&mut self, request: &Request, stale: bool) -> Answer {
        if request.action().is_empty() {
            return bucket::answer(self, request);
        }
        let mut form: Form = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
        if self.tokenless {
            form.remove("ClientRequestToken");
            form.remove("ClientToken");
        }
        let reads = ["Describe", "List", "Get"].iter().any(|verb| request.action().starts_with(verb));
        if stale && reads {
            // Reads are eventually consistent.
            let now = std::mem::replace(&mut self.stacks, self.earlier.clone());
            let answer = answers::answer(self, request.action(), &form);
            self.stacks = now;
            return answer;
        }
        if !reads {
            self.earlier.clone_from(&self.stacks);
        }
        let answer = answers::answer(self, request.action(), &form);
        if reads {
            for stack in self.named(&form) {
                self.step(stack);
            }
        }
        answer
    }

    /// A number that nothing else has.
    pub fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    /// The stacks that a request is about; every one, when it names none.
    fn named(&self, form: &Form) -> Vec<usize> {
        match form.get("StackName") {
            Some(name) => self.find(name).into_iter().collect(),
            None if form.contains_key("ChangeSetName") => Vec::new(),
            None => (0..self.stacks.len()).collect(),
        }
    }

    /// A stack by its id, or by its name while it is there.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>
    pub fn find(&self, named: &str) -> Option<usize> {
        self.stacks
            .iter()
            .position(|stack| stack.id == named || (stack.name == named && stack.status != "DELETE_COMPLETE"))
    }

    /// The latest stack of a name.
    pub fn latest(&self, name: &str) -> Option<&Stack> {
        self.stacks.iter().rfind(|stack| stack.name == name)
    }

    pub fn latest_mut(&mut self, name: &str) -> Option<&mut Stack> {
        self.stacks.iter_mut().rfind(|stack| stack.name == name)
    }

    /// A new stack without resources.
    pub fn add(&mut self, name: &str, status: &str) -> usize {
        let id = format!("arn:aws:cloudformation:eu-west-1:000000000000:stack/{name}/{}", self.number());
        let (name, status) = (name.to_owned(), status.to_owned());
        self.stacks.push(Stack { id, name, status, template: Value::Null, ..Stack::default() });
        self.stacks.len() - 1
    }

    /// A stack as its history left it.
    pub fn put(&mut self, name: &str, status: &str, template: &Value) {
        let at = self.add(name, status);
        let empty = matches!(
            status,
            "REVIEW_IN_PROGRESS" | "ROLLBACK_COMPLETE" | "DELETE_COMPLETE" | "DELETE_IN_PROGRESS"
        );
        let ids: Vec<String> =
            template["Resources"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect();
        for id in ids.iter().filter(|_| !empty) {
            let mut made = self.resource(at, template, &BTreeMap::new(), id);
            "CREATE_COMPLETE".clone_into(&mut made.status);
            self.take(&made);
            self.stacks[at].resources.insert(id.clone(), made);
        }
        let environment = name.split('-').nth(1).unwrap_or_default().to_owned();
        let stack = &mut self.stacks[at];
        stack.template = if status == "REVIEW_IN_PROGRESS" { Value::Null } else { template.clone() };
        stack.tags.insert("sluice:environment".to_owned(), environment);
        stack.latest = Some(("UPDATE_STACK", "earlier".to_owned()));
        if let Some(begun) = status.strip_suffix("_IN_PROGRESS").filter(|_| status != "REVIEW_IN_PROGRESS") {
            self.go_on(at, begun);
        }
        self.tell(at, None, status, "");
    }

    /// A resource as it is before it is made.
    pub fn resource(
        &mut self,
        at: usize,
        template: &Value,
        parameters: &BTreeMap<String, String>,
        id: &str,
    ) -> Resource {
        let declared = &template["Resources"][id];
        let properties = properties(template, parameters, id);
        let named = ["BucketName", "QueueName", "FunctionName", "LogGroupName"]
            .iter()
            .find_map(|name| properties[*name].as_str());
        let physical_id = named.map_or_else(
            || format!("{}-{}-{}", self.stacks[at].name, id.to_lowercase(), self.made + 1),
            str::to_owned,
        );
        self.made += 1;
        Resource {
            kind: declared["Type"].as_str().unwrap_or_default().to_owned(),
            physical_id,
            status: String::new(),
            reason: String::new(),
            properties,
            policy: declared["DeletionPolicy"].as_str().unwrap_or("Delete").to_owned(),
        }
    }

    /// A resource begins to be.
    fn take(&mut self, resource: &Resource) {
        if resource.kind == "AWS::S3::Bucket" {
            self.buckets.entry(resource.physical_id.clone()).or_default();
        }
    }

    /// Whether a resource cannot be made, because its name is taken.
    pub fn is_taken(&self, resource: &Resource) -> bool {
        let of_stack = self.stacks.iter().flat_map(|stack| stack.resources.values());
        self.orphans.contains(&resource.physical_id)
            || of_stack
                .filter(|other| other.kind == resource.kind)
                .any(|other| other.physical_id == resource.physical_id)
    }

    /// Why this fails now, if it does.
    pub fn failure(&mut self, id: &str, verb: Verb) -> Option<String> {
        let (left, reason) = self.failures.get_mut(&(id.to_owned(), verb))?;
        *left = left.checked_sub(1)?;
        Some(reason.clone())
    }

    /// Begins an operation on a stack.
    pub fn begin(
        &mut self,
        at: usize,
        kind: &'static str,
        token: Option<String>,
        steps: Vec<super::stack::Step>,
    ) -> String {
        let id = format!("operation-{}", self.number());
        let stack = &mut self.stacks[at];
        stack.latest = Some((kind, id.clone()));
        stack.operation = Some(Operation { id: id.clone(), kind, token, steps: steps.into() });
        // A stack is in its new status when the request is answered.
        self.advance(at);
        id
    }

    /// Goes on by one step.
    pub fn step(&mut self, at: usize) {
        for change_set in
            self.stacks[at].change_sets.values_mut().filter(|one| one.status == "CREATE_PENDING")
        {
            settle(change_set);
        }
        if !self.held.contains(&self.stacks[at].name) {
            self.advance(at);
        }
    }

    fn advance(&mut self, at: usize) {
        let Some(step) = self.stacks[at].operation.as_mut().and_then(|operation| operation.steps.pop_front())
        else {
            return;
        };
        if let (Some(id), effect) = (&step.logical_id, &step.effect) {
            self.apply(at, id, effect);
        }
        if let Effect::Template(template, parameters) = &step.effect {
            self.stacks[at].template = template.clone();
            self.stacks[at].parameters = parameters.clone();
        }
        self.tell(at, step.logical_id.as_deref(), &step.status, &step.reason);
        let stack = &mut self.stacks[at];
        if stack.operation.as_ref().is_some_and(|operation| operation.steps.is_empty()) {
            stack.operation = None;
            for change_set in
                stack.change_sets.values_mut().filter(|one| one.execution == "EXECUTE_IN_PROGRESS")
            {
                change_set.execution =
                    if stack.status.contains("ROLLBACK") || stack.status.ends_with("FAILED") {
                        "EXECUTE_FAILED"
                    } else {
                        "EXECUTE_COMPLETE"
                    };
            }
        }
    }

    fn apply(&mut self, at: usize, id: &str, effect: &Effect) {
        match effect {
            Effect::Nothing | Effect::Template(..) => {}
            Effect::Has(resource) => {
                self.take(resource);
                self.stacks[at].resources.insert(id.to_owned(), (**resource).clone());
            }
            Effect::Gone => {
                if let Some(gone) = self.stacks[at].resources.remove(id) {
                    self.buckets.remove(&gone.physical_id);
                }
            }
            Effect::Orphaned => {
                if let Some(left) = self.stacks[at].resources.remove(id) {
                    self.orphans.insert(left.physical_id);
                }
            }
        }
    }

    /// Tells what happened, and gives the stack or its resource that status.
    fn tell(&mut self, at: usize, id: Option<&str>, status: &str, reason: &str) {
        let number = self.number();
        let stack = &mut self.stacks[at];
        let (physical_id, kind) = match id {
            None => {
                status.clone_into(&mut stack.status);
                reason.clone_into(&mut stack.reason);
                (stack.id.clone(), "AWS::CloudFormation::Stack".to_owned())
            }
            Some(id) => {
                if let Some(resource) = stack.resources.get_mut(id) {
                    status.clone_into(&mut resource.status);
                    reason.clone_into(&mut resource.reason);
                    (resource.physical_id.clone(), resource.kind.clone())
                } else {
                    let last = stack.events.iter().rfind(|event| event.logical_id == id);
                    last.map(|event| (event.physical_id.clone(), event.resource_type.clone()))
                        .unwrap_or_default()
                }
            }
        };
        let operation = stack.operation.as_ref();
        let (of, token) =
            operation.map_or((String::from("earlier"), None), |one| (one.id.clone(), one.token.clone()));
        stack.events.push(Event {
            id: format!("event-{number}"),
            operation: of,
            kind: operation.map_or("UPDATE_STACK", |one| one.kind),
            token,
            logical_id: id.unwrap_or(&stack.name).to_owned(),
            physical_id,
            resource_type: kind,
            status: status.to_owned(),
            reason: reason.to_owned(),
        });
    }

    /// A change set of this name or id, and its stack.
    pub fn change_set(&self, form: &Form) -> Option<(usize, String)> {
        let named = form.get("ChangeSetName")?;
        let within = form.get("StackName").and_then(|name| self.find(name));
        self.stacks.iter().enumerate().find_map(|(at, stack)| {
            let found = stack
                .change_sets
                .iter()
                .find(|(name, one)| one.id == *named || (within == Some(at) && *name == named));
            found.map(|(name, _)| (at, name.clone()))
        })
    }

    /// What differs: the properties of a resource, or that it is there.
    pub fn changes(
        &self,
        at: usize,
        template: &Value,
        parameters: &BTreeMap<String, String>,
    ) -> Vec<(&'static str, String, String)> {
        let stack = &self.stacks[at];
        let empty = serde_json::Map::new();
        let new = template["Resources"].as_object().unwrap_or(&empty);
        let kind = |id: &String| new[id]["Type"].as_str().unwrap_or_default().to_owned();
        let mut changes = Vec::new();
        for id in new.keys() {
            match stack.resources.get(id) {
                None => changes.push(("Add", id.clone(), kind(id))),
                Some(there) if there.properties != properties(template, parameters, id) => {
                    changes.push(("Modify", id.clone(), kind(id)));
                }
                Some(_) => {}
            }
        }
        let removed = stack.resources.iter().filter(|(id, _)| !new.contains_key(*id));
        changes.extend(removed.map(|(id, there)| ("Remove", id.clone(), there.kind.clone())));
        changes
    }

    /// What a stack is to have that was left in the middle of something.
    fn go_on(&mut self, at: usize, begun: &str) {
        let end = match begun {
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP" | "UPDATE_ROLLBACK" => "UPDATE_ROLLBACK_COMPLETE",
            "ROLLBACK" => "ROLLBACK_COMPLETE",
            "IMPORT_ROLLBACK" => "IMPORT_ROLLBACK_COMPLETE",
            "CREATE" => "CREATE_COMPLETE",
            "UPDATE" | "UPDATE_COMPLETE_CLEANUP" => "UPDATE_COMPLETE",
            "IMPORT" => "IMPORT_COMPLETE",
            "DELETE" => "DELETE_COMPLETE",
            _ => return,
        };
        let step = super::stack::Step {
            logical_id: None,
            status: end.to_owned(),
            reason: String::new(),
            effect: Effect::Nothing,
        };
        let operation = Operation {
            id: format!("operation-{}", self.number()),
            kind: "UPDATE_STACK",
            token: Some("of-somebody-else".to_owned()),
            steps: vec![step].into(),
        };
        self.stacks[at].operation = Some(operation);
    }
}

/// A change set that was asked for turns out to be good, empty, or invalid.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-view.html>
fn settle(change_set: &mut ChangeSet) {
    let fails = change_set.validation.iter().any(|(_, warns, _)| !warns);
    (change_set.status, change_set.execution) = ("CREATE_COMPLETE", "AVAILABLE");
    if fails {
        (change_set.status, change_set.execution) = ("FAILED", "UNAVAILABLE");
        "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.".clone_into(&mut change_set.reason);
    } else if change_set.changes.is_empty() {
        (change_set.status, change_set.execution) = ("FAILED", "UNAVAILABLE");
        "The submitted information didn't contain changes. Submit different information to create a change set.".clone_into(&mut change_set.reason);
    }
}

/// A template as the request has it.
pub fn parsed(form: &Form) -> Value {
    form.get("TemplateBody").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!({}))
}
