//! Every stack that the shipped environments can have.

use std::sync::LazyLock;

use stacks::bootstrap::{self, Provider};
use stacks::{Inputs, Stack, synthesize};

use crate::shipped;

/// A key of an environment with its value, as `--set` takes it.
type Choice = (&'static str, &'static str);

const CONTAINER: Choice = ("grafana", "{ kind = \"container\", networks = [\"203.0.113.0/24\"] }");
const MANAGED: Choice = ("grafana", "{ kind = \"managed\" }");

/// The shipped environments, and an instance of the one that has instances.
const ENVIRONMENTS: [&str; 5] = ["dev", "local", "preview-7", "prod", "start"];

/// Every stack of every shipped environment as it is, and with each kind of consumer and of Grafana, where data
/// goes and where it stays, alone in its account and not; and what `bootstrap` makes for them.
pub static EVERY_STACK: LazyLock<Vec<Stack>> = LazyLock::new(|| {
    let mut stacks = Vec::new();
    for name in ENVIRONMENTS {
        stacks.extend(stacks_of(name, &[]));
        if name == "local" {
            stacks.extend(stacks_of(name, &[("store.kind", "postgres")]));
        }
        for consumer in ["lambda", "flink"] {
            if name == "start" {
                let direct = [("store.connection", "direct"), ("store.final_snapshot", "true")];
                stacks.extend(stacks_of(name, &[("consumer.kind", consumer), direct[0], direct[1]]));
            }
            for on_delete in ["delete", "retain"] {
                for grafana in [CONTAINER, MANAGED] {
                    // This machine has no managed one.
                    if name != "local" || grafana == CONTAINER {
                        let choices = [("consumer.kind", consumer), ("on_delete", on_delete), grafana];
                        stacks.extend(stacks_of(name, &choices));
                    }
                }
                let alone = [("consumer.kind", consumer), ("on_delete", on_delete), ("bootstrap", "false")];
                stacks.extend(stacks_of(name, &alone));
            }
        }
    }
    stacks
});

/// The stacks of a shipped environment with keys of it replaced, and what `bootstrap` makes for it.
pub fn stacks_of(name: &str, overrides: &[Choice]) -> Vec<Stack> {
    let environment = shipped::environment(name, overrides);
    let model = shipped::placed(&environment);
    let inputs = Inputs { model: &model, environment: &environment };
    let mut stacks = synthesize(&inputs);
    if environment.bootstrap {
        stacks.push(bootstrap::account(&environment, Provider::Made));
        stacks.push(bootstrap::environment(&inputs, None).unwrap_or_else(|error| panic!("{error}")));
    }
    stacks
}
