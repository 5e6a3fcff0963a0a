//! The real `PostgreSQL` behind its two fronts, that of the Data API and that of its own protocol, with a database for
//! each bench.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex as Plain, Weak};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_rdsdata::types::Field;
use data_api::Database;
use kinesis_consumer::postgres::direct::{self, Settings};
use kinesis_consumer::postgres::{Database as Way, Table};
use local_rds_data::testing::{self, Instance};
use postgres::schema::{Schema, WRITER};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::bench::{model, rds};
use crate::services::{Faults, Place, Row};

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

/// How long it waits where nothing is between it and the database.
const DIRECT_PATIENCE: Duration = Duration::from_millis(500);

/// As the server of the other store has it: a row that spoils every request that it is in.
const POISON: [&str; 2] = [
    "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row is invalid'; END $$",
    "CREATE TRIGGER poison BEFORE INSERT ON sluice.\"table\" FOR EACH ROW WHEN (NEW.device = 'poison') EXECUTE FUNCTION poison()",
];

#[derive(Debug)]
struct Cluster {
    instance: Instance,
    writer_arn: String,
    /// What goes wrong with the sessions of each database.
    sessions: Plain<BTreeMap<String, serde_json::Value>>,
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
            let cluster =
                Arc::new(Cluster { instance, writer_arn, sessions: Plain::default(), _state: state });
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
        for statement in POISON {
            home.execute(statement).await;
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
    pub fn table(&self, endpoint: &str) -> Table {
        let database = Database {
            client: rds(endpoint, PATIENCE),
            secret_arn: self.cluster.writer_arn.clone(),
            ..self.master()
        };
        Table { database: Way::DataApi(database), table: TABLE.to_owned() }
    }

    /// What the way to the database takes, for a function in its network.
    pub fn settings(&self) -> Settings {
        let cluster = &self.cluster.instance.cluster;
        let credentials = Credentials::new("test", "test", None, None, "test");
        Settings {
            host: "localhost".to_owned(),
            port: cluster.port,
            database: self.name.clone(),
            region: "us-east-1".to_owned(),
            roots: std::fs::read_to_string(&cluster.root_certificate).expect("a certificate"),
            credentials: SharedCredentialsProvider::new(credentials),
            connect: DIRECT_PATIENCE,
            attempt: DIRECT_PATIENCE,
        }
    }

    /// Name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends the sessions of its consumers, as a server does that is shut down.
    pub async fn end_sessions(&self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'sluice_consumer'";
        self.execute(end).await;
    }

    /// The file of the roots.
    pub fn roots(&self) -> String {
        self.cluster.instance.cluster.root_certificate.display().to_string()
    }

    /// The table as the function in its network knows it.
    pub fn direct(settings: Settings) -> Table {
        let database = direct::Database::new(settings).expect("a way to the database");
        Table { database: Way::Direct(database), table: TABLE.to_owned() }
    }

    /// Lets the sessions of its database break, as far as those have such faults.
    pub fn faults(&self, faults: &Faults) {
        let sessions = serde_json::json!({
            "refused": faults.throttled,
            "killed": faults.internal / 2.0,
            "dropped": faults.internal / 2.0,
            "lost_answer": faults.internal_after_write,
            "silent": faults.silent,
        });
        let mut all = self.cluster.sessions.lock().expect("no test panicked while it held the lock");
        all.insert(self.name.clone(), sessions);
        self.cluster.instance.faults(&serde_json::json!({ "seed": 7, "sessions": *all }));
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
