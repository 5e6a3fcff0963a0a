//! Every query of the articles, on data of the shape that they write.

use crate::fixture::Fixture;

#[tokio::test]
async fn latest_readings_of_each_device() {
    let sql = "
-- Get the latest reading from each device in the last hour
SELECT device_id, location,
       MAX_BY(temperature, time) AS latest_temperature,
       MAX_BY(humidity, time) AS latest_humidity,
       MAX_BY(battery_level, time) AS latest_battery
FROM iot_sensor_data.sensor_readings
WHERE time > ago(1h)
GROUP BY device_id, location
ORDER BY device_id";
    let columns = "device_id VARCHAR, location VARCHAR, latest_temperature DOUBLE, latest_humidity DOUBLE, \
                   latest_battery DOUBLE";
    let fixture = Fixture::new().await;
    fixture.check(sql, columns, "dev-1|hall|21.5|40.0|18.0\ndev-2|attic|45.5|30.0|80.0").await;
    fixture.finish();
}

#[tokio::test]
async fn averages_by_interval() {
    let sql = "
SELECT device_id,
       BIN(time, 15m) AS interval,
       AVG(temperature) AS avg_temp,
       MIN(temperature) AS min_temp,
       MAX(temperature) AS max_temp
FROM iot_sensor_data.sensor_readings
WHERE time > ago(24h)
  AND measure_name = 'sensor_metrics'
GROUP BY device_id, BIN(time, 15m)
ORDER BY device_id, interval DESC";
    let columns = "device_id VARCHAR, interval TIMESTAMP, avg_temp DOUBLE, min_temp DOUBLE, max_temp DOUBLE";
    let rows = "
        dev-1|2026-03-01 11:45:00.000000000|21.5|21.5|21.5
        dev-1|2026-03-01 11:30:00.000000000|20.5|20.5|20.5
        dev-1|2026-03-01 11:00:00.000000000|20.0|20.0|20.0
        dev-1|2026-03-01 10:15:00.000000000|19.0|19.0|19.0
        dev-2|2026-03-01 11:45:00.000000000|45.5|45.5|45.5
        dev-2|2026-03-01 11:30:00.000000000|30.0|30.0|30.0
        dev-2|2026-03-01 08:30:00.000000000|29.5|29.5|29.5";
    let fixture = Fixture::new().await;
    fixture.check(sql, columns, rows).await;
    fixture.finish();
}

#[tokio::test]
async fn anomalies_by_standard_deviation() {
    let sql = "
WITH device_stats AS (
    SELECT device_id,
           AVG(temperature) AS avg_temp,
           STDDEV(temperature) AS stddev_temp
    FROM iot_sensor_data.sensor_readings
    WHERE time > ago(7d)
    GROUP BY device_id
)
SELECT r.device_id, r.time, r.temperature,
       s.avg_temp, s.stddev_temp,
       ABS(r.temperature - s.avg_temp) / s.stddev_temp AS z_score
FROM iot_sensor_data.sensor_readings r
JOIN device_stats s ON r.device_id = s.device_id
WHERE r.time > ago(1h)
  AND ABS(r.temperature - s.avg_temp) > FACTOR * s.stddev_temp
ORDER BY z_score DESC";
    let fixture = Fixture::new().await;
    let columns = "device_id VARCHAR, time TIMESTAMP, temperature DOUBLE, avg_temp DOUBLE, stddev_temp DOUBLE, \
                   z_score DOUBLE";
    // With four readings of a device none can be two deviations away.
    fixture.check(&sql.replace("FACTOR", "2"), columns, "").await;
    let (named, rows) = fixture.table(&sql.replace("FACTOR", "1.2")).await;
    assert_eq!(named, columns);
    let starts: Vec<_> =
        rows.iter().map(|row| row.split('|').take(4).collect::<Vec<_>>().join("|")).collect();
    assert_eq!(
        starts,
        ["dev-2|2026-03-01 11:56:00.000000000|45.5|33.25", "dev-1|2026-03-01 11:55:00.000000000|21.5|20.25"]
    );
    fixture.finish();
}

#[tokio::test]
async fn draining_batteries() {
    let sql = "
SELECT device_id, location,
       MAX_BY(battery_level, time) AS current_battery,
       MIN_BY(battery_level, time) AS battery_24h_ago,
       MAX_BY(battery_level, time) - MIN_BY(battery_level, time) AS drain_rate
FROM iot_sensor_data.sensor_readings
WHERE time > ago(24h)
GROUP BY device_id, location
HAVING MAX_BY(battery_level, time) < 20
ORDER BY drain_rate DESC";
    let columns = "device_id VARCHAR, location VARCHAR, current_battery DOUBLE, battery_24h_ago DOUBLE, \
                   drain_rate DOUBLE";
    let fixture = Fixture::new().await;
    fixture.check(sql, columns, "dev-1|hall|18.0|25.0|-7.0").await;
    fixture.finish();
}

#[tokio::test]
async fn hot_devices() {
    let sql = "
    SELECT device_id, location, MAX(temperature) AS max_temp
    FROM iot_sensor_data.sensor_readings
    WHERE time > ago(1h) AND temperature > 40
    GROUP BY device_id, location
    ORDER BY max_temp DESC
";
    let columns = "device_id VARCHAR, location VARCHAR, max_temp DOUBLE";
    let fixture = Fixture::new().await;
    fixture.check(sql, columns, "dev-2|attic|45.5").await;
    fixture.finish();
}

/// The Grafana panel, with its variables and macros filled in as the plugin does.
#[tokio::test]
async fn dashboard_panel_of_one_measure() {
    let sql = r#"SELECT time, measure_value::double as temperature
FROM "smart-home"."Devices"
WHERE measure_name = 'temperature'
  AND DeviceID = 'A1'
  AND time BETWEEN from_milliseconds(1772362800000) AND from_milliseconds(1772366400000) order by time DESC"#;
    let rows = "2026-03-01 11:58:00.000000000|11.5\n2026-03-01 11:57:00.000000000|11.2";
    let fixture = Fixture::new().await;
    fixture.check(sql, "time TIMESTAMP, temperature DOUBLE", rows).await;
    fixture.finish();
}

/// What the first article asks in words: some data, and how many rows there are.
#[tokio::test]
async fn some_data_and_how_much() {
    let fixture = Fixture::new().await;
    let some = r#"SELECT * FROM "smart-home"."Devices" WHERE measure_name = 'humidity' LIMIT 10"#;
    let columns = "DeviceID VARCHAR, measure_name VARCHAR, time TIMESTAMP, measure_value::double DOUBLE, \
                   measure_value::bigint BIGINT, measure_value::boolean BOOLEAN, measure_value::varchar VARCHAR, \
                   installed TIMESTAMP";
    fixture.check(some, columns, "A1|humidity|2026-03-01 11:57:00.000000000|33.4|-|-|-|-").await;
    let count = r#"SELECT count(*) FROM "smart-home"."Devices""#;
    fixture.check(count, "_col0 BIGINT", "9").await;
    fixture.finish();
}
