//! The model and the environments that the repository ships, as every test program reads them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::Path;

use stacks::environment::Environment;
use telemetry::Model;

/// The shipped model.
pub fn model() -> Model {
    let text = include_str!("../../../telemetry.toml");
    stacks::model::parse("telemetry.toml", text).expect("the shipped model is valid")
}

/// Several kinds of devices, with everything that a model can say.
pub fn fleet() -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet");
    let read = |file: &str| std::fs::read_to_string(folder.join(file));
    let text = read("telemetry.toml").expect("the fleet");
    stacks::model::parse_with("telemetry.toml", &text, &read).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A shipped environment, or an instance of the one that has instances, with keys of it replaced as `--set`
/// does.
pub fn environment(name: &str, overrides: &[(&str, &str)]) -> Environment {
    let overrides: Vec<_> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let text = match stacks::environment::name::split(name).0 {
        "dev" => include_str!("../../../environments/dev.toml"),
        "local" => include_str!("../../../environments/local.toml"),
        "preview" => include_str!("../../../environments/preview.toml"),
        "prod" => include_str!("../../../environments/prod.toml"),
        "start" => include_str!("../../../environments/start.toml"),
        other => panic!("there is no environment {other}"),
    };
    stacks::environment::parse(name, name, text, &overrides).expect("the shipped environment is valid")
}

/// The shipped model, as this environment reads it.
pub fn placed(environment: &Environment) -> Model {
    environment.place("the environment", model()).expect("the shipped files fit together")
}
