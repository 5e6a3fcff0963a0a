//! Mathematical functions.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/mathematical-functions.html>

use super::overload::{Answer, Date, Overload, Sql, Timestamp, binary, unary, variadic};

/// A double without a fraction as a bigint; none when it does not fit or is not a number.
pub fn to_bigint(value: f64) -> Option<i64> {
    // Both bounds are powers of two, hence exact.
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range by the check above")]
    Some(value as i64)
}

fn double(name: &'static str, function: fn(f64) -> f64) -> Overload {
    unary(name, move |x| Ok(function(x)))
}

/// Rounds half away from zero; `digits` may be negative.
fn round_to(value: f64, digits: i32) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let factor = 10_f64.powi(digits.saturating_abs());
    let rounded =
        if digits >= 0 { (value * factor).round() / factor } else { (value / factor).round() * factor };
    // Where the factor overflows there is nothing to round: the value has fewer digits than that.
    if rounded.is_finite() {
        rounded
    } else if digits >= 0 {
        value
    } else {
        0.0
    }
}

fn round_integer(value: i64, digits: i32) -> Answer<i64> {
    if digits >= 0 {
        return Ok(value);
    }
    let Some(factor) = 10_i128.checked_pow(digits.unsigned_abs()) else {
        return Ok(0);
    };
    let wide = i128::from(value);
    let half = if value < 0 { -factor / 2 } else { factor / 2 };
    i64::try_from((wide + half) / factor * factor)
        .map_err(|_| format!("bigint overflow: round({value}, {digits})"))
}

/// The largest (or smallest) argument, by `better`.
fn extreme<T: Sql + Clone + PartialOrd>(name: &'static str, better: fn(&T, &T) -> bool) -> Overload {
    variadic(name, move |values: Vec<T>| {
        let mut values = values.into_iter();
        let first = values.next().ok_or("There must be one or more arguments")?;
        Ok(values.fold(first, |best, value| if better(&value, &best) { value } else { best }))
    })
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    let mut all = vec![
        unary("abs", |x: i32| {
            x.checked_abs().ok_or_else(|| format!("Value {x} is out of range for abs(integer)"))
        }),
        unary("abs", |x: i64| {
            x.checked_abs().ok_or_else(|| format!("Value {x} is out of range for abs(bigint)"))
        }),
        double("abs", f64::abs),
        unary("ceil", |x: i64| Ok(x)),
        double("ceil", f64::ceil),
        unary("ceiling", |x: i64| Ok(x)),
        double("ceiling", f64::ceil),
        unary("floor", |x: i64| Ok(x)),
        double("floor", f64::floor),
        unary("round", |x: i32| Ok(x)),
        unary("round", |x: i64| Ok(x)),
        double("round", f64::round),
        binary("round", |x: i64, digits: i32| round_integer(x, digits)),
        binary("round", |x: f64, digits: i32| Ok(round_to(x, digits))),
        unary("sign", |x: i64| Ok(x.signum())),
        unary("sign", |x: f64| Ok(if x == 0.0 || x.is_nan() { x } else { x.signum() })),
        double("truncate", f64::trunc),
        double("sqrt", f64::sqrt),
        double("cbrt", f64::cbrt),
        double("exp", f64::exp),
        double("ln", f64::ln),
        double("log2", f64::log2),
        double("log10", f64::log10),
        binary("log", |base: f64, x: f64| Ok(x.ln() / base.ln())),
        binary("power", |x: f64, y: f64| Ok(x.powf(y))),
        binary("pow", |x: f64, y: f64| Ok(x.powf(y))),
        binary("mod", |x: i64, y: i64| x.checked_rem(y).ok_or_else(|| "Division by zero".to_owned())),
        binary("mod", |x: f64, y: f64| Ok(x % y)),
        double("sin", f64::sin),
        double("cos", f64::cos),
        double("tan", f64::tan),
        double("asin", f64::asin),
        double("acos", f64::acos),
        double("atan", f64::atan),
        binary("atan2", |y: f64, x: f64| Ok(y.atan2(x))),
        double("sinh", f64::sinh),
        double("cosh", f64::cosh),
        double("tanh", f64::tanh),
        double("degrees", f64::to_degrees),
        double("radians", f64::to_radians),
        unary("is_nan", |x: f64| Ok(x.is_nan())),
        unary("is_finite", |x: f64| Ok(x.is_finite())),
        unary("is_infinite", |x: f64| Ok(x.is_infinite())),
    ];
    macro_rules! extremes {
        ($($type:ty),*) => {$(
            all.push(extreme::<$type>("greatest", |a, b| a > b));
            all.push(extreme::<$type>("least", |a, b| a < b));
        )*};
    }
    extremes!(i32, i64, f64, String, Timestamp, Date);
    all
}
