//! Two tables shaped like those of the articles, at a clock that stands still, and `check`.

use std::{
    cell::RefCell,
    fmt::Debug,
    sync::{Arc, atomic::AtomicI64},
};

use local_timestream::{
    arn::Identity,
    clock::{Clock, MINUTE},
    endpoint::Endpoint,
    query::{Engine, FirstPage},
    store::Store,
    wire::Error,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-03-01 12:00:00, the time of every test.
pub const NOW: i64 = 1_772_366_400_000_000_000;

/// A store with data.
pub struct Fixture {
    /// Answers queries.
    pub engine: Engine,
    /// What [`Fixture::check`] found to differ; a test fails with all of it at its end.
    differences: RefCell<Vec<String>>,
    _state: TempDir,
}

/// `iot_sensor_data.sensor_readings`: minutes before now, device, location, temperature, humidity, battery.
const READINGS: [(i64, &str, &str, f64, f64, f64); 8] = [
    (5, "dev-1", "hall", 21.5, 40.0, 18.0),
    (20, "dev-1", "hall", 20.5, 41.0, 19.0),
    (50, "dev-1", "hall", 20.0, 42.0, 21.5),
    (100, "dev-1", "hall", 19.0, 43.0, 25.0),
    (4, "dev-2", "attic", 45.5, 30.0, 80.0),
    (21, "dev-2", "attic", 30.0, 31.0, 80.5),
    (200, "dev-2", "attic", 29.5, 32.0, 81.0),
    (1440, "dev-2", "attic", 28.0, 33.0, 90.0),
];

/// `"smart-home".Devices`: minutes before now, device, measure, value, type.
const DEVICES: [(i64, &str, &str, &str, &str); 9] = [
    (3, "A1", "temperature", "11.2", "DOUBLE"),
    (3, "A1", "humidity", "33.4", "DOUBLE"),
    (2, "A1", "temperature", "11.5", "DOUBLE"),
    (1, "B2", "temperature", "12.0", "DOUBLE"),
    (1, "B2", "restarts", "7", "BIGINT"),
    (2, "B2", "restarts", "9007199254740993", "BIGINT"),
    (1, "B2", "online", "true", "BOOLEAN"),
    (1, "B2", "firmware", "it's 100% v1_2", "VARCHAR"),
    (1, "B2", "installed", "1772366399123", "TIMESTAMP"),
];

fn reading(
    (minutes, device, location, temperature, humidity, battery): (i64, &str, &str, f64, f64, f64),
) -> Value {
    let measure =
        |name: &str, value: f64| json!({ "Name": name, "Value": value.to_string(), "Type": "DOUBLE" });
    json!({
        "Dimensions": [{ "Name": "device_id", "Value": device }, { "Name": "location", "Value": location }],
        "MeasureName": "sensor_metrics",
        "MeasureValueType": "MULTI",
        "MeasureValues": [
            measure("temperature", temperature), measure("humidity", humidity), measure("battery_level", battery),
        ],
        "Time": ((NOW - minutes * MINUTE) / 1_000_000).to_string(),
        "TimeUnit": "MILLISECONDS",
    })
}

fn device((minutes, device, measure, value, kind): (i64, &str, &str, &str, &str)) -> Value {
    if kind == "TIMESTAMP" {
        // Only multi-measure records hold timestamps.
        return json!({
            "Dimensions": [{ "Name": "DeviceID", "Value": device }],
            "MeasureName": "setup",
            "MeasureValueType": "MULTI",
            "MeasureValues": [{ "Name": measure, "Value": value, "Type": kind }],
            "Time": ((NOW - minutes * MINUTE) / 1_000_000).to_string(),
            "TimeUnit": "MILLISECONDS",
        });
    }
    json!({
        "Dimensions": [{ "Name": "DeviceID", "Value": device }],
        "MeasureName": measure,
        "MeasureValue": value,
        "MeasureValueType": kind,
        "Time": ((NOW - minutes * MINUTE) / 1_000_000).to_string(),
        "TimeUnit": "MILLISECONDS",
    })
}

impl Fixture {
    /// A new store with both tables, and an empty one.
    pub async fn new() -> Self {
        let state = TempDir::new().expect("a temporary folder");
        let clock = Clock::Manual(Arc::new(AtomicI64::new(NOW)));
        let store = Arc::new(Store::open_at(state.path(), clock).expect("a new store"));
        let endpoint = Arc::new(Endpoint::new(
            Arc::clone(&store),
            Identity { region: "us-east-1".to_owned(), account: "0".repeat(12) },
        ));
        let readings: Vec<_> = READINGS.into_iter().map(reading).collect();
        let devices: Vec<_> = DEVICES.into_iter().map(device).collect();
        for (database, table, records) in [
            ("iot_sensor_data", "sensor_readings", readings),
            ("smart-home", "Devices", devices),
            ("smart-home", "empty", Vec::new()),
        ] {
            let call =
                async |operation: &str, body: Value| endpoint.handle(operation, "localhost", body).await;
            // The second table of a database finds it there.
            let _ = call("CreateDatabase", json!({ "DatabaseName": database })).await;
            let retention =
                json!({ "MemoryStoreRetentionPeriodInHours": 48, "MagneticStoreRetentionPeriodInDays": 365 });
            let about =
                json!({ "DatabaseName": database, "TableName": table, "RetentionProperties": retention });
            call("CreateTable", about).await.expect("a new table");
            if !records.is_empty() {
                let write = json!({ "DatabaseName": database, "TableName": table, "Records": records });
                call("WriteRecords", write).await.expect("records that fit");
            }
        }
        Self {
            engine: Engine::new(store).with_first_page(FirstPage::Rows),
            differences: RefCell::default(),
            _state: state,
        }
    }

    /// The same data, with other first pages.
    pub fn with_first_page(self, first_page: FirstPage) -> Self {
        Self { engine: self.engine.with_first_page(first_page), ..self }
    }

    /// The first page of a query.
    pub async fn query(&self, sql: &str) -> Result<Value, Error> {
        self.engine.handle("Query", json!({ "QueryString": sql })).await
    }

    /// Columns as `name TYPE, …` and rows as texts with `|` between values and `-` for null.
    pub async fn table(&self, sql: &str) -> (String, Vec<String>) {
        let answer = match self.query(sql).await {
            Ok(answer) => answer,
            Err(error) => return (error.to_string(), Vec::new()),
        };
        let columns = answer["ColumnInfo"].as_array().expect("columns").iter().map(column);
        let rows = answer["Rows"].as_array().expect("rows").iter().map(|row| {
            let cells = row["Data"].as_array().expect("data").iter().map(cell);
            cells.collect::<Vec<_>>().join("|")
        });
        (columns.collect::<Vec<_>>().join(", "), rows.collect())
    }

    /// Runs a query and compares columns and rows; rows are written on lines of their own.
    pub async fn check(&self, sql: &str, columns: &str, rows: &str) {
        let expected: Vec<String> =
            rows.lines().map(|row| row.trim().to_owned()).filter(|row| !row.is_empty()).collect();
        self.compare(sql, &self.table(sql).await, &(columns.to_owned(), expected));
    }

    /// Runs `SELECT expression` and compares the type and the text of its value.
    pub async fn check_value(&self, expression: &str, kind: &str, value: &str) {
        let expected = (format!("_col0 {kind}"), vec![value.to_owned()]);
        self.compare(expression, &self.table(&format!("SELECT {expression}")).await, &expected);
    }

    /// Notes a difference, so that a table of cases shows all of them.
    pub fn compare<T: PartialEq + Debug>(&self, case: &str, found: &T, expected: &T) {
        if found != expected {
            self.differences
                .borrow_mut()
                .push(format!("{case}\n  found    {found:?}\n  expected {expected:?}"));
        }
    }

    /// Fails with everything that differed.
    pub fn finish(self) {
        let differences = self.differences.into_inner();
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

fn column(info: &Value) -> String {
    format!("{} {}", info["Name"].as_str().expect("a name"), kind(&info["Type"]))
}

fn kind(info: &Value) -> String {
    let nested = |name: &str| info[name].get("Type").map(kind);
    if let Some(of) = nested("ArrayColumnInfo") {
        return format!("array({of})");
    }
    if let Some(of) = nested("TimeSeriesMeasureValueColumnInfo") {
        return format!("timeseries({of})");
    }
    info["ScalarType"].as_str().unwrap_or("nested").to_owned()
}

fn cell(datum: &Value) -> String {
    if let Some(values) = datum["ArrayValue"].as_array() {
        return format!("[{}]", values.iter().map(cell).collect::<Vec<_>>().join(", "));
    }
    if let Some(points) = datum["TimeSeriesValue"].as_array() {
        let point =
            |point: &Value| format!("{}={}", point["Time"].as_str().expect("a time"), cell(&point["Value"]));
        return format!("[{}]", points.iter().map(point).collect::<Vec<_>>().join(", "));
    }
    match (&datum["ScalarValue"], &datum["NullValue"]) {
        (Value::String(text), Value::Null) => text.clone(),
        (Value::Null, Value::Bool(true)) => "-".to_owned(),
        _ => datum.to_string(),
    }
}
