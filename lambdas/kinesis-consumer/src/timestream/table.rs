//! A request to a table, and its answer as what it means for the records.
//!
//! The only place that knows the service's errors. It makes one attempt; when to make another is
//! decided elsewhere.

use aws_sdk_timestreamwrite::Client;
use aws_sdk_timestreamwrite::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_timestreamwrite::operation::write_records::WriteRecordsError;
use telemetry::{DimensionValue, Measured, Record, Value};

use super::{refusal, request};
use crate::effect::{Busy, Effect};
use crate::store::PROBE_TIME;

/// Status of a request that is too large for something on its way.
const TOO_LARGE: u16 = 413;

/// Status of a service that asks for fewer requests.
const TOO_MANY: u16 = 429;

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

impl Table {
    /// Writes at most [`REQUEST_RECORDS`](timestream::limits::REQUEST_RECORDS) records, in one attempt
    /// ([WriteRecords](https://docs.aws.amazon.com/timestream/latest/developerguide/API_WriteRecords.html)).
    pub async fn send(&self, records: &[&Record]) -> Effect {
        let (common, sent) = match request::build(records) {
            Ok(request) => request,
            Err(error) => return Effect::Unusable(error.to_string()),
        };
        let result = self
            .client
            .write_records()
            .database_name(&self.database)
            .table_name(&self.table)
            .common_attributes(common)
            .set_records(Some(sent))
            .send()
            .await;
        match result {
            Ok(_) => Effect::Stored,
            Err(error) => meaning(&error, records),
        }
    }

    /// Sends the least of a record, of a time that is refused.
    pub async fn probe(&self) -> Effect {
        let record = Record {
            dimensions: [DimensionValue { name: "probe".into(), value: "probe".to_owned() }].into(),
            measure_name: "probe".into(),
            measured: Measured::Single(Value::Double(0.0)),
            time: PROBE_TIME,
            version: 1,
        };
        self.send(&[&record]).await
    }
}

fn meaning(error: &SdkError<WriteRecordsError>, sent: &[&Record]) -> Effect {
    let sentence = || DisplayErrorContext(error).to_string();
    let message = || error.message().map_or_else(sentence, str::to_owned);
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match error.as_service_error() {
        Some(WriteRecordsError::RejectedRecordsException(rejected)) => {
            let refusals: Option<Vec<_>> =
                rejected.rejected_records().iter().map(|one| refusal::of(one, sent)).collect();
            match refusals {
                Some(refusals) if !refusals.is_empty() => Effect::Refused(refusals),
                // It says that some are not stored, but not which: so none may count as stored.
                _ => Effect::Unusable(sentence()),
            }
        }
        Some(WriteRecordsError::ValidationException(_)) => Effect::Invalid(message()),
        Some(WriteRecordsError::ThrottlingException(_)) => Effect::Busy(Busy::Throttled),
        // A new endpoint is discovered only when the known one expires; until then these wait.
        Some(
            WriteRecordsError::InternalServerException(_) | WriteRecordsError::InvalidEndpointException(_),
        ) => Effect::Busy(Busy::Unavailable),
        Some(_) if status == TOO_LARGE => Effect::Invalid(message()),
        Some(_) if status == TOO_MANY => Effect::Busy(Busy::Throttled),
        Some(_) if status >= 500 => Effect::Busy(Busy::Unavailable),
        Some(_) => Effect::Unusable(sentence()),
        None => match error {
            SdkError::ConstructionFailure(_) => Effect::Unusable(sentence()),
            _ => Effect::Busy(Busy::Unavailable),
        },
    }
}
