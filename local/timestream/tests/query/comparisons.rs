//! Comparisons of doubles, with nulls, and of times with text.
//!
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/comparison-operators.html>

use crate::fixture::Fixture;

/// `NaN` equals nothing, and is not less or greater than anything; `-0.0` is `0.0`.
const DOUBLES: &[(&str, &str)] = &[
    ("nan() = nan()", "false"),
    ("nan() <> nan()", "true"),
    ("nan() < 1", "false"),
    ("nan() > 1", "false"),
    ("1 < nan()", "false"),
    ("1 >= nan()", "false"),
    ("sqrt(-1) > 0", "false"),
    ("sqrt(-1) = sqrt(-1)", "false"),
    ("nan() = NULL", "-"),
    ("nan() BETWEEN 0 AND 1", "false"),
    ("nan() NOT BETWEEN 0 AND 1", "true"),
    ("1 BETWEEN 0 AND nan()", "false"),
    ("NULL BETWEEN 0.0 AND 1", "-"),
    ("2 BETWEEN NULL AND 1.0", "false"),
    ("nan() IN (nan(), 1)", "false"),
    ("nan() NOT IN (nan(), 1)", "true"),
    ("1 IN (nan(), 1)", "true"),
    ("1 IN (nan(), NULL)", "-"),
    ("nan() IS DISTINCT FROM nan()", "false"),
    ("nan() IS DISTINCT FROM NULL", "true"),
    ("1.0 IS NOT DISTINCT FROM NULL", "false"),
    ("0.0 = -0.0", "true"),
    ("-0.0 < 0.0", "false"),
    ("0.0 IN (-0.0)", "true"),
    ("CASE nan() WHEN nan() THEN true ELSE false END", "false"),
    ("infinity() > 1e308", "true"),
];

/// A null among the values makes an answer unknown unless the value itself is there.
const NULLS: &[(&str, &str)] = &[
    ("1 IN (2, NULL)", "-"),
    ("1 NOT IN (2, NULL)", "-"),
    ("1 NOT IN (1, NULL)", "false"),
    ("NULL IN (1)", "-"),
    ("NULL NOT IN (NULL)", "-"),
    ("'a' NOT IN ('b', NULL)", "-"),
    ("'a' NOT IN ('b', 'c', 'd', 'e', NULL)", "-"),
];

/// Text is read where a time is expected.
/// <https://docs.aws.amazon.com/timestream/latest/developerguide/date-time-functions.html>
const TIMES: &[(&str, &str, &str)] = &[
    ("now() > '2024-04-05 10:00:00'", "BOOLEAN", "true"),
    ("'2024-04-05' >= now()", "BOOLEAN", "false"),
    ("now() BETWEEN '2026-03-01' AND '2026-03-01 12:00:00.000000000'", "BOOLEAN", "true"),
    ("now() IN ('2026-03-01 12:00:00')", "BOOLEAN", "true"),
    ("current_date = '2026-03-01'", "BOOLEAN", "true"),
    ("CASE current_date WHEN '2026-03-01' THEN 1 ELSE 2 END", "INTEGER", "1"),
    ("now() > NULL", "BOOLEAN", "-"),
    ("bin('2022-06-17 10:15:20', 5m)", "TIMESTAMP", "2022-06-17 10:15:00.000000000"),
    ("day('2022-06-17')", "BIGINT", "17"),
    ("extract(YEAR FROM '2022-06-17 10:15:20')", "BIGINT", "2022"),
    ("to_unixtime('1970-01-01 00:00:01.5')", "DOUBLE", "1.5"),
    ("date_trunc('hour', '2022-06-17 10:15:20')", "TIMESTAMP", "2022-06-17 10:00:00.000000000"),
    ("date_diff('day', '2022-06-17', '2022-06-19')", "BIGINT", "2"),
    ("TIME '01:00'", "TIME", "01:00:00.000000000"),
    ("TIME '23:59:59.5' > '01:00'", "BOOLEAN", "true"),
    ("cast('10:15:20' AS time)", "TIME", "10:15:20.000000000"),
    ("INTEGER '1'", "INTEGER", "1"),
    ("BIGINT '1'", "BIGINT", "1"),
    ("DOUBLE '0.9'", "DOUBLE", "0.9"),
    ("VARCHAR 'x'", "VARCHAR", "x"),
    ("BOOLEAN 'true'", "BOOLEAN", "true"),
    ("now() - ago(90s)", "INTERVAL_DAY_TO_SECOND", "0 00:01:30.000000000"),
    ("DATE '2022-06-17' - DATE '2022-06-15'", "INTERVAL_DAY_TO_SECOND", "2 00:00:00.000000000"),
    ("ago(72.5h)", "TIMESTAMP", "2026-02-26 11:30:00.000000000"),
    ("now() - 100y", "TIMESTAMP", "1926-03-01 12:00:00.000000000"),
    ("bin(now() - 100y, 1d)", "TIMESTAMP", "1926-03-01 00:00:00.000000000"),
    ("from_milliseconds(-1)", "TIMESTAMP", "1969-12-31 23:59:59.999000000"),
    ("1.5s", "INTERVAL_DAY_TO_SECOND", "0 00:00:01.500000000"),
    ("INTERVAL '0.25' HOUR", "INTERVAL_DAY_TO_SECOND", "0 00:15:00.000000000"),
];

#[tokio::test]
async fn comparisons_of_constants() {
    let fixture = Fixture::new().await;
    for (expression, value) in DOUBLES.iter().chain(NULLS) {
        fixture.check_value(expression, "BOOLEAN", value).await;
    }
    for (expression, kind, value) in TIMES {
        fixture.check_value(expression, kind, value).await;
    }
    fixture.finish();
}

/// The same over rows, through filters, `HAVING`, joins and orders.
#[tokio::test]
async fn comparisons_over_rows() {
    let fixture = Fixture::new().await;
    let numbers = "(SELECT 1 AS id, 1.0 AS x UNION ALL SELECT 2, nan() UNION ALL SELECT 3, sqrt(-1e0) \
                   UNION ALL SELECT 4, NULL UNION ALL SELECT 5, -0.0) n";
    for (sql, columns, rows) in [
        ("SELECT id FROM {} WHERE x = x ORDER BY id", "id INTEGER", "1\n5"),
        ("SELECT id FROM {} WHERE x > 0 ORDER BY id", "id INTEGER", "1"),
        ("SELECT id FROM {} WHERE NOT (x > 0) ORDER BY id", "id INTEGER", "2\n3\n5"),
        ("SELECT id FROM {} WHERE x <> 1 ORDER BY id", "id INTEGER", "2\n3\n5"),
        ("SELECT id FROM {} WHERE x BETWEEN -1 AND 0 ORDER BY id", "id INTEGER", "5"),
        ("SELECT id FROM {} WHERE x IN (1, nan(), 0) ORDER BY id", "id INTEGER", "1\n5"),
        ("SELECT id FROM {} WHERE x NOT IN (1, NULL) ORDER BY id", "id INTEGER", ""),
        (
            "SELECT id FROM {} WHERE x IN (SELECT y FROM (SELECT nan() AS y UNION ALL SELECT 0.0)) ORDER BY id",
            "id INTEGER",
            "5",
        ),
        (
            "SELECT id FROM {} WHERE x NOT IN (SELECT y FROM (SELECT nan() AS y UNION ALL SELECT 0.0)) ORDER BY id",
            "id INTEGER",
            "1\n2\n3",
        ),
        ("SELECT id FROM {} WHERE id NOT IN (SELECT 1 UNION ALL SELECT NULL)", "id INTEGER", ""),
        ("SELECT id FROM {} WHERE id NOT IN (SELECT 1)  AND id > 3 ORDER BY id", "id INTEGER", "4\n5"),
        ("SELECT id FROM {} WHERE NOT (id NOT IN (1, NULL))", "id INTEGER", "1"),
        (
            "SELECT id FROM {} WHERE x NOT IN (SELECT 1 WHERE false) ORDER BY id",
            "id INTEGER",
            "1\n2\n3\n4\n5",
        ),
        ("SELECT id FROM {} WHERE id IN (SELECT 1 UNION ALL SELECT NULL) ORDER BY id", "id INTEGER", "1"),
        (
            "SELECT id FROM {} WHERE id > 4 OR EXISTS (SELECT 1 FROM iot_sensor_data.sensor_readings WHERE temperature > 99)",
            "id INTEGER",
            "5",
        ),
        (
            "SELECT id FROM {} WHERE NOT EXISTS (SELECT 1 FROM (SELECT 2 AS other) b WHERE b.other = n.id) ORDER BY id",
            "id INTEGER",
            "1\n3\n4\n5",
        ),
        (
            "SELECT id, max(x) FROM {} GROUP BY id HAVING max(x) > 0 ORDER BY id",
            "id INTEGER, _col1 DOUBLE",
            "1|1.0",
        ),
        ("SELECT id FROM {} ORDER BY x DESC, id", "id INTEGER", "2\n3\n1\n5\n4"),
        (
            "SELECT a.id, b.id FROM {} JOIN (SELECT 1 AS id, nan() AS y UNION ALL SELECT 2, 0.0) b ON a.x = b.y",
            "id INTEGER, id INTEGER",
            "5|2",
        ),
        ("SELECT count(*) FROM (SELECT DISTINCT x FROM {})", "_col0 BIGINT", "4"),
        (
            "SELECT CASE x WHEN 1 THEN 'one' WHEN 0 THEN 'zero' ELSE 'other' END AS name FROM {} ORDER BY id",
            "name VARCHAR",
            "one\nother\nother\nother\nzero",
        ),
        ("SELECT nullif(x, 0) AS v FROM {} ORDER BY id", "v DOUBLE", "1.0\nNaN\nNaN\n-\n-"),
        (
            "SELECT x > 0 AS positive, count(*) AS n FROM {} GROUP BY x > 0 ORDER BY n, positive",
            "positive BOOLEAN, n BIGINT",
            "true|1\n-|1\nfalse|3",
        ),
    ] {
        let numbers = if sql.contains("a.id") {
            numbers.trim_end_matches('n').to_owned() + "a"
        } else {
            numbers.to_owned()
        };
        fixture.check(&sql.replace("{}", &numbers), columns, rows).await;
    }
    for (condition, count) in [
        ("time > '2026-03-01 11:50:00'", "2"),
        ("time BETWEEN '2026-03-01 11:00:00' AND '2026-03-01 11:40:00'", "3"),
        ("'2026-03-01' > time", "1"),
        ("time >= date '2026-03-01'", "7"),
        ("date(time) = '2026-03-01'", "7"),
    ] {
        let sql = format!("SELECT count(*) FROM iot_sensor_data.sensor_readings WHERE {condition}");
        fixture.check(&sql, "_col0 BIGINT", count).await;
    }
    fixture.finish();
}

/// Words that the guide does not reserve are names after `AS`.
/// <https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.reserved_keywords>
#[tokio::test]
async fn aliases_that_are_not_reserved() {
    let fixture = Fixture::new().await;
    for alias in [
        "all",
        "analyze",
        "any",
        "begin",
        "cluster",
        "connect",
        "date",
        "distribute",
        "explain",
        "fetch",
        "final",
        "format",
        "global",
        "interval",
        "lateral",
        "limit",
        "match_condition",
        "minus",
        "offset",
        "outfile",
        "partition",
        "pivot",
        "prewhere",
        "qualify",
        "returning",
        "sample",
        "semi",
        "set",
        "settings",
        "show",
        "sort",
        "start",
        "time",
        "top",
        "unpivot",
        "user",
        "value",
        "view",
        "window",
    ] {
        fixture.check(&format!("SELECT 1 AS {alias};"), &format!("{alias} INTEGER"), "1").await;
        let nested = format!("SELECT x.\"{alias}\" FROM (SELECT cast(1 AS bigint) AS {alias}) AS x");
        fixture.check(&nested, &format!("{alias} BIGINT"), "1").await;
    }
    fixture.finish();
}
