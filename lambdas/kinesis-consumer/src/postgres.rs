//! `PostgreSQL` as the store: the rows of a request, its answer, and what they mean for records.
//!
//! Which rows are stored, the database decides: the function that the crate of that name makes in it. There are two
//! ways to it, each with its own errors: [`data_api`] and [`direct`].

pub mod data_api;
pub mod direct;

use postgres::limits::REQUEST_BYTES;
use postgres::rows::{self, Answer};
use telemetry::{Measured, Record};

use crate::effect::{Cause, Effect, Refusal};
use crate::store::PROBE_TIME;

/// A table of the store.
#[derive(Debug, Clone)]
pub struct Table {
    /// As the role that writes.
    pub database: Database,
    /// Name of the table, for people: the database's function knows it.
    pub table: String,
}

/// The way to the database.
#[derive(Debug, Clone)]
pub enum Database {
    /// By HTTPS, from anywhere.
    DataApi(::data_api::Database),
    /// By its own protocol, inside the VPC.
    Direct(direct::Database),
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::DataApi(database) => &database.name,
            Self::Direct(database) => database.name(),
        }
    }
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
        let answer = match &self.database {
            Database::DataApi(database) => data_api::write(database, rows).await,
            // Boxed: a connection may have to be made, whose future is kilobytes.
            Database::Direct(database) => Box::pin(database.write(rows)).await,
        };
        answer.map_or_else(
            |effect| effect,
            |answer| {
                meaning(&answer, records.len())
                    // It says that some are not stored, but not which: so none may count as stored.
                    .unwrap_or_else(|| {
                        Effect::Unusable(format!("the answer of sluice.write is not understood: {answer}"))
                    })
            },
        )
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
