//! The answer to `CloudFormation`, and its delivery in time.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{NOT_CREATED, Provisioned, Request};

/// What is kept of the invocation's time to deliver the answer.
pub const MARGIN: Duration = Duration::from_secs(5);
/// How long one delivery of the answer may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(3);
const DELIVERY_ATTEMPTS: u32 = 3;
/// The answer may have 4,096 bytes in all, so a reason has at most so many characters.
const REASON_CHARACTERS: usize = 600;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    physical_resource_id: String,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    data: Map<String, Value>,
}

/// Why a request stays without an answer.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation did not take the answer for {resource}: {reason}")]
pub struct Error {
    resource: String,
    reason: String,
}

/// Does what is asked and tells `CloudFormation`.
#[derive(Debug)]
pub struct Responder {
    // Without the environment's proxies: the emulator is on this machine, and a function on AWS has none.
    connector: Connector,
}

impl Default for Responder {
    fn default() -> Self {
        Self { connector: Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build() }
    }
}

impl Responder {
    /// Answers `request` before `deadline`, with what comes of `provision`, which asks `service`.
    pub async fn answer<E: Display>(
        &self,
        request: &Request,
        service: &str,
        provision: impl Future<Output = Result<Provisioned, E>>,
        deadline: SystemTime,
    ) -> Result<(), Error> {
        let time = deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN);
        let outcome = if let Ok(outcome) = tokio::time::timeout(time, provision).await {
            outcome.map_err(|error| error.to_string())
        } else {
            Err(format!("{service} gave no answer within {} s", time.as_secs()))
        };
        match &outcome {
            Ok(_) => tracing::info!(
                request = ?request.request_type, resource = request.logical_resource_id, "resource provisioned"
            ),
            Err(reason) => tracing::error!(
                request = ?request.request_type, resource = request.logical_resource_id, reason, "resource refused"
            ),
        }
        self.deliver(request, &response(request, outcome)).await
    }

    async fn deliver(&self, request: &Request, response: &Response<'_>) -> Result<(), Error> {
        let body = serde_json::to_string(response).unwrap_or_default();
        let mut attempt = 1;
        loop {
            let put = tokio::time::timeout(DELIVERY_TIMEOUT, self.put(&request.response_url, &body)).await;
            let reason = match put {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(reason)) => reason,
                Err(_) => format!("nothing came back within {} s", DELIVERY_TIMEOUT.as_secs()),
            };
            if attempt == DELIVERY_ATTEMPTS {
                return Err(Error { resource: request.logical_resource_id.clone(), reason });
            }
            tracing::warn!(reason, attempt, "answer not delivered");
            tokio::time::sleep(Duration::from_millis(100) * attempt).await;
            attempt += 1;
        }
    }

    /// Puts the answer without a content type: the URLs of AWS are signed for none. The reason of a failure is
    /// without the URL, whose signature lets anyone answer.
    async fn put(&self, url: &str, body: &str) -> Result<(), String> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("PUT").map_err(|error| error.to_string())?;
        request.set_uri(url).map_err(|_| "its URL is none".to_owned())?;
        let answer = self.connector.call(request).await.map_err(|error| error.to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("status {}", answer.status().as_u16()))
        }
    }
}

fn response(request: &Request, outcome: Result<Provisioned, String>) -> Response<'_> {
    let (status, reason, physical_resource_id, data) = match outcome {
        Ok(Provisioned { physical_id, attributes }) => {
            let data = attributes.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            ("SUCCESS", None, physical_id, data)
        }
        Err(reason) => {
            let reason = reason.chars().take(REASON_CHARACTERS).collect();
            let physical_id = request.physical_resource_id.clone().unwrap_or_else(|| NOT_CREATED.to_owned());
            ("FAILED", Some(reason), physical_id, Map::new())
        }
    };
    Response {
        status,
        reason,
        physical_resource_id,
        stack_id: &request.stack_id,
        request_id: &request.request_id,
        logical_resource_id: &request.logical_resource_id,
        data,
    }
}

#[cfg(test)]
mod tests;
