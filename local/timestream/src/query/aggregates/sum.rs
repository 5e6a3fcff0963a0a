//! `sum`: a bigint for integers, failing where the engine's would wrap.

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray},
        datatypes::{DurationNanosecondType, Float64Type, Int64Type},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

use crate::query::{failure::Failure, types::Type};

/// The sum so far. Integers are summed in 128 bits: only a total that does not fit is an overflow.
#[derive(Debug)]
pub(super) struct Sum {
    kind: Type,
    count: u64,
    integer: i128,
    double: f64,
}

impl Sum {
    pub(super) fn new(kind: Type) -> Self {
        Self { kind, count: 0, integer: 0, double: 0.0 }
    }
}

/// Whether rows enter or leave a window.
#[derive(Clone, Copy)]
enum Move {
    In,
    Out,
}

impl Sum {
    fn apply(&mut self, array: &ArrayRef, step: Move) {
        let present = u64::try_from(array.len() - array.null_count()).unwrap_or_default();
        let sign = match step {
            Move::In => {
                self.count += present;
                1
            }
            Move::Out => {
                self.count -= present;
                -1
            }
        };
        match self.kind {
            Type::Double => {
                let total: f64 = array.as_primitive::<Float64Type>().iter().flatten().sum();
                self.double += f64::from(sign) * total;
            }
            Type::DayToSecond => {
                let values = array.as_primitive::<DurationNanosecondType>().iter().flatten();
                self.integer += i128::from(sign) * values.map(i128::from).sum::<i128>();
            }
            _ => {
                let values = array.as_primitive::<Int64Type>().iter().flatten();
                self.integer += i128::from(sign) * values.map(i128::from).sum::<i128>();
            }
        }
    }
}

impl Accumulator for Sum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.iter().take(1).for_each(|array| self.apply(array, Move::In));
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.iter().take(1).for_each(|array| self.apply(array, Move::Out));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.count == 0 {
            return ScalarValue::try_from(&self.kind.data_type());
        }
        let integer = i64::try_from(self.integer)
            .map_err(|_| Failure::Unplaced(format!("bigint addition overflow: {}", self.integer)));
        Ok(match self.kind {
            Type::Double => ScalarValue::Float64(Some(self.double)),
            Type::DayToSecond => ScalarValue::DurationNanosecond(Some(integer?)),
            _ => ScalarValue::Int64(Some(integer?)),
        })
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
