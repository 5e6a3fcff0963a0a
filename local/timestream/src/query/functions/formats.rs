//! Formats of times: those of `MySQL`, as `date_format` and `date_parse` take them, and those of Joda, as
//! `format_datetime` and `parse_datetime` do.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/date-time-functions.html>

use std::fmt::Write;

use jiff::civil;

use super::{
    overload::{Answer, Overload, Timestamp, binary},
    time::{datetime, timestamp},
};
use crate::query::text;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A part of a format. Numbers say how many digits there are at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Literal(char),
    Year(usize),
    YearOfCentury,
    Month(usize),
    MonthName,
    MonthShort,
    Day(usize),
    DayOfYear,
    Weekday,
    WeekdayShort,
    Hour(usize),
    HourOfHalf(usize),
    Half,
    Minute(usize),
    Second(usize),
    /// Digits of the fraction of a second.
    Fraction(u32),
}

fn refuse<T>(specifier: &str) -> Answer<T> {
    Err(format!("{specifier} in a format of times is not supported here"))
}

fn mysql(format: &str) -> Answer<Vec<Part>> {
    let mut parts = Vec::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            parts.push(Part::Literal(character));
            continue;
        }
        parts.push(match characters.next() {
            Some('Y') => Part::Year(4),
            Some('y') => Part::YearOfCentury,
            Some('m') => Part::Month(2),
            Some('c') => Part::Month(1),
            Some('M') => Part::MonthName,
            Some('b') => Part::MonthShort,
            Some('d') => Part::Day(2),
            Some('e') => Part::Day(1),
            Some('j') => Part::DayOfYear,
            Some('W') => Part::Weekday,
            Some('a') => Part::WeekdayShort,
            Some('H') => Part::Hour(2),
            Some('k') => Part::Hour(1),
            Some('h' | 'I') => Part::HourOfHalf(2),
            Some('l') => Part::HourOfHalf(1),
            Some('p') => Part::Half,
            Some('i') => Part::Minute(2),
            Some('s' | 'S') => Part::Second(2),
            Some('f') => Part::Fraction(6),
            Some('T') => {
                parts.extend(mysql("%H:%i:%s")?);
                continue;
            }
            Some('r') => {
                parts.extend(mysql("%I:%i:%s %p")?);
                continue;
            }
            Some('%') => Part::Literal('%'),
            Some(other) => return refuse(&format!("%{other}")),
            None => return Err("A format of times cannot end with %".to_owned()),
        });
    }
    Ok(parts)
}

fn joda(format: &str) -> Answer<Vec<Part>> {
    let mut parts = Vec::new();
    let mut characters = format.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\'' {
            quoted(&mut characters, &mut parts)?;
            continue;
        }
        if !character.is_ascii_alphabetic() {
            parts.push(Part::Literal(character));
            continue;
        }
        let mut count = 1;
        while characters.next_if_eq(&character).is_some() {
            count += 1;
        }
        parts.push(match (character, count) {
            ('y' | 'Y', 2) => Part::YearOfCentury,
            ('y' | 'Y', 1 | 3 | 4) => Part::Year(count),
            ('M', 1 | 2) => Part::Month(count),
            ('M', 3) => Part::MonthShort,
            ('M', 4) => Part::MonthName,
            ('d', 1 | 2) => Part::Day(count),
            ('E', 1..=3) => Part::WeekdayShort,
            ('E', 4) => Part::Weekday,
            ('H', 1 | 2) => Part::Hour(count),
            ('h', 1 | 2) => Part::HourOfHalf(count),
            ('a', 1) => Part::Half,
            ('m', 1 | 2) => Part::Minute(count),
            ('s', 1 | 2) => Part::Second(count),
            ('S', 1..=9) => Part::Fraction(u32::try_from(count).unwrap_or(9)),
            _ => return refuse(&character.to_string().repeat(count)),
        });
    }
    Ok(parts)
}

/// What follows a quotation mark; two of them are one.
fn quoted(characters: &mut std::iter::Peekable<std::str::Chars>, parts: &mut Vec<Part>) -> Answer<()> {
    if characters.next_if_eq(&'\'').is_some() {
        parts.push(Part::Literal('\''));
        return Ok(());
    }
    while let Some(character) = characters.next() {
        if character != '\'' {
            parts.push(Part::Literal(character));
        } else if characters.next_if_eq(&'\'').is_some() {
            parts.push(Part::Literal('\''));
        } else {
            return Ok(());
        }
    }
    Err("A quotation in a format of times does not end".to_owned())
}

fn named<'a>(names: &[&'a str], number: i8) -> &'a str {
    usize::try_from(number - 1).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
}

fn write(time: Timestamp, parts: &[Part]) -> Answer<String> {
    let at = datetime(time)?;
    let mut out = String::new();
    for part in parts {
        let (value, width) = match *part {
            Part::Literal(character) => {
                out.push(character);
                continue;
            }
            Part::MonthName => {
                out.push_str(named(&MONTHS, at.month()));
                continue;
            }
            Part::MonthShort => {
                out.push_str(&named(&MONTHS, at.month())[..3]);
                continue;
            }
            Part::Weekday => {
                out.push_str(named(&WEEKDAYS, at.weekday().to_monday_one_offset()));
                continue;
            }
            Part::WeekdayShort => {
                out.push_str(&named(&WEEKDAYS, at.weekday().to_monday_one_offset())[..3]);
                continue;
            }
            Part::Half => {
                out.push_str(if at.hour() < 12 { "AM" } else { "PM" });
                continue;
            }
            Part::Fraction(digits) => {
                let nanos = at.subsec_nanosecond();
                let width = usize::try_from(digits).unwrap_or(9);
                (nanos / 10_i32.pow(9 - digits), width)
            }
            Part::Year(width) => (i32::from(at.year()), width),
            Part::YearOfCentury => (i32::from(at.year() % 100), 2),
            Part::Month(width) => (i32::from(at.month()), width),
            Part::Day(width) => (i32::from(at.day()), width),
            Part::DayOfYear => (i32::from(at.day_of_year()), 3),
            Part::Hour(width) => (i32::from(at.hour()), width),
            Part::HourOfHalf(width) => (i32::from((at.hour() + 11) % 12 + 1), width),
            Part::Minute(width) => (i32::from(at.minute()), width),
            Part::Second(width) => (i32::from(at.second()), width),
        };
        // Writing to a String cannot fail.
        let _ = write!(out, "{value:0width$}");
    }
    Ok(out)
}

/// Takes up to `most` digits from the start of `rest`.
fn digits(rest: &mut &str, most: usize) -> Option<i32> {
    let end = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(end);
    *rest = after;
    number.parse().ok()
}

/// Takes a name from the start of `rest`, whatever its case; answers its place from 1.
fn name(rest: &mut &str, names: &[&str], length: Option<usize>) -> Option<i32> {
    let index = names.iter().position(|name| {
        let name = &name[..length.unwrap_or(name.len())];
        rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    })?;
    *rest = &rest[length.unwrap_or(names[index].len())..];
    i32::try_from(index + 1).ok()
}

/// Reads a text by a format; none when it does not fit.
fn fields(text: &str, parts: &[Part]) -> Option<civil::DateTime> {
    let mut rest = text;
    let (mut year, mut month, mut day) = (1970, 1, 1);
    let (mut hour, mut minute, mut second, mut nanos) = (0, 0, 0, 0);
    let mut afternoon = None;
    let mut of_half = None;
    for part in parts {
        match *part {
            Part::Literal(character) => rest = rest.strip_prefix(character)?,
            Part::Year(_) => year = digits(&mut rest, 4)?,
            Part::Month(_) => month = digits(&mut rest, 2)?,
            Part::MonthName => month = name(&mut rest, &MONTHS, None)?,
            Part::MonthShort => month = name(&mut rest, &MONTHS, Some(3))?,
            Part::Day(_) => day = digits(&mut rest, 2)?,
            Part::Hour(_) => hour = digits(&mut rest, 2)?,
            Part::HourOfHalf(_) => {
                of_half = Some(digits(&mut rest, 2).filter(|hour| (1..=12).contains(hour))?);
            }
            Part::Half => afternoon = Some(name(&mut rest, &["AM", "PM"], None)? == 2),
            Part::Minute(_) => minute = digits(&mut rest, 2)?,
            Part::Second(_) => second = digits(&mut rest, 2)?,
            Part::Fraction(_) => {
                let before = rest.len();
                let value = digits(&mut rest, 9)?;
                nanos =
                    value.checked_mul(10_i32.checked_pow(9 - u32::try_from(before - rest.len()).ok()?)?)?;
            }
            // `readable` refuses them.
            Part::YearOfCentury | Part::DayOfYear | Part::Weekday | Part::WeekdayShort => return None,
        }
    }
    if let Some(of_half) = of_half {
        hour = of_half % 12 + if afternoon == Some(true) { 12 } else { 0 };
    }
    let small = |value: i32| i8::try_from(value).ok();
    let date = civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let time = civil::Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?;
    rest.is_empty().then(|| date.to_datetime(time))
}

fn readable(parts: &[Part]) -> Answer<()> {
    let unreadable = [Part::YearOfCentury, Part::DayOfYear, Part::Weekday, Part::WeekdayShort]
        .map(|part| parts.contains(&part));
    match unreadable {
        [false, false, false, false] => Ok(()),
        [true, ..] => refuse("A year without its century"),
        [_, true, ..] => refuse("Reading a day of the year"),
        _ => refuse("Reading a day of the week"),
    }
}

fn read(text: &str, parts: &[Part]) -> Answer<Timestamp> {
    readable(parts)?;
    let read = fields(text, parts).ok_or_else(|| format!("Invalid format: \"{text}\""))?;
    timestamp(text::nanos_of(read))
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    vec![
        binary("date_format", |time: Timestamp, format: String| write(time, &mysql(&format)?)),
        binary("date_parse", |s: String, format: String| read(&s, &mysql(&format)?)),
        binary("format_datetime", |time: Timestamp, format: String| write(time, &joda(&format)?)),
        binary("parse_datetime", |s: String, format: String| read(&s, &joda(&format)?)),
    ]
}
