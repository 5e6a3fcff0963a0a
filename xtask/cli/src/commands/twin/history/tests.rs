//! What of a history is shown.

use serde_json::json;

use super::*;
use engine::twin::Component;
use engine::twin::history::Point;

fn shown(order: Order, view: View) -> Shown {
    let time =
        |minute: i64| Timestamp::from_second(1_772_366_400 + 60 * minute).unwrap_or(Timestamp::UNIX_EPOCH);
    let series = |property: &str, unit: Option<&str>, values: &[(i64, Value)]| {
        let point = |(minute, value): &(i64, Value)| Point { time: time(*minute), value: value.clone() };
        let mut values: Vec<Point> = values.iter().map(point).collect();
        if order == Order::Descending {
            values.reverse();
        }
        Series { property: property.to_owned(), unit: unit.map(str::to_owned), values }
    };
    Shown {
        entity: "kitchen".to_owned(),
        component: "telemetry".to_owned(),
        from: time(0),
        to: time(9),
        properties: vec![
            series("temperature", Some("celsius"), &[(0, json!(12.5)), (1, json!(13.0))]),
            series("open", None, &[(1, json!(true)), (2, json!(false))]),
        ],
        truncated: true,
        view,
    }
}

fn text(shown: &Shown) -> String {
    let mut text = String::new();
    shown.text(&mut text).expect("text");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn a_table_has_a_row_for_each_time_and_a_column_for_each_property() {
    let table = text(&shown(Order::Ascending, View::Table));
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.contains("Z "))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["2026-03-01T12:00:00Z", "12.5", "-"],
            ["2026-03-01T12:01:00Z", "13.0", "true"],
            ["2026-03-01T12:02:00Z", "-", "false"],
        ],
        "{table}"
    );
    assert!(table.contains("temperature (celsius)") && table.contains("4 values, there are more"), "{table}");

    let mut twice = shown(Order::Ascending, View::Table);
    let again = Point { value: json!(99.5), ..twice.properties[0].values[1].clone() };
    twice.properties[0].values.push(again);
    let table = text(&twice);
    assert!(table.contains("13.0") && table.contains("99.5"), "two values of one time: {table}");

    let table = text(&shown(Order::Descending, View::Table));
    let first = table.lines().find(|line| line.contains("Z "));
    assert!(first.is_some_and(|line| line.contains("12:02:00Z")), "{table}");
}

#[test]
fn each_property_has_a_chart_with_its_unit() {
    for width in [24, 80] {
        let charts = text(&shown(Order::Ascending, View::Charts(width)));
        let titles: Vec<&str> = charts.lines().filter(|line| line.ends_with("(UTC)")).collect();
        assert_eq!(
            titles,
            [
                "temperature (celsius) 2026-03-01T12:00:00Z to 2026-03-01T12:01:00Z (UTC)",
                "open 2026-03-01T12:01:00Z to 2026-03-01T12:02:00Z (UTC)",
            ]
        );
        assert!(charts.contains("13.00 ") && charts.contains("false "), "{charts}");
    }
}

#[test]
fn times_are_absolute_or_so_long_ago() {
    assert_eq!(
        instant("2026-03-01T12:00:00+01:00"),
        "2026-03-01T11:00:00Z".parse().map_err(|_| String::new())
    );
    for (text, seconds) in [
        ("now", 0),
        ("90s", 90),
        ("1h ago", 3600),
        ("2h 30m", 9000),
        ("3d", 259_200),
        ("2 weeks ago", 1_209_600),
    ] {
        let time = instant(text).expect(text);
        let since = Timestamp::now().duration_since(time);
        assert_eq!(since.as_secs(), seconds, "{text}");
    }
    for text in ["", "yesterday", "12", "1 month", "2026-03-01"] {
        assert!(instant(text).is_err(), "{text}");
    }
}

#[test]
fn intervals_are_whole_seconds() {
    assert_eq!(interval("30s"), Ok(30));
    assert_eq!(interval("2m"), Ok(120));
    for text in ["0s", "500ms", "-1s", "soon"] {
        assert!(interval(text).is_err(), "{text}");
    }
}

#[test]
fn the_component_is_that_of_the_only_kind() {
    let model = |kinds: &[&str]| {
        let kind = |name: &&str| {
            format!(
                "[[kind]]\nname = '{name}'\ntopic = '{name}/+'\n[kind.device]\ntopic_segment = 2\ndimension = 'device'\n\
                 [[kind.measure]]\nname = 'm_{name}'\ntype = 'double'\n"
            )
        };
        let text: String = kinds.iter().map(kind).collect();
        stacks::model::parse("telemetry.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let entity = |components: &[&str]| Entity {
        id: "1".to_owned(),
        name: "kitchen".to_owned(),
        arn: String::new(),
        components: components.iter().map(|name| ((*name).to_owned(), Component::default())).collect(),
    };
    for (components, kinds, expected) in [
        (&["b", "b_watt_alarm"][..], &["a", "b"][..], Ok("b")),
        (&["a", "b"], &["a", "b", "c"], Err("Say `--component`: a, b")),
        (&[], &["a", "b"], Err("Say `--component`: a, b")),
        (&[], &["a"], Ok("a")),
    ] {
        let found = only_component(&entity(components), &model(kinds));
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(failure), Err(expected)) => {
                assert_eq!(failure.exit, Exit::Configuration);
                assert!(failure.error.to_string().ends_with(expected), "{}", failure.error);
            }
            (found, expected) => panic!("{found:?}, and not {expected:?}"),
        }
    }
}
