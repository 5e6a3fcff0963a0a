//! Text of a date and a time in a form that the model gives, in directives of `strptime`.
//!
//! Written here, not taken from a library, because both decoders read the same text as the same instant:
//! what a library takes beside what is asked for is its own.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Nanoseconds have so many digits.
const FRACTION_DIGITS: usize = 9;

/// The length of the short name of a month.
const SHORT: usize = 3;

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

/// A form, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A character that stands there.
    Literal(char),
    /// Any white space, or none.
    Space,
    /// Four digits.
    Year,
    /// Two digits: 69 is 1969, and 68 is 2068.
    YearOfCentury,
    Month,
    /// English, in full or the first three letters, in any case.
    MonthName,
    Day,
    Hour,
    /// From 1 to 12.
    HourOfHalf,
    /// `AM` or `PM`, in any case.
    Half,
    Minute,
    Second,
    Fraction,
    /// `Z`, `+02`, `+0200` or `+02:00`.
    Offset,
    /// No directive: nothing is like it.
    Unknown,
}

impl Format {
    /// Takes `text` apart.
    pub(super) fn of(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                '%' => characters.next().map_or(Part::Unknown, Part::directive),
                space if space.is_whitespace() => Part::Space,
                literal => Part::Literal(literal),
            });
        }
        Self { parts }
    }

    /// Reads `text` from its first to its last character: a date with a time of day, and its offset from UTC
    /// if it has one. `None` if it is anything else.
    pub(super) fn read(&self, text: &str) -> Option<(DateTime, Option<Offset>)> {
        let mut reading = Reading { rest: text, ..Reading::default() };
        for part in &self.parts {
            reading.take(*part)?;
        }
        if reading.rest.is_empty() { reading.civil() } else { None }
    }
}

impl Part {
    fn directive(character: char) -> Self {
        match character {
            'Y' => Self::Year,
            'y' => Self::YearOfCentury,
            'm' => Self::Month,
            'b' | 'B' => Self::MonthName,
            'd' | 'e' => Self::Day,
            'H' => Self::Hour,
            'I' => Self::HourOfHalf,
            'p' => Self::Half,
            'M' => Self::Minute,
            'S' => Self::Second,
            'f' => Self::Fraction,
            'z' => Self::Offset,
            '%' => Self::Literal('%'),
            _ => Self::Unknown,
        }
    }
}

/// A text being read, and what was found in it.
#[derive(Debug, Default)]
struct Reading<'a> {
    rest: &'a str,
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    hour_of_half: Option<i8>,
    afternoon: Option<bool>,
    minute: i8,
    second: i8,
    nanosecond: i32,
    offset: Option<Offset>,
}

impl Reading<'_> {
    fn take(&mut self, part: Part) -> Option<()> {
        match part {
            Part::Literal(character) => self.rest = self.rest.strip_prefix(character)?,
            Part::Space => self.rest = self.rest.trim_start(),
            Part::Year => self.year = Some(self.number(4, 4)?),
            Part::YearOfCentury => {
                let year: i16 = self.number(2, 2)?;
                self.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
            }
            Part::Month => self.month = Some(self.within(1..=12)?),
            Part::MonthName => self.month = Some(self.month()?),
            Part::Day => {
                self.rest = self.rest.trim_start();
                self.day = Some(self.within(1..=31)?);
            }
            Part::Hour => self.hour = self.within(0..=23)?,
            Part::HourOfHalf => self.hour_of_half = Some(self.within(1..=12)?),
            Part::Half => self.afternoon = Some(self.one_of(&["AM", "PM"])? == 1),
            Part::Minute => self.minute = self.within(0..=59)?,
            Part::Second => self.second = self.within(0..=60)?,
            Part::Fraction => {
                let digits = self.digits(1, usize::MAX)?;
                let kept = &digits[..digits.len().min(FRACTION_DIGITS)];
                self.nanosecond = format!("{kept:0<FRACTION_DIGITS$}").parse().ok()?;
            }
            Part::Offset => self.offset = Some(self.offset()?),
            Part::Unknown => return None,
        }
        Some(())
    }

    /// From `least` to `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<&str> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        (count >= least).then_some(digits)
    }

    fn number<N: std::str::FromStr>(&mut self, least: usize, most: usize) -> Option<N> {
        self.digits(least, most)?.parse().ok()
    }

    /// One digit or two.
    fn within(&mut self, range: RangeInclusive<i8>) -> Option<i8> {
        self.number(1, 2).filter(|number| range.contains(number))
    }

    /// The first of `words` that is next, in any case, as an index.
    fn one_of(&mut self, words: &[&str]) -> Option<usize> {
        let index = words.iter().position(|word| {
            self.rest.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word))
        })?;
        self.rest = &self.rest[words[index].len()..];
        Some(index)
    }

    fn month(&mut self) -> Option<i8> {
        let short = MONTHS.map(|month| &month[..SHORT]);
        let index = self.one_of(&MONTHS).or_else(|| self.one_of(&short))?;
        i8::try_from(index + 1).ok()
    }

    fn offset(&mut self) -> Option<Offset> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Some(Offset::UTC);
        }
        let sign = if self.one_of(&["+", "-"])? == 0 { 1 } else { -1 };
        let hours: i32 = self.number(2, 2)?;
        let behind = self.rest;
        self.rest = behind.strip_prefix(':').unwrap_or(behind);
        let minutes: Option<i32> = self.number(2, 2);
        if minutes.is_none() {
            self.rest = behind;
        }
        let minutes = minutes.unwrap_or(0);
        if hours > 23 || minutes > 59 {
            return None;
        }
        Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()
    }

    fn civil(&self) -> Option<(DateTime, Option<Offset>)> {
        let date = Date::new(self.year?, self.month?, self.day?).ok()?;
        let hour = match (self.hour_of_half, self.afternoon) {
            (None, _) => self.hour,
            (Some(hour), None) => hour,
            (Some(hour), Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
        };
        // A leap second is the second before it, as in ISO-8601.
        let second = if self.second == 60 { 59 } else { self.second };
        let time = Time::new(hour, self.minute, second, self.nanosecond).ok()?;
        Some((date.to_datetime(time), self.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_in_the_form_or_refused() {
        let table = [
            ("%d.%m.%Y %H:%M:%S", "04.01.2021 10:46:15", Some("2021-01-04T10:46:15")),
            ("%d.%m.%Y %H:%M:%S", "4.1.2021   1:6:5", Some("2021-01-04T01:06:05")),
            ("%d.%m.%Y %H:%M:%S", "04.01.2021 10:46", None),
            ("%d.%m.%Y %H:%M:%S", "04.01.2021 10:46:15 Uhr", None),
            ("%d.%m.%Y %H:%M:%S", "31.02.2021 10:46:15", None),
            ("%d.%m.%Y %H:%M:%S", "04.01.21 10:46:15", None),
            ("%Y%m%d%H%M%S", "20210104104615", Some("2021-01-04T10:46:15")),
            ("%y-%m-%dT%H", "68-01-04T10", Some("2068-01-04T10:00:00")),
            ("%y-%m-%dT%H", "69-01-04T10", Some("1969-01-04T10:00:00")),
            ("%b %e %Y %I:%M:%S %p", "Jan  4 2021 12:46:15 am", Some("2021-01-04T00:46:15")),
            ("%b %e %Y %I:%M:%S%p", "january 4 2021 12:46:15PM", Some("2021-01-04T12:46:15")),
            ("%B %d, %Y %I%p", "May 4, 2021 1PM", Some("2021-05-04T13:00:00")),
            ("%B %d, %Y %I%p", "May 4, 2021 13PM", None),
            ("%B %d, %Y %I%p", "May 4, 2021 1 PM", None),
            ("%Y-%m-%d %H:%M:%S.%f", "2021-01-04 10:46:15.2254991239", Some("2021-01-04T10:46:15.225499123")),
            ("%Y-%m-%d %H:%M:%S,%f", "2021-01-04 10:46:60,5", Some("2021-01-04T10:46:59.5")),
            ("%Y-%m-%d %H:%M:%S.%f", "2021-01-04 10:46:15.", None),
            ("%Y-%m-%d %H:%M", "2021-01-04 24:00", None),
            ("%H:%M", "10:46", None),
            ("%Y-%m-%d 100%% %H", "2021-01-04 100% 10", Some("2021-01-04T10:00:00")),
            ("%Y-%m-%d %H %I %p", "2021-01-04 13 1 PM", Some("2021-01-04T13:00:00")),
            ("%Y-%m-%d %H %I %p", "2021-01-04 99 1 PM", None),
            ("%Y-%m-%d %Q", "2021-01-04 1", None),
            ("%Y-%m-%d %", "2021-01-04 %", None),
            ("größe %Y-%m-%d %H", "größe 2021-01-04 10", Some("2021-01-04T10:00:00")),
        ];
        for (form, text, expected) in table {
            let read = Format::of(form).read(text).map(|(civil, offset)| {
                assert_eq!(offset, None);
                civil.to_string()
            });
            assert_eq!(read.as_deref(), expected, "{text} as {form}");
        }
    }

    #[test]
    fn an_offset_is_written_in_four_ways() {
        for (text, seconds) in [
            ("Z", Some(0)),
            ("+02:00", Some(7200)),
            ("+0530", Some(19_800)),
            ("-03", Some(-10_800)),
            ("+23:59", Some(86_340)),
            ("+24:00", None),
            ("+02:60", None),
            ("+2", None),
            ("UTC", None),
            ("+02:0", None),
        ] {
            let read = Format::of("%Y-%m-%d %H%z").read(&format!("2021-01-04 10{text}"));
            let offset = read.and_then(|(_, offset)| offset);
            assert_eq!(offset.map(Offset::seconds), seconds, "{text}");
        }
    }
}
