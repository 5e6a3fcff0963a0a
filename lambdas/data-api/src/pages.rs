//! Answers of any size. The service gives at most
//! [1 MiB](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html) at once, and has no
//! tokens: what is larger is asked for in parts.
//!
//! Most answers are one part, and take one request. Only after one that was too large, the query runs again for each
//! part, all of one snapshot and in one order.

use std::time::{Duration, Instant};

use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::types::{ColumnMetadata, Field};

use crate::{Database, Failure, Transaction};

/// Bytes of the rows of a part, as JSON of the database. As the service writes them, small values take three times
/// as many.
const PART_BYTES: usize = 1_048_576 / 3;

/// What the service says of an answer that is too large.
const TOO_LARGE: &str = "size limit";

/// The first pause before another attempt, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// For how long a query is tried again that failed in a way that passes.
#[derive(Debug, Clone, Copy)]
pub struct Patience(Duration);

impl Patience {
    /// For so long.
    pub const fn of(duration: Duration) -> Self {
        Self(duration)
    }
}

/// The parts of an answer, one after the other. The first is there.
#[derive(Debug)]
pub struct Pages<'a> {
    /// The columns of all parts.
    pub columns: Vec<ColumnMetadata>,
    /// The rows of this part.
    pub records: Vec<Vec<Field>>,
    /// Where there are others.
    rest: Option<Rest<'a>>,
}

#[derive(Debug)]
struct Rest<'a> {
    transaction: Transaction<'a>,
    query: String,
    /// Rows of the parts before.
    read: usize,
}

impl Database {
    /// Runs a query that only reads, and gives the first part of its answer.
    ///
    /// # Errors
    /// A [`Failure`]; one that passes only after `patience`.
    pub async fn pages(&self, query: &str, patience: Patience) -> Result<Pages<'_>, Failure> {
        match self.first(query, patience).await {
            Ok(answer) => Ok(Pages {
                columns: answer.column_metadata.unwrap_or_default(),
                records: answer.records.unwrap_or_default(),
                rest: None,
            }),
            Err(Failure::Refused { sql_state: None, message }) if message.contains(TOO_LARGE) => {
                Box::pin(self.parts(query)).await
            }
            Err(failure) => Err(failure),
        }
    }

    async fn first(
        &self,
        query: &str,
        Patience(patience): Patience,
    ) -> Result<ExecuteStatementOutput, Failure> {
        let (start, (mut pause, longest)) = (Instant::now(), PAUSES);
        loop {
            match self.ask(query, None).await {
                Err(failure) if failure.is_passing() && start.elapsed() + pause < patience => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(longest);
                }
                ended => return ended,
            }
        }
    }

    async fn parts(&self, query: &str) -> Result<Pages<'_>, Failure> {
        let transaction = self.begin().await?;
        // What the query sees, and the order in which it finds it, are those of the first part in all of them.
        for statement in [
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "SET LOCAL max_parallel_workers_per_gather = 0",
            "SET LOCAL synchronize_seqscans = off",
        ] {
            transaction.execute(statement, Vec::new()).await?;
        }
        let rest = Rest { transaction, query: query.to_owned(), read: 0 };
        let mut pages = Pages { columns: Vec::new(), records: Vec::new(), rest: Some(rest) };
        pages.turn().await?;
        Ok(pages)
    }
}

impl Pages<'_> {
    /// Turns to the next part. `false`: there is none.
    ///
    /// # Errors
    /// A [`Failure`], after which there are no more parts.
    pub async fn turn(&mut self) -> Result<bool, Failure> {
        let Some(mut rest) = self.rest.take() else { return Ok(false) };
        let Rest { transaction, query, read } = &rest;
        let answer = transaction.database.ask(&part(query, *read), Some(&transaction.id)).await?;
        self.columns = answer.column_metadata.unwrap_or_default();
        self.records = answer.records.unwrap_or_default();
        // What is added to each row for this.
        self.columns.pop();
        for record in &mut self.records {
            record.pop();
        }
        if self.records.is_empty() {
            rest.transaction.commit().await?;
            return Ok(false);
        }
        rest.read += self.records.len();
        self.rest = Some(rest);
        Ok(true)
    }

    /// Turns to no further part.
    ///
    /// # Errors
    /// A [`Failure`] of letting go what the parts had in common; the service does so by itself after a while.
    pub async fn close(self) -> Result<(), Failure> {
        match self.rest {
            Some(rest) => rest.transaction.roll_back().await,
            None => Ok(()),
        }
    }
}

/// As many rows of a query behind the first `read` as a part holds, at least one, if there is one; each with a column
/// more. A query may end with a comment.
fn part(query: &str, read: usize) -> String {
    format!(
        "SELECT * FROM (SELECT answer.*, coalesce(sum(octet_length(to_json(answer)::text)) OVER (ROWS BETWEEN UNBOUNDED \
         PRECEDING AND 1 PRECEDING), 0) AS bytes_before FROM (SELECT * FROM ({query}\n) AS answer OFFSET {read}) AS \
         answer) AS measured WHERE bytes_before < {PART_BYTES}"
    )
}
