//! The rules of `WriteRecords`, one table for each, against a store with a clock that stands still.

use std::{
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::write_records;
use crate::{
    arn::Identity,
    clock::{Clock, DAY, HOUR, MINUTE, SECOND},
    control,
    faults::{Faults, Plan, RecordFaults},
    store::{ColumnKind, Measures, Store, Value as Stored, ValueType},
};

const NOW: i64 = 1_700_000_000 * SECOND;
const ALL: RangeInclusive<i64> = i64::MIN..=i64::MAX;

/// A store with the tables `plain`, `late` (magnetic store writes) and `keyed` (partitioned by the
/// required dimension `device`), which keep a day in memory and thirty days after that.
struct Fixture {
    store: Store,
    clock: Arc<AtomicI64>,
    state: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let state = TempDir::new().expect("a temporary folder");
        let clock = Arc::new(AtomicI64::new(NOW));
        let store = Store::open_at(state.path(), Clock::Manual(Arc::clone(&clock))).expect("a new store");
        let identity = Identity { region: "us-east-1".into(), account: "000000000000".into() };
        control::database::create(&store, &identity, json!({ "DatabaseName": "home" }))
            .expect("a new database");
        let device = json!({ "Type": "DIMENSION", "Name": "device", "EnforcementInRecord": "REQUIRED" });
        for (table, magnetic, key) in [
            ("plain", false, json!({ "Type": "MEASURE" })),
            ("late", true, json!({ "Type": "MEASURE" })),
            ("keyed", false, device),
        ] {
            let request = json!({
                "DatabaseName": "home",
                "TableName": table,
                "RetentionProperties": {
                    "MemoryStoreRetentionPeriodInHours": 24,
                    "MagneticStoreRetentionPeriodInDays": 30,
                },
                "MagneticStoreWriteProperties": { "EnableMagneticStoreWrites": magnetic },
                "Schema": { "CompositePartitionKey": [key] },
            });
            control::table::create(&store, &identity, request).expect("a new table");
        }
        Self { store, clock, state }
    }

    /// What a request is answered: `written total/memory/magnetic`, `rejected` with a line for each
    /// record, or the error.
    fn write(&self, table: &str, request: Value) -> String {
        self.write_with(&mut RecordFaults::default(), table, request)
    }

    fn write_with(&self, faults: &mut RecordFaults, table: &str, mut request: Value) -> String {
        request["DatabaseName"] = json!("home");
        request["TableName"] = json!(table);
        match write_records(&self.store, faults, request) {
            Ok(answer) => {
                let count = |store: &str| answer["RecordsIngested"][store].to_string();
                format!("written {}/{}/{}", count("Total"), count("MemoryStore"), count("MagneticStore"))
            }
            Err(error) if error.fields.is_empty() => error.to_string(),
            Err(error) => {
                let mut lines = vec!["rejected".to_owned()];
                for record in error.fields["RejectedRecords"].as_array().expect("a list") {
                    let reason = record["Reason"].as_str().expect("a sentence");
                    let existing = record
                        .get("ExistingVersion")
                        .map_or(String::new(), |version| format!(" ({version})"));
                    lines.push(format!("{}: {reason}{existing}", record["RecordIndex"]));
                }
                lines.join("\n")
            }
        }
    }

    /// The rows of a table as `time version measures`, times relative to now.
    fn rows(&self, table: &str) -> Vec<(i64, i64, Measures)> {
        let snapshot = self.store.snapshot("home", table, ALL).expect("the table exists");
        snapshot.rows.iter().map(|row| (row.time - NOW, row.version, row.measures.clone())).collect()
    }
}

fn milliseconds(nanoseconds: i64) -> String {
    (nanoseconds / 1_000_000).to_string()
}

/// A valid record, changed by `change`.
fn record(change: Value) -> Value {
    let mut record = json!({
        "Dimensions": [{ "Name": "device", "Value": "d1" }],
        "MeasureName": "temperature",
        "MeasureValue": "21.5",
        "Time": milliseconds(NOW),
    });
    merge(&mut record, change);
    record
}

/// A valid multi-measure record with these values.
fn multi(values: &[(&str, &str, &str)]) -> Value {
    let values: Vec<Value> = values
        .iter()
        .map(|(name, value, kind)| json!({ "Name": name, "Value": value, "Type": kind }))
        .collect();
    record(json!({
        "MeasureName": "metrics", "MeasureValue": null, "MeasureValueType": "MULTI", "MeasureValues": values,
    }))
}

fn merge(record: &mut Value, change: Value) {
    let Value::Object(change) = change else { panic!("a change is an object") };
    for (key, value) in change {
        record[&key] = value;
    }
}

/// A new table answers `request` with something that contains `expected`.
fn check(table: &str, request: Value, expected: &str) {
    let sent = request.to_string();
    let answer = Fixture::new().write(table, request);
    assert!(answer.contains(expected), "{sent}\n  answers: {answer}\n  expected: {expected}");
}

#[test]
fn requests_that_fail_as_a_whole() {
    let dimension = |name: &str| json!([{ "Name": name, "Value": "v" }]);
    let twice = json!([{ "Name": "device", "Value": "a" }, { "Name": "device", "Value": "b" }]);
    let many: Vec<Value> = (0..129).map(|n| json!({ "Name": format!("d{n}"), "Value": "v" })).collect();
    let value = |kind: &str, text: &str| json!({ "MeasureValueType": kind, "MeasureValue": text });
    for (change, expected) in [
        (json!({ "Dimensions": [] }), "At least one dimension is required for a record."),
        (json!({ "Dimensions": null }), "At least one dimension is required for a record."),
        (json!({ "Dimensions": twice }), "the dimension \"device\" is given more than once"),
        (json!({ "Dimensions": many }), "less than or equal to 128"),
        (json!({ "Dimensions": dimension("ts_x") }), "The dimension name \"ts_x\" is reserved."),
        (json!({ "Dimensions": dimension("a:b") }), "must not contain a colon"),
        (json!({ "Dimensions": [{ "Name": "d", "Value": "v", "DimensionValueType": "BIGINT" }] }), "BIGINT"),
        (json!({ "MeasureName": null }), "A measure name is required for a record."),
        (json!({ "MeasureName": "time" }), "The measure name \"time\" is reserved."),
        (json!({ "MeasureName": "" }), "must not be empty"),
        (json!({ "MeasureValue": null }), "A measure value is required for a record."),
        (json!({ "MeasureValue": "" }), "Member must have length between 1 and 2048"),
        (json!({ "MeasureValue": 21.5 }), "expected a string"),
        (value("VARCHAR", &"x".repeat(2049)), "Member must have length between 1 and 2048"),
        (value("DOUBLE", "NaN"), "The value \"NaN\" of measure \"temperature\" is not a valid DOUBLE."),
        (value("DOUBLE", "-0.0"), "is not a valid DOUBLE."),
        (value("BIGINT", "10.0"), "is not a valid BIGINT."),
        (value("BOOLEAN", "yes"), "is not a valid BOOLEAN."),
        (value("TIMESTAMP", "1"), "TIMESTAMP is an invalid measure value type"),
        (value("FLOAT", "1"), "FLOAT"),
        (value("MULTI", "1"), "must not have a MeasureValue"),
        (
            json!({ "MeasureValues": [{ "Name": "a", "Value": "1", "Type": "DOUBLE" }] }),
            "only allowed for a record of type MULTI",
        ),
        (json!({ "Time": null }), "Invalid time for record."),
        (json!({ "Time": "2022-06-17T10:15:20Z" }), "Invalid time for record."),
        (json!({ "Time": "1655461000.5" }), "Invalid time for record."),
        (json!({ "Time": "9223372036854775807", "TimeUnit": "SECONDS" }), "Invalid time for record."),
        (json!({ "TimeUnit": "HOURS" }), "HOURS"),
        (json!({ "Version": 0 }), "the version must be 1 or greater"),
        (json!({ "Version": "2" }), "expected i64"),
    ] {
        let good = record(json!({ "MeasureName": "good" }));
        check("plain", json!({ "Records": [good, record(change)] }), expected);
    }
    for (values, expected) in [
        (vec![], "must have MeasureValues"),
        (vec![("a", "1", "MULTI")], "MULTI is an invalid measure value type"),
        (vec![("a", "1", "DOUBLE"), ("a", "2", "DOUBLE")], "the measure \"a\" is given more than once"),
        (vec![("measure_value", "1", "DOUBLE")], "is reserved"),
        (vec![("a", "inf", "DOUBLE")], "The value \"inf\" of measure \"a\" is not a valid DOUBLE."),
        (vec![("a", "2022-06-17", "TIMESTAMP")], "is not a valid TIMESTAMP."),
    ] {
        check("plain", json!({ "Records": [multi(&values)] }), expected);
    }
    check("plain", json!({ "Records": [] }), "Member must have length between 1 and 100, but it has 0");
    check("plain", json!({ "Records": vec![record(json!({})); 101] }), "but it has 101");
    check("plain", json!({}), "missing field `Records`");
    check(
        "nowhere",
        json!({ "Records": [record(json!({}))] }),
        "ResourceNotFoundException: The table nowhere does not exist",
    );
}

#[test]
fn a_request_that_fails_writes_nothing() {
    let fixture = Fixture::new();
    let poison = record(json!({ "MeasureName": "humidity", "MeasureValue": "damp" }));
    let answer = fixture.write("plain", json!({ "Records": [record(json!({})), poison] }));
    assert!(answer.starts_with("ValidationException"), "{answer}");
    assert_eq!(fixture.rows("plain"), []);
}

#[test]
fn common_attributes() {
    let alone = json!({ "MeasureName": "humidity", "MeasureValue": "40" });
    let common = |change: Value| {
        let mut common = json!({
            "Dimensions": [{ "Name": "room", "Value": "kitchen" }],
            "Time": milliseconds(NOW), "TimeUnit": "MILLISECONDS", "Version": 3,
        });
        merge(&mut common, change);
        common
    };
    let device = json!([{ "Name": "device", "Value": "d1" }]);
    let room = json!([{ "Name": "room", "Value": "hall" }]);
    let values = json!([{ "Name": "a", "Value": "1", "Type": "DOUBLE" }]);
    for (common, record, expected) in [
        (common(json!({})), alone.clone(), "written 1/1/0"),
        (
            common(json!({})),
            json!({ "Dimensions": device, "MeasureName": "m", "MeasureValue": "1" }),
            "written 1/1/0",
        ),
        (
            common(json!({})),
            json!({ "Dimensions": room, "MeasureName": "m", "MeasureValue": "1" }),
            "the dimension \"room\" is given more than once",
        ),
        (common(json!({ "MeasureName": "m", "MeasureValue": "1" })), json!({}), "written 1/1/0"),
        (common(json!({ "MeasureValueType": "BIGINT" })), alone.clone(), "written 1/1/0"),
        (common(json!({ "MeasureValueType": "BOOLEAN" })), alone.clone(), "is not a valid BOOLEAN"),
        (
            common(json!({ "MeasureName": "m", "MeasureValueType": "MULTI", "MeasureValues": values })),
            json!({ "MeasureValues": [{ "Name": "b", "Value": "1", "Type": "BIGINT" }] }),
            "written 1/1/0",
        ),
        (
            common(json!({ "MeasureName": "m", "MeasureValueType": "MULTI", "MeasureValues": values })),
            json!({ "MeasureValues": values }),
            "the measure \"a\" is given more than once",
        ),
        (common(json!({ "Time": "soon" })), alone.clone(), "Invalid time for record."),
        (
            common(json!({ "Time": "soon" })),
            json!({ "Time": milliseconds(NOW), "MeasureName": "m", "MeasureValue": "1" }),
            "written 1/1/0",
        ),
        (common(json!({ "Version": 0 })), alone.clone(), "the version must be 1 or greater"),
    ] {
        check("plain", json!({ "CommonAttributes": common, "Records": [record] }), expected);
    }

    let fixture = Fixture::new();
    let records = [json!({ "Dimensions": device, "MeasureName": "humidity", "MeasureValue": "40" })];
    fixture.write(
        "plain",
        json!({ "CommonAttributes": common(json!({ "MeasureValueType": "BIGINT" })), "Records": records }),
    );
    let snapshot = fixture.store.snapshot("home", "plain", ALL).expect("the table exists");
    let row = snapshot.rows.first().expect("one row");
    let dimensions =
        [("device", "d1"), ("room", "kitchen")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!((row.series.dimensions.as_slice(), row.version), (dimensions.as_slice(), 3));
    assert_eq!(row.measures, Measures::Single(Stored::Bigint(40)));
}

#[test]
fn windows() {
    let memory = "of the memory store.";
    let ingestion = "of the data ingestion window.";
    for (table, age, expected) in [
        ("plain", 0, "written 1/1/0"),
        ("plain", 24 * HOUR, "written 1/1/0"),
        ("plain", 24 * HOUR + 1, memory),
        ("plain", -(15 * MINUTE) + 1, "written 1/1/0"),
        ("plain", -(15 * MINUTE), memory),
        ("late", 24 * HOUR, "written 1/1/0"),
        ("late", 24 * HOUR + 1, "written 1/0/1"),
        ("late", 24 * HOUR + 30 * DAY, "written 1/0/1"),
        ("late", 24 * HOUR + 30 * DAY + 1, ingestion),
        ("late", -(15 * MINUTE), ingestion),
    ] {
        let time = json!({ "Time": (NOW - age).to_string(), "TimeUnit": "NANOSECONDS" });
        check(table, json!({ "Records": [record(time)] }), expected);
    }
    let too_old = record(json!({ "Time": milliseconds(NOW - 2 * DAY) }));
    check(
        "plain",
        json!({ "Records": [too_old] }),
        "rejected\n0: The record timestamp is outside the time range [2023-11-13T22:13:20.000Z, 2023-11-14T22:28:20.000Z) of the memory store.",
    );
}

#[test]
fn time_units() {
    for (unit, time) in [
        (json!("SECONDS"), "1700000000"),
        (json!("MILLISECONDS"), "1700000000000"),
        (json!(null), "1700000000000"),
        (json!("MICROSECONDS"), "1700000000000000"),
        (json!("NANOSECONDS"), "1700000000000000000"),
    ] {
        let fixture = Fixture::new();
        fixture.write("plain", json!({ "Records": [record(json!({ "Time": time, "TimeUnit": unit }))] }));
        assert_eq!(fixture.rows("plain"), [(0, 1, Measures::Single(Stored::Double(21.5)))], "{unit}");
    }
}

#[test]
fn timestamps_count_in_the_unit_of_the_record() {
    let fixture = Fixture::new();
    let mut record = multi(&[("seen", "1699999999", "TIMESTAMP")]);
    merge(&mut record, json!({ "Time": "1700000000", "TimeUnit": "SECONDS" }));
    assert_eq!(fixture.write("plain", json!({ "Records": [record] })), "written 1/1/0");
    let seen = ("seen".to_owned(), Stored::Timestamp(NOW - SECOND));
    assert_eq!(fixture.rows("plain"), [(0, 1, Measures::Multi(vec![seen]))]);
}

#[test]
fn versions() {
    let duplicate = "rejected\n0: A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value. Specifying record version is supported by the latest SDKs.";
    let write =
        |value: &str, version: Option<i64>| record(json!({ "MeasureValue": value, "Version": version }));
    for (what, writes, stored) in [
        ("the first writer wins", vec![(write("1", None), "written 1/1/0".to_owned()), (write("2", None), format!("{duplicate} (1)"))], (1.0, 1)),
        ("the same again is fine", vec![(write("1", Some(5)), "written 1/1/0".into()), (write("1", Some(5)), "written 1/1/0".into())], (1.0, 5)),
        ("equal numbers are the same", vec![(write("1", None), "written 1/1/0".into()), (write("1.0", None), "written 1/1/0".into())], (1.0, 1)),
        ("a higher version replaces", vec![(write("1", None), "written 1/1/0".into()), (write("2", Some(2)), "written 1/1/0".into())], (2.0, 2)),
        ("a higher version of the same counts", vec![(write("1", None), "written 1/1/0".into()), (write("1", Some(9)), "written 1/1/0".into()), (write("2", Some(8)), "rejected\n0: The record version 8 is lower than the existing version 9. A higher version is required to update the measure value. (9)".into())], (1.0, 9)),
        ("a lower version of the same is rejected", vec![(write("1", Some(2)), "written 1/1/0".into()), (write("1", Some(1)), "rejected\n0: The record version 1 is lower than the existing version 2. A higher version is required to update the measure value. (2)".into())], (1.0, 2)),
    ] {
        let fixture = Fixture::new();
        for (record, expected) in writes {
            assert_eq!(fixture.write("plain", json!({ "Records": [record] })), expected, "{what}");
        }
        let (value, version) = stored;
        assert_eq!(fixture.rows("plain"), [(0, version, Measures::Single(Stored::Double(value)))], "{what}");
    }
}

#[test]
fn versions_within_a_request() {
    let fixture = Fixture::new();
    let records: Vec<Value> = [("1", 1), ("2", 1), ("3", 2), ("3", 2), ("4", 1)]
        .map(|(value, version)| record(json!({ "MeasureValue": value, "Version": version })))
        .into();
    let answer = fixture.write("plain", json!({ "Records": records }));
    let indexes: Vec<&str> =
        answer.lines().skip(1).map(|line| line.split(':').next().unwrap_or_default()).collect();
    assert_eq!(indexes, ["1", "4"], "{answer}");
    assert_eq!(fixture.rows("plain"), [(0, 2, Measures::Single(Stored::Double(3.0)))]);
}

#[test]
fn another_key_is_another_row() {
    let fixture = Fixture::new();
    let records = [
        record(json!({})),
        record(json!({ "MeasureName": "humidity" })),
        record(json!({ "Dimensions": [{ "Name": "device", "Value": "d2" }] })),
        record(
            json!({ "Dimensions": [{ "Name": "device", "Value": "d1" }, { "Name": "room", "Value": "hall" }] }),
        ),
        record(json!({ "Time": milliseconds(NOW - SECOND) })),
    ];
    assert_eq!(fixture.write("plain", json!({ "Records": records })), "written 5/5/0");
    assert_eq!(fixture.rows("plain").len(), 5);
}

#[test]
fn the_others_of_a_request_are_written() {
    let fixture = Fixture::new();
    let future = record(json!({ "Time": milliseconds(NOW + HOUR) }));
    let long = record(json!({ "MeasureName": "m".repeat(257) }));
    let answer = fixture.write(
        "plain",
        json!({ "Records": [future, record(json!({})), long, record(json!({ "MeasureName": "humidity" }))] }),
    );
    let indexes: Vec<&str> =
        answer.lines().skip(1).map(|line| line.split(':').next().unwrap_or_default()).collect();
    assert_eq!(indexes, ["0", "2"], "{answer}");
    assert_eq!(fixture.rows("plain").len(), 2);
}

#[test]
fn limits_of_a_record() {
    let long_name = |length: usize| json!([{ "Name": "d".repeat(length), "Value": "v" }]);
    let long_value = |length: usize| json!([{ "Name": "d", "Value": "v".repeat(length) }]);
    // Beside the text: device, d1, temperature and the time.
    let text = |length: usize| json!({ "MeasureValueType": "VARCHAR", "MeasureValue": "x".repeat(length) });
    for (change, expected) in [
        (json!({ "Dimensions": long_name(60) }), "written 1/1/0"),
        (json!({ "Dimensions": long_name(61) }), "has 61 bytes, more than the limit of 60."),
        (json!({ "MeasureName": "m".repeat(256) }), "written 1/1/0"),
        (json!({ "MeasureName": "m".repeat(257) }), "has 257 bytes, more than the limit of 256."),
        (
            json!({ "Dimensions": long_value(2048) }),
            "The set of dimension names and values has 2049 bytes, more than the limit of 2048.",
        ),
        (text(2048 - 27), "written 1/1/0"),
        (text(2048 - 26), "The record has 2049 bytes, more than the limit of 2048."),
    ] {
        check("plain", json!({ "Records": [record(change)] }), expected);
    }
    let names: Vec<String> = (0..257).map(|number| format!("m{number}")).collect();
    let flags: Vec<(&str, &str, &str)> =
        names.iter().map(|name| (name.as_str(), "true", "BOOLEAN")).collect();
    check("plain", json!({ "Records": [multi(&flags[..256])] }), "written 1/1/0");
    check(
        "plain",
        json!({ "Records": [multi(&flags)] }),
        "The record has 257 measures, more than the limit of 256.",
    );
}

#[test]
fn limits_of_a_table() {
    let write_all = |fixture: &Fixture, records: &[Value]| -> Vec<String> {
        records
            .chunks(100)
            .map(|records| fixture.write("plain", json!({ "Records": records })))
            .filter(|answer| !answer.starts_with("written"))
            .collect()
    };
    let dimension: fn(usize) -> Value =
        |number| record(json!({ "Dimensions": [{ "Name": format!("d{number}"), "Value": "v" }] }));
    let measure_name: fn(usize) -> Value = |number| record(json!({ "MeasureName": format!("m{number}") }));
    let four_values: fn(usize) -> Value = |number| {
        let names: Vec<String> = (0..4).map(|column| format!("m{}", number * 4 + column)).collect();
        let values: Vec<(&str, &str, &str)> =
            names.iter().map(|name| (name.as_str(), "1", "BIGINT")).collect();
        let mut record = multi(&values);
        merge(&mut record, json!({ "Dimensions": [{ "Name": "device", "Value": number.to_string() }] }));
        record
    };
    for (limit, make, reason) in [
        (128, dimension, "The table has 129 dimensions, more than the limit of 128."),
        (8192, measure_name, "The table has 8193 measure names, more than the limit of 8192."),
        (256, four_values, "The table has 1028 distinct multi-measure names, more than the limit of 1024."),
    ] {
        let fixture = Fixture::new();
        let allowed: Vec<Value> = (0..limit).map(make).collect();
        assert_eq!(write_all(&fixture, &allowed), Vec::<String>::new(), "{reason}");
        // What is known already is still accepted.
        assert_eq!(write_all(&fixture, &[make(limit), make(0)]), [format!("rejected\n0: {reason}")]);
    }
}

#[test]
fn names_and_types_in_a_table() {
    let single = |dimension: &str, measure: &str| {
        record(json!({ "Dimensions": [{ "Name": dimension, "Value": "v" }], "MeasureName": measure }))
    };
    let shared = "is used for a dimension and for a measure";
    for (first, second, expected) in [
        (
            multi(&[("state", "on", "VARCHAR")]),
            multi(&[("state", "1", "BIGINT")]),
            "The measure \"state\" has the data type BIGINT, but it already exists with the data type VARCHAR.",
        ),
        (multi(&[("state", "on", "VARCHAR")]), single("state", "other"), shared),
        (single("room", "temperature"), multi(&[("room", "1", "BIGINT")]), shared),
        (single("room", "temperature"), single("device", "room"), shared),
        (single("room", "temperature"), single("temperature", "other"), shared),
        (single("room", "other"), single("same", "same"), shared),
        (single("room", "other"), multi(&[("device", "1", "BIGINT")]), shared),
        // The name of a multi-measure record is no column, and a single measure may have many types.
        (multi(&[("state", "on", "VARCHAR")]), single("room", "state"), "written 1/1/0"),
        (
            single("room", "level"),
            record(json!({ "MeasureName": "level", "MeasureValueType": "BIGINT", "MeasureValue": "3" })),
            "written 1/1/0",
        ),
    ] {
        let fixture = Fixture::new();
        assert_eq!(fixture.write("plain", json!({ "Records": [first] })), "written 1/1/0");
        let answer = fixture.write("plain", json!({ "Records": [second.clone()] }));
        assert!(answer.contains(expected), "{second}\n  answers: {answer}\n  expected: {expected}");
    }
}

#[test]
fn required_partition_key() {
    check("keyed", json!({ "Records": [record(json!({}))] }), "written 1/1/0");
    let without = record(json!({ "Dimensions": [{ "Name": "room", "Value": "hall" }] }));
    check("keyed", json!({ "Records": [without] }), "lacks the dimension \"device\"");
}

#[test]
fn late_conflicts_are_reported_elsewhere() {
    let fixture = Fixture::new();
    let late = |value: &str| json!({ "Records": [record(json!({ "Time": milliseconds(NOW - 2 * DAY), "MeasureValue": value }))] });
    assert_eq!(fixture.write("late", late("1")), "written 1/0/1");
    assert_eq!(fixture.write("late", late("1")), "written 1/0/1");
    let file = fixture.state.path().join("rejected-data/home/late.jsonl");
    assert!(!file.exists());
    assert_eq!(fixture.write("late", late("2")), "written 1/0/1");
    assert_eq!(fixture.rows("late"), [(-2 * DAY, 1, Measures::Single(Stored::Double(1.0)))]);
    let report = std::fs::read_to_string(file).expect("a report");
    let line: Value = serde_json::from_str(&report).expect("one line of JSON");
    assert_eq!(
        (&line["existingVersion"], &line["measures"]),
        (&json!(1), &json!({ "Single": { "Double": 2.0 } }))
    );
}

#[test]
fn retention_ends() {
    let fixture = Fixture::new();
    let records = [record(json!({})), record(json!({ "Time": milliseconds(NOW - HOUR) }))];
    assert_eq!(fixture.write("plain", json!({ "Records": records })), "written 2/2/0");
    for (later, left) in [(0, 2), (31 * DAY - HOUR, 2), (31 * DAY - HOUR + 1, 1), (31 * DAY + 1, 0)] {
        fixture.clock.store(NOW + later, Ordering::Relaxed);
        assert_eq!(fixture.rows("plain").len(), left, "{later} ns later");
    }
    assert_eq!(fixture.store.purge().expect("the store works"), 2);
    fixture.clock.store(NOW, Ordering::Relaxed);
    assert_eq!(fixture.rows("plain"), [], "what is purged stays gone");
    let state = fixture.state;
    drop(fixture.store);
    let reopened = Store::open_at(state.path(), Clock::Manual(fixture.clock)).expect("the same store");
    assert_eq!(reopened.snapshot("home", "plain", ALL).expect("the table exists").rows.len(), 0);
}

#[test]
fn columns_in_the_order_of_the_service() {
    let fixture = Fixture::new();
    let records = [
        multi(&[("watt", "1.5", "DOUBLE"), ("on", "true", "BOOLEAN")]),
        record(json!({ "MeasureValueType": "BIGINT", "MeasureValue": "3" })),
        record(
            json!({ "Dimensions": [{ "Name": "room", "Value": "r" }, { "Name": "device", "Value": "d" }] }),
        ),
        multi(&[("seen", "1", "TIMESTAMP")]),
    ];
    fixture.write("plain", json!({ "Records": records[..3] }));
    let expected = [
        ("device", ColumnKind::Dimension),
        ("room", ColumnKind::Dimension),
        ("measure_name", ColumnKind::MeasureName),
        ("time", ColumnKind::Time),
        ("measure_value::bigint", ColumnKind::SingleMeasure(ValueType::Bigint)),
        ("measure_value::double", ColumnKind::SingleMeasure(ValueType::Double)),
        ("on", ColumnKind::MultiMeasure(ValueType::Boolean)),
        ("watt", ColumnKind::MultiMeasure(ValueType::Double)),
    ];
    let columns = |store: &Store| -> Vec<(String, ColumnKind)> {
        let schema = store.snapshot("home", "plain", ALL).expect("the table exists").schema;
        schema.columns.into_iter().map(|column| (column.name, column.kind)).collect()
    };
    let expected: Vec<_> = expected.map(|(name, kind)| (name.to_owned(), kind)).into();
    assert_eq!(columns(&fixture.store), expected);
    let Fixture { store, clock, state } = fixture;
    drop(store);
    let reopened = Store::open_at(state.path(), Clock::Manual(clock)).expect("the same store");
    assert_eq!(columns(&reopened), expected, "after a restart");
}

#[test]
fn a_time_range_is_a_range_of_rows() {
    let fixture = Fixture::new();
    let records: Vec<Value> =
        (0..10).map(|age| record(json!({ "Time": milliseconds(NOW - age * SECOND) }))).collect();
    fixture.write("plain", json!({ "Records": records }));
    let ages = |range: RangeInclusive<i64>| -> Vec<i64> {
        let snapshot = fixture.store.snapshot("home", "plain", range).expect("the table exists");
        snapshot.rows.iter().map(|row| (NOW - row.time) / SECOND).collect()
    };
    for (from, to, expected) in
        [(3, 1, vec![3, 2, 1]), (100, 8, vec![9, 8]), (0, 0, vec![0]), (1, 3, vec![]), (-5, -9, vec![])]
    {
        assert_eq!(ages(NOW - from * SECOND..=NOW - to * SECOND), expected, "from {from} s to {to} s ago");
    }
}

#[test]
fn injected_rejections() {
    let rates = json!({ "operations": { "WriteRecords": { "reject": 1.0, "reject_reason": "because" } } });
    let plan: Plan = serde_json::from_value(rates).expect("a plan");
    let mut drawn = Faults::start(plan).expect("a valid plan").draw("WriteRecords");
    let fixture = Fixture::new();
    let answer = fixture.write_with(&mut drawn.records, "plain", json!({ "Records": [record(json!({}))] }));
    assert_eq!(answer, "rejected\n0: because");
    assert_eq!(fixture.rows("plain"), []);
}
