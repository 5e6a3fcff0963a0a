//! `create_time_series(time, value)` and `array_agg(value)`: all rows of a group in one value.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/timeseries-specific-constructs.views.html>

use datafusion::{
    arrow::array::{Array, ArrayRef},
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

use crate::query::{
    failure::{Failure, Position},
    types::{Datum, Type, collect},
};

/// The points so far.
#[derive(Debug)]
pub(super) struct Series {
    kind: Type,
    at: Position,
    points: Vec<(i64, Datum)>,
}

impl Series {
    /// A series of type `kind`.
    pub(super) fn new(kind: Type, at: Position) -> Self {
        Self { kind, at, points: Vec::new() }
    }

    fn refuse(&self, what: &str) -> Failure {
        Failure::at(self.at, format!("CREATE_TIME_SERIES of {what} is not supported here"))
    }
}

/// One value as the engine has it.
fn scalar(kind: Type, value: Datum) -> Result<ScalarValue> {
    ScalarValue::try_from_array(&collect(kind, std::iter::once(Ok(value)))?, 0)
}

impl Accumulator for Series {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [times, values] = values else { return Ok(()) };
        for row in 0..times.len() {
            let value = Datum::read(values, row)?;
            match Datum::read(times, row)? {
                Datum::Timestamp(time) if value != Datum::Null => self.points.push((time, value)),
                // Whether the service leaves such a row out or keeps the null is not documented.
                _ => return Err(self.refuse("rows with a null").into()),
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.points.is_empty() {
            return ScalarValue::try_from(&self.kind.data_type());
        }
        self.points.sort_by_key(|(time, _)| *time);
        if self.points.windows(2).any(|pair| matches!(pair, [(one, _), (other, _)] if one == other)) {
            return Err(self.refuse("several values at one time").into());
        }
        scalar(self.kind, Datum::Timeseries(self.points.clone()))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.points.capacity() * size_of::<(i64, Datum)>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![scalar(self.kind, Datum::Timeseries(self.points.clone()))?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for row in 0..states.len() {
            if let Datum::Timeseries(points) = Datum::read(states, row)? {
                self.points.extend(points);
            }
        }
        Ok(())
    }
}

/// The values so far, nulls among them.
#[derive(Debug)]
pub(super) struct Elements {
    kind: Type,
    elements: Vec<Datum>,
}

impl Elements {
    /// An array of type `kind`.
    pub(super) fn new(kind: Type) -> Self {
        Self { kind, elements: Vec::new() }
    }
}

impl Accumulator for Elements {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(values) = values.first() else { return Ok(()) };
        for row in 0..values.len() {
            self.elements.push(Datum::read(values, row)?);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.elements.is_empty() {
            return ScalarValue::try_from(&self.kind.data_type());
        }
        scalar(self.kind, Datum::Array(self.elements.clone()))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.elements.capacity() * size_of::<Datum>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![scalar(self.kind, Datum::Array(self.elements.clone()))?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for row in 0..states.len() {
            if let Datum::Array(elements) = Datum::read(states, row)? {
                self.elements.extend(elements);
            }
        }
        Ok(())
    }
}
