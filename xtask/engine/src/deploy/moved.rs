//! What is no longer as a saved plan saw it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::options::Options;
use super::plan::Current;
use super::saved::{SavedPlan, SavedStack, Seen};
use super::status::CHANGE_SET_AVAILABLE;

/// One thing that is not as the plan saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The stack, by its name in the table of stacks.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What moved.
    pub what: What,
    /// Of a parameter, an output or a tag: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As the plan saw it; of a template, its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What of a stack moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It is there, and was not.
    Appeared,
    /// It is gone.
    Vanished,
    /// It was deleted, and another one of its name made.
    Recreated,
    /// Its status.
    Status,
    /// Its template.
    Template,
    /// A parameter.
    Parameter,
    /// An output.
    Output,
    /// A tag.
    Tag,
    /// The time of its last change, although nothing else differs.
    Updated,
    /// The change set that waited to be executed.
    ChangeSet,
}

/// Why a saved plan is not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The environment.
    pub environment: String,
    /// When the plan was made, as RFC 3339 has it.
    pub made: String,
    /// What the command said that made it.
    pub options: Options,
    /// What moved since.
    pub moved: Vec<Moved>,
}

impl Moved {
    /// What moved, in words.
    pub fn sentence(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        let (before, after) = (of(&self.before), of(&self.after));
        match self.what {
            What::Appeared => format!("it is there, in {after}, and was not"),
            What::Vanished => format!("it is gone, and was in {before}"),
            What::Recreated => format!("it is another stack of the same name: {after}, not {before}"),
            What::Status => format!("its status was {before} and is {after}"),
            What::Template => {
                let short = |hash: &str| hash.chars().take(12).collect::<String>();
                format!("its template was {} and is {}", short(&before), short(&after))
            }
            What::Parameter => format!("parameter {name} was {before} and is {after}"),
            What::Output => format!("output {name} was {before} and is {after}"),
            What::Tag => format!("tag {name} was {before} and is {after}"),
            What::Updated => format!("it was last changed at {before}, and then again at {after}"),
            What::ChangeSet => match &self.after {
                Some(after) => format!("its change set was {before} and is {after}"),
                None => format!("its change set was {before} and is gone"),
            },
        }
    }
}

/// The execution status and the stack of each change set that is still there, by its ARN.
pub type ChangeSets = BTreeMap<String, (String, String)>;

/// Everything that is not as the plan saw it. `current` has the stacks that are there, by name in the table
/// of stacks.
pub fn moved(saved: &SavedPlan, current: &BTreeMap<String, Current>, change_sets: &ChangeSets) -> Vec<Moved> {
    saved
        .stacks
        .iter()
        .flat_map(|stack| of_stack(stack, current.get(&stack.plan.name), change_sets))
        .collect()
}

fn of_stack(stack: &SavedStack, current: Option<&Current>, change_sets: &ChangeSets) -> Vec<Moved> {
    let moved = |what, name: Option<&str>, before: Option<&str>, after: Option<&str>| Moved {
        stack: stack.plan.name.clone(),
        stack_name: stack.plan.stack_name.clone(),
        what,
        name: name.map(str::to_owned),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let (seen, current) = match (&stack.seen, current) {
        (None, None) => return Vec::new(),
        (None, Some(current)) => return vec![moved(What::Appeared, None, None, Some(&current.status))],
        (Some(seen), None) => return vec![moved(What::Vanished, None, Some(&seen.status), None)],
        (Some(seen), Some(current)) => (seen, current),
    };
    if seen.stack_id != current.stack_id {
        return vec![moved(What::Recreated, None, Some(&seen.stack_id), Some(&current.stack_id))];
    }
    let mut found = Vec::new();
    let now = Seen::of(current);
    if seen.status != now.status {
        found.push(moved(What::Status, None, Some(&seen.status), Some(&now.status)));
    }
    if seen.template_sha256 != now.template_sha256 {
        found.push(moved(What::Template, None, Some(&seen.template_sha256), Some(&now.template_sha256)));
    }
    for (what, before, after) in [
        (What::Parameter, &seen.parameters, &now.parameters),
        (What::Output, &seen.outputs, &now.outputs),
        (What::Tag, &seen.tags, &now.tags),
    ] {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names.into_iter().filter(|name| before.get(*name) != after.get(*name)) {
            let value = |values: &BTreeMap<String, String>| values.get(name).cloned();
            found.push(moved(what, Some(name), value(before).as_deref(), value(after).as_deref()));
        }
    }
    if found.is_empty() && seen.updated != now.updated {
        found.push(moved(What::Updated, None, seen.updated.as_deref(), now.updated.as_deref()));
    }
    if let Some(id) = &stack.plan.change_set {
        let status = change_sets.get(id).filter(|(_, stack_id)| *stack_id == seen.stack_id);
        let status = status.map(|(status, _)| status.as_str());
        if status != Some(CHANGE_SET_AVAILABLE) {
            found.push(moved(What::ChangeSet, None, Some(CHANGE_SET_AVAILABLE), status));
        }
    }
    found
}
