//! `SHOW`, `DESCRIBE` and `PrepareQuery`.

use serde_json::{Value, json};

use crate::fixture::Fixture;

#[tokio::test]
async fn what_there_is() {
    let fixture = Fixture::new().await;
    for (sql, columns, rows) in [
        ("SHOW DATABASES", "Database VARCHAR", "iot_sensor_data\nsmart-home"),
        ("show databases like 'iot%'", "Database VARCHAR", "iot_sensor_data"),
        ("SHOW TABLES", "Table VARCHAR", "sensor_readings\nDevices\nempty"),
        ("SHOW TABLES FROM \"smart-home\" LIKE 'e%'", "Table VARCHAR", "empty"),
        (
            "DESCRIBE iot_sensor_data.sensor_readings",
            "Column VARCHAR, Type VARCHAR, Timestream attribute type VARCHAR",
            "device_id|varchar|DIMENSION
             location|varchar|DIMENSION
             measure_name|varchar|MEASURE_NAME
             time|timestamp|TIMESTAMP
             battery_level|double|MULTI
             humidity|double|MULTI
             temperature|double|MULTI",
        ),
        (
            "DESCRIBE \"smart-home\".\"Devices\"",
            "Column VARCHAR, Type VARCHAR, Timestream attribute type VARCHAR",
            "DeviceID|varchar|DIMENSION
             measure_name|varchar|MEASURE_NAME
             time|timestamp|TIMESTAMP
             measure_value::double|double|MEASURE_VALUE
             measure_value::bigint|bigint|MEASURE_VALUE
             measure_value::boolean|boolean|MEASURE_VALUE
             measure_value::varchar|varchar|MEASURE_VALUE
             installed|timestamp|MULTI",
        ),
    ] {
        fixture.check(sql, columns, rows).await;
    }
    fixture.finish();
}

#[tokio::test]
async fn measures_with_their_dimensions() {
    let fixture = Fixture::new().await;
    let answer = fixture.query("SHOW MEASURES FROM iot_sensor_data.sensor_readings").await.expect("measures");
    let dimension = |name: &str| json!({ "RowValue": { "Data": [{ "ScalarValue": name }, { "ScalarValue": "varchar" }] } });
    let expected = json!([{ "Data": [
        { "ScalarValue": "sensor_metrics" },
        { "ScalarValue": "multi" },
        { "ArrayValue": [dimension("device_id"), dimension("location")] },
    ] }]);
    assert_eq!(answer["Rows"], expected);
    let answer =
        fixture.query("SHOW MEASURES FROM \"smart-home\".Devices LIKE '%re%'").await.expect("measures");
    let names: Vec<&Value> =
        answer["Rows"].as_array().expect("rows").iter().map(|row| &row["Data"][0]["ScalarValue"]).collect();
    assert_eq!(names, ["firmware", "restarts", "temperature"]);
}

#[tokio::test]
async fn queries_are_prepared() {
    let fixture = Fixture::new().await;
    let sql = "SELECT device_id AS id, avg(temperature) FROM iot_sensor_data.sensor_readings GROUP BY 1";
    let request = json!({ "QueryString": sql, "ValidateOnly": true });
    let answer = fixture.engine.handle("PrepareQuery", request).await.expect("a description");
    let columns = json!([
        { "Name": "id", "Type": { "ScalarType": "VARCHAR" } },
        { "Name": "_col1", "Type": { "ScalarType": "DOUBLE" } },
    ]);
    assert_eq!(answer, json!({ "QueryString": sql, "Columns": columns, "Parameters": [] }));
    let request =
        json!({ "QueryString": "SELECT nope FROM iot_sensor_data.sensor_readings", "ValidateOnly": true });
    let error = fixture.engine.handle("PrepareQuery", request).await.expect_err("a refusal");
    assert_eq!(error.message, "line 1:8: Column 'nope' does not exist");
}
