//! Why a query is refused, with the place in its text, in the service's words.
//!
//! Failures cross the query engine inside its own error type, which may wrap them or turn them into text;
//! [`Failure::from_engine`] finds them again.

use std::io::{self, Write};

use datafusion::{
    common::{SchemaError, Span},
    error::DataFusionError,
};

use crate::{store, wire};

/// A place in the query's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

/// The start of the query.
impl Default for Position {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

/// A query that cannot be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The text is not a query. The service names only the place.
    #[error("The query syntax is invalid at line {}:{}", .0.line, .0.column)]
    Syntax(Position),
    /// The query means something that does not exist, does not fit, or is not supported.
    #[error("line {}:{}: {message}", .at.line, .at.column)]
    At {
        /// Where.
        at: Position,
        /// What.
        message: String,
    },
    /// As [`Failure::At`], where no place is known, for instance because a row caused it.
    #[error("{0}")]
    Unplaced(String),
    /// The query names a database that does not exist.
    #[error("Requested database '{database}' not found for identifier '{identifier}' at line {}:{}", .at.line, .at.column)]
    DatabaseNotFound {
        /// The database.
        database: String,
        /// The whole name in the query.
        identifier: String,
        /// Where the name starts.
        at: Position,
    },
    /// The query names a table that does not exist.
    #[error("Requested table '{table}' not found for identifier '{identifier}' at line {}:{}", .at.line, .at.column)]
    TableNotFound {
        /// The table.
        table: String,
        /// The whole name in the query.
        identifier: String,
        /// Where the name starts.
        at: Position,
    },
    /// The engine itself is at fault.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    /// A failure at a place.
    pub fn at(at: Position, message: impl Into<String>) -> Self {
        Self::At { at, message: message.into() }
    }

    /// A construct that Timestream has and this endpoint has not, or that neither has.
    pub fn unsupported(at: Position, construct: &str) -> Self {
        Self::at(at, format!("{construct} is not supported here"))
    }

    /// Writes what the engine said where it is at fault itself: the answer does not tell.
    pub fn report(&self, log: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Internal(cause) => {
                writeln!(log, "local-timestream: a query failed inside of the engine: {cause}")
            }
            _ => Ok(()),
        }
    }

    /// A failure at a place, where one is known.
    pub fn placed(at: Option<Position>, message: String) -> Self {
        match at {
            Some(at) => Self::at(at, message),
            None => Self::Unplaced(message),
        }
    }

    /// Finds the failure that an error of the query engine stands for.
    pub fn from_engine(error: &DataFusionError) -> Self {
        match error {
            DataFusionError::External(cause) => match cause.downcast_ref::<Self>() {
                Some(failure) => failure.clone(),
                None => cause
                    .downcast_ref::<DataFusionError>()
                    .map_or_else(|| Self::Internal(cause.to_string()), Self::from_engine),
            },
            DataFusionError::Diagnostic(diagnostic, cause) => match Self::from_engine(cause) {
                Self::Unplaced(message) => placed(diagnostic.span.as_ref(), message),
                failure => failure,
            },
            DataFusionError::Context(_, cause) => Self::from_engine(cause),
            DataFusionError::Shared(cause) => Self::from_engine(cause),
            DataFusionError::Collection(errors) => {
                errors.first().map_or_else(|| Self::Internal(error.to_string()), Self::from_engine)
            }
            DataFusionError::SchemaError(cause, _) => Self::from_schema(cause),
            DataFusionError::Plan(message) | DataFusionError::Execution(message) => Self::from_plan(message),
            DataFusionError::NotImplemented(_) | DataFusionError::ArrowError(..) => Self::of_the_engine(),
            other => Self::Internal(other.strip_backtrace()),
        }
    }

    fn from_schema(cause: &SchemaError) -> Self {
        match cause {
            SchemaError::FieldNotFound { field, .. } => {
                let message = format!("Column '{}' does not exist", field.name);
                placed(field.spans.first().as_ref(), message)
            }
            SchemaError::AmbiguousReference { field } => {
                placed(field.spans.first().as_ref(), format!("Column '{}' is ambiguous", field.name))
            }
            _ => Self::of_the_engine(),
        }
    }

    /// A query that the engine refuses, for a reason that has no words here: its own would tell a user nothing.
    fn of_the_engine() -> Self {
        Self::Unplaced("This combination of clauses is not supported here".to_owned())
    }

    /// Errors of the planner are text. Those that people meet are put into the service's words.
    fn from_plan(message: &str) -> Self {
        let message = first_line(message);
        if message.contains("must be in GROUP BY or an aggregate function")
            && let Some(column) = between(message, "column \"", "\"")
        {
            let column = column.rsplit('.').next().unwrap_or(column);
            return Self::Unplaced(format!(
                "'{column}' must be an aggregate expression or appear in GROUP BY clause"
            ));
        }
        if message.contains("failed to match any signature")
            && let Some(function) = between(message, "Function '", "'")
        {
            return Self::Unplaced(format!("Unexpected parameters for function {function}"));
        }
        if message.contains("non-boolean predicate") {
            return Self::Unplaced("WHERE clause and HAVING clause must evaluate to a boolean".to_owned());
        }
        Self::of_the_engine()
    }
}

fn placed(span: Option<&Span>, message: String) -> Failure {
    match span {
        Some(span) => {
            Failure::At { at: Position { line: span.start.line, column: span.start.column }, message }
        }
        None => Failure::Unplaced(message),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split(end).next()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

impl From<Failure> for DataFusionError {
    fn from(failure: Failure) -> Self {
        Self::External(Box::new(failure))
    }
}

impl From<Failure> for wire::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            // What the engine says of itself is no help to who wrote the query.
            Failure::Internal(_) => Self::internal("The query failed inside of the engine."),
            refusal => Self::validation(refusal.to_string()),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Unplaced(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_is_reported_and_not_answered() {
        for (error, reported, answered) in [
            (
                DataFusionError::Internal("no such index".to_owned()).context("while sorting"),
                "local-timestream: a query failed inside of the engine: Internal error: no such index",
                "The query failed inside of the engine.",
            ),
            (Failure::Unplaced("step must not be zero".to_owned()).into(), "", "step must not be zero"),
        ] {
            let failure = Failure::from_engine(&error);
            let mut log = Vec::new();
            failure.report(&mut log).expect("memory takes it");
            let log = String::from_utf8(log).expect("text");
            assert!(log.starts_with(reported) && log.is_empty() == reported.is_empty(), "{log}");
            assert_eq!(wire::Error::from(failure).message, answered);
        }
    }
}
