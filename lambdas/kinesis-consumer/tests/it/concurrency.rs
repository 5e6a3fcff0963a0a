//! Several functions at once, as with a stream of several shards, whose batches overlap: the latest arrival wins,
//! whichever is written last.

use std::time::Duration;

use kinesis_consumer::outgoing::{Gathered, Settled};
use kinesis_consumer::written::Fate;
use telemetry::{DimensionValue, Lateness, MeasureValue, Measured, Record, Value};
use tokio::time::Instant;

use crate::bench::{ARRIVAL_MS, Bench, Kind, for_direct};
use crate::services::Faults;

const WRITERS: usize = 8;
const SERIES: i64 = 10_000;
/// Those of the other way, which ends at the same function of the database.
const FEWER_SERIES: i64 = 2_000;
/// Versions of each series: the first, and its corrections.
const VERSIONS: i64 = 3;
/// Records of one batch.
const BATCH: usize = 2_000;

/// The version `version` of a series, which says in its value which it is.
fn record(series: i64, version: i64) -> Record {
    let value = Value::Bigint(series * 10 + version);
    Record {
        dimensions: [DimensionValue { name: "device".into(), value: format!("d{series}") }].into(),
        measure_name: "m".into(),
        measured: Measured::Multi(vec![MeasureValue { name: "value".into(), value }]),
        time: ARRIVAL_MS * 1_000_000 + 1,
        version,
    }
}

#[tokio::test]
async fn no_series_is_stale_by_the_data_api() {
    no_series_is_stale(Kind::Postgres, SERIES).await;
}

for_direct!(no_series_is_stale_after_eight_shuffled_writers);

async fn no_series_is_stale_after_eight_shuffled_writers(kind: Kind) {
    no_series_is_stale(kind, FEWER_SERIES).await;
}

async fn no_series_is_stale(kind: Kind, count: i64) {
    let mut chance = fastrand::Rng::with_seed(7);
    let mut streams: Vec<Vec<Record>> = vec![Vec::new(); WRITERS];
    for series in 0..count {
        for version in 1..=VERSIONS {
            // Each is delivered twice, to two of them.
            let first = chance.usize(..WRITERS);
            let second = (first + chance.usize(1..WRITERS)) % WRITERS;
            for writer in [first, second] {
                streams[writer].push(record(series, version));
            }
        }
    }
    for stream in &mut streams {
        chance.shuffle(stream);
    }
    let bench = Bench::of(kind, Faults::default()).await;
    let store = &bench.consumer.store;
    let until = Instant::now() + Duration::from_mins(5);
    let writers = streams.iter().map(async |stream| {
        for batch in stream.chunks(BATCH) {
            let mut gathered = Gathered::default();
            for (event, record) in batch.iter().enumerate() {
                gathered.add(record.clone(), event);
            }
            let Settled { outgoing, .. } = gathered.settle(bench.consumer.decoder.limits());
            let written = store.write(&outgoing, |_| Lateness::Fresh, until).await;
            let decided = |fate: &Fate| matches!(fate, Fate::Stored | Fate::Superseded);
            assert!(written.fates.iter().all(decided), "{:?}", written.unusable);
        }
    });
    futures::future::join_all(writers).await;
    let stale = bench.count(&format!("WHERE value % 10 <> {VERSIONS} OR version <> {VERSIONS}")).await;
    assert_eq!((bench.count("").await, stale), (count, 0));
}
