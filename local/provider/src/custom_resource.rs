//! The protocol of
//! [custom resources](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html).
//!
//! Knows nothing of the resources themselves. Whatever happens, `CloudFormation` gets an answer before
//! the invocation ends: without one it waits for up to an hour.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is kept of the invocation's time to deliver the answer.
const MARGIN: Duration = Duration::from_secs(5);
/// How long one delivery of the answer may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(3);
const DELIVERY_ATTEMPTS: u32 = 3;
/// The answer may have 4,096 bytes in all, so a reason has at most so many characters.
const REASON_CHARACTERS: usize = 600;
/// The physical id of what could not be created. `CloudFormation` asks to delete that too.
const NOT_CREATED: &str = "not-created";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum RequestType {
    Create,
    Update,
    Delete,
}

/// A request of `CloudFormation`. All scalar properties are text.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(clippy::struct_field_names, reason = "the names of the protocol")]
pub(crate) struct Request {
    pub request_type: RequestType,
    pub request_id: String,
    pub stack_id: String,
    #[serde(rename = "ResponseURL")]
    pub response_url: String,
    pub resource_type: String,
    pub logical_resource_id: String,
    /// Absent in a `Create`.
    #[serde(default)]
    pub physical_resource_id: Option<String>,
    #[serde(default)]
    pub resource_properties: Map<String, Value>,
    /// Present in an `Update`.
    #[serde(default)]
    pub old_resource_properties: Map<String, Value>,
}

/// What there is after a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Provisioned {
    /// What `Ref` gives.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: Vec<(&'static str, String)>,
}

/// Why a request is none that can be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the properties of {kind} are not understood: {source}")]
    Properties { kind: String, source: serde_json::Error },
    #[error("an update of {0} came without a physical id")]
    Unidentified(String),
}

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
pub(crate) enum Error {
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("CloudFormation did not take the answer for {resource}")]
    Undelivered { resource: String, source: reqwest::Error },
}

/// Does what is asked and tells `CloudFormation`.
pub(crate) struct Responder {
    http: reqwest::Client,
}

impl Responder {
    pub(crate) fn new() -> Result<Self, Error> {
        // The emulator is on this machine; a proxy of the environment would lead away from it.
        let http =
            reqwest::Client::builder().no_proxy().timeout(DELIVERY_TIMEOUT).build().map_err(Error::Client)?;
        Ok(Self { http })
    }

    /// Answers `request` before `deadline`, with what comes of `provision`, which asks `service`.
    pub(crate) async fn answer<E: Display>(
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
            // Without a content type: the URLs of AWS are signed for none.
            let sent = self.http.put(&request.response_url).body(body.clone()).send().await;
            match sent.and_then(reqwest::Response::error_for_status) {
                Ok(_) => return Ok(()),
                Err(source) if attempt == DELIVERY_ATTEMPTS => {
                    return Err(Error::Undelivered { resource: request.logical_resource_id.clone(), source });
                }
                Err(error) => tracing::warn!(%error, attempt, "answer not delivered"),
            }
            tokio::time::sleep(Duration::from_millis(100) * attempt).await;
            attempt += 1;
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

impl Request {
    /// The physical id of what a `Create` has made; `None` where there never was anything.
    pub(crate) fn existing(&self) -> Option<&str> {
        self.physical_resource_id.as_deref().filter(|id| *id != NOT_CREATED)
    }

    /// The properties that are asked for.
    pub(crate) fn properties<T: DeserializeOwned>(&self) -> Result<T, Unfit> {
        T::deserialize(Value::Object(self.resource_properties.clone()))
            .map_err(|source| Unfit::Properties { kind: self.resource_type.clone(), source })
    }

    /// What an update is about; `None` for a creation.
    pub(crate) fn subject(&self) -> Result<Option<&str>, Unfit> {
        match self.request_type {
            RequestType::Create => Ok(None),
            _ => {
                self.existing().map(Some).ok_or_else(|| Unfit::Unidentified(self.logical_resource_id.clone()))
            }
        }
    }

    /// A name of the kind that `CloudFormation` gives: stack, logical id, and something that tells two
    /// resources of one logical id apart. A repeated request finds the same.
    pub(crate) fn generated_name(&self) -> String {
        let stack = self.stack_id.split('/').nth(1).unwrap_or("stack");
        let unique: String = self.request_id.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        format!("{stack}-{}-{}", self.logical_resource_id, unique.to_ascii_uppercase())
    }

    /// What there is after a deletion.
    pub(crate) fn deleted(&self) -> Provisioned {
        let physical_id =
            self.physical_resource_id.clone().unwrap_or_else(|| self.logical_resource_id.clone());
        Provisioned { physical_id, attributes: vec![] }
    }
}

#[cfg(test)]
mod tests;
