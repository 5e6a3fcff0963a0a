//! `[time]`: the field that says when it was measured, and how that is written.

use jiff::tz::TimeZoneDatabase;
use telemetry::{TimeField, TimeUnit};

use super::fields::Sharing;
use super::reader::{FIELD, Reader};
use crate::config::{Fault, Section, likely};

/// Longest format, in characters.
const MAX_FORMAT: usize = 128;

/// Why text in a format is no time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
enum TimeFault {
    #[error("is {characters} characters long, but at most {MAX_FORMAT} are allowed")]
    Long { characters: usize },
    #[error("has `%{directive}` in it, which is no directive here")]
    Directive { directive: char },
    #[error("ends with `%`")]
    Open,
    #[error("has {what} twice")]
    Twice { what: &'static str },
    #[error("has no {what}")]
    Lacks { what: &'static str },
    #[error("has {character:?} in it")]
    Character { character: char },
    #[error("is {name:?}, which is no time zone")]
    Zone { name: String, likely: Option<String> },
}

impl Fault for TimeFault {
    fn help(&self) -> String {
        match self {
            Self::Long { .. } => "shorten it".into(),
            Self::Directive { .. } | Self::Open => {
                "there are %Y %y %m %b %B %d %e %H %I %p %M %S %f %z, and %% for the sign itself".into()
            }
            Self::Twice { .. } => "keep one of them".into(),
            Self::Lacks { .. } => {
                "a time has a year, a month, a day, an hour and a minute, such as \"%d.%m.%Y %H:%M:%S\""
                    .into()
            }
            Self::Character { .. } => "leave control characters out".into(),
            Self::Zone { likely: Some(likely), .. } => format!("did you mean \"{likely}\"?"),
            Self::Zone { likely: None, .. } => {
                "write the name of a zone of the IANA database, such as \"Europe/Berlin\" or \"UTC\"".into()
            }
        }
    }
}

pub(super) fn read_time(section: &Section<'_>, reader: &Reader<'_>) -> Option<TimeField> {
    const UNITS: [(&str, TimeUnit); 4] = [
        ("s", TimeUnit::Seconds),
        ("ms", TimeUnit::Milliseconds),
        ("us", TimeUnit::Microseconds),
        ("ns", TimeUnit::Nanoseconds),
    ];
    let field = section.text_like("field", FIELD).required();
    let unit = section.choice("unit", &UNITS);
    // A device that writes text sends no number.
    let unit = if section.has("format") { unit.or(TimeUnit::Milliseconds) } else { unit.required() };
    let format = section.text_like("format", "how times are written, such as \"%d.%m.%Y %H:%M:%S\"");
    let format = format.check(|format| check_format(format)).optional();
    let zone = section.text_like("zone", "the name of a time zone, such as \"Europe/Berlin\"");
    let zone = zone.check(|zone| check_zone(zone)).optional();
    if let Some(field) = &field {
        reader.field(section, field, "the time", Sharing::Alone)?;
    }
    Some(TimeField { field: field?, unit: unit?, format: format?, zone: zone? })
}

/// Checks that text in a format tells a minute, without saying anything twice.
fn check_format(format: &str) -> Result<(), TimeFault> {
    const YEAR: &str = "a year";
    const MONTH: &str = "a month";
    const DAY: &str = "a day";
    const HOUR: &str = "an hour";
    const HALF: &str = "an hour of half a day";
    const HALVES: &str = "the half of the day";
    const MINUTE: &str = "a minute";
    let characters = format.chars().count();
    if characters > MAX_FORMAT {
        return Err(TimeFault::Long { characters });
    }
    if let Some(character) = format.chars().find(|c| c.is_control()) {
        return Err(TimeFault::Character { character });
    }
    let mut found = Vec::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            continue;
        }
        let what = match characters.next().ok_or(TimeFault::Open)? {
            'Y' | 'y' => YEAR,
            'm' | 'b' | 'B' => MONTH,
            'd' | 'e' => DAY,
            'H' => HOUR,
            'I' => HALF,
            'p' => HALVES,
            'M' => MINUTE,
            'S' => "a second",
            'f' => "a fraction of a second",
            'z' => "an offset",
            '%' => continue,
            directive => return Err(TimeFault::Directive { directive }),
        };
        if found.contains(&what) {
            return Err(TimeFault::Twice { what });
        }
        found.push(what);
    }
    let has = |what| found.contains(&what);
    if has(HOUR) && has(HALF) {
        return Err(TimeFault::Twice { what: HOUR });
    }
    if has(HALF) && !has(HALVES) {
        return Err(TimeFault::Lacks { what: "half of the day, `%p`" });
    }
    let lacking = [
        (has(YEAR), "year"),
        (has(MONTH), "month"),
        (has(DAY), "day"),
        (has(HOUR) || has(HALF), "hour"),
        (has(MINUTE), "minute"),
    ];
    match lacking.into_iter().find(|(there, _)| !there) {
        Some((_, what)) => Err(TimeFault::Lacks { what }),
        None => Ok(()),
    }
}

/// Checks the name of a zone, as the database has it: case matters to the consumer in Java.
fn check_zone(name: &str) -> Result<(), TimeFault> {
    let database = TimeZoneDatabase::bundled();
    let known: Vec<String> = database.available().map(|zone| zone.as_str().to_owned()).collect();
    if known.iter().any(|zone| zone == name) {
        return Ok(());
    }
    // People know the city.
    let city =
        |zone: &&String| zone.rsplit_once('/').is_some_and(|(_, city)| city.eq_ignore_ascii_case(name));
    let likely = known.iter().find(city).map(String::as_str).or_else(|| likely(name, known.iter()));
    Err(TimeFault::Zone { name: name.to_owned(), likely: likely.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_tells_a_minute() {
        for (format, fault) in [
            ("%d.%m.%Y %H:%M:%S", None),
            ("%e %b %y, %I:%M %p", None),
            ("%Y%m%d%H%M%S.%f%z 100 %%", None),
            ("%Y-%m-%d", Some("has no hour")),
            ("%H:%M:%S", Some("has no year")),
            ("%Y-%m-%d %H", Some("has no minute")),
            ("%Y-%m-%d %I:%M", Some("has no half of the day, `%p`")),
            ("%Y-%m-%d %H:%M %y", Some("has a year twice")),
            ("%Y-%m-%d %H:%M %I %p", Some("has an hour twice")),
            ("%Y-%j %H:%M", Some("has `%j` in it, which is no directive here")),
            ("%Y-%m-%d %H:%M %", Some("ends with `%`")),
            ("", Some("has no year")),
        ] {
            let found = check_format(format).err().map(|fault| fault.to_string());
            assert_eq!(found.as_deref(), fault, "{format}");
        }
    }

    #[test]
    fn a_zone_has_a_name_of_the_database() {
        for (name, likely) in [
            ("Europe/Berlin", None),
            ("UTC", None),
            ("berlin", Some("did you mean \"Europe/Berlin\"?")),
            ("Europe/Berln", Some("did you mean \"Europe/Berlin\"?")),
            ("europe/berlin", Some("did you mean \"Europe/Berlin\"?")),
        ] {
            assert_eq!(check_zone(name).err().map(|fault| fault.help()).as_deref(), likely, "{name}");
        }
        assert!(check_zone("").is_err() && check_zone("+02:00").is_err());
    }
}
