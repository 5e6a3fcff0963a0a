//! The AWS JSON 1.0 protocol: how requests name their operation and how errors look on the wire.
//!
//! Nothing here knows what an operation does.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::store;

/// Media type of every request and response.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What stands before the operation in the header `X-Amz-Target`, for the Write and the Query API alike.
const TARGET_PREFIX: &str = "Timestream_20181101.";

/// The operation that a target header names.
pub fn operation(target: &str) -> Option<&str> {
    target.strip_prefix(TARGET_PREFIX)
}

/// Reads a request into its shape. What does not fit is named in the error.
pub fn parse<T: DeserializeOwned>(body: Value) -> Result<T, Error> {
    serde_json::from_value(body)
        .map_err(|cause| Error::validation(format!("The request is not valid: {cause}.")))
}

/// Namespace of the service's shapes, as it stands before `#` in `__type`.
const NAMESPACE: &str = "com.amazonaws.timestream.v20181101";

/// An error that the service answers, by its shape name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The credentials may not do this. Only injected: every caller may do everything here.
    AccessDenied,
    /// What is to be created exists, or an idempotency token is used for something else.
    Conflict,
    /// A failure on the side of the service; the caller may try again.
    InternalServer,
    /// The body is not JSON.
    Serialization,
    /// The query ran and failed.
    QueryExecution,
    /// Some records of a write were refused; the others are written.
    RejectedRecords,
    /// A database, table or tagged resource does not exist.
    ResourceNotFound,
    /// An account limit is reached.
    ServiceQuotaExceeded,
    /// Too many requests; the caller may try again.
    Throttling,
    /// The target header names no operation of this endpoint.
    UnknownOperation,
    /// The request is malformed or breaks a rule; trying again does not help.
    Validation,
}

impl ErrorCode {
    /// The name of the shape, which SDKs match on.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::Conflict => "ConflictException",
            Self::InternalServer => "InternalServerException",
            Self::QueryExecution => "QueryExecutionException",
            Self::RejectedRecords => "RejectedRecordsException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Serialization => "SerializationException",
            Self::ServiceQuotaExceeded => "ServiceQuotaExceededException",
            Self::Throttling => "ThrottlingException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::Validation => "ValidationException",
        }
    }

    /// The HTTP status. The documentation says 400 for rejected records; the service answers 419.
    pub fn status(self) -> u16 {
        match self {
            Self::InternalServer => 500,
            Self::RejectedRecords => 419,
            _ => 400,
        }
    }
}

/// An error as it goes over the wire.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Error {
    /// Which error.
    pub code: ErrorCode,
    /// The sentence for people.
    pub message: String,
    /// Further members of the error's shape, for instance `RejectedRecords`.
    pub fields: Map<String, Value>,
}

impl Error {
    /// An error without further members.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Map::new() }
    }

    /// The request is malformed or breaks a rule.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Validation, message)
    }

    /// A database, table or tagged resource does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ResourceNotFound, message)
    }

    /// What is to be created exists.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// A failure on the side of the service.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InternalServer, message)
    }

    /// The same error with one more member.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// The body of the response: `__type`, `Message` as the service models name it, and the further members.
    pub fn body(&self) -> Value {
        let mut body = self.fields.clone();
        body.insert("__type".to_owned(), json!(format!("{NAMESPACE}#{}", self.code.name())));
        body.insert("Message".to_owned(), json!(self.message));
        Value::Object(body)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let code = match &error {
            store::Error::DatabaseNotFound { .. } | store::Error::TableNotFound { .. } => {
                ErrorCode::ResourceNotFound
            }
            store::Error::DatabaseExists { .. } | store::Error::TableExists { .. } => ErrorCode::Conflict,
            store::Error::DatabaseNotEmpty { .. } => ErrorCode::Validation,
            store::Error::Folder { .. } | store::Error::Disk(_) => ErrorCode::InternalServer,
        };
        Self::new(code, error.to_string())
    }
}
