//! Measures that are parts of a text which stands for bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use telemetry::{Binary, BinaryType, Encoding, Measure, MeasureType, Value};

use crate::clock::{Clock, number};
use crate::tree::Scalar;
use crate::values::{Reading, read};
use crate::written::{is_like, is_special, meaning, scalar_of, value_of};

/// The bytes of all `measures`, which are in one field, as text, and what each of them means there.
pub(crate) fn write(
    measures: &[(&Measure, Reading)],
    clock: &Clock,
    time: i64,
    rng: &mut Rng,
) -> (Scalar, Vec<Option<Value>>) {
    let parts = || measures.iter().filter_map(|(measure, _)| measure.written.binary.as_ref());
    let end = parts().map(|binary| binary.offset as usize + binary.kind.bytes()).max().unwrap_or_default();
    let mut bytes = vec![0; end];
    for (measure, reading) in measures {
        if let Some(binary) = &measure.written.binary {
            put(&mut bytes, binary, choose(measure, binary, *reading, clock, time, rng));
        }
    }
    // Where two overlap, what the later one wrote counts for both.
    let read = |measure: &Measure| {
        let raw = get(&bytes, measure.written.binary.as_ref()?);
        meant(measure, &raw, clock)
    };
    let values = measures.iter().map(|(measure, _)| read(measure)).collect();
    let text = match parts().next().map(|binary| binary.encoding) {
        Some(Encoding::Hex) => bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat(),
        _ => STANDARD.encode(&bytes),
    };
    (Scalar::Text(text), values)
}

/// The number that stands in the bytes for what the measure reads.
#[allow(clippy::cast_possible_truncation, reason = "`as` stops at the ends, and the type's are nearer")]
fn choose(
    measure: &Measure,
    binary: &Binary,
    reading: Reading,
    clock: &Clock,
    time: i64,
    rng: &mut Rng,
) -> Scalar {
    let (low, high) = range(binary);
    let within = |number: i64| Scalar::Bigint(number.clamp(low, high));
    let written = &measure.written;
    let is_float = matches!(binary.kind, BinaryType::F32 | BinaryType::F64);
    if matches!(measure.kind, MeasureType::Boolean | MeasureType::Varchar) && !written.map.is_empty() {
        let known = written.map.keys().filter_map(|text| text.parse().ok());
        let known: Vec<i64> = known.filter(|number| (low..=high).contains(number)).collect();
        if !known.is_empty() {
            return Scalar::Bigint(known[rng.usize(..known.len())]);
        }
    }
    let wanted = read(measure, reading, &jiff::Timestamp::UNIX_EPOCH, rng);
    let candidates: Vec<Scalar> = match (&wanted, measure.kind) {
        (_, MeasureType::Timestamp) => match number(time, clock.unit()) {
            Scalar::Double(units) => vec![within(units as i64)],
            Scalar::Bigint(units) => vec![within(units)],
            _ => Vec::new(),
        },
        (Scalar::Double(wanted), _) => {
            let raw = (wanted - written.offset.unwrap_or(0.0)) / written.scale.unwrap_or(1.0);
            if is_float {
                [raw, raw.next_up(), raw.next_down()].into_iter().map(Scalar::Double).collect()
            } else {
                let steps = [0.0, -1.0, 1.0].map(|step| within((raw.round() + step) as i64));
                steps.into_iter().collect()
            }
        }
        (Scalar::Bigint(wanted), _) => {
            [0, -1, 1].map(|step| within(wanted.saturating_add(step))).into_iter().collect()
        }
        (Scalar::Boolean(wanted), _) => vec![within(i64::from(*wanted)), within(i64::from(!*wanted))],
        (Scalar::Text(_), _) => (0..3).map(|_| within(rng.i64(0..100))).collect(),
    };
    // As the bytes hold it: a float of 32 bits is not quite what was meant.
    let held = candidates.into_iter().map(|raw| {
        let mut bytes = vec![0; binary.offset as usize + binary.kind.bytes()];
        put(&mut bytes, binary, raw);
        get(&bytes, binary)
    });
    let held: Vec<Scalar> = held.filter(|raw| !is_special(written, raw)).collect();
    let fits =
        |raw: &&Scalar| meant(measure, raw, clock).is_some_and(|value| is_like(measure, &value, &wanted));
    held.iter().find(fits).or(held.first()).cloned().unwrap_or_else(|| within(0))
}

/// What the number in the bytes means to the measure.
fn meant(measure: &Measure, raw: &Scalar, clock: &Clock) -> Option<Value> {
    let text = raw.text();
    if measure.written.missing.contains(&text) {
        return None;
    }
    if let Some(mapped) = measure.written.map.get(&text) {
        return meaning(measure, &scalar_of(mapped));
    }
    match (measure.kind, raw) {
        (MeasureType::Timestamp, Scalar::Bigint(units)) => {
            let unit = match clock.unit() {
                telemetry::TimeUnit::Seconds => 1_000_000_000,
                telemetry::TimeUnit::Milliseconds => 1_000_000,
                telemetry::TimeUnit::Microseconds => 1_000,
                telemetry::TimeUnit::Nanoseconds => 1,
            };
            units.checked_mul(unit).map(Value::Timestamp)
        }
        #[allow(clippy::cast_possible_truncation, reason = "a float of a measure of type bigint is whole")]
        (MeasureType::Bigint, Scalar::Double(number)) => Some(Value::Bigint(*number as i64)),
        (MeasureType::Varchar, raw) => Some(value_of(&Scalar::Text(raw.text()))),
        _ => meaning(measure, raw),
    }
}

/// The lowest and the highest number of a type, as far as an i64 says it.
fn range(binary: &Binary) -> (i64, i64) {
    let bits = 8 * binary.kind.bytes();
    match (binary.bits, binary.kind) {
        (Some((_, count)), _) => (0, i64::MAX >> 63_u32.saturating_sub(count.into())),
        (None, BinaryType::I8 | BinaryType::I16 | BinaryType::I24 | BinaryType::I32 | BinaryType::I64) => {
            (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits))
        }
        (None, _) => (0, i64::MAX >> (63 - bits.min(63))),
    }
}

/// The place of a value in the bytes, the highest byte first.
fn place<'a>(bytes: &'a [u8], binary: &Binary) -> Vec<&'a u8> {
    let offset = binary.offset as usize;
    let place = bytes[offset..offset + binary.kind.bytes()].iter();
    if binary.endian.is_big() { place.collect() } else { place.rev().collect() }
}

/// Puts a number where the layout says.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "to the width of the type")]
fn put(bytes: &mut [u8], binary: &Binary, raw: Scalar) {
    let bits = match (binary.kind, raw) {
        (BinaryType::F32, Scalar::Double(number)) => u64::from((number as f32).to_bits()),
        (BinaryType::F32, Scalar::Bigint(number)) => u64::from((number as f32).to_bits()),
        (BinaryType::F64, Scalar::Double(number)) => number.to_bits(),
        (BinaryType::F64, Scalar::Bigint(number)) => (number as f64).to_bits(),
        (_, Scalar::Bigint(number)) => number.cast_unsigned(),
        (_, Scalar::Double(number)) => (number as i64).cast_unsigned(),
        (_, Scalar::Boolean(_) | Scalar::Text(_)) => 0,
    };
    let bits = match binary.bits {
        None => bits,
        Some((lowest, count)) => {
            let mask = (u64::MAX >> (64 - u32::from(count).clamp(1, 64))) << lowest;
            (unsigned(bytes, binary) & !mask) | ((bits << lowest) & mask)
        }
    };
    let width = binary.kind.bytes();
    let places = (0..width).map(|at| if binary.endian.is_big() { width - 1 - at } else { at });
    for (place, byte) in places.zip(bits.to_le_bytes()) {
        bytes[binary.offset as usize + place] = byte;
    }
}

fn unsigned(bytes: &[u8], binary: &Binary) -> u64 {
    place(bytes, binary).into_iter().fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

/// The number that is there.
#[allow(clippy::cast_possible_truncation, reason = "to the width of the type")]
fn get(bytes: &[u8], binary: &Binary) -> Scalar {
    let value = unsigned(bytes, binary);
    let signed = |bits: u32| (value << (64 - bits)).cast_signed() >> (64 - bits);
    match (binary.bits, binary.kind) {
        (_, BinaryType::F32) => Scalar::Double(f32::from_bits(value as u32).into()),
        (_, BinaryType::F64) => Scalar::Double(f64::from_bits(value)),
        (Some((lowest, count)), _) => {
            let cut = (value >> lowest) & (u64::MAX >> (64 - u32::from(count).clamp(1, 64)));
            Scalar::Bigint(cut.cast_signed())
        }
        (None, BinaryType::I8) => Scalar::Bigint(signed(8)),
        (None, BinaryType::I16) => Scalar::Bigint(signed(16)),
        (None, BinaryType::I24) => Scalar::Bigint(signed(24)),
        (None, BinaryType::I32) => Scalar::Bigint(signed(32)),
        (None, _) => Scalar::Bigint(value.cast_signed()),
    }
}
