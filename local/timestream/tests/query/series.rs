//! Time series and arrays: hand-computed results, with the page of the guide beside each table.

use serde_json::json;

use crate::fixture::Fixture;

/// Four points, given out of order: 0.0 at 0 s, 10.0 at 10 s, 0.0 at 20 s and 40.0 at 40 s.
const POINTS: &str = "(SELECT from_milliseconds(40000) AS t, 40.0 AS v, 4 AS n UNION ALL SELECT from_milliseconds(0), 0.0, 1 \
                      UNION ALL SELECT from_milliseconds(20000), 0.0, 3 UNION ALL SELECT from_milliseconds(10000), 10.0, 2)";

/// Expressions over `s`, a series of the points, with their types and values.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    // timeseries-specific-constructs.views.html
    (
        "s",
        "timeseries(DOUBLE)",
        "[1970-01-01 00:00:00.000000000=0.0, 1970-01-01 00:00:10.000000000=10.0, \
         1970-01-01 00:00:20.000000000=0.0, 1970-01-01 00:00:40.000000000=40.0]",
    ),
    // timeseries-specific-constructs.functions.interpolation.html
    ("interpolate_linear(s, from_milliseconds(5000))", "DOUBLE", "5.0"),
    ("interpolate_linear(s, from_milliseconds(10000))", "DOUBLE", "10.0"),
    ("interpolate_linear(s, '1970-01-01 00:00:30')", "DOUBLE", "20.0"),
    (
        "interpolate_linear(s, sequence(from_milliseconds(10000), from_milliseconds(40000), 15s))",
        "timeseries(DOUBLE)",
        "[1970-01-01 00:00:10.000000000=10.0, 1970-01-01 00:00:25.000000000=10.0, 1970-01-01 00:00:40.000000000=40.0]",
    ),
    ("interpolate_locf(s, from_milliseconds(15000))", "DOUBLE", "10.0"),
    ("interpolate_locf(s, from_milliseconds(99000))", "DOUBLE", "40.0"),
    (
        "interpolate_locf(whole, sequence(from_milliseconds(10000), from_milliseconds(30000), 10s))",
        "timeseries(INTEGER)",
        "[1970-01-01 00:00:10.000000000=2, 1970-01-01 00:00:20.000000000=3, 1970-01-01 00:00:30.000000000=3]",
    ),
    ("interpolate_fill(s, from_milliseconds(15000), 7)", "DOUBLE", "7.0"),
    ("interpolate_fill(s, from_milliseconds(10000), 7)", "DOUBLE", "10.0"),
    ("interpolate_fill(whole, from_milliseconds(15000), 7)", "INTEGER", "7"),
    // The second derivatives a and b of the natural spline at the inner points: 40a + 10b = -12 and 10a + 60b = 18,
    // hence a = -18/46. At 5 s: 5 - 0.375a * 100/6.
    ("round(interpolate_spline_cubic(s, from_milliseconds(5000)), 4)", "DOUBLE", "7.4457"),
    ("interpolate_spline_cubic(s, from_milliseconds(20000))", "DOUBLE", "0.0"),
    // timeseries-specific-constructs.functions.derivatives.html
    (
        "derivative_linear(s, 10s)",
        "timeseries(DOUBLE)",
        "[1970-01-01 00:00:10.000000000=10.0, 1970-01-01 00:00:20.000000000=-10.0, 1970-01-01 00:00:40.000000000=20.0]",
    ),
    (
        "non_negative_derivative_linear(s, 1s)",
        "timeseries(DOUBLE)",
        "[1970-01-01 00:00:10.000000000=1.0, 1970-01-01 00:00:40.000000000=2.0]",
    ),
    // timeseries-specific-constructs.functions.integrals.html
    ("integral_trapezoidal(s)", "DOUBLE", "500.0"),
    ("integral_trapezoidal(s, 10s)", "DOUBLE", "50.0"),
    ("integral_trapezoidal(whole)", "DOUBLE", "110.0"),
    // timeseries-specific-constructs.functions.correlation.html
    ("round(correlate_pearson(s, s), 9)", "DOUBLE", "1.0"),
    ("round(correlate_spearman(whole, whole), 9)", "DOUBLE", "1.0"),
    // Off their means 12.5 and 2.5: 55 / sqrt(1075 * 5).
    ("round(correlate_pearson(s, whole), 4)", "DOUBLE", "0.7502"),
    // Ranks 1.5, 3, 1.5, 4 and 1, 2, 3, 4: 3 / sqrt(4.5 * 5).
    ("round(correlate_spearman(s, whole), 4)", "DOUBLE", "0.6325"),
    ("typeof(s)", "VARCHAR", "timeseries(double)"),
    // timeseries-specific-constructs.functions.filter.html
    (
        "filter(s, x -> x.value > 5)",
        "timeseries(DOUBLE)",
        "[1970-01-01 00:00:10.000000000=10.0, 1970-01-01 00:00:40.000000000=40.0]",
    ),
    (
        "filter(s, x -> x.time > '1970-01-01 00:00:30')",
        "timeseries(DOUBLE)",
        "[1970-01-01 00:00:40.000000000=40.0]",
    ),
    ("filter(s, x -> x.value > nan())", "timeseries(DOUBLE)", "[]"),
    ("reduce(s, DOUBLE '0.0', (sum, x) -> sum + x.value, sum -> sum)", "DOUBLE", "50.0"),
    ("reduce(s, 0, (n, x) -> n + 1, n -> n * 2.5)", "DOUBLE", "10.0"),
    ("reduce(s, 0, (n, x) -> n + x.value, n -> n)", "DOUBLE", "50.0"),
];

#[tokio::test]
async fn time_series_functions() {
    let fixture = Fixture::new().await;
    for (expression, kind, value) in FUNCTIONS {
        let series = format!(
            "(SELECT create_time_series(t, v) AS s, create_time_series(t, n) AS whole FROM {POINTS})"
        );
        fixture.check(&format!("SELECT {expression} AS x FROM {series}"), &format!("x {kind}"), value).await;
    }
    fixture.finish();
}

/// What the guide does not say is refused.
#[tokio::test]
async fn what_is_open_is_refused() {
    let fixture = Fixture::new().await;
    for (expression, message) in [
        (
            "interpolate_linear(create_time_series(t, v), ago(1d))",
            "line 1:8: INTERPOLATE_LINEAR outside of the time series is not supported here",
        ),
        (
            "interpolate_locf(create_time_series(t, v), TIMESTAMP '1969-12-31 00:00:00')",
            "line 1:8: INTERPOLATE_LOCF outside of the time series is not supported here",
        ),
        (
            "interpolate_linear(create_time_series(t, n), t)",
            "'t' must be an aggregate expression or appear in GROUP BY clause",
        ),
        (
            "interpolate_linear(create_time_series(t, n), max(t))",
            "line 1:8: This function of a series of integers is not supported here: cast its values to double",
        ),
        (
            "create_time_series(from_milliseconds(0), v)",
            "line 1:8: CREATE_TIME_SERIES of several values at one time is not supported here",
        ),
        (
            "create_time_series(t, nullif(v, 40))",
            "line 1:8: CREATE_TIME_SERIES of rows with a null is not supported here",
        ),
        (
            "create_time_series(v, v)",
            "line 1:8: Unexpected parameters (double, double) for function create_time_series",
        ),
        (
            "create_time_series(t, v) = create_time_series(t, v)",
            "A comparison of arrays or time series is not supported here",
        ),
        (
            "correlate_pearson(create_time_series(t, n), create_time_series(t, if(t = from_milliseconds(0), nan(), v)))",
            "line 1:8: CORRELATE_PEARSON of a time series with NaN is not supported here",
        ),
        (
            "correlate_spearman(create_time_series(t, v / 0.0 * 0), create_time_series(t, n))",
            "line 1:8: CORRELATE_SPEARMAN of a time series with NaN is not supported here",
        ),
        (
            "correlate_pearson(create_time_series(t, n), create_time_series(t, if(v = 40, infinity(), v)))",
            "line 1:8: CORRELATE_PEARSON of values this large is not supported here",
        ),
        (
            "correlate_pearson(create_time_series(t, n), create_time_series(t, 7.5))",
            "line 1:8: CORRELATE_PEARSON of a series that does not vary is not supported here",
        ),
        ("derivative_linear(create_time_series(t, v), 0s)", "line 1:8: The interval must be positive"),
        ("sequence(1, 5, 0)", "line 1:8: step must not be zero"),
        ("sequence(1, 10001)", "line 1:8: result of sequence function must not have more than 10000 entries"),
        ("ARRAY[1][2]", "line 1:14: Array subscript out of bounds"),
        ("ARRAY[1, 'x']", "line 1:14: 'array' cannot be applied to integer, varchar"),
    ] {
        let found = match fixture.query(&format!("SELECT {expression} FROM {POINTS}")).await {
            Ok(answer) => answer.to_string(),
            Err(error) => error.message,
        };
        fixture.compare(expression, &found, &message.to_owned());
    }
    fixture.finish();
}

/// <https://docs.aws.amazon.com/timestream/latest/developerguide/array-functions.html>
const ARRAYS: &[(&str, &str, &str)] = &[
    ("ARRAY[1, 2]", "array(INTEGER)", "[1, 2]"),
    ("ARRAY[1, 2.5, NULL]", "array(DOUBLE)", "[1.0, 2.5, -]"),
    ("ARRAY['a', 'b'][2]", "VARCHAR", "b"),
    ("element_at(ARRAY[1, 2, 3], -1)", "INTEGER", "3"),
    ("element_at(ARRAY[1], 9)", "INTEGER", "-"),
    ("cardinality(ARRAY[1, NULL])", "BIGINT", "2"),
    ("contains(ARRAY[1, 2], 2)", "BOOLEAN", "true"),
    ("contains(ARRAY[1, NULL], 2)", "BOOLEAN", "-"),
    ("contains(ARRAY[nan()], nan())", "BOOLEAN", "false"),
    ("array_distinct(ARRAY[2, 1, 2, NULL, NULL])", "array(INTEGER)", "[2, 1, -]"),
    ("array_union(ARRAY[1, 2], ARRAY[2, 3])", "array(INTEGER)", "[1, 2, 3]"),
    ("array_intersect(ARRAY[1, 2, 2], ARRAY[2, 3])", "array(INTEGER)", "[2]"),
    ("array_except(ARRAY[1, 2, 1], ARRAY[2])", "array(INTEGER)", "[1]"),
    ("array_remove(ARRAY[1, 2, 1], 1)", "array(INTEGER)", "[2]"),
    ("array_position(ARRAY['a', 'b'], 'b')", "BIGINT", "2"),
    ("array_position(ARRAY['a', 'b'], 'c')", "BIGINT", "0"),
    ("array_min(ARRAY[3, 1, 2])", "INTEGER", "1"),
    ("array_max(ARRAY[3, NULL])", "INTEGER", "-"),
    ("array_sort(ARRAY[3, NULL, 1])", "array(INTEGER)", "[1, 3, -]"),
    ("array_join(ARRAY[1, NULL, 3], '-')", "VARCHAR", "1-3"),
    ("array_join(ARRAY[1, NULL, 3], '-', '?')", "VARCHAR", "1-?-3"),
    ("arrays_overlap(ARRAY[1, 2], ARRAY[2])", "BOOLEAN", "true"),
    ("arrays_overlap(ARRAY[1, NULL], ARRAY[2])", "BOOLEAN", "-"),
    ("reverse(ARRAY[1, 2])", "array(INTEGER)", "[2, 1]"),
    ("reverse('ab')", "VARCHAR", "ba"),
    ("slice(ARRAY[1, 2, 3, 4], 2, 2)", "array(INTEGER)", "[2, 3]"),
    ("slice(ARRAY[1, 2, 3, 4], -2, 9)", "array(INTEGER)", "[3, 4]"),
    ("concat(ARRAY[1], ARRAY[2])", "array(INTEGER)", "[1, 2]"),
    ("ARRAY[1] || ARRAY[2]", "array(INTEGER)", "[1, 2]"),
    ("repeat('a', 2)", "array(VARCHAR)", "[a, a]"),
    ("sequence(1, 3)", "array(BIGINT)", "[1, 2, 3]"),
    ("sequence(5, 1, -2)", "array(BIGINT)", "[5, 3, 1]"),
    (
        "sequence(DATE '2026-01-31', DATE '2026-03-31', INTERVAL '1' MONTH)",
        "array(DATE)",
        "[2026-01-31, 2026-02-28, 2026-03-31]",
    ),
    ("sequence(DATE '2026-03-01', DATE '2026-02-27')", "array(DATE)", "[2026-03-01, 2026-02-28, 2026-02-27]"),
    ("sequence(DATE '2026-03-01', DATE '2026-03-01')", "array(DATE)", "[2026-03-01]"),
    ("cardinality(sequence(ago(1h), now(), 15m))", "BIGINT", "5"),
    ("split('a-b-c', '-')", "array(VARCHAR)", "[a, b, c]"),
    ("split('a-b-c', '-', 2)", "array(VARCHAR)", "[a, b-c]"),
    ("regexp_extract_all('a1b22', '[0-9]+')", "array(VARCHAR)", "[1, 22]"),
    ("regexp_extract_all('a1b22', '([a-z])([0-9]+)', 1)", "array(VARCHAR)", "[a, b]"),
    ("regexp_split('a1b22c', '[0-9]+')", "array(VARCHAR)", "[a, b, c]"),
    ("typeof(ARRAY[1])", "VARCHAR", "array(integer)"),
    ("filter(ARRAY[5, -6, NULL, 7], x -> x > 0)", "array(INTEGER)", "[5, 7]"),
    ("transform(ARRAY[5, NULL, 6], x -> x + 1)", "array(INTEGER)", "[6, -, 7]"),
    ("transform(ARRAY['a', 'b'], x -> x || '!')", "array(VARCHAR)", "[a!, b!]"),
    ("transform(ARRAY[1, 2], x -> 7)", "array(INTEGER)", "[7, 7]"),
    ("reduce(ARRAY[5, 20, 50], 0, (s, x) -> s + x, s -> s)", "INTEGER", "75"),
    ("reduce(ARRAY[1, 2, 3], 0, (s, x) -> 10 * s + x, s -> cast(s AS varchar))", "VARCHAR", "123"),
    ("reduce(slice(ARRAY[1], 1, 0), 4, (s, x) -> s + x, s -> s)", "INTEGER", "4"),
    // array-functions.html; Trino says what becomes of nulls and of nothing.
    ("all_match(ARRAY[1, 2, 3], x -> x > 0)", "BOOLEAN", "true"),
    ("all_match(ARRAY[1, 2, 3], x -> x > 1)", "BOOLEAN", "false"),
    ("all_match(ARRAY[1, NULL, 3], x -> x > 0)", "BOOLEAN", "-"),
    ("all_match(ARRAY[1, NULL, 3], x -> x > 1)", "BOOLEAN", "false"),
    ("all_match(slice(ARRAY[1], 1, 0), x -> x > 1)", "BOOLEAN", "true"),
    ("any_match(ARRAY[1, 2, 3], x -> x > 2)", "BOOLEAN", "true"),
    ("any_match(ARRAY[1, 2, 3], x -> x > 3)", "BOOLEAN", "false"),
    ("any_match(ARRAY[1, NULL, 3], x -> x > 2)", "BOOLEAN", "true"),
    ("any_match(ARRAY[1, NULL, 3], x -> x > 3)", "BOOLEAN", "-"),
    ("any_match(slice(ARRAY[1], 1, 0), x -> true)", "BOOLEAN", "false"),
    ("none_match(ARRAY['a', 'b'], x -> x = 'c')", "BOOLEAN", "true"),
    ("none_match(ARRAY['a', 'b'], x -> x = 'b')", "BOOLEAN", "false"),
    ("none_match(ARRAY['a', NULL], x -> x = 'b')", "BOOLEAN", "-"),
    ("none_match(slice(ARRAY['a'], 1, 0), x -> true)", "BOOLEAN", "true"),
    ("any_match(ARRAY[1, 2], x -> NULL)", "BOOLEAN", "-"),
    ("cardinality(filter(transform(ARRAY[1, 2, 3], x -> x * 2), y -> y > 2))", "BIGINT", "2"),
    // string-functions.html, mathematical-functions.html, bitwise-functions.html
    ("codepoint('a')", "INTEGER", "97"),
    ("hamming_distance('abc', 'abd')", "BIGINT", "1"),
    ("levenshtein_distance('kitten', 'sitting')", "BIGINT", "3"),
    ("strpos('banana', 'an', 2)", "BIGINT", "4"),
    ("strrpos('banana', 'an')", "BIGINT", "4"),
    ("strrpos('banana', 'an', 2)", "BIGINT", "2"),
    ("to_base(-255, 16)", "VARCHAR", "-ff"),
    ("from_base('ff', 16)", "BIGINT", "255"),
    ("bit_count(9, 64)", "BIGINT", "2"),
    ("bit_count(-7, 8)", "BIGINT", "6"),
    ("bitwise_and(12, 10)", "BIGINT", "8"),
    ("bitwise_or(12, 10)", "BIGINT", "14"),
    ("bitwise_xor(12, 10)", "BIGINT", "6"),
    ("bitwise_not(0)", "BIGINT", "-1"),
    ("typeof(1.5)", "VARCHAR", "double"),
    ("typeof(NULL)", "VARCHAR", "unknown"),
    // date-time-functions.html
    ("nanosecond(from_nanoseconds(7))", "BIGINT", "7"),
    ("date_format(now(), '%W %e %b %Y %r')", "VARCHAR", "Sunday 1 Mar 2026 12:00:00 PM"),
    ("date_parse('2026-03-01 07:05', '%Y-%m-%d %H:%i')", "TIMESTAMP", "2026-03-01 07:05:00.000000000"),
    ("format_datetime(now(), 'yyyy-MM-dd''T''HH:mm:ss.SSS')", "VARCHAR", "2026-03-01T12:00:00.000"),
    (
        "parse_datetime('1 March 2026, 3 pm', 'd MMMM yyyy, h a')",
        "TIMESTAMP",
        "2026-03-01 15:00:00.000000000",
    ),
    ("localtime", "TIME", "12:00:00.000000000"),
];

#[tokio::test]
async fn arrays_and_further_functions() {
    let fixture = Fixture::new().await;
    for (expression, kind, value) in ARRAYS {
        fixture.check(&format!("SELECT {expression} AS x"), &format!("x {kind}"), value).await;
    }
    fixture.finish();
}

/// A zero makes the product zero and an infinity makes it infinite, whichever comes first; together they have none.
#[tokio::test]
async fn geometric_means_do_not_depend_on_the_order() {
    let fixture = Fixture::new().await;
    for (one, other, value) in [
        ("0.0", "4.0", "0.0"),
        ("infinity()", "4.0", "Infinity"),
        ("0.0", "infinity()", "NaN"),
        ("0.0", "0.0", "0.0"),
        ("infinity()", "infinity()", "Infinity"),
        ("nan()", "0.0", "NaN"),
        ("-1.0", "4.0", "NaN"),
    ] {
        for (first, last) in [(one, other), (other, one)] {
            let query = format!(
                "SELECT geometric_mean(x) AS y FROM (SELECT {first} AS x UNION ALL SELECT 1.0 UNION ALL SELECT {last})"
            );
            fixture.check(&query, "y DOUBLE", value).await;
        }
    }
    fixture.finish();
}

/// Sums of powers off the mean 3.75 of 1, 2, 4 and 8: second 28.75, third 50.625, fourth 392.828125.
/// <https://docs.aws.amazon.com/timestream/latest/developerguide/aggregate-functions.html>
#[tokio::test]
async fn further_aggregates() {
    let fixture = Fixture::new().await;
    let values = "(SELECT 1.0 AS x UNION ALL SELECT 2.0 UNION ALL SELECT NULL UNION ALL SELECT 4.0 UNION ALL SELECT 8.0)";
    for (expression, kind, value) in [
        ("array_agg(x)", "array(DOUBLE)", "[1.0, 2.0, -, 4.0, 8.0]"),
        ("round(geometric_mean(x), 6)", "DOUBLE", "2.828427"),
        ("round(skewness(x), 4)", "DOUBLE", "0.6568"),
        ("round(kurtosis(x), 4)", "DOUBLE", "0.7577"),
        ("round(var_pop(x), 4)", "DOUBLE", "7.1875"),
        ("skewness(x) FILTER (WHERE x < 3)", "DOUBLE", "-"),
        ("approx_distinct(x)", "BIGINT", "4"),
        ("approx_distinct(NULL)", "BIGINT", "0"),
    ] {
        fixture.check(&format!("SELECT {expression} AS y FROM {values}"), &format!("y {kind}"), value).await;
    }
    fixture.finish();
}

/// <https://docs.aws.amazon.com/timestream/latest/developerguide/timeseries-specific-constructs.views.html>
#[tokio::test]
async fn series_and_arrays_are_unnested() {
    let fixture = Fixture::new().await;
    let series = format!("(SELECT 'a' AS device, create_time_series(t, v) AS s FROM {POINTS})");
    for (sql, columns, rows) in [
        (
            "SELECT time, round(value, 2) AS v FROM {} CROSS JOIN UNNEST(interpolate_linear(s, sequence(from_milliseconds(0), from_milliseconds(20000), 10s)))",
            "time TIMESTAMP, v DOUBLE",
            "1970-01-01 00:00:00.000000000|0.0\n1970-01-01 00:00:10.000000000|10.0\n1970-01-01 00:00:20.000000000|0.0",
        ),
        (
            "SELECT p.device, u.at, u.v FROM {} AS p CROSS JOIN UNNEST(s) AS u (at, v) WHERE u.v > 5 ORDER BY at DESC",
            "device VARCHAR, at TIMESTAMP, v DOUBLE",
            "a|1970-01-01 00:00:40.000000000|40.0\na|1970-01-01 00:00:10.000000000|10.0",
        ),
        ("SELECT count(*) FROM {} CROSS JOIN UNNEST(s) AS u", "_col0 BIGINT", "4"),
        // A lambda sees the columns of its row.
        (
            "SELECT n, transform(sequence(1, n), x -> x * n) AS t, reduce(sequence(1, n), n, (s, x) -> s + x * n, s -> s - n) AS r FROM (SELECT 2 AS n UNION ALL SELECT NULL UNION ALL SELECT 3) ORDER BY n",
            "n INTEGER, t array(BIGINT), r BIGINT",
            "2|[2, 4]|6\n3|[3, 6, 9]|18\n-|-|-",
        ),
        ("SELECT x FROM UNNEST(ARRAY[3, NULL, 1]) AS u (x)", "x INTEGER", "3\n-\n1"),
        (
            "SELECT x, y FROM UNNEST(ARRAY[1, 2]) AS a (x) CROSS JOIN UNNEST(sequence(1, x)) AS b (y)",
            "x INTEGER, y BIGINT",
            "1|1\n2|1\n2|2",
        ),
        (
            "SELECT * FROM (SELECT 1 AS one) CROSS JOIN UNNEST(split('', 'x')) AS b (y)",
            "one INTEGER, y VARCHAR",
            "1|",
        ),
        ("SELECT y FROM (SELECT NULL AS n) CROSS JOIN UNNEST(split(n, 'x')) AS b (y)", "y VARCHAR", ""),
        (
            "SELECT device_id, count(*) AS n FROM iot_sensor_data.sensor_readings r CROSS JOIN UNNEST(ARRAY['a', 'b']) AS u (x) GROUP BY device_id ORDER BY 1",
            "device_id VARCHAR, n BIGINT",
            "dev-1|8\ndev-2|8",
        ),
    ] {
        fixture.check(&sql.replace("{}", &series), columns, rows).await;
    }
    fixture.finish();
}

/// The guide's query of interpolated values, over a table.
/// <https://docs.aws.amazon.com/timestream/latest/developerguide/timeseries-specific-constructs.functions.interpolation.html>
#[tokio::test]
async fn gaps_are_filled_as_the_guide_does() {
    let sql = "
WITH binned_timeseries AS (
    SELECT device_id, BIN(time, 5m) AS binned_timestamp, ROUND(AVG(temperature), 2) AS avg_temperature
    FROM iot_sensor_data.sensor_readings
    WHERE measure_name = 'sensor_metrics' AND device_id = 'dev-1' AND time > ago(1h)
    GROUP BY device_id, BIN(time, 5m)
), interpolated_timeseries AS (
    SELECT device_id,
        INTERPOLATE_LINEAR(
            CREATE_TIME_SERIES(binned_timestamp, avg_temperature),
            SEQUENCE(min(binned_timestamp), max(binned_timestamp), 15m)) AS interpolated_avg_temperature
    FROM binned_timeseries
    GROUP BY device_id
)
SELECT time, ROUND(value, 2) AS interpolated_temperature
FROM interpolated_timeseries
CROSS JOIN UNNEST(interpolated_avg_temperature)";
    // 20.0 at 11:10, 20.5 at 11:40 and 21.5 at 11:55.
    let rows = "2026-03-01 11:10:00.000000000|20.0
        2026-03-01 11:25:00.000000000|20.25
        2026-03-01 11:40:00.000000000|20.5
        2026-03-01 11:55:00.000000000|21.5";
    let fixture = Fixture::new().await;
    fixture.check(sql, "time TIMESTAMP, interpolated_temperature DOUBLE", rows).await;
    fixture.finish();
}

/// <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Datum.html>
#[tokio::test]
async fn nested_values_on_the_wire() {
    let fixture = Fixture::new().await;
    let answer = fixture
        .query("SELECT create_time_series(t, n) AS s, ARRAY[1, NULL] AS a FROM (SELECT now() AS t, 7 AS n)")
        .await
        .expect("an answer");
    let columns = json!([
        { "Name": "s", "Type": { "TimeSeriesMeasureValueColumnInfo": { "Type": { "ScalarType": "INTEGER" } } } },
        { "Name": "a", "Type": { "ArrayColumnInfo": { "Type": { "ScalarType": "INTEGER" } } } },
    ]);
    assert_eq!(answer["ColumnInfo"], columns);
    let rows = json!([{ "Data": [
        { "TimeSeriesValue": [{ "Time": "2026-03-01 12:00:00.000000000", "Value": { "ScalarValue": "7" } }] },
        { "ArrayValue": [{ "ScalarValue": "1" }, { "NullValue": true }] },
    ] }]);
    assert_eq!(answer["Rows"], rows);
}
