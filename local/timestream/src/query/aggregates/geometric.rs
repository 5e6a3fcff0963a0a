//! `geometric_mean`, from the sum of the logarithms: with a zero it is zero, and with an infinity infinite.

use datafusion::{
    arrow::array::{ArrayRef, AsArray},
    arrow::datatypes::{DataType, Float64Type, UInt64Type},
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

/// The values so far.
#[derive(Debug, Default)]
pub(super) struct GeometricMean {
    count: u64,
    logarithms: f64,
}

/// The types of the state.
pub(super) fn state() -> Vec<DataType> {
    vec![DataType::UInt64, DataType::Float64]
}

impl Accumulator for GeometricMean {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in
            values.iter().take(1).flat_map(|array| array.as_primitive::<Float64Type>().iter().flatten())
        {
            self.count += 1;
            self.logarithms += value.ln();
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 rows")]
    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mean = (self.count > 0).then(|| (self.logarithms / self.count as f64).exp());
        Ok(ScalarValue::Float64(mean.map(|mean| if mean.is_nan() { f64::NAN } else { mean })))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::UInt64(Some(self.count)), ScalarValue::Float64(Some(self.logarithms))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [counts, logarithms] = states else { return Ok(()) };
        self.count += counts.as_primitive::<UInt64Type>().values().iter().sum::<u64>();
        self.logarithms += logarithms.as_primitive::<Float64Type>().values().iter().sum::<f64>();
        Ok(())
    }
}
