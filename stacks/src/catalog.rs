//! The stacks: which there are, what each needs, and how they become templates.
//!
//! [`STACKS`] is the whole list, in an order in which they can be created. Adding a stack is a file, which has
//! its functions too, and one line here, and `cargo xtask new` writes both; a type of resource that no other
//! stack has is one row of [`kinds`].
//! Tags, what becomes of data, and the boundary of roles follow from those: no stack says them.

use std::collections::BTreeMap;

use crate::boundary;
use crate::cfn::{ParameterSource, Template};
use crate::environment::{Environment, Grafana, OnDelete, Target};
use crate::{Inputs, Stack};
use crate::{kinds, network, operations, overlay, tags};

/// One line of the table of stacks.
#[derive(Debug, Clone, Copy)]
pub struct StackDefinition {
    /// Name, unique in the table.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// Stacks whose outputs it needs.
    pub depends_on: &'static [&'static str],
    /// Whether an environment has it.
    pub enabled: fn(&Environment) -> bool,
    /// Makes its template.
    pub build: fn(&Inputs) -> Template,
}

impl StackDefinition {
    /// Whether it needs no other stack: those are made first and destroyed last.
    pub fn is_first(&self) -> bool {
        self.depends_on.is_empty()
    }
}

/// Every stack, each after those that it depends on.
#[rustfmt::skip]
pub static STACKS: &[StackDefinition] = &[
    StackDefinition { name: "artifacts", summary: "archives of functions",          depends_on: &[],                               enabled: alone,     build: crate::artifacts::build },
    StackDefinition { name: "ingest",    summary: "topic rule, stream, quarantine", depends_on: &[],                               enabled: always,    build: crate::ingest::build },
    StackDefinition { name: "network",   summary: "network of store, dashboards",   depends_on: &[],                               enabled: network::is_needed, build: network::build },
    StackDefinition { name: "store",     summary: "where events are stored",        depends_on: &[],                               enabled: always,    build: crate::store::build },
    StackDefinition { name: "consumer",  summary: "from the stream to the store",   depends_on: &["artifacts", "ingest", "store"], enabled: always,    build: crate::consumer::build },
    StackDefinition { name: "lake",      summary: "raw events as JSON lines",       depends_on: &["artifacts", "ingest"],          enabled: always,    build: crate::lake::build },
    StackDefinition { name: "twin",      summary: "workspace, entities, connector", depends_on: &["artifacts", "store"],           enabled: twinned,   build: crate::twin::build },
    StackDefinition { name: "devices",   summary: "identities of devices",          depends_on: &[],                               enabled: identified, build: crate::devices::build },
    StackDefinition { name: "simulator", summary: "simulated devices",              depends_on: &["artifacts", "ingest"],          enabled: simulated, build: crate::simulator::build },
    // Behind those that it watches, and before `grafana`, which may use its topic.
    StackDefinition { name: "operations", summary: "alarms, who is told of them",   depends_on: &["ingest", "store", "consumer", "lake"], enabled: alarmed, build: operations::build },
    StackDefinition { name: "grafana",   summary: "dashboards and alerts",          depends_on: &["store"],                        enabled: watched,   build: crate::grafana::build },
];

fn always(_: &Environment) -> bool {
    true
}

/// Whether it shares no bucket with the other environments of its account.
fn alone(environment: &Environment) -> bool {
    environment.shared_bucket().is_none()
}

fn watched(environment: &Environment) -> bool {
    environment.grafana != Grafana::None
}

fn simulated(environment: &Environment) -> bool {
    environment.simulator.enabled
}

fn identified(environment: &Environment) -> bool {
    environment.devices.enabled
}

fn alarmed(environment: &Environment) -> bool {
    environment.operations.enabled
}

fn twinned(environment: &Environment) -> bool {
    environment.twin.enabled
}

/// Makes one stack, where the environment has it.
pub(crate) fn synthesize_only(name: &str, inputs: &Inputs) -> Option<Stack> {
    let definition = STACKS.iter().find(|definition| definition.name == name)?;
    (definition.enabled)(inputs.environment).then(|| synthesize_one(definition, inputs))
}

/// Makes every stack of the environment, each after those that it depends on. The same inputs give
/// the same bytes.
pub fn synthesize(inputs: &Inputs) -> Vec<Stack> {
    STACKS
        .iter()
        .filter(|definition| (definition.enabled)(inputs.environment))
        .map(|definition| synthesize_one(definition, inputs))
        .collect()
}

/// The templates of the environment's other stacks, by the names of those.
pub(crate) fn others(name: &str, inputs: &Inputs) -> Vec<(&'static str, Template)> {
    let others = STACKS.iter().filter(|other| other.name != name && (other.enabled)(inputs.environment));
    others.map(|other| (other.name, built(other, inputs))).collect()
}

/// The template, as its stack says it, with what its alarms need to know.
fn built(definition: &StackDefinition, inputs: &Inputs) -> Template {
    let mut template = (definition.build)(inputs);
    if alarmed(inputs.environment) {
        operations::tell(&mut template, definition.name, inputs.environment);
    }
    template
}

fn synthesize_one(definition: &StackDefinition, inputs: &Inputs) -> Stack {
    let environment = inputs.environment;
    let mut template = built(definition, inputs);
    if environment.target == Target::Local {
        overlay::apply(&mut template, definition.name, inputs);
    }
    let on_delete = if template.is_made_again() { OnDelete::Delete } else { environment.on_delete };
    kinds::data::apply(&mut template, on_delete);
    let mut tags = tags::of(environment, definition.name);
    kinds::tags::apply(&mut template, &tags);
    if definition.is_first() {
        tags.extend(tags::expiry(environment));
    }
    boundary::apply(&mut template, environment);

    let parameters: BTreeMap<String, ParameterSource> = template
        .parameters()
        .iter()
        .map(|(id, parameter)| (id.to_string(), parameter.source.clone()))
        .collect();
    // The overlay may need a stack that the definition does not.
    let is_source = |name: &str| {
        parameters
            .values()
            .any(|source| matches!(source, ParameterSource::Output { stack, .. } if *stack == name))
    };
    let depends_on = STACKS
        .iter()
        .filter(|other| (other.enabled)(environment))
        .map(|other| other.name)
        .filter(|name| definition.depends_on.contains(name) || is_source(name))
        .collect();
    Stack {
        name: definition.name,
        stack_name: environment.stack_name(definition.name),
        depends_on,
        template,
        parameters,
        tags,
        on_delete,
        boundary: environment.boundary_arn(),
    }
}
