//! Records that the store keeps on disk, and throttles for hours if it comes to that.

use std::time::{Duration, Instant};

use crate::bench::{ARRIVAL_MS, Bench, MEMORY, batch, event, failures};
use crate::services::Faults;

const NANOS_A_MS: i64 = 1_000_000;

/// The first time, in milliseconds, that is not late.
fn memory_begins() -> i64 {
    ARRIVAL_MS - i64::try_from(MEMORY.as_millis()).expect("hours")
}

/// Of every three events two are fresh, and one is older than the memory store.
fn payload(number: usize) -> String {
    if number % 3 == 1 { old(number) } else { event(number) }
}

fn old(number: usize) -> String {
    let time = memory_begins() - 1 - i64::try_from(number).expect("few");
    format!(r#"{{"id": "d", "t": {time}, "v": {number}}}"#)
}

fn late_throttled() -> Faults {
    Faults { throttled_before: Some(memory_begins() * NANOS_A_MS), ..Faults::default() }
}

#[tokio::test]
async fn fresh_records_do_not_wait_for_late_ones() {
    let bench = Bench::new(late_throttled()).await;
    let batch = batch((0..900).map(payload));
    let handle = bench.handle_within(&batch, Duration::from_secs(8));
    let started = Instant::now();
    let fresh = async {
        while bench.services.held().rows.len() < 600 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started.elapsed()
    };
    let (handled, fresh) = tokio::join!(handle, fresh);
    assert!(
        fresh < Duration::from_secs(4),
        "the fresh ones took {fresh:?}, and the late ones {:?}",
        started.elapsed()
    );
    // The last pause that would begin is the longest, so that a slow machine gives up before.
    assert!(started.elapsed() > Duration::from_secs(2), "the late ones are tried as long as there is time");
    assert_eq!(handled.metrics.records, 600);
    let late: Vec<String> =
        (0..900).filter(|number| number % 3 == 1).map(|number| number.to_string()).collect();
    assert_eq!(failures(&handled), late, "Lambda delivers again from the first late one on");
    assert!(bench.services.held().messages.is_empty());

    bench.services.held().faults = Faults::default();
    assert_eq!(bench.deliver(&batch, Duration::from_mins(1)).await, 1);
    assert_eq!(bench.services.held().rows.len(), 900);
}

#[tokio::test]
async fn late_begins_where_the_memory_store_ends() {
    let bench = Bench::new(Faults::default()).await;
    let at = |time: i64| format!(r#"{{"id": "d", "t": {time}, "v": 1}}"#);
    bench.handle(&batch([at(memory_begins() - 1), at(memory_begins()), at(memory_begins() + 1)])).await;
    let mut requests = bench.services.held().requests.clone();
    requests.sort_unstable();
    assert_eq!(requests, [1, 2]);
}
