//! The table of stacks, and what synthesis makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stacks::{Artifact, Function, Inputs, LOCAL_PROVIDER, ParameterSource, STACKS, synthesize};

use crate::fixture::{DIRECT, ENVIRONMENTS, FLINK, POSTGRES, environment, model, stacks, stacks_of};

#[test]
fn names_are_unique_and_every_dependency_stands_above() {
    let mut above = BTreeSet::new();
    for definition in STACKS {
        for dependency in definition.depends_on {
            assert!(
                above.contains(dependency),
                "{} depends on {dependency}, which is not above it",
                definition.name
            );
        }
        assert!(above.insert(definition.name), "{} is there twice", definition.name);
        assert!(!definition.summary.is_empty(), "{} says nothing about itself", definition.name);
    }
}

#[test]
fn stacks_come_after_those_that_they_depend_on() {
    for environment in ENVIRONMENTS {
        let mut before = BTreeSet::new();
        for stack in stacks(environment) {
            for dependency in &stack.depends_on {
                assert!(
                    before.contains(dependency),
                    "{environment}: {} comes before {dependency}",
                    stack.name
                );
            }
            before.insert(stack.name);
        }
    }
}

#[test]
fn every_parameter_has_a_source_that_exists() {
    const MANAGED: (&str, &str) = ("grafana", "{ kind = \"managed\" }");
    let variants: [&[(&str, &str)]; 5] =
        [&[], FLINK, &[POSTGRES, DIRECT[0]], &[POSTGRES, DIRECT[0], FLINK[0]], &[POSTGRES, MANAGED]];
    // This machine has no managed one.
    let there = |environment, overrides: &[_]| environment != "local" || !overrides.contains(&MANAGED);
    let all =
        ENVIRONMENTS.into_iter().flat_map(|environment| variants.map(|overrides| (environment, overrides)));
    for (environment, overrides) in all.filter(|(environment, overrides)| there(*environment, overrides)) {
        let stacks = stacks_of(environment, overrides);
        for stack in &stacks {
            let declared: Vec<&str> =
                stack.template.parameters().keys().map(stacks::cfn::LogicalId::as_str).collect();
            let sourced: Vec<&str> = stack.parameters.keys().map(String::as_str).collect();
            assert_eq!(declared, sourced, "{environment}: {}", stack.name);
            for (parameter, source) in &stack.parameters {
                match source {
                    ParameterSource::Output { stack: from, output } => {
                        assert!(
                            stack.depends_on.contains(from),
                            "{}: {parameter} comes from {from}",
                            stack.name
                        );
                        let from =
                            stacks.iter().find(|other| other.name == *from).expect("the stack is there");
                        let known = from.template.outputs().keys().any(|id| id == output);
                        assert!(known, "{} has no output {output} for {}", from.name, stack.name);
                    }
                    ParameterSource::ArtifactKey(Artifact::Function(_)) => {}
                    ParameterSource::ArtifactKey(Artifact::FlinkJob) => assert_eq!(stack.name, "consumer"),
                    ParameterSource::AccountBucket(bucket) => {
                        assert_eq!(bucket, "sluice-artifacts-111122223333-eu-central-1");
                        assert_ne!(environment, "local");
                    }
                }
            }
        }
    }
}

/// A parameter that nothing refers to would be a wait for nothing.
#[test]
fn every_parameter_is_used() {
    for environment in ENVIRONMENTS {
        for stack in stacks(environment) {
            let json = stack.template.to_json();
            for parameter in stack.parameters.keys() {
                let used = json.contains(&format!("\"Ref\": \"{parameter}\""))
                    || json.contains(&format!("${{{parameter}}}"));
                assert!(used, "{environment}: {} does not use {parameter}", stack.name);
            }
        }
    }
}

/// The functions that an environment deploys.
fn functions(environment: &str) -> BTreeSet<Function> {
    let stacks = stacks(environment);
    let sources = stacks.iter().flat_map(|stack| stack.parameters.values());
    sources
        .filter_map(|source| match source {
            ParameterSource::ArtifactKey(Artifact::Function(function)) => Some(*function),
            ParameterSource::ArtifactKey(Artifact::FlinkJob)
            | ParameterSource::AccountBucket(_)
            | ParameterSource::Output { .. } => None,
        })
        .collect()
}

/// A package with a program below `lambdas/` is a function that some environment deploys, and the other way
/// round. It carries the model if it is about events: if it depends on `telemetry`.
#[test]
fn every_function_is_a_package_and_is_deployed() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packages = BTreeMap::new();
    let lambdas = std::fs::read_dir(workspace.join("lambdas")).expect("the folder is there");
    let lambdas = lambdas.map(|entry| entry.expect("an entry").path());
    for package in lambdas.chain([workspace.join("local/provider")]) {
        if !package.join("src/main.rs").exists() {
            continue;
        }
        let text = std::fs::read_to_string(package.join("Cargo.toml")).expect("a package has a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let name = manifest["package"]["name"].as_str().expect("a package has a name").to_owned();
        packages.insert(name, manifest["dependencies"].get("telemetry").is_some());
    }
    let deployed: BTreeSet<Function> = ENVIRONMENTS.into_iter().flat_map(functions).collect();
    let deployed: BTreeMap<String, bool> =
        deployed.iter().map(|function| (function.name.to_owned(), function.carries_model)).collect();
    assert_eq!(deployed, packages);
}

#[test]
fn the_provider_is_deployed_to_this_machine_alone() {
    for environment in ENVIRONMENTS {
        let is_there = functions(environment).contains(&LOCAL_PROVIDER);
        assert_eq!(is_there, environment == "local", "{environment}");
    }
}

/// Debug information names the checkout's folder, so that two people would not deploy the same bytes.
#[test]
fn every_function_is_stripped_of_debug_information() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let manifest = std::fs::read_to_string(workspace).expect("the workspace has a manifest");
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let stripped = &manifest["profile"]["dev"]["package"];
    for function in ENVIRONMENTS.into_iter().flat_map(functions) {
        let strip = stripped.get(function.name).and_then(|profile| profile.get("strip")?.as_str());
        assert_eq!(strip, Some("debuginfo"), "{} in [profile.dev.package] of Cargo.toml", function.name);
    }
}

#[test]
fn simulator_and_twin_are_the_choice_of_the_environment() {
    for (simulator, twin) in [(true, true), (false, true), (true, false), (false, false)] {
        let mut environment = environment("dev");
        environment.bootstrap = false;
        environment.devices.enabled = true;
        environment.simulator.enabled = simulator;
        environment.twin.enabled = twin;
        let stacks = synthesize(&Inputs { model: &model(), environment: &environment });
        let is_there = |name: &str| stacks.iter().any(|stack| stack.name == name);
        assert_eq!((is_there("simulator"), is_there("twin")), (simulator, twin));
        assert_eq!(stacks.len(), STACKS.len() - usize::from(!simulator) - usize::from(!twin));
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for environment in ENVIRONMENTS {
        let texts =
            || -> Vec<String> { stacks(environment).iter().map(|stack| stack.template.to_json()).collect() };
        assert_eq!(texts(), texts());
    }
}

/// `serde_json` keeps another order where any crate of the build asks it to, so a test on the text
/// itself: every object's keys ascend, and a newline ends it.
#[test]
fn keys_ascend_in_the_text() {
    for stack in stacks("prod") {
        let json = stack.template.to_json();
        assert!(json.ends_with("}\n"), "{}", stack.name);
        // Indentation tells siblings: a key is compared with the one before it at its own depth.
        let mut last: Vec<(usize, &str)> = Vec::new();
        for line in json.lines() {
            let depth = line.len() - line.trim_start().len();
            last.retain(|(other, _)| *other <= depth);
            let Some((key, _)) = line.trim_start().strip_prefix('"').and_then(|rest| rest.split_once("\":"))
            else {
                last.retain(|(other, _)| *other < depth);
                continue;
            };
            if let Some(index) = last.iter().position(|(other, _)| *other == depth) {
                let (_, before) = last.remove(index);
                assert!(before < key, "{}: {key} comes after {before}", stack.name);
            }
            last.push((depth, key));
        }
    }
}

#[test]
fn no_event_reaches_two_environments_of_an_account() {
    let filter = |environment: &str| -> String {
        let stacks = stacks(environment);
        let rule = stacks
            .iter()
            .flat_map(|stack| stack.template.resources().values())
            .find(|resource| resource.kind() == "AWS::IoT::TopicRule");
        let sql = rule.expect("a rule").property("TopicRulePayload")["Sql"].as_str().expect("SQL").to_owned();
        sql.split('\'').nth(1).expect("a filter").to_owned()
    };
    let (dev, prod) = (environment("dev"), environment("prod"));
    assert_eq!((dev.account, dev.region), (prod.account, prod.region));
    let (dev, prod) = (filter("dev"), filter("prod"));
    assert!(!stacks::model::overlap(&dev, &prod), "{dev} and {prod}");
}

#[test]
fn two_environments_share_no_physical_name() {
    let names = |environment: &str| -> BTreeSet<String> {
        stacks(environment)
            .iter()
            .flat_map(|stack| stack.template.resources().values())
            .flat_map(|resource| {
                ["LogGroupName", "DatabaseName", "FunctionName", "Name", "WorkspaceId"]
                    .map(|key| resource.property(key).as_str().map(str::to_owned))
            })
            .flatten()
            .filter(|name| name != "S3Delivery")
            .collect()
    };
    let (dev, prod) = (names("dev"), names("prod"));
    assert!(!dev.is_empty());
    assert_eq!(dev.intersection(&prod).collect::<Vec<_>>(), Vec::<&String>::new());
}
