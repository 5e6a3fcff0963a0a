//! The shipped environments, prepared.

use stacks::bootstrap::github::Repository;
use stacks::bootstrap::{self, Provider};
use stacks::environment::Environment;
use stacks::{Inputs, Stack};

/// Those that are shipped for an account; one instance stands for all.
pub const ENVIRONMENTS: [&str; 3] = ["dev", "preview-1", "prod"];

/// A shipped environment with keys of it replaced.
pub fn environment(name: &str, overrides: &[(&str, &str)]) -> Environment {
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

/// `octo-org/octo-repo`, whose numbers are known.
pub fn repository() -> Repository {
    let repository: Repository = "octo-org/octo-repo".parse().expect("a repository");
    repository.with_ids(Some("123456/456789".parse().expect("numbers")))
}

/// The stacks of the bootstrap for one environment.
pub fn prepared(
    environment: &Environment,
    provider: Provider,
    repository: Option<&Repository>,
) -> [Stack; 2] {
    let model = include_str!("../../../telemetry.toml");
    let model = stacks::model::parse("telemetry.toml", model).expect("the shipped model is valid");
    let model = environment.place("environment", model).expect("the shipped files fit together");
    let inputs = Inputs { model: &model, environment };
    let roles = bootstrap::environment(&inputs, repository).unwrap_or_else(|error| panic!("{error}"));
    [bootstrap::account(environment, provider), roles]
}
