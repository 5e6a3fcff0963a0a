//! What is refused, and the sentence that says so.

use local_timestream::wire::ErrorCode;
use serde_json::json;

use crate::fixture::Fixture;

/// Queries and what the answer says.
const REFUSALS: &[(&str, &str)] = &[
    // Names
    ("SELECT x FROM iot_sensor_data.sensor_readings", "line 1:8: Column 'x' does not exist"),
    (
        "SELECT 1\nFROM iot_sensor_data.sensor_readings r\nWHERE r.nope > 1",
        "line 3:7: Column 'nope' does not exist",
    ),
    (
        "SELECT * FROM nope.sampleDB",
        "Requested database 'nope' not found for identifier 'nope.sampleDB' at line 1:15",
    ),
    (
        "SELECT * FROM iot_sensor_data.nope",
        "Requested table 'nope' not found for identifier 'iot_sensor_data.nope' at line 1:15",
    ),
    ("SELECT * FROM sensor_readings", "line 1:15: Database must be specified for table 'sensor_readings'"),
    (
        "SELECT upper(location) AS l, count(*) FROM iot_sensor_data.sensor_readings GROUP BY l",
        "line 1:85: Column 'l' does not exist",
    ),
    (
        "SELECT device_id FROM iot_sensor_data.sensor_readings a, iot_sensor_data.sensor_readings b",
        "line 1:8: Column 'device_id' is ambiguous",
    ),
    (
        "SELECT device_id, temperature FROM iot_sensor_data.sensor_readings GROUP BY device_id",
        "line 1:19: 'temperature' must be an aggregate expression or appear in GROUP BY clause",
    ),
    // Syntax
    ("SELECT * FROM net-example.t", "The query syntax is invalid at line 1:18"),
    ("SELEC 1", "The query syntax is invalid at line 1:1"),
    ("SELECT 1;;", "The query syntax is invalid at line 1:9"),
    (";", "The query syntax is invalid at line 1:1"),
    ("SELECT time::date", "The query syntax is invalid at line 1:12"),
    ("SELECT 5parsecs", "The query syntax is invalid at line 1:8"),
    ("SELECT 'open", "The query syntax is invalid at line 1:8"),
    ("SELECT ?", "The query syntax is invalid at line 1:8"),
    ("SHOW COLUMNS", "The query syntax is invalid at line 1:6"),
    // Functions
    ("SELECT array_to_string(1)", "line 1:8: Function 'array_to_string' not registered"),
    ("SELECT \"$cast bigint\"('1')", "line 1:8: Function '\"$cast bigint\"' not registered"),
    ("SELECT date_part('hour', now())", "line 1:8: Function 'date_part' not registered"),
    (
        "SELECT 1, abs('x')",
        "line 1:11: Unexpected parameters (varchar) for function abs. Expected: abs(integer), abs(bigint), abs(double)",
    ),
    ("SELECT sum('x')", "line 1:8: Unexpected parameters (varchar) for function sum"),
    ("SELECT avg('x')", "Unexpected parameters for function avg"),
    ("SELECT row_number()", "line 1:8: Window function row_number requires an OVER clause"),
    ("SELECT max_by(1)", "line 1:8: Unexpected parameters for function max_by"),
    // Types
    ("SELECT 1 + 'a'", "line 1:8: '+' cannot be applied to integer, varchar"),
    ("SELECT now() + now()", "line 1:8: '+' cannot be applied to timestamp, timestamp"),
    ("SELECT now() > 'x'", "line 1:8: Cannot cast 'x' to TIMESTAMP"),
    ("SELECT day('x')", "line 1:8: Cannot cast 'x' to TIMESTAMP"),
    ("SELECT '2024-04-05' - 1d", "line 1:8: '-' cannot be applied to varchar, interval day to second"),
    ("SELECT INTEGER 'x'", "line 1:16: Cannot cast 'x' to INTEGER"),
    ("SELECT TIME 'noon'", "line 1:13: 'noon' is not a valid time literal"),
    ("SELECT INTERVAL '0.5' MONTH", "line 1:17: Invalid INTERVAL literal: '0.5' MONTH"),
    ("SELECT cast(now() AS bigint)", "line 1:13: Cannot cast timestamp to bigint"),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE time > 'yesterday'",
        "line 1:53: Cannot cast 'yesterday' to TIMESTAMP",
    ),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE temperature = '1'",
        "line 1:53: '=' cannot be applied to double, varchar",
    ),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE device_id IN (1, 2)",
        "line 1:53: 'IN' cannot be applied to varchar, integer",
    ),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE temperature",
        "WHERE clause and HAVING clause must evaluate to a boolean",
    ),
    ("SELECT CASE WHEN true THEN 1 ELSE 'x' END", "All CASE results must be the same type: integer, varchar"),
    ("SELECT 1 WHERE 1 = 'x'", "'=' cannot be applied to integer, varchar"),
    ("SELECT coalesce(1, 'x')", "All COALESCE operands must be the same type: integer, varchar"),
    ("SELECT 1 UNION SELECT 'x'", "column 1 in UNION query has incompatible types: integer, varchar"),
    // Values
    ("SELECT 1 / 0", "line 1:8: Division by zero"),
    ("SELECT 2147483647 + 1", "line 1:8: integer overflow: 2147483647 + 1"),
    ("SELECT 9223372036854775807 + 1", "line 1:8: bigint overflow: 9223372036854775807 + 1"),
    ("SELECT 9223372036854775808", "line 1:8: Invalid numeric literal: 9223372036854775808"),
    ("SELECT cast('x' AS double)", "line 1:13: Cannot cast 'x' to DOUBLE"),
    ("SELECT ago(100000d) - 100000d", "line 1:12: Timestamp overflow"),
    ("SELECT TIMESTAMP 'yesterday'", "line 1:18: 'yesterday' is not a valid timestamp literal"),
    ("SELECT date_trunc('eon', now())", "line 1:8: 'eon' is not a valid TIMESTAMP field"),
    ("SELECT bin(1, 0)", "line 1:8: Bin width must be positive"),
    (
        "SELECT sum(9223372036854775807) FROM iot_sensor_data.sensor_readings",
        "bigint addition overflow: 73786976294838206456",
    ),
    (
        "SELECT regexp_like('a', 'a++')",
        "line 1:8: A possessive quantifier in a regular expression is not supported here",
    ),
    (
        "SELECT regexp_like('a', '(a)\\1')",
        "line 1:8: A back-reference in a regular expression is not supported here",
    ),
    ("SELECT regexp_replace('a', 'a', '$1')", "line 1:8: Illegal replacement sequence: unknown group { 1 }"),
    ("SELECT 1 IN (SELECT 1)", "A subquery in this place is not supported here"),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE device_id NOT IN (SELECT 'x') OR temperature = 1",
        "line 1:53: A subquery in this place is not supported here",
    ),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE (device_id IN (SELECT 'x')) IS NULL",
        "line 1:54: A subquery in this place is not supported here",
    ),
    // Constructs
    ("SELECT map_agg(1, 2)", "line 1:8: MAP_AGG is not supported here"),
    ("SELECT json_parse('{}')", "line 1:8: JSON_PARSE is not supported here"),
    ("SELECT width_bucket(1, 2, 3, 4)", "line 1:8: WIDTH_BUCKET is not supported here"),
    (
        "SELECT * FROM iot_sensor_data.sensor_readings CROSS JOIN UNNEST(time) AS t(x)",
        "line 1:65: Cannot unnest type: timestamp",
    ),
    (
        "SELECT * FROM iot_sensor_data.sensor_readings LEFT JOIN UNNEST(ARRAY[1]) AS t(x) ON true",
        "line 1:70: UNNEST in a join other than CROSS JOIN is not supported here",
    ),
    ("SELECT ARRAY[]", "line 1:1: An empty ARRAY is not supported here"),
    ("SELECT extract(abs FROM 1)", "line 1:25: EXTRACT(ABS) is not supported here"),
    (
        "SELECT -temperature AS temperature FROM iot_sensor_data.sensor_readings ORDER BY temperature IN (1)",
        "line 1:82: The alias 'temperature' here in ORDER BY is not supported here",
    ),
    ("SELECT 1 LIMIT 1 OFFSET x", "The query syntax is invalid at line 1:25"),
    ("SELECT 1 FETCH FIRST 2 ROWS WITH TIES", "line 1:8: WITH TIES or PERCENT is not supported here"),
    (
        "SELECT 1 FROM iot_sensor_data.sensor_readings WHERE 1 > ALL (SELECT 2)",
        "line 1:53: A quantified comparison other than = ANY and <> ALL is not supported here",
    ),
    ("SELECT x -> 1", "line 1:8: A lambda expression in this place is not supported here"),
    ("SELECT filter(1, x -> true)", "line 1:8: Unexpected parameters for function filter"),
    ("SELECT filter(ARRAY[1], x -> x)", "line 1:8: The function of filter must return a boolean"),
    ("SELECT any_match(ARRAY[1], x -> x)", "line 1:8: The function of any_match must return a boolean"),
    ("SELECT all_match(ARRAY[1], x -> true, 1)", "line 1:8: Unexpected parameters for function all_match"),
    (
        "SELECT none_match(create_time_series(time, 1.0), x -> true) FROM iot_sensor_data.sensor_readings",
        "line 1:8: Unexpected parameters for function none_match",
    ),
    ("SELECT filter(ARRAY[1], 1)", "line 1:8: Unexpected parameters for function filter"),
    (
        "SELECT reduce(ARRAY[1], 0, (s, x) -> 'a', s -> s)",
        "line 1:8: Unexpected parameters for function reduce",
    ),
    ("SELECT ROW(1, 2)", "line 1:8: ROW is not supported here"),
    ("SELECT CAST(1 AS ROW(x BIGINT))", "line 1:13: A cast to ROW is not supported here"),
    ("SELECT max_by(1, 2, 3)", "line 1:8: max_by of 3 arguments is not supported here"),
    (
        "SELECT approx_percentile(1, ARRAY[0.5])",
        "line 1:8: approx_percentile of several percentages is not supported here",
    ),
    (
        "SELECT count(*) FROM iot_sensor_data.sensor_readings GROUP BY ROLLUP (1)",
        "line 1:71: The position of an output in a grouping set is not supported here",
    ),
    ("SELECT now() AT TIME ZONE 'UTC'", "line 1:8: AT TIME ZONE is not supported here"),
    ("SELECT 1 IS TRUE", "line 1:8: The expression 1 IS TRUE is not supported here"),
    ("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", "line 1:1: WITH RECURSIVE is not supported here"),
    ("INSERT INTO a.b VALUES (1)", "line 1:1: INSERT is not supported here"),
    ("UNLOAD (SELECT 1) TO 's3://b'", "line 1:1: UNLOAD is not supported here"),
    ("EXPLAIN SELECT 1", "line 1:1: EXPLAIN is not supported here"),
];

#[tokio::test]
async fn refusals_name_the_construct() {
    let fixture = Fixture::new().await;
    for (sql, message) in REFUSALS {
        let found = match fixture.query(sql).await {
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        };
        fixture.compare(sql, &found, &format!("ValidationException: {message}"));
    }
    fixture.finish();
}

/// No function of the engine can be called that the dialect does not have.
#[tokio::test]
async fn functions_of_the_engine_stay_out() {
    let fixture = Fixture::new().await;
    for name in [
        "arrow_cast",
        "arrow_typeof",
        "bit_and",
        "btrim",
        "date_bin",
        "date_part",
        "gen_random_uuid",
        "generate_series",
        "get_field",
        "initcap",
        "make_date",
        "md5",
        "median",
        "named_struct",
        "nth_value",
        "nvl",
        "octet_length",
        "random",
        "string_agg",
        "struct",
        "to_char",
        "to_timestamp",
        "translate",
        "uuid",
        "var",
        "covar",
        "version",
    ] {
        for call in
            [format!("SELECT {name}(1)"), format!("SELECT {name}()"), format!("SELECT * FROM {name}(1)")]
        {
            let error = fixture.query(&call).await.expect_err(&call);
            assert_eq!(error.code, ErrorCode::Validation, "{call}: {}", error.message);
        }
    }
}

#[tokio::test]
async fn requests_are_checked() {
    let fixture = Fixture::new().await;
    let long = "x".repeat(262_145);
    for request in [
        json!({}),
        json!({ "QueryString": "" }),
        json!({ "QueryString": long }),
        json!({ "QueryString": "SELECT 1", "MaxRows": 0 }),
        json!({ "QueryString": "SELECT 1", "MaxRows": 1001 }),
        json!({ "QueryString": "SELECT 1", "ClientToken": "short" }),
        json!({ "QueryString": "SELECT 1", "NextToken": "made up" }),
    ] {
        let error = fixture.engine.handle("Query", request.clone()).await.expect_err("a refusal");
        assert_eq!(error.code, ErrorCode::Validation, "{request}");
    }
    let nested = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let error = fixture.query(&nested).await.expect_err("a refusal");
    assert_eq!(error.message, "The query is nested too deeply");
}
