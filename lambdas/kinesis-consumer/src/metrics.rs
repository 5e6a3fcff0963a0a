//! What an invocation did, in numbers: one line of the
//! [Embedded Metric Format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
//! from which CloudWatch makes metrics without a request.

use std::time::Duration;

use serde_json::{Value, json};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Sluice";

/// Values of one metric in one line.
const MAX_VALUES: usize = 100;

/// The numbers of one invocation. Each but the latencies is a count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Events that were delivered: of an aggregate, each.
    pub events: u64,
    /// Records that are in the store after it.
    pub records: u64,
    /// Events whose clock was ahead.
    pub corrected: u64,
    /// Events that went to quarantine.
    pub quarantined: u64,
    /// Values outside of their normal range.
    pub out_of_range: u64,
    /// Fields that the model does not name.
    pub undeclared: u64,
    /// Requests that the store throttled.
    pub throttled: u64,
    /// Requests that the store failed to answer.
    pub unavailable: u64,
    /// Records, and values of a batch, that a later version had replaced already.
    pub superseded: u64,
    /// Records that got measures of an earlier event of their instant: had both come in different batches,
    /// the later one would have replaced the earlier one with all its measures.
    pub joined: u64,
    /// Events that are to be delivered again.
    pub failed: u64,
    /// How long requests to the store took.
    pub write_latency: Vec<Duration>,
}

impl Metrics {
    /// The line, for the time `now_ms` in milliseconds since 1970, with the dimension `function`.
    pub fn line(&self, function: &str, now_ms: u128) -> String {
        let latencies: Vec<f64> = self
            .write_latency
            .iter()
            .take(MAX_VALUES)
            .map(|latency| latency.as_secs_f64() * 1000.0)
            .collect();
        let counts = [
            ("Events", self.events),
            ("Records", self.records),
            ("Corrected", self.corrected),
            ("Quarantined", self.quarantined),
            ("OutOfRange", self.out_of_range),
            ("Undeclared", self.undeclared),
            ("Throttled", self.throttled),
            ("Unavailable", self.unavailable),
            ("Superseded", self.superseded),
            ("Joined", self.joined),
            ("Failed", self.failed),
        ];
        let mut definitions: Vec<Value> =
            counts.iter().map(|(name, _)| json!({ "Name": name, "Unit": "Count" })).collect();
        let mut line = serde_json::Map::new();
        line.extend(counts.map(|(name, count)| (name.to_owned(), count.into())));
        if !latencies.is_empty() {
            definitions.push(json!({ "Name": "WriteLatency", "Unit": "Milliseconds" }));
            line.insert("WriteLatency".to_owned(), latencies.into());
        }
        line.insert("function".to_owned(), function.into());
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": u64::try_from(now_ms).unwrap_or(u64::MAX),
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": definitions }],
            }),
        );
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_value_in_one_line() {
        for latencies in [0, 1, MAX_VALUES + 1] {
            let metrics = Metrics {
                events: 3,
                write_latency: vec![Duration::from_millis(5); latencies],
                ..Metrics::default()
            };
            let line = metrics.line("consumer", 1_609_757_180_000);
            assert!(!line.contains('\n'));
            let line: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(line["_aws"]["Timestamp"], 1_609_757_180_000_u64);
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(
                (&directive["Namespace"], &directive["Dimensions"]),
                (&json!("Sluice"), &json!([["function"]]))
            );
            assert_eq!((&line["function"], &line["Events"]), (&json!("consumer"), &json!(3)));
            let definitions = directive["Metrics"].as_array().expect("definitions");
            assert_eq!(definitions.len(), 11 + usize::from(latencies > 0));
            for definition in definitions {
                let value = &line[definition["Name"].as_str().expect("a name")];
                let count = value.as_array().map_or(1, Vec::len);
                assert!(!value.is_null() && count <= MAX_VALUES, "{definition}");
            }
        }
    }
}
