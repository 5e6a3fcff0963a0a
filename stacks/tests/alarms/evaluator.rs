//! What CloudWatch makes of an alarm's properties and of values of its metric, as
//! [its guide](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html) has it.
//!
//! It knows what the alarms of this pipeline use: one metric by its dimensions, a sum or another statistic of it by a query,
//! or what it grew by (`DIFF`); M of N periods; and what a missing period counts as. Anything else is an error.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fixture::Place;

/// A value that a service wrote.
#[derive(Debug, Clone)]
pub struct Sample {
    pub namespace: &'static str,
    pub name: &'static str,
    pub dimensions: BTreeMap<&'static str, String>,
    /// When, in seconds.
    pub at: u32,
    pub value: f64,
}

/// How an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ok,
    Alarm,
}

/// Whose values an alarm takes.
enum Selection {
    /// Those under these dimensions and no others.
    Exactly { namespace: String, name: String, dimensions: BTreeMap<String, String> },
    /// Those under these dimensions, and whichever others.
    Among { namespace: String, name: String, dimensions: BTreeMap<String, String> },
}

/// An alarm.
pub struct Evaluator {
    selection: Selection,
    statistic: String,
    grown: bool,
    pub period: u32,
    periods: u32,
    bad: u32,
    threshold: f64,
    above: bool,
    missing_is_bad: bool,
}

impl Evaluator {
    /// Reads an alarm's properties.
    pub fn read(place: &Place, properties: &Value) -> Self {
        let count = |key: &str| u32::try_from(properties[key].as_u64().expect(key)).expect(key);
        let (selection, statistic, grown, period) = read_metric(place, properties);
        Self {
            selection,
            statistic,
            grown,
            period,
            periods: count("EvaluationPeriods"),
            bad: count("DatapointsToAlarm"),
            threshold: properties["Threshold"].as_f64().expect("Threshold"),
            above: match properties["ComparisonOperator"].as_str() {
                Some("GreaterThanThreshold") => true,
                Some("LessThanThreshold") => false,
                other => panic!("{other:?}"),
            },
            missing_is_bad: match properties["TreatMissingData"].as_str() {
                Some("breaching") => true,
                Some("notBreaching") => false,
                other => panic!("{other:?}"),
            },
        }
    }

    /// How it is after each period of these seconds, the first of them once it has seen enough.
    pub fn walk(&self, samples: &[Sample], seconds: u32) -> Vec<(u32, State)> {
        let values: Vec<Option<f64>> = (0..seconds / self.period)
            .map(|index| self.value(samples, index * self.period, (index + 1) * self.period))
            .collect();
        let values: Vec<Option<f64>> = if self.grown {
            let grown = |index: usize| Some(values[index]? - values[index.checked_sub(1)?]?);
            (0..values.len()).map(grown).collect()
        } else {
            values
        };
        let ends = self.periods as usize..=values.len();
        ends.map(|end| {
            let looked = &values[end - self.periods as usize..end];
            let bad = looked.iter().filter(|value| self.is_bad(**value)).count();
            let state = if bad >= self.bad as usize { State::Alarm } else { State::Ok };
            (u32::try_from(end).expect("few") * self.period, state)
        })
        .collect()
    }

    fn is_bad(&self, value: Option<f64>) -> bool {
        match value {
            None => self.missing_is_bad,
            Some(value) if self.above => value > self.threshold,
            Some(value) => value < self.threshold,
        }
    }

    fn value(&self, samples: &[Sample], from: u32, until: u32) -> Option<f64> {
        let of_period =
            samples.iter().filter(|sample| (from..until).contains(&sample.at) && self.takes(sample));
        let values: Vec<f64> = of_period.map(|sample| sample.value).collect();
        if values.is_empty() {
            return None;
        }
        let sum: f64 = values.iter().sum();
        Some(match self.statistic.as_str() {
            "Sum" | "SUM" => sum,
            "Average" | "AVG" => sum / f64::from(u32::try_from(values.len()).expect("few")),
            "Maximum" | "MAX" => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
            other => panic!("{other}"),
        })
    }

    fn takes(&self, sample: &Sample) -> bool {
        let has = |wanted: &BTreeMap<String, String>| {
            wanted.iter().all(|(name, value)| sample.dimensions.get(name.as_str()) == Some(value))
        };
        match &self.selection {
            Selection::Exactly { namespace, name, dimensions } => {
                (namespace.as_str(), name.as_str()) == (sample.namespace, sample.name)
                    && dimensions.len() == sample.dimensions.len()
                    && has(dimensions)
            }
            Selection::Among { namespace, name, dimensions } => {
                (namespace.as_str(), name.as_str()) == (sample.namespace, sample.name) && has(dimensions)
            }
        }
    }
}

fn read_metric(place: &Place, properties: &Value) -> (Selection, String, bool, u32) {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let period = |value: &Value| {
        let period = u32::try_from(value["Period"].as_u64().expect("Period")).expect("Period");
        assert!(period > 0 && period.is_multiple_of(60), "CloudWatch takes whole minutes");
        period
    };
    let exactly = |metric: &Value| {
        let dimensions = metric["Dimensions"].as_array().expect("Dimensions").iter();
        let dimensions = dimensions.map(|one| (text(&one["Name"]), place.resolve(&one["Value"])));
        Selection::Exactly {
            namespace: text(&metric["Namespace"]),
            name: text(&metric["MetricName"]),
            dimensions: dimensions.collect(),
        }
    };
    let Some(metrics) = properties["Metrics"].as_array() else {
        return (exactly(properties), text(&properties["Statistic"]), false, period(properties));
    };
    match &metrics[..] {
        [counted, grown] => {
            assert_eq!(grown["Expression"], format!("DIFF({})", text(&counted["Id"])));
            assert_eq!((&counted["ReturnData"], &grown["ReturnData"]), (&false.into(), &true.into()));
            let stat = &counted["MetricStat"];
            (exactly(&stat["Metric"]), text(&stat["Stat"]), true, period(stat))
        }
        [asked] => {
            assert_eq!(asked["ReturnData"], true);
            let (selection, statistic) = read_query(place, &text(&asked["Expression"]["Fn::Sub"]));
            (selection, statistic, false, period(asked))
        }
        _ => panic!("{metrics:?}"),
    }
}

/// `SELECT SUM("Failure") FROM "AWS/IoT" WHERE "RuleName" = '${IngestTopicRuleName}' AND …`.
fn read_query(place: &Place, query: &str) -> (Selection, String) {
    let parts = |text: &str| -> Option<(String, String, String, String)> {
        let rest = text.strip_prefix("SELECT ")?;
        let (statistic, rest) = rest.split_once("(\"")?;
        let (name, rest) = rest.split_once("\") FROM \"")?;
        let (namespace, conditions) = rest.split_once("\" WHERE ")?;
        Some((statistic.to_owned(), name.to_owned(), namespace.to_owned(), conditions.to_owned()))
    };
    let (statistic, name, namespace, conditions) = parts(query).unwrap_or_else(|| panic!("{query}"));
    let dimensions = conditions.split(" AND ").map(|condition| {
        let (dimension, value) = condition.split_once(" = '").unwrap_or_else(|| panic!("{query}"));
        let value = value.strip_suffix('\'').expect("a text");
        let parameter =
            value.strip_prefix("${").and_then(|value| value.strip_suffix('}')).expect("a parameter");
        let dimension = dimension.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        (
            dimension.expect("a name in quotes").to_owned(),
            place.resolve(&serde_json::json!({"Ref": parameter})),
        )
    });
    (Selection::Among { namespace, name, dimensions: dimensions.collect() }, statistic)
}
