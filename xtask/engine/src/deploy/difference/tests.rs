//! Templates, and what differs between them.

use serde_json::json;

use super::*;

fn values(pairs: &[(&str, Option<&str>)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
}

/// One line per change: `id change data: paths`.
fn check(old: &Value, new: &Value, before: &Values, after: &Values, expected: &[&str]) {
    let template = |resources: &Value| json!({ "Resources": resources });
    let lines: Vec<String> = resources(&template(old), before, &template(new), after)
        .into_iter()
        .map(|found| {
            let data = found.data.map_or(String::new(), |data| format!(" {data:?}"));
            let paths: Vec<&str> = found.properties.iter().map(|property| property.path.as_str()).collect();
            format!("{} {:?}{data}: {}", found.logical_id, found.change, paths.join(" "))
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn templates() {
    let none = Values::new();
    let bucket = |policy: &str| json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "UpdateReplacePolicy": policy});
    let named = |name: &str, policy: &str| json!({"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": policy, "Properties": {"BucketName": name, "Tags": []}});
    let role = |path: &str| json!({"Type": "AWS::IAM::Role", "Properties": {"Path": path, "Policies": [1]}});
    let table: [(Value, Value, &[&str]); 13] = [
        (json!({"A": bucket("Delete")}), json!({"A": bucket("Delete")}), &[]),
        (json!({}), json!({"A": bucket("Delete")}), &["A Add: "]),
        (json!({"A": bucket("Delete")}), json!({}), &["A Remove Lost: "]),
        (json!({"A": bucket("Retain")}), json!({}), &["A Remove Retained: "]),
        (json!({"A": bucket("RetainExceptOnCreate")}), json!({}), &["A Remove Retained: "]),
        (json!({"A": bucket("Snapshot")}), json!({}), &["A Remove Lost: "]),
        (
            json!({"A": named("x", "Delete")}),
            json!({"A": named("y", "Delete")}),
            &["A Replace Lost: BucketName"],
        ),
        (
            json!({"A": named("x", "Retain")}),
            json!({"A": named("y", "Retain")}),
            &["A Replace Retained: BucketName"],
        ),
        (json!({"A": role("/")}), json!({"A": role("/x/")}), &["A Replace: Path"]),
        (
            json!({"A": bucket("Delete")}),
            json!({"A": bucket("Retain")}),
            &["A Modify: DeletionPolicy UpdateReplacePolicy"],
        ),
        (
            json!({"A": bucket("RetainExceptOnCreate")}),
            json!({"A": bucket("Delete")}),
            &["A Modify Unguarded: DeletionPolicy UpdateReplacePolicy"],
        ),
        (
            json!({"A": bucket("Retain")}),
            json!({"A": {"Type": "AWS::S3::Bucket"}}),
            &["A Modify Unguarded: DeletionPolicy UpdateReplacePolicy"],
        ),
        (
            json!({"A": bucket("RetainExceptOnCreate")}),
            json!({"A": bucket("Retain")}),
            &["A Modify: DeletionPolicy UpdateReplacePolicy"],
        ),
    ];
    for (old, new, expected) in table {
        check(&old, &new, &none, &none, expected);
    }
}

#[test]
fn what_is_fixed_with_its_resource() {
    const TABLE: &str = "AWS::Timestream::Table";
    let table = |kind: &str, name: &str, schema: &str| json!({"Resources": {"T": {"Type": kind, "Properties": {"TableName": name, "Schema": {"Key": schema}}}}});
    let old = table(TABLE, "events", "DeviceID");
    let cases = [
        ("the same", old.clone(), 0),
        ("another schema", table(TABLE, "events", "device_id"), 1),
        ("another table", table(TABLE, "others", "device_id"), 0),
        ("another type", table("Custom::TimestreamTable", "events", "device_id"), 0),
        ("nothing", json!({}), 0),
    ];
    for (case, new, expected) in cases {
        let found = fixed(&old, &new);
        assert_eq!(found.len(), expected, "{case}");
        assert!(found.iter().all(|fixed| fixed.logical_id == "T" && fixed.property == "Schema"), "{case}");
    }
    assert_eq!(fixed(&Value::Null, &old), [], "a table that is new");
}

#[test]
fn parameters_change_what_refers_to_them() {
    type Pairs<'a> = &'a [(&'a str, Option<&'a str>)];
    let function = json!({
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": {"Ref": "Key"}}, "MemorySize": 128}},
        "Q": {"Type": "AWS::IoT::TopicRule", "Properties": {"Sql": {"Fn::Sub": "SELECT ${Field} ${Other}"}}},
        "R": {"Type": "AWS::IAM::Role", "Properties": {}},
    });
    let table: [(Pairs, &[&str]); 4] = [
        (&[("Key", Some("f/1.zip")), ("Field", Some("a"))], &[]),
        (&[("Key", Some("f/2.zip")), ("Field", Some("a"))], &["F Modify: Code.S3Key"]),
        (&[("Key", Some("f/1.zip")), ("Field", Some("b"))], &["Q Modify: Sql"]),
        (&[("Key", None), ("Field", Some("a"))], &["F Modify: Code.S3Key"]),
    ];
    for (after, expected) in table {
        let before = values(&[("Key", Some("f/1.zip")), ("Field", Some("a"))]);
        check(&function, &function, &before, &values(after), expected);
    }
}

#[test]
fn what_refers_to_a_replaced_resource_follows_it() {
    let template = |database: &str| {
        json!({"Resources": {
            "Database": {"Type": "AWS::Timestream::Database", "Properties": {"DatabaseName": database}},
            "Table": {"Type": "AWS::Timestream::Table", "UpdateReplacePolicy": "Retain", "Properties": {
                "DatabaseName": {"Ref": "Database"}, "TableName": "telemetry",
            }},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {
                "Policies": [{"Resource": {"Fn::GetAtt": ["Table", "Arn"]}}],
            }},
            "Queue": {"Type": "AWS::SQS::Queue"},
        }})
    };
    let none = Values::new();
    let found = resources(&template("one"), &none, &template("two"), &none);
    let line = |found: &ResourceChange| {
        let paths: Vec<&str> = found.properties.iter().map(|property| property.path.as_str()).collect();
        format!("{} {:?} {:?} {paths:?} {:?}", found.logical_id, found.change, found.data, found.why)
    };
    assert_eq!(
        found.iter().map(line).collect::<Vec<_>>(),
        [
            r#"Database Replace Some(Lost) ["DatabaseName"] ["`DatabaseName` changes"]"#,
            r#"Role Modify None ["Policies"] ["follows `Table`"]"#,
            r#"Table Replace Some(Retained) ["DatabaseName"] ["follows `Database`"]"#,
        ]
    );
}

#[test]
fn a_change_survives_json() {
    let none = Values::new();
    let bucket = |name: &str| json!({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}});
    let found = resources(&bucket("a"), &none, &bucket("b"), &none);
    let text = serde_json::to_string(&found).expect("JSON");
    assert_eq!(serde_json::from_str::<Vec<ResourceChange>>(&text).expect("and back"), found);
    assert!(text.contains(r#""change":"replace""#) && text.contains(r#""before":"a","after":"b""#), "{text}");
}
