//! Why the store refused a record, and which of its values is to blame.

use aws_sdk_timestreamwrite::types::RejectedRecord;
use telemetry::{Measured, Record};

use crate::effect::{Cause, Refusal};

/// What the service says of a record of `sent`; `None` for an index that no record has.
pub(super) fn of(rejected: &RejectedRecord, sent: &[&Record]) -> Option<Refusal> {
    let index = usize::try_from(rejected.record_index()).ok()?;
    let record = sent.get(index)?;
    let reason = rejected.reason().unwrap_or("the store gives no reason").to_owned();
    let cause = match rejected.existing_version() {
        Some(existing) if existing > record.version => Cause::Outdated,
        // A version is at fault, not a measure.
        Some(_) => Cause::Content { reason, measure: None },
        None => {
            let measure = blamed(&reason, record).map(str::to_owned);
            Cause::Content { reason, measure }
        }
    };
    Some(Refusal { index, cause })
}

/// The measure of `record` that is to blame, where the service's words name one.
///
/// The service [publishes](https://docs.aws.amazon.com/timestream/latest/developerguide/API_RejectedRecord.html)
/// no sentence for a measure of another type than the table's column, so none is expected: a measure
/// is named where its name stands in quotes, or, without any such, where it is a word of a reason that
/// speaks of a type. Where several are named, none is to blame alone.
fn blamed<'a>(reason: &str, record: &'a Record) -> Option<&'a str> {
    let Measured::Multi(values) = &record.measured else { return None };
    let only = |named: fn(&str, &str) -> bool| {
        let mut named = values.iter().map(|value| &*value.name).filter(|name| named(reason, name));
        (named.next(), named.next())
    };
    match only(quotes) {
        (Some(name), None) => Some(name),
        (Some(_), Some(_)) => None,
        (None, _) => match only(has_word) {
            (Some(name), None) => Some(name),
            _ => None,
        },
    }
}

fn quotes(reason: &str, name: &str) -> bool {
    let quoted = |(before, after): (&str, &str)| {
        let (before, after) = (before.chars().next_back(), after.chars().next());
        before == after && before.is_some_and(|mark| matches!(mark, '"' | '\'' | '`'))
            || (before, after) == (Some('['), Some(']'))
    };
    around(reason, name).any(quoted)
}

fn has_word(reason: &str, name: &str) -> bool {
    let part = |mark: char| mark.is_alphanumeric() || matches!(mark, '_' | '-');
    let apart = |(before, after): (&str, &str)| !before.ends_with(part) && !after.starts_with(part);
    reason.contains("type") && around(reason, name).any(apart)
}

/// What stands before and after each place where `reason` has `name`.
fn around<'a>(reason: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    reason.match_indices(name).map(|(at, found)| (&reason[..at], &reason[at + found.len()..]))
}

#[cfg(test)]
mod tests {
    use telemetry::{MeasureValue, Value};

    use super::*;

    fn record(measures: &[&str]) -> Record {
        let value = |name: &&str| MeasureValue { name: (*name).into(), value: Value::Double(1.0) };
        Record {
            dimensions: [].into(),
            measure_name: "m".into(),
            measured: Measured::Multi(measures.iter().map(value).collect()),
            time: 5,
            version: 5,
        }
    }

    /// Measures of a record; a reason; the measure that it blames.
    type Case<'a> = (&'a [&'a str], &'a str, Option<&'a str>);

    #[test]
    fn a_reason_blames_the_measure_that_it_names() {
        let table: [Case<'_>; 12] = [
            (&["t", "h"], r#"The measure "h" has the data type BIGINT."#, Some("h")),
            (&["t", "h"], "Type of 'h' differs", Some("h")),
            (&["t", "h"], "Type of [h] differs", Some("h")),
            (&["data", "h"], r#"The measure "h" has the data type BIGINT."#, Some("h")),
            (&["t", "h"], "measure h is of type BIGINT", Some("h")),
            (&["temp", "temp_max"], "measure temp_max is of type BIGINT", Some("temp_max")),
            (&["temp", "x-temp"], "measure x-temp: other type", Some("x-temp")),
            (&["t", "h"], r#""t" and "h" differ"#, None),
            (&["t", "h"], "t and h differ", None),
            (&["t", "h"], "too many records", None),
            (&["value", "h"], "A higher version is required to update the measure value.", None),
            (&["ü", "h"], "measure \"ü\" is of type BIGINT", Some("ü")),
        ];
        for (measures, reason, expected) in table {
            assert_eq!(blamed(reason, &record(measures)), expected, "{reason}");
        }
    }

    #[test]
    fn where_a_version_is_at_fault_no_measure_is() {
        let record = record(&["h"]);
        let reason = r#"The measure "h" has a higher version."#;
        let content = |measure: Option<&str>| Cause::Content {
            reason: reason.to_owned(),
            measure: measure.map(str::to_owned),
        };
        for (index, existing, expected) in [
            (0, None, Some(content(Some("h")))),
            (0, Some(5), Some(content(None))),
            (0, Some(6), Some(Cause::Outdated)),
            (1, None, None),
            (-1, None, None),
        ] {
            let rejected = RejectedRecord::builder().record_index(index).reason(reason);
            let refusal = of(&rejected.set_existing_version(existing).build(), &[&record]);
            assert_eq!(refusal, expected.map(|cause| Refusal { index: 0, cause }), "{index} {existing:?}");
        }
    }
}
