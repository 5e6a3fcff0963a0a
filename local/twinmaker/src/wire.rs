//! Errors as the REST-JSON protocol has them: the shape's name in a header, the sentence in the body.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::shape::{self, Shape, Unknown};

/// The header that names an error's shape.
pub const ERROR_TYPE: &str = "x-amzn-errortype";

/// An error that the service answers, by its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// What is to be created exists, or something is under way that forbids the request.
    Conflict,
    /// The connector failed, or what it answered does not fit.
    ConnectorFailure,
    /// The connector did not answer in time.
    ConnectorTimeout,
    /// A failure on the side of the service; the caller may try again.
    InternalServer,
    /// What the request is about does not exist.
    ResourceNotFound,
    /// The connector's function takes no more invocations at this moment.
    Throttling,
    /// More than fifty tags.
    TooManyTags,
    /// No operation has this method and path.
    UnknownOperation,
    /// The request breaks a rule; trying again does not help.
    Validation,
}

impl ErrorCode {
    /// The name of the shape, which SDKs match on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conflict => "ConflictException",
            Self::ConnectorFailure => "ConnectorFailureException",
            Self::ConnectorTimeout => "ConnectorTimeoutException",
            Self::InternalServer => "InternalServerException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Throttling => "ThrottlingException",
            Self::TooManyTags => "TooManyTagsException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::Validation => "ValidationException",
        }
    }

    /// The HTTP status that the API's model gives the shape.
    pub fn status(self) -> u16 {
        match self {
            Self::TooManyTags | Self::Validation => 400,
            Self::ResourceNotFound | Self::UnknownOperation => 404,
            Self::Conflict => 409,
            Self::ConnectorFailure | Self::ConnectorTimeout => 424,
            Self::Throttling => 429,
            Self::InternalServer => 500,
        }
    }
}

/// An error as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Error {
    /// Which error.
    pub code: ErrorCode,
    /// The sentence for people.
    pub message: String,
}

impl Error {
    /// An error.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The request breaks a rule.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Validation, message)
    }

    /// The request asks for what the service has and this endpoint has not.
    pub fn unsupported(what: &str) -> Self {
        Self::validation(format!("{what} is not supported by this local endpoint."))
    }

    /// What the request is about does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ResourceNotFound, message)
    }

    /// What is to be created exists, or something is under way.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// The connector failed.
    pub fn connector(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ConnectorFailure, message)
    }

    /// A failure on the side of the service.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InternalServer, message)
    }

    /// The body of the response.
    pub fn body(&self) -> Value {
        json!({ "message": self.message })
    }
}

/// Checks a request against its shape and reads it.
pub fn parse<T: DeserializeOwned>(shape: &Shape, request: Value) -> Result<T, Error> {
    let violations = shape::violations(shape, &request, Unknown::Ignored);
    if !violations.is_empty() {
        let (count, s) = (violations.len(), if violations.len() == 1 { "" } else { "s" });
        let list = violations.join("; ");
        return Err(Error::validation(format!("{count} validation error{s} detected: {list}")));
    }
    serde_json::from_value(without_nulls(request))
        .map_err(|cause| Error::validation(format!("The request is not valid: {cause}.")))
}

/// `null` is the same as not there.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_nulls).collect()),
        value => value,
    }
}
