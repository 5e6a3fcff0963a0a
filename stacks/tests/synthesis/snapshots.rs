//! One snapshot a stack and environment: what a change does to a template is seen in its review.

use stacks::grafana::FILES_VARIABLE;

use crate::fixture::{DIRECT, ENVIRONMENTS, FLINK, stacks, stacks_of};

/// Without the files of Grafana, which are packed: what is in them has snapshots of its own.
fn readable(template: &str) -> String {
    let name = format!("\"Name\": \"{FILES_VARIABLE}\",\n");
    let Some((before, value)) = template.split_once(&name) else { return template.to_owned() };
    let (indent, value) = value.split_once("\"Value\": \"").expect("a value follows its name");
    let (_, after) = value.split_once('"').expect("a value ends");
    format!("{before}{name}{indent}\"Value\": \"(packed)\"{after}")
}

#[test]
fn templates_are_as_reviewed() {
    for environment in ENVIRONMENTS {
        for stack in stacks(environment) {
            insta::with_settings!({ snapshot_path => format!("snapshots/{environment}"), prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stack.name, readable(&stack.template.to_json()));
            });
        }
    }
}

/// The other consumers: the machine's own, when it is the Flink job, and those that connect to a cluster.
#[test]
fn the_other_consumers_are_as_reviewed() {
    for (environment, name, overrides) in [
        ("local", "consumer-flink", FLINK),
        ("start", "consumer-direct", DIRECT),
        ("start", "consumer-direct-flink", &[FLINK[0], DIRECT[0]]),
    ] {
        let stacks = stacks_of(environment, overrides);
        let consumer = stacks.iter().find(|stack| stack.name == "consumer").expect("the consumer");
        insta::with_settings!({ snapshot_path => format!("snapshots/{environment}"), prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, consumer.template.to_json());
        });
    }
}
