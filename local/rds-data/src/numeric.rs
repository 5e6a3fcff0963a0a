//! The binary form of `numeric`, as text.
//!
//! Groups of four decimal digits with the weight of the first, as in `src/backend/utils/adt/numeric.c`.

use std::fmt::Write as _;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITE: u16 = 0xD000;
const NEGATIVE_INFINITE: u16 = 0xF000;

/// The number as PostgreSQL writes it; `None` for bytes that are none.
pub fn text(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let count = usize::from(words.next()?);
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let scale = usize::from(words.next()?);
    let digits: Vec<u16> = words.collect();
    match sign {
        NAN => return Some("NaN".to_owned()),
        INFINITE => return Some("Infinity".to_owned()),
        NEGATIVE_INFINITE => return Some("-Infinity".to_owned()),
        _ if digits.len() != count => return None,
        _ => {}
    }
    let group =
        |index: i32| usize::try_from(index).ok().and_then(|index| digits.get(index)).copied().unwrap_or(0);
    let mut text = String::new();
    // Writing to a string never fails.
    let put = |text: &mut String, digits| {
        let _ = write!(text, "{digits:04}");
    };
    if sign == NEGATIVE {
        text.push('-');
    }
    if weight < 0 {
        text.push('0');
    }
    for index in 0..=weight {
        let digits = group(index);
        if index == 0 {
            text.push_str(&digits.to_string());
        } else {
            put(&mut text, digits);
        }
    }
    if scale > 0 {
        let mut fraction = String::new();
        let mut index = weight + 1;
        while fraction.len() < scale {
            put(&mut fraction, group(index));
            index += 1;
        }
        text.extend([".", &fraction[..scale]]);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_four_digits() {
        for (words, expected) in [
            (&[0, 0, 0, 0][..], "0"),
            (&[1, 0, 0, 0, 7], "7"),
            (&[2, 1, NEGATIVE, 0, 12, 34], "-120034"),
            (&[2, 0, 0, 2, 3, 1400], "3.14"),
            (&[1, 0xFFFF, 0, 4, 5], "0.0005"),
            (&[1, 0xFFFE, 0, 8, 5], "0.00000005"),
            (&[1, 1, 0, 1, 12], "120000.0"),
            (&[0, 0, NAN, 0], "NaN"),
        ] {
            let bytes: Vec<u8> = words.iter().flat_map(|word: &u16| word.to_be_bytes()).collect();
            assert_eq!(text(&bytes).as_deref(), Some(expected));
        }
        assert_eq!(text(&[0, 1, 0, 0, 0, 0, 0, 0]), None);
    }
}
