//! What is lost by keeping less, and that no such property of a template is forgotten.

use serde_json::{Value, json};
use stacks::Inputs;
use stacks::kinds::kept::NEVER;
use stacks::kinds::stands_for;

use super::*;
use session::Project;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_is_lost_is_named() {
    const TABLE: &str = "AWS::Timestream::Table";
    let table = |hours: &str, days: &str, late: bool| {
        json!({
            "RetentionProperties": {
                "MemoryStoreRetentionPeriodInHours": hours, "MagneticStoreRetentionPeriodInDays": days,
            },
            "MagneticStoreWriteProperties": {"EnableMagneticStoreWrites": late},
        })
    };
    let hours = |hours: u32| json!({"RetentionPeriodHours": hours});
    let unknown = json!({"RetentionPeriodHours": {"Ref": "Hours"}});
    let messages = |seconds: u32| json!({"MessageRetentionPeriod": seconds});
    let days = |days: u32| json!({"RetentionInDays": days});
    let versions = |status: &str| json!({"VersioningConfiguration": {"Status": status}});
    let backup = |status: &str| json!({"BackupPolicy": {"Status": status}});
    let none = json!({});
    let rows: [(&str, Value, Value, &[&str]); 29] = [
        ("AWS::Kinesis::Stream", hours(168), hours(24), &["records between 24 h and 168 h old"]),
        ("AWS::Kinesis::Stream", hours(24), hours(168), &[]),
        ("AWS::Kinesis::Stream", hours(8_760), none.clone(), &["records between 1 d and 365 d old"]),
        ("AWS::Kinesis::Stream", none.clone(), hours(24), &[]),
        (
            "AWS::Kinesis::Stream",
            hours(24),
            unknown.clone(),
            &["records: for how long they are kept is not known yet"],
        ),
        ("AWS::Kinesis::Stream", unknown.clone(), unknown, &[]),
        (TABLE, table("24", "30", true), table("24", "7", true), &["points between 8 d and 31 d old"]),
        // What is in memory for a shorter time is as a whole there for a shorter time.
        (TABLE, table("48", "30", true), table("24", "30", true), &["points between 31 d and 32 d old"]),
        (
            TABLE,
            table("24", "30", true),
            table("24", "30", false),
            &["events that arrive more than 24 h late"],
        ),
        (
            "Custom::TimestreamTable",
            table("24", "7", false),
            table("6", "7", false),
            &["points between 174 h and 192 h old", "events that arrive more than 6 h late"],
        ),
        (TABLE, table("24", "7", false), table("48", "30", true), &[]),
        (TABLE, none.clone(), table("6", "30", true), &["points between 726 h and 1752006 h old"]),
        ("AWS::SQS::Queue", messages(1_209_600), messages(345_600), &["messages between 4 d and 14 d old"]),
        ("AWS::SQS::Queue", messages(1_209_600), none.clone(), &["messages between 4 d and 14 d old"]),
        ("AWS::SQS::Queue", messages(120), messages(90), &["messages between 90 s and 120 s old"]),
        ("AWS::Logs::LogGroup", days(90), days(7), &["log events between 7 d and 90 d old"]),
        ("AWS::Logs::LogGroup", none.clone(), days(30), &["log events older than 30 d"]),
        ("AWS::Logs::LogGroup", days(30), none.clone(), &[]),
        (
            "AWS::S3::Bucket",
            versions("Enabled"),
            versions("Suspended"),
            &["what is overwritten or deleted from then on"],
        ),
        (
            "AWS::S3::Bucket",
            versions("Enabled"),
            none.clone(),
            &["what is overwritten or deleted from then on"],
        ),
        ("AWS::S3::Bucket", none.clone(), versions("Enabled"), &[]),
        (
            "AWS::EFS::FileSystem",
            backup("ENABLED"),
            backup("DISABLED"),
            &["what only a backup brings back: none is made from then on"],
        ),
        (
            "AWS::IoT::TopicRule",
            json!({"TopicRulePayload": {"ErrorAction": {"Sqs": {}}}}),
            json!({"TopicRulePayload": {}}),
            &["messages that the rule cannot deliver"],
        ),
        (
            "AWS::Lambda::EventSourceMapping",
            json!({"DestinationConfig": {"OnFailure": {"Destination": "a"}}}),
            none.clone(),
            &["batches that the function gives up"],
        ),
        (
            "AWS::RDS::DBCluster",
            json!({"BackupRetentionPeriod": 7}),
            none.clone(),
            &["backups between 24 h and 168 h old"],
        ),
        (
            "Custom::PostgresCluster",
            json!({"BackupRetentionPeriod": 1}),
            json!({"BackupRetentionPeriod": 7}),
            &[],
        ),
        (
            "AWS::CloudFormation::CustomResource",
            json!({"RetentionDays": "31"}),
            json!({"RetentionDays": "8"}),
            &["points between 8 d and 31 d old"],
        ),
        ("AWS::CloudFormation::CustomResource", none.clone(), none.clone(), &[]),
        ("AWS::IAM::Role", hours(168), hours(24), &[]),
    ];
    for (kind, old, new, expected) in rows {
        assert_eq!(lost(kind, &old, &new), expected, "{kind} {old} {new}");
    }
}

#[test]
fn a_lifecycle_that_removes_more_or_earlier_loses_it() {
    let rule =
        |prefix: &str, days: u32| json!({"Status": "Enabled", "Prefix": prefix, "ExpirationInDays": days});
    let earlier =
        |days: u32| json!({"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": days}});
    let off = |mut rule: Value| {
        rule["Status"] = json!("Disabled");
        rule
    };
    let tagged = |mut rule: Value| {
        rule["TagFilters"] = json!([{"Key": "a", "Value": "b"}]);
        rule
    };
    let dated = json!({"Status": "Enabled", "ExpirationDate": "2027-01-01T00:00:00Z"});
    let rows: [(&[Value], &[Value], &[&str]); 12] = [
        (&[rule("", 30)], &[rule("", 30)], &[]),
        (&[rule("", 30)], &[rule("", 20)], &["objects between 20 d and 30 d old"]),
        (&[rule("", 30)], &[], &[]),
        (&[], &[rule("raw/", 30)], &["objects below raw/ older than 30 d"]),
        // A rule that is about more is a new one.
        (&[rule("raw/", 30)], &[rule("", 30)], &["objects older than 30 d"]),
        (&[rule("", 30)], &[rule("raw/", 30)], &[]),
        (&[tagged(rule("", 30))], &[rule("", 30)], &["objects older than 30 d"]),
        (&[rule("", 30)], &[tagged(rule("", 30))], &[]),
        (&[off(rule("", 30))], &[rule("", 30)], &["objects older than 30 d"]),
        (&[rule("", 30)], &[off(rule("", 10))], &[]),
        (&[earlier(30)], &[earlier(14)], &["earlier versions between 14 d and 30 d old"]),
        (&[], &[dated], &["objects, on 2027-01-01T00:00:00Z"]),
    ];
    for (old, new, expected) in rows {
        let bucket = |rules: &[Value]| json!({"LifecycleConfiguration": {"Rules": rules}});
        assert_eq!(lost("AWS::S3::Bucket", &bucket(old), &bucket(new)), expected, "{old:?} {new:?}");
    }
}

/// Whatever the shipped templates call a retention, an expiration, a version or a backup: less of it is a loss.
#[test]
fn no_such_property_of_a_template_is_forgotten() {
    const WORDS: [&str; 5] = ["Retention", "Expir", "Noncurrent", "Versioning", "Backup"];
    let project = Project::locate();
    let known: Vec<_> =
        kinds::all().flat_map(|kind| kind.kept.iter().map(move |kept| (kind.name, kept))).collect();
    let mut rows = vec![false; known.len()];
    let mut less = 0;
    for name in project.environments() {
        for kind in ["lambda", "flink"] {
            let overrides = [("consumer.kind".to_owned(), kind.to_owned())];
            let Ok((model, environment)) = project.load_sample(&name, &overrides) else { continue };
            for stack in stacks::synthesize(&Inputs { model: &model, environment: &environment }) {
                for (id, resource) in stack.template.resources() {
                    let (kind, old) = (resource.kind(), resource.properties());
                    for ((of_kind, kept), used) in known.iter().zip(&mut rows) {
                        let is_kept = match kept {
                            Kept::For { of, .. } => of(old).is_some_and(|kept| kept > NEVER),
                            Kept::Lifecycle => !old["LifecycleConfiguration"].is_null(),
                        };
                        *used |= *of_kind == stands_for(kind) && is_kept;
                    }
                    for pointer in leaves(old, String::new()) {
                        let named = WORDS.iter().any(|word| pointer.contains(word));
                        // Without it a mark of deletion stays: nothing is lost.
                        if !named || pointer.ends_with("ExpiredObjectDeleteMarker") {
                            continue;
                        }
                        let mut new = old.clone();
                        let leaf = new.pointer_mut(&pointer).expect("it is there");
                        if shrink(leaf) {
                            less += 1;
                            assert!(!lost(kind, old, &new).is_empty(), "{name} {id} {pointer}");
                        }
                    }
                }
            }
        }
    }
    assert!(less > 20, "{less}");
    let unused: Vec<_> =
        known.iter().zip(rows).filter(|(_, used)| !used).map(|((kind, _), _)| kind).collect();
    assert!(unused.is_empty(), "in the table, and in no template: {unused:?}");
}

/// JSON pointers to everything that holds nothing else.
fn leaves(value: &Value, pointer: String) -> Vec<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| leaves(value, format!("{pointer}/{}", key.replace('/', "~1"))))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, item)| leaves(item, format!("{pointer}/{at}"))).collect()
        }
        _ => vec![pointer],
    }
}

/// Makes a setting one less, or switches it off. `false`: it is neither a number nor a switch that is on.
fn shrink(leaf: &mut Value) -> bool {
    let less = match &*leaf {
        Value::Number(number) => number.as_u64().map(|number| json!(number - 1)),
        Value::String(text) => match text.as_str() {
            "Enabled" => Some(json!("Suspended")),
            "ENABLED" => Some(json!("DISABLED")),
            text => text.parse::<u64>().ok().map(|number| json!((number - 1).to_string())),
        },
        Value::Bool(true) => Some(json!(false)),
        _ => None,
    };
    less.map(|less| *leaf = less).is_some()
}
