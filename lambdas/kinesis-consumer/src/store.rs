//! The store's answer to one request, as what it means for the records.
//!
//! The only place that knows the service's errors. It makes one attempt; when to make another is
//! decided elsewhere.

use aws_sdk_timestreamwrite::Client;
use aws_sdk_timestreamwrite::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_timestreamwrite::operation::write_records::WriteRecordsError;
use telemetry::{DimensionValue, Measured, Record, Value};

use crate::request;

/// Status of a request that is too large for something on its way.
const TOO_LARGE: u16 = 413;

/// Status of a service that asks for fewer requests.
const TOO_MANY: u16 = 429;

/// A time that no record may have, in nanoseconds: 2200-01-01T00:00:00Z. The store takes times of
/// [15 minutes ahead](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html) at most.
const NEVER: i64 = 7_258_118_400_000_000_000;

/// A table of the store, Timestream for `LiveAnalytics`.
#[derive(Debug, Clone)]
pub struct Table {
    /// Without retries of its own: they are made here, within the time that is left.
    pub client: Client,
    /// Name of the database.
    pub database: String,
    /// Name of the table.
    pub table: String,
}

/// What became of the records of one request.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// All are stored.
    Stored,
    /// All are stored but these.
    Refused(Vec<Refusal>),
    /// None is stored, because one or more break a rule. Which, it does not say.
    Invalid(String),
    /// Perhaps none is stored; try again.
    Busy(Busy),
    /// None is stored, and trying again within this invocation would change nothing.
    Unusable(String),
}

/// Why to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// The service asks for fewer requests.
    Throttled,
    /// The service failed, or did not answer.
    Unavailable,
}

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

impl Table {
    /// Writes at most [`request::MAX_RECORDS`] records, in one attempt
    /// ([WriteRecords](https://docs.aws.amazon.com/timestream/latest/developerguide/API_WriteRecords.html)).
    pub async fn write(&self, records: &[&Record]) -> Answer {
        let (common, records) = match request::build(records) {
            Ok(request) => request,
            Err(error) => return Answer::Unusable(error.to_string()),
        };
        let sent = records.len();
        let result = self
            .client
            .write_records()
            .database_name(&self.database)
            .table_name(&self.table)
            .common_attributes(common)
            .set_records(Some(records))
            .send()
            .await;
        match result {
            Ok(_) => Answer::Stored,
            Err(error) => meaning(&error, sent),
        }
    }
}

impl Table {
    /// Asks whether the table takes requests at all, without a trace in it: the record is valid in form and
    /// refused for its time, so that every answer but [`Answer::Refused`] and [`Answer::Stored`] is about
    /// something else than the record.
    pub async fn probe(&self) -> Answer {
        let record = Record {
            dimensions: [DimensionValue { name: "probe".into(), value: "probe".to_owned() }].into(),
            measure_name: "probe".into(),
            measured: Measured::Single(Value::Double(0.0)),
            time: NEVER,
            version: 1,
        };
        self.write(&[&record]).await
    }
}

impl Refusal {
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

fn meaning(error: &SdkError<WriteRecordsError>, sent: usize) -> Answer {
    let sentence = || DisplayErrorContext(error).to_string();
    let message = || error.message().map_or_else(sentence, str::to_owned);
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match error.as_service_error() {
        Some(WriteRecordsError::RejectedRecordsException(rejected)) => {
            let refusals: Option<Vec<_>> =
                rejected.rejected_records().iter().map(|one| refusal(one, sent)).collect();
            match refusals {
                Some(refusals) if !refusals.is_empty() => Answer::Refused(refusals),
                // It says that some are not stored, but not which: so none may count as stored.
                _ => Answer::Unusable(sentence()),
            }
        }
        Some(WriteRecordsError::ValidationException(_)) => Answer::Invalid(message()),
        Some(WriteRecordsError::ThrottlingException(_)) => Answer::Busy(Busy::Throttled),
        // A new endpoint is discovered only when the known one expires; until then these wait.
        Some(
            WriteRecordsError::InternalServerException(_) | WriteRecordsError::InvalidEndpointException(_),
        ) => Answer::Busy(Busy::Unavailable),
        Some(_) if status == TOO_LARGE => Answer::Invalid(message()),
        Some(_) if status == TOO_MANY => Answer::Busy(Busy::Throttled),
        Some(_) if status >= 500 => Answer::Busy(Busy::Unavailable),
        Some(_) => Answer::Unusable(sentence()),
        None => match error {
            SdkError::ConstructionFailure(_) => Answer::Unusable(sentence()),
            _ => Answer::Busy(Busy::Unavailable),
        },
    }
}

/// `None` for an index that no record has.
fn refusal(rejected: &aws_sdk_timestreamwrite::types::RejectedRecord, sent: usize) -> Option<Refusal> {
    let index = usize::try_from(rejected.record_index()).ok().filter(|index| *index < sent)?;
    Some(Refusal {
        index,
        reason: rejected.reason().unwrap_or("the store gives no reason").to_owned(),
        existing_version: rejected.existing_version(),
    })
}
