//! A cluster, its secrets, and a function that sets it up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_rdsdata::types::Field;
use axum::Json;
use custom_resource::{Provisioned, Request};
use data_api::{Database, Failure};
use local_rds_data::testing::{self, DATABASE, Instance};
use serde_json::{Value, json};
use store_setup::setup::{Error, Setup};
use telemetry::Model;
use tempfile::TempDir;
use tokio::time::Instant;

/// The roles of the stack, in the order of its properties.
pub const ROLES: [(&str, &str); 3] = [
    ("WriterSecretArn", "sluice_writer"),
    ("ReaderSecretArn", "sluice_reader"),
    ("GrafanaSecretArn", "sluice_grafana"),
];

pub struct Bench {
    pub instance: Instance,
    pub setup: Setup,
    /// Where Secrets Manager listens.
    pub secrets_url: String,
    secrets: Arc<Mutex<BTreeMap<String, String>>>,
    /// The secrets of the roles, in their order.
    pub arns: Vec<String>,
    _state: TempDir,
}

impl Bench {
    /// A new cluster, of whose roles there are secrets and nothing else.
    pub async fn new(model: &Value) -> Self {
        let state = tempfile::tempdir().expect("a folder");
        let instance = testing::start(state.path());
        let secrets = Arc::new(Mutex::new(BTreeMap::new()));
        let secrets_url = secrets_manager(Arc::clone(&secrets)).await;
        let setup = Setup {
            rds: rds(&instance.url()),
            secrets: aws_sdk_secretsmanager::Client::from_conf(
                aws_sdk_secretsmanager::Config::builder()
                    .behavior_version(aws_sdk_secretsmanager::config::BehaviorVersion::latest())
                    .region(Region::new("us-east-1"))
                    .endpoint_url(&secrets_url)
                    .credentials_provider(credentials())
                    .build(),
            ),
            model: Ok(self::model(model)),
        };
        let mut bench = Self { instance, setup, secrets_url, secrets, arns: Vec::new(), _state: state };
        bench.arns = ROLES.map(|(_, role)| bench.secret(role, &format!("{role}'s: first"))).to_vec();
        bench
    }

    /// Makes the secret of a role, for the function and for the Data API.
    pub fn secret(&self, role: &str, password: &str) -> String {
        let arn = self.instance.secret(role, password);
        let text = json!({ "username": role, "password": password }).to_string();
        self.secrets.lock().expect("no panic").insert(arn.clone(), text);
        arn
    }

    /// Changes what Secrets Manager says a secret is.
    pub fn say(&self, arn: &str, text: &str) {
        self.secrets.lock().expect("no panic").insert(arn.to_owned(), text.to_owned());
    }

    /// The request of `CloudFormation` of this type, whose answer goes to `url`.
    pub fn request(&self, kind: &str, url: &str) -> Value {
        let cluster = &self.instance.cluster;
        let mut properties = json!({
            "ServiceToken": "arn:aws:lambda:us-east-1:0:function:store-setup",
            "ClusterArn": cluster.arn, "MasterSecretArn": cluster.secret_arn,
            "Database": DATABASE, "Table": "telemetry", "RetentionDays": "31", "Model": "digest",
        });
        for ((property, _), arn) in ROLES.iter().zip(&self.arns) {
            properties[property] = arn.as_str().into();
        }
        json!({
            "RequestType": kind, "RequestId": "r", "StackId": "arn:aws:cloudformation:us-east-1:0:stack/s/1",
            "ResponseURL": url, "ResourceType": "Custom::SluiceSchema", "LogicalResourceId": "Schema",
            "PhysicalResourceId": if kind == "Create" { Value::Null } else { "sluice_test.telemetry".into() },
            "ResourceProperties": properties,
        })
    }

    /// Lets the function do what `CloudFormation` asks for.
    pub async fn provision(&self, kind: &str, time: Duration) -> Result<Provisioned, Error> {
        let request: Request =
            serde_json::from_value(self.request(kind, "http://localhost")).expect("a request");
        self.setup.provision(&request, Instant::now() + time).await
    }

    /// The database as one of the roles.
    pub fn database(&self, role: &str) -> Database {
        let at = ROLES.iter().position(|(_, name)| *name == role);
        Database {
            client: self.setup.rds.clone(),
            cluster_arn: self.instance.cluster.arn.clone(),
            secret_arn: at.map_or(&self.instance.cluster.secret_arn, |at| &self.arns[at]).clone(),
            name: DATABASE.to_owned(),
        }
    }

    /// The first column of what a role selects, as text.
    pub async fn select(&self, role: &str, sql: &str) -> Result<Vec<String>, Failure> {
        let answer = self.database(role).execute(sql, Vec::new()).await?;
        let text = |row: &Vec<Field>| match &row[0] {
            Field::StringValue(text) => text.clone(),
            Field::LongValue(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        Ok(answer.records().iter().map(text).collect())
    }
}

/// A model with these measures, each a name and a type.
pub fn measures(measures: &[(&str, &str)]) -> Value {
    let measures: Vec<_> =
        measures.iter().map(|(name, kind)| json!({ "name": name, "field": name, "type": kind })).collect();
    json!({
        "topic": "t/+",
        "device": { "dimension": "device", "field": "id" },
        "dimensions": [{ "name": "site", "field": "site" }],
        "measures": measures,
        "record": { "layout": "multi", "name": "m" },
        "undeclared": "ignore",
    })
}

pub fn model(json: &Value) -> Model {
    serde_json::from_value(json.clone()).expect("a model")
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "test")
}

fn rds(endpoint: &str) -> aws_sdk_rdsdata::Client {
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .retry_config(RetryConfig::disabled());
    aws_sdk_rdsdata::Client::from_conf(config.build())
}

/// Secrets Manager, as far as it gives secrets.
async fn secrets_manager(secrets: Arc<Mutex<BTreeMap<String, String>>>) -> String {
    let give = async move |body: String| {
        let request: Value = serde_json::from_str(&body).expect("JSON");
        let arn = request["SecretId"].as_str().unwrap_or_default();
        match secrets.lock().expect("no panic").get(arn) {
            Some(text) => (axum::http::StatusCode::OK, Json(json!({ "ARN": arn, "SecretString": text }))),
            None => (
                axum::http::StatusCode::BAD_REQUEST,
                Json(json!({ "__type": "ResourceNotFoundException", "Message": "there is no such secret" })),
            ),
        }
    };
    listen(axum::Router::new().fallback(give)).await
}

/// Serves on a free port until the test ends.
pub async fn listen(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
