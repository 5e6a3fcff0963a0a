//! Connectors: Lambda functions that know where values are stored.
//!
//! Knows how one is invoked and how it fails, and nothing of what is asked.

use std::time::Duration;

use aws_sdk_lambda::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::invoke::InvokeError,
    primitives::Blob,
};
use serde_json::Value;

use crate::{
    shape::{self, Shape, Unknown},
    wire::{Error, ErrorCode, without_nulls},
};

/// How long a connector may take. The service's own limit is not published.
const PATIENCE: Duration = Duration::from_mins(1);

/// What Lambda says of a function that ran out of its time.
const TIMED_OUT: &str = "Task timed out";

/// Bytes of an answer that Lambda passes on:
/// [6 MB](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The emulators of Lambda
/// pass on more.
const MAX_ANSWER_BYTES: usize = 6_291_556;

/// Characters of a connector's own message that are passed on.
const MESSAGE_CHARACTERS: usize = 1000;

/// Violations of an answer that are named.
const VIOLATIONS_SHOWN: usize = 5;

/// The way to Lambda.
pub struct Connectors {
    client: Client,
}

impl Connectors {
    /// Functions behind the Lambda endpoint at `endpoint`. No credentials of this machine are used.
    pub fn new(endpoint: &str, region: &str) -> Self {
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(Credentials::new("local", "local", None, None, "local-twinmaker"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
            .endpoint_url(endpoint)
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// What the function `arn` answers to `request`, when it has the shape that it should have.
    pub async fn ask(&self, arn: &str, request: &Value, shape: &Shape) -> Result<Value, Error> {
        let payload = Blob::new(request.to_string());
        let output = self
            .client
            .invoke()
            .function_name(arn)
            .payload(payload)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
        if output.function_error.is_some() {
            return Err(exception(&payload));
        }
        if payload.len() > MAX_ANSWER_BYTES {
            return Err(Error::connector(format!(
                "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} bytes)."
            )));
        }
        let answer: Value = serde_json::from_slice(&payload)
            .map_err(|cause| Error::connector(format!("The connector's answer is not JSON: {cause}.")))?;
        let answer = without_nulls(answer);
        let violations = shape::violations(shape, &answer, Unknown::Refused);
        if violations.is_empty() { Ok(answer) } else { Err(unfit(&violations)) }
    }
}

/// The connector's answer does not fit; each of `why` is a sentence without its end.
pub(crate) fn unfit(why: &[String]) -> Error {
    let shown = why.iter().take(VIOLATIONS_SHOWN).cloned().collect::<Vec<_>>().join("; ");
    let more = match why.len().saturating_sub(VIOLATIONS_SHOWN) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Error::connector(format!("The connector's answer is not valid: {shown}{more}."))
}

fn exception(payload: &[u8]) -> Error {
    let error: Value = serde_json::from_slice(payload).unwrap_or_default();
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let message: String = match (text("errorType"), text("errorMessage")) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (None, Some(message)) => message.to_owned(),
        _ => String::from_utf8_lossy(payload).into_owned(),
    };
    let code =
        if message.contains(TIMED_OUT) { ErrorCode::ConnectorTimeout } else { ErrorCode::ConnectorFailure };
    Error::new(code, message.chars().take(MESSAGE_CHARACTERS).collect::<String>())
}

fn failure(error: &SdkError<InvokeError>) -> Error {
    if matches!(error, SdkError::TimeoutError(_)) {
        let message = format!("The connector gave no answer within {} s.", PATIENCE.as_secs());
        return Error::new(ErrorCode::ConnectorTimeout, message);
    }
    let message = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    };
    if matches!(error.as_service_error(), Some(InvokeError::TooManyRequestsException(_))) {
        return Error::new(ErrorCode::Throttling, message);
    }
    Error::connector(format!("The connector cannot be invoked: {message}"))
}
