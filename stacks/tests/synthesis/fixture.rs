//! The model and the environments that the tests synthesize: those that the repository ships.

use stacks::environment::Environment;
use stacks::{Inputs, Stack, synthesize};
use telemetry::Model;

/// Names of the shipped environments, and of an instance of the one that has instances.
pub const ENVIRONMENTS: [&str; 4] = ["dev", "local", "preview-1", "prod"];

/// The shipped model.
pub fn model() -> Model {
    let text = include_str!("../../../telemetry.toml");
    stacks::model::parse("telemetry.toml", text).expect("the shipped model is valid")
}

/// A shipped environment.
pub fn environment(name: &str) -> Environment {
    overridden(name, &[])
}

/// A shipped environment with keys of it replaced, as `--set` does.
pub fn overridden(name: &str, overrides: &[(&str, &str)]) -> Environment {
    let overrides: Vec<_> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let text = match name {
        "dev" => include_str!("../../../environments/dev.toml"),
        "local" => include_str!("../../../environments/local.toml"),
        "preview-1" => include_str!("../../../environments/preview.toml"),
        "prod" => include_str!("../../../environments/prod.toml"),
        other => panic!("there is no environment {other}"),
    };
    stacks::environment::parse(name, name, text, &overrides).expect("the shipped environment is valid")
}

/// The shipped model, as a shipped environment reads it.
pub fn placed(name: &str) -> Model {
    environment(name).place(name, model()).expect("the shipped files fit together")
}

/// What makes a shipped environment one whose consumer is a Flink application.
pub const FLINK: &[(&str, &str)] = &[("consumer.kind", "flink")];

/// The stacks of a shipped environment with the Flink consumer.
pub fn with_flink(name: &str) -> Vec<Stack> {
    synthesize(&Inputs { model: &placed(name), environment: &overridden(name, FLINK) })
}

/// The stacks of a shipped environment.
pub fn stacks(name: &str) -> Vec<Stack> {
    synthesize(&Inputs { model: &placed(name), environment: &environment(name) })
}
