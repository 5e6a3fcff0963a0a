//! `telemetry.toml`.

use std::path::Path;

use proptest::prelude::*;
use stacks::config::Place;
use stacks::model::{DEFAULT_RECORD_NAME, parse, parse_with};
use telemetry::{EventIdentity, EventKind, MeasureType, RecordLayout, TimeUnit, Undeclared};

use crate::{shipped, snapshot_each};

/// The one kind of a model.
fn only(text: &str) -> EventKind {
    parse("telemetry.toml", text).unwrap().kinds.remove(0)
}

#[test]
fn a_broken_model_is_told_all_of_its_problems() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configuration/models");
    snapshot_each("models", |file, text| {
        parse_with(file, text, &|part| std::fs::read_to_string(folder.join(part))).unwrap_err().to_string()
    });
}

#[test]
fn the_shipped_model_is_the_smart_home_and_survives_its_file() {
    let model = parse("telemetry.toml", &shipped("telemetry.toml")).unwrap();
    let json = serde_json::to_string_pretty(&model).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("model.json", json));
    assert_eq!(serde_json::from_str::<telemetry::Model>(&json).unwrap(), model);
}

/// Everything that a model can say arrives in what the functions read.
#[test]
fn a_model_of_several_kinds_survives_its_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet");
    let read = |file: &str| std::fs::read_to_string(folder.join(file));
    let model = parse_with("telemetry.toml", &read("telemetry.toml").unwrap(), &read).unwrap();
    let json = serde_json::to_string_pretty(&model).unwrap();
    assert_eq!(serde_json::from_str::<telemetry::Model>(&json).unwrap(), model);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("fleet.json", json));
}

#[test]
fn the_least_model_gets_every_default() {
    let text = "topic = 'a'\n[device]\nfield = 'id'\n[[measure]]\nname = 'x'\ntype = 'bigint'";
    let model = only(text);
    assert_eq!((model.device.dimension.as_str(), model.device.topic_segments.first()), ("id", None));
    assert_eq!((model.time, model.undeclared), (None, Undeclared::Ignore));
    assert_eq!(model.record, RecordLayout::Multi { name: DEFAULT_RECORD_NAME.into() });
    assert_eq!((model.measures[0].field.as_str(), model.measures[0].kind), ("x", MeasureType::Bigint));
}

#[test]
fn the_topic_may_name_the_device() {
    let text = "topic = 'dt/+/measures'\n[device]\ndimension = 'device_id'\ntopic_segment = 2\n\
                [time]\nfield = 't-s'\nunit = 'ns'\n[record]\nlayout = 'single'\nundeclared = 'quarantine'\n\
                [[dimension]]\nname = 'room'\nfield = 'Room name'\n[[measure]]\nname = 'x'\ntype = 'timestamp'";
    let model = only(text);
    assert_eq!((model.device.field.as_str(), &model.device.topic_segments[..]), ("device_id", &[2][..]));
    assert_eq!(model.time.map(|time| (time.field, time.unit)), Some(("t-s".into(), TimeUnit::Nanoseconds)));
    assert_eq!((model.record, model.undeclared), (RecordLayout::Single, Undeclared::Quarantine));
    assert_eq!(
        (model.dimensions[0].name.as_str(), model.dimensions[0].field.as_str()),
        ("room", "Room name")
    );
}

#[test]
fn copies_of_an_event_may_be_one() {
    let model = |event: &str| {
        let text =
            format!("topic = 'a'\n[device]\nfield = 'id'\n{event}\n[[measure]]\nname = 'x'\ntype = 'bigint'");
        only(&text).event
    };
    let identity =
        |id: Option<&str>, window_seconds| EventIdentity { id: id.map(str::to_owned), window_seconds };
    assert_eq!(model(""), None);
    assert_eq!(model("[event]\nwindow_seconds = 60"), Some(identity(None, 60)));
    assert_eq!(model("[event]\nid = 'no.'\nwindow_seconds = 3_600"), Some(identity(Some("no."), 3_600)));
}

/// A model with a column a number, in a layout.
fn wide(layout: &str, dimensions: usize, measures: usize) -> String {
    let mut text = format!("topic = 'a'\n[device]\nfield = 'id'\n[record]\nlayout = '{layout}'\n");
    text.extend((0..dimensions).map(|n| format!("[[dimension]]\nname = 'd{n}'\n")));
    text.extend((0..measures).map(|n| format!("[[measure]]\nname = 'm{n}'\ntype = 'double'\n")));
    text
}

#[test]
fn a_model_is_as_wide_as_a_table_can_be_and_no_wider() {
    for (layout, dimensions, measures, fault) in [
        ("multi", 127, 254, None),
        (
            "multi",
            128,
            1,
            Some("`dimension` declares 129 dimensions with the device, but at most 128 are allowed"),
        ),
        ("multi", 0, 255, Some("`measure` declares 255 measures, but at most 254 are allowed")),
        ("single", 0, 8_190, None),
        ("single", 0, 8_191, Some("`measure` declares 8191 measures, but at most 8190 are allowed")),
    ] {
        let found = parse("telemetry.toml", &wide(layout, dimensions, measures)).err();
        let messages: Vec<_> =
            found.iter().flat_map(|found| &found.problems).map(stacks::config::Problem::message).collect();
        assert_eq!(messages, Vec::from_iter(fault), "{layout} {dimensions} {measures}");
    }
}

#[test]
fn a_problem_is_also_data() {
    let text = "topic = 'a'\n[device]\nfield = 'id'\n[[measure]]\nname = 'x'\ntype = 'doubel'";
    let problems = serde_json::to_value(parse("telemetry.toml", text).unwrap_err()).unwrap();
    let expected = serde_json::json!({"file": "telemetry.toml", "problems": [{
        "file": "telemetry.toml", "line": 6, "column": 8, "set": null, "key": "measure[0].type",
        "message": "`measure[0].type` cannot be \"doubel\"",
        "help": "did you mean \"double\"? It is one of \"double\", \"bigint\", \"boolean\", \"varchar\", \
                 \"timestamp\"",
    }]});
    assert_eq!(problems, expected);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(?s).{0,200}") {
        // What is wrong is said in at least one problem.
        prop_assert!(parse("x", &text).is_err_and(|found| !found.problems.is_empty()));
    }

    #[test]
    fn any_edit_of_the_shipped_model_is_answered(at in 0_usize..2_000, cut in 0_usize..40, paste in "[a-z0-9.=\"'\\[\\]{}#+\\n ]{0,12}") {
        let text = shipped("telemetry.toml");
        let (from, to) = (at.min(text.len()), (at + cut).min(text.len()));
        let edited = [&text[..from], &paste, &text[to..]].concat();
        if let Err(found) = parse("x", &edited) {
            prop_assert!(!found.problems.is_empty());
            for problem in found.problems {
                if let Place::Line { line, column, .. } = problem.place {
                    // Every place can be pointed at: a line of the text, and a column in it or right after.
                    let width = edited.split('\n').nth(line - 1).map(|line| line.chars().count());
                    prop_assert!(width.is_some_and(|width| (1..=width + 1).contains(&column)), "{line}:{column}");
                }
            }
        }
    }
}

/// Whoever copies an example has a model.
#[test]
fn the_examples_of_the_page_are_models() {
    const MEASURE: &str = "[[measure]]\nname = 'x'\ntype = 'double'\n";
    let page = shipped("docs/model.md");
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 4);
    for example in examples {
        let rest = if example.contains("measure]]") { "" } else { MEASURE };
        // A file of the page's second kind.
        let read = |_: &str| Ok(format!("topic = 'b'\n[device]\nfield = 'device'\n{MEASURE}"));
        if let Err(problems) = parse_with("model.md", &format!("{example}\n{rest}"), &read) {
            panic!("{example}\n{problems}");
        }
    }
}
