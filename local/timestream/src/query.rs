//! The Query API, over Apache DataFusion.
//!
//! A query passes through: [`dialect`] (text to a statement that means the same to the engine), [`plan`] (names,
//! types, execution), [`result`] and [`page`] (the answer). Whatever is not known to mean the same in Timestream
//! is refused with a `ValidationException` that names it; the engine's own functions and conversions stay out.

mod aggregates;
mod call_site;
mod check;
mod columns;
mod comparison;
mod dialect;
mod documented;
mod failure;
mod functions;
mod lambdas;
mod names;
mod page;
mod plan;
mod result;
mod show;
mod table;
mod text;
mod types;
mod unfinished;
mod unnest;

use std::{io, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{runtime::Handle, sync::oneshot};

use self::{dialect::Statement, failure::Failure, page::Pages, plan::Plan};
use crate::{store::Store, wire};

pub use documented::table as functions_of_the_guide;
pub use page::FirstPage;

/// When this is `empty`, the first answer of every query has no rows but a token, as the service may do at any
/// time: clients prove with it that they go on.
pub const FIRST_PAGE_VARIABLE: &str = "LOCAL_TIMESTREAM_FIRST_PAGE";

/// Characters of a query: 256 KiB.
const MAX_QUERY: usize = 262_144;
/// Rows of a page that a client may ask for.
const MAX_ROWS: i64 = 1_000;
/// MB of results that are kept for their next pages, where nobody says otherwise.
pub const UNFINISHED_MB: u16 = 256;
/// Queries nest, and everything that reads them recurses: a stack on which the longest query fits.
const STACK_BYTES: usize = 256 * 1_024 * 1_024;

/// Answers the operations of the Query API over a store.
pub struct Engine {
    store: Arc<Store>,
    pages: Pages,
    first_page: FirstPage,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueryRequest {
    query_string: String,
    client_token: Option<String>,
    next_token: Option<String>,
    max_rows: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrepareRequest {
    query_string: String,
    validate_only: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CancelRequest {
    query_id: String,
}

impl Engine {
    /// An engine over `store`; its first pages are as [`FIRST_PAGE_VARIABLE`] says.
    pub fn new(store: Arc<Store>) -> Self {
        let first_page = match std::env::var(FIRST_PAGE_VARIABLE).as_deref() {
            Ok("empty") => FirstPage::Empty,
            _ => FirstPage::Rows,
        };
        Self { store, pages: Pages::within(bytes(UNFINISHED_MB)), first_page }
    }

    /// The same engine, which keeps at most this many MB of results for their next pages.
    #[must_use]
    pub fn with_unfinished_mb(mut self, mb: u16) -> Self {
        self.pages = Pages::within(bytes(mb));
        self
    }

    /// The same engine with other first pages.
    #[must_use]
    pub fn with_first_page(mut self, first_page: FirstPage) -> Self {
        self.first_page = first_page;
        self
    }

    /// Answers `Query`, `CancelQuery` and `PrepareQuery`.
    pub async fn handle(&self, operation: &str, body: Value) -> Result<Value, wire::Error> {
        match operation {
            "Query" => self.query(request(body)?).await,
            "PrepareQuery" => self.prepare(request(body)?).await,
            "CancelQuery" => self.cancel(&request::<CancelRequest>(body)?),
            _ => Err(wire::Error::validation(format!("The operation {operation} is not supported."))),
        }
    }

    /// <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Query.html>
    async fn query(&self, request: QueryRequest) -> Result<Value, wire::Error> {
        check_query(&request.query_string)?;
        let max_rows = match request.max_rows {
            None => None,
            Some(rows) if (1..=MAX_ROWS).contains(&rows) => usize::try_from(rows).ok(),
            Some(rows) => {
                return Err(wire::Error::validation(format!(
                    "1 validation error detected: Value '{rows}' at 'maxRows' failed to satisfy constraint: \
                     Member must be between 1 and {MAX_ROWS}"
                )));
            }
        };
        if request.client_token.is_some_and(|token| !(32..=128).contains(&token.chars().count())) {
            return Err(wire::Error::validation(
                "1 validation error detected: Value at 'clientToken' failed to satisfy constraint: \
                 Member must have length between 32 and 128",
            ));
        }
        if let Some(token) = request.next_token {
            return Ok(self.pages.next(&request.query_string, &token, max_rows)?);
        }
        let store = Arc::clone(&self.store);
        let query = request.query_string.clone();
        let result = apart(move |runtime| match dialect::read(&query, &store, store.now())? {
            Statement::Metadata(metadata) => show::answer(&metadata, &store),
            Statement::Select { query, names } => {
                let rows = runtime.block_on(Plan::new(*query, &store)?.run())?;
                result::result_set(&rows.schema, &names, rows.batches, rows.bytes_scanned)
            }
        })
        .await?;
        Ok(self.pages.first(&request.query_string, result, max_rows, self.first_page)?)
    }

    /// <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_PrepareQuery.html>
    async fn prepare(&self, request: PrepareRequest) -> Result<Value, wire::Error> {
        check_query(&request.query_string)?;
        if request.validate_only != Some(true) {
            return Err(wire::Error::validation(
                "PrepareQuery is supported with ValidateOnly set to true only.",
            ));
        }
        let store = Arc::clone(&self.store);
        let query = request.query_string.clone();
        let columns = apart(move |_| match dialect::read(&query, &store, store.now())? {
            Statement::Metadata(_) => Err(Failure::Unplaced("Only SELECT can be prepared".to_owned())),
            Statement::Select { query, names } => {
                result::describe(&Plan::new(*query, &store)?.fields()?, &names)
            }
        })
        .await?;
        let columns: Vec<Value> =
            columns.into_iter().map(|(name, kind)| result::column(&name, kind)).collect();
        Ok(json!({ "QueryString": request.query_string, "Columns": columns, "Parameters": [] }))
    }

    /// <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_CancelQuery.html>
    fn cancel(&self, request: &CancelRequest) -> Result<Value, wire::Error> {
        let id = &request.query_id;
        if id.is_empty() || id.len() > 64 || !id.chars().all(|character| character.is_ascii_alphanumeric()) {
            return Err(wire::Error::validation(format!(
                "1 validation error detected: Value '{id}' at 'queryId' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: [a-zA-Z0-9]+"
            )));
        }
        // A client learns the identifier from the first page: what can be cancelled is the rest.
        let message = if self.pages.cancel(id) {
            format!("Query {id} has been cancelled")
        } else {
            format!("Query {id} is not running")
        };
        Ok(json!({ "CancellationMessage": message }))
    }
}

fn bytes(mb: u16) -> usize {
    usize::from(mb) * 1_000_000
}

fn request<T: for<'de> Deserialize<'de>>(body: Value) -> Result<T, wire::Error> {
    T::deserialize(body)
        .map_err(|error| wire::Error::validation(format!("The request is malformed: {error}")))
}

fn check_query(query: &str) -> Result<(), wire::Error> {
    if query.is_empty() || query.chars().count() > MAX_QUERY {
        return Err(wire::Error::validation(format!(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: \
             Member must have length between 1 and {MAX_QUERY}"
        )));
    }
    Ok(())
}

/// Works on a thread with a stack of its own, so that a query can neither exhaust the stack of the server nor
/// hold up its other requests.
async fn apart<T: Send + 'static>(
    work: impl FnOnce(Handle) -> Result<T, Failure> + Send + 'static,
) -> Result<T, wire::Error> {
    let runtime = Handle::current();
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("query".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let result = work(runtime);
            if let Err(failure) = &result {
                // Nobody is left to tell when the standard error is gone too.
                let _ = failure.report(&mut io::stderr());
            }
            // Nobody waits any more when the client is gone.
            let _ = sender.send(result);
        })
        .map_err(|error| wire::Error::internal(format!("cannot start a query: {error}")))?;
    match receiver.await {
        Ok(result) => Ok(result?),
        Err(_) => Err(wire::Error::internal("The query failed inside of the engine.")),
    }
}
