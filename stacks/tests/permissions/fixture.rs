//! The shipped environments in AWS, and environments that differ from them in their name alone.

use stacks::bootstrap::permissions::{self, Policy};
use stacks::environment::Environment;
use stacks::{Inputs, Stack, synthesize};

/// Names of the shipped environments that lie in an account.
pub const ENVIRONMENTS: [&str; 2] = ["dev", "prod"];

/// The account and the Region of the shipped environments.
pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-central-1";

/// An environment with its stacks.
#[derive(Clone)]
pub struct Place {
    pub environment: Environment,
    pub stacks: Vec<Stack>,
}

impl Place {
    pub fn deploy(&self) -> Vec<Policy> {
        permissions::deploy(&self.stacks, &self.environment).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn plan(&self) -> Vec<Policy> {
        permissions::plan(&self.stacks, &self.environment).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn boundary(&self) -> Policy {
        permissions::boundary(&self.stacks, &self.environment).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// A shipped environment with keys of it replaced.
pub fn overridden(name: &str, overrides: &[(&str, &str)]) -> Place {
    let text = match name {
        "dev" => include_str!("../../../environments/dev.toml"),
        "local" => include_str!("../../../environments/local.toml"),
        "prod" => include_str!("../../../environments/prod.toml"),
        other => panic!("there is no environment {other}"),
    };
    let overrides: Vec<_> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let environment = stacks::environment::parse(name, name, text, &overrides);
    synthesized(environment.expect("the shipped environment is valid"))
}

/// A shipped environment.
pub fn shipped(name: &str) -> Place {
    overridden(name, &[])
}

/// The shipped `dev` or `prod` under another name, as a file of that name would make it.
pub fn renamed(from: &str, name: &str) -> Place {
    let mut environment = shipped(from).environment;
    name.clone_into(&mut environment.name);
    environment.topic_prefix = Some(name.to_owned());
    synthesized(environment)
}

fn synthesized(environment: Environment) -> Place {
    let model = stacks::model::parse("telemetry.toml", include_str!("../../../telemetry.toml"));
    let model = model.expect("the shipped model is valid");
    let model = environment.place("the environment", model).expect("the shipped files fit together");
    let stacks = synthesize(&Inputs { model: &model, environment: &environment });
    Place { environment, stacks }
}
