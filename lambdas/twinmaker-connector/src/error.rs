//! Why a request has no answer.
//!
//! TwinMaker turns every error of a connector into `ConnectorFailure` and passes the message on: it
//! names the field, what was expected there and what was found. Values are told by their kind only,
//! since errors are logged.

use lambda_runtime::Diagnostic;

use crate::operator::Operator;
use crate::store;
use crate::token::TokenError;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field is not there, or is null.
    #[error("{field} is missing: {expected}")]
    Missing {
        /// Where, for instance `propertyFilters[0].operator`.
        field: String,
        /// What belongs there.
        expected: String,
    },
    /// A field has something else than what belongs there.
    #[error("{field}: expected {expected}, found {found}")]
    Unexpected {
        /// Where.
        field: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// No such property.
    #[error("{field}: the model has no property \"{property}\"; it has {known}")]
    UnknownProperty {
        /// Where it is named.
        field: String,
        /// The name.
        property: String,
        /// The names that there are.
        known: String,
    },
    /// A history was asked of something that has none, or a value of something that has a history.
    #[error("{field}: \"{property}\" is {is}; expected {expected}")]
    WrongKind {
        /// Where it is named.
        field: String,
        /// The name.
        property: String,
        /// What it is.
        is: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// The range of time is empty.
    #[error("endTime ({end}) is before startTime ({start})")]
    EmptyRange {
        /// From.
        start: String,
        /// To.
        end: String,
    },
    /// Truth values have no order.
    #[error("{field}: {} compares truth values, which have no order; expected = or !=", operator.symbol())]
    NoOrder {
        /// Where.
        field: String,
        /// What was asked.
        operator: Operator,
    },
    /// The component type says something else than the model.
    #[error(
        "properties.{property}.definition.dataType: {declared} cannot hold the {stored} of the model; derive the component type from the model again"
    )]
    WrongType {
        /// The property.
        property: String,
        /// Type of TwinMaker.
        declared: String,
        /// Type of the store.
        stored: &'static str,
    },
    /// Only numbers have something between them.
    #[error("interpolation: \"{property}\" is of type {stored}; only double and bigint are interpolated")]
    NotANumber {
        /// The property.
        property: String,
        /// Type of the store.
        stored: &'static str,
    },
    /// An alarm of a measure that has none.
    #[error("{field}: no alarm has this key; expected <device>/<measure>, with a measure among {known}")]
    UnknownAlarm {
        /// Where.
        field: String,
        /// The measures that have alarms.
        known: String,
    },
    /// The token is none of this request.
    #[error("nextToken: {0}")]
    Token(#[from] TokenError),
    /// The connector reads only.
    #[error("entries: this connector writes nothing; devices do, through the pipeline")]
    ReadOnly,
    /// An integer is too large for the component type.
    #[error("properties.{property}: a stored value is beyond INTEGER; make its dataType LONG")]
    IntegerOverflow {
        /// The property.
        property: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Stable, for machines: Lambda's `errorType`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "MissingField",
            Self::Unexpected { .. } => "UnexpectedValue",
            Self::UnknownProperty { .. } => "UnknownProperty",
            Self::WrongKind { .. } => "WrongKindOfProperty",
            Self::EmptyRange { .. } => "EmptyTimeRange",
            Self::NoOrder { .. } => "OperatorWithoutOrder",
            Self::WrongType { .. } => "WrongDataType",
            Self::NotANumber { .. } => "InterpolationOfNoNumber",
            Self::UnknownAlarm { .. } => "UnknownAlarm",
            Self::Token(_) => "InvalidToken",
            Self::ReadOnly => "ReadOnly",
            Self::IntegerOverflow { .. } => "IntegerOverflow",
            Self::Store(_) => "Store",
        }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self { error_type: error.code().to_owned(), error_message: error.to_string() }
    }
}
