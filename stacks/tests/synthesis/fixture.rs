//! The model and the environments that the tests synthesize: those that the repository ships.

use stacks::environment::Environment;
use stacks::{Inputs, Stack, synthesize};
use telemetry::Model;

use crate::shipped;
pub use crate::shipped::model;

/// Names of the shipped environments, and of an instance of the one that has instances.
pub const ENVIRONMENTS: [&str; 5] = ["dev", "local", "preview-1", "prod", "start"];

/// A shipped environment.
pub fn environment(name: &str) -> Environment {
    overridden(name, &[])
}

/// A shipped environment with keys of it replaced, as `--set` does.
pub fn overridden(name: &str, overrides: &[(&str, &str)]) -> Environment {
    shipped::environment(name, overrides)
}

/// The shipped model, as a shipped environment reads it.
pub fn placed(name: &str) -> Model {
    shipped::placed(&environment(name))
}

/// What makes a shipped environment one whose consumer is a Flink application.
pub const FLINK: &[(&str, &str)] = &[("consumer.kind", "flink")];

/// What makes one with Timestream one with a cluster.
pub const POSTGRES: (&str, &str) = ("store.kind", "postgres");

/// What makes one with a cluster one whose consumer connects to it.
pub const DIRECT: &[(&str, &str)] = &[("store.connection", "direct")];

/// The stacks of a shipped environment with keys of it replaced.
pub fn stacks_of(name: &str, overrides: &[(&str, &str)]) -> Vec<Stack> {
    synthesize(&Inputs { model: &placed(name), environment: &overridden(name, overrides) })
}

/// The stacks of a shipped environment with the Flink consumer.
pub fn with_flink(name: &str) -> Vec<Stack> {
    stacks_of(name, FLINK)
}

/// The stacks of a shipped environment.
pub fn stacks(name: &str) -> Vec<Stack> {
    stacks_of(name, &[])
}
