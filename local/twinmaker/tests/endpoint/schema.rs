//! Schema initializers are asked when a component is created, and what they say is in effect.

use std::time::Duration;

use aws_sdk_iottwinmaker::{
    operation::get_entity::GetEntityOutput,
    types::{ComponentUpdateRequest, ComponentUpdateType, State, Type},
};
use serde_json::json;

use crate::{
    client::{CONNECTOR, Fixture, WORKSPACE, client, component, definition, mixer, told},
    lambda::Answer,
    process,
};

async fn fixture() -> Fixture {
    let fixture = Fixture::empty().await;
    fixture.client.create_workspace().workspace_id(WORKSPACE).send().await.expect("a workspace");
    let mut properties = mixer();
    properties.insert("line".to_owned(), definition(Type::String).is_required_in_entity(true).build());
    let functions = ["dataReader", "attributePropertyValueReaderByEntity", "schemaInitializer"];
    fixture.create_type("mixer", properties, &functions).await;
    fixture
}

async fn create(fixture: &Fixture, id: &str) -> State {
    let create = fixture.client.create_entity().workspace_id(WORKSPACE).entity_id(id).entity_name(id);
    let create = create.components("telemetry", component("mixer", &[("telemetryId", "item_A001")]));
    create.send().await.expect("an entity").state
}

async fn settled(fixture: &Fixture, id: &str) -> GetEntityOutput {
    for _ in 0..200 {
        let entity = fixture
            .client
            .get_entity()
            .workspace_id(WORKSPACE)
            .entity_id(id)
            .send()
            .await
            .expect("an entity");
        if entity.status().and_then(|status| status.state()) != Some(&State::Creating) {
            return entity;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{id} is never settled");
}

#[tokio::test]
async fn what_the_connector_says_is_in_effect() {
    let fixture = fixture().await;
    fixture.lambda.answers([Answer::Json(json!({
        "properties": {
            "line": { "definition": { "dataType": { "type": "STRING" } }, "value": { "stringValue": "7" } },
            "room": { "definition": { "dataType": { "type": "STRING" } }, "value": { "stringValue": "kitchen" } },
            "found": { "definition": { "dataType": { "type": "LONG" } }, "value": { "longValue": 5 } },
        },
    }))]);
    assert_eq!(create(&fixture, "mixer-1").await, State::Creating);
    let entity = settled(&fixture, "mixer-1").await;
    assert_eq!(entity.status().and_then(|status| status.state()), Some(&State::Active));
    let properties = entity.components().expect("components")["telemetry"].properties().expect("properties");
    let value = |name: &str| properties[name].value().cloned();
    assert_eq!(value("line").and_then(|value| value.string_value), Some("7".to_owned()));
    assert_eq!(value("room"), None, "it is stored externally: whoever wants it asks the connector");
    assert_eq!(value("found").and_then(|value| value.long_value), Some(5));
    let imported = |name: &str| properties[name].definition().map(|definition| definition.is_imported);
    assert_eq!((imported("found"), imported("line")), (Some(true), Some(false)));

    let [(name, event)] = fixture.lambda.asked().try_into().expect("one invocation");
    assert_eq!(name, CONNECTOR);
    let members: Vec<_> = event.as_object().expect("an event").keys().collect();
    assert_eq!(members, ["componentName", "entityId", "properties", "workspaceId"]);
    assert_eq!(event["properties"]["telemetryId"]["value"], json!({ "stringValue": "item_A001" }));
}

#[tokio::test]
async fn what_the_connector_fails_to_say_makes_the_entity_an_error() {
    let fixture = fixture().await;
    for (id, answer, message) in [
        (
            "failing",
            Answer::Exception { kind: "Oops", message: "no store" },
            "ConnectorFailureException: Oops: no store",
        ),
        (
            "silent",
            Answer::Json(json!({ "properties": {} })),
            "ValidationException: The component telemetry needs values of line.",
        ),
        (
            "wrong",
            Answer::Json(
                json!({ "properties": { "RPM": { "definition": { "dataType": { "type": "STRING" } } } } }),
            ),
            "ConnectorFailureException: The connector's answer is not valid: properties.RPM has the type \"STRING\" where the component type has \"LONG\".",
        ),
    ] {
        fixture.lambda.answers([answer]);
        create(&fixture, id).await;
        let entity = settled(&fixture, id).await;
        let status = entity.status().expect("a status");
        assert_eq!(status.state(), Some(&State::Error), "{id}");
        assert_eq!(status.error().and_then(|error| error.message()), Some(message));
        let value = fixture.client.get_property_value().workspace_id(WORKSPACE).entity_id(id);
        let value = value.component_name("telemetry").selected_properties("telemetryId").send().await;
        let error = value.expect_err("it is not active").into_service_error();
        assert!(told(&error).1.contains("is in the state ERROR"), "{error}");
    }
}

#[tokio::test]
async fn a_component_that_waits_when_the_process_ends_is_initialized_by_the_next() {
    let mut fixture = fixture().await;
    // Lambda that never answers, as the process sees it.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let nowhere = format!("http://{}", silent.local_addr().expect("an address"));
    fixture.process.kill();
    fixture.process = process::start(fixture.state.path(), &nowhere);
    fixture.client = client(&fixture.process.url());
    assert_eq!(create(&fixture, "mixer-1").await, State::Creating);
    let update = fixture.client.update_entity().workspace_id(WORKSPACE).entity_id("mixer-1");
    let delete = ComponentUpdateRequest::builder().update_type(ComponentUpdateType::Delete).build();
    let error = update.component_updates("telemetry", delete).send().await.expect_err("too early");
    assert!(error.into_service_error().is_conflict_exception());

    fixture.process.kill();
    let line = json!({ "properties": { "line": { "value": { "stringValue": "7" } } } });
    fixture.lambda.answers([Answer::Json(line)]);
    fixture.process = process::start(fixture.state.path(), fixture.lambda.url());
    fixture.client = client(&fixture.process.url());
    let entity = settled(&fixture, "mixer-1").await;
    assert_eq!(entity.status().and_then(|status| status.state()), Some(&State::Active));
}
