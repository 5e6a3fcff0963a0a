//! What goes in and what comes out.

use aws_sdk_rdsdata::{
    primitives::Blob,
    types::{
        ArrayValue, DecimalReturnType, Field, LongReturnType, RecordsFormatType, ResultSetOptions, TypeHint,
    },
};
use serde_json::{Value, json};

use crate::client::{Fixture, parameter};

fn text(text: &str) -> Field {
    Field::StringValue(text.to_owned())
}

#[tokio::test]
async fn every_type_has_a_field() {
    let fixture = Fixture::new();
    for (sql, expected) in [
        ("true", Field::BooleanValue(true)),
        ("7::smallint", Field::LongValue(7)),
        ("7", Field::LongValue(7)),
        ("9223372036854775807", Field::LongValue(i64::MAX)),
        ("1.1::real", Field::DoubleValue(1.1)),
        ("1e300::double precision", Field::DoubleValue(1e300)),
        ("'-Infinity'::double precision", Field::DoubleValue(f64::NEG_INFINITY)),
        ("-120034.0500", text("-120034.0500")),
        ("1e-9::numeric(20, 12)", text("0.000000001000")),
        ("'NaN'::numeric", text("NaN")),
        ("'ä'", text("ä")),
        ("'ä'::varchar(3)", text("ä")),
        ("'a'::char(3)", text("a  ")),
        ("'{\"a\": 1}'::json", text("{\"a\": 1}")),
        ("'{\"a\":1}'::jsonb", text("{\"a\": 1}")),
        ("'4c2f1a3e-0000-4000-8000-00000000000f'::uuid", text("4c2f1a3e-0000-4000-8000-00000000000f")),
        ("'\\x00ff'::bytea", Field::BlobValue(Blob::new([0, 255]))),
        ("'1999-12-31'::date", text("1999-12-31")),
        ("'23:59:59.5'::time", text("23:59:59.5")),
        ("'1969-12-31 23:59:59.000001'::timestamp", text("1969-12-31 23:59:59.000001")),
        ("'2026-11-30 01:00:00+01'::timestamptz", text("2026-11-30 00:00:00")),
        ("'infinity'::timestamptz", text("infinity")),
        ("null::int", Field::IsNull(true)),
        ("array[1, null]", Field::ArrayValue(ArrayValue::LongValues(vec![Some(1), None]))),
        ("array['a']", Field::ArrayValue(ArrayValue::StringValues(vec![Some("a".to_owned())]))),
        ("'{}'::float8[]", Field::ArrayValue(ArrayValue::DoubleValues(vec![]))),
        ("current_user", text("sluice")),
    ] {
        assert_eq!(fixture.one(&format!("SELECT {sql}")).await, expected, "{sql}");
    }
    for sql in ["'1 day'::interval", "'(1,2)'::point", "array[[1],[2]]", "'12:00+01'::timetz"] {
        let (code, message) = fixture.refusal(&format!("SELECT {sql}")).await;
        assert_eq!(code, "UnsupportedResultException", "{sql}: {message}");
    }
}

#[tokio::test]
async fn parameters_arrive_with_their_types() {
    let fixture = Fixture::new();
    for (value, hint, kind, expected) in [
        (text("x"), None, "character varying", "x"),
        (Field::LongValue(-7), None, "bigint", "-7"),
        (Field::DoubleValue(0.1), None, "double precision", "0.1"),
        (Field::DoubleValue(f64::NAN), None, "double precision", "NaN"),
        (Field::BooleanValue(true), None, "boolean", "true"),
        (Field::BlobValue(Blob::new([1])), None, "bytea", "\\x01"),
        (text("1.50"), Some(TypeHint::Decimal), "numeric", "1.50"),
        (text("2026-11-30"), Some(TypeHint::Date), "date", "2026-11-30"),
        (text("10:11:12.5"), Some(TypeHint::Time), "time without time zone", "10:11:12.5"),
        (
            text("2026-11-30 01:02:03.004"),
            Some(TypeHint::Timestamp),
            "timestamp without time zone",
            "2026-11-30 01:02:03.004",
        ),
        (text("{\"a\":1}"), Some(TypeHint::Json), "json", "{\"a\":1}"),
        (
            text("4c2f1a3e-0000-4000-8000-00000000000f"),
            Some(TypeHint::Uuid),
            "uuid",
            "4c2f1a3e-0000-4000-8000-00000000000f",
        ),
    ] {
        let select = fixture.statement("SELECT pg_typeof(:p)::text, :p::text, ':p'");
        let records = select.parameters(parameter("p", value, hint)).send().await.expect(kind).records;
        assert_eq!(records.expect("records"), [[text(kind), text(expected), text(":p")]]);
    }
    let null = fixture.statement("SELECT :p::date").parameters(parameter("p", Field::IsNull(true), None));
    assert_eq!(null.send().await.expect("a null").records.expect("records"), [[Field::IsNull(true)]]);
    // A string becomes nothing else by itself: a driver with another idea would hide a missing hint.
    fixture.run("CREATE TABLE days (day date)").await;
    let insert = fixture.statement("INSERT INTO days VALUES (:p)").parameters(parameter(
        "p",
        text("2026-11-30"),
        None,
    ));
    let (code, message) = crate::client::refused(insert.send().await);
    assert!(code == "DatabaseErrorException" && message.ends_with("SQLState: 42804"), "{code}: {message}");
}

#[tokio::test]
async fn what_is_updated_is_counted_and_what_is_asked_for_is_described() {
    let fixture = Fixture::new();
    assert_eq!(
        fixture
            .run("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(9))")
            .await
            .number_of_records_updated,
        0
    );
    let insert = fixture.run("INSERT INTO t SELECT n, 'n' || n FROM generate_series(1, 3) n").await;
    assert_eq!((insert.number_of_records_updated, insert.records), (3, None));
    assert_eq!(insert.generated_fields.expect("none"), []);
    let returned = fixture.run("UPDATE t SET name = 'x' WHERE id > 1 RETURNING id").await;
    assert_eq!(returned.records.expect("records").len(), 2);

    let select = fixture.statement("SELECT id, name FROM t WHERE id < 0").include_result_metadata(true);
    let selected = select.send().await.expect("a result");
    assert_eq!(selected.records.expect("no record"), Vec::<Vec<Field>>::new());
    let columns = selected.column_metadata.expect("metadata");
    let told: Vec<_> = columns
        .iter()
        .map(|column| {
            (
                column.name().unwrap_or_default(),
                column.type_name().unwrap_or_default(),
                column.r#type,
                column.precision,
            )
        })
        .collect();
    assert_eq!(told, [("id", "int8", -5, 19), ("name", "varchar", 12, 9)]);
}

#[tokio::test]
async fn numbers_and_records_in_other_forms() {
    let fixture = Fixture::new();
    let options = ResultSetOptions::builder()
        .decimal_return_type(DecimalReturnType::DoubleOrLong)
        .long_return_type(LongReturnType::String)
        .build();
    let select = fixture.statement("SELECT 1, 1::numeric, 1.5").result_set_options(options);
    let records = select.send().await.expect("a result").records.expect("records");
    assert_eq!(records, [[text("1"), Field::LongValue(1), Field::DoubleValue(1.5)]]);

    let select = fixture
        .statement("SELECT 1 AS a, 'x' AS b, null::int AS c, array[1.5::float8] AS d UNION ALL SELECT 2, 'y', 3, null")
        .format_records_as(RecordsFormatType::Json);
    let formatted = select.send().await.expect("a result").formatted_records.expect("text");
    let records: Value = serde_json::from_str(&formatted).expect("JSON");
    assert_eq!(
        records,
        json!([{ "a": 1, "b": "x", "c": null, "d": [1.5] }, { "a": 2, "b": "y", "c": 3, "d": null }])
    );
}

#[tokio::test]
async fn a_batch_is_kept_as_a_whole_or_not_at_all() {
    let fixture = Fixture::new();
    fixture.run("CREATE TABLE t (id bigint PRIMARY KEY)").await;
    let batch = async |ids: &[i64]| {
        let cluster = &fixture.instance.cluster;
        let sets = ids.iter().map(|id| vec![parameter("id", Field::LongValue(*id), None)]).collect();
        let batch = fixture.client.batch_execute_statement().sql("INSERT INTO t VALUES (:id)");
        batch
            .resource_arn(&cluster.arn)
            .secret_arn(&cluster.secret_arn)
            .set_parameter_sets(Some(sets))
            .send()
            .await
    };
    assert_eq!(batch(&[1, 2, 3]).await.expect("new rows").update_results().len(), 3);
    assert_eq!(crate::client::refused(batch(&[4, 3]).await).0, "DatabaseErrorException");
    assert_eq!(fixture.one("SELECT count(*) FROM t").await, Field::LongValue(3));
}

#[tokio::test]
async fn nothing_of_a_session_reaches_the_next_request() {
    let fixture = Fixture::new();
    fixture.run("SET search_path = nowhere").await;
    fixture.run("CREATE TEMPORARY TABLE t ()").await;
    for _ in 0..5 {
        assert_eq!(fixture.one("SHOW search_path").await, text("\"$user\", public"));
        assert_eq!(fixture.one("SELECT to_regclass('t')::text").await, Field::IsNull(true));
    }
}

#[test]
fn boto3_is_answered() {
    let fixture = Fixture::new();
    let cluster = &fixture.instance.cluster;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_data.py");
    local_harness::python::run(script, &[&fixture.instance.url(), &cluster.arn, &cluster.secret_arn]);
}
