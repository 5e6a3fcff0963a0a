//! AWS or this machine: the only place that builds an SDK configuration.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_iottwinmaker::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_iottwinmaker::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_iottwinmaker::error::BoxError;
use serde::Serialize;
use stacks::environment::{Environment, name};
use telemetry::Model;

use crate::sdk_error::sentence;
use crate::{Exit, Explain, Failure};

/// Where the services of the local target listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// The emulator: every AWS API but those that have an endpoint here, for instance `http://127.0.0.1:4566`.
    pub aws: String,
    /// Timestream's write and query APIs.
    pub timestream: String,
    /// TwinMaker's API.
    pub twinmaker: String,
    /// The RDS Data API, where a store is PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rds_data: Option<String>,
    /// Port of the MQTT broker, TLS.
    pub mqtt: u16,
}

/// An environment and the way to it: what every command that talks to a service starts from.
#[derive(Debug, Clone)]
pub struct Session {
    /// What a device sends.
    pub model: Model,
    /// Where it goes.
    pub environment: Environment,
    config: SdkConfig,
    /// Of the local target.
    pub endpoints: Option<Endpoints>,
}

/// Sends every request to the endpoint itself: the SDK puts `api.` or `data.` before its host, and
/// an address of this machine has no such names.
#[derive(Debug)]
struct OneHost {
    endpoint: String,
}

impl Intercept for OneHost {
    fn name(&self) -> &'static str {
        "OneHost"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let (_, after_scheme) = request.uri().split_once("://").unwrap_or_default();
        let path = after_scheme.find('/').map_or("/", |start| &after_scheme[start..]);
        let uri = format!("{}{path}", self.endpoint);
        request.set_uri(uri)?;
        Ok(())
    }
}

/// Why an environment cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No credentials, or the service refused them.
    #[error("no usable AWS credentials for environment `{environment}`: {cause}")]
    Credentials {
        /// The environment.
        environment: String,
        /// What the SDK said.
        cause: String,
    },
    /// The credentials belong to another account.
    #[error(
        "environment `{environment}` belongs to account {expected}, but the credentials are for account {actual} ({arn})"
    )]
    WrongAccount {
        /// The environment.
        environment: String,
        /// The account in its file.
        expected: String,
        /// The account of the credentials.
        actual: String,
        /// Who the credentials are.
        arn: String,
    },
    /// The local target does not run.
    #[error("the local target is not running")]
    NotRunning,
}

impl Explain for TargetError {
    fn exit(&self) -> Exit {
        match self {
            Self::Credentials { .. } => Exit::Unexpected,
            Self::WrongAccount { .. } | Self::NotRunning => Exit::NoEnvironment,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Credentials { .. } => "log in (`aws sso login`, `aws login`) or set AWS_PROFILE; \
                 `--env local` needs no account"
                .to_owned(),
            Self::WrongAccount { environment, .. } => format!(
                "use credentials of that account (AWS_PROFILE), or put yours as `account` in environments/{}.toml",
                name::split(environment).0
            ),
            Self::NotRunning => "`cargo xtask deploy` starts it".to_owned(),
        })
    }
}

/// How often a request is made, the first time included, before its failure is one.
const ATTEMPTS: u32 = 8;

/// How a request is tried again. AWS counts those of everybody in the account, so there the SDK asks less often
/// while it is [throttled](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). A service of
/// this machine has no other callers.
fn retries(endpoints: Option<&Endpoints>) -> RetryConfig {
    match endpoints {
        None => RetryConfig::adaptive().with_max_attempts(ATTEMPTS),
        Some(_) => RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(5))
            .with_max_backoff(Duration::from_millis(100)),
    }
}

/// The account that the credentials are for, asked for in the Region of this environment.
pub async fn account_of_credentials(environment: &Environment) -> Result<String, TargetError> {
    let region = Region::new(environment.region.clone());
    let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
    let identity = identity.map_err(|error| TargetError::Credentials {
        environment: environment.name.clone(),
        cause: sentence(&error),
    })?;
    Ok(identity.account.unwrap_or_default())
}

impl Session {
    /// Connects to an environment through endpoints that are known, or AWS itself, and makes sure
    /// that the account is the one that the environment expects.
    pub async fn open(
        model: Model,
        environment: Environment,
        endpoints: Option<Endpoints>,
    ) -> Result<Self, Failure> {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).region(Region::new(environment.region.clone()));
        loader = loader.retry_config(retries(endpoints.as_ref()));
        if let Some(endpoints) = &endpoints {
            loader = loader.endpoint_url(&endpoints.aws).test_credentials();
        }
        let session = Self { model, environment, config: loader.load().await, endpoints };
        if session.endpoints.is_none() {
            session.guard_account().await?;
        }
        Ok(session)
    }

    async fn guard_account(&self) -> Result<(), TargetError> {
        let environment = self.environment.name.clone();
        let identity =
            aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await.map_err(|error| {
                TargetError::Credentials { environment: environment.clone(), cause: sentence(&error) }
            })?;
        let actual = identity.account().unwrap_or_default();
        if actual == self.environment.account {
            return Ok(());
        }
        Err(TargetError::WrongAccount {
            environment,
            expected: self.environment.account.clone(),
            actual: actual.to_owned(),
            arn: identity.arn().unwrap_or_default().to_owned(),
        })
    }

    /// A client of CloudFormation.
    pub fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.config)
    }

    /// A client of CloudWatch.
    pub fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws_sdk_cloudwatch::Client::new(&self.config)
    }

    /// A client of CloudWatch Logs.
    pub fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.config)
    }

    /// A client of ECS.
    pub fn ecs(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.config)
    }

    /// A client of Firehose.
    pub fn firehose(&self) -> aws_sdk_firehose::Client {
        aws_sdk_firehose::Client::new(&self.config)
    }

    /// A client of Managed Service for Apache Flink.
    pub fn flink(&self) -> aws_sdk_kinesisanalyticsv2::Client {
        aws_sdk_kinesisanalyticsv2::Client::new(&self.config)
    }

    /// A client of IAM.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config)
    }

    /// A client of the data plane of IoT Core: the front door for events.
    pub fn iot(&self) -> aws_sdk_iotdataplane::Client {
        aws_sdk_iotdataplane::Client::new(&self.config)
    }

    /// A client of the control plane of IoT Core: the registry of things and certificates.
    pub fn iot_registry(&self) -> aws_sdk_iot::Client {
        aws_sdk_iot::Client::new(&self.config)
    }

    /// A client of Kinesis.
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.config)
    }

    /// A client of Lambda.
    pub fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    /// A client of the RDS Data API.
    pub fn rds_data(&self) -> aws_sdk_rdsdata::Client {
        let mut config = aws_sdk_rdsdata::config::Builder::from(&self.config);
        if let Some(endpoint) = self.endpoints.as_ref().and_then(|endpoints| endpoints.rds_data.as_ref()) {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_rdsdata::Client::from_conf(config.build())
    }

    /// A client of S3. The local endpoint has no host per bucket.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config =
            aws_sdk_s3::config::Builder::from(&self.config).force_path_style(self.endpoints.is_some());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// A client of the Resource Groups Tagging API.
    pub fn tagging(&self) -> aws_sdk_resourcegroupstagging::Client {
        aws_sdk_resourcegroupstagging::Client::new(&self.config)
    }

    /// A client of Timestream's query API. On AWS it discovers its cell, as the service demands.
    pub async fn timestream_query(&self) -> Result<aws_sdk_timestreamquery::Client, Failure> {
        if let Some(endpoints) = &self.endpoints {
            let config = aws_sdk_timestreamquery::config::Builder::from(&self.config)
                .endpoint_url(&endpoints.timestream);
            return Ok(aws_sdk_timestreamquery::Client::from_conf(config.build()));
        }
        let (client, reload) = aws_sdk_timestreamquery::Client::new(&self.config)
            .with_endpoint_discovery_enabled()
            .await
            .map_err(|error| anyhow::anyhow!("Timestream does not answer: {error}"))?;
        tokio::spawn(reload.reload_task());
        Ok(client)
    }

    /// A client of Timestream that has discovered no cell: `DescribeEndpoints` is all that it can ask.
    pub fn timestream_directory(&self) -> aws_sdk_timestreamwrite::Client {
        aws_sdk_timestreamwrite::Client::new(&self.config)
    }

    /// A client of TwinMaker. The local endpoint has no hosts for its two planes.
    pub fn twinmaker(&self) -> aws_sdk_iottwinmaker::Client {
        let mut config = aws_sdk_iottwinmaker::config::Builder::from(&self.config);
        if let Some(endpoints) = &self.endpoints {
            config = config
                .endpoint_url(&endpoints.twinmaker)
                .interceptor(OneHost { endpoint: endpoints.twinmaker.clone() });
        }
        aws_sdk_iottwinmaker::Client::from_conf(config.build())
    }

    /// A client of Timestream's write API, the control plane of databases and tables.
    pub async fn timestream_write(&self) -> Result<aws_sdk_timestreamwrite::Client, Failure> {
        if let Some(endpoints) = &self.endpoints {
            let config = aws_sdk_timestreamwrite::config::Builder::from(&self.config)
                .endpoint_url(&endpoints.timestream);
            return Ok(aws_sdk_timestreamwrite::Client::from_conf(config.build()));
        }
        let (client, reload) = aws_sdk_timestreamwrite::Client::new(&self.config)
            .with_endpoint_discovery_enabled()
            .await
            .map_err(|error| anyhow::anyhow!("Timestream does not answer: {error}"))?;
        tokio::spawn(reload.reload_task());
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryMode;

    use super::*;

    #[test]
    fn requests_to_aws_are_tried_eight_times_and_less_often_when_throttled() {
        let aws = retries(None);
        assert_eq!((aws.mode(), aws.max_attempts()), (RetryMode::Adaptive, 8));
        let here = Endpoints {
            aws: String::new(),
            timestream: String::new(),
            twinmaker: String::new(),
            rds_data: None,
            mqtt: 0,
        };
        assert_eq!(retries(Some(&here)).max_attempts(), 8);
    }
}
