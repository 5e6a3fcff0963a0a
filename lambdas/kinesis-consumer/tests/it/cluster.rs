//! The real `PostgreSQL` behind the Data API's stand-in, with a database for each bench.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_rdsdata::types::Field;
use data_api::Database;
use local_rds_data::testing::{self, Instance};
use postgres::schema::{Schema, WRITER};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::bench::{model, rds};
use crate::services::{Place, Row};

/// A cluster that tests of one program share, as long as one of them has it: it ends with the last.
static SHARED: Mutex<Weak<Cluster>> = Mutex::const_new(Weak::new());

/// Numbers databases.
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// How many days the table keeps rows: also those of the tests, of 2021.
const RETENTION_DAYS: u32 = 3_650;

/// The table of every bench.
pub const TABLE: &str = "table";

/// How long the function waits for an answer, as it does in its own wiring.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Cluster {
    instance: Instance,
    writer_arn: String,
    _state: TempDir,
}

/// A database of a cluster, set up for the model of the tests.
#[derive(Debug)]
pub struct Home {
    cluster: Arc<Cluster>,
    name: String,
}

impl Home {
    /// An empty table.
    pub async fn new() -> Self {
        let mut shared = SHARED.lock().await;
        let cluster = if let Some(cluster) = shared.upgrade() {
            cluster
        } else {
            let state = tempfile::tempdir().expect("a folder");
            let instance = testing::start(state.path());
            let writer_arn = instance.secret(WRITER, "writes");
            let cluster = Arc::new(Cluster { instance, writer_arn, _state: state });
            *shared = Arc::downgrade(&cluster);
            cluster
        };
        let name = format!("bench_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let home = Self { cluster, name };
        let Instance { cluster, .. } = &home.cluster.instance;
        let first = Database { name: cluster.database.clone(), ..home.master() };
        first.execute(&format!("CREATE DATABASE {}", home.name), Vec::new()).await.expect("a database");
        let statements = Schema::of(&model(), TABLE, RETENTION_DAYS).statements(&[]).expect("a schema");
        let password = format!("ALTER ROLE {WRITER} PASSWORD 'writes'");
        for statement in statements.iter().chain([&password]) {
            home.master().execute(statement, Vec::new()).await.expect(statement);
        }
        home
    }

    /// Where the Data API listens.
    pub fn url(&self) -> String {
        self.cluster.instance.url()
    }

    fn master(&self) -> Database {
        Database {
            client: rds(&self.url(), Duration::from_mins(1)),
            cluster_arn: self.cluster.instance.cluster.arn.clone(),
            secret_arn: self.cluster.instance.cluster.secret_arn.clone(),
            name: self.name.clone(),
        }
    }

    /// The table as the function knows it, through a Data API at `endpoint`.
    pub fn table(&self, endpoint: &str) -> kinesis_consumer::postgres::Table {
        let database = Database {
            client: rds(endpoint, PATIENCE),
            secret_arn: self.cluster.writer_arn.clone(),
            ..self.master()
        };
        kinesis_consumer::postgres::Table { database, table: TABLE.to_owned() }
    }

    /// Executes a statement as the owner of the table.
    pub async fn execute(&self, sql: &str) -> Vec<Vec<Field>> {
        self.master().execute(sql, Vec::new()).await.expect(sql).records().to_vec()
    }

    /// What the table holds.
    pub async fn rows(&self) -> BTreeMap<Place, Row> {
        let sql = format!(
            "SELECT to_jsonb(t)::text, sluice.nanoseconds(t.time, t.nanosecond)::text FROM sluice.\"{TABLE}\" AS t"
        );
        let rows = self.execute(&sql).await;
        rows.iter().map(|row| self::row(row)).collect()
    }
}

fn row(row: &[Field]) -> (Place, Row) {
    let [Field::StringValue(columns), Field::StringValue(time)] = row else { panic!("{row:?}") };
    let mut columns: BTreeMap<String, serde_json::Value> = serde_json::from_str(columns).expect("JSON");
    columns.retain(|_, value| !value.is_null());
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut take = |name: &str| columns.remove(name).expect(name);
    let device = [("device".to_owned(), text(&take("device")))].into();
    let measure_name = text(&take("measure_name"));
    let version = take("version").as_i64().expect("a version");
    take("time");
    take("nanosecond");
    let measures = columns.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    ((device, measure_name, time.clone()), (version, measures))
}
