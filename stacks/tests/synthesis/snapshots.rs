//! One snapshot a stack and environment: what a change does to a template is seen in its review.

use crate::fixture::{ENVIRONMENTS, stacks};

#[test]
fn templates_are_as_reviewed() {
    for environment in ENVIRONMENTS {
        for stack in stacks(environment) {
            insta::with_settings!({ snapshot_path => format!("snapshots/{environment}"), prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stack.name, stack.template.to_json());
            });
        }
    }
}
