//! What the templates are filled with: the model as SQL for its record layout, and as words.
//!
//! Every query names one measure, so that a measure that no device has sent yet, of which the store
//! has no column, leaves only its own panel empty.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use telemetry::{Measure, MeasureType, Model, Range, RecordLayout, TIME_CORRECTED};

use super::units;
use crate::environment::Environment;

/// Macros of the plugin: what every query is about, and the time that a person has chosen.
const TABLE: &str = "$__database.$__table";
const TIME: &str = "$__timeFilter";

/// Everything that a template may name.
#[derive(Debug, Serialize)]
pub(super) struct Context<'a> {
    environment: &'a str,
    region: &'a str,
    /// Of Timestream, where the plugin does not find it itself.
    endpoint: Option<&'a str>,
    dashboards_folder: &'a str,
    database: String,
    table: &'a str,
    /// The dimension of the device, as SQL, and as it is called.
    device: String,
    device_name: &'a str,
    /// What follows `FROM` for one row an event.
    events: String,
    /// The condition for records of events whose clock was ahead, where events tell a time.
    corrected: Option<String>,
    /// The measures that are numbers, and of these, those with a normal range.
    numbers: Vec<Number>,
    ranged: Vec<Number>,
    /// The measures that are levels of a battery.
    batteries: Vec<Number>,
    /// The measures that are truth values or text.
    states: Vec<State>,
    /// The measures among which the variable `measure` chooses, and the one that it has chosen.
    choices: Vec<&'a str>,
    picked: Picked,
}

/// A measure that is a number.
#[derive(Debug, Clone, Serialize)]
struct Number {
    name: String,
    title: String,
    about: String,
    /// Its name as the alias of a column.
    column: String,
    /// Its value, as SQL.
    value: String,
    /// The condition for records that have it.
    filter: String,
    /// The condition for values that are not normal, where something is.
    outside: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
    unit: String,
    steps: Vec<Step>,
    /// `refId` of its query, where a panel has one for each measure.
    letter: String,
    /// Of its alert.
    uid: String,
}

/// A measure that is none.
#[derive(Debug, Serialize)]
struct State {
    title: String,
    column: String,
    value: String,
    filter: String,
}

/// The measure that a person has chosen on the page.
#[derive(Debug, Serialize)]
struct Picked {
    value: String,
    filter: String,
}

/// From which value on a number has a colour. The first step has no value.
#[derive(Debug, Clone, Serialize)]
struct Step {
    color: &'static str,
    value: Option<f64>,
}

impl<'a> Context<'a> {
    /// Derives the context of a model in an environment.
    pub fn new(
        model: &'a Model,
        environment: &'a Environment,
        endpoint: Option<&'a str>,
        dashboards_folder: &'a str,
    ) -> Self {
        let is_number =
            |measure: &&Measure| matches!(measure.kind, MeasureType::Double | MeasureType::Bigint);
        let numbers: Vec<Number> = model
            .measures
            .iter()
            .filter(is_number)
            .enumerate()
            .map(|(index, measure)| Number::new(model, index, measure))
            .collect();
        let chosen = chosen_kind(model);
        Self {
            environment: &environment.name,
            region: &environment.region,
            endpoint,
            dashboards_folder,
            database: environment.database(),
            table: environment.table(),
            device: identifier(&model.device.dimension),
            device_name: &model.device.dimension,
            events: events(model),
            corrected: model.time.as_ref().map(|_| corrected(model)),
            ranged: numbers.iter().filter(|number| number.outside.is_some()).cloned().collect(),
            batteries: numbers
                .iter()
                .filter(|number| number.name.to_lowercase().contains("battery"))
                .cloned()
                .collect(),
            numbers,
            states: model
                .measures
                .iter()
                .filter(|measure| matches!(measure.kind, MeasureType::Boolean | MeasureType::Varchar))
                .map(|measure| State {
                    title: title(&measure.name),
                    column: identifier(&measure.name),
                    value: value(model, measure),
                    filter: filter(model, measure),
                })
                .collect(),
            choices: model
                .measures
                .iter()
                .filter(is_number)
                .filter(|measure| chosen.is_none_or(|kind| measure.kind == kind))
                .map(|measure| measure.name.as_str())
                .collect(),
            picked: picked(model, chosen),
        }
    }
}

impl Number {
    fn new(model: &Model, index: usize, measure: &Measure) -> Self {
        let value = value(model, measure);
        let range = measure.normal;
        Self {
            name: measure.name.clone(),
            title: title(&measure.name),
            about: range.map_or_else(
                || "No range is normal by the model.".to_owned(),
                |Range { min, max }| format!("Normal by the model: {min} to {max}."),
            ),
            column: identifier(&measure.name),
            filter: filter(model, measure),
            outside: range.map(|Range { min, max }| format!("{value} < {min:?} OR {value} > {max:?}")),
            min: range.map(|range| range.min),
            max: range.map(|range| range.max),
            unit: units::id(measure.unit.as_deref()),
            steps: steps(range),
            letter: letter(index),
            uid: uid(&measure.name),
            value,
        }
    }
}

/// Green where it is normal. Without a range nothing is good or bad.
fn steps(range: Option<Range>) -> Vec<Step> {
    let Some(Range { min, max }) = range else { return vec![Step { color: "text", value: None }] };
    vec![
        Step { color: "red", value: None },
        Step { color: "green", value: Some(min) },
        Step { color: "red", value: Some(max) },
    ]
}

/// One row an event. In the layout `single` an event is several records of one device and time.
fn events(model: &Model) -> String {
    match &model.record {
        RecordLayout::Multi { name } => format!("{TABLE} WHERE measure_name = {} AND {TIME}", literal(name)),
        RecordLayout::Single => {
            let names: Vec<String> = model.measures.iter().map(|measure| literal(&measure.name)).collect();
            format!(
                "(SELECT DISTINCT {}, time FROM {TABLE} WHERE measure_name IN ({}) AND {TIME}) WHERE {TIME}",
                identifier(&model.device.dimension),
                names.join(", "),
            )
        }
    }
}

fn corrected(model: &Model) -> String {
    match &model.record {
        RecordLayout::Multi { name } => {
            format!("measure_name = {} AND {}", literal(name), identifier(TIME_CORRECTED))
        }
        RecordLayout::Single => format!("measure_name = {}", literal(TIME_CORRECTED)),
    }
}

fn value(model: &Model, measure: &Measure) -> String {
    match &model.record {
        RecordLayout::Multi { .. } => identifier(&measure.name),
        RecordLayout::Single => format!("measure_value::{}", measure.kind.name()),
    }
}

fn filter(model: &Model, measure: &Measure) -> String {
    match &model.record {
        RecordLayout::Multi { name } => {
            format!("measure_name = {} AND {} IS NOT NULL", literal(name), identifier(&measure.name))
        }
        RecordLayout::Single => format!("measure_name = {}", literal(&measure.name)),
    }
}

/// In the layout `single`, the type of the measures that can be chosen: a query has one column of
/// values, and types have columns of their own.
fn chosen_kind(model: &Model) -> Option<MeasureType> {
    let doubles = || model.measures.iter().any(|measure| measure.kind == MeasureType::Double);
    match model.record {
        RecordLayout::Multi { .. } => None,
        RecordLayout::Single if doubles() => Some(MeasureType::Double),
        RecordLayout::Single => Some(MeasureType::Bigint),
    }
}

/// The names to choose from are those of the model, so that the variable is put in as it is.
fn picked(model: &Model, kind: Option<MeasureType>) -> Picked {
    match &model.record {
        RecordLayout::Multi { name } => Picked {
            value: "\"${measure:raw}\"".to_owned(),
            filter: format!("measure_name = {} AND \"${{measure:raw}}\" IS NOT NULL", literal(name)),
        },
        RecordLayout::Single => Picked {
            value: format!("measure_value::{}", kind.unwrap_or(MeasureType::Double).name()),
            filter: "measure_name = '${measure:raw}'".to_owned(),
        },
    }
}

/// `A` to `Z`, then `A1` and so on.
fn letter(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// The identifier of a measure's alert, which Grafana keeps the alert's state and silences by: of the name
/// alone, so that it stays when other measures come and go. Grafana takes 40 letters, digits, hyphens and
/// underscores; a name may be longer and have others, so that a hash tells names apart.
fn uid(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let words: String = name.chars().map(plain).take(20).collect();
    let hash = Sha256::digest(name.as_bytes());
    let hash = hash.iter().take(6).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    format!("sluice-{words}-{hash}")
}

/// `battery_level` as a heading: `Battery level`.
fn title(name: &str) -> String {
    let mut letters = name.chars().map(|c| if c == '_' { ' ' } else { c });
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_headings_and_sql() {
        assert_eq!(title("battery_level"), "Battery level");
        assert_eq!(title("ünit"), "Ünit");
        assert_eq!(title(""), "");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!([0, 25, 26, 53].map(letter), ["A", "Z", "A1", "B2"]);
    }

    #[test]
    fn names_become_identifiers_that_differ() {
        let long = "a".repeat(256);
        let longer = "a".repeat(257);
        let names = ["battery_level", "battery-level", "ünit", "", "it's << \"$x\"", &long, &longer];
        let uids: std::collections::BTreeSet<String> = names.into_iter().map(uid).collect();
        assert_eq!(uids.len(), names.len(), "{uids:?}");
        for uid in uids {
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            assert!((1..=40).contains(&uid.len()) && uid.bytes().all(is_plain), "{uid}");
        }
    }
}
