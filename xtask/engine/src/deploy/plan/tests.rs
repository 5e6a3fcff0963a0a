//! Plans from tables of desired and current states.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Action, Current, Desired, DesiredStack, Plan, Source, make};

fn stack(name: &str, depends_on: &[&str], parameters: &[(&str, Source)]) -> DesiredStack {
    DesiredStack {
        name: name.to_owned(),
        stack_name: format!("sluice-test-{name}"),
        depends_on: depends_on.iter().map(|name| (*name).to_owned()).collect(),
        template: template(name),
        parameters: parameters.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect(),
        tags: BTreeMap::from([("sluice:environment".to_owned(), "test".to_owned())]),
        archives: Vec::new(),
    }
}

fn template(name: &str) -> String {
    json!({
        "Description": format!("{name} – with a dash"),
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}},
    })
    .to_string()
}

fn output(stack: &str, output: &str) -> Source {
    Source::Output { stack: stack.to_owned(), output: output.to_owned() }
}

/// `ingest`, and `lake`, which takes its stream.
fn desired() -> Desired {
    Desired {
        environment: "test".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "000000000000".to_owned(),
        stacks: vec![
            stack(
                "lake",
                &[],
                &[("Stream", output("ingest", "Stream")), ("Key", Source::Value("1".to_owned()))],
            ),
            stack("ingest", &[], &[]),
        ],
    }
}

/// Both, as a deployment of [`desired`] leaves them.
fn deployed() -> BTreeMap<String, Current> {
    let current = |name: &str, parameters: &[(&str, &str)], outputs: &[(&str, &str)]| {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        Current {
            stack_id: format!("arn:{name}"),
            status: "CREATE_COMPLETE".to_owned(),
            template: template(name).replace('–', "?"),
            parameters: map(parameters),
            outputs: map(outputs),
            tags: BTreeMap::from([("sluice:environment".to_owned(), "test".to_owned())]),
            updated: Some("2026-11-21T10:00:00Z".to_owned()),
        }
    };
    BTreeMap::from([
        ("ingest".to_owned(), current("ingest", &[], &[("Stream", "s-1")])),
        ("lake".to_owned(), current("lake", &[("Stream", "s-1"), ("Key", "1")], &[])),
    ])
}

fn actions(plan: &Plan) -> Vec<(&str, Action)> {
    plan.stacks.iter().map(|stack| (stack.name.as_str(), stack.action)).collect()
}

#[test]
fn what_is_decides_what_is_done() {
    type Edit = fn(&mut Desired, &mut BTreeMap<String, Current>);
    let table: [(&str, Edit, Action, Action); 10] = [
        ("the same", |_, _| {}, Action::None, Action::None),
        ("nothing there", |_, current| current.clear(), Action::Create, Action::Create),
        (
            "another value",
            |desired, _| {
                desired.stacks[0].parameters.insert("Key".to_owned(), Source::Value("2".to_owned()));
            },
            Action::None,
            Action::Update,
        ),
        (
            "another tag",
            |desired, _| {
                desired.stacks[0].tags.insert("team".to_owned(), "x".to_owned());
            },
            Action::None,
            Action::Update,
        ),
        (
            "another template",
            |desired, _| desired.stacks[1].template = template("other"),
            Action::Update,
            Action::None,
        ),
        (
            "a creation that failed",
            |_, current| status(current, "ingest", "ROLLBACK_COMPLETE"),
            Action::Recreate,
            Action::Update,
        ),
        (
            "a change set of an interrupted run",
            |_, current| status(current, "lake", "REVIEW_IN_PROGRESS"),
            Action::None,
            Action::Recreate,
        ),
        (
            "someone else's update",
            |_, current| status(current, "lake", "UPDATE_IN_PROGRESS"),
            Action::None,
            Action::Wait,
        ),
        (
            "a rollback that failed",
            |_, current| status(current, "ingest", "UPDATE_ROLLBACK_FAILED"),
            Action::RollBack,
            Action::None,
        ),
        (
            "a deletion that failed",
            |_, current| status(current, "ingest", "DELETE_FAILED"),
            Action::Blocked,
            Action::None,
        ),
    ];
    for (case, edit, ingest, lake) in table {
        let (mut desired, mut current) = (desired(), deployed());
        edit(&mut desired, &mut current);
        let plan = make(&desired, &current).expect("no cycle");
        assert_eq!(actions(&plan), [("ingest", ingest), ("lake", lake)], "{case}");
    }
}

fn status(current: &mut BTreeMap<String, Current>, stack: &str, status: &str) {
    if let Some(current) = current.get_mut(stack) {
        current.status = status.to_owned();
    }
}

#[test]
fn an_output_of_a_stack_to_be_is_known_afterwards() {
    let plan = make(&desired(), &BTreeMap::new()).expect("no cycle");
    let lake = &plan.stacks[1];
    assert!(lake.after.contains("ingest"));
    assert_eq!(lake.parameters["Stream"].after, None);
    assert_eq!(lake.parameters["Key"].after.as_deref(), Some("1"));
}

#[test]
fn an_output_is_known_as_long_as_what_it_names_stays() {
    let with_output = |name: &str, value: &serde_json::Value| {
        let mut template: serde_json::Value = serde_json::from_str(&template(name)).expect("JSON");
        template["Outputs"] = json!({ "Stream": { "Value": value } });
        template.to_string()
    };
    let (reference, literal) = (json!({"Ref": "Bucket"}), json!("s-1"));
    let table = [
        ("nothing changes", with_output("ingest", &reference), Some("s-1")),
        ("its resource is replaced", with_output("renamed", &reference), None),
        ("its expression changes", with_output("ingest", &json!({"Ref": "Other"})), None),
        ("it goes", template("ingest"), None),
        ("it says the same of another resource", with_output("renamed", &literal), None),
    ];
    for (case, new, expected) in table {
        let (mut desired, mut current) = (desired(), deployed());
        if let Some(current) = current.get_mut("ingest") {
            current.template = with_output("ingest", &reference);
        }
        desired.stacks[1].template = new;
        let plan = make(&desired, &current).expect("no cycle");
        assert_eq!(plan.stacks[1].parameters["Stream"].after.as_deref(), expected, "{case}");
        let action = if expected.is_some() { Action::None } else { Action::Update };
        assert_eq!(plan.stacks[1].action, action, "{case}");
    }
}

#[test]
fn data_that_would_go_is_named() {
    let mut desired = desired();
    desired.stacks[1].template = template("renamed");
    let plan = make(&desired, &deployed()).expect("no cycle");
    let losses: Vec<String> = plan
        .losses()
        .iter()
        .map(|loss| format!("{}.{} {:?}", loss.stack, loss.logical_id, loss.data))
        .collect();
    assert_eq!(losses, ["ingest.Bucket Lost"]);
}

#[test]
fn a_plan_survives_json() {
    let plan = make(&desired(), &deployed()).expect("no cycle");
    let text = serde_json::to_string(&plan).expect("a plan is JSON");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("and back"), plan);
}
