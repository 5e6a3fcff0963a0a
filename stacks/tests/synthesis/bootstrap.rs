//! What an environment has of its account when it is bootstrapped, and what it has of its own when not.

use std::collections::BTreeSet;

use serde_json::Value;
use stacks::environment::Environment;
use stacks::{Inputs, ParameterSource, Stack, synthesize};

use crate::fixture::{environment, overridden, placed};

fn synthesized(environment: &Environment) -> Vec<Stack> {
    synthesize(&Inputs { model: &placed("dev"), environment })
}

/// The boundaries of all roles.
fn boundaries(stacks: &[Stack]) -> BTreeSet<String> {
    let resources = stacks.iter().flat_map(|stack| stack.template.resources().values());
    let roles = resources.filter(|resource| resource.kind() == "AWS::IAM::Role");
    roles.map(|role| role.property("PermissionsBoundary").to_string()).collect()
}

#[test]
fn bootstrap_is_a_bucket_that_is_shared_and_a_boundary_around_every_role() {
    let boundary = r#"{"Fn::Sub":"arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/sluice-dev-boundary"}"#;
    for (bootstrap, own_bucket, bounded) in [("true", false, boundary), ("false", true, "null")] {
        let stacks = synthesized(&overridden("dev", &[("bootstrap", bootstrap)]));
        assert_eq!(stacks.iter().any(|stack| stack.name == "artifacts"), own_bucket, "{bootstrap}");
        assert_eq!(boundaries(&stacks), [bounded.to_owned()].into(), "{bootstrap}");
        for stack in &stacks {
            assert_eq!(
                stack.depends_on.contains(&"artifacts"),
                own_bucket && has_code(stack),
                "{}",
                stack.name
            );
        }
    }
}

fn has_code(stack: &Stack) -> bool {
    stack.parameters.values().any(|source| matches!(source, ParameterSource::ArtifactKey(_)))
}

/// Its instances share what is made for the file.
#[test]
fn names_follow_the_file_and_the_account() {
    let mut environment = environment("dev");
    for (name, region, bucket, stack, boundary, partition) in [
        (
            "dev",
            "eu-central-1",
            "sluice-artifacts-111122223333-eu-central-1",
            "sluice-bootstrap-dev",
            "sluice-dev-boundary",
            "aws",
        ),
        (
            "preview-12",
            "us-gov-west-1",
            "sluice-artifacts-111122223333-us-gov-west-1",
            "sluice-bootstrap-preview",
            "sluice-preview-boundary",
            "aws-us-gov",
        ),
        (
            "dev",
            "cn-north-1",
            "sluice-artifacts-111122223333-cn-north-1",
            "sluice-bootstrap-dev",
            "sluice-dev-boundary",
            "aws-cn",
        ),
    ] {
        name.clone_into(&mut environment.name);
        region.clone_into(&mut environment.region);
        assert_eq!(environment.shared_bucket().as_deref(), Some(bucket));
        assert_eq!(environment.bootstrap_stack(), stack);
        assert_eq!(environment.boundary_name(), boundary);
        assert_eq!(environment.partition(), partition);
        assert_eq!(environment.object_key("flink-job/1.jar"), format!("{name}/flink-job/1.jar"));
    }
}

/// A function cannot read what another environment has in the bucket.
#[test]
fn a_job_reads_the_code_of_its_own_environment() {
    for name in ["dev", "prod"] {
        let environment = overridden(name, &[("consumer.kind", "flink")]);
        let stacks = synthesize(&Inputs { model: &placed(name), environment: &environment });
        let consumer = stacks.iter().find(|stack| stack.name == "consumer").expect("the consumer");
        let template: Value = serde_json::from_str(&consumer.template.to_json()).expect("JSON");
        let role = &template["Resources"]["FlinkJobRole"]["Properties"]["Policies"][0]["PolicyDocument"];
        let read = format!("arn:${{AWS::Partition}}:s3:::${{ArtifactBucket}}/{name}/flink-job/*");
        assert!(role.to_string().contains(&read), "{role}");
    }
}
