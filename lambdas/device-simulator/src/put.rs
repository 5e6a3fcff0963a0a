//! Events go into the stream: in requests as large as Kinesis takes, again where it refused some.
//!
//! [PutRecords](https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html) answers
//! success also when it took none of the records: what it refused stands in the answer, record by
//! record. The SDK repeats a request that failed as a whole, this module the records of one that did not.

use std::time::{Duration, SystemTime};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::DisplayErrorContext;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use device_simulator::Event;
use fastrand::Rng;
use serde::Serialize;

/// Records of a request, at most.
const REQUEST_RECORDS: usize = 500;
/// Bytes of a request, keys included, at most.
const REQUEST_BYTES: usize = 5 * 1024 * 1024;
/// The longest wait before the first repetition; it doubles from one to the next.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait of all.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What became of the events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// Events that the stream took.
    pub sent: usize,
    /// Events that it did not take until the time was over.
    pub failed: usize,
    /// Records that were sent once more, each time counted.
    pub retried: usize,
    /// Requests that were made.
    pub requests: usize,
}

/// Puts `events` into `stream`, until all are there or it is `deadline`.
pub(crate) async fn put(
    client: &Client,
    stream: &str,
    events: Vec<Event>,
    deadline: SystemTime,
    rng: &mut Rng,
) -> Report {
    let mut report = Report::default();
    let mut left = events;
    let mut longest = FIRST_WAIT;
    while !left.is_empty() {
        let mut refused = Vec::new();
        for request in requests(left) {
            report.requests += 1;
            let records = request.len();
            let rest = send(client, stream, request, deadline).await;
            report.sent += records - rest.len();
            refused.extend(rest);
        }
        left = refused;
        let wait = longest.mul_f64(rng.f64());
        longest = (longest * 2).min(LONGEST_WAIT);
        if left.is_empty() || remaining(deadline) <= wait {
            break;
        }
        tokio::time::sleep(wait).await;
        report.retried += left.len();
    }
    report.failed = left.len();
    report
}

fn remaining(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

/// Makes one request and returns what it did not deliver.
async fn send(client: &Client, stream: &str, events: Vec<Event>, deadline: SystemTime) -> Vec<Event> {
    let entries = events.iter().filter_map(|event| {
        // The builder misses nothing: both fields are set.
        PutRecordsRequestEntry::builder()
            .data(Blob::new(event.payload.as_slice()))
            .partition_key(&event.key)
            .build()
            .ok()
    });
    let request = client.put_records().stream_name(stream).set_records(Some(entries.collect())).send();
    let answer = match tokio::time::timeout(remaining(deadline), request).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::warn!(records = events.len(), error = %DisplayErrorContext(&error), "request failed");
            return events;
        }
        Err(_) => {
            tracing::warn!(records = events.len(), "no answer in time");
            return events;
        }
    };
    let results = answer.records();
    let refused: Vec<_> = events
        .into_iter()
        .enumerate()
        // Without a result of its own a record was not delivered for all that is known.
        .filter(|(index, _)| results.get(*index).is_none_or(|result| result.error_code().is_some()))
        .map(|(_, event)| event)
        .collect();
    if !refused.is_empty() {
        let code = results.iter().find_map(|result| result.error_code());
        tracing::warn!(refused = refused.len(), code, "the stream refused records");
    }
    refused
}

/// Splits events into requests, in order.
fn requests(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut requests: Vec<Vec<Event>> = Vec::new();
    let mut bytes = 0;
    for event in events {
        let size = event.payload.len() + event.key.len();
        match requests.last_mut() {
            Some(request) if request.len() < REQUEST_RECORDS && bytes + size <= REQUEST_BYTES => {
                request.push(event);
                bytes += size;
            }
            _ => {
                requests.push(vec![event]);
                bytes = size;
            }
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_to_the_limits() {
        // Key and payload together.
        let megabyte = 1024 * 1024;
        let cases = [
            (vec![], vec![]),
            (vec![180; 1], vec![1]),
            (vec![180; 500], vec![500]),
            (vec![180; 1001], vec![500, 500, 1]),
            (vec![megabyte; 11], vec![5, 5, 1]),
            (vec![megabyte, 4 * megabyte, 1, 5 * megabyte, 1], vec![2, 1, 1, 1]),
        ];
        for (sizes, expected) in cases {
            let event = |(index, size): (usize, &usize)| Event {
                kind: 0,
                device: "d".to_owned(),
                topic: index.to_string(),
                key: "k".to_owned(),
                time: 0,
                payload: vec![b' '; size - 1],
                readings: Vec::new(),
            };
            let events: Vec<_> = sizes.iter().enumerate().map(event).collect();
            let found = requests(events.clone());
            assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{} events", sizes.len());
            assert_eq!(found.concat(), events);
        }
    }
}
