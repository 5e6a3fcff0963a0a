//! PostgreSQL with the schema of the pipeline, asked as the role of Grafana.

use aws_sdk_rdsdata::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_rdsdata::types::Field;
use data_api::{Database, Failure, Patience, only_text, text};
use local_rds_data::testing::{self, Instance};
use postgres::rows;
use postgres::schema::{GRAFANA, Schema, WRITE};
use telemetry::{Model, Record};
use tempfile::TempDir;

use super::{Answer, Type};

/// How many days the table keeps rows.
const RETENTION_DAYS: u32 = 31;

/// Rows of one request.
const BATCH: usize = 500;

const PATIENCE: Patience = Patience::of(std::time::Duration::from_mins(1));

#[derive(Debug)]
pub struct Server {
    cluster: Instance,
    _state: TempDir,
}

/// The way to a table.
#[derive(Debug)]
pub struct Way {
    owner: Database,
    grafana: Database,
}

impl Server {
    pub fn start() -> Self {
        let state = tempfile::tempdir().expect("a temporary folder");
        Self { cluster: testing::start(state.path()), _state: state }
    }

    fn database(&self, name: &str, secret_arn: &str) -> Database {
        let config = aws_sdk_rdsdata::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.cluster.url())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"));
        Database {
            client: aws_sdk_rdsdata::Client::from_conf(config.build()),
            cluster_arn: self.cluster.cluster.arn.clone(),
            secret_arn: secret_arn.to_owned(),
            name: name.to_owned(),
        }
    }

    pub async fn table(&self, database: &str, table: &str, model: &Model) -> Way {
        let master = &self.cluster.cluster.secret_arn;
        execute(&self.database(testing::DATABASE, master), &format!("CREATE DATABASE {database}")).await;
        let owner = self.database(database, master);
        for statement in Schema::of(model, table, RETENTION_DAYS).statements(&[]).expect("a new schema") {
            execute(&owner, &statement).await;
        }
        execute(&owner, &format!("ALTER ROLE {GRAFANA} PASSWORD 'looks'")).await;
        let secret = self.cluster.secret(GRAFANA, "looks");
        Way { owner, grafana: self.database(database, &secret) }
    }
}

async fn execute(database: &Database, statement: &str) {
    if let Err(failure) = database.execute(statement, Vec::new()).await {
        panic!("{failure}: {statement}");
    }
}

impl Way {
    pub async fn write(&self, records: &[Record]) {
        for batch in records.chunks(BATCH) {
            let records: Vec<&Record> = batch.iter().collect();
            let rows = text("rows", rows::text(&records).expect("JSON"));
            let answer = self.owner.execute(WRITE, vec![rows]).await;
            let answer = answer.unwrap_or_else(|failure| panic!("{failure}"));
            let answer = only_text(&answer).expect("one text").replace(' ', "");
            assert_eq!(answer, r#"{"superseded":[],"refused":[]}"#);
        }
    }

    pub async fn run(&self, sql: &str) -> Result<Answer, Failure> {
        let mut pages = self.grafana.pages(sql, PATIENCE).await?;
        let columns = pages.columns.iter().map(|column| {
            (column.label().unwrap_or_default().to_owned(), type_of(column.type_name().unwrap_or_default()))
        });
        let mut answer = Answer { columns: columns.collect(), rows: Vec::new() };
        loop {
            let records = std::mem::take(&mut pages.records).into_iter();
            answer.rows.extend(records.map(|record| record.into_iter().map(shown).collect()));
            if !pages.turn().await? {
                return Ok(answer);
            }
        }
    }
}

/// As [Grafana](https://grafana.com/docs/grafana/latest/datasources/postgres/#supported-postgresql-data-types) takes the
/// types.
fn type_of(name: &str) -> Type {
    match name {
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" => Type::Number,
        "text" | "varchar" | "bpchar" => Type::Text,
        "bool" => Type::Truth,
        "timestamptz" | "timestamp" => Type::Time,
        _ => Type::Other,
    }
}

fn shown(field: Field) -> String {
    match field {
        Field::StringValue(text) => text,
        Field::DoubleValue(number) => number.to_string(),
        Field::LongValue(number) => number.to_string(),
        Field::BooleanValue(is_true) => is_true.to_string(),
        Field::IsNull(_) => String::new(),
        other => panic!("{other:?}"),
    }
}
