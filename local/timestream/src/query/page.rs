//! Pages of results, and the tokens that continue them.
//!
//! Results stay in memory ([`super::unfinished`]), so that every page shows the same moment. As the service has it,
//! a token returns the same rows up to five times and for an hour, and becomes invalid once a later one is used.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Query.html>

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::{
    failure::Failure,
    result::{ResultSet, Rows},
    unfinished::{Kept, Unfinished},
};

/// Bytes of rows in one page.
const PAGE_BYTES: usize = 1_000_000;
/// The service meters at least this much for a query.
const LEAST_BYTES_METERED: i64 = 10_000_000;

/// What the first answer of a query holds when there are more rows than one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPage {
    /// Rows.
    Rows,
    /// Nothing but a token, which the service may answer at any time.
    Empty,
}

/// A page of a result.
struct Page {
    rows: Vec<Value>,
    /// The index of the first row after it, if there is one.
    next: Option<usize>,
}

/// The results that clients may still page through.
pub struct Pages {
    unfinished: Mutex<Unfinished>,
}

fn invalid() -> Failure {
    Failure::Unplaced("Invalid pagination token".to_owned())
}

impl Pages {
    /// Pages of results that together take at most `bytes` of memory.
    pub fn within(bytes: usize) -> Self {
        Self { unfinished: Mutex::new(Unfinished::within(bytes)) }
    }

    /// Answers a new query.
    pub fn first(
        &self,
        query: &str,
        result: ResultSet,
        max_rows: Option<usize>,
        first_page: FirstPage,
    ) -> Result<Value, Failure> {
        let query_id = new_query_id();
        let page = match first_page {
            FirstPage::Rows => page(&result, 0, max_rows)?,
            FirstPage::Empty => Page { rows: Vec::new(), next: Some(0) },
        };
        let response = response(&query_id, &result, &page);
        if page.next.is_some() {
            self.lock().keep(query_id, query, result)?;
        }
        Ok(response)
    }

    /// Answers the page that a token stands for. The query must be the one that began it.
    pub fn next(&self, query: &str, token: &str, max_rows: Option<usize>) -> Result<Value, Failure> {
        let (query_id, start) = read_token(token).ok_or_else(invalid)?;
        let kept = self.lock().take_up(query_id, query, start).ok_or_else(invalid)?;
        let result = match kept {
            Kept::Whole(result) => result,
            Kept::LastPage(answer) => {
                return serde_json::from_str(&answer).map_err(|error| Failure::Internal(error.to_string()));
            }
        };
        let page = page(&result, start, max_rows)?;
        let response = response(query_id, &result, &page);
        if page.next.is_none() {
            self.lock().finish(query_id, &response);
        }
        Ok(response)
    }

    /// Forgets a result; answers whether it was still unfinished.
    pub fn cancel(&self, query_id: &str) -> bool {
        self.lock().forget(query_id)
    }

    /// A panic elsewhere leaves the list as good as it was.
    fn lock(&self) -> std::sync::MutexGuard<'_, Unfinished> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn page(result: &ResultSet, start: usize, max_rows: Option<usize>) -> Result<Page, Failure> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    let most = max_rows.unwrap_or(usize::MAX);
    for row in result.rows.from(start) {
        let row = row?;
        let size = row.to_string().len();
        if size > PAGE_BYTES {
            return Err(Failure::Unplaced("The size of a row exceeds 1 MB".to_owned()));
        }
        if rows.len() == most || bytes + size > PAGE_BYTES {
            return Ok(Page { next: Some(start + rows.len()), rows });
        }
        bytes += size;
        rows.push(row);
    }
    Ok(Page { rows, next: None })
}

fn response(query_id: &str, result: &ResultSet, page: &Page) -> Value {
    // Questions about what there is are free.
    let metered = match result.rows {
        Rows::Ready(_) => 0,
        Rows::Computed(_) => result.bytes_scanned.max(LEAST_BYTES_METERED),
    };
    let mut response = json!({
        "QueryId": query_id,
        "Rows": page.rows,
        "ColumnInfo": result.columns,
        "QueryStatus": {
            "ProgressPercentage": 100.0,
            "CumulativeBytesScanned": result.bytes_scanned,
            "CumulativeBytesMetered": metered,
        },
    });
    if let (Some(next), Some(fields)) = (page.next, response.as_object_mut()) {
        fields.insert("NextToken".to_owned(), json!(format!("{query_id}.{next}")));
    }
    response
}

fn read_token(token: &str) -> Option<(&str, usize)> {
    let (query_id, start) = token.split_once('.')?;
    Some((query_id, start.parse().ok()?))
}

/// Letters and digits, as the API demands, that nobody guesses.
fn new_query_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016X}{:016X}", random(), random())
}

#[cfg(test)]
mod tests;
