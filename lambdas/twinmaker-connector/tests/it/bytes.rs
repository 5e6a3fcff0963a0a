//! Answers end before they are larger than Lambda passes on, and the next one goes on where they ended.

use std::collections::BTreeMap;

use aws_sdk_timestreamquery::types::{Datum, Row as StoreRow};
use proptest::prelude::*;
use serde_json::{Value, json};
use sql::TableName;
use twinmaker_connector::catalog::{Catalog, Columns};
use twinmaker_connector::history::Mapping;
use twinmaker_connector::instant::Instant;
use twinmaker_connector::plan::Plan;
use twinmaker_connector::request::{History, Request};
use twinmaker_connector::response::HistoryResponse;
use twinmaker_connector::store::queries::{Layout, Scope};
use twinmaker_connector::token::{Progress, Token};
use twinmaker_connector::track::{Ending, Track};

use crate::fixture::{FirstPage, Fixture, Row, Server, model};

/// What Lambda passes on at most ([6 MB](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)).
const LAMBDA_BYTES: usize = 6_291_556;
const PROPERTIES: usize = 10;
/// Points of a page and property.
const PAGE: usize = 250;
/// 2022-08-25T00:00:00Z
const START: i64 = 1_661_385_600_000_000_000;
const SECOND: i64 = 1_000_000_000;

fn names() -> Vec<String> {
    (0..PROPERTIES).map(|index| format!("p{index}")).collect()
}

fn texts() -> telemetry::EventKind {
    let measures: Vec<Value> =
        names().iter().map(|name| json!({ "name": name, "type": "varchar" })).collect();
    model(&json!({ "layout": "single" }), "device", &[], &json!(measures))
}

fn time(second: i64) -> Instant {
    Instant::from_nanos(START + second * SECOND)
}

/// JSON inside of a text, which half consists of what has to be escaped. Two kilobytes are what the store
/// takes in a record, its device, name and time among them.
fn long_text(property: usize, record: i64) -> String {
    let mut text = format!("{property}/{record} ");
    while text.len() < 1_950 {
        text.push_str("\"\\x");
    }
    text
}

#[tokio::test]
async fn ten_properties_of_two_kilobytes_a_point_come_once_in_answers_that_lambda_passes_on() {
    for server in Server::each(FirstPage::Rows) {
        passes_on_ten_properties(&server).await;
    }
}

async fn passes_on_ten_properties(server: &Server) {
    const RECORDS: i64 = 500;
    let (fixture, store) = (Fixture::new(server, texts()).await, server.name());
    let rows: Vec<Row> = (0..RECORDS)
        .map(|record| Row {
            time: time(record).iso(),
            dimensions: BTreeMap::from([("device".to_owned(), "kitchen".to_owned())]),
            measures: names()
                .into_iter()
                .enumerate()
                .map(|(property, name)| (name, json!(long_text(property, record))))
                .collect(),
        })
        .collect();
    fixture.write(&rows).await;
    for order in ["ASCENDING", "DESCENDING"] {
        let mut request = json!({
            "entityId": "e", "componentName": "c", "selectedProperties": names(),
            "startTime": time(0).iso(), "endTime": time(RECORDS).iso(),
            "maxResults": PAGE, "orderByTime": order,
            "properties": { "device": { "value": { "stringValue": "kitchen" } } },
        });
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut pages = 0;
        loop {
            let answer = fixture.answer(&request).await.expect("an answer");
            let bytes = answer.to_string().len();
            assert!(bytes <= LAMBDA_BYTES, "{store}, {order}, page {pages}: {bytes} bytes");
            for entry in answer["propertyValues"].as_array().expect("entries") {
                let name = entry["entityPropertyReference"]["propertyName"].as_str().expect("a name");
                let values = entry["values"].as_array().expect("values");
                assert!(values.len() <= PAGE, "{store}, {order}, page {pages}");
                let texts = values.iter().map(|one| one["value"]["stringValue"].as_str().expect("text"));
                found.entry(name.to_owned()).or_default().extend(texts.map(str::to_owned));
            }
            pages += 1;
            match answer["nextToken"].as_str() {
                Some(token) => request["nextToken"] = json!(token),
                None => break,
            }
        }
        for (property, name) in names().into_iter().enumerate() {
            let mut expected: Vec<String> = (0..RECORDS).map(|record| long_text(property, record)).collect();
            if order == "DESCENDING" {
                expected.reverse();
            }
            assert!(found[&name] == expected, "{store}, {order}, {name}: {} points", found[&name].len());
        }
        // Full ones would be two.
        assert!((3..7).contains(&pages), "{store}, {order}: {pages} pages");
    }
}

/// Points of a property, by time and device.
type Points = BTreeMap<(i64, String), String>;

/// The rows of a page as the store answers them, of a property whose last page ended so; and the track that
/// takes them.
fn rows(
    history: &History,
    property: usize,
    points: &Points,
    progress: Progress,
) -> Option<(Track<Option<telemetry::Value>>, Vec<StoreRow>)> {
    let position = match progress {
        Progress::Done => return None,
        Progress::Start => None,
        Progress::After(position) => Some(position),
    };
    let limit = history.page + position.map_or(0, |position| position.seen) + 1;
    let from = position.map_or(i64::MIN, |position| position.time.nanos());
    let cell = |text: String| Datum::builder().scalar_value(text).build();
    let rows = points
        .iter()
        .filter(|((time, _), _)| *time >= from)
        .take(limit)
        .map(|((time, device), text)| {
            let cells = [property.to_string(), timestream::time::text(*time), device.clone(), text.clone()];
            StoreRow::builder().set_data(Some(cells.map(cell).into())).build().expect("a row")
        })
        .collect();
    Some((Track::new(history.fingerprint, history.page, limit, position), rows))
}

/// Follows the pages over `stored`, and gives the number of bytes of each.
fn follow(stored: &[Points], page: usize) -> Vec<usize> {
    let request = json!({
        "componentTypeId": "t", "selectedProperties": names(), "startTime": time(0).iso(),
        "endTime": time(1_000).iso(), "maxResults": page,
    });
    let Ok(Request::History(history)) = Request::read(&request) else { panic!("a history") };
    let catalog = Catalog::new(&texts());
    let plan = Plan::new(&history, &catalog).expect("a plan");
    let columns = Columns::new(["device", "measure_name", "measure_value::varchar"].map(str::to_owned));
    let table = TableName::new("db", "t");
    let scope = Scope { plan: &plan, table: &table, columns: &columns, order: history.order };

    let mut progress = vec![Progress::Start; PROPERTIES];
    let mut found: Vec<Vec<(i64, String, String)>> = vec![Vec::new(); PROPERTIES];
    let mut sizes = Vec::new();
    while progress.iter().any(|one| *one != Progress::Done) {
        let open: Vec<_> = progress
            .iter()
            .enumerate()
            .map(|(property, progress)| rows(&history, property, &stored[property], *progress))
            .collect();
        let (tracks, rows): (Vec<_>, Vec<_>) = open
            .into_iter()
            .map(|one| one.map_or((None, Vec::new()), |(track, rows)| (Some(track), rows)))
            .unzip();
        let mut mapping = Mapping::new(&history, &plan, Layout::points(&scope), tracks);
        for row in rows.into_iter().flatten() {
            mapping.row(row.into()).expect("a row");
        }
        let (gathered, endings) = mapping.finish().expect("an answer");
        let next: Vec<Progress> = endings
            .into_iter()
            .map(|ending| match ending {
                Ending::At(progress) => progress,
                Ending::OutOfReach => panic!("nothing arrived"),
            })
            .collect();
        let token = Token { end: None, progress: next.clone() }.write(history.fingerprint);
        let answer = HistoryResponse { property_values: gathered.finish(), next_token: Some(token) };
        sizes.push(serde_json::to_vec(&answer).expect("JSON").len());
        for entry in answer.property_values {
            let reference = entry.entity_property_reference;
            let property: usize = reference.property_name[1..].parse().expect("an index");
            let device = reference.external_id_property.expect("an external id")["device"].clone();
            for value in entry.values {
                let time = Instant::parse(&value.time).expect("a time").nanos();
                let text = json!(value.value)["stringValue"].as_str().expect("text").to_owned();
                found[property].push((time, device.clone(), text));
            }
        }
        assert_ne!(next, progress, "a page without end");
        progress = next;
    }
    for (found, stored) in found.iter_mut().zip(stored) {
        // Within a page an entry has the points of one device.
        found.sort();
        let stored: Vec<_> =
            stored.iter().map(|((time, device), text)| (*time, device.clone(), text.clone())).collect();
        assert!(*found == stored, "{} points of {}", found.len(), stored.len());
    }
    sizes
}

fn text(longest: usize) -> impl Strategy<Value = String> {
    (1..=longest, prop::sample::select(vec!["x", "\"", "\u{1}", "\n", "é", "😀"]))
        .prop_map(|(length, letter)| letter.repeat((length / letter.len()).max(1)))
}

/// Points of one device after the other at one time, after the other.
fn points() -> impl Strategy<Value = Points> {
    (prop::collection::vec(text(1_500), 1..4), prop::collection::vec(text(2_000), 0..130)).prop_map(
        |(devices, texts)| {
            texts
                .into_iter()
                .enumerate()
                .map(|(index, text)| {
                    let (second, device) = (index / devices.len(), index % devices.len());
                    let second = i64::try_from(second).expect("few");
                    ((START + second * SECOND, format!("{device}{}", devices[device])), text)
                })
                .collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_answer_is_larger_than_lambda_passes_on(
        stored in prop::collection::vec(points(), PROPERTIES),
        page in prop::sample::select(vec![1, 7, 60, PAGE]),
    ) {
        let sizes = follow(&stored, page);
        prop_assert!(sizes.iter().all(|bytes| *bytes <= LAMBDA_BYTES), "{sizes:?}");
    }
}

/// The largest of everything: each of ten properties has its part of each answer.
#[test]
fn properties_share_an_answer() {
    let points: Points =
        (0..300).map(|second| ((START + second * SECOND, "d".to_owned()), "\u{1}".repeat(2_048))).collect();
    let sizes = follow(&vec![points; PROPERTIES], PAGE);
    // 12,288 bytes a text, so 6 MB hold 488 of 3,000 points.
    assert!(sizes.len() <= 8, "{sizes:?}");
    assert!(sizes.iter().all(|bytes| *bytes <= LAMBDA_BYTES) && sizes[0] > 5_800_000, "{sizes:?}");
}
