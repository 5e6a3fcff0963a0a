//! What a synchronization changes, and what it leaves alone.

use super::*;

const OLD: &str = "00000000";
const NEW: &str = "11111111";

fn telemetry(version: &str) -> String {
    format!("sluice.telemetry.{version}")
}

fn alarm(version: &str) -> String {
    format!("sluice.alarm.{version}")
}

/// What the model makes of a device now.
fn components(device: &str) -> Components {
    let part = |component_type: String, property: &str| Component {
        component_type,
        properties: [(property.to_owned(), device.to_owned())].into(),
    };
    [
        ("telemetry".to_owned(), part(telemetry(NEW), "DeviceID")),
        ("watt_alarm".to_owned(), part(alarm(NEW), "alarm_key")),
    ]
    .into()
}

fn entity(name: &str, components: &[(&str, String)]) -> Entity {
    let component = |(name, kind): &(&str, String)| {
        ((*name).to_owned(), twin::Component { kind: kind.clone(), ..twin::Component::default() })
    };
    Entity {
        id: entity_id(name).into(),
        name: name.to_owned(),
        arn: format!("arn:{name}"),
        components: components.iter().map(component).collect(),
    }
}

fn found(entities: Vec<Entity>) -> Found {
    let types = [telemetry(OLD), telemetry(NEW), alarm(OLD), alarm(NEW), "their.own".to_owned()];
    Found { entities, foreign: BTreeSet::new(), types: types.into() }
}

fn current(name: &str) -> Entity {
    entity(name, &[("telemetry", telemetry(NEW)), ("watt_alarm", alarm(NEW))])
}

#[test]
fn a_device_without_an_entity_gets_one() {
    let devices = ["kitchen", "a device/with signs"].map(str::to_owned).into();
    let plan = plan(&devices, &found(vec![current("kitchen")]), components);
    let created: Vec<&str> = plan.create.iter().map(|creation| creation.device.as_str()).collect();
    assert_eq!(created, ["a device/with signs"]);
    assert!(plan.create[0].entity.starts_with("device-"), "{plan:?}");
    assert_eq!((plan.change.len(), plan.unchanged), (0, 1));
}

#[test]
fn what_was_done_is_not_done_again() {
    let devices = ["kitchen".to_owned()].into();
    // A canary is no device, and no entity of one.
    let mut found = found(vec![current("kitchen"), current("silent"), current(CANARY)]);
    found.types = [telemetry(NEW), alarm(NEW)].into();
    let plan = plan(&devices, &found, components);
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(plan.unchanged, 2);
}

#[test]
fn an_entity_of_an_older_model_is_changed_and_types_that_nothing_uses_go() {
    let old = entity(
        "kitchen",
        &[("telemetry", telemetry(OLD)), ("humidity_alarm", alarm(OLD)), ("note", "their.own".to_owned())],
    );
    let plan = plan(&BTreeSet::new(), &found(vec![old]), components);
    let [change] = &plan.change[..] else { panic!("{plan:?}") };
    assert_eq!(change.remove, ["humidity_alarm", "telemetry"]);
    assert_eq!(change.add, ["telemetry", "watt_alarm"]);
    assert_eq!(plan.remove_types, [alarm(OLD), telemetry(OLD)]);
}

#[test]
fn a_change_that_was_interrupted_or_failed_goes_on() {
    let with = |health: Health| {
        let mut entity = entity("kitchen", &[("telemetry", telemetry(NEW))]);
        entity.components.values_mut().for_each(|component| component.health = health);
        entity
    };
    let mut theirs = current("kitchen");
    let note = twin::Component { kind: "their.own".to_owned(), health: Health::Failed, ..Default::default() };
    theirs.components.insert("note".to_owned(), note);
    for (what, entity, expected) in [
        ("nothing was added", entity("kitchen", &[]), Some((vec![], vec!["telemetry", "watt_alarm"]))),
        ("a half was added", with(Health::Sound), Some((vec![], vec!["watt_alarm"]))),
        ("a half failed", with(Health::Failed), Some((vec!["telemetry"], vec!["telemetry", "watt_alarm"]))),
        ("what somebody else added failed", theirs, None),
    ] {
        let plan = plan(&["kitchen".to_owned()].into(), &found(vec![entity]), components);
        let expected = expected.map(|(remove, add)| {
            [remove, add].map(|names: Vec<&str>| names.into_iter().map(str::to_owned).collect())
        });
        let change = plan.change.into_iter().next();
        assert_eq!(change.map(|change| [change.remove, change.add]), expected, "{what}");
    }
}

#[test]
fn what_somebody_else_made_is_left_alone() {
    let theirs = entity("theirs", &[("telemetry", telemetry(OLD))]);
    let room = entity("room", &[("room", "their.own".to_owned())]);
    let mut found = found(vec![theirs.clone(), room]);
    found.foreign.insert(theirs.arn);
    let plan = plan(&BTreeSet::new(), &found, components);
    assert_eq!(plan.foreign, ["theirs"]);
    assert_eq!(plan.change, []);
    assert_eq!(plan.remove_types, [alarm(OLD)], "a type that is in use stays");
}
