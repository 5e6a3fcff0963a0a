//! Pages through many points, while others arrive: every point once, in order, in both directions.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twinmaker_connector::instant::Instant;

use crate::fixture::{FirstPage, Fixture, Row, Server, model};

/// 2022-08-25T00:00:00Z
const START: i64 = 1_661_385_600_000_000_000;
const SECOND: i64 = 1_000_000_000;
const PROPERTIES: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
/// 2,000 records of five measures: 10,000 points.
const RECORDS: i64 = 2_000;

/// Points by property: time and value, in the order in which they came.
type Points = BTreeMap<String, Vec<(i64, f64)>>;

fn iso(nanos: i64) -> String {
    Instant::from_nanos(nanos).iso()
}

async fn five_properties(server: &Server, layout: &Value) -> Fixture {
    let measures: Vec<Value> =
        PROPERTIES.iter().map(|name| json!({ "name": name, "type": "double" })).collect();
    Fixture::new(server, model(layout, "device", &[], &json!(measures))).await
}

fn row(device: &str, nanos: i64, measures: &[(&str, f64)]) -> Row {
    Row {
        time: iso(nanos),
        dimensions: BTreeMap::from([("device".to_owned(), device.to_owned())]),
        measures: measures.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect(),
    }
}

/// The value of a property in a record.
fn value(property: usize, record: i64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let value = record as f64 + property as f64 / 10.0;
    value
}

/// A page's points, and its token.
async fn page(fixture: &Fixture, request: &Value) -> (Points, Option<String>) {
    let answer = fixture.answer(request).await.expect("an answer");
    let mut points = Points::new();
    for entry in answer["propertyValues"].as_array().expect("entries") {
        let reference = &entry["entityPropertyReference"];
        let name = reference["propertyName"].as_str().expect("a name");
        let key = match reference["externalIdProperty"]["device"].as_str() {
            Some(device) => format!("{name} of {device}"),
            None => name.to_owned(),
        };
        let values = entry["values"].as_array().expect("values").iter().map(|one| {
            let time = Instant::parse(one["time"].as_str().expect("a time")).expect("ISO-8601");
            (time.nanos(), one["value"]["doubleValue"].as_f64().expect("a number"))
        });
        points.insert(key, values.collect());
    }
    (points, answer["nextToken"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn ten_thousand_points_of_five_properties_come_once_while_others_arrive() {
    for server in Server::each(FirstPage::Empty) {
        pages_through_many_points(&server).await;
    }
}

async fn pages_through_many_points(server: &Server) {
    for order in ["ASCENDING", "DESCENDING"] {
        let fixture = five_properties(server, &json!({ "layout": "multi", "name": "m" })).await;
        let rows: Vec<Row> = (0..RECORDS)
            .map(|record| {
                let measures: Vec<_> = PROPERTIES
                    .iter()
                    .enumerate()
                    .map(|(index, name)| (*name, value(index, record)))
                    .collect();
                row("kitchen", START + record * SECOND, &measures)
            })
            .collect();
        fixture.write(&rows).await;
        let mut request = json!({
            "entityId": "e", "componentName": "c", "selectedProperties": PROPERTIES,
            "startTime": iso(START), "endTime": iso(START + RECORDS * SECOND),
            "maxResults": 100, "orderByTime": order,
            "properties": { "device": { "value": { "stringValue": "kitchen" } } },
        });
        let forward = order == "ASCENDING";
        let mut expected: Points = PROPERTIES
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let points = (0..RECORDS).map(|record| (START + record * SECOND, value(index, record)));
                ((*name).to_owned(), points.collect())
            })
            .collect();
        let mut found = Points::new();
        let mut pages = 0;
        loop {
            let (points, token) = page(&fixture, &request).await;
            pages += 1;
            assert!(points.values().all(|points| points.len() <= 100), "{order}, page {pages}");
            for (name, points) in points {
                found.entry(name).or_default().extend(points);
            }
            let Some(token) = token else { break };
            request["nextToken"] = json!(token);
            // What arrives ahead of a property's position is returned, what arrives behind it is not.
            let mut arriving = Vec::new();
            for (name, points) in &found {
                let last = points.last().expect("a point").0;
                let (ahead, behind) = if forward { (last + 7, last - 7) } else { (last - 7, last + 7) };
                if (START..START + (RECORDS - 1) * SECOND).contains(&ahead) {
                    arriving.push(row("kitchen", ahead, &[(name, -1.0)]));
                    expected.get_mut(name).expect("a property").push((ahead, -1.0));
                }
                arriving.push(row("kitchen", behind, &[(name, -2.0)]));
                arriving.push(row("attic", ahead, &[(name, -3.0)]));
            }
            // Records of one device and time are joined, as the consumer joins those of a batch.
            fixture.write(&joined(arriving)).await;
        }
        for points in expected.values_mut() {
            points.sort_by_key(|(time, _)| if forward { *time } else { -*time });
        }
        for name in PROPERTIES {
            assert_eq!(found[name], expected[name], "{order}, {name}");
        }
        assert!(pages > 20, "{order}: {pages} pages");
    }
}

fn joined(rows: Vec<Row>) -> Vec<Row> {
    let mut all: BTreeMap<(String, String), Row> = BTreeMap::new();
    for row in rows {
        let key = (row.dimensions["device"].clone(), row.time.clone());
        match all.get_mut(&key) {
            Some(there) => there.measures.extend(row.measures),
            None => {
                all.insert(key, row);
            }
        }
    }
    all.into_values().collect()
}

/// Every device has a point at every time, and more devices appear at the very time at which a page ended,
/// before and after its last point.
#[tokio::test]
async fn points_of_one_time_come_once_while_others_arrive_at_that_time() {
    for server in Server::each(FirstPage::Empty) {
        pages_through_points_of_one_time(&server).await;
    }
}

async fn pages_through_points_of_one_time(server: &Server) {
    for layout in [json!({ "layout": "multi", "name": "m" }), json!({ "layout": "single" })] {
        for (order, size) in
            [("ASCENDING", 1), ("ASCENDING", 3), ("ASCENDING", 7), ("DESCENDING", 2), ("DESCENDING", 5)]
        {
            let fixture = five_properties(server, &layout).await;
            let mut rows = Vec::new();
            for second in 0..4 {
                for device in ["d1", "d2", "d3", "d4", "d5"] {
                    rows.push(row(device, START + second * SECOND, &[("p0", 1.0)]));
                }
            }
            fixture.write(&rows).await;
            let mut request = json!({
                "componentTypeId": "t", "selectedProperties": ["p0"], "startTime": iso(START),
                "endTime": iso(START + 9 * SECOND), "maxResults": size, "orderByTime": order,
            });
            let mut found: BTreeMap<(String, i64), usize> = BTreeMap::new();
            let mut due: Vec<(String, i64)> = Vec::new();
            for number in 0.. {
                let (points, token) = page(&fixture, &request).await;
                let mut last = (i64::MIN, String::new());
                for (name, points) in points {
                    for (time, _) in points {
                        *found.entry((name.clone(), time)).or_default() += 1;
                        let signed = if order == "ASCENDING" { time } else { -time };
                        last = last.max((signed, name.clone()));
                    }
                }
                let Some(token) = token else { break };
                request["nextToken"] = json!(token);
                if number >= 12 {
                    continue;
                }
                let time = last.0.abs();
                // Many before the position, so that it moves out of the rows that are read at first.
                let mut rows: Vec<Row> =
                    (0..9).map(|extra| row(&format!("a{number:02}{extra}"), time, &[("p0", 2.0)])).collect();
                let after = format!("z{number:02}");
                rows.push(row(&after, time, &[("p0", 3.0)]));
                due.push((format!("p0 of {after}"), time));
                fixture.write(&rows).await;
            }
            assert!(found.values().all(|count| *count == 1), "{order} {size}: twice: {found:?}");
            for second in 0..4 {
                for device in ["d1", "d2", "d3", "d4", "d5"] {
                    due.push((format!("p0 of {device}"), START + second * SECOND));
                }
            }
            for point in due {
                assert!(found.contains_key(&point), "{order} {size} {layout}: {point:?} is missing");
            }
        }
    }
}
