//! Functions over the bits of integers, and integers in other bases.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/bitwise-functions.html>

use super::overload::{Answer, Overload, binary, unary};

fn radix(base: i64) -> Answer<u32> {
    u32::try_from(base)
        .ok()
        .filter(|base| (2..=36).contains(base))
        .ok_or_else(|| "Radix must be between 2 and 36".to_owned())
}

fn to_base(value: i64, base: i64) -> Answer<String> {
    let base = u64::from(radix(base)?);
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % base).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        digits.push('-');
    }
    Ok(digits.into_iter().rev().collect())
}

fn from_base(text: &str, base: i64) -> Answer<i64> {
    i64::from_str_radix(text, radix(base)?).map_err(|_| format!("Not a valid base-{base} number: {text}"))
}

fn bit_count(value: i64, bits: i64) -> Answer<i64> {
    let bits = u32::try_from(bits)
        .ok()
        .filter(|bits| (2..=64).contains(bits))
        .ok_or("Bits specified in bit_count must be between 2 and 64")?;
    let spare = 64 - bits;
    if (value << spare) >> spare != value {
        return Err(format!(
            "Number must be representable with the bits specified. {value} can not be represented with {bits} bits"
        ));
    }
    Ok(i64::from((value << spare).count_ones()))
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    vec![
        binary("bitwise_and", |a: i64, b: i64| Ok(a & b)),
        binary("bitwise_or", |a: i64, b: i64| Ok(a | b)),
        binary("bitwise_xor", |a: i64, b: i64| Ok(a ^ b)),
        unary("bitwise_not", |a: i64| Ok(!a)),
        binary("bit_count", bit_count),
        binary("to_base", to_base),
        binary("from_base", |text: String, base: i64| from_base(&text, base)),
    ]
}
