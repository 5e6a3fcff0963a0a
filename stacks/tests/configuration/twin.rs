//! `[twin]`: what a model and the devices of an environment must be, so that the twin can show them.

use stacks::config::Problem;
use stacks::environment::{Environment, parse};
use stacks::twin::{DeviceFault, check_device};
use telemetry::Model;

/// The least that an environment on AWS says.
const LEAST: &str = "target = 'aws'\naccount = '123456789012'\n";

fn environment(rest: &str) -> Result<Environment, Vec<String>> {
    parse("dev", "dev.toml", &format!("{LEAST}{rest}"), &[])
        .map_err(|found| found.problems.iter().map(Problem::message).collect())
}

/// A model with measures of these names, each with a normal range, in a layout.
fn model(layout: &str, measures: &[String]) -> Model {
    let mut text = format!("topic = 'a'\n[device]\nfield = 'id'\n[record]\nlayout = '{layout}'\n");
    let measure = |name: &String| {
        format!("[[measure]]\nname = '{name}'\ntype = 'double'\nnormal = {{ min = 0, max = 1 }}\n")
    };
    text.extend(measures.iter().map(measure));
    stacks::model::parse("telemetry.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn named(name: &str) -> Model {
    model("multi", &[name.to_owned()])
}

#[test]
fn a_region_without_the_service_is_an_environment_without_a_twin() {
    let lacks = "`region` is \"us-east-2\", which does not have IoT TwinMaker";
    for (rest, expected) in [
        ("region = 'eu-west-1'", Ok(true)),
        ("region = 'eu-west-1'\n[twin]\nenabled = false", Ok(false)),
        ("region = 'us-east-2'", Err(lacks)),
        ("region = 'us-east-2'\n[twin]\nenabled = true", Err(lacks)),
        ("region = 'us-east-2'\n[twin]\nenabled = false", Ok(false)),
    ] {
        let found = environment(rest).map(|environment| environment.twin.enabled);
        assert_eq!(found, expected.map_err(|problem| vec![problem.to_owned()]), "{rest}");
    }
    // This machine has the service, whatever its Region is called.
    let local = parse("local", "x", "target = 'local'\nregion = 'us-east-2'", &[]);
    assert!(local.expect("a local environment").twin.enabled);
}

#[test]
fn a_tag_without_a_value_is_one_without_a_twin() {
    let tags = "region = 'eu-west-1'\n[tags]\nowner = ''\n";
    let empty = "`tags.owner` is empty, but a tag of the digital twin needs a value";
    assert_eq!(environment(tags).map(drop), Err(vec![empty.to_owned()]));
    assert_eq!(environment(&format!("{tags}[twin]\nenabled = false")).map(drop), Ok(()));
}

#[test]
fn more_devices_than_a_template_holds_are_left_to_the_synchronization() {
    let listed = |count: usize| {
        let devices: Vec<String> = (0..count).map(|number| format!("'d-{number}'")).collect();
        format!("{LEAST}region = 'eu-west-1'\n[twin]\ndevices = [{}]", devices.join(", "))
    };
    assert!(parse("dev", "dev.toml", &listed(450), &[]).is_ok());
    let problems = parse("dev", "dev.toml", &listed(451), &[]).unwrap_err().to_string();
    assert_eq!(
        problems,
        "dev.toml has a problem\n\
         dev.toml:5:11: `twin.devices` are 451, but a template has room for 450\n  \
         help: list fewer: `cargo xtask twin sync` makes the entities of the others once they have sent something"
    );
}

/// What a model and an environment are to each other, as a person reads it.
fn placed(model: Model, twin: &str) -> Vec<String> {
    let environment = environment(&format!("region = 'eu-west-1'\n[twin]\n{twin}")).expect("an environment");
    let problems = environment.place("dev.toml", model).err();
    problems.iter().flat_map(|found| &found.problems).map(Problem::message).collect()
}

#[test]
fn what_the_twin_cannot_show_is_found_before_anything_is_deployed() {
    let names = |count: usize| (0..count).map(|number| format!("m{number}")).collect::<Vec<_>>();
    let large = format!("devices = ['{}', '{}']", "x".repeat(200), "y".repeat(200));
    #[rustfmt::skip]
    let cases = [
        (named("level"), "devices = ['a-1']", None),
        (named(&"m".repeat(242)), "", None),
        (named(&"m".repeat(243)), "", Some("`twin` cannot show the alarm of the measure \"mmm")),
        (named(&"m".repeat(243)), "enabled = false", None),
        (named(&"m".repeat(55)), large.as_str(), None),
        (named(&"m".repeat(56)), large.as_str(), Some("`twin.devices[0]` makes a key of 257 characters with its measure \"mmm")),
        (model("single", &names(799)), "", None),
        (model("single", &names(800)), "", Some("`twin` cannot show a model of 801 dimensions and measures")),
        (model("single", &names(800)), "enabled = false", None),
        (model("single", &names(799)), "devices = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'a-6']", Some("`twin.devices` make a template of")),
    ];
    for (model, twin, expected) in cases {
        let name =
            format!("{:.9} of {} {twin:.40}", model.kinds[0].measures[0].name, model.kinds[0].measures.len());
        let found = placed(model, twin);
        match expected {
            None => assert_eq!(found, Vec::<String>::new(), "{name}"),
            Some(start) => assert!(found[0].starts_with(start), "{name}: {found:?}"),
        }
    }
}

#[test]
fn a_device_has_an_entity_or_a_reason_why_not() {
    let model = named("level");
    let long = "x".repeat(250);
    for (device, expected) in [
        ("device-1", Ok(())),
        ("Halle 3 / Gerät 7", Ok(())),
        ("x", Ok(())),
        ("", Err(DeviceFault::Empty)),
        ("a\nb", Err(DeviceFault::Character { character: '\n' })),
        ("a\u{2028}b", Err(DeviceFault::Character { character: '\u{2028}' })),
        (&"ü".repeat(257), Err(DeviceFault::Long { characters: 257 })),
        (&"ü".repeat(250), Ok(())),
        (&format!("{long}y"), Err(DeviceFault::AlarmKey { measure: "level".into(), characters: 257 })),
    ] {
        assert_eq!(check_device(&model, device), expected, "{device:.20}");
    }
}
