//! Aggregates over frames that move.
//!
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/window-functions.html>

use crate::fixture::Fixture;

/// Numbers in the order of their places.
fn numbers(values: &[&str]) -> String {
    let rows = values.iter().enumerate().map(|(place, value)| format!("SELECT {place} AS i, {value} AS x"));
    format!("({})", rows.collect::<Vec<_>>().join(" UNION ALL "))
}

/// What has left the frame leaves no trace in it.
#[tokio::test]
async fn every_frame_is_computed_anew() {
    let fixture = Fixture::new().await;
    for (values, expression, rows) in [
        (&["1e308", "1.0", "2.0", "3.0"][..], "sum(x)", "1.0E308\n1.0E308\n3.0\n5.0"),
        (&["1e16", "1.0", "1.0", "1.0"], "sum(x)", "1.0E16\n1.0E16\n2.0\n2.0"),
        (&["infinity()", "1.0", "2.0"], "sum(x)", "Infinity\nInfinity\n3.0"),
        (&["nan()", "1.0", "2.0"], "sum(x)", "NaN\nNaN\n3.0"),
        (&["NULL", "1.0", "NULL", "NULL"], "sum(x)", "-\n1.0\n1.0\n-"),
        (&["1e308", "1.0", "2.0"], "avg(x)", "1.0E308\n5.0E307\n1.5"),
        (&["infinity()", "1.0", "2.0"], "avg(x)", "Infinity\nInfinity\n1.5"),
        (&["1e16", "1.0", "3.0"], "avg(x)", "1.0E16\n5.0E15\n2.0"),
        (&["1e9", "1.0", "3.0"], "var_pop(x)", "0.0\n2.499999995E17\n1.0"),
        (&["nan()", "1.0", "3.0"], "stddev_pop(x)", "NaN\nNaN\n1.0"),
        (&["1.0", "9.0", "5.0"], "max_by(i, x)", "0\n1\n1"),
        (&["1.0", "9.0", "5.0"], "approx_percentile(x, 0.5)", "1.0\n1.0\n5.0"),
        (&["1", "2", "4"], "sum(x)", "1\n3\n6"),
        (&["1.0", "9.0", "5.0"], "max(x)", "1.0\n9.0\n9.0"),
        (&["1.0", "NULL", "5.0"], "count(x)", "1\n1\n1"),
        (&["true", "false", "true"], "bool_and(x)", "true\nfalse\nfalse"),
        (&["1.0", "NULL", "5.0"], "approx_distinct(x)", "1\n1\n1"),
    ] {
        let sql = format!(
            "SELECT {expression} OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS v FROM {} ORDER BY i",
            numbers(values)
        );
        let (columns, found) = fixture.table(&sql).await;
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        fixture.compare(
            &format!("{expression} of {values:?}: {columns}"),
            &found.join("\n"),
            &rows.to_owned(),
        );
    }
    fixture.finish();
}

/// Frames of many rows are kept in pieces, which are joined.
#[tokio::test]
async fn wide_frames() {
    let fixture = Fixture::new().await;
    let values: Vec<String> = (0..200).map(|n| format!("{n}.0")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let sql = format!(
        "SELECT i, s FROM (SELECT i, sum(x) OVER (ORDER BY i ROWS BETWEEN 99 PRECEDING AND CURRENT ROW) AS s FROM {}) \
         WHERE i IN (0, 98, 99, 100, 199) ORDER BY i",
        numbers(&values)
    );
    // From a to b: (a + b) * (b - a + 1) / 2.
    let rows = "0|0.0\n98|4851.0\n99|4950.0\n100|5050.0\n199|14950.0";
    fixture.check(&sql, "i INTEGER, s DOUBLE", rows).await;
    fixture.finish();
}
