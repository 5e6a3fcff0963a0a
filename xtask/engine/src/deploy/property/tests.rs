//! What is shown of a property, and what is never shown.

use super::*;

fn values(pairs: &[(&str, Option<&str>)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// One line per change: `path: before -> after`, with what else there is to say.
fn check(old: &Value, new: &Value, expected: &[&str]) {
    let before = values(&[("Key", Some("1")), ("Password", Some("old"))]);
    let after = values(&[("Key", None), ("Password", Some("new")), ("Field", Some("watt"))]);
    let hidden = names(&["Password"]);
    let (old, new) = (Filled::new(old, &before, &hidden), Filled::new(new, &after, &hidden));
    let show = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    let line = |change: PropertyChange| {
        let deferred = if change.deferred { ", later" } else { "" };
        let replaces = if change.replaces { ", replaces" } else { "" };
        format!("{}: {} -> {}{deferred}{replaces}", change.path, show(&change.before), show(&change.after))
    };
    let found = changes(&old, &new, &names(&["Key"]), |path| path == "Properties.BucketName");
    assert_eq!(found.into_iter().map(line).collect::<Vec<_>>(), expected);
}

#[test]
fn values_before_and_after() {
    let properties = |value: Value| json!({ "Properties": value });
    let table: [(Value, Value, &[&str]); 11] = [
        (json!({}), json!({}), &[]),
        (json!({"BucketName": "a"}), json!({"BucketName": "b"}), &[r#"BucketName: "a" -> "b", replaces"#]),
        (json!({"A": {"B": 1}}), json!({"A": {"C": [2]}}), &["A.B: 1 -> -", "A.C: - -> [2]"]),
        (json!({"A": [1, 2]}), json!({"A": [1]}), &["A: [1,2] -> [1]"]),
        (json!({"A": {"Ref": "Key"}}), json!({"A": {"Ref": "Key"}}), &[r#"A: "1" -> -, later"#]),
        (
            json!({"A": "x"}),
            json!({"A": {"Fn::Sub": "${Field}/${Key}"}}),
            &[r#"A: "x" -> {"Fn::Sub":"watt/${Key}"}, later"#],
        ),
        (
            json!({"A": {"Fn::GetAtt": ["One", "Arn"]}}),
            json!({"A": {"Fn::GetAtt": ["Two", "Arn"]}}),
            &[r#"A: {"Fn::GetAtt":["One","Arn"]} -> {"Fn::GetAtt":["Two","Arn"]}"#],
        ),
        (
            json!({"A": {"Ref": "Password"}, "B": {"Fn::Sub": "x${Password}"}}),
            json!({"A": {"Ref": "Password"}, "B": {"Fn::Sub": "x${Password}"}}),
            &[r#"A: "(hidden)" -> "(hidden)""#, r#"B: {"Fn::Sub":"x(hidden)"} -> {"Fn::Sub":"x(hidden)"}"#],
        ),
        (
            json!({"SecretString": "a"}),
            json!({"SecretString": "b"}),
            &[r#"SecretString: "(hidden)" -> "(hidden)""#],
        ),
        (
            json!({"GenerateSecretString": {"Length": 1}}),
            json!({"GenerateSecretString": {"Length": 2}}),
            &[r#"GenerateSecretString: "(hidden)" -> "(hidden)""#],
        ),
        (
            json!({"Items": [{"SecretString": "a"}]}),
            json!({"Items": [{"SecretString": "b"}]}),
            &[r#"Items: [{"SecretString":"(hidden)"}] -> [{"SecretString":"(hidden)"}]"#],
        ),
    ];
    for (old, new, expected) in table {
        check(&properties(old), &properties(new), expected);
    }
}

#[test]
fn what_a_value_refers_to() {
    let table = [
        (json!("${A}"), vec![]),
        (json!({"Ref": "A"}), vec!["A"]),
        (json!({"Fn::GetAtt": ["A", "Arn"]}), vec!["A"]),
        (json!({"Fn::GetAtt": "A.Arn"}), vec!["A"]),
        (json!({"Fn::Sub": "${A}-${!B}-${C.Arn}"}), vec!["A", "C"]),
        (json!({"Fn::Sub": ["${A}", {"X": {"Ref": "B"}}]}), vec!["A", "B"]),
        (json!({"Fn::Join": ["", [{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}]]}), vec!["A", "B"]),
        (json!([{"X": {"Ref": "A"}}]), vec!["A"]),
    ];
    for (value, expected) in table {
        assert_eq!(mentioned(&value).collect::<Vec<_>>(), expected, "{value}");
    }
}
