//! How long an environment lives, as `--expires` says it. The only place that reads the clock for it.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use stacks::environment::Expiry;

/// Longest lifetime that can be given as an age, in days: what lives longer need not expire.
const MAX_DAYS: i64 = 366;

/// Today, where environments expire: UTC.
pub fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Reads `2026-11-30`, or an age in days or weeks such as `3d` or `2w`.
pub fn parse(text: &str) -> Result<Expiry, String> {
    on(text, today())
}

/// An age ends with a day, never in one: the first day that begins when the age is over. So whoever deploys
/// twice on a day says the same twice.
fn on(text: &str, today: Date) -> Result<Expiry, String> {
    let expected = || {
        format!("expected a day such as 2026-11-30, or an age of at most {MAX_DAYS} days such as 3d or 2w")
    };
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let (number, days_of_one) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(days), _) => (days, 1),
        (None, Some(weeks)) => (weeks, 7),
        (None, None) => return Err(expected()),
    };
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let days =
        number.parse::<i64>().ok().filter(|_| plain).and_then(|number| number.checked_mul(days_of_one));
    let days = days.filter(|days| (1..=MAX_DAYS).contains(days)).ok_or_else(expected)?;
    today.checked_add(Span::new().days(days + 1)).map(Expiry::on).map_err(|error| error.to_string())
}

/// Reads an age such as `36h`, `2d` or `1w`.
pub fn age(text: &str) -> Result<Duration, String> {
    let units = [('h', 1), ('d', 24), ('w', 7 * 24)];
    let hours = units.into_iter().find_map(|(unit, hours_of_one)| {
        let number = text.strip_suffix(unit)?;
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse::<u32>().ok().filter(|_| plain)?;
        number.checked_mul(hours_of_one)
    });
    hours
        .map(|hours| Duration::from_secs(u64::from(hours) * 3_600))
        .ok_or_else(|| "expected an age such as 36h, 2d or 1w".to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{age, on};

    #[test]
    fn ages_are_whole_hours() {
        for (text, hours) in [
            ("0h", Some(0)),
            ("36h", Some(36)),
            ("2d", Some(48)),
            ("1w", Some(168)),
            ("1.5h", None),
            ("-1h", None),
            ("+1h", None),
            ("1m", None),
            ("h", None),
            ("", None),
            ("4294967295w", None),
        ] {
            assert_eq!(age(text).ok().map(|age| age.as_secs() / 3_600), hours, "{text}");
        }
    }

    #[test]
    fn an_age_is_rounded_up_to_the_start_of_a_day() {
        for (text, today, expected) in [
            ("1d", date(2026, 11, 21), Some("2026-11-23")),
            ("3d", date(2026, 11, 21), Some("2026-11-25")),
            ("3d", date(2026, 12, 30), Some("2027-01-03")),
            ("1d", date(2028, 2, 27), Some("2028-02-29")),
            ("2w", date(2026, 11, 21), Some("2026-12-06")),
            ("366d", date(2026, 11, 21), Some("2027-11-23")),
            ("2026-11-30", date(2026, 11, 21), Some("2026-11-30")),
            // A day that is over is a day all the same: the environment may go at once.
            ("2020-01-01", date(2026, 11, 21), Some("2020-01-01")),
            ("0d", date(2026, 11, 21), None),
            ("367d", date(2026, 11, 21), None),
            ("53w", date(2026, 11, 21), None),
            ("-1d", date(2026, 11, 21), None),
            ("+1d", date(2026, 11, 21), None),
            ("1.5d", date(2026, 11, 21), None),
            ("9223372036854775807w", date(2026, 11, 21), None),
            ("12h", date(2026, 11, 21), None),
            ("d", date(2026, 11, 21), None),
            ("", date(2026, 11, 21), None),
            ("2026-02-30", date(2026, 11, 21), None),
            ("3d", date(9999, 12, 30), None),
        ] {
            let found = on(text, today).map(|day| day.to_string());
            assert_eq!(found.as_deref().ok(), expected, "{text}: {found:?}");
        }
    }
}
