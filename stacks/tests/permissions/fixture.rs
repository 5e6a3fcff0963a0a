//! The shipped environments in AWS, and environments that differ from them in their name alone.

use stacks::bootstrap::permissions::{self, Policy};
use stacks::environment::Environment;
use stacks::{Inputs, Stack, synthesize};

use crate::shipped::{self, placed};

/// Names of the shipped environments that lie in an account.
pub const ENVIRONMENTS: [&str; 3] = ["dev", "prod", "start"];

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
    synthesized(shipped::environment(name, overrides))
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

/// What the role that deploys every instance of the shipped `preview` may do, as the bootstrap derives it
/// from one of them.
pub fn instances() -> Vec<Policy> {
    let environment = shipped("preview-12").environment;
    let inputs = Inputs { model: &placed(&environment), environment: &environment };
    let access = stacks::bootstrap::access(&inputs, None).unwrap_or_else(|error| panic!("{error}"));
    let deploys = access.roles.into_iter().find(|role| role.role == stacks::bootstrap::Role::Deploy);
    deploys.expect("a role that deploys").policies
}

fn synthesized(environment: Environment) -> Place {
    let model = placed(&environment);
    let stacks = synthesize(&Inputs { model: &model, environment: &environment });
    Place { environment, stacks }
}
