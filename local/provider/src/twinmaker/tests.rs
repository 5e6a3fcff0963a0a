//! Requests against the workspace's own TwinMaker endpoint, in a process, with the real SDK.

use aws_config::SdkConfig;
use aws_sdk_iottwinmaker::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_iottwinmaker::types::{ComponentRequest, DataValue, PropertyRequest};
use local_harness::process::{self, Process};
use serde_json::{Value, json};

use super::*;

/// The endpoint, which ends with its value.
struct Endpoint {
    _process: Process,
    twinmaker: TwinMaker,
    _state: tempfile::TempDir,
}

impl Endpoint {
    fn start() -> Self {
        let state = tempfile::tempdir().expect("a folder");
        let mut command = process::command(process::program("local-twinmaker"), state.path());
        command.args(["--lambda-endpoint", "http://127.0.0.1:9"]);
        let process = Process::start(command);
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let twinmaker = TwinMaker::new(client(&config, Some(process.url())));
        Self { _process: process, twinmaker, _state: state }
    }

    async fn ask(&self, request: Value) -> Result<Provisioned, String> {
        let request: Request = serde_json::from_value(request).expect("a request");
        self.twinmaker.provision(&request).await.map_err(|error| error.to_string())
    }

    /// The components of an entity, each with its type and its values that are strings.
    async fn components(&self, id: &str) -> Vec<(String, String, Vec<String>)> {
        let get = self.twinmaker.client.get_entity().workspace_id("home").entity_id(id);
        let found = get.send().await.expect("an entity").components.unwrap_or_default();
        let mut components: Vec<_> = found
            .into_iter()
            .map(|(name, component)| {
                let mut values: Vec<_> = component
                    .properties()
                    .into_iter()
                    .flatten()
                    .filter_map(|(name, property)| {
                        let value = property.value().and_then(DataValue::string_value)?;
                        Some(format!("{name}={value}"))
                    })
                    .collect();
                values.sort();
                (name, component.component_type_id.unwrap_or_default(), values)
            })
            .collect();
        components.sort();
        components
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the requests read better")]
fn request(kind: &str, resource: &str, id: Option<&str>, properties: Value, old: Value) -> Value {
    json!({
        "RequestType": kind,
        "RequestId": "2f5e0c0e-6f3c-4f0a-9d7e-0a1b2c3d4e5f",
        "StackId": "arn:aws:cloudformation:us-east-1:0:stack/sluice-local-twin/0a1b",
        "ResponseURL": "http://127.0.0.1:9/",
        "ResourceType": format!("Custom::IoTTwinMaker{resource}"),
        "LogicalResourceId": "Thing",
        "PhysicalResourceId": id,
        "ResourceProperties": properties,
        "OldResourceProperties": old,
    })
}

fn workspace(description: Option<&str>) -> Value {
    json!({
        "ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:provider",
        "ServiceTimeout": "90",
        "WorkspaceId": "home",
        "Role": "arn:aws:iam::000000000000:role/twin",
        "S3Location": "arn:aws:s3:::twin",
        "Description": description,
        "Tags": { "stack": "twin" },
    })
}

/// A component type of which everything that is no text has become text.
fn component_type(id: &str) -> Value {
    json!({
        "WorkspaceId": "home",
        "ComponentTypeId": id,
        "IsSingleton": "false",
        "Functions": {
            "dataReader": {
                "ImplementedBy": {
                    "Lambda": { "Arn": "arn:aws:lambda:us-east-1:000000000000:function:connector" },
                },
            },
        },
        "PropertyDefinitions": {
            "id": { "DataType": { "Type": "STRING" }, "IsExternalId": "true", "IsRequiredInEntity": "true" },
            "note": { "DataType": { "Type": "STRING" }, "DefaultValue": { "StringValue": "none" } },
            "limit": { "DataType": { "Type": "DOUBLE" }, "DefaultValue": { "DoubleValue": "1.5" } },
            "t": { "DataType": { "Type": "DOUBLE" }, "IsTimeSeries": "true", "IsStoredExternally": "true" },
        },
        "Tags": { "stack": "twin" },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the requests read better")]
fn entity(component_type: &str, properties: Value) -> Value {
    let properties: serde_json::Map<_, _> = properties
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), json!({ "Value": { "StringValue": value } })))
        .collect();
    json!({
        "WorkspaceId": "home",
        "EntityId": "sensor-1",
        "EntityName": "sensor",
        "Components": { "telemetry": { "ComponentTypeId": component_type, "Properties": properties } },
        "Tags": { "stack": "twin" },
    })
}

async fn with_entity() -> Endpoint {
    let endpoint = Endpoint::start();
    for (resource, properties) in [
        ("Workspace", workspace(Some("before"))),
        ("ComponentType", component_type("sensor.1")),
        ("ComponentType", component_type("sensor.2")),
        ("Entity", entity("sensor.1", json!({ "id": "s1", "note": "hot" }))),
    ] {
        endpoint.ask(request("Create", resource, None, properties, json!({}))).await.expect(resource);
    }
    endpoint
}

#[tokio::test]
async fn a_twin_is_created_with_the_ids_and_attributes_of_cloudformation() {
    let endpoint = Endpoint::start();
    let arn = |rest: &str| format!("arn:aws:iottwinmaker:us-east-1:000000000000:workspace/home{rest}");
    for (resource, properties, physical_id, arn, attributes) in [
        ("Workspace", workspace(None), "home", arn(""), vec!["Arn", "CreationDateTime", "UpdateDateTime"]),
        (
            "ComponentType",
            component_type("sensor.1"),
            "home|sensor.1",
            arn("/component-type/sensor.1"),
            vec![
                "Arn",
                "CreationDateTime",
                "UpdateDateTime",
                "IsAbstract",
                "IsSchemaInitialized",
                "Status.State",
            ],
        ),
        (
            "Entity",
            entity("sensor.1", json!({ "id": "s1" })),
            "home|sensor-1",
            arn("/entity/sensor-1"),
            vec!["Arn", "CreationDateTime", "UpdateDateTime", "HasChildEntities", "Status.State"],
        ),
    ] {
        let create = request("Create", resource, None, properties.clone(), json!({}));
        let first = endpoint.ask(create.clone()).await.expect(resource);
        assert_eq!(first.physical_id, physical_id);
        let names: Vec<_> = first.attributes.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, attributes);
        assert_eq!(first.attributes[0].1, arn);
        let state = first.attributes.iter().find(|(name, _)| *name == "Status.State");
        assert!(state.is_none_or(|(_, state)| state == "ACTIVE"), "{state:?}");

        let again = endpoint.ask(create).await.expect("a creation that is repeated finds what it made");
        assert_eq!(again.physical_id, physical_id);
        let mut elses = properties;
        elses["Tags"] = json!({ "stack": "other" });
        let refused = endpoint.ask(request("Create", resource, None, elses, json!({}))).await;
        assert!(refused.expect_err("somebody else's").contains("ConflictException"), "{resource}");
    }
}

#[tokio::test]
async fn an_update_changes_what_is_the_stacks_and_leaves_the_rest() {
    let endpoint = with_entity().await;
    let other = PropertyRequest::builder().value(DataValue::builder().string_value("x").build()).build();
    let other = ComponentRequest::builder().component_type_id("sensor.1").properties("id", other).build();
    let update = endpoint.twinmaker.client.update_entity().workspace_id("home").entity_id("sensor-1");
    let update = update.component_updates(
        "foreign",
        aws_sdk_iottwinmaker::types::ComponentUpdateRequest::builder()
            .update_type(aws_sdk_iottwinmaker::types::ComponentUpdateType::Create)
            .component_type_id("sensor.1")
            .set_property_updates(other.properties)
            .build(),
    );
    update.send().await.expect("a component of somebody else");
    let foreign = || ("foreign".to_owned(), "sensor.1".to_owned(), vec!["id=x".to_owned()]);
    let own = |name: &str, kind: &str, values: &[&str]| {
        (name.to_owned(), kind.to_owned(), values.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let full = entity("sensor.1", json!({ "id": "s1", "note": "hot" }));
    let plain = entity("sensor.1", json!({ "id": "s1" }));
    let moved = entity("sensor.2", json!({ "id": "s1" }));
    let mut renamed = moved.clone();
    renamed["Components"] = json!({ "measures": moved["Components"]["telemetry"] });
    for (what, wanted, old, expected) in [
        ("a value goes back to its default", plain.clone(), full, own("telemetry", "sensor.1", &["id=s1"])),
        ("a component gets another type", moved.clone(), plain, own("telemetry", "sensor.2", &["id=s1"])),
        ("a component gets another name", renamed.clone(), moved, own("measures", "sensor.2", &["id=s1"])),
        (
            "a wrong update is rolled back",
            renamed.clone(),
            json!({ "Components": 5, "Tags": "none" }),
            own("measures", "sensor.2", &["id=s1"]),
        ),
    ] {
        let update = request("Update", "Entity", Some("home|sensor-1"), wanted, old);
        assert_eq!(endpoint.ask(update).await.expect(what).physical_id, "home|sensor-1");
        let mut expected = vec![foreign(), expected];
        expected.sort();
        assert_eq!(endpoint.components("sensor-1").await, expected, "{what}");
    }

    let mut tagged = workspace(None);
    tagged["Tags"] = json!({ "owner": "me" });
    let update = request("Update", "Workspace", Some("home"), tagged, workspace(Some("before")));
    let found = endpoint.ask(update).await.expect("it is updated");
    let tags = endpoint.twinmaker.tags(&found.attributes[0].1).await.expect("tags");
    assert_eq!(tags, Tags::from([("owner".to_owned(), "me".to_owned())]));
    let found =
        endpoint.twinmaker.client.get_workspace().workspace_id("home").send().await.expect("it is there");
    assert_eq!(found.description(), Some(""));
}

#[tokio::test]
async fn another_id_is_another_resource() {
    let endpoint = with_entity().await;
    let mut elsewhere = entity("sensor.1", json!({ "id": "s1" }));
    elsewhere["EntityId"] = json!("sensor-2");
    let mut unnamed = elsewhere.clone();
    unnamed["EntityId"] = Value::Null;
    for (resource, id, wanted, expected) in [
        ("ComponentType", "home|sensor.1", component_type("sensor.3"), "home|sensor.3"),
        ("Entity", "home|sensor-1", elsewhere, "home|sensor-2"),
        ("Entity", "home|sensor-2", unnamed, "home|sensor-2"),
    ] {
        let update = request("Update", resource, Some(id), wanted.clone(), wanted);
        assert_eq!(endpoint.ask(update).await.expect(expected).physical_id, expected);
    }
    assert_eq!(endpoint.components("sensor-1").await.len(), 1, "the old one goes when it is asked for");
}

/// The component type `sensor.9`, whose connector nobody can reach: its components end in `ERROR`.
async fn with_unreachable_type() -> Endpoint {
    let endpoint = with_entity().await;
    let mut unreachable = component_type("sensor.9");
    unreachable["Functions"]["schemaInitializer"] = unreachable["Functions"]["dataReader"].clone();
    let create = request("Create", "ComponentType", None, unreachable, json!({}));
    endpoint.ask(create).await.expect("a component type");
    endpoint
}

#[tokio::test]
async fn an_entity_that_fails_leaves_nothing_in_the_way_of_the_next_attempt() {
    let endpoint = with_unreachable_type().await;
    let mut failing = entity("sensor.9", json!({ "id": "s2" }));
    failing["EntityId"] = json!("sensor-2");
    for attempt in ["first", "second"] {
        let refused = endpoint.ask(request("Create", "Entity", None, failing.clone(), json!({}))).await;
        let said = refused.map(|found| found.physical_id);
        let expected = "the entity sensor-2 is in the state ERROR: ConnectorFailureException";
        assert!(said.as_ref().is_err_and(|said| said.starts_with(expected)), "{attempt}: {said:?}");
        let get = endpoint.twinmaker.client.get_entity().workspace_id("home").entity_id("sensor-2").send();
        let error = get.await.expect_err("it is gone").into_service_error();
        assert!(error.is_resource_not_found_exception(), "{attempt}: {error}");
    }
}

#[tokio::test]
async fn an_update_mends_an_entity_in_error() {
    let endpoint = with_unreachable_type().await;
    let [good, bad] = ["sensor.1", "sensor.9"].map(|kind| entity(kind, json!({ "id": "s1" })));
    let update = |wanted: &Value, old: &Value| {
        request("Update", "Entity", Some("home|sensor-1"), wanted.clone(), old.clone())
    };
    let refused = endpoint.ask(update(&bad, &good)).await.map(|found| found.physical_id);
    assert!(refused.as_ref().is_err_and(|said| said.contains("is in the state ERROR")), "{refused:?}");
    let again: Request = serde_json::from_value(update(&bad, &bad)).expect("a request");
    let found = endpoint.twinmaker.client.get_entity().workspace_id("home").entity_id("sensor-1").send();
    let found = found.await.expect("an entity").components.expect("components");
    let wanted = again.properties().expect("an entity");
    let removed = entity::removals(&found, &wanted, &properties::FormerEntity::of(&again));
    assert!(removed.contains_key("telemetry"), "what failed is made again, also with the same type");
    endpoint.ask(update(&good, &bad)).await.expect("it is rolled back");
    let expected = [("telemetry".to_owned(), "sensor.1".to_owned(), vec!["id=s1".to_owned()])];
    assert_eq!(endpoint.components("sensor-1").await, expected);
}

#[tokio::test]
async fn what_is_used_stays_and_what_is_gone_is_deleted() {
    let endpoint = with_entity().await;
    let delete = |resource: &str, id: &str| request("Delete", resource, Some(id), json!({}), json!({}));
    for (resource, id, reason) in [
        (
            "ComponentType",
            "home|sensor.1",
            "TwinMaker: ValidationException: The component type sensor.1 cannot be deleted: the entity sensor-1 uses it.",
        ),
        (
            "Workspace",
            "home",
            "TwinMaker: ValidationException: The workspace home cannot be deleted: it has 1 entities.",
        ),
    ] {
        assert_eq!(endpoint.ask(delete(resource, id)).await, Err(reason.to_owned()));
    }
    let all = [
        ("Entity", "home|sensor-1"),
        ("ComponentType", "home|sensor.1"),
        ("ComponentType", "home|sensor.2"),
        ("Workspace", "home"),
    ];
    for round in ["it goes", "it is gone"] {
        for (resource, id) in all {
            let deleted = endpoint.ask(delete(resource, id)).await;
            assert_eq!(deleted.map(|deleted| deleted.physical_id), Ok(id.to_owned()), "{round}");
        }
    }
    for resource in ["Entity", "ComponentType", "Workspace"] {
        let never = endpoint.ask(delete(resource, "not-created")).await.expect("it never was");
        assert_eq!(never.physical_id, "not-created");
    }
}

#[tokio::test]
async fn what_cannot_be_done_fails_with_its_reason() {
    let endpoint = with_entity().await;
    let mut misspelt = component_type("sensor.4");
    misspelt["PropertyGroups"] = json!({});
    let mut wrong = component_type("sensor.4");
    wrong["PropertyDefinitions"]["limit"]["DefaultValue"]["DoubleValue"] = json!("much");
    let mut unnamed = entity("sensor.1", json!({}));
    unnamed["EntityId"] = Value::Null;
    for (resource, properties, reason) in [
        (
            "ComponentType",
            misspelt,
            "the properties of Custom::IoTTwinMakerComponentType are not understood: unknown field `PropertyGroups`",
        ),
        (
            "ComponentType",
            wrong,
            "the properties of Custom::IoTTwinMakerComponentType are not understood: \"much\": invalid float literal",
        ),
        ("Entity", unnamed, "TwinMaker: ValidationException: The component telemetry needs values of id."),
    ] {
        let refused = endpoint.ask(request("Create", resource, None, properties, json!({}))).await;
        let said = refused.map(|found| found.physical_id);
        assert!(said.as_ref().is_err_and(|said| said.starts_with(reason)), "{said:?}");
    }
    let update = request("Update", "Entity", None, entity("sensor.1", json!({})), json!({}));
    assert_eq!(endpoint.ask(update).await, Err("an update of Thing came without a physical id".to_owned()));
}
