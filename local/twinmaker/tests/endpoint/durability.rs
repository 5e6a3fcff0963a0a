//! What was answered is there after the process was killed.

use serde_json::json;

use crate::{
    client::{Fixture, WORKSPACE, client, told},
    process,
};

#[tokio::test]
async fn nothing_that_was_answered_is_lost_when_the_process_is_killed() {
    let mut fixture = Fixture::with_mixer().await;
    for round in 0..5 {
        fixture.create_mixer(&format!("killed-{round}"), "item").await;
        fixture.process.kill();
        fixture.process = process::start(fixture.state.path(), fixture.lambda.url());
        fixture.client = client(&fixture.process.url());
        let list = fixture.client.list_entities().workspace_id(WORKSPACE).send().await.expect("a list");
        let ids: Vec<_> = list.entity_summaries().iter().map(|entity| entity.entity_id.clone()).collect();
        let mut expected: Vec<_> = (0..=round).map(|round| format!("killed-{round}")).collect();
        expected.push("mixer-1".to_owned());
        assert_eq!(ids, expected);
    }
    // A document that was being written when the process ended is no document.
    std::fs::write(fixture.state.path().join("twinmaker.json.new"), "{\"half").expect("it can be written");
    fixture.process.kill();
    fixture.process = process::start(fixture.state.path(), fixture.lambda.url());
    let (status, health) = fixture.process.request("GET", "/health", &[], "");
    assert_eq!((status, health), (200, json!({ "status": "ok", "workspaces": 1 })));
}

#[test]
fn it_ends_when_asked_and_says_why_it_cannot_begin() {
    let state = tempfile::tempdir().expect("a folder");
    let process = process::start(state.path(), "http://127.0.0.1:9");
    assert!(process.terminate().success());

    std::fs::write(state.path().join("twinmaker.json"), "{}").expect("it can be written");
    let output = process::command(state.path(), "http://127.0.0.1:9").output().expect("it runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("twinmaker.json is not understood") && said.contains("remove the folder"),
        "{said}"
    );
}

#[tokio::test]
async fn two_changes_at_a_time_are_both_there() {
    let fixture = Fixture::with_mixer().await;
    let creations = (0..20).map(|number| {
        let create = fixture.client.create_entity().workspace_id(WORKSPACE).entity_name("same");
        tokio::spawn(create.entity_id(format!("e{number}")).send())
    });
    let creations: Vec<_> = creations.collect();
    for creation in creations {
        creation.await.expect("no panic").expect("it is created");
    }
    let again = fixture.client.create_entity().workspace_id(WORKSPACE).entity_name("same").entity_id("e0");
    let error = again.send().await.expect_err("it exists").into_service_error();
    assert_eq!(told(&error), ("ConflictException".into(), "The entity e0 already exists.".into()));
    let list = fixture.client.list_entities().workspace_id(WORKSPACE).max_results(200).send().await;
    assert_eq!(list.expect("a list").entity_summaries().len(), 21);
}
