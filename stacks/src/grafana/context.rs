//! What the templates are filled with: the model as the [queries](panels) of its panels, and as words.

use serde::Serialize;
use sql::panels::{self, DataSource};
use telemetry::{EventKind, Measure, MeasureType, Model, Range};

use super::files::Place;
use super::notify::ContactPoint;
use super::source::Source;
use super::units;
use crate::environment::{AlertInterval, Environment, Grafana};

/// Name of the contact point.
const CONTACT_POINT: &str = "Sluice";

/// What every template may name.
#[derive(Debug, Serialize)]
pub(super) struct Context<'a> {
    environment: &'a str,
    region: &'a str,
    /// The data source, and the words of its dialect.
    source: Source,
    /// Timestream's, where the data source does not find it itself.
    endpoint: Option<&'a str>,
    /// The authority that certifies `PostgreSQL`, as Grafana reads the path: a `$` begins a variable.
    root_certificate: Option<String>,
    dashboards_folder: &'a str,
    database: String,
    table: &'a str,
    /// The role of a store that has roles.
    user: &'static str,
    /// The dimension of the device, as SQL, and as it is called.
    device: String,
    device_name: &'a str,
    /// The condition that leaves canaries out.
    devices: String,
    /// What the alerts ask for, where there are alerts.
    alerts: Option<Alerts>,
    /// Whom Grafana tells, and how it calls them.
    contact: Option<ContactPoint<'a>>,
    contact_name: &'static str,
    /// The measures of all kinds that have a normal range.
    watched: Vec<Number>,
}

/// What a dashboard of a kind may name beside that.
#[derive(Debug, Serialize)]
pub(super) struct KindContext<'a> {
    #[serde(flatten)]
    all: &'a Context<'a>,
    /// What the dashboards are about: the environment, behind the kind's name where it has one.
    place: String,
    /// Ids of the dashboards.
    uids: Uids,
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

/// Ids of the dashboards of a kind. Grafana takes 40 characters.
#[derive(Debug, Serialize)]
pub(super) struct Uids {
    pub device: String,
    pub fleet: String,
    pub statistics: String,
}

impl Uids {
    pub fn of(kind: &EventKind) -> Self {
        let of = |only: &str, named: &str| match &kind.name {
            Some(name) => format!("{name}-{named}"),
            None => only.to_owned(),
        };
        Self {
            device: of("sluice-device", "device"),
            fleet: of("sluice-fleet", "fleet"),
            statistics: of("sluice-statistics", "stats"),
        }
    }
}

/// How often the store is asked for what people are alarmed about.
#[derive(Debug, Serialize)]
struct Alerts {
    /// As Grafana writes it.
    interval: String,
    /// The instant of the last time, as SQL.
    since: String,
    /// Without an event for so long, something stands still. In seconds, no less than the interval.
    silence: u32,
}

impl Alerts {
    /// The shortest silence that is worth an alarm, in seconds.
    const SILENCE: u32 = 900;

    fn new<D: DataSource>(interval: AlertInterval) -> Self {
        let seconds = interval.seconds();
        Self { interval: interval.to_string(), since: D::ago(seconds), silence: seconds.max(Self::SILENCE) }
    }
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
    /// What an alert calls it, as text of SQL.
    literal: String,
    /// The condition for values that are not normal, where something is.
    outside: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
    /// The ends of the normal range, as numbers of SQL.
    least: Option<String>,
    most: Option<String>,
    /// The first and the last value of a group, as SQL.
    earliest: String,
    latest: String,
    /// The values below which half, nine tenths and ninety-nine hundredths of a group are, as SQL.
    percentiles: [String; 3],
    unit: String,
    steps: Vec<Step>,
    /// `refId` of its query, where a panel has one for each measure.
    letter: String,
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

impl From<panels::Value> for Picked {
    fn from(panels::Value { value, filter }: panels::Value) -> Self {
        Self { value, filter }
    }
}

/// From which value on a number has a colour. The first step has no value.
#[derive(Debug, Clone, Serialize)]
struct Step {
    color: &'static str,
    value: Option<f64>,
}

impl<'a> Context<'a> {
    /// Derives what all templates have of a model in an environment.
    pub fn new<D: DataSource>(
        model: &'a Model,
        source: Source,
        environment: &'a Environment,
        place: Place<'a>,
        dashboards_folder: &'a str,
    ) -> Self {
        let first = model.first();
        Self {
            environment: &environment.name,
            region: &environment.region,
            source,
            endpoint: place.endpoint,
            root_certificate: place.root_certificate.map(|path| path.replace('$', "$$")),
            dashboards_folder,
            database: environment.database(),
            table: environment.table(),
            user: postgres::schema::GRAFANA,
            device: panels::device(first),
            device_name: &first.device.dimension,
            devices: panels::devices::<D>(first),
            alerts: match &environment.grafana {
                Grafana::Container(container) => container.alerts.map(Alerts::new::<D>),
                Grafana::None | Grafana::Managed => None,
            },
            contact: ContactPoint::of(environment),
            contact_name: CONTACT_POINT,
            watched: model
                .kinds
                .iter()
                .flat_map(numbers::<D>)
                .filter(|number| number.outside.is_some())
                .collect(),
        }
    }
}

impl<'a> KindContext<'a> {
    /// Derives what the dashboards of a kind have.
    pub fn new<D: DataSource>(all: &'a Context<'a>, kind: &'a EventKind) -> Self {
        let numbers = numbers::<D>(kind);
        let chosen = panels::chosen_kind(kind);
        let environment = all.environment;
        Self {
            all,
            place: kind
                .name
                .as_ref()
                .map_or_else(|| environment.to_owned(), |name| format!("{name}, {environment}")),
            uids: Uids::of(kind),
            events: panels::events::<D>(kind, all.table),
            corrected: kind.time.as_ref().map(|_| panels::corrected::<D>(kind)),
            ranged: numbers.iter().filter(|number| number.outside.is_some()).cloned().collect(),
            batteries: numbers
                .iter()
                .filter(|number| number.name.to_lowercase().contains("battery"))
                .cloned()
                .collect(),
            numbers,
            states: kind
                .measures
                .iter()
                .filter(|measure| matches!(measure.kind, MeasureType::Boolean | MeasureType::Varchar))
                .map(|measure| {
                    let panels::Value { value, filter } = panels::measure::<D>(kind, measure);
                    State { title: title(&measure.name), column: panels::alias(measure), value, filter }
                })
                .collect(),
            choices: kind
                .measures
                .iter()
                .filter(|measure| is_number(measure))
                .filter(|measure| chosen.is_none_or(|kind| measure.kind == kind))
                .map(|measure| measure.name.as_str())
                .collect(),
            picked: panels::picked::<D>(kind).into(),
        }
    }
}

fn is_number(measure: &Measure) -> bool {
    matches!(measure.kind, MeasureType::Double | MeasureType::Bigint)
}

fn numbers<D: DataSource>(kind: &EventKind) -> Vec<Number> {
    let numbers = kind.measures.iter().filter(|measure| is_number(measure)).enumerate();
    numbers.map(|(index, measure)| Number::new::<D>(kind, index, measure)).collect()
}

impl Number {
    fn new<D: DataSource>(kind: &EventKind, index: usize, measure: &Measure) -> Self {
        let panels::Value { value, filter } = panels::measure::<D>(kind, measure);
        let range = measure.normal;
        Self {
            name: measure.name.clone(),
            title: title(&measure.name),
            about: range.map_or_else(
                || "No range is normal by the model.".to_owned(),
                |Range { min, max }| format!("Normal by the model: {min} to {max}."),
            ),
            column: panels::alias(measure),
            filter,
            literal: panels::text::<D>(&told(kind, measure)),
            outside: range.map(|range| panels::outside(&value, range)),
            min: range.map(|range| range.min),
            max: range.map(|range| range.max),
            least: range.map(|range| panels::bound(range.min)),
            most: range.map(|range| panels::bound(range.max)),
            earliest: D::earliest(&value),
            latest: D::latest(&value),
            percentiles: ["0.5", "0.9", "0.99"].map(|share| D::percentile(&value, share)),
            unit: units::id(measure.unit.as_deref()),
            steps: steps(range),
            letter: letter(index),
            value,
        }
    }
}

/// What an alert calls a measure: kinds may share a name, and a device may send several kinds.
fn told(kind: &EventKind, measure: &Measure) -> String {
    kind.name.as_ref().map_or_else(|| measure.name.clone(), |kind| format!("{kind} {}", measure.name))
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

/// `A` to `Z`, then `A1` and so on.
fn letter(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// `battery_level` as a heading: `Battery level`.
fn title(name: &str) -> String {
    let mut letters = name.chars().map(|c| if c == '_' { ' ' } else { c });
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_headings() {
        assert_eq!(title("battery_level"), "Battery level");
        assert_eq!(title("ünit"), "Ünit");
        assert_eq!(title(""), "");
        assert_eq!([0, 25, 26, 53].map(letter), ["A", "Z", "A1", "B2"]);
    }
}
