//! Clauses of the dialect, and where Timestream differs from other SQL.

use crate::fixture::Fixture;

const READINGS: &str = "iot_sensor_data.sensor_readings";

/// Queries, with `{}` for the table, and their columns and rows.
const CLAUSES: &[(&str, &str, &str)] = &[
    ("SELECT 1", "_col0 INTEGER", "1"),
    ("SELECT 1 AS One, 'x', NULL", "One INTEGER, _col1 VARCHAR, _col2 UNKNOWN", "1|x|-"),
    ("SELECT DISTINCT location FROM {} ORDER BY 1", "location VARCHAR", "attic\nhall"),
    ("SELECT DISTINCT LOCATION FROM {} ORDER BY location DESC", "LOCATION VARCHAR", "hall\nattic"),
    (
        "SELECT location, count(*) FROM {} GROUP BY 1 ORDER BY 2 DESC, 1",
        "location VARCHAR, _col1 BIGINT",
        "attic|4\nhall|4",
    ),
    (
        "SELECT device_id d, max(temperature) FROM {} GROUP BY device_id HAVING max(temperature) > 40",
        "d VARCHAR, _col1 DOUBLE",
        "dev-2|45.5",
    ),
    ("SELECT temperature FROM {} ORDER BY time LIMIT 2", "temperature DOUBLE", "28.0\n29.5"),
    (
        "SELECT r.temperature FROM {} AS r WHERE r.time >= ago(5m) ORDER BY r.temperature",
        "temperature DOUBLE",
        "21.5\n45.5",
    ),
    (
        "SELECT sensor_readings.temperature FROM {} WHERE iot_sensor_data.sensor_readings.temperature > 40",
        "temperature DOUBLE",
        "45.5",
    ),
    ("SELECT 1 UNION SELECT 1", "_col0 INTEGER", "1"),
    ("SELECT 'a' AS x UNION ALL SELECT 'b' ORDER BY x DESC", "x VARCHAR", "b\na"),
    ("SELECT location FROM {} EXCEPT SELECT 'hall'", "location VARCHAR", "attic"),
    ("SELECT location FROM {} INTERSECT SELECT 'hall'", "location VARCHAR", "hall"),
    (
        "WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT a.n, b.n FROM a CROSS JOIN b",
        "n INTEGER, n INTEGER",
        "1|2",
    ),
    ("SELECT count(*) FROM {} a JOIN {} b USING (device_id)", "_col0 BIGINT", "32"),
    (
        "SELECT count(*) FROM {} a LEFT JOIN (SELECT 'dev-1' AS device_id) b ON a.device_id = b.device_id WHERE b.device_id IS NULL",
        "_col0 BIGINT",
        "4",
    ),
    (
        "SELECT device_id FROM {} WHERE temperature = (SELECT max(temperature) FROM {})",
        "device_id VARCHAR",
        "dev-2",
    ),
    ("SELECT count(*) FROM {} WHERE device_id IN (SELECT 'dev-1')", "_col0 BIGINT", "4"),
    (
        "SELECT count(*) FROM {} a WHERE EXISTS (SELECT 1 FROM {} b WHERE b.device_id = a.device_id AND b.temperature > 40)",
        "_col0 BIGINT",
        "4",
    ),
    (
        "SELECT CASE WHEN temperature > 40 THEN 'hot' ELSE 'ok' END AS state, count(*) AS n FROM {} GROUP BY 1 ORDER BY n",
        "state VARCHAR, n BIGINT",
        "hot|1\nok|7",
    ),
    (
        "SELECT CASE location WHEN 'hall' THEN 1 ELSE 2 END FROM {} WHERE temperature = 45.5",
        "_col0 INTEGER",
        "2",
    ),
    ("SELECT count(*) FROM {} WHERE time BETWEEN ago(21m) AND ago(5m)", "_col0 BIGINT", "3"),
    ("SELECT count(*) FROM {} WHERE device_id LIKE 'dev-_' AND location NOT LIKE 'h%'", "_col0 BIGINT", "4"),
    (
        "SELECT temperature - lag(temperature, 1) OVER (PARTITION BY device_id ORDER BY time) AS step FROM {} WHERE device_id = 'dev-1' ORDER BY time",
        "step DOUBLE",
        "-\n1.0\n0.5\n1.0",
    ),
    (
        "SELECT device_id, n FROM (SELECT device_id, row_number() OVER (PARTITION BY device_id ORDER BY time DESC) AS n, temperature FROM {}) WHERE n = 1 ORDER BY 1",
        "device_id VARCHAR, n BIGINT",
        "dev-1|1\ndev-2|1",
    ),
    (
        "SELECT avg(temperature) OVER (ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS smooth FROM {} WHERE device_id = 'dev-1' ORDER BY time",
        "smooth DOUBLE",
        "19.0\n19.5\n20.25\n21.0",
    ),
    (
        "SELECT sum(temperature) OVER (ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM {} WHERE device_id = 'dev-1' ORDER BY time",
        "s DOUBLE",
        "19.0\n39.0\n40.5\n42.0",
    ),
    ("SELECT count(*) FILTER (WHERE temperature > 25) AS warm FROM {}", "warm BIGINT", "4"),
    (
        "SELECT a.*, 1 AS one FROM (SELECT location AS l FROM {} LIMIT 1) a",
        "l VARCHAR, one INTEGER",
        "attic|1",
    ),
    ("SELECT temperature FROM {} ORDER BY temperature OFFSET 6 ROWS", "temperature DOUBLE", "30.0\n45.5"),
    ("SELECT temperature FROM {} ORDER BY temperature LIMIT 1 OFFSET 6", "temperature DOUBLE", "30.0"),
    (
        "SELECT temperature FROM {} ORDER BY temperature OFFSET 1 FETCH NEXT 2 ROWS ONLY",
        "temperature DOUBLE",
        "20.0\n20.5",
    ),
    ("SELECT temperature FROM {} ORDER BY temperature FETCH FIRST ROW ONLY", "temperature DOUBLE", "19.0"),
    ("SELECT count(*) FROM {} WHERE device_id = ANY (SELECT 'dev-1')", "_col0 BIGINT", "4"),
    ("SELECT count(*) FROM {} WHERE device_id <> ALL (SELECT 'dev-1')", "_col0 BIGINT", "4"),
    ("SELECT count(*) FROM {} WHERE device_id <> ALL (SELECT NULL)", "_col0 BIGINT", "0"),
    (
        "SELECT location, device_id, count(*) AS n FROM {} GROUP BY ROLLUP (location, device_id) ORDER BY 1, 2",
        "location VARCHAR, device_id VARCHAR, n BIGINT",
        "attic|dev-2|4\nattic|-|4\nhall|dev-1|4\nhall|-|4\n-|-|8",
    ),
    (
        "SELECT location, device_id, count(*) AS n FROM {} GROUP BY CUBE (location, device_id) ORDER BY 1, 2",
        "location VARCHAR, device_id VARCHAR, n BIGINT",
        "attic|dev-2|4\nattic|-|4\nhall|dev-1|4\nhall|-|4\n-|dev-1|4\n-|dev-2|4\n-|-|8",
    ),
    (
        "SELECT location, device_id, max(temperature) AS t FROM {} GROUP BY GROUPING SETS ((location), (device_id), ()) ORDER BY 1, 2",
        "location VARCHAR, device_id VARCHAR, t DOUBLE",
        "attic|-|45.5\nhall|-|21.5\n-|dev-1|21.5\n-|dev-2|45.5\n-|-|45.5",
    ),
    (
        "SELECT location, count(*) AS n FROM {} WHERE temperature > 99 GROUP BY ROLLUP (location)",
        "location VARCHAR, n BIGINT",
        "-|0",
    ),
    (
        "SELECT count(*) OVER (ORDER BY time RANGE BETWEEN INTERVAL '15' MINUTE PRECEDING AND CURRENT ROW) AS n, sum(temperature) OVER (ORDER BY time RANGE BETWEEN INTERVAL '15' MINUTE PRECEDING AND INTERVAL '1' MINUTE FOLLOWING) AS s FROM {} WHERE time > ago(30m) ORDER BY time",
        "n BIGINT, s DOUBLE",
        "1|50.5\n2|50.5\n2|87.5\n2|67.0",
    ),
    (
        "SELECT location, location FROM {} WHERE temperature > 40",
        "location VARCHAR, location VARCHAR",
        "attic|attic",
    ),
];

#[tokio::test]
async fn clauses() {
    let fixture = Fixture::new().await;
    for (sql, columns, rows) in CLAUSES {
        fixture.check(&sql.replace("{}", READINGS), columns, rows).await;
    }
    fixture.finish();
}

/// Aliases are seen by `ORDER BY` alone; `GROUP BY`, `HAVING` and aggregates see the columns of the table.
#[tokio::test]
async fn names_mean_what_the_service_means() {
    let fixture = Fixture::new().await;
    for (sql, rows) in [
        (
            "SELECT device_id, avg(temperature) AS temperature FROM {} GROUP BY device_id HAVING max(temperature) > 40",
            "dev-2|33.25",
        ),
        (
            "SELECT * FROM (SELECT device_id, avg(temperature) AS temperature FROM {} GROUP BY device_id HAVING max(temperature) > 40)",
            "dev-2|33.25",
        ),
        ("SELECT 'all' AS device_id, count(*) FROM {} GROUP BY device_id", "all|4\nall|4"),
        (
            "SELECT x.device_id, x.n FROM (SELECT upper(device_id) AS device_id, count(*) AS n FROM {} GROUP BY device_id ORDER BY device_id DESC LIMIT 1) x",
            "DEV-2|4",
        ),
        (
            "SELECT -temperature AS temperature, 1 FROM {} WHERE device_id = 'dev-1' AND time > ago(30m) ORDER BY temperature",
            "-21.5|1\n-20.5|1",
        ),
        (
            "SELECT max(time) AS time, device_id FROM {} GROUP BY device_id ORDER BY time",
            "2026-03-01 11:55:00.000000000|dev-1\n2026-03-01 11:56:00.000000000|dev-2",
        ),
        // The alias comes first in ORDER BY, also inside of an expression.
        (
            "SELECT -temperature AS temperature FROM {} WHERE temperature > 29 ORDER BY -temperature",
            "-29.5\n-30.0\n-45.5",
        ),
        (
            "SELECT bin(time, 1d) AS time, count(*) FROM {} GROUP BY bin(time, 1d) ORDER BY bin(time, 1d) DESC",
            "2026-03-01 00:00:00.000000000|7\n2026-02-28 00:00:00.000000000|1",
        ),
        ("SELECT DISTINCT upper(location) AS l FROM {} ORDER BY length(l), l DESC", "HALL\nATTIC"),
        ("SELECT location FROM {} GROUP BY location ORDER BY location IN ('hall') DESC", "hall\nattic"),
        (
            "SELECT device_id, count(*) FROM {} GROUP BY device_id ORDER BY max(temperature) DESC",
            "dev-2|4\ndev-1|4",
        ),
        (
            "SELECT bin(time, 1h) AS time, count(*) FROM {} WHERE time > ago(2h) GROUP BY bin(time, 1h) ORDER BY time",
            "2026-03-01 10:00:00.000000000|1\n2026-03-01 11:00:00.000000000|5",
        ),
    ] {
        let (columns, found) = fixture.table(&sql.replace("{}", READINGS)).await;
        fixture.compare(&format!("{sql}: {columns}"), &found.join("\n"), &rows.to_owned());
    }
    fixture.finish();
}

/// Nulls come last in both directions unless the query says otherwise.
#[tokio::test]
async fn nulls_come_last() {
    let fixture = Fixture::new().await;
    for (order, rows) in [
        ("v", "1\n2\n-"),
        ("v DESC", "2\n1\n-"),
        ("v NULLS FIRST", "-\n1\n2"),
        ("v DESC NULLS FIRST", "-\n2\n1"),
    ] {
        let values = "SELECT 2 AS v UNION ALL SELECT NULL UNION ALL SELECT 1";
        fixture.check(&format!("SELECT v FROM ({values}) ORDER BY {order}"), "v INTEGER", rows).await;
        let numbered = format!(
            "SELECT v FROM (SELECT v, row_number() OVER (ORDER BY {order}) AS n FROM ({values})) ORDER BY n"
        );
        fixture.check(&numbered, "v INTEGER", rows).await;
    }
    fixture.finish();
}

#[tokio::test]
async fn single_measures_are_read_by_type() {
    let fixture = Fixture::new().await;
    for (sql, columns, rows) in [
        (
            "SELECT measure_value::bigint FROM {} WHERE measure_name = 'restarts' ORDER BY time",
            "measure_value::bigint BIGINT",
            "9007199254740993\n7",
        ),
        ("SELECT sum(d.measure_value::bigint) AS total FROM {} d", "total BIGINT", "9007199254741000"),
        (
            "SELECT measure_value::boolean AS online FROM {} WHERE measure_value::boolean",
            "online BOOLEAN",
            "true",
        ),
        (
            "SELECT measure_value::varchar AS v FROM {} WHERE measure_value::varchar = 'it''s 100% v1_2'",
            "v VARCHAR",
            "it's 100% v1_2",
        ),
        (
            "SELECT Installed FROM {} WHERE measure_name = 'setup'",
            "Installed TIMESTAMP",
            "2026-03-01 11:59:59.123000000",
        ),
        (
            "SELECT \"measure_value::double\" AS v FROM {} WHERE deviceid = 'B2' AND \"MEASURE_NAME\" = 'temperature'",
            "v DOUBLE",
            "12.0",
        ),
        (
            "SELECT DeviceID, max(time) FROM {} GROUP BY DeviceID ORDER BY DeviceID",
            "DeviceID VARCHAR, _col1 TIMESTAMP",
            "A1|2026-03-01 11:58:00.000000000\nB2|2026-03-01 11:59:00.000000000",
        ),
        ("SELECT count(*) FROM \"smart-home\".empty", "_col0 BIGINT", "0"),
    ] {
        fixture.check(&sql.replace("{}", "\"smart-home\".devices"), columns, rows).await;
    }
    fixture.finish();
}

/// Generated queries are long, not deep.
#[tokio::test]
async fn long_conditions_are_read() {
    let conditions: Vec<_> = (0..1_000).map(|n| format!("device_id = 'dev-{n}'")).collect();
    let sql = format!("SELECT count(*) FROM {READINGS} WHERE {}", conditions.join(" OR "));
    let fixture = Fixture::new().await;
    fixture.check(&sql, "_col0 BIGINT", "8").await;
    fixture.finish();
}
