//! Why the store refused a record, and which of its values is to blame.

use aws_sdk_timestreamwrite::types::RejectedRecord;
use telemetry::{Measured, Record};

/// A record that the store refused alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Index in the request.
    pub index: usize,
    /// The service's words.
    pub reason: String,
    /// The version that is there, where that is the reason.
    pub existing_version: Option<i64>,
}

impl Refusal {
    /// What the service says of a record of `sent`; `None` for an index that no record has.
    pub(super) fn of(rejected: &RejectedRecord, sent: usize) -> Option<Self> {
        let index = usize::try_from(rejected.record_index()).ok().filter(|index| *index < sent)?;
        Some(Self {
            index,
            reason: rejected.reason().unwrap_or("the store gives no reason").to_owned(),
            existing_version: rejected.existing_version(),
        })
    }

    /// The measure of `record` that is to blame, where the service's words name one.
    ///
    /// The service [publishes](https://docs.aws.amazon.com/timestream/latest/developerguide/API_RejectedRecord.html)
    /// no sentence for a measure of another type than the table's column, so none is expected: a measure
    /// is named where its name stands in quotes, or, without any such, where it is a word of a reason that
    /// speaks of a type. Where several are named, none is to blame alone.
    pub fn blames<'a>(&self, record: &'a Record) -> Option<&'a str> {
        let Measured::Multi(values) = &record.measured else { return None };
        if self.existing_version.is_some() {
            return None;
        }
        let only = |named: &dyn Fn(&str) -> bool| {
            let mut named = values.iter().map(|value| &*value.name).filter(|name| named(name));
            (named.next(), named.next())
        };
        match only(&|name| self.quotes(name)) {
            (Some(name), None) => Some(name),
            (Some(_), Some(_)) => None,
            (None, _) => match only(&|name| self.has_word(name)) {
                (Some(name), None) => Some(name),
                _ => None,
            },
        }
    }

    fn quotes(&self, name: &str) -> bool {
        let quoted = |(before, after): (&str, &str)| {
            let (before, after) = (before.chars().next_back(), after.chars().next());
            before == after && before.is_some_and(|mark| matches!(mark, '"' | '\'' | '`'))
                || (before, after) == (Some('['), Some(']'))
        };
        self.around(name).any(quoted)
    }

    fn has_word(&self, name: &str) -> bool {
        let part = |mark: char| mark.is_alphanumeric() || matches!(mark, '_' | '-');
        let apart = |(before, after): (&str, &str)| !before.ends_with(part) && !after.starts_with(part);
        self.reason.contains("type") && self.around(name).any(apart)
    }

    /// What stands before and after each place where the reason has `name`.
    fn around<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let around = |(at, found): (usize, &str)| (&self.reason[..at], &self.reason[at + found.len()..]);
        self.reason.match_indices(name).map(around)
    }
}
