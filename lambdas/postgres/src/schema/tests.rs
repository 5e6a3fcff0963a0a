use telemetry::Model;

use super::*;

/// A kind of event: the device's dimension, further dimensions, measures with their types, the layout.
type Kind = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)], &'static str);

fn model(kinds: &[Kind]) -> Model {
    let kinds: Vec<_> = kinds
        .iter()
        .map(|(device, dimensions, measures, layout)| {
            let named = |name: &&str| serde_json::json!({"name": name, "field": name});
            let mut record = serde_json::json!({"layout": layout});
            if *layout == "multi" {
                record["name"] = "readings".into();
            }
            serde_json::json!({
                "name": device,
                "topic": format!("{device}/+"),
                "device": {"dimension": device, "field": "id"},
                "dimensions": dimensions.iter().map(named).collect::<Vec<_>>(),
                "measures": measures.iter().map(|(name, kind)| {
                    serde_json::json!({"name": name, "field": name, "type": kind})
                }).collect::<Vec<_>>(),
                "record": record,
                "undeclared": "ignore",
            })
        })
        .collect();
    serde_json::from_value(serde_json::json!({"kinds": kinds})).expect("a model")
}

fn column(name: &str, kind: &str, in_place: bool) -> Existing {
    Existing { name: name.to_owned(), kind: kind.to_owned(), in_place }
}

/// The table that `statements` of the first test make.
fn there() -> Vec<Existing> {
    vec![
        column("pump", "text", true),
        column("site", "text", true),
        column("measure_name", "text", true),
        column("time", "timestamp with time zone", true),
        column("nanosecond", "smallint", true),
        column("version", "bigint", false),
        column("pressure", "double precision", false),
        column("time_corrected", "boolean", false),
        column("original_time", "bigint", false),
    ]
}

const PUMP: Kind = ("pump", &["site"], &[("pressure", "double")], "multi");

#[test]
fn the_schema_of_a_model() {
    let model = model(&[
        PUMP,
        (
            "meter",
            &["pump"],
            &[("energy", "double"), ("read_at", "timestamp"), ("label", "varchar")],
            "single",
        ),
    ]);
    let statements = Schema::of(&model, "telemetry", 31).statements(&[]).expect("no table is there");
    insta::assert_snapshot!(statements.join(";\n\n"));
}

#[test]
fn what_the_model_gains_is_added_and_what_it_loses_stays() {
    let changes = |model: &Model| {
        let statements = Schema::of(model, "telemetry", 31).statements(&there()).expect("a migration");
        let is_change = |statement: &String| statement.starts_with("ALTER TABLE");
        statements.into_iter().filter(is_change).collect::<Vec<_>>()
    };
    assert_eq!(changes(&model(&[PUMP])), [""; 0]);
    assert_eq!(
        changes(&model(&[("pump", &["site"], &[("flow", "bigint")], "multi")])),
        [r#"ALTER TABLE sluice."telemetry" ADD COLUMN IF NOT EXISTS "flow" bigint"#]
    );
    assert_eq!(
        changes(&model(&[("pump", &["hall"], &[], "multi")])),
        [
            r#"ALTER TABLE sluice."telemetry" ADD COLUMN IF NOT EXISTS "hall" text"#,
            r#"ALTER TABLE sluice."telemetry" DROP CONSTRAINT IF EXISTS "telemetry_place", ADD CONSTRAINT "telemetry_place" UNIQUE NULLS NOT DISTINCT ("pump", "measure_name", "time", "nanosecond", "hall", "site")"#,
        ]
    );
}

#[test]
fn a_column_does_not_become_something_else() {
    let table: [(Kind, &str); 3] = [
        (
            ("pump", &[], &[("pressure", "bigint")], "multi"),
            "is of type double precision, and the model wants bigint",
        ),
        (("pump", &[], &[("site", "varchar")], "multi"), "is a dimension, and the model wants a measure"),
        (("pump", &["pressure"], &[], "multi"), "is a measure, and the model wants a dimension"),
    ];
    for (kind, expected) in table {
        let fault = Schema::of(&model(&[kind]), "telemetry", 31).statements(&there()).expect_err("a fault");
        assert!(fault.to_string().contains(expected), "{fault}");
    }
}

#[test]
fn names_and_texts_are_quoted() {
    assert_eq!(identifier(r#"a"b"#), r#""a""b""#);
    assert_eq!(literal("it's"), "'it''s'");
}

/// The Data API takes a colon before a letter for a parameter, wherever it stands.
#[test]
fn no_statement_has_what_looks_like_a_parameter() {
    let statements = Schema::of(&model(&[PUMP]), "telemetry", 31).statements(&[]).expect("no table is there");
    for statement in statements {
        let text = statement.replace("::", "");
        assert!(!text.contains(':'), "{statement}");
    }
}

/// The Data API takes a statement of at most 65,536 characters.
#[test]
fn a_table_of_as_many_measures_as_a_model_may_have_is_made_by_the_data_api() {
    let measures = (0..1_000).map(|index| (format!("measure_of_a_device_{index:04}"), MeasureType::Bigint));
    let mut schema = Schema::of(&model(&[PUMP]), "telemetry", 31);
    schema.measures.extend(measures);
    for statement in schema.statements(&[]).expect("no table is there") {
        assert!(statement.len() <= 65_536, "{} characters: {:.80}", statement.len(), statement);
    }
}
