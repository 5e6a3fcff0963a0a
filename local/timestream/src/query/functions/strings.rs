//! String functions. Positions count characters from 1.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/string-functions.html>

use std::{cell::RefCell, rc::Rc};

use regex::Regex;

use super::overload::{Answer, Overload, binary, dynamic, ternary, unary, variadic};
use crate::query::types::{Datum, Type};

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// Characters from position `start` (negative: from the end), at most `count` of them.
fn substring(text: &str, start: i64, count: Option<i64>) -> String {
    let length = length(text);
    let first = match start {
        0 => return String::new(),
        start if start > 0 => start - 1,
        start if length.saturating_add(start) >= 0 => length + start,
        _ => return String::new(),
    };
    let count = count.unwrap_or(i64::MAX).max(0);
    let (Ok(first), Ok(count)) = (usize::try_from(first), usize::try_from(count)) else {
        return String::new();
    };
    text.chars().skip(first).take(count).collect()
}

/// The position of the first occurrence, 0 when there is none.
fn position(text: &str, part: &str) -> i64 {
    text.find(part).map_or(0, |at| length(&text[..at]) + 1)
}

/// The position at which a part starts for the `nth` time, counted from `end`; 0 when it does not so often.
fn nth_position(text: &str, part: &str, nth: i64, end: End) -> Answer<i64> {
    let nth = usize::try_from(nth)
        .ok()
        .and_then(|nth| nth.checked_sub(1))
        .ok_or("'instance' must be a positive or negative number.")?;
    if part.is_empty() {
        return Err("The position of an empty text is not supported here".to_owned());
    }
    // Occurrences may overlap.
    let mut starts = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(part));
    let found = match end {
        End::Left => starts.nth(nth),
        End::Right => {
            let all: Vec<usize> = starts.collect();
            all.iter().rev().nth(nth).copied()
        }
    };
    Ok(found.map_or(0, |at| length(&text[..at]) + 1))
}

fn codepoint(text: &str) -> Answer<i32> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(i32::try_from(u32::from(character)).unwrap_or(i32::MAX)),
        _ => Err("The argument of codepoint must be one character".to_owned()),
    }
}

fn hamming_distance(left: &str, right: &str) -> Answer<i64> {
    if length(left) != length(right) {
        return Err("The input strings to hamming_distance function must have the same length".to_owned());
    }
    let differing = left.chars().zip(right.chars()).filter(|(a, b)| a != b).count();
    Ok(i64::try_from(differing).unwrap_or(i64::MAX))
}

/// Insertions, deletions and replacements of characters from one text to the other.
fn levenshtein_distance(left: &str, right: &str) -> Answer<i64> {
    /// As the service has it, so that the table stays small.
    const MOST: usize = 1_000_000;
    let right: Vec<char> = right.chars().collect();
    if (left.chars().count()).saturating_mul(right.len()) > MOST {
        return Err(format!(
            "The combined inputs size exceeded max Levenshtein distance combined input size of {MOST}"
        ));
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    Ok(i64::try_from(row[right.len()]).unwrap_or(i64::MAX))
}

/// The parts of a text, at most `limit`, of which the last has all the rest.
fn split(text: &str, delimiter: &str, limit: Option<i64>) -> Answer<Datum> {
    if delimiter.is_empty() {
        return Err("The delimiter may not be the empty string".to_owned());
    }
    let limit = limit.map_or(Ok(usize::MAX), |limit| {
        usize::try_from(limit).ok().filter(|limit| *limit > 0).ok_or("Limit must be positive")
    })?;
    Ok(Datum::Array(text.splitn(limit, delimiter).map(|part| Datum::Varchar(part.to_owned())).collect()))
}

/// Which end of a text is filled.
#[derive(Clone, Copy)]
enum End {
    Left,
    Right,
}

fn pad(text: &str, size: i64, fill: &str, end: End) -> Answer<String> {
    // The service's limit for a padded value is that of a response.
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size <= 1_000_000)
        .ok_or("Target length must be in the range [0..1000000]")?;
    if fill.is_empty() {
        return Err("Padding string must not be empty".to_owned());
    }
    let present = text.chars().count();
    if present >= size {
        return Ok(text.chars().take(size).collect());
    }
    let filling: String = fill.chars().cycle().take(size - present).collect();
    Ok(match end {
        End::Left => filling + text,
        End::Right => text.to_owned() + &filling,
    })
}

fn split_part(text: &str, delimiter: &str, index: i64) -> Answer<Option<String>> {
    if delimiter.is_empty() {
        return Err("Delimiter must not be empty".to_owned());
    }
    let index = usize::try_from(index)
        .ok()
        .and_then(|index| index.checked_sub(1))
        .ok_or("Index must be greater than zero")?;
    Ok(text.split(delimiter).nth(index).map(str::to_owned))
}

thread_local! {
    /// The pattern that was used last: a query asks for it once a row.
    static LIKE: RefCell<Option<(String, Rc<Regex>)>> = const { RefCell::new(None) };
}

/// Whether `text` matches a `LIKE` pattern, case-sensitively. There is no escape character unless one is given.
pub fn matches_like(text: &str, pattern: &str, escape: Option<char>) -> Answer<bool> {
    let mut expression = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            _ if Some(character) == escape => match characters.next() {
                Some(next @ ('%' | '_')) => expression.push(next),
                Some(next) if Some(next) == escape => expression.push_str(&regex::escape(&next.to_string())),
                _ => {
                    return Err(
                        "Escape character must be followed by '%', '_' or the escape character itself"
                            .to_owned(),
                    );
                }
            },
            '%' => expression.push_str(".*"),
            '_' => expression.push('.'),
            other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push('$');
    let regex = LIKE.with_borrow_mut(|last| match last {
        Some((known, regex)) if *known == expression => Ok(Rc::clone(regex)),
        _ => {
            let regex =
                Rc::new(Regex::new(&expression).map_err(|_| format!("Invalid LIKE pattern: {pattern}"))?);
            *last = Some((expression, Rc::clone(&regex)));
            Ok::<_, String>(regex)
        }
    })?;
    Ok(regex.is_match(text))
}

fn escape_of(text: &str) -> Answer<char> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(escape), None) => Ok(escape),
        _ => Err("Escape string must be a single character".to_owned()),
    }
}

fn chr(codepoint: i64) -> Answer<String> {
    u32::try_from(codepoint)
        .ok()
        .and_then(char::from_u32)
        .map(String::from)
        .ok_or_else(|| format!("Not a valid Unicode code point: {codepoint}"))
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    let mut all = vec![
        unary("length", |s: String| Ok(length(&s))),
        unary("lower", |s: String| Ok(s.to_lowercase())),
        unary("upper", |s: String| Ok(s.to_uppercase())),
        unary("reverse", |s: String| Ok(s.chars().rev().collect::<String>())),
        unary("trim", |s: String| Ok(s.trim().to_owned())),
        unary("ltrim", |s: String| Ok(s.trim_start().to_owned())),
        unary("rtrim", |s: String| Ok(s.trim_end().to_owned())),
        unary("chr", chr),
        variadic("concat", |parts: Vec<String>| Ok(parts.concat())),
        binary("$||", |a: String, b: String| Ok(a + &b)),
        binary("strpos", |s: String, part: String| Ok(position(&s, &part))),
        ternary("strpos", |s: String, part: String, nth: i64| nth_position(&s, &part, nth, End::Left)),
        binary("strrpos", |s: String, part: String| nth_position(&s, &part, 1, End::Right)),
        ternary("strrpos", |s: String, part: String, nth: i64| nth_position(&s, &part, nth, End::Right)),
        unary("codepoint", |s: String| codepoint(&s)),
        binary("hamming_distance", |a: String, b: String| hamming_distance(&a, &b)),
        binary("levenshtein_distance", |a: String, b: String| levenshtein_distance(&a, &b)),
        dynamic("split", vec![Type::Varchar, Type::Varchar], Type::Array(&Type::Varchar), |arguments| {
            match arguments {
                [Datum::Varchar(text), Datum::Varchar(delimiter)] => split(text, delimiter, None),
                _ => Err("an argument is of another type".to_owned()),
            }
        }),
        dynamic(
            "split",
            vec![Type::Varchar, Type::Varchar, Type::Bigint],
            Type::Array(&Type::Varchar),
            |arguments| match arguments {
                [Datum::Varchar(text), Datum::Varchar(delimiter), Datum::Bigint(limit)] => {
                    split(text, delimiter, Some(*limit))
                }
                _ => Err("an argument is of another type".to_owned()),
            },
        ),
        binary("starts_with", |s: String, part: String| Ok(s.starts_with(&part))),
        binary("replace", |s: String, from: String| Ok(s.replace(&from, ""))),
        ternary("replace", |s: String, from: String, to: String| Ok(s.replace(&from, &to))),
        ternary("lpad", |s: String, size: i64, fill: String| pad(&s, size, &fill, End::Left)),
        ternary("rpad", |s: String, size: i64, fill: String| pad(&s, size, &fill, End::Right)),
        ternary("split_part", |s: String, by: String, index: i64| split_part(&s, &by, index)),
        binary("$like", |s: String, pattern: String| matches_like(&s, &pattern, None)),
        ternary("$like", |s: String, pattern: String, escape: String| {
            matches_like(&s, &pattern, Some(escape_of(&escape)?))
        }),
    ];
    for name in ["substr", "substring"] {
        all.push(binary(name, |s: String, start: i64| Ok(substring(&s, start, None))));
        all.push(ternary(name, |s: String, start: i64, count: i64| Ok(substring(&s, start, Some(count)))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_count_from_one() {
        for (start, count, expected) in [
            (1, None, "héllo"),
            (2, Some(3), "éll"),
            (-2, None, "lo"),
            (0, None, ""),
            (-9, None, ""),
            (4, Some(99), "lo"),
            (2, Some(-1), ""),
        ] {
            assert_eq!(substring("héllo", start, count), expected, "{start} {count:?}");
        }
    }

    #[test]
    fn like_has_no_escape_of_its_own() {
        for (text, pattern, escape, expected) in [
            ("dev-1", "dev-%", None, true),
            ("Dev-1", "dev-%", None, false),
            ("dev-1", "dev__", None, true),
            ("a\\b", "a\\b", None, true),
            ("a%b", "a\\%b", Some('\\'), true),
            ("axb", "a\\%b", Some('\\'), false),
            ("a\nb", "a%b", None, true),
            ("a.b", "a.b", None, true),
            ("axb", "a.b", None, false),
        ] {
            assert_eq!(matches_like(text, pattern, escape), Ok(expected), "{text} {pattern}");
        }
        assert!(matches_like("a", "a#", Some('#')).is_err());
    }
}
