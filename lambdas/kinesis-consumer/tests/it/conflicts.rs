//! Several events for one place in the store.

use kinesis_consumer::batch::Batch;

use crate::bench::{ARRIVAL_MS, Bench, Kind, delivery, failures, for_each_store};
use crate::services::Faults;

fn reading(measure: &str, value: i64) -> String {
    format!(r#"{{"id": "a", "t": 1609757170000, "{measure}": {value}}}"#)
}

/// Batches of (arrival after the first in ms, measure, value); the row at the end; quarantine; superseded.
type Case<'a> = (&'a str, &'a [&'a [(i64, &'a str, i64)]], &'a [(&'a str, &'a str)], &'a [&'a str], u64);

async fn the_latest_arrival_wins_and_contradictions_are_kept(kind: Kind) {
    let table: [Case<'_>; 8] = [
        ("a correction in the same batch", &[&[(0, "v", 1), (5, "v", 2)]], &[("value", "2")], &[], 1),
        ("a correction in a later batch", &[&[(0, "v", 1)], &[(5, "v", 2)]], &[("value", "2")], &[], 0),
        ("an old event after its correction", &[&[(5, "v", 2)], &[(0, "v", 1)]], &[("value", "2")], &[], 1),
        ("an old event beside its correction", &[&[(5, "v", 2), (0, "v", 1)]], &[("value", "2")], &[], 1),
        ("a contradiction in the same batch", &[&[(0, "v", 1), (0, "v", 2)]], &[("value", "1")], &["1"], 0),
        ("a contradiction in a later batch", &[&[(0, "v", 1)], &[(0, "v", 2)]], &[("value", "1")], &["0"], 0),
        ("the same event twice", &[&[(0, "v", 1), (0, "v", 1)], &[(0, "v", 1)]], &[("value", "1")], &[], 0),
        (
            "two measures of one instant",
            &[&[(0, "v", 1), (5, "w", 2)]],
            &[("value", "1"), ("other", "2")],
            &[],
            0,
        ),
    ];
    for (name, batches, row, quarantined, superseded) in table {
        let bench = Bench::of(kind, Faults::default()).await;
        let mut found = 0;
        for events in batches {
            let deliveries = events
                .iter()
                .enumerate()
                .map(|(sequence, (after, measure, value))| {
                    delivery(sequence, ARRIVAL_MS + after, reading(measure, *value).as_bytes())
                })
                .collect();
            let handled = bench.handle(&Batch { deliveries }).await;
            assert_eq!(failures(&handled), Vec::<String>::new(), "{name}");
            found += handled.metrics.superseded;
        }
        let rows = bench.rows().await;
        let held = bench.services.held();
        let measures: Vec<_> = rows.values().map(|(_, measures)| measures.clone()).collect();
        let expected = row.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(measures, [expected], "{name}");
        assert_eq!(
            held.quarantined(),
            quarantined.iter().map(|number| (*number).to_owned()).collect(),
            "{name}"
        );
        assert_eq!(found, superseded, "{name}");
    }
}

for_each_store!(the_latest_arrival_wins_and_contradictions_are_kept);
