//! The REST-JSON protocol: how errors look on the wire, and how requests are read.
//!
//! Nothing here knows what an operation does.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The header in which an SDK looks for the name of an error.
pub const ERROR_TYPE: &str = "x-amzn-errortype";

/// An error that the service answers, by its shape name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request breaks a rule of the API; trying again does not help.
    BadRequest,
    /// The database refused the statement, or the connection.
    DatabaseError,
    /// A paused cluster starts again; the caller may try again.
    DatabaseResuming,
    /// The database does not answer; the caller may try again.
    DatabaseUnavailable,
    /// There is no such cluster that has a Data API.
    HttpEndpointNotEnabled,
    /// A failure on the side of the service; the caller may try again.
    InternalServerError,
    /// The secret holds no name and password.
    InvalidSecret,
    /// The secret cannot be read.
    SecretsError,
    /// The statement ran for longer than it may.
    StatementTimeout,
    /// Too many requests; the caller may try again.
    Throttling,
    /// The transaction has ended, or never began.
    TransactionNotFound,
    /// No operation has this path.
    UnknownOperation,
    /// The answer has a value that the API has no form for.
    UnsupportedResult,
}

impl ErrorCode {
    /// The name of the shape, which SDKs match on.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequestException",
            Self::DatabaseError => "DatabaseErrorException",
            Self::DatabaseResuming => "DatabaseResumingException",
            Self::DatabaseUnavailable => "DatabaseUnavailableException",
            Self::HttpEndpointNotEnabled => "HttpEndpointNotEnabledException",
            Self::InternalServerError => "InternalServerErrorException",
            Self::InvalidSecret => "InvalidSecretException",
            Self::SecretsError => "SecretsErrorException",
            Self::StatementTimeout => "StatementTimeoutException",
            Self::Throttling => "ThrottlingException",
            Self::TransactionNotFound => "TransactionNotFoundException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::UnsupportedResult => "UnsupportedResultException",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::InternalServerError => 500,
            Self::DatabaseUnavailable => 504,
            Self::TransactionNotFound | Self::UnknownOperation => 404,
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
    /// The connection of a statement that ran for too long.
    pub connection: Option<i32>,
}

impl Error {
    /// An error with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), connection: None }
    }

    /// The request breaks a rule of the API.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// The body of the response.
    pub fn body(&self) -> Value {
        let mut body = Map::from_iter([("message".to_owned(), json!(self.message))]);
        if let Some(connection) = self.connection {
            body.insert("dbConnectionId".to_owned(), json!(connection));
        }
        Value::Object(body)
    }
}

/// What PostgreSQL said, as the Data API words it: `ERROR: …; SQLState: 23505`.
impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            return Self::new(
                ErrorCode::DatabaseUnavailable,
                format!("The database does not answer: {error}"),
            );
        };
        let mut message = format!("{}: {}", said.severity(), said.message());
        for (name, text) in [("Detail", said.detail()), ("Hint", said.hint()), ("Where", said.where_())] {
            if let Some(text) = text {
                message.extend(["\n  ", name, ": ", text]);
            }
        }
        if let Some(tokio_postgres::error::ErrorPosition::Original(position)) = said.position() {
            message.extend(["\n  Position: ", &position.to_string()]);
        }
        message.extend(["; SQLState: ", said.code().code()]);
        Self::new(ErrorCode::DatabaseError, message)
    }
}

/// Reads a request into its shape. What does not fit is named in the error.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|cause| Error::bad_request(format!("The request is not valid: {cause}.")))
}
