//! What a measure reads: inside its normal range, or on purpose outside of it.

use fastrand::Rng;
use telemetry::{Measure, MeasureType, Range};

use crate::json::Scalar;

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
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_oneof, proptest};

    use super::*;

    fn measure(kind: MeasureType, normal: Option<Range>) -> Measure {
        Measure { name: "m".to_owned(), field: "m".to_owned(), kind, unit: None, normal }
    }

    fn readings(measure: &Measure, reading: Reading) -> Vec<Scalar> {
        let mut rng = Rng::with_seed(7);
        (0..200).map(|_| read(measure, reading, &jiff::Timestamp::UNIX_EPOCH, &mut rng)).collect()
    }

    fn number(value: &Scalar) -> f64 {
        match value {
            Scalar::Double(value) => *value,
            #[allow(clippy::cast_precision_loss)]
            Scalar::Bigint(value) => *value as f64,
            other => panic!("{other:?} is no number"),
        }
    }

    #[test]
    fn readings_have_few_decimals_and_vary() {
        let cases = [
            (10.0, 15.0, 3),
            (200.0, 400.0, 1),
            (0.0, 0.001, 6),
            (-1.0e6, 1.0e6, 0),
            (0.0, 1.0e300, 0),
            (f64::MIN, f64::MAX, 0),
        ];
        for (min, max, decimals) in cases {
            let values = readings(&measure(MeasureType::Double, Some(Range { min, max })), Reading::Normal);
            let texts: std::collections::BTreeSet<_> =
                values.iter().map(|value| number(value).to_string()).collect();
            assert!(texts.len() > 20, "{min} to {max}: {texts:?}");
            for text in texts {
                let found = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                assert!(found <= decimals, "{min} to {max}: {text}");
            }
        }
    }

    #[test]
    fn where_there_is_no_outside_a_reading_is_normal() {
        let everything = Range { min: f64::MIN, max: f64::MAX };
        let cases = [
            measure(MeasureType::Double, None),
            measure(MeasureType::Double, Some(everything)),
            measure(MeasureType::Bigint, Some(everything)),
            measure(MeasureType::Boolean, None),
            measure(MeasureType::Varchar, None),
        ];
        for measure in cases {
            let found = readings(&measure, Reading::Anomalous);
            assert!(found.iter().all(|value| match value {
                Scalar::Double(value) => value.is_finite(),
                _ => true,
            }));
            assert!(found.iter().any(|value| *value != found[0]), "{measure:?}");
        }
    }

    fn range() -> impl Strategy<Value = Range> {
        let end = prop_oneof![
            -1.0e3..1.0e3,
            (-1000_i32..1000).prop_map(f64::from),
            any::<f64>().prop_filter("finite", |end| end.is_finite()),
        ];
        (end.clone(), end).prop_map(|(a, b): (f64, f64)| Range { min: a.min(b), max: a.max(b) })
    }

    proptest! {
        #[test]
        fn doubles_are_where_they_should_be(normal in range()) {
            let measure = measure(MeasureType::Double, Some(normal));
            for value in readings(&measure, Reading::Normal) {
                prop_assert!(normal.contains(number(&value)), "{:?}", value);
            }
            let boundless = normal.min <= f64::MIN && normal.max >= f64::MAX;
            for value in readings(&measure, Reading::Anomalous) {
                prop_assert!(boundless || !normal.contains(number(&value)), "{:?}", value);
                prop_assert!(number(&value).is_finite());
            }
        }

        #[test]
        fn bigints_are_where_they_should_be(min in -1_000_000_i32..1_000_000, width in 0_i32..1_000_000) {
            let normal = Range { min: f64::from(min), max: f64::from(min) + f64::from(width) };
            let measure = measure(MeasureType::Bigint, Some(normal));
            for value in readings(&measure, Reading::Normal) {
                prop_assert!(normal.contains(number(&value)), "{:?}", value);
            }
            for value in readings(&measure, Reading::Anomalous) {
                prop_assert!(!normal.contains(number(&value)), "{:?}", value);
            }
        }
    }
}
