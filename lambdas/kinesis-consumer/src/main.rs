//! The function that Lambda runs: reads its environment, makes the clients, hands batches on.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use kinesis_consumer::batch::{Batch, BatchResponse};
use kinesis_consumer::handler::{Consumer, Handled};
use kinesis_consumer::postgres::{Database, direct};
use kinesis_consumer::quarantine::Quarantine;
use kinesis_consumer::store::Store;
use kinesis_consumer::{postgres, timestream};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry::{Decoder, Model, Retention};
use tracing_subscriber::EnvFilter;

/// One attempt of a request. The store answers in milliseconds, or it is better asked again.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(3);

/// A setting that the function's configuration must have.
#[derive(Debug, thiserror::Error)]
enum SettingError {
    #[error(
        "the environment variable {0} is missing: the function needs QUARANTINE_URL and REJECTED_BUCKET, of the store timestream DATABASE, TABLE and MEMORY_HOURS, and of the store postgres DATABASE and TABLE, with CLUSTER_ARN and SECRET_ARN for the connection data-api, and PGHOST and PGPORT for the connection direct"
    )]
    Missing(&'static str),
    #[error("the environment variable {0} is \"{1}\", and must be a whole number of hours")]
    NoHours(&'static str, String),
    #[error("the environment variable PGPORT is \"{0}\", and must be a port")]
    NoPort(String),
    #[error("the file {0} of the environment variable PGSSLROOTCERT cannot be read: {1}")]
    NoRoots(String, std::io::Error),
    #[error("the environment variable CONNECTION is \"{0}\", and must be \"data-api\" or \"direct\"")]
    NoConnection(String),
    #[error("the environment variable STORE is \"{0}\", and must be \"timestream\" or \"postgres\"")]
    NoStore(String),
}

fn setting(name: &'static str) -> Result<String, SettingError> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(SettingError::Missing(name))
}

fn hours(name: &'static str) -> Result<u32, SettingError> {
    let value = setting(name)?;
    value.parse().map_err(|_| SettingError::NoHours(name, value))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt().json().with_env_filter(EnvFilter::new(level)).with_ansi(false).init();
    let function =
        std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|_| "kinesis-consumer".to_owned());
    let consumer = wire().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Batch>| handle(&consumer, &function, event))).await
}

async fn handle(
    consumer: &Consumer,
    function: &str,
    event: LambdaEvent<Batch>,
) -> Result<BatchResponse, Error> {
    let now = SystemTime::now();
    let left = event.context.deadline().duration_since(now).unwrap_or_default();
    let Handled { response, metrics } = consumer.handle(&event.payload, now, left).await;
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    writeln!(std::io::stdout(), "{}", metrics.line(function, now_ms))?;
    Ok(response)
}

async fn wire() -> Result<Consumer, Error> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let config = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    let (store, retention) = store(&config).await?;
    Ok(Consumer {
        decoder: Decoder::new(&Model::beside_binary()?, store.limits()),
        store,
        retention,
        quarantine: Quarantine {
            sqs: aws_sdk_sqs::Client::new(&config),
            s3: s3(&config),
            queue_url: setting("QUARANTINE_URL")?,
            bucket: setting("REJECTED_BUCKET")?,
        },
    })
}

/// The store, and how long it keeps what is fresh. For how long it keeps anything, nobody tells the function: it
/// refuses what is older.
async fn store(config: &SdkConfig) -> Result<(Store, Retention), Error> {
    match setting("STORE").as_deref() {
        Err(_) | Ok("timestream") => {
            let table = timestream::Table {
                client: timestream::client(config).await?,
                database: setting("DATABASE")?,
                table: setting("TABLE")?,
            };
            let retention = ::timestream::limits::retention(hours("MEMORY_HOURS")?, None);
            Ok((Store::Timestream(table), retention))
        }
        Ok("postgres") => {
            let table = postgres::Table { database: database(config)?, table: setting("TABLE")? };
            Ok((Store::Postgres(table), Retention { fresh: Duration::MAX, kept: None }))
        }
        Ok(other) => Err(SettingError::NoStore(other.to_owned()).into()),
    }
}

/// The way to the database.
fn database(config: &SdkConfig) -> Result<Database, Error> {
    match setting("CONNECTION").as_deref() {
        Err(_) | Ok("data-api") => Ok(Database::DataApi(data_api::Database {
            client: data_api::client(config),
            cluster_arn: setting("CLUSTER_ARN")?,
            secret_arn: setting("SECRET_ARN")?,
            name: setting("DATABASE")?,
        })),
        Ok("direct") => {
            let port = setting("PGPORT")?;
            let roots = match setting("PGSSLROOTCERT") {
                Ok(file) => {
                    std::fs::read_to_string(&file).map_err(|error| SettingError::NoRoots(file, error))?
                }
                Err(_) => ::postgres::certificates::ROOTS.to_owned(),
            };
            let settings = direct::Settings {
                host: setting("PGHOST")?,
                port: port.parse().map_err(|_| SettingError::NoPort(port))?,
                database: setting("DATABASE")?,
                region: setting("AWS_REGION")?,
                roots,
                credentials: config
                    .credentials_provider()
                    .ok_or(SettingError::Missing("AWS_ACCESS_KEY_ID"))?,
                connect: CONNECT,
                attempt: ATTEMPT,
            };
            Ok(Database::Direct(direct::Database::new(settings)?))
        }
        Ok(other) => Err(SettingError::NoConnection(other.to_owned()).into()),
    }
}

/// An endpoint of one's own serves buckets by path; AWS serves them by name.
fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let own_endpoint =
        ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].iter().any(|name| std::env::var_os(name).is_some());
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(config).force_path_style(own_endpoint).build(),
    )
}
