//! `approx_distinct`: how many different values there are. The service approximates; here, where a group fits into
//! memory, the count is exact.

use std::{collections::HashSet, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray},
        datatypes::{DataType, Field},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

use crate::query::types::Type;

/// The values so far.
#[derive(Debug)]
pub(super) struct Distinct {
    kind: Type,
    values: HashSet<ScalarValue>,
}

impl Distinct {
    pub(super) fn new(kind: Type) -> Self {
        Self { kind, values: HashSet::new() }
    }
}

/// The type of the state.
pub(super) fn state(kind: Type) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(kind.data_type(), true)))
}

impl Accumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(array) = values.first() else { return Ok(()) };
        for row in 0..array.len() {
            let value = match ScalarValue::try_from_array(array, row)? {
                null if null.is_null() => continue,
                // Adding zero turns -0.0 into 0.0.
                ScalarValue::Float64(Some(value)) => ScalarValue::Float64(Some(value + 0.0)),
                other => other,
            };
            self.values.insert(value);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(i64::try_from(self.values.len()).unwrap_or(i64::MAX))))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.iter().map(ScalarValue::size).sum::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: Vec<ScalarValue> = self.values.iter().cloned().collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &self.kind.data_type()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(lists) = states.first() else { return Ok(()) };
        lists.as_list::<i32>().iter().flatten().try_for_each(|values| self.update_batch(&[values]))
    }
}
