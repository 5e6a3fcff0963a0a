//! Change sets as the service describes them, and what a plan makes of them.

use aws_sdk_cloudformation::types::{
    Change as Wrapped, ChangeAction, ChangeSource, EvaluationType, LiveResourceDrift, PolicyAction,
    Replacement, RequiresRecreation, ResourceAttribute, ResourceChangeDetail, ResourceTargetDefinition,
    StackResourceDriftStatus,
};

use super::*;
use crate::deploy::difference::{Values, resources};

const TABLE: &str = "AWS::Timestream::Table";
const ROLE: &str = "AWS::IAM::Role";

/// A page of an answer of `DescribeChangeSet`.
fn page(changes: Vec<sdk::ResourceChange>) -> DescribeChangeSetOutput {
    let wrapped = changes.into_iter().map(|change| Wrapped::builder().resource_change(change).build());
    DescribeChangeSetOutput::builder().set_changes(Some(wrapped.collect())).build()
}

fn changed(id: &str, kind: &str, action: ChangeAction) -> sdk::builders::ResourceChangeBuilder {
    sdk::ResourceChange::builder().logical_resource_id(id).resource_type(kind).action(action)
}

fn modified(id: &str, kind: &str, replacement: Replacement) -> sdk::builders::ResourceChangeBuilder {
    changed(id, kind, ChangeAction::Modify).replacement(replacement)
}

fn target(name: &str, recreation: RequiresRecreation) -> sdk::builders::ResourceTargetDefinitionBuilder {
    ResourceTargetDefinition::builder()
        .attribute(ResourceAttribute::Properties)
        .name(name)
        .requires_recreation(recreation)
}

fn detail(
    target: sdk::builders::ResourceTargetDefinitionBuilder,
    source: ChangeSource,
    cause: Option<&str>,
) -> ResourceChangeDetail {
    ResourceChangeDetail::builder()
        .target(target.build())
        .evaluation(if cause.is_some() { EvaluationType::Dynamic } else { EvaluationType::Static })
        .change_source(source)
        .set_causing_entity(cause.map(str::to_owned))
        .build()
}

/// One line per change: what happens, to which properties, why.
fn lines(changes: &[ResourceChange]) -> Vec<String> {
    let show = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    let line = |change: &ResourceChange| {
        let data = change.data.map_or(String::new(), |data| format!(" {data:?}"));
        let possible = if change.possible { "?" } else { "" };
        let properties = change.properties.iter().map(|property| {
            let replaces = if property.replaces { "!" } else { "" };
            let later = if property.deferred { " later" } else { "" };
            let values = format!("{}->{}", show(&property.before), show(&property.after));
            format!(" {}{replaces}={values}{later}", property.path)
        });
        let why = if change.why.is_empty() { String::new() } else { format!("; {}", change.why.join(", ")) };
        let origin = match change.origin {
            Origin::Template => "",
            Origin::ChangeSet => " (change set)",
            Origin::Both => " (both)",
        };
        format!(
            "{}{possible} {:?}{data}:{}{why}{origin}",
            change.logical_id,
            change.change,
            properties.collect::<String>()
        )
    };
    changes.iter().map(line).collect()
}

#[test]
fn each_kind_of_change() {
    use ChangeSource::{Automatic, DirectModification, ParameterReference, ResourceReference};
    use RequiresRecreation::{Always, Conditionally, Never};
    let value = |name: &str, before: &str, after: &str| {
        target(name, Never).path(format!("/Properties/{name}")).before_value(before).after_value(after)
    };
    let table = [
        (changed("A", TABLE, ChangeAction::Add), "A Add:"),
        (changed("A", TABLE, ChangeAction::Remove), "A Remove:"),
        (changed("A", TABLE, ChangeAction::Remove).policy_action(PolicyAction::Delete), "A Remove Lost:"),
        (changed("A", TABLE, ChangeAction::Remove).policy_action(PolicyAction::Retain), "A Remove Retained:"),
        (changed("A", ROLE, ChangeAction::Remove).policy_action(PolicyAction::Delete), "A Remove:"),
        (
            changed("A", TABLE, ChangeAction::Dynamic),
            "A MayReplace:; CloudFormation knows what happens to it only when it is done",
        ),
        (changed("A", TABLE, ChangeAction::Import), "A Modify:; it is there already and is taken over"),
        (
            modified("A", TABLE, Replacement::True)
                .policy_action(PolicyAction::ReplaceAndRetain)
                .details(detail(target("TableName", Always), DirectModification, None)),
            "A Replace Retained: TableName!=-->-; `TableName` changes",
        ),
        (
            modified("A", TABLE, Replacement::Conditional).details(detail(
                target("DatabaseName", Conditionally),
                ResourceReference,
                Some("Database"),
            )),
            "A? MayReplace: DatabaseName=-->- later; follows `Database`",
        ),
        (
            modified("A", ROLE, Replacement::False).details(detail(
                value("Policies", "[1]", "[2]"),
                ChangeSource::ResourceAttribute,
                Some("Table.Arn"),
            )),
            "A? Modify: Policies=[1]->[2]; follows `Table`",
        ),
        (
            modified("A", TABLE, Replacement::True)
                .details(detail(target("TableName", Always), ParameterReference, Some("Name")))
                .details(detail(
                    target("TableName", Always)
                        .path("/Properties/TableName")
                        .before_value("a")
                        .after_value("b"),
                    DirectModification,
                    None,
                )),
            "A Replace: TableName!=\"a\"->\"b\"; `TableName` changes with parameter `Name`, `TableName` changes",
        ),
        (modified("Custom", "Custom::TimestreamTable", Replacement::Conditional), "Custom Modify:"),
        (
            modified("A", ROLE, Replacement::False).details(detail(
                value("Description", "x", KNOWN_AFTER_APPLY),
                Automatic,
                None,
            )),
            "A Modify: Description=\"x\"->- later",
        ),
        (
            modified("A", "AWS::SecretsManager::Secret", Replacement::False).details(detail(
                value("SecretString", "geheim", "secret"),
                DirectModification,
                None,
            )),
            "A Modify: SecretString=\"(hidden)\"->\"(hidden)\"",
        ),
        (
            modified("A", ROLE, Replacement::False).details(detail(
                value("Code", r#"{"S3Key":"1"}"#, "12"),
                DirectModification,
                None,
            )),
            "A Modify: Code={\"S3Key\":\"1\"}->\"12\"",
        ),
        (
            modified("A", TABLE, Replacement::False).details(
                ResourceChangeDetail::builder()
                    .target(ResourceTargetDefinition::builder().attribute(ResourceAttribute::Tags).build())
                    .build(),
            ),
            "A Modify: Tags=-->-",
        ),
    ];
    for (change, expected) in table {
        let found = described(&[page(vec![change.build()])], &[]);
        assert_eq!(lines(&found), [format!("{expected} (change set)")]);
    }
}

#[test]
fn drift_is_told() {
    let drift = LiveResourceDrift::builder().previous_value("7").actual_value("9").build();
    let change = modified("Table", TABLE, Replacement::False)
        .resource_drift_status(StackResourceDriftStatus::Modified)
        .details(detail(
            target("RetentionProperties", RequiresRecreation::Never).drift(drift),
            ChangeSource::DirectModification,
            None,
        ));
    let found = described(&[page(vec![change.build()])], &[]);
    assert_eq!(found[0].drift.as_deref(), Some("MODIFIED"));
    assert_eq!(found[0].properties[0].actual, Some(json!("9")));
    let quiet = modified("Table", TABLE, Replacement::False)
        .resource_drift_status(StackResourceDriftStatus::InSync)
        .build();
    assert_eq!(described(&[page(vec![quiet])], &[])[0].drift, None);
}

/// Whoever refers to what is replaced changes with it; to what changes in place, perhaps not at all.
#[test]
fn followers() {
    use ChangeSource::{DirectModification, ResourceAttribute};
    let follower = |id: &str, cause: &str| {
        modified(id, ROLE, Replacement::False)
            .details(detail(target("Policies", RequiresRecreation::Never), ResourceAttribute, Some(cause)))
            .build()
    };
    let direct = |id: &str, kind: &str, replacement: Replacement| {
        let property = target("Name", RequiresRecreation::Never);
        modified(id, kind, replacement).details(detail(property, DirectModification, None)).build()
    };
    let changes = vec![
        direct("Function", "AWS::Lambda::Function", Replacement::False),
        direct("Stream", "AWS::Kinesis::Stream", Replacement::True),
        follower("OfFunction", "Function.Arn"),
        follower("OfStream", "Stream.Arn"),
    ];
    let found = described(&[page(changes)], &[]);
    let possible: Vec<&str> =
        found.iter().filter(|change| change.possible).map(|change| change.logical_id.as_str()).collect();
    assert_eq!(possible, ["OfFunction"]);
}

/// With values: the table, on one page, and a warning that something may be missing. Without: two pages,
/// the second with a removal that the first description left out.
#[test]
fn what_one_description_leaves_out_the_other_has() {
    let with_values = DescribeChangeSetOutput::builder()
        .status_reason(
            "[WARN] --include-property-values option can return incomplete ChangeSet data because: \
             ChangeSet creation failed for resource [Gone]",
        )
        .set_changes(
            page(vec![
                modified("Table", TABLE, Replacement::True)
                    .policy_action(PolicyAction::ReplaceAndDelete)
                    .details(detail(
                        target("TableName", RequiresRecreation::Always)
                            .path("/Properties/TableName")
                            .before_value("one")
                            .after_value("two"),
                        ChangeSource::DirectModification,
                        None,
                    ))
                    .build(),
            ])
            .changes,
        )
        .build();
    let first = page(vec![
        modified("Table", TABLE, Replacement::True)
            .policy_action(PolicyAction::ReplaceAndDelete)
            .details(detail(
                target("TableName", RequiresRecreation::Always),
                ChangeSource::DirectModification,
                None,
            ))
            .build(),
    ]);
    let second =
        page(vec![changed("Gone", TABLE, ChangeAction::Remove).policy_action(PolicyAction::Delete).build()]);
    let found = described(&[with_values], &[first, second]);
    assert_eq!(
        lines(&found),
        [
            "Gone Remove Lost: (change set)",
            r#"Table Replace Lost: TableName!="one"->"two"; `TableName` changes (change set)"#,
        ]
    );
}

fn template(table: &str, policy: &str, description: &str) -> Value {
    json!({"Resources": {
        "Database": {"Type": "AWS::Timestream::Database", "UpdateReplacePolicy": policy, "Properties": {
            "DatabaseName": "telemetry",
        }},
        "Table": {"Type": TABLE, "UpdateReplacePolicy": policy, "Properties": {"TableName": table}},
        "Role": {"Type": ROLE, "Properties": {"Description": description}},
    }})
}

#[test]
fn both_say_more_than_either() {
    let none = Values::new();
    let (old, new) = (template("one", "Retain", "a"), template("two", "Retain", "b"));
    let templates = || resources(&old, &none, &new, &none);
    assert_eq!(
        lines(&templates()),
        [
            r#"Role Modify: Description="a"->"b""#,
            r#"Table Replace Retained: TableName!="one"->"two"; `TableName` changes"#,
        ]
    );
    let may_replace = |id: &str, kind: &str| modified(id, kind, Replacement::Conditional).build();
    let cases: [(&str, Vec<sdk::ResourceChange>, Vec<&str>); 4] = [
        (
            "the change set knows nothing",
            vec![],
            vec![
                r#"Role Modify: Description="a"->"b""#,
                r#"Table Replace Retained: TableName!="one"->"two"; `TableName` changes"#,
            ],
        ),
        (
            "a description without values names what the templates have in detail",
            vec![
                modified("Table", TABLE, Replacement::True)
                    .details(detail(
                        target("TableName", RequiresRecreation::Always),
                        ChangeSource::DirectModification,
                        None,
                    ))
                    .build(),
            ],
            vec![
                r#"Role Modify: Description="a"->"b""#,
                r#"Table Replace Retained: TableName!="one"->"two"; `TableName` changes (both)"#,
            ],
        ),
        (
            "what only the change set knows to be replaced, and what follows",
            vec![may_replace("Database", "AWS::Timestream::Database"), may_replace("Role", ROLE)],
            vec![
                "Database MayReplace Retained: (change set)",
                r#"Role MayReplace: Description="a"->"b" (both)"#,
                r#"Table Replace Retained: TableName!="one"->"two"; `TableName` changes"#,
            ],
        ),
        (
            "where they differ, the worse counts",
            vec![modified("Table", TABLE, Replacement::False).build()],
            vec![
                r#"Role Modify: Description="a"->"b""#,
                r#"Table Replace Retained: TableName!="one"->"two"; `TableName` changes (both)"#,
            ],
        ),
    ];
    for (case, changes, expected) in cases {
        let found = merge(templates(), described(&[page(changes)], &[]), &new);
        assert_eq!(lines(&found), expected, "{case}");
    }
}

#[test]
fn a_change_set_may_not_do_more_than_the_plan_shows() {
    let change = |id: &str, kind: &str, change: Change, path: Option<&str>| ResourceChange {
        logical_id: id.to_owned(),
        kind: kind.to_owned(),
        change,
        properties: path
            .map(|path| property(&target(path, RequiresRecreation::Never).build()))
            .into_iter()
            .collect(),
        why: Vec::new(),
        possible: false,
        data: None,
        lost: Vec::new(),
        drift: None,
        origin: Origin::ChangeSet,
    };
    let (shown, hidden) = (true, false);
    let table = [
        (None, TABLE, Change::Add, None, shown),
        (None, TABLE, Change::Modify, Some("RetentionProperties"), hidden),
        (None, TABLE, Change::Modify, Some("Tags"), shown),
        (None, TABLE, Change::Replace, None, hidden),
        (None, TABLE, Change::Remove, None, hidden),
        (None, ROLE, Change::Modify, None, shown),
        (None, ROLE, Change::MayReplace, None, shown),
        (None, TABLE, Change::MayReplace, None, hidden),
        (None, ROLE, Change::Remove, None, hidden),
        (Some(Change::Modify), TABLE, Change::Modify, None, shown),
        (Some(Change::Modify), TABLE, Change::MayReplace, None, hidden),
        (Some(Change::Modify), ROLE, Change::MayReplace, None, shown),
        (Some(Change::Modify), ROLE, Change::Replace, None, hidden),
        (Some(Change::MayReplace), TABLE, Change::Replace, None, shown),
        (Some(Change::Replace), TABLE, Change::Replace, None, shown),
        (Some(Change::Replace), TABLE, Change::Modify, None, shown),
        (Some(Change::Replace), TABLE, Change::Remove, None, hidden),
        (Some(Change::Remove), TABLE, Change::Remove, None, shown),
    ];
    for (planned, kind, action, path, expected) in table {
        let planned: Vec<ResourceChange> =
            planned.map(|planned| change("A", kind, planned, None)).into_iter().collect();
        let found = beyond(&planned, &[change("A", kind, action, path)]);
        assert_eq!(found.is_empty(), expected, "{planned:?} {kind} {action:?} {path:?}");
    }
}
