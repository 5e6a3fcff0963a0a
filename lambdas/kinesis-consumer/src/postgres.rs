//! `PostgreSQL` as the store: its one statement, its answer, and what they mean for records.
//!
//! Which rows are stored, the database decides: the function that the crate of that name makes in it. Its errors
//! are those of the Data API, which `data-api` knows.

use data_api::{Database, Failure, only_text, text};
use postgres::limits::REQUEST_BYTES;
use postgres::rows::{self, Answer};
use postgres::schema::WRITE;
use telemetry::{Measured, Record};

use crate::effect::{Busy, Cause, Effect, Refusal};
use crate::store::PROBE_TIME;

/// A table of the store.
#[derive(Debug, Clone)]
pub struct Table {
    /// As the role that writes.
    pub database: Database,
    /// Name of the table, for people: the database's function knows it.
    pub table: String,
}

impl Table {
    /// Writes at most [`REQUEST_ROWS`](postgres::limits::REQUEST_ROWS) records, in one attempt. Those of which more
    /// than [`REQUEST_BYTES`] are sent are not sent together.
    pub async fn send(&self, records: &[&Record]) -> Effect {
        let rows = match rows::text(records) {
            Ok(rows) => rows,
            Err(error) => return Effect::Unusable(error.to_string()),
        };
        if rows.len() > REQUEST_BYTES && records.len() > 1 {
            return Effect::Invalid(format!("{} bytes of rows are too many for one request", rows.len()));
        }
        match self.database.execute(WRITE, vec![text("rows", rows)]).await {
            Ok(answer) => only_text(&answer)
                .and_then(|answer| meaning(answer, records.len()))
                // It says that some are not stored, but not which: so none may count as stored.
                .unwrap_or_else(|| Effect::Unusable(format!("the answer of {WRITE} is not understood"))),
            Err(Failure::Throttled(_)) => Effect::Busy(Busy::Throttled),
            Err(Failure::Unavailable(_)) => Effect::Busy(Busy::Unavailable),
            Err(Failure::Unusable(reason)) => Effect::Unusable(reason),
            Err(Failure::Refused { message, .. }) => Effect::Invalid(message),
        }
    }

    /// Sends a record of the columns that every table has, of a time that is refused.
    pub async fn probe(&self) -> Effect {
        let record = Record {
            dimensions: [].into(),
            measure_name: "probe".into(),
            measured: Measured::Multi(Vec::new()),
            time: PROBE_TIME,
            version: 1,
        };
        self.send(&[&record]).await
    }
}

/// What an answer says of so many rows; `None` where it names one that was not sent.
fn meaning(answer: &str, sent: usize) -> Option<Effect> {
    let Answer { superseded, refused } = serde_json::from_str(answer).ok()?;
    let outdated = superseded.into_iter().map(|index| Refusal { index, cause: Cause::Outdated });
    let refused = refused.into_iter().map(|refusal| Refusal {
        index: refusal.index,
        // The columns are the model's own, so no measure alone can be at fault.
        cause: Cause::Content { reason: refusal.reason, measure: None },
    });
    let refusals: Vec<Refusal> = outdated.chain(refused).collect();
    match refusals.iter().all(|refusal| refusal.index < sent) {
        true if refusals.is_empty() => Some(Effect::Stored),
        true => Some(Effect::Refused(refusals)),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_what_is_not_stored() {
        let refused = Cause::Content { reason: "no room".to_owned(), measure: None };
        let (outdated, refused) =
            (Refusal { index: 1, cause: Cause::Outdated }, Refusal { index: 0, cause: refused });
        for (answer, expected) in [
            (r#"{"superseded":[],"refused":[]}"#, Some(Effect::Stored)),
            (
                r#"{"superseded" : [1], "refused" : [{"index" : 0, "reason" : "no room"}]}"#,
                Some(Effect::Refused(vec![outdated, refused])),
            ),
            (r#"{"superseded":[2],"refused":[]}"#, None),
            (r#"{"superseded":[-1],"refused":[]}"#, None),
            (r#"{"superseded":[]}"#, None),
            ("", None),
        ] {
            assert_eq!(meaning(answer, 2), expected, "{answer}");
        }
    }
}
