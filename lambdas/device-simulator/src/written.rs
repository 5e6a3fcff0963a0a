//! How a device writes what a measure reads: what the decoder takes back, backwards.
//!
//! A device does not write every number: where the model scales by a tenth, it counts tenths. So what it
//! means is computed from what it writes, and not the other way round.

use fastrand::Rng;
use telemetry::{Decimal, Mapped, Measure, MeasureType, Value, Written};

use crate::clock::Clock;
use crate::tree::Scalar;
use crate::values::{Reading, read};

/// What stands in the event for a measure without a layout in bytes, and what it means. A timestamp reads
/// `time`, in microseconds.
pub(crate) fn write(
    measure: &Measure,
    reading: Reading,
    clock: &Clock,
    time: i64,
    rng: &mut Rng,
) -> (Scalar, Value) {
    if measure.kind == MeasureType::Timestamp {
        let (text, said) = clock.text(time);
        return (text, Value::Timestamp(said.saturating_mul(1_000)));
    }
    if let Some(mapped) = mapped(measure, reading, rng) {
        return mapped;
    }
    let wanted = read(measure, reading, &jiff::Timestamp::UNIX_EPOCH, rng);
    let meant = candidates(measure, &wanted).into_iter().filter_map(|raw| {
        let value = meaning(measure, &raw)?;
        let text = as_text(&measure.written, raw);
        // What is around a number, and what it lacks as text, decides what it is taken for.
        (!is_special(&measure.written, &text)).then_some((value, text))
    });
    let meant: Vec<_> = meant.collect();
    let best = meant.iter().position(|(value, _)| is_like(measure, value, &wanted)).unwrap_or(0);
    match meant.into_iter().nth(best) {
        Some((value, text)) => (text, value),
        // Whatever it could write stands for something else: the plain value is as good as any.
        None => (wanted.clone(), value_of(&wanted)),
    }
}

/// What an entry of the map stands for, where the device writes one: a switch always does, what also has
/// numbers now and then.
fn mapped(measure: &Measure, reading: Reading, rng: &mut Rng) -> Option<(Scalar, Value)> {
    let written = &measure.written;
    let is_switch = matches!(measure.kind, MeasureType::Boolean | MeasureType::Varchar);
    if written.map.is_empty() || (!is_switch && rng.bool()) {
        return None;
    }
    let fits =
        written.map.iter().filter(|(text, _)| !written.missing.contains(text)).filter_map(|(text, to)| {
            let value = meaning(measure, &scalar_of(to))?;
            let normal = is_normal(measure, &value) != Some(reading == Reading::Anomalous);
            normal.then(|| (text.clone(), value))
        });
    let fits: Vec<_> = fits.collect();
    let (text, value) = fits.get(rng.usize(..fits.len().max(1)))?.clone();
    Some((Scalar::Text(text), value))
}

/// What the device may write for a value, the best first.
#[allow(clippy::cast_possible_truncation, reason = "what is too large for an i64 is written as it is")]
fn candidates(measure: &Measure, wanted: &Scalar) -> Vec<Scalar> {
    match wanted {
        Scalar::Double(wanted) => {
            let Written { scale, offset, .. } = measure.written;
            let raw = (wanted - offset.unwrap_or(0.0)) / scale.unwrap_or(1.0);
            let counts = scale.is_some_and(|scale| scale.abs() < 1.0) && raw.abs() < 1e15;
            let whole = [raw.round(), raw.floor(), raw.ceil()].map(|whole| Scalar::Bigint(whole as i64));
            let exact = [raw, raw.next_up(), raw.next_down()].map(|raw| Scalar::Double(raw + 0.0));
            whole.into_iter().filter(|_| counts).chain(exact).collect()
        }
        Scalar::Bigint(wanted) => {
            [0, 1, -1].into_iter().filter_map(|step| wanted.checked_add(step)).map(Scalar::Bigint).collect()
        }
        Scalar::Boolean(wanted) => vec![Scalar::Boolean(*wanted), Scalar::Boolean(!wanted)],
        Scalar::Text(word) => {
            vec![wanted.clone(), Scalar::Text(format!("{word}.")), Scalar::Text("on".into())]
        }
    }
}

/// Whether a value is read as another one, or as none.
pub(crate) fn is_special(written: &Written, raw: &Scalar) -> bool {
    let text = raw.text();
    written.missing.contains(&text) || written.map.contains_key(&text)
}

/// What is made of a scalar that the map, or nothing, has read. `None` where the measure does not take it.
#[allow(clippy::cast_precision_loss, reason = "as the decoder reads an integer as a double")]
pub(crate) fn meaning(measure: &Measure, raw: &Scalar) -> Option<Value> {
    let value = match (measure.kind, raw) {
        (MeasureType::Double, Scalar::Double(number)) => Value::Double(scaled(&measure.written, *number)),
        (MeasureType::Double, Scalar::Bigint(number)) => {
            Value::Double(scaled(&measure.written, *number as f64))
        }
        (MeasureType::Bigint, Scalar::Bigint(number)) => Value::Bigint(*number),
        (MeasureType::Boolean, Scalar::Boolean(value)) => Value::Boolean(*value),
        (MeasureType::Boolean, Scalar::Bigint(number @ 0..=1)) => Value::Boolean(*number == 1),
        // Blank text is no value.
        (MeasureType::Varchar, raw) => {
            Some(raw.text()).filter(|text| !text.trim().is_empty()).map(Value::Varchar)?
        }
        _ => return None,
    };
    let is_finite = !matches!(value, Value::Double(number) if !number.is_finite());
    is_finite.then_some(value)
}

/// A number in the measure's unit.
fn scaled(written: &Written, raw: f64) -> f64 {
    let scaled = match written.scale {
        None => raw,
        Some(scale) => {
            let parts = (1.0 / scale).round();
            #[allow(clippy::float_cmp, reason = "a tenth is the double next to 1/10, and no other")]
            if parts >= 2.0 && 1.0 / parts == scale { raw / parts } else { raw * scale }
        }
    };
    // `-0` is 0.
    scaled + written.offset.unwrap_or(0.0) + 0.0
}

/// Whether `value` keeps to the normal range as `wanted` does.
pub(crate) fn is_like(measure: &Measure, value: &Value, wanted: &Scalar) -> bool {
    is_normal(measure, value) == is_normal(measure, &value_of(wanted))
}

/// Whether a number is normal. `None`: nothing says so.
#[allow(clippy::cast_precision_loss, reason = "a range is one of doubles")]
fn is_normal(measure: &Measure, value: &Value) -> Option<bool> {
    let normal = measure.normal?;
    match value {
        Value::Double(number) => Some(normal.contains(*number)),
        Value::Bigint(number) => Some(normal.contains(*number as f64)),
        _ => None,
    }
}

/// A scalar as it is.
pub(crate) fn value_of(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Double(number) => Value::Double(*number),
        Scalar::Bigint(number) => Value::Bigint(*number),
        Scalar::Boolean(value) => Value::Boolean(*value),
        Scalar::Text(text) => Value::Varchar(text.clone()),
    }
}

/// What a text stands for, as if the event held it.
pub(crate) fn scalar_of(mapped: &Mapped) -> Scalar {
    match mapped {
        Mapped::Boolean(value) => Scalar::Boolean(*value),
        Mapped::Integer(number) => Scalar::Bigint(*number),
        Mapped::Number(number) => Scalar::Double(*number),
        Mapped::Text(text) => Scalar::Text(text.clone()),
    }
}

/// A number with what the device writes around it.
fn as_text(written: &Written, raw: Scalar) -> Scalar {
    let number = match &raw {
        Scalar::Double(number) => number.to_string(),
        Scalar::Bigint(number) => number.to_string(),
        _ => return raw,
    };
    let number = match written.decimal {
        Decimal::Comma => number.replace('.', ","),
        Decimal::Point => number,
    };
    match &written.suffix {
        Some(suffix) => Scalar::Text(format!("{number} {suffix}")),
        None if written.decimal == Decimal::Comma => Scalar::Text(number),
        None => raw,
    }
}
