//! The digital twin that follows from a model.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use stacks::cfn::TEMPLATE_LIMIT_BYTES;
use stacks::environment::{Environment, Target};
use stacks::twin::{ComponentTypes, check_device, components, entity_id};
use stacks::{Inputs, Stack, synthesize};
use telemetry::canary::CANARY;
use telemetry::twin::{alarm_component, alarm_key, alarms, property_name};
use telemetry::{Dimension, Measure, MeasureType, Model, Range, RecordLayout};

use crate::fixture::{environment, model};

/// What is done to a model.
type Change = fn(&mut Model);

fn measure(name: &str, kind: MeasureType) -> Measure {
    Measure {
        name: name.to_owned(),
        field: name.to_owned(),
        kind,
        unit: None,
        normal: None,
        written: telemetry::Written::default(),
    }
}

fn twin(model: &Model, environment: &Environment) -> Stack {
    let stacks = synthesize(&Inputs { model, environment });
    stacks.into_iter().find(|stack| stack.name == "twin").expect("the stack is there")
}

/// Resources of a kind, by id, with their JSON.
fn of_kind(stack: &Stack, kind: &str) -> BTreeMap<String, Value> {
    let template: Value = serde_json::from_str(&stack.template.to_json()).expect("JSON");
    let resources = template["Resources"].as_object().expect("resources").clone();
    resources.into_iter().filter(|(_, resource)| resource["Type"] == kind).collect()
}

/// The component type with properties of its own.
fn telemetry_type(stack: &Stack) -> Value {
    let types = of_kind(stack, "AWS::IoTTwinMaker::ComponentType");
    let found = types.into_values().find(|kind| kind["Properties"]["PropertyDefinitions"].is_object());
    found.expect("a component type")["Properties"].clone()
}

#[test]
fn a_device_is_what_the_model_says() {
    let mut model = model();
    model.kinds[0].dimensions =
        vec![Dimension { name: "site".to_owned(), field: "Site".to_owned(), topic_segments: Vec::new() }];
    model.kinds[0].measures = vec![
        Measure { unit: Some("m".to_owned()), ..measure("level", MeasureType::Double) },
        measure("count", MeasureType::Bigint),
        measure("open", MeasureType::Boolean),
        measure("state", MeasureType::Varchar),
        measure("since", MeasureType::Timestamp),
    ];
    let external = |data_type: Value, series: bool| json!({"DataType": data_type, "IsExternalId": false, "IsRequiredInEntity": false, "IsStoredExternally": true, "IsTimeSeries": series});
    let expected = json!({
        "DeviceID": {"DataType": {"Type": "STRING"}, "IsExternalId": true, "IsRequiredInEntity": true, "IsStoredExternally": false, "IsTimeSeries": false},
        "site": external(json!({"Type": "STRING"}), false),
        "level": external(json!({"Type": "DOUBLE", "UnitOfMeasure": "m"}), true),
        "count": external(json!({"Type": "LONG"}), true),
        "open": external(json!({"Type": "BOOLEAN"}), true),
        "state": external(json!({"Type": "STRING"}), true),
        "since": external(json!({"Type": "STRING"}), true),
    });
    // How records are laid out is between the connector and the store.
    let mut ids = BTreeSet::new();
    for layout in [RecordLayout::Multi { name: "record".to_owned() }, RecordLayout::Single] {
        model.kinds[0].record = layout;
        let found = telemetry_type(&twin(&model, &environment("dev")));
        assert_eq!(found["PropertyDefinitions"], expected);
        ids.insert(found["ComponentTypeId"].to_string());
    }
    assert_eq!(ids.len(), 1);
}

#[test]
fn the_connector_answers_every_question() {
    let stack = twin(&model(), &environment("dev"));
    let functions: BTreeMap<String, Vec<String>> = of_kind(&stack, "AWS::IoTTwinMaker::ComponentType")
        .into_iter()
        .map(|(id, kind)| {
            let functions = kind["Properties"]["Functions"].as_object().expect("functions").clone();
            for function in functions.values() {
                let arn = &function["ImplementedBy"]["Lambda"]["Arn"];
                assert_eq!(*arn, json!({"Fn::GetAtt": ["TwinmakerConnector", "Arn"]}));
            }
            (id[..5].to_owned(), functions.keys().cloned().collect())
        })
        .collect();
    let of_device = ["attributePropertyValueReaderByEntity", "dataReader", "schemaInitializer"];
    assert_eq!(functions["Telem"], of_device);
    assert_eq!(functions["Alarm"], ["dataReader"]);
}

/// Another measure is another type; the entities stay, and move.
#[test]
fn a_changed_model_makes_another_type_and_keeps_the_entities() {
    let environment = environment("dev");
    let before = twin(&model(), &environment);
    let changes: [(&str, Change); 6] = [
        ("another measure", |model| model.kinds[0].measures.push(measure("level", MeasureType::Double))),
        ("one less", |model| drop(model.kinds[0].measures.pop())),
        ("another unit", |model| model.kinds[0].measures[0].unit = Some("kelvin".to_owned())),
        ("another type", |model| model.kinds[0].measures[0].kind = MeasureType::Bigint),
        ("a dimension", |model| {
            model.kinds[0].dimensions.push(Dimension {
                name: "site".to_owned(),
                field: "site".to_owned(),
                topic_segments: Vec::new(),
            });
        }),
        ("another name of the device", |model| model.kinds[0].device.dimension = "id".to_owned()),
    ];
    let mut ids = BTreeSet::from([telemetry_type(&before)["ComponentTypeId"].to_string()]);
    for (what, change) in changes {
        let mut model = model();
        change(&mut model);
        let after = twin(&model, &environment);
        let kind = telemetry_type(&after);
        assert!(ids.insert(kind["ComponentTypeId"].to_string()), "{what} makes no other type");

        let (old, new) =
            (of_kind(&before, "AWS::IoTTwinMaker::Entity"), of_kind(&after, "AWS::IoTTwinMaker::Entity"));
        assert!(old.keys().eq(new.keys()), "{what} makes other entities");
        for (id, entity) in &new {
            let properties = &entity["Properties"];
            for stays in ["EntityId", "EntityName", "WorkspaceId"] {
                assert_eq!(properties[stays], old[id]["Properties"][stays], "{what}: {id}");
            }
            assert_eq!(properties["Components"]["telemetry"]["ComponentTypeId"], kind["ComponentTypeId"]);
        }
        // A resource of its own, so that the old type is there until the entities have left it.
        let types = |stack: &Stack| -> BTreeSet<String> {
            of_kind(stack, "AWS::IoTTwinMaker::ComponentType").into_keys().collect()
        };
        assert_eq!(types(&before).intersection(&types(&after)).count(), 1, "{what}: the alarm's type stays");
    }
}

#[test]
fn what_is_no_part_of_a_type_makes_no_other() {
    let id = |model: &Model| {
        ComponentTypes::of(model).iter().map(stacks::twin::ComponentType::id).collect::<Vec<_>>()
    };
    let changes: [(&str, Change); 4] = [
        ("order", |model| model.kinds[0].measures.reverse()),
        ("another range", |model| model.kinds[0].measures[0].normal = Some(Range { min: 0.0, max: 1.0 })),
        ("another field", |model| model.kinds[0].measures[0].field = "T".to_owned()),
        ("another topic", |model| model.kinds[0].topic = "x".to_owned()),
    ];
    for (what, change) in changes {
        let mut other = model();
        change(&mut other);
        assert_eq!(id(&other), id(&model()), "{what}");
    }
}

#[test]
fn alarms_are_where_something_is_normal() {
    let mut model = model();
    let all: BTreeSet<_> =
        ["humidity_alarm", "telemetry", "temperature_alarm", "voltage_alarm", "watt_alarm"].into();
    let names = |model: &Model| -> BTreeSet<String> {
        components(model, &ComponentTypes::of(model), "d-1").into_keys().collect()
    };
    assert!(names(&model).iter().map(String::as_str).eq(all));
    for measure in &mut model.kinds[0].measures {
        measure.normal = None;
    }
    assert!(names(&model).iter().eq(["telemetry"]));
    let stack = twin(&model, &environment("dev"));
    assert_eq!(of_kind(&stack, "AWS::IoTTwinMaker::ComponentType").len(), 1);
    assert!(!stack.template.outputs().keys().any(|id| id.as_str() == "AlarmComponentType"));
}

/// The template has what `twin sync` would make of the same device.
#[test]
fn an_entity_is_the_same_wherever_it_comes_from() {
    let mut environment = environment("dev");
    environment.twin.devices = vec!["plant 4/line 2".to_owned(), "${AWS::Region}".to_owned()];
    let model = model();
    let types = ComponentTypes::of(&model);
    let entities = of_kind(&twin(&model, &environment), "AWS::IoTTwinMaker::Entity");
    assert_eq!(entities.len(), 3);
    for device in environment.twin.devices.iter().map(String::as_str).chain([CANARY]) {
        let found = entities.values().find(|entity| entity["Properties"]["EntityName"] == device);
        let properties = &found.expect("an entity")["Properties"];
        assert_eq!(properties["EntityId"], *entity_id(device));
        let found = properties["Components"].as_object().expect("components");
        let expected = components(&model, &types, device);
        assert!(found.keys().eq(expected.keys()));
        for (name, component) in expected {
            assert_eq!(found[&name]["ComponentTypeId"], component.component_type);
            for (property, value) in component.properties {
                assert_eq!(found[&name]["Properties"][&property]["Value"]["StringValue"], value);
            }
        }
    }
}

#[test]
fn ids_of_entities_are_those_of_devices_where_the_service_takes_them() {
    let long = "d".repeat(128);
    let longer = "d".repeat(129);
    for (device, id) in [
        ("device-1", "device-1"),
        ("a:b.c_d-E9", "a:b.c_d-E9"),
        (CANARY, CANARY),
        (&long, &long),
        // printf %s DEVICE | sha256sum
        (&longer, "device-52d77ea29c16"),
        ("a", "device-ca978112ca1b"),
        ("-a", "device-c27489179034"),
        ("a-", "device-9baf4407202e"),
        ("line 4/room 7", "device-e08d08ef7100"),
        ("Gerät", "device-b32db78620d9"),
        ("", "device-e3b0c44298fc"),
    ] {
        assert_eq!(entity_id(device), id, "{device:?}");
    }
}

#[test]
fn as_many_devices_as_are_allowed_fit_a_template() {
    // Short ids, and a model without alarms: nothing but the number of resources is the limit.
    let mut model = model();
    model.kinds[0].measures.iter_mut().for_each(|measure| measure.normal = None);
    let mut environment = environment("local");
    environment.twin.devices = (0..450).map(|number| format!("d-{number}")).collect();
    for target in [Target::Aws, Target::Local] {
        environment.target = target;
        let stack = twin(&model, &environment);
        assert!(stack.template.resources().len() <= 500, "{}", stack.template.resources().len());
        assert!(stack.template.to_json().len() <= TEMPLATE_LIMIT_BYTES);
    }
}

proptest! {
    /// Every name that a model may have is its own property name, so no two become one.
    #[test]
    fn names_of_a_model_are_names_of_properties(name in "[a-zA-Z][a-zA-Z0-9_]{0,20}") {
        let text = format!("topic = 'a'\n[device]\nfield = 'id'\n[[measure]]\nname = '{name}'\ntype = 'double'");
        if let Ok(model) = stacks::model::parse("x", &text) {
            prop_assert_eq!(property_name(&model.kinds[0].measures[0].name), name.as_str());
        }
    }

    /// Whatever a device is called, its entity's id is one that the service takes, and always the same.
    #[test]
    fn every_device_has_an_id(device in "(?s).{0,140}") {
        let id = entity_id(&device);
        let edge = |c: char| c.is_ascii_alphanumeric();
        prop_assert!((2..=128).contains(&id.len()) && id.starts_with(edge) && id.ends_with(edge));
        prop_assert!(id.chars().all(|c| edge(c) || "_-.:".contains(c)));
        prop_assert_eq!(&id, &entity_id(&device));
    }

    /// What is not refused fits into the properties of an entity.
    #[test]
    fn what_is_not_refused_fits(device in "(?s).{0,260}") {
        let model = model();
        if check_device(&model, &device).is_ok() {
            for (name, component) in components(&model, &ComponentTypes::of(&model), &device) {
                prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
                prop_assert!(component.properties.values().all(|value| (1..=256).contains(&value.chars().count())));
            }
            let first = alarms(model.first()).next().expect("a range");
            let components = components(&model, &ComponentTypes::of(&model), &device);
            prop_assert_eq!(&components[&alarm_component(model.first(), first)].properties["alarm_key"], &alarm_key(model.first(), &device, first));
        }
    }
}
