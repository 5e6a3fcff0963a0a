//! `variance`, `stddev`, `skewness`, `kurtosis` and their like, from central moments that are updated value by value.
//!
//! The engine's lose a `NaN` that stands alone, and there are only two of them.

use datafusion::{
    arrow::array::{ArrayRef, AsArray},
    arrow::datatypes::{DataType, Float64Type, UInt64Type},
    common::ScalarValue,
    error::Result,
    logical_expr::Accumulator,
};

/// What is asked of the moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Moment {
    VarianceOfSample,
    VarianceOfPopulation,
    DeviationOfSample,
    DeviationOfPopulation,
    Skewness,
    Kurtosis,
}

/// How many values there are, their mean, and the sums of the second to the fourth power of what they are off it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sums {
    count: u64,
    mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 rows")]
fn double(count: u64) -> f64 {
    count as f64
}

impl Sums {
    fn of(value: f64) -> Self {
        // What is off its own mean by NaN or infinity is not off by nothing.
        let off = if value.is_finite() { 0.0 } else { f64::NAN };
        Self { count: 1, mean: value, second: off, third: off, fourth: off }
    }

    /// The sums of both, by the formulas of Pébay (2008).
    fn and(self, other: Self) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let count = self.count + other.count;
        let (n, a, b) = (double(count), double(self.count), double(other.count));
        let off = other.mean - self.mean;
        let step = off / n;
        Self {
            count,
            mean: self.mean + step * b,
            second: self.second + other.second + off * step * a * b,
            third: self.third
                + other.third
                + off * step * step * a * b * (a - b)
                + 3.0 * step * (a * other.second - b * self.second),
            fourth: self.fourth
                + other.fourth
                + off * step * step * step * a * b * (a * a - a * b + b * b)
                + 6.0 * step * step * (a * a * other.second + b * b * self.second)
                + 4.0 * step * (a * other.third - b * self.third),
        }
    }

    fn answer(self, moment: Moment) -> Option<f64> {
        let n = double(self.count);
        let least = match moment {
            Moment::VarianceOfPopulation | Moment::DeviationOfPopulation => 1,
            Moment::VarianceOfSample | Moment::DeviationOfSample => 2,
            Moment::Skewness => 3,
            Moment::Kurtosis => 4,
        };
        (self.count >= least).then(|| match moment {
            Moment::VarianceOfSample => self.second / (n - 1.0),
            Moment::VarianceOfPopulation => self.second / n,
            Moment::DeviationOfSample => (self.second / (n - 1.0)).sqrt(),
            Moment::DeviationOfPopulation => (self.second / n).sqrt(),
            Moment::Skewness => n.sqrt() * self.third / self.second.powf(1.5),
            Moment::Kurtosis => {
                let variance = self.second / (n - 1.0);
                let scale = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0));
                let normal = 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0));
                scale * self.fourth / (variance * variance) - normal
            }
        })
    }
}

/// The moments so far.
#[derive(Debug)]
pub(super) struct Moments {
    moment: Moment,
    sums: Sums,
}

/// The types of the state.
pub(super) fn state() -> Vec<DataType> {
    let mut state = vec![DataType::UInt64];
    state.extend(std::iter::repeat_n(DataType::Float64, 4));
    state
}

impl Moments {
    pub(super) fn new(moment: Moment) -> Self {
        Self { moment, sums: Sums::default() }
    }
}

impl Accumulator for Moments {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in
            values.iter().take(1).flat_map(|array| array.as_primitive::<Float64Type>().iter().flatten())
        {
            self.sums = self.sums.and(Sums::of(value));
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let answer = self.sums.answer(self.moment);
        Ok(ScalarValue::Float64(answer.map(|value| if value.is_nan() { f64::NAN } else { value })))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let Sums { count, mean, second, third, fourth } = self.sums;
        let mut state = vec![ScalarValue::UInt64(Some(count))];
        state.extend([mean, second, third, fourth].map(|sum| ScalarValue::Float64(Some(sum))));
        Ok(state)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [counts, sums @ ..] = states else { return Ok(()) };
        for (row, count) in counts.as_primitive::<UInt64Type>().values().iter().enumerate() {
            let [mean, second, third, fourth] = sums else { return Ok(()) };
            let [mean, second, third, fourth] =
                [mean, second, third, fourth].map(|sum| sum.as_primitive::<Float64Type>().value(row));
            self.sums = self.sums.and(Sums { count: *count, mean, second, third, fourth });
        }
        Ok(())
    }
}
