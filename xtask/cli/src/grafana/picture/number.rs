//! Numbers and times, as Grafana writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Milliseconds since 1970 of a timestamp of Timestream, in UTC.
#[expect(clippy::cast_precision_loss, reason = "a place on a page")]
pub fn time(text: &str) -> Option<f64> {
    let time: DateTime = text.parse().ok()?;
    let instant = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(instant.as_millisecond() as f64)
}

/// The time of day of an instant, in UTC.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a page")]
pub fn clock(milliseconds: f64, seconds: Seconds) -> String {
    let instant = Timestamp::from_millisecond(milliseconds as i64).unwrap_or_default();
    let time = instant.to_zoned(jiff::tz::TimeZone::UTC).time();
    match seconds {
        Seconds::Shown => format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()),
        Seconds::Hidden => format!("{:02}:{:02}", time.hour(), time.minute()),
    }
}

/// Whether a time of day has seconds.
#[derive(Debug, Clone, Copy)]
pub enum Seconds {
    Shown,
    Hidden,
}

/// `last 10 minutes`, for a span in milliseconds.
pub fn span(from: i64, to: i64) -> String {
    match (to - from) / 60_000 {
        minutes if minutes >= 120 && minutes % 60 == 0 => format!("last {} hours", minutes / 60),
        60 => "last hour".to_owned(),
        minutes => format!("last {minutes} minutes"),
    }
}

/// A number with its unit, by Grafana's id of it.
pub fn with_unit(value: f64, unit: &str) -> String {
    let suffix = match unit {
        "celsius" => " °C",
        "fahrenheit" => " °F",
        "percent" => "%",
        "humidity" => " %H",
        "volt" => " V",
        "amp" => " A",
        "watt" => " W",
        "s" => return seconds(value),
        "pressurehpa" => " hPa",
        "short" => return short(value),
        _ => unit.strip_prefix("suffix:").unwrap_or_default(),
    };
    format!("{}{suffix}", plain(value))
}

/// Three digits that matter.
pub fn plain(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn short(value: f64) -> String {
    match value.abs() {
        millions if millions >= 1e6 => format!("{} Mil", plain(value / 1e6)),
        thousands if thousands >= 1e4 => format!("{} K", plain(value / 1e3)),
        _ => plain(value),
    }
}

fn seconds(value: f64) -> String {
    match value {
        hours if hours >= 3_600.0 => format!("{} hours", plain(hours / 3_600.0)),
        minutes if minutes >= 60.0 => format!("{} mins", plain(minutes / 60.0)),
        _ => format!("{} s", plain(value)),
    }
}
