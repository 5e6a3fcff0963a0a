//! What follows from a model of several kinds: what each of them has, and what they share.

use serde_json::{Value, json};
use stacks::environment::Environment;
use stacks::grafana::{Place, files, home_page, is_path};
use stacks::invariants;
use stacks::{Inputs, Stack, synthesize};

use crate::fixture::overridden;
use crate::shipped::fleet;

/// An environment in which nothing is left out.
fn environment() -> Environment {
    overridden("dev", &[("grafana.kind", "container")])
}

fn fleet_stacks() -> Vec<Stack> {
    let environment = environment();
    let model = environment.place("dev.toml", fleet()).unwrap_or_else(|problems| panic!("{problems}"));
    synthesize(&Inputs { model: &model, environment: &environment })
}

fn template(name: &str) -> Value {
    let stacks = fleet_stacks();
    let stack = stacks.iter().find(|candidate| candidate.name == name).expect("the stack is there");
    serde_json::from_str(&stack.template.to_json()).expect("a template is JSON")
}

/// The properties of the resources of a type, by logical id.
fn of_type(template: &Value, kind: &str) -> Vec<(String, Value)> {
    let resources = template["Resources"].as_object().expect("resources");
    let found = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    found.map(|(id, resource)| (id.clone(), resource["Properties"].clone())).collect()
}

fn reviewed(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "snapshots/fleet", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn several_kinds_break_no_invariant() {
    // Not all of them name their device in the topic.
    let prod = overridden("prod", &[("devices", "{ enabled = false }")]);
    for environment in [environment(), overridden("local", &[]), prod] {
        let model = environment.place("x.toml", fleet()).unwrap_or_else(|problems| panic!("{problems}"));
        let stacks = synthesize(&Inputs { model: &model, environment: &environment });
        let breaches = invariants::check(&stacks);
        assert!(breaches.is_empty(), "{}: {breaches:?}", environment.name);
    }
}

/// A rule a kind, whose key begins with the kind and has the levels that the kind's device and dimensions need.
#[test]
fn each_kind_has_a_rule() {
    let template = template("ingest");
    let rules: Vec<_> = of_type(&template, "AWS::IoT::TopicRule")
        .into_iter()
        .map(|(id, rule)| {
            let rule = &rule["TopicRulePayload"];
            json!([id, rule["Sql"], rule["Actions"][0]["Kinesis"]["PartitionKey"]])
        })
        .collect();
    assert_eq!(
        json!(rules),
        json!([
            ["HomeTopicRule", "SELECT * FROM 'dev/home/+/sensor/+/state'", "home/${topic(3)}/${topic(5)}"],
            [
                "LoraTopicRule",
                "SELECT * FROM 'dev/application/+/device/+/event/up'",
                "lora/${topic(3)}/${topic(5)}"
            ],
            ["MetersTopicRule", "SELECT * FROM 'dev/meters/+/senml'", "meters/${topic(3)}"],
            ["PanelTopicRule", "SELECT * FROM 'dev/plc/+'", "panel/${topic(3)}"],
            ["RuuviGwTopicRule", "SELECT * FROM 'dev/gateways/+/tags'", "ruuvi-gw/${topic(3)}"],
        ])
    );
    assert_eq!(template["Outputs"]["RuuviGwTopicFilter"]["Value"], "dev/gateways/+/tags");
}

/// Each kind is delivered into a folder of its own, which its table reads.
#[test]
fn each_kind_has_a_folder_and_a_table_of_the_lake() {
    let template = template("lake");
    let deliveries = of_type(&template, "AWS::KinesisFirehose::DeliveryStream");
    let [(id, delivery)] = &deliveries[..] else { panic!("{} deliveries", deliveries.len()) };
    assert_eq!(id, "DeliveryByKind");
    let destination = &delivery["ExtendedS3DestinationConfiguration"];
    assert_eq!(
        destination["Prefix"],
        "telemetry/!{partitionKeyFromLambda:kind}/datehour=!{timestamp:yyyy/MM/dd/HH}/"
    );
    assert!(destination["BufferingHints"]["SizeInMBs"].as_u64().is_some_and(|size| size >= 64));
    assert_eq!(destination["DynamicPartitioningConfiguration"]["Enabled"], true);

    let mut tables = Vec::new();
    for (id, table) in of_type(&template, "AWS::Glue::Table") {
        let input = &table["TableInput"];
        let storage = &input["StorageDescriptor"];
        let location = storage["Location"]["Fn::Sub"].as_str().expect("a folder");
        tables.push(format!("{id}: {} at {location}", input["Name"].as_str().expect("a name")));
        for column in storage["Columns"].as_array().expect("columns") {
            let text = |key: &str| column[key].as_str().expect("text").to_owned();
            tables.push(format!("  {} {}  -- {}", text("Name"), text("Type"), text("Comment")));
        }
        let parameters = storage["SerdeInfo"]["Parameters"].as_object().expect("parameters");
        for (name, key) in parameters.iter().filter(|(name, _)| name.starts_with("mapping.")) {
            tables.push(format!("  {name} = {}", key.as_str().expect("text")));
        }
    }
    reviewed("tables", &tables.join("\n"));
}

/// One table has the names of all kinds, each as one thing.
#[test]
fn the_table_says_what_all_kinds_store() {
    let template = template("store");
    let stored = &template["Resources"]["Table"]["Metadata"]["sluice:stored"];
    assert_eq!(
        *stored,
        json!({
            "device": "dimension", "profile": "dimension", "gateway": "dimension", "receiver": "dimension",
            "site": "dimension", "temperature": "double", "rssi": "bigint", "battery": "double",
            "alarm": "boolean", "humidity": "double", "window_open": "boolean", "acceleration_x": "double",
            "opened": "boolean", "pressure": "double", "mode": "varchar", "samples": "double",
        })
    );
}

/// A set of dashboards a kind, each under a name of its own; alerts are still one query.
#[test]
fn each_kind_has_dashboards() {
    let environment = overridden("dev", &[("grafana.kind", "container"), ("grafana.alerts", "5m")]);
    let model = environment.place("dev.toml", fleet()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut found = Vec::new();
    let mut uids = std::collections::BTreeSet::new();
    for file in files(&model, &environment, Place::CONTAINER) {
        assert!(is_path(&file.path), "{}", file.path);
        let value: Value = serde_json::from_str(&file.text).expect("JSON");
        match value["uid"].as_str() {
            Some(uid) => {
                assert!(uid.len() <= 40 && uids.insert(uid.to_owned()), "{uid}");
                found.push(format!("{}: {uid}, {}", file.path, value["title"].as_str().expect("a title")));
            }
            None => found.push(file.path.clone()),
        }
        if file.path.ends_with("rules.yaml") {
            let rules = value["groups"][0]["rules"].as_array().expect("rules");
            let queries = rules[0]["data"].as_array().expect("queries");
            assert_eq!((rules.len(), queries.len()), (1, 2), "a query and what compares it");
            let sql = queries[0]["model"]["rawQuery"].as_str().expect("a query");
            let labels =
                sql.match_indices("' AS measure").filter_map(|(end, _)| sql[..end].rsplit('\'').next());
            found.push(format!("  alarms about {}", labels.collect::<Vec<_>>().join(", ")));
        }
    }
    assert_eq!(home_page(&model), "d/lora-fleet");
    reviewed("dashboards", &found.join("\n"));
}

/// A component type a kind and one for its alarms, under the kind's name; an entity has them all.
#[test]
fn each_kind_is_a_component_of_a_device() {
    let template = template("twin");
    let mut found = Vec::new();
    for (id, kind) in of_type(&template, "AWS::IoTTwinMaker::ComponentType") {
        found.push(format!("{id}: {}", kind["ComponentTypeId"].as_str().expect("an id")));
        for name in kind["PropertyDefinitions"].as_object().into_iter().flat_map(|all| all.keys()) {
            found.push(format!("  {name}"));
        }
    }
    let (_, canary) = of_type(&template, "AWS::IoTTwinMaker::Entity").remove(0);
    for (name, component) in canary["Components"].as_object().expect("components") {
        let kind = component["ComponentTypeId"].as_str().expect("an id");
        let properties: Vec<String> = component["Properties"]
            .as_object()
            .expect("properties")
            .iter()
            .map(|(name, value)| {
                format!("{name} = {}", value["Value"]["StringValue"].as_str().expect("text"))
            })
            .collect();
        found.push(format!("{name}: {kind} ({})", properties.join(", ")));
    }
    let outputs = template["Outputs"].as_object().expect("outputs");
    for (name, output) in outputs.iter().filter(|(name, _)| name.ends_with("ComponentType")) {
        found.push(format!("{name} = {}", output["Value"].as_str().expect("text")));
    }
    reviewed("twin", &found.join("\n"));
}
