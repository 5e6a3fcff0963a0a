//! `max_by(value, key)` and `min_by(value, key)`: the value of the row with the largest or smallest key.

use std::cmp::Ordering;

use datafusion::{
    arrow::array::{Array, ArrayRef},
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

use crate::query::types::Type;

/// Which key wins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extreme {
    Largest,
    Smallest,
}

/// The best row so far. Rows with a null key do not count; a null value may win. Among equal keys the first wins.
#[derive(Debug)]
pub(super) struct By {
    extreme: Extreme,
    kinds: [Type; 2],
    best: Option<(ScalarValue, ScalarValue)>,
}

impl By {
    pub(super) fn new(extreme: Extreme, value: Type, key: Type) -> Self {
        Self { extreme, kinds: [value, key], best: None }
    }

    fn wins(&self, key: &ScalarValue) -> bool {
        let Some((_, best)) = &self.best else { return true };
        match self.extreme {
            Extreme::Largest => key.partial_cmp(best) == Some(Ordering::Greater),
            Extreme::Smallest => key.partial_cmp(best) == Some(Ordering::Less),
        }
    }
}

impl Accumulator for By {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [value, key] = values else { return Ok(()) };
        for row in 0..key.len() {
            let candidate = ScalarValue::try_from_array(key, row)?;
            if !candidate.is_null() && self.wins(&candidate) {
                self.best = Some((ScalarValue::try_from_array(value, row)?, candidate));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match &self.best {
            Some((value, _)) => Ok(value.clone()),
            None => ScalarValue::try_from(&self.kinds[0].data_type()),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.best.as_ref().map_or(0, |(value, key)| value.size() + key.size())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        match &self.best {
            Some((value, key)) => Ok(vec![value.clone(), key.clone()]),
            None => self.kinds.iter().map(|kind| ScalarValue::try_from(&kind.data_type())).collect(),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
