//! What a database is after the function.

use std::time::Duration;

use custom_resource::Provisioned;
use data_api::{Failure, only_text, text};
use postgres::schema::WRITE;
use serde_json::json;
use store_setup::setup::{self, Maintained};
use tokio::time::Instant;

use crate::bench::{Bench, measures, model};

const PLENTY: Duration = Duration::from_mins(1);

fn made() -> Provisioned {
    Provisioned { physical_id: "sluice_test.telemetry".to_owned(), attributes: Vec::new() }
}

/// Writes a row of now with these values, and gives the answer.
async fn write(bench: &Bench, values: serde_json::Value) -> String {
    let now = bench.select("sluice_writer", "SELECT to_char(now(), 'YYYY-MM-DD')").await.expect("a day");
    let mut row = json!({
        "device": "a", "site": "home", "measure_name": "m", "time": format!("{}T00:00:00.000001Z", now[0]),
        "nanosecond": 1, "version": 1,
    });
    row.as_object_mut().expect("an object").extend(values.as_object().expect("an object").clone());
    let rows = json!([row]).to_string();
    let answer = bench.database("sluice_writer").execute(WRITE, vec![text("rows", rows)]).await;
    only_text(&answer.expect("an answer")).expect("a text").replace(' ', "")
}

const STORED: &str = r#"{"superseded":[],"refused":[]}"#;

#[tokio::test]
async fn a_database_becomes_the_store_and_stays_it() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    for kind in ["Create", "Update", "Create"] {
        assert_eq!(bench.provision(kind, PLENTY).await.expect(kind), made());
    }
    for role in ["sluice_writer", "sluice_reader", "sluice_grafana"] {
        assert_eq!(bench.select(role, "SELECT current_user::text").await.expect(role), [role]);
        let own = "SELECT rolsuper::int + rolcreaterole::int + rolcreatedb::int FROM pg_roles WHERE rolname = current_user";
        assert_eq!(bench.select(role, own).await.expect(role), ["0"], "{role} may do no more than it needs");
    }
    assert_eq!(write(&bench, json!({ "v": 1.5 })).await, STORED);
    let rows = "SELECT count(*) FROM sluice.telemetry WHERE v = 1.5";
    for role in ["sluice_reader", "sluice_grafana"] {
        assert_eq!(bench.select(role, rows).await.expect(role), ["1"]);
        let denied = bench.select(role, "SELECT sluice.write('[]')").await.expect_err("a reader");
        assert!(matches!(denied, Failure::Schema { .. }), "{denied:?}");
    }
    bench.select("sluice_writer", rows).await.expect_err("the writer reads nothing");

    assert_eq!(bench.provision("Delete", PLENTY).await.expect("Delete"), made());
    assert_eq!(bench.select("sluice_reader", rows).await.expect("a row"), ["1"], "a deletion leaves data");
}

#[tokio::test]
async fn a_model_that_gains_a_measure_gains_a_column_and_one_that_changes_it_is_refused() {
    let mut bench = Bench::new(&measures(&[("v", "double")])).await;
    bench.provision("Create", PLENTY).await.expect("a schema");
    write(&bench, json!({ "v": 1.5 })).await;

    bench.setup.model = Ok(model(&measures(&[("v", "double"), ("w", "bigint"), ("s", "varchar")])));
    bench.provision("Update", PLENTY).await.expect("a wider schema");
    assert_eq!(write(&bench, json!({ "v": 2.5, "w": 7, "s": "it's", "version": 2 })).await, STORED);
    let columns = "SELECT concat_ws(',', v, w, s) FROM sluice.telemetry";
    assert_eq!(bench.select("sluice_reader", columns).await.expect("a row"), ["2.5,7,it's"]);

    for (kinds, expected) in [
        (
            [("v", "bigint"), ("w", "bigint")],
            "the column \"v\" is of type double precision, and the model wants bigint",
        ),
        (
            [("v", "double"), ("site", "varchar")],
            "the column \"site\" is a dimension, and the model wants a measure",
        ),
    ] {
        let mut wanted = measures(&kinds);
        if kinds[1].0 == "site" {
            wanted["dimensions"] = json!([]);
        }
        bench.setup.model = Ok(model(&wanted));
        let error = bench.provision("Update", PLENTY).await.expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!(bench.select("sluice_reader", columns).await.expect("a row"), ["2.5,7,it's"]);
}

#[tokio::test]
async fn a_new_password_is_the_roles_after_the_next_time() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    bench.provision("Create", PLENTY).await.expect("a schema");
    bench.secret("sluice_reader", "second ü\\'\"");
    let unknown = bench.select("sluice_reader", "SELECT 1").await.expect_err("the database knows the first");
    assert!(matches!(&unknown, Failure::Unusable(reason) if reason.contains("28P01")), "{unknown:?}");
    bench.provision("Update", PLENTY).await.expect("a schema");
    assert_eq!(bench.select("sluice_reader", "SELECT 1").await.expect("an answer"), ["1"]);
}

#[tokio::test]
async fn upkeep_makes_the_days_to_come_and_drops_those_that_are_past() {
    let bench = Bench::new(&measures(&[("v", "double")])).await;
    bench.provision("Create", PLENTY).await.expect("a schema");
    let master = bench.database("sluice");
    let past = "CREATE TABLE sluice.telemetry_20200101 PARTITION OF sluice.telemetry FOR VALUES FROM \
                ('20200101T000000Z') TO ('20200102T000000Z')";
    master.execute(past, Vec::new()).await.expect("a partition");
    let days = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'sluice.telemetry'::regclass";
    assert_eq!(
        bench.select("sluice", days).await.expect("days"),
        ["5"],
        "yesterday, today, two to come, and that of the test"
    );
    let until = || Instant::now() + PLENTY;
    let maintained = setup::maintain(&master, until()).await.expect("upkeep");
    assert_eq!(maintained, Maintained { created: 0, dropped: 1 });
    assert_eq!(
        setup::maintain(&master, until()).await.expect("upkeep"),
        Maintained { created: 0, dropped: 0 }
    );
}
