//! Functions and operators: the type and the value of each.

use crate::fixture::Fixture;

/// Expressions, their types and their values.
const SCALARS: &[(&str, &str, &str)] = &[
    // Arithmetic
    ("7 / 2", "INTEGER", "3"),
    ("-7 / 2", "INTEGER", "-3"),
    ("-7 % 3", "INTEGER", "-1"),
    ("7 / 2.0", "DOUBLE", "3.5"),
    ("2147483648 + 1", "BIGINT", "2147483649"),
    ("1.0 / 0", "DOUBLE", "Infinity"),
    ("1e10", "DOUBLE", "1.0E10"),
    ("10.0", "DOUBLE", "10.0"),
    ("'a' || 'b'", "VARCHAR", "ab"),
    ("'a' || NULL", "VARCHAR", "-"),
    ("-(3)", "INTEGER", "-3"),
    // Mathematics
    ("abs(-5)", "INTEGER", "5"),
    ("abs(-5.5)", "DOUBLE", "5.5"),
    ("round(2.5)", "DOUBLE", "3.0"),
    ("round(-2.5)", "DOUBLE", "-3.0"),
    ("round(12.3456, 2)", "DOUBLE", "12.35"),
    ("round(1234, -2)", "BIGINT", "1200"),
    ("round(7)", "INTEGER", "7"),
    ("ceil(1.2)", "DOUBLE", "2.0"),
    ("floor(-1.2)", "DOUBLE", "-2.0"),
    ("sqrt(9)", "DOUBLE", "3.0"),
    ("power(2, 10)", "DOUBLE", "1024.0"),
    ("greatest(1, 3, 2)", "INTEGER", "3"),
    ("least('b', 'a')", "VARCHAR", "a"),
    ("greatest(1, NULL)", "INTEGER", "-"),
    // Conditions
    ("if(1 < 2, 'yes', 'no')", "VARCHAR", "yes"),
    ("if(1 > 2, 'yes')", "VARCHAR", "-"),
    ("coalesce(NULL, 2, 3)", "INTEGER", "2"),
    ("nullif(1, 1)", "INTEGER", "-"),
    ("NULL IS NULL", "BOOLEAN", "true"),
    ("1 IS DISTINCT FROM NULL", "BOOLEAN", "true"),
    // Casts
    ("cast(2.5 AS bigint)", "BIGINT", "3"),
    ("cast('12' AS integer)", "INTEGER", "12"),
    ("cast(10 AS double)", "DOUBLE", "10.0"),
    ("cast(10.0 AS varchar)", "VARCHAR", "10.0"),
    ("cast('true' AS boolean)", "BOOLEAN", "true"),
    ("try_cast('x' AS double)", "DOUBLE", "-"),
    ("cast('2026-01-02' AS date)", "DATE", "2026-01-02"),
    ("cast('2026-01-02 03:04:05' AS timestamp)", "TIMESTAMP", "2026-01-02 03:04:05.000000000"),
    ("cast(TIMESTAMP '2026-01-02 03:04:05.5' AS varchar)", "VARCHAR", "2026-01-02 03:04:05.500000000"),
    // Texts
    ("length('héllo')", "BIGINT", "5"),
    ("substr('hello', 2, 3)", "VARCHAR", "ell"),
    ("substring('hello', -3)", "VARCHAR", "llo"),
    ("substring('hello' FROM 2 FOR 2)", "VARCHAR", "el"),
    ("upper('aé')", "VARCHAR", "AÉ"),
    ("trim('  a ')", "VARCHAR", "a"),
    ("concat('a', 'b', 'c')", "VARCHAR", "abc"),
    ("concat('a', NULL)", "VARCHAR", "-"),
    ("split_part('a-b-c', '-', 2)", "VARCHAR", "b"),
    ("split_part('a-b-c', '-', 9)", "VARCHAR", "-"),
    ("strpos('hello', 'l')", "BIGINT", "3"),
    ("position('z' IN 'hello')", "BIGINT", "0"),
    ("replace('a.b', '.', '-')", "VARCHAR", "a-b"),
    ("lpad('7', 3, '0')", "VARCHAR", "007"),
    ("regexp_like('dev-12', '-[0-9]+$')", "BOOLEAN", "true"),
    ("regexp_replace('dev-12', '([a-z]+)-([0-9]+)', '$2$1')", "VARCHAR", "12dev"),
    ("regexp_replace('a - b_A', '[\\s-_]')", "VARCHAR", "abA"),
    ("regexp_extract('dev-12', '[0-9]+')", "VARCHAR", "12"),
    ("'A' LIKE 'a'", "BOOLEAN", "false"),
    ("'50%' LIKE '50#%' ESCAPE '#'", "BOOLEAN", "true"),
    ("'a\\b' LIKE 'a\\b'", "BOOLEAN", "true"),
    ("'b' BETWEEN 'a' AND 'c'", "BOOLEAN", "true"),
    // Times
    ("now()", "TIMESTAMP", "2026-03-01 12:00:00.000000000"),
    ("current_timestamp", "TIMESTAMP", "2026-03-01 12:00:00.000000000"),
    ("current_date", "DATE", "2026-03-01"),
    ("current_time", "TIME", "12:00:00.000000000"),
    ("ago(15m)", "TIMESTAMP", "2026-03-01 11:45:00.000000000"),
    ("now() - 1d + 1s", "TIMESTAMP", "2026-02-28 12:00:01.000000000"),
    ("now() - INTERVAL '2' HOUR", "TIMESTAMP", "2026-03-01 10:00:00.000000000"),
    ("date '2022-05-21' + 2day", "DATE", "2022-05-23"),
    ("TIMESTAMP '2026-01-31 00:00:00' + interval '1' month", "TIMESTAMP", "2026-02-28 00:00:00.000000000"),
    ("interval '4' year + interval '2' month", "INTERVAL_YEAR_TO_MONTH", "4-2"),
    ("15m", "INTERVAL_DAY_TO_SECOND", "0 00:15:00.000000000"),
    ("2 * 1d", "INTERVAL_DAY_TO_SECOND", "2 00:00:00.000000000"),
    ("bin(TIMESTAMP '2022-06-17 10:15:20', 5m)", "TIMESTAMP", "2022-06-17 10:15:00.000000000"),
    ("bin(TIMESTAMP '2022-06-17 10:15:20', 1d)", "TIMESTAMP", "2022-06-17 00:00:00.000000000"),
    ("bin(17, 5)", "BIGINT", "15"),
    ("bin(-1, 5)", "BIGINT", "-5"),
    ("bin(17.5, 5)", "DOUBLE", "15.0"),
    ("date_trunc('week', TIMESTAMP '2026-03-01 12:00:00')", "TIMESTAMP", "2026-02-23 00:00:00.000000000"),
    ("date_trunc('month', now())", "TIMESTAMP", "2026-03-01 00:00:00.000000000"),
    ("date_add('month', 1, TIMESTAMP '2026-01-31 10:00:00')", "TIMESTAMP", "2026-02-28 10:00:00.000000000"),
    ("date_add('hour', -2, now())", "TIMESTAMP", "2026-03-01 10:00:00.000000000"),
    ("date_diff('minute', ago(90s), now())", "BIGINT", "1"),
    ("date_diff('day', now(), ago(36h))", "BIGINT", "-1"),
    ("date_diff('month', TIMESTAMP '2026-01-31 00:00:00', TIMESTAMP '2026-02-28 00:00:00')", "BIGINT", "0"),
    (
        "from_iso8601_timestamp('2022-06-17T08:04:05.000000000+05:00')",
        "TIMESTAMP",
        "2022-06-17 03:04:05.000000000",
    ),
    ("to_iso8601(TIMESTAMP '2022-06-17 10:15:20')", "VARCHAR", "2022-06-17T10:15:20.000000000Z"),
    ("from_milliseconds(1772366400123)", "TIMESTAMP", "2026-03-01 12:00:00.123000000"),
    ("from_nanoseconds(1772366400000000001)", "TIMESTAMP", "2026-03-01 12:00:00.000000001"),
    ("to_milliseconds(now())", "BIGINT", "1772366400000"),
    ("to_nanoseconds(now())", "BIGINT", "1772366400000000000"),
    ("extract(hour FROM now())", "BIGINT", "12"),
    ("year(now()) * 100 + month(now())", "BIGINT", "202603"),
    ("day_of_week(now())", "BIGINT", "7"),
    ("date_format(now(), '%Y-%m-%d %H:%i')", "VARCHAR", "2026-03-01 12:00"),
    ("parse_duration('1.5h')", "INTERVAL_DAY_TO_SECOND", "0 01:30:00.000000000"),
];

#[tokio::test]
async fn scalar_functions() {
    let fixture = Fixture::new().await;
    for (expression, kind, value) in SCALARS {
        fixture.check_value(expression, kind, value).await;
    }
    fixture.finish();
}

#[tokio::test]
async fn aggregate_functions() {
    let fixture = Fixture::new().await;
    for (expression, kind, value) in [
        ("count(*)", "BIGINT", "8"),
        ("count(DISTINCT device_id)", "BIGINT", "2"),
        ("count_if(temperature > 25)", "BIGINT", "4"),
        ("approx_distinct(device_id)", "BIGINT", "2"),
        ("avg(temperature)", "DOUBLE", "26.75"),
        ("avg(1)", "DOUBLE", "1.0"),
        ("sum(1)", "BIGINT", "8"),
        ("sum(temperature)", "DOUBLE", "214.0"),
        ("sum(DISTINCT 2)", "BIGINT", "2"),
        ("min(location)", "VARCHAR", "attic"),
        ("max(time)", "TIMESTAMP", "2026-03-01 11:56:00.000000000"),
        ("max_by(device_id, temperature)", "VARCHAR", "dev-2"),
        ("min_by(temperature, time)", "DOUBLE", "28.0"),
        ("max_by(time, temperature)", "TIMESTAMP", "2026-03-01 11:56:00.000000000"),
        ("round(stddev(temperature), 4)", "DOUBLE", "8.8115"),
        ("round(variance(temperature), 4)", "DOUBLE", "77.6429"),
        ("round(stddev_pop(temperature), 4)", "DOUBLE", "8.2424"),
        ("approx_percentile(temperature, 0.5)", "DOUBLE", "21.5"),
        ("approx_percentile(temperature, 1)", "DOUBLE", "45.5"),
        ("approx_percentile(to_milliseconds(time), 0)", "BIGINT", "1772280000000"),
        ("bool_and(temperature > 0)", "BOOLEAN", "true"),
        ("bool_or(temperature > 99)", "BOOLEAN", "false"),
        ("max(temperature) - min(temperature)", "DOUBLE", "26.5"),
        ("sum(CASE WHEN temperature > 25 THEN 1 ELSE 0 END)", "BIGINT", "4"),
        ("max(NULL)", "UNKNOWN", "-"),
    ] {
        let sql = format!("SELECT {expression} FROM iot_sensor_data.sensor_readings");
        fixture.check(&sql, &format!("_col0 {kind}"), value).await;
        // The same through several partitions, where partial results are merged.
        let doubled = "(SELECT * FROM iot_sensor_data.sensor_readings WHERE device_id = 'dev-1' UNION ALL \
                       SELECT * FROM iot_sensor_data.sensor_readings WHERE device_id <> 'dev-1')";
        fixture.check(&format!("SELECT {expression} FROM {doubled}"), &format!("_col0 {kind}"), value).await;
    }
    fixture.finish();
}

/// Over no rows everything is null but a count.
#[tokio::test]
async fn aggregates_of_nothing() {
    let sql = "SELECT count(*), sum(temperature), max_by(temperature, time), approx_percentile(temperature, 0.9), \
               avg(temperature) FROM iot_sensor_data.sensor_readings WHERE time > now()";
    let columns = "_col0 BIGINT, _col1 DOUBLE, _col2 DOUBLE, _col3 DOUBLE, _col4 DOUBLE";
    let fixture = Fixture::new().await;
    fixture.check(sql, columns, "0|-|-|-|-").await;
    fixture.finish();
}
