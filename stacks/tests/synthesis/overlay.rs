//! The local overlay changes what it says, and nothing else.

use serde_json::{Value, json};
use stacks::environment::Target;
use stacks::{Inputs, Stack, synthesize};

use crate::fixture::{FLINK, model, overridden};

/// The local environment with a consumer of either kind, as for AWS and as for the emulator.
fn both() -> [(Vec<Stack>, Vec<Stack>); 2] {
    [&[], FLINK].map(both_with)
}

fn both_with(overrides: &[(&str, &str)]) -> (Vec<Stack>, Vec<Stack>) {
    let model = model();
    let mut environment = overridden("local", overrides);
    let local = synthesize(&Inputs { model: &model, environment: &environment });
    environment.target = Target::Aws;
    (synthesize(&Inputs { model: &model, environment: &environment }), local)
}

/// The JSON of one section of a template.
fn section(stack: &Stack, name: &str) -> Value {
    let template: Value = serde_json::from_str(&stack.template.to_json()).expect("a template is JSON");
    template.get(name).cloned().unwrap_or_else(|| json!({}))
}

/// Types that become custom resources, and which.
#[rustfmt::skip]
const STAND_INS: [(&str, &str); 5] = [
    ("AWS::IoTTwinMaker::ComponentType", "Custom::IoTTwinMakerComponentType"),
    ("AWS::IoTTwinMaker::Entity",        "Custom::IoTTwinMakerEntity"),
    ("AWS::IoTTwinMaker::Workspace",     "Custom::IoTTwinMakerWorkspace"),
    ("AWS::Timestream::Database",        "Custom::TimestreamDatabase"),
    ("AWS::Timestream::Table",           "Custom::TimestreamTable"),
];

/// Every change to a resource of a stack that is there without the overlay: JSON pointer, and what it
/// becomes.
fn expected_changes(aws: &Stack) -> Vec<(String, Value)> {
    let mut changes = Vec::new();
    for (id, resource) in aws.template.resources() {
        if let Some((_, stand_in)) = STAND_INS.iter().find(|(kind, _)| *kind == resource.kind()) {
            let provider = json!({"Fn::GetAtt": ["LocalProvider", "Arn"]});
            changes.push((format!("/{id}/Type"), json!(stand_in)));
            changes.push((format!("/{id}/Properties/ServiceToken"), provider));
            changes.push((format!("/{id}/Properties/ServiceTimeout"), json!(90)));
        }
    }
    changes
}

#[test]
fn every_stand_in_stands_for_something() {
    let [(aws, _), _] = both();
    let there = |kind: &str| {
        aws.iter().flat_map(|stack| stack.template.resources().values()).any(|found| found.kind() == kind)
    };
    for (kind, _) in STAND_INS {
        assert!(there(kind), "{kind}");
    }
}

#[test]
fn resources_change_only_where_the_overlay_says() {
    for (aws, local) in both().iter().flat_map(|(aws, local)| {
        assert_eq!(aws.len(), local.len());
        aws.iter().zip(local)
    }) {
        let mut expected = section(aws, "Resources");
        for (pointer, value) in expected_changes(aws) {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = expected.pointer_mut(parent).unwrap_or_else(|| panic!("{}: no {parent}", aws.name));
            match key.parse::<usize>() {
                Ok(index) => parent[index] = value,
                Err(_) => parent[key] = value,
            }
        }
        let mut found = section(local, "Resources");
        let found = found.as_object_mut().expect("resources");
        found.retain(|id, _| !id.starts_with("Local"));
        assert_eq!(Value::Object(found.clone()), expected, "stack {}", aws.name);
    }
}

#[test]
fn everything_else_of_a_template_stays() {
    for (aws, local) in both().iter().flat_map(|(aws, local)| aws.iter().zip(local)) {
        assert_eq!(section(local, "Outputs"), section(aws, "Outputs"), "stack {}", aws.name);
        assert_eq!(local.tags, aws.tags);
        assert_eq!(local.stack_name, aws.stack_name);
        let added: Vec<_> = local
            .parameters
            .keys()
            .filter(|name| !aws.parameters.contains_key(*name))
            .map(String::as_str)
            .collect();
        match aws.name {
            "store" => {
                assert_eq!(added, ["ArtifactBucket", "LocalProviderKey"]);
                assert_eq!(local.depends_on, ["artifacts"]);
            }
            "twin" => {
                assert_eq!(added, ["LocalProviderKey"]);
                assert_eq!(local.depends_on, aws.depends_on);
            }
            _ => {
                assert!(added.is_empty(), "{} got {added:?}", aws.name);
                assert_eq!(local.depends_on, aws.depends_on);
            }
        }
    }
}

#[test]
fn nothing_of_it_reaches_aws() {
    for stack in both().into_iter().flat_map(|(aws, _)| aws) {
        let json = stack.template.to_json();
        assert!(!json.contains("Local") && !json.contains("Custom::"), "stack {}", stack.name);
    }
}
