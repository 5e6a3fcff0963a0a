//! What a measure reads: inside its normal range, or on purpose outside of it.

use fastrand::Rng;
use telemetry::{Measure, MeasureType, Range};

use crate::tree::Scalar;

/// What a measure without a normal range of its own reads.
const UNSTATED: Range = Range { min: 0.0, max: 100.0 };
/// What text reads.
const WORDS: [&str; 4] = ["idle", "starting", "running", "stopping"];
/// A double has so many digits more than its range is wide: 11.237 between 10 and 15.
const SIGNIFICANT_DIGITS: i32 = 4;
/// By how much an anomaly misses the normal range at least and at most, in widths of the range.
const MISSES: Range = Range { min: 0.1, max: 1.0 };

/// Whether a reading keeps to its normal range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Normal,
    /// Outside, where the measure is a number, says what is normal, and there is an outside.
    Anomalous,
}

/// What `measure` reads. A timestamp reads `time`, as ISO-8601 text.
pub(crate) fn read(measure: &Measure, reading: Reading, time: &jiff::Timestamp, rng: &mut Rng) -> Scalar {
    let normal = measure.normal.unwrap_or(UNSTATED);
    let outside = match (reading, measure.normal) {
        (Reading::Anomalous, Some(normal)) => Some(normal),
        _ => None,
    };
    match measure.kind {
        MeasureType::Double => {
            let value = outside.and_then(|normal| double_outside(normal, rng));
            Scalar::Double(value.unwrap_or_else(|| double_inside(normal, rng)))
        }
        MeasureType::Bigint => {
            let value = outside.and_then(|normal| bigint_outside(normal, rng));
            Scalar::Bigint(value.unwrap_or_else(|| bigint_inside(normal, rng)))
        }
        MeasureType::Boolean => Scalar::Boolean(rng.bool()),
        MeasureType::Varchar => Scalar::Text(WORDS[rng.usize(..WORDS.len())].to_owned()),
        MeasureType::Timestamp => Scalar::Text(time.to_string()),
    }
}

fn double_inside(normal: Range, rng: &mut Rng) -> f64 {
    let share = rng.f64();
    // Not `min + width * share`: the width of the widest range is infinite.
    let value = normal.min * (1.0 - share) + normal.max * share;
    rounded(value, width(normal)).clamp(normal.min, normal.max) + 0.0
}

fn double_outside(normal: Range, rng: &mut Rng) -> Option<f64> {
    let miss = width(normal) * (MISSES.min + (MISSES.max - MISSES.min) * rng.f64());
    let beyond = |value: f64, nearest: f64| {
        let value = rounded(value, width(normal)) + 0.0;
        // Among large numbers the miss may be less than the distance to the next one.
        [value, nearest].into_iter().find(|value| value.is_finite() && !normal.contains(*value))
    };
    let above = beyond(normal.max + miss, normal.max.next_up());
    let below = beyond(normal.min - miss, normal.min.next_down());
    if rng.bool() { above.or(below) } else { below.or(above) }
}

/// How wide a range is; of a single number, how large that is. Finite and positive.
fn width(range: Range) -> f64 {
    let width = (range.max - range.min).min(f64::MAX);
    if width > 0.0 { width } else { range.max.abs().max(1.0) }
}

/// `value` with as many decimals as suit a range that is `width` wide.
fn rounded(value: f64, width: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, reason = "the logarithm of a double is between -324 and 309")]
    let magnitude = width.log10().floor() as i32;
    let decimals = usize::try_from(SIGNIFICANT_DIGITS - 1 - magnitude).unwrap_or(0).min(300);
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

/// The integers of a range, or the one next to it where it holds none. Ends of 64 bits hold.
#[allow(clippy::cast_possible_truncation, reason = "`as` stops at the ends of i64, which is what is wanted")]
fn integers(range: Range) -> (i64, i64) {
    let (low, high) = (range.min.ceil() as i64, range.max.floor() as i64);
    if low <= high { (low, high) } else { (high, high) }
}

fn bigint_inside(normal: Range, rng: &mut Rng) -> i64 {
    let (low, high) = integers(normal);
    rng.i64(low..=high)
}

#[allow(clippy::cast_possible_truncation, reason = "`as` stops at the ends of i64, which is what is wanted")]
#[allow(clippy::cast_precision_loss, reason = "an anomaly needs no exactness; that it is outside is checked")]
fn bigint_outside(normal: Range, rng: &mut Rng) -> Option<i64> {
    let (low, high) = integers(normal);
    let widest = (width(normal).ceil() as i64).max(1);
    let miss = rng.i64((widest / 10).max(1)..=widest);
    let outside = |value: Option<i64>| value.filter(|value| !normal.contains(*value as f64));
    let (above, below) = (outside(high.checked_add(miss)), outside(low.checked_sub(miss)));
    if rng.bool() { above.or(below) } else { below.or(above) }
}

#[cfg(test)]
mod tests;
