//! A stack of an environment, and what stacks are made from.

use std::collections::BTreeMap;

use telemetry::{EventKind, Model};

use crate::cfn::{Arn, LogicalId, ParameterSource, Template};
use crate::environment::{Environment, OnDelete};

/// What the stacks are made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What a device sends.
    pub model: &'a Model,
    /// Where the pipeline lives, and how large it is.
    pub environment: &'a Environment,
}

/// The logical id of what there is of each kind: `id` of the only kind, else with the kind's name before it.
pub fn id_of(kind: &EventKind, id: &'static str) -> LogicalId {
    match &kind.name {
        Some(name) => LogicalId::from_kebab(name).with(id),
        None => LogicalId::new(id),
    }
}

/// One stack of one environment, ready to deploy.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Name in the table.
    pub name: &'static str,
    /// Name in `CloudFormation`.
    pub stack_name: String,
    /// Stacks of the environment that must be there first, in the order of the table.
    pub depends_on: Vec<&'static str>,
    /// What it creates.
    pub template: Template,
    /// Where its parameters come from.
    pub parameters: BTreeMap<String, ParameterSource>,
    /// Tags of the stack itself, and, but for the day on which it expires, of everything in it.
    pub tags: BTreeMap<String, String>,
    /// What becomes of the data in it.
    pub on_delete: OnDelete,
    /// What bounds every role in it, where its environment is bootstrapped.
    pub boundary: Option<Arn>,
}
