//! Numbers as they are written, digit by digit.
//!
//! A time of `1609757175225.499` ms and an integer above 2^53 do not survive a detour through
//! floating point, so neither is allowed one here.

/// A number in the grammar of JSON, not yet given a size. Leading zeros are let through, because
/// gateways that send numbers as text pad them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

/// An integer cut out of a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer {
    /// The digits before the point, towards zero.
    pub(crate) value: i64,
    /// Whether the digits that were cut off were all zero.
    pub(crate) exact: bool,
}

/// The number does not fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

impl<'a> Decimal<'a> {
    /// Reads `text` from its first to its last byte; `None` when it is anything but a number.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (negative, bytes) = match bytes.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, bytes),
        };
        let (whole, rest) = digits(bytes)?;
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', rest)) => digits(rest)?,
            _ => (&[][..], rest),
        };
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', rest)) => exponent(rest)?,
            Some(_) => return None,
        };
        Some(Self { negative, whole, fraction, exponent })
    }

    /// The integer part of this number times ten to the `power`.
    pub(crate) fn integer(&self, power: u8) -> Result<Integer, Overflow> {
        let len = self.whole.len() + self.fraction.len();
        let point = i64::try_from(self.whole.len())
            .unwrap_or(i64::MAX)
            .saturating_add(self.exponent)
            .saturating_add(i64::from(power));
        let kept = usize::try_from(point.max(0)).unwrap_or(usize::MAX);
        let mut magnitude: u64 = 0;
        let mut exact = true;
        for (at, digit) in self.whole.iter().chain(self.fraction).enumerate() {
            if at < kept {
                magnitude = push(magnitude, digit - b'0')?;
            } else if *digit != b'0' {
                exact = false;
                break;
            }
        }
        if magnitude != 0 {
            // At most twenty rounds: the next one overflows.
            for _ in len..kept {
                magnitude = push(magnitude, 0)?;
            }
        }
        let value = if self.negative {
            0_i64.checked_sub_unsigned(magnitude)
        } else {
            0_i64.checked_add_unsigned(magnitude)
        };
        Ok(Integer { value: value.ok_or(Overflow)?, exact })
    }
}

fn push(magnitude: u64, digit: u8) -> Result<u64, Overflow> {
    magnitude.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit))).ok_or(Overflow)
}

/// At least one digit, and what follows.
fn digits(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    (end > 0).then(|| bytes.split_at(end))
}

/// An exponent beyond the range of `i64` behaves as the largest one: every number is then zero or too large.
fn exponent(bytes: &[u8]) -> Option<i64> {
    let (sign, bytes) = match bytes.split_first() {
        Some((b'-', rest)) => (-1, rest),
        Some((b'+', rest)) => (1, rest),
        _ => (1, bytes),
    };
    let (digits, rest) = digits(bytes)?;
    let value = digits
        .iter()
        .fold(0_i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    rest.is_empty().then_some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_cut_out_exactly() {
        let whole = |value| Some(Ok(Integer { value, exact: true }));
        let cut = |value| Some(Ok(Integer { value, exact: false }));
        let table = [
            ("0", 0, whole(0)),
            ("-0", 0, whole(0)),
            ("10.0", 0, whole(10)),
            ("10.5", 0, cut(10)),
            ("-10.5", 0, cut(-10)),
            ("007", 0, whole(7)),
            ("1e3", 0, whole(1000)),
            ("1.5E+1", 0, whole(15)),
            ("15e-1", 0, cut(1)),
            ("1609757175225.499", 6, whole(1_609_757_175_225_499_000)),
            ("1609757175.2254991239", 9, cut(1_609_757_175_225_499_123)),
            ("9223372036854775807", 0, whole(i64::MAX)),
            ("-9223372036854775808", 0, whole(i64::MIN)),
            ("9223372036854775808", 0, Some(Err(Overflow))),
            ("-9223372036854775809", 0, Some(Err(Overflow))),
            ("1e99999999999999999999", 0, Some(Err(Overflow))),
            ("0e99999999999999999999", 9, whole(0)),
            ("1e-99999999999999999999", 9, cut(0)),
            ("123456789012345678901234567890", 0, Some(Err(Overflow))),
            ("0.000000000000000000000000000001", 0, cut(0)),
            ("", 0, None),
            ("-", 0, None),
            ("+1", 0, None),
            (".5", 0, None),
            ("5.", 0, None),
            ("1e", 0, None),
            ("1 ", 0, None),
            ("1_000", 0, None),
            ("NaN", 0, None),
            ("0x10", 0, None),
        ];
        for (text, power, expected) in table {
            assert_eq!(
                Decimal::parse(text).map(|number| number.integer(power)),
                expected,
                "{text} with 10^{power}"
            );
        }
    }
}
