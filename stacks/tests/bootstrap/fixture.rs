//! The shipped environments, prepared.

use stacks::bootstrap::github::Repository;
use stacks::bootstrap::{self, Provider};
use stacks::environment::Environment;
use stacks::{Inputs, Stack};

pub use crate::shipped::environment;
use crate::shipped::placed;

/// Those that are shipped for an account; one instance stands for all.
pub const ENVIRONMENTS: [&str; 4] = ["dev", "preview-1", "prod", "start"];

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
    let model = placed(environment);
    let inputs = Inputs { model: &model, environment };
    let roles = bootstrap::environment(&inputs, repository).unwrap_or_else(|error| panic!("{error}"));
    [bootstrap::account(environment, provider), roles]
}
