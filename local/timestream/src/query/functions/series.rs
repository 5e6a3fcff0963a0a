//! Functions over time series.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/timeseries-specific-constructs.functions.html>
//!
//! What the guide leaves open is refused: a value outside of a series, but for the last one carried forward, and a
//! correlation where nothing varies.

use super::overload::{Answer, Overload, dynamic};
use crate::query::types::{Datum, SCALARS, Type};

/// A point of a series of numbers: nanoseconds since the epoch, and the value.
type Point = (i64, f64);

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const TIMES: Type = Type::Array(&Type::Timestamp);
const DOUBLES: Type = Type::Timeseries(&Type::Double);

/// A failure of the endpoint: the engine handed over a value of another type than it resolved.
fn mistyped<T>() -> Answer<T> {
    Err("an argument is of another type".to_owned())
}

fn points(series: &Datum) -> Answer<&[(i64, Datum)]> {
    match series {
        Datum::Timeseries(points) => Ok(points),
        _ => mistyped(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "as the service converts")]
fn numbers(series: &Datum) -> Answer<Vec<Point>> {
    let number = |(time, value): &(i64, Datum)| match value {
        Datum::Double(value) => Ok((*time, *value)),
        Datum::Bigint(value) => Ok((*time, *value as f64)),
        Datum::Integer(value) => Ok((*time, f64::from(*value))),
        _ => mistyped(),
    };
    points(series)?.iter().map(number).collect()
}

/// The instants of an argument that is one, or an array of them.
fn instants(times: &Datum) -> Answer<Vec<i64>> {
    match times {
        Datum::Timestamp(time) => Ok(vec![*time]),
        Datum::Array(times) => times
            .iter()
            .map(|time| match time {
                Datum::Timestamp(time) => Ok(*time),
                Datum::Null => {
                    Err("A null among the times of an interpolation is not supported here".to_owned())
                }
                _ => mistyped(),
            })
            .collect(),
        _ => mistyped(),
    }
}

/// The answer at one instant, or a series of those at several, in the order of time.
fn answered(times: &Datum, at: impl Fn(i64) -> Answer<Datum>) -> Answer<Datum> {
    let mut instants = instants(times)?;
    if let (Datum::Timestamp(_), [time]) = (times, instants.as_slice()) {
        return at(*time);
    }
    instants.sort_unstable();
    instants.dedup();
    let point = |time: i64| Ok((time, at(time)?));
    Ok(Datum::Timeseries(instants.into_iter().map(point).collect::<Answer<_>>()?))
}

/// Nanoseconds between two times, as a double.
#[expect(clippy::cast_precision_loss, reason = "a double is what is computed with")]
fn between(from: i64, to: i64) -> f64 {
    (i128::from(to) - i128::from(from)) as f64
}

fn outside(name: &str) -> String {
    format!("{} outside of the time series is not supported here", name.to_uppercase())
}

/// The index of the last point that is not after `time`; none before the first.
fn before<V>(points: &[(i64, V)], time: i64) -> Option<usize> {
    points.partition_point(|(other, _)| *other <= time).checked_sub(1)
}

fn linear(points: &[Point], time: i64) -> Answer<f64> {
    let index = before(points, time).ok_or_else(|| outside("interpolate_linear"))?;
    let (start, low) = points[index];
    if start == time {
        return Ok(low);
    }
    let (end, high) = *points.get(index + 1).ok_or_else(|| outside("interpolate_linear"))?;
    Ok(low + (high - low) * (between(start, time) / between(start, end)))
}

/// The second derivatives of the natural cubic spline through the points, whose ends are not bent.
fn bends(points: &[Point]) -> Vec<f64> {
    let count = points.len();
    let width = |index: usize| between(points[index].0, points[index + 1].0);
    let slope = |index: usize| (points[index + 1].1 - points[index].1) / width(index);
    // The tridiagonal system, solved from the first point to the last and back.
    let mut factors = vec![(0.0, 0.0); count];
    for index in 1..count - 1 {
        let (upper, right) = factors[index - 1];
        let diagonal = 2.0 * (width(index - 1) + width(index)) - width(index - 1) * upper;
        let bend = 6.0 * (slope(index) - slope(index - 1)) - width(index - 1) * right;
        factors[index] = (width(index) / diagonal, bend / diagonal);
    }
    let mut bends = vec![0.0; count];
    for index in (1..count - 1).rev() {
        bends[index] = factors[index].1 - factors[index].0 * bends[index + 1];
    }
    bends
}

fn spline(points: &[Point], bends: &[f64], time: i64) -> Answer<f64> {
    let index = before(points, time).ok_or_else(|| outside("interpolate_spline_cubic"))?;
    let (start, low) = points[index];
    if start == time {
        return Ok(low);
    }
    let (end, high) = *points.get(index + 1).ok_or_else(|| outside("interpolate_spline_cubic"))?;
    let width = between(start, end);
    let (left, right) = (between(time, end) / width, between(start, time) / width);
    let bent = (left.powi(3) - left) * bends[index] + (right.powi(3) - right) * bends[index + 1];
    Ok(left * low + right * high + bent * width * width / 6.0)
}

/// The last value that is not after the time.
fn carried(points: &[(i64, Datum)], time: i64) -> Answer<Datum> {
    let index = before(points, time).ok_or_else(|| outside("interpolate_locf"))?;
    Ok(points[index].1.clone())
}

fn filled(points: &[(i64, Datum)], time: i64, with: &Datum) -> Datum {
    match before(points, time) {
        Some(index) if points[index].0 == time => points[index].1.clone(),
        _ => with.clone(),
    }
}

/// Which rates of change are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rates {
    All,
    NotNegative,
}

/// What the value changes by in `unit` nanoseconds from each point to the next, at the time of the next.
fn derivative(series: &Datum, unit: &Datum, kept: Rates) -> Answer<Datum> {
    let unit = positive(unit)?;
    let numbers = numbers(series)?;
    let rates = numbers.windows(2).filter_map(|pair| match pair {
        [(start, low), (end, high)] => {
            let rate = (high - low) / between(*start, *end) * between(0, unit);
            (kept == Rates::All || rate >= 0.0).then_some((*end, Datum::Double(rate)))
        }
        _ => None,
    });
    Ok(Datum::Timeseries(rates.collect()))
}

fn positive(interval: &Datum) -> Answer<i64> {
    match interval {
        Datum::DayToSecond(nanos) if *nanos > 0 => Ok(*nanos),
        Datum::DayToSecond(_) => Err("The interval must be positive".to_owned()),
        _ => mistyped(),
    }
}

fn integral(series: &Datum, unit: i64) -> Answer<Datum> {
    let numbers = numbers(series)?;
    let areas = numbers.windows(2).map(|pair| match pair {
        [(start, low), (end, high)] => {
            f64::midpoint(*low, *high) * (between(*start, *end) / between(0, unit))
        }
        _ => 0.0,
    });
    Ok(Datum::Double(areas.fold(0.0, |sum, area| sum + area)))
}

/// The values of two series with the same times, none of them `NaN`.
fn paired(name: &str, left: &Datum, right: &Datum) -> Answer<(Vec<f64>, Vec<f64>)> {
    let (left, right) = (numbers(left)?, numbers(right)?);
    if !left.iter().map(|(time, _)| time).eq(right.iter().map(|(time, _)| time)) {
        return Err(format!("The time series of {name} must have the same timestamps"));
    }
    if left.iter().chain(&right).any(|(_, value)| value.is_nan()) {
        return Err(format!("{} of a time series with NaN is not supported here", name.to_uppercase()));
    }
    let values = |points: Vec<Point>| points.into_iter().map(|(_, value)| value).collect();
    Ok((values(left), values(right)))
}

fn pearson(name: &str, left: &[f64], right: &[f64]) -> Answer<Datum> {
    #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 points")]
    let count = left.len() as f64;
    let mean = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value) / count;
    let (across, down) = (mean(left), mean(right));
    let (mut both, mut squares, mut others) = (0.0, 0.0, 0.0);
    for (x, y) in left.iter().zip(right) {
        both += (x - across) * (y - down);
        squares += (x - across) * (x - across);
        others += (y - down) * (y - down);
    }
    if !squares.is_finite() || !others.is_finite() {
        return Err(format!("{} of values this large is not supported here", name.to_uppercase()));
    }
    if squares > 0.0 && others > 0.0 {
        // Rounding must not lead out of what a correlation can be.
        return Ok(Datum::Double((both / (squares.sqrt() * others.sqrt())).clamp(-1.0, 1.0)));
    }
    Err(format!("{} of a series that does not vary is not supported here", name.to_uppercase()))
}

/// The ranks of values; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut place = 0;
    #[expect(clippy::float_cmp, reason = "ties are equal values")]
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 points")]
        let shared = f64::midpoint(place as f64, (place + group.len() - 1) as f64) + 1.0;
        for index in group {
            ranks[*index] = shared;
        }
        place += group.len();
    }
    ranks
}

/// The functions of a series and times that are given one, and several.
fn interpolations(
    name: &'static str,
    of: &'static Type,
    more: &[Type],
    function: fn(&[Datum]) -> Answer<Datum>,
) -> [Overload; 2] {
    let series = Type::Timeseries(of);
    let parameters = |times: Type| {
        let mut parameters = vec![series, times];
        parameters.extend(more);
        parameters
    };
    [
        dynamic(name, parameters(TIMES), series, function),
        dynamic(name, parameters(Type::Timestamp), *of, function),
    ]
}

fn interpolate_linear(arguments: &[Datum]) -> Answer<Datum> {
    let [series, times] = arguments else { return mistyped() };
    let numbers = numbers(series)?;
    answered(times, |time| linear(&numbers, time).map(Datum::Double))
}

fn interpolate_spline(arguments: &[Datum]) -> Answer<Datum> {
    let [series, times] = arguments else { return mistyped() };
    let numbers = numbers(series)?;
    if numbers.len() < 3 {
        return Err("INTERPOLATE_SPLINE_CUBIC of fewer than three points is not supported here".to_owned());
    }
    let bends = bends(&numbers);
    answered(times, |time| spline(&numbers, &bends, time).map(Datum::Double))
}

fn interpolate_locf(arguments: &[Datum]) -> Answer<Datum> {
    let [series, times] = arguments else { return mistyped() };
    let points = points(series)?;
    answered(times, |time| carried(points, time))
}

fn interpolate_fill(arguments: &[Datum]) -> Answer<Datum> {
    let [series, times, with] = arguments else { return mistyped() };
    let points = points(series)?;
    answered(times, |time| Ok(filled(points, time, with)))
}

fn of_doubles_only(arguments: &[Datum]) -> Answer<Datum> {
    let _ = arguments;
    Err("This function of a series of integers is not supported here: cast its values to double".to_owned())
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    let mut all = Vec::new();
    for of in SCALARS.iter().filter(|of| **of != Type::Unknown) {
        all.extend(interpolations("interpolate_locf", of, &[], interpolate_locf));
        all.extend(interpolations("interpolate_fill", of, &[*of], interpolate_fill));
    }
    all.extend(interpolations("interpolate_linear", &Type::Double, &[], interpolate_linear));
    all.extend(interpolations("interpolate_spline_cubic", &Type::Double, &[], interpolate_spline));
    for of in [&Type::Integer, &Type::Bigint] {
        all.extend(interpolations("interpolate_linear", of, &[], of_doubles_only));
        all.extend(interpolations("interpolate_spline_cubic", of, &[], of_doubles_only));
    }
    for (name, kept) in
        [("derivative_linear", Rates::All), ("non_negative_derivative_linear", Rates::NotNegative)]
    {
        all.push(dynamic(
            name,
            vec![DOUBLES, Type::DayToSecond],
            DOUBLES,
            move |arguments| match arguments {
                [series, unit] => derivative(series, unit, kept),
                _ => mistyped(),
            },
        ));
        for of in [&Type::Integer, &Type::Bigint] {
            let series = Type::Timeseries(of);
            all.push(dynamic(name, vec![series, Type::DayToSecond], series, of_doubles_only));
        }
    }
    let numeric = [&Type::Double, &Type::Bigint, &Type::Integer].map(Type::Timeseries);
    for series in numeric {
        all.push(dynamic("integral_trapezoidal", vec![series], Type::Double, |arguments| match arguments {
            [series] => integral(series, NANOS_PER_SECOND),
            _ => mistyped(),
        }));
        let parameters = vec![series, Type::DayToSecond];
        all.push(dynamic("integral_trapezoidal", parameters, Type::Double, |arguments| match arguments {
            [series, unit] => integral(series, positive(unit)?),
            _ => mistyped(),
        }));
        for other in numeric {
            let parameters = vec![series, other];
            all.push(dynamic("correlate_pearson", parameters.clone(), Type::Double, |arguments| {
                let [left, right] = arguments else { return mistyped() };
                let (left, right) = paired("correlate_pearson", left, right)?;
                pearson("correlate_pearson", &left, &right)
            }));
            all.push(dynamic("correlate_spearman", parameters, Type::Double, |arguments| {
                let [left, right] = arguments else { return mistyped() };
                let (left, right) = paired("correlate_spearman", left, right)?;
                pearson("correlate_spearman", &ranks(&left), &ranks(&right))
            }));
        }
    }
    all
}
