//! Plans in files, and what is found to have moved since.

use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::deploy::moved::{ChangeSets, Moved, moved};
use crate::deploy::plan::{Desired, DesiredStack, Source, make};
use session::Project;

const BUCKET: &str = "sluice-artifacts-111122223333-eu-central-1";

fn template(name: &str) -> String {
    json!({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}})
        .to_string()
}

fn desired_stack(name: &str, archives: Vec<Archive>) -> DesiredStack {
    DesiredStack {
        name: name.to_owned(),
        stack_name: format!("sluice-dev-{name}"),
        depends_on: Vec::new(),
        template: template("new"),
        parameters: BTreeMap::from([("Key".to_owned(), Source::Value("2".to_owned()))]),
        tags: BTreeMap::from([("sluice:environment".to_owned(), "dev".to_owned())]),
        archives,
    }
}

fn current(name: &str) -> Current {
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    Current {
        stack_id: format!("arn:{name}"),
        status: "CREATE_COMPLETE".to_owned(),
        template: template("old"),
        parameters: map("Key", "1"),
        outputs: map("Stream", "s-1"),
        tags: map("sluice:environment", "dev"),
        updated: Some("2026-11-21T10:00:00Z".to_owned()),
    }
}

/// `ingest` is there and changes, by a change set; `store` is new.
fn saved() -> SavedPlan {
    let archive = Archive {
        key: "consumer/abc123.zip".to_owned(),
        path: PathBuf::from("/home/somebody/target/sluice/archives/consumer-1.zip"),
        bytes: 7,
    };
    let desired = Desired {
        environment: "dev".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "111122223333".to_owned(),
        stacks: vec![desired_stack("store", vec![archive]), desired_stack("ingest", Vec::new())],
    };
    let seen = BTreeMap::from([("ingest".to_owned(), current("ingest"))]);
    let mut plan = make(&desired, &seen).expect("no cycle");
    plan.stacks[0].change_set = Some("arn:change-set".to_owned());
    let commit = Commit { id: "0123abc".to_owned(), dirty: false };
    let overrides = vec![("store.magnetic_days".to_owned(), "9".to_owned())];
    SavedPlan::new(
        plan,
        &seen,
        &Options { overrides, ..Options::default() },
        Some(commit),
        Some(BUCKET.to_owned()),
    )
}

#[test]
fn a_file_holds_all_of_a_plan_and_nothing_of_a_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plans").join("plan.json");
    let saved = saved();
    saved.write(&path).expect("written");
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(!text.contains("/home/somebody"), "{text}");
    assert!(text.contains(r#""sha256": "abc123""#), "{text}");
    let read = SavedPlan::read(&path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read, saved);
    saved.write(&path).expect("written again");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), text, "the same plan is the same bytes");
    assert_eq!(std::fs::read_dir(folder.path().join("plans")).expect("a folder").count(), 1);

    let files = BTreeMap::from([("consumer/abc123.zip".to_owned(), PathBuf::from("here.zip"))]);
    let plan = read.plan(&files);
    assert_eq!(plan.stacks[1].archives[0].path, PathBuf::from("here.zip"));
    assert_eq!(plan.stacks[0].change_set.as_deref(), Some("arn:change-set"));
}

#[test]
fn what_is_no_plan_is_refused() {
    let good = serde_json::to_value(saved()).expect("JSON");
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        edit(&mut value);
        value.to_string()
    };
    let table = [
        (String::new(), "is not a saved plan"),
        ("[1]".to_owned(), "it names no format"),
        ("{\"environment\": \"dev\"}".to_owned(), "it names no format"),
        (edited(&|plan| plan["format"] = json!(7)), "has format 7, made by version"),
        (edited(&|plan| plan["stacks"] = json!([{}])), "is not a saved plan: missing field"),
        (edited(&|plan| plan["stacks"][1]["template"] = json!("{}")), "it does not match its SHA-256"),
        (edited(&|plan| plan["account"] = json!("444455556666")), "it does not match its SHA-256"),
        (edited(&|plan| plan["options"]["overrides"] = json!([])), "it does not match its SHA-256"),
        (edited(&|plan| plan["stacks"][0]["seen"] = json!(null)), "it does not match its SHA-256"),
        (edited(&|plan| plan["unknown"] = json!(1)), "it does not match its SHA-256"),
    ];
    for (text, expected) in table {
        let error = SavedPlan::parse(&text, "plan.json".to_owned()).expect_err("refused");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.exit(), Exit::Configuration);
        assert!(error.hint().is_some());
    }
    let error = SavedPlan::read(Path::new("/nowhere/plan.json")).expect_err("refused");
    assert!(matches!(error, SavedPlanError::Read { .. }), "{error}");
}

#[test]
fn a_plan_fits_one_environment() {
    let load = |name: &str, account: &str| {
        let overrides = [("account".to_owned(), account.to_owned())];
        let loaded = Project::locate().load_named(name, &overrides);
        loaded.unwrap_or_else(|failure| panic!("{:#}", failure.error)).1
    };
    let mut elsewhere = load("dev", "111122223333");
    elsewhere.region = "eu-west-1".to_owned();
    let mut alone = load("dev", "111122223333");
    alone.bootstrap = false;
    let table = [
        (load("dev", "111122223333"), None),
        (load("prod", "111122223333"), Some("environment dev, not for prod")),
        (load("dev", "444455556666"), Some("account 111122223333, not for 444455556666")),
        (elsewhere, Some("Region eu-central-1, not for eu-west-1")),
        (alone, Some("bucket sluice-artifacts-111122223333-eu-central-1, not for one of its own")),
    ];
    for (environment, expected) in table {
        let said = saved().fits(&environment).err().map(|error| error.to_string());
        assert_eq!(said.is_some(), expected.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().ends_with(expected.unwrap_or_default()));
    }
}

#[test]
fn whatever_moved_is_named() {
    type Edit = fn(&mut BTreeMap<String, Current>, &mut ChangeSets);
    fn ingest(current: &mut BTreeMap<String, Current>) -> &mut Current {
        current.get_mut("ingest").expect("a stack")
    }
    fn executed(change_sets: &mut ChangeSets, status: &str) {
        change_sets.insert("arn:change-set".to_owned(), (status.to_owned(), "arn:ingest".to_owned()));
    }
    let table: [(&str, Edit, &[&str]); 13] = [
        ("nothing", |_, _| {}, &[]),
        (
            "a stack is there",
            |now, _| _ = now.insert("store".to_owned(), current("store")),
            &["store: it is there, in CREATE_COMPLETE, and was not"],
        ),
        ("a stack is gone", |now, _| now.clear(), &["ingest: it is gone, and was in CREATE_COMPLETE"]),
        (
            "a stack was created again",
            |now, _| ingest(now).stack_id = "arn:other".to_owned(),
            &["ingest: it is another stack of the same name: arn:other, not arn:ingest"],
        ),
        (
            "a status",
            |now, _| ingest(now).status = "UPDATE_IN_PROGRESS".to_owned(),
            &["ingest: its status was CREATE_COMPLETE and is UPDATE_IN_PROGRESS"],
        ),
        (
            "a template",
            |now, _| ingest(now).template = template("other"),
            &["ingest: its template was OLD and is NEW"],
        ),
        (
            "a parameter",
            |now, _| _ = ingest(now).parameters.insert("Key".to_owned(), "9".to_owned()),
            &["ingest: parameter Key was 1 and is 9"],
        ),
        (
            "outputs",
            |now, _| {
                ingest(now).outputs.clear();
                ingest(now).outputs.insert("Queue".to_owned(), "q".to_owned());
            },
            &["ingest: output Queue was nothing and is q", "ingest: output Stream was s-1 and is nothing"],
        ),
        (
            "a tag",
            |now, _| _ = ingest(now).tags.insert("team".to_owned(), "x".to_owned()),
            &["ingest: tag team was nothing and is x"],
        ),
        (
            "a change and back",
            |now, _| ingest(now).updated = Some("2026-11-21T11:00:00Z".to_owned()),
            &["ingest: it was last changed at 2026-11-21T10:00:00Z, and then again at 2026-11-21T11:00:00Z"],
        ),
        (
            "the change set is gone",
            |_, change_sets| change_sets.clear(),
            &["ingest: its change set was AVAILABLE and is gone"],
        ),
        (
            "the change set does not fit any more",
            |_, change_sets| executed(change_sets, "OBSOLETE"),
            &["ingest: its change set was AVAILABLE and is OBSOLETE"],
        ),
        (
            "the plan was executed",
            |now, change_sets| {
                ingest(now).status = "UPDATE_COMPLETE".to_owned();
                executed(change_sets, "EXECUTE_COMPLETE");
            },
            &[
                "ingest: its status was CREATE_COMPLETE and is UPDATE_COMPLETE",
                "ingest: its change set was AVAILABLE and is EXECUTE_COMPLETE",
            ],
        ),
    ];
    for (case, edit, expected) in table {
        let mut now = BTreeMap::from([("ingest".to_owned(), current("ingest"))]);
        let mut change_sets = ChangeSets::new();
        executed(&mut change_sets, "AVAILABLE");
        edit(&mut now, &mut change_sets);
        let found = moved(&saved(), &now, &change_sets);
        let line = |moved: &Moved| {
            let sentence = moved.sentence();
            let named = sentence.replace(&sha256(&template("old"))[..12], "OLD");
            format!("{}: {}", moved.stack, named.replace(&sha256(&template("other"))[..12], "NEW"))
        };
        let lines: Vec<String> = found.iter().map(line).collect();
        assert_eq!(lines, expected, "{case}");
    }
}
