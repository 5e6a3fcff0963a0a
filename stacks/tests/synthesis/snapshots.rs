//! One snapshot a stack and environment: what a change does to a template is seen in its review.

use stacks::grafana::FILES_VARIABLE;

use crate::fixture::{ENVIRONMENTS, stacks, with_flink};

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

/// The machine's own consumer stack, when its consumer is the Flink job.
#[test]
fn the_local_flink_consumer_is_as_reviewed() {
    let stacks = with_flink("local");
    let consumer = stacks.iter().find(|stack| stack.name == "consumer").expect("the consumer");
    insta::with_settings!({ snapshot_path => "snapshots/local", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("consumer-flink", consumer.template.to_json());
    });
}
