//! What a resource loses that stays and keeps less than before. Pure: a table, walked like the replacements.
//!
//! A property that is left out has its default. A value that is not known yet counts as less.

use serde_json::Value;

use super::replacement::stands_for;

/// How long something is kept, in seconds; [`FOREVER`], or [`NEVER`] when it is not kept at all.
type Seconds = u64;

const FOREVER: Seconds = Seconds::MAX;
const NEVER: Seconds = 0;
const HOUR: Seconds = 3_600;
const DAY: Seconds = 24 * HOUR;

/// A property, or several that count together, whose shrinking loses data.
struct Kept {
    kind: &'static str,
    /// How long it is kept, by the properties of the resource. `None`: that is not known.
    of: fn(&Value) -> Option<Seconds>,
    /// What is lost.
    lost: Lost<'static>,
}

/// What is lost when something is kept for a shorter time.
enum Lost<'a> {
    /// These, from the new age to the old one.
    Aged(&'a str),
    /// These that come later than the new age.
    Late(&'a str),
    /// This, which is not kept any more.
    All(&'a str),
}

/// What the templates have of such properties, but the lifecycle of buckets, which [`expiring`] compares.
#[rustfmt::skip]
static KEPT: &[Kept] = &[
    // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html
    Kept { kind: "AWS::Kinesis::Stream",            of: stream,                lost: Lost::Aged("records") },
    // A message that is older goes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    Kept { kind: "AWS::SQS::Queue",                 of: queue,                 lost: Lost::Aged("messages") },
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    Kept { kind: "AWS::Logs::LogGroup",             of: log_group,             lost: Lost::Aged("log events") },
    Kept { kind: "AWS::Timestream::Table",          of: table,                 lost: Lost::Aged("points") },
    Kept { kind: "AWS::Timestream::Table",          of: lateness,              lost: Lost::Late("events that arrive") },
    Kept { kind: "AWS::Timestream::Table",          of: late_rejections,       lost: Lost::All("reports of the late records that the table refuses") },
    Kept { kind: "AWS::S3::Bucket",                 of: versions,              lost: Lost::All("what is overwritten or deleted from then on") },
    Kept { kind: "AWS::EFS::FileSystem",            of: backups,               lost: Lost::All("what only a backup brings back: none is made from then on") },
    Kept { kind: "AWS::IoT::TopicRule",             of: undelivered,           lost: Lost::All("messages that the rule cannot deliver") },
    Kept { kind: "AWS::Lambda::EventSourceMapping", of: given_up,              lost: Lost::All("batches that the function gives up") },
];

/// What the update of a resource loses that stays, by its properties: one sentence part for each, for instance
/// `records between 24 h and 168 h old`.
pub fn lost(kind: &str, old: &Value, new: &Value) -> Vec<String> {
    let kind = stands_for(kind);
    let rows = KEPT.iter().filter(|row| row.kind == kind);
    let mut lost: Vec<String> =
        rows.filter_map(|row| row.lost.between((row.of)(old), (row.of)(new))).collect();
    if kind == "AWS::S3::Bucket" {
        lost.extend(expiring(old, new));
    }
    lost
}

impl Lost<'_> {
    fn between(&self, old: Option<Seconds>, new: Option<Seconds>) -> Option<String> {
        let (before, after) = match (old, new) {
            (Some(before), Some(after)) if after < before => (before, after),
            (Some(_), Some(_)) | (None, None) => return None,
            (None, Some(after)) => (FOREVER, after),
            (_, None) => {
                let (Self::Aged(what) | Self::Late(what) | Self::All(what)) = self;
                return Some(format!("{what}: for how long they are kept is not known yet"));
            }
        };
        Some(match self {
            Self::Aged(what) => aged(what, before, after),
            Self::Late(what) => format!("{what} more than {} late", span(after, after)),
            Self::All(what) => (*what).to_owned(),
        })
    }
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

/// The number at a path; what stands for it when there is none.
fn number(properties: &Value, path: &str, default: u64) -> Option<u64> {
    match properties.pointer(path) {
        None | Some(Value::Null) => Some(default),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    }
}

fn times(count: u64, unit: Seconds) -> Seconds {
    count.saturating_mul(unit)
}

fn stream(properties: &Value) -> Option<Seconds> {
    number(properties, "/RetentionPeriodHours", 24).map(|hours| times(hours, HOUR))
}

fn queue(properties: &Value) -> Option<Seconds> {
    number(properties, "/MessageRetentionPeriod", 4 * DAY)
}

fn log_group(properties: &Value) -> Option<Seconds> {
    number(properties, "/RetentionInDays", FOREVER).map(|days| times(days, DAY))
}

fn memory(properties: &Value) -> Option<Seconds> {
    let hours = number(properties, "/RetentionProperties/MemoryStoreRetentionPeriodInHours", 6);
    hours.map(|hours| times(hours, HOUR))
}

/// What leaves the memory store goes to the magnetic store, so both times
/// [add up](https://docs.aws.amazon.com/timestream/latest/developerguide/storage.html).
fn table(properties: &Value) -> Option<Seconds> {
    let days = number(properties, "/RetentionProperties/MagneticStoreRetentionPeriodInDays", 73_000)?;
    memory(properties).map(|memory| memory.saturating_add(times(days, DAY)))
}

/// How late an event may be. With
/// [magnetic writes](https://docs.aws.amazon.com/timestream/latest/developerguide/API_MagneticStoreWriteProperties.html)
/// as late as the table reaches back, which is compared by itself; without, as the memory store does.
fn lateness(properties: &Value) -> Option<Seconds> {
    match switch(properties, "/MagneticStoreWriteProperties/EnableMagneticStoreWrites", "true")? {
        NEVER => memory(properties),
        _ => Some(FOREVER),
    }
}

fn late_rejections(properties: &Value) -> Option<Seconds> {
    present(properties, "/MagneticStoreWriteProperties/MagneticStoreRejectedDataLocation")
}

fn versions(properties: &Value) -> Option<Seconds> {
    switch(properties, "/VersioningConfiguration/Status", "Enabled")
}

fn backups(properties: &Value) -> Option<Seconds> {
    switch(properties, "/BackupPolicy/Status", "ENABLED")
}

fn undelivered(properties: &Value) -> Option<Seconds> {
    present(properties, "/TopicRulePayload/ErrorAction")
}

fn given_up(properties: &Value) -> Option<Seconds> {
    present(properties, "/DestinationConfig/OnFailure")
}

fn switch(properties: &Value, path: &str, on: &str) -> Option<Seconds> {
    match properties.pointer(path) {
        None | Some(Value::Null) => Some(NEVER),
        Some(Value::Bool(value)) => Some(if value.to_string() == on { FOREVER } else { NEVER }),
        Some(Value::String(value)) => Some(if value == on { FOREVER } else { NEVER }),
        Some(_) => None,
    }
}

fn present(properties: &Value, path: &str) -> Option<Seconds> {
    match properties.pointer(path) {
        None | Some(Value::Null) => Some(NEVER),
        // Whether a condition is met is not known here.
        Some(value) if value.get("Fn::If").is_some() => None,
        Some(_) => Some(FOREVER),
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
            lost.extend(Lost::Aged(&format!("{what}{below}")).between(Some(kept), days(rule)));
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
