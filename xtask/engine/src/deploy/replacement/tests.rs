//! The tables of replacements, against the official schemas.

use std::collections::BTreeSet;

use stacks::Inputs;

use super::*;
use artifacts::toolchain::venv::Venv;
use session::Project;

/// What cfn-lint ships of the registry: properties that only another resource can have otherwise, by type.
async fn create_only() -> impl Fn(&str) -> Vec<String> {
    let project = Project::locate();
    let venv = Venv::ensure(&project, &()).await.expect("the tools");
    let pattern = |folder: &std::path::Path| {
        let found = std::fs::read_dir(folder).expect("a folder").next().expect("a Python");
        found.expect("its folder").path().join("site-packages/cfnlint/data/schemas")
    };
    let schemas = pattern(&venv.bin().with_file_name("lib"));
    let read = |path: std::path::PathBuf| -> serde_json::Value {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        serde_json::from_str(&text).expect("JSON")
    };
    let types = read(schemas.join("providers/us-east-1.json"));
    move |kind| {
        let file = types[kind].as_str().unwrap_or_else(|| panic!("no schema of {kind}"));
        let schema = read(schemas.join(format!("resources/{file}.json")));
        let paths = schema["createOnlyProperties"].as_array().cloned().unwrap_or_default();
        let names = paths.iter().filter_map(|path| path.as_str()?.strip_prefix("/properties/"));
        // A part of a property that cannot change does not replace for the other parts.
        names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn whatever_replaces_by_its_schema_is_known() {
    let create_only = create_only().await;
    let mut kinds = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for (name, overrides) in [("dev", &[][..]), ("prod", &[]), ("dev", &[("consumer.kind", "flink")])] {
        let overrides: Vec<_> = overrides
            .iter()
            .map(|(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let (model, environment) =
            Project::locate().load_sample(name, &overrides).unwrap_or_else(|_| panic!("{name}"));
        for stack in stacks::synthesize(&Inputs { model: &model, environment: &environment }) {
            for resource in stack.template.resources().values() {
                let kind = resource.kind();
                kinds.insert(kind);
                let there = create_only(kind).into_iter().filter(|name| !resource.property(name).is_null());
                unknown.extend(
                    there
                        .filter(|name| !replaces(kind, &format!("Properties.{name}")))
                        .map(|name| format!("{kind} {name}")),
                );
            }
        }
    }
    assert!(unknown.is_empty(), "not in `replaced_by` of their rows: {unknown:?}");
    assert!(kinds.len() > 40, "{kinds:?}");
}

#[test]
fn replacements() {
    let table = [
        ("AWS::S3::Bucket", "Properties.BucketName", true),
        ("AWS::S3::Bucket", "Properties.BucketEncryption.BucketName", false),
        ("AWS::S3::Bucket", "BucketName", false),
        ("AWS::Kinesis::Stream", "Properties.RetentionPeriodHours", false),
        ("AWS::Lambda::EventSourceMapping", "Properties.EventSourceArn.Ref", true),
        ("Custom::TimestreamTable", "Properties.TableName", true),
        ("Custom::TimestreamTable", "Properties.RetentionProperties", false),
        ("AWS::Timestream::Table", "Properties.Schema.CompositePartitionKey", true),
        ("Custom::TimestreamTable", "Properties.Schema", true),
        ("AWS::Timestream::Database", "Properties.Schema", false),
        ("AWS::Nothing::Known", "Properties.Name", false),
    ];
    for (kind, path, expected) in table {
        assert_eq!(follows_from(kind, path), expected, "{kind} {path}");
    }
}

#[test]
fn what_is_immutable_is_not_what_is_replaced() {
    let table = [
        ("AWS::Timestream::Table", "Properties.Schema.CompositePartitionKey", Some("Schema"), false),
        ("Custom::TimestreamTable", "Properties.Schema", Some("Schema"), false),
        ("Custom::TimestreamTable", "Properties.TableName", None, true),
        ("AWS::Timestream::Table", "Properties.RetentionProperties.Schema", None, false),
        ("AWS::Timestream::Table", "Schema", None, false),
        ("AWS::Glue::Table", "Properties.Schema", None, false),
    ];
    for (kind, path, expected, replaced) in table {
        assert_eq!(immutable(kind, path), expected, "{kind} {path}");
        assert_eq!(replaces(kind, path), replaced, "{kind} {path}");
    }
}
