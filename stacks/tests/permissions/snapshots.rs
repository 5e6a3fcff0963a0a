//! The policies of the shipped environments in a form that a person can review.

use std::fmt::Write;

use stacks::bootstrap::permissions::Policy;

use crate::fixture::{ENVIRONMENTS, shipped};

fn readable(policies: &[Policy]) -> String {
    let mut text = String::new();
    for policy in policies {
        writeln!(text, "# {}: {}", policy.name, policy.description).expect("a String takes text");
        for statement in &policy.statements {
            writeln!(text, "{}", statement.effect.as_str()).expect("a String takes text");
            for action in &statement.actions {
                let reason = statement.reasons.get(action).map(|reason| format!("  ({reason})"));
                writeln!(text, "  {action}{}", reason.unwrap_or_default()).expect("a String takes text");
            }
            for resource in &statement.resources {
                writeln!(text, "  on {resource}").expect("a String takes text");
            }
            for (operator, keys) in &statement.conditions {
                for (key, values) in keys {
                    let values: Vec<&str> = values.iter().map(String::as_str).collect();
                    writeln!(text, "  if {key} {operator} {}", values.join(" | "))
                        .expect("a String takes text");
                }
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn policies_are_as_reviewed() {
    for name in ENVIRONMENTS {
        let place = shipped(name);
        let policies =
            [("deploy", place.deploy()), ("plan", place.plan()), ("boundary", vec![place.boundary()])];
        for (role, policies) in policies {
            insta::with_settings!({ snapshot_path => format!("snapshots/{name}"), prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(role, readable(&policies));
            });
        }
    }
}
