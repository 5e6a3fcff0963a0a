//! A row, whichever store it is of.

use telemetry::{MeasureType, Value};

use super::Error;
use crate::instant::Instant;
use crate::{postgres, timestream};

/// The values of a row, taken one by one.
#[derive(Debug)]
pub enum Cells {
    /// Of Timestream.
    Timestream(timestream::Cells),
    /// Of PostgreSQL.
    Postgres(postgres::Cells),
}

impl Cells {
    /// A value of a type; `None` for null.
    ///
    /// # Errors
    /// [`Error::Row`] for a value of another type.
    pub fn take(&mut self, column: usize, kind: MeasureType) -> Result<Option<Value>, Error> {
        let taken = match self {
            Self::Timestream(cells) => cells.take(column, kind),
            Self::Postgres(cells) => cells.take(column, kind),
        };
        taken.ok_or(Error::Row { column, expected: noun(kind) })
    }

    /// Text; `None` for null.
    ///
    /// # Errors
    /// As [`Cells::take`].
    pub fn text(&mut self, column: usize) -> Result<Option<String>, Error> {
        match self.take(column, MeasureType::Varchar)? {
            None => Ok(None),
            Some(Value::Varchar(text)) => Ok(Some(text)),
            Some(_) => Err(Error::Row { column, expected: noun(MeasureType::Varchar) }),
        }
    }

    /// A number; `None` for null.
    ///
    /// # Errors
    /// As [`Cells::take`].
    pub fn double(&mut self, column: usize) -> Result<Option<f64>, Error> {
        match self.take(column, MeasureType::Double)? {
            None => Ok(None),
            Some(Value::Double(number)) => Ok(Some(number)),
            Some(_) => Err(Error::Row { column, expected: noun(MeasureType::Double) }),
        }
    }

    /// An integer; `None` for null.
    ///
    /// # Errors
    /// As [`Cells::take`].
    pub fn integer(&mut self, column: usize) -> Result<Option<i64>, Error> {
        match self.take(column, MeasureType::Bigint)? {
            None => Ok(None),
            Some(Value::Bigint(number)) => Ok(Some(number)),
            Some(_) => Err(Error::Row { column, expected: noun(MeasureType::Bigint) }),
        }
    }

    /// A time; `None` for null.
    ///
    /// # Errors
    /// As [`Cells::take`].
    pub fn instant(&mut self, column: usize) -> Result<Option<Instant>, Error> {
        match self.take(column, MeasureType::Timestamp)? {
            None => Ok(None),
            Some(Value::Timestamp(nanoseconds)) => Ok(Some(Instant::from_nanos(nanoseconds))),
            Some(_) => Err(Error::Row { column, expected: noun(MeasureType::Timestamp) }),
        }
    }
}

const fn noun(kind: MeasureType) -> &'static str {
    match kind {
        MeasureType::Double => "a number",
        MeasureType::Bigint => "an integer",
        MeasureType::Boolean => "a truth value",
        MeasureType::Varchar => "text",
        MeasureType::Timestamp => "a time",
    }
}
