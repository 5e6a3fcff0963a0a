//! `approx_percentile(value, share)`: a value of the group that this share of the values does not exceed.
//!
//! The service approximates; here, where a group fits into memory, the nearest rank is exact.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray},
        datatypes::{DataType, Field, Float64Type, Int64Type},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

use crate::query::{
    failure::{Failure, Position},
    types::Type,
};

/// The values so far; bigints are kept as such, because a double cannot hold all of them.
#[derive(Debug)]
pub(super) struct Percentile {
    kind: Type,
    at: Position,
    bigints: Vec<i64>,
    doubles: Vec<f64>,
    share: Option<f64>,
}

/// The type of the state that holds the values.
pub(super) fn list_of(kind: Type) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(kind.data_type(), true)))
}

impl Percentile {
    pub(super) fn new(kind: Type, at: Position) -> Self {
        Self { kind, at, bigints: Vec::new(), doubles: Vec::new(), share: None }
    }

    fn take_values(&mut self, array: &ArrayRef) {
        if self.kind == Type::Bigint {
            self.bigints.extend(array.as_primitive::<Int64Type>().iter().flatten());
        } else {
            self.doubles.extend(array.as_primitive::<Float64Type>().iter().flatten());
        }
    }

    fn take_share(&mut self, array: &ArrayRef) -> Result<()> {
        for share in array.as_primitive::<Float64Type>().iter().flatten() {
            if !(0.0..=1.0).contains(&share) {
                return Err(Failure::at(self.at, "Percentile must be between 0 and 1").into());
            }
            if self.share.is_some_and(|known| known.to_bits() != share.to_bits()) {
                return Err(Failure::at(self.at, "Percentile must be the same for all rows").into());
            }
            self.share = Some(share);
        }
        Ok(())
    }
}

/// The index of the nearest rank among `count` values.
fn rank(count: usize, share: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is not negative and not above it"
    )]
    let rank = (count as f64 * share).ceil() as usize;
    rank.clamp(1, count) - 1
}

impl Accumulator for Percentile {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [value, share] = values else { return Ok(()) };
        self.take_values(value);
        self.take_share(share)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Some(share) = self.share.filter(|_| !self.bigints.is_empty() || !self.doubles.is_empty()) else {
            return ScalarValue::try_from(&self.kind.data_type());
        };
        if self.kind == Type::Bigint {
            let index = rank(self.bigints.len(), share);
            let (_, value, _) = self.bigints.select_nth_unstable(index);
            return Ok(ScalarValue::Int64(Some(*value)));
        }
        let index = rank(self.doubles.len(), share);
        let (_, value, _) = self.doubles.select_nth_unstable_by(index, f64::total_cmp);
        Ok(ScalarValue::Float64(Some(*value)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + 8 * (self.bigints.capacity() + self.doubles.capacity())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let kind = self.kind.data_type();
        let values: Vec<ScalarValue> = if self.kind == Type::Bigint {
            self.bigints.iter().map(|value| ScalarValue::Int64(Some(*value))).collect()
        } else {
            self.doubles.iter().map(|value| ScalarValue::Float64(Some(*value))).collect()
        };
        Ok(vec![
            ScalarValue::List(ScalarValue::new_list_nullable(&values, &kind)),
            ScalarValue::Float64(self.share),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [lists, share] = states else { return Ok(()) };
        for values in lists.as_list::<i32>().iter().flatten() {
            self.take_values(&values);
        }
        self.take_share(share)
    }
}
