//! Which field is the time, and how it is written.

use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned};
use telemetry::path::{Path, Step};

use super::tree::Tree;

/// Names of fields that hold a time, the likeliest first.
const NAMES: &[&str] = &[
    "timestamp",
    "ts",
    "time",
    "tst",
    "datetime",
    "measured_at",
    "recorded_at",
    "received_at",
    "last_seen",
    "date",
    "created_at",
    "epoch",
    "t",
    "utc",
];

/// Forms of text that is not ISO 8601.
const FORMATS: &[&str] = &[
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d %b %Y %H:%M:%S",
    "%b %d %Y %H:%M:%S",
];

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// `s`, `ms`, `us` or `ns`.
    pub(super) unit: &'static str,
    pub(super) format: Option<&'static str>,
    /// Whether it says neither an offset nor that it is a number since 1970.
    pub(super) is_local: bool,
}

/// How likely a field of this path is the time of its event, by its name; lower is likelier.
pub(super) fn rank(path: &Path) -> Option<usize> {
    let Some(Step::Member(name)) = path.steps.last() else { return None };
    let small = name.to_ascii_lowercase().replace('-', "_");
    let rank = NAMES.iter().position(|one| *one == small || one.replace('_', "") == small)?;
    Some(rank + 20 * (path.steps.len() - 1))
}

/// How these values are written, if all of them can be times of today's devices.
pub(super) fn written(values: &[&Tree]) -> Option<Written> {
    let mut forms = values.iter().filter(|value| ***value != Tree::Null).map(|value| form(value));
    let first = forms.next()??;
    forms.all(|form| form.as_ref() == Some(&first)).then_some(first)
}

fn form(value: &Tree) -> Option<Written> {
    let number = |number: f64| {
        let unit = match number {
            // From 2001 to 2096.
            1e9..4e9 => "s",
            1e12..4e12 => "ms",
            1e15..4e15 => "us",
            1e18..4e18 => "ns",
            _ => return None,
        };
        Some(Written { unit, format: None, is_local: false })
    };
    match value {
        #[allow(clippy::cast_precision_loss, reason = "the magnitude is what counts")]
        Tree::Whole(whole) => number(*whole as f64),
        Tree::Number(value) => number(*value),
        Tree::Text(text) => {
            let text = text.trim();
            if let Ok(value) = text.parse::<f64>() {
                return number(value);
            }
            let iso = |is_local| Some(Written { unit: "ms", format: None, is_local });
            if text.parse::<Timestamp>().is_ok() || text.parse::<Zoned>().is_ok() {
                return iso(false);
            }
            if text.contains(':') && text.parse::<DateTime>().is_ok() {
                return iso(true);
            }
            let format = FORMATS.iter().find(|format| DateTime::strptime(format, text).is_ok())?;
            Some(Written { unit: "ms", format: Some(format), is_local: true })
        }
        _ => None,
    }
}
