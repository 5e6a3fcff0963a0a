//! What a resource loses that stays and keeps less than before. Pure: the rows of its type, walked like the
//! replacements.
//!
//! A value that is not known yet counts as less.

use serde_json::Value;
use stacks::kinds::kept::{DAY, FOREVER, HOUR, Seconds, number, times};
use stacks::kinds::{self, Kept, Lost};

/// What the update of a resource loses that stays, by its properties: one sentence part for each, for instance
/// `records between 24 h and 168 h old`.
pub fn lost(kind: &str, old: &Value, new: &Value) -> Vec<String> {
    let kept = kinds::of(kind).map_or(&[][..], |kind| kind.kept);
    let less = |kept: &Kept| match kept {
        Kept::For { of, lost } => between(lost, of(old), of(new)).into_iter().collect(),
        Kept::Lifecycle => expiring(old, new),
    };
    kept.iter().flat_map(less).collect()
}

/// What is lost when something that was kept for so long is kept for so long.
fn between(lost: &Lost, old: Option<Seconds>, new: Option<Seconds>) -> Option<String> {
    let (before, after) = match (old, new) {
        (Some(before), Some(after)) if after < before => (before, after),
        (Some(_), Some(_)) | (None, None) => return None,
        (None, Some(after)) => (FOREVER, after),
        (_, None) => {
            let (Lost::Aged(what) | Lost::Late(what) | Lost::All(what)) = lost;
            return Some(format!("{what}: for how long they are kept is not known yet"));
        }
    };
    Some(match lost {
        Lost::Aged(what) => aged(what, before, after),
        Lost::Late(what) => format!("{what} more than {} late", span(after, after)),
        Lost::All(what) => (*what).to_owned(),
    })
}

fn aged(what: &str, before: Seconds, after: Seconds) -> String {
    match before {
        FOREVER => format!("{what} older than {}", span(after, after)),
        before => format!("{what} between {} and {} old", span(after, before), span(before, after)),
    }
}

/// A time as a person reads it beside another one: in days where one is more than a week, else in hours, as far
/// as that is exact for both.
fn span(seconds: Seconds, beside: Seconds) -> String {
    let whole = |unit: Seconds| seconds.is_multiple_of(unit) && beside.is_multiple_of(unit);
    match seconds.max(beside) {
        longest if longest > 7 * DAY && whole(DAY) => format!("{} d", seconds / DAY),
        _ if whole(HOUR) => format!("{} h", seconds / HOUR),
        _ => format!("{seconds} s"),
    }
}

/// What the [lifecycle](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html)
/// of a bucket removes earlier than before. A rule of before counts for a new one when it is about all of its
/// objects. Unfinished uploads and marks of deletion are no data.
fn expiring(old: &Value, new: &Value) -> Vec<String> {
    /// What expires, and where a rule has the number of days.
    const EXPIRING: [(&str, &str); 2] = [
        ("objects", "/ExpirationInDays"),
        ("earlier versions", "/NoncurrentVersionExpiration/NoncurrentDays"),
    ];
    let rules = |properties: &Value| {
        let rules = properties.pointer("/LifecycleConfiguration/Rules").and_then(Value::as_array);
        let rules = rules.into_iter().flatten().filter(|rule| rule["Status"] != "Disabled");
        rules.cloned().collect::<Vec<_>>()
    };
    let (before, after) = (rules(old), rules(new));
    let mut lost = Vec::new();
    for rule in &after {
        let covering = || before.iter().filter(|known| covers(known, rule));
        let prefix = rule["Prefix"].as_str().unwrap_or_default();
        let below = if prefix.is_empty() { String::new() } else { format!(" below {prefix}") };
        for (what, path) in EXPIRING {
            let days = |rule: &Value| number(rule, path, FOREVER).map(|days| times(days, DAY));
            let kept = covering().filter_map(days).min().unwrap_or(FOREVER);
            lost.extend(between(&Lost::Aged(&format!("{what}{below}")), Some(kept), days(rule)));
        }
        let date = rule["ExpirationDate"].as_str();
        if let Some(date) = date.filter(|date| !covering().any(|known| known["ExpirationDate"] == **date)) {
            lost.push(format!("objects{below}, on {date}"));
        }
    }
    lost
}

/// Whether a rule is about everything that another one is about.
fn covers(wide: &Value, narrow: &Value) -> bool {
    const FILTERS: [&str; 3] = ["TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];
    let prefix = |rule: &Value| rule["Prefix"].as_str().unwrap_or_default().to_owned();
    prefix(narrow).starts_with(&prefix(wide))
        && FILTERS.iter().all(|filter| wide[filter].is_null() || wide[filter] == narrow[filter])
}

#[cfg(test)]
mod tests;
