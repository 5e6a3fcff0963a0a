//! Pages of results, and the tokens that continue them.
//!
//! Results stay in memory, so that every page shows the same moment. As the service has it, a token returns the
//! same rows up to five times and for an hour, and becomes invalid once a later one is used.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Query.html>

use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{failure::Failure, result::ResultSet};

/// Bytes of rows in one page.
const PAGE_BYTES: usize = 1_000_000;
/// How long a token is good.
const LIFETIME: Duration = Duration::from_hours(1);
/// How often a token is good.
const USES: u32 = 5;
/// Unfinished results that are kept; the oldest gives way.
const KEPT: usize = 256;
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

struct Unfinished {
    query_id: String,
    query: String,
    result: Arc<ResultSet>,
    since: Instant,
    /// The furthest row that a token was used for, and how often.
    furthest: usize,
    uses: u32,
}

/// The results that clients may still page through.
#[derive(Default)]
pub struct Pages {
    unfinished: Mutex<VecDeque<Unfinished>>,
}

fn invalid() -> Failure {
    Failure::Unplaced("Invalid pagination token".to_owned())
}

impl Pages {
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
            let mut unfinished = self.lock();
            unfinished.retain(|one| one.since.elapsed() < LIFETIME);
            if unfinished.len() >= KEPT {
                unfinished.pop_front();
            }
            unfinished.push_back(Unfinished {
                query_id,
                query: query.to_owned(),
                result: Arc::new(result),
                since: Instant::now(),
                furthest: 0,
                uses: 0,
            });
        }
        Ok(response)
    }

    /// Answers the page that a token stands for. The query must be the one that began it.
    pub fn next(&self, query: &str, token: &str, max_rows: Option<usize>) -> Result<Value, Failure> {
        let (query_id, start) = read_token(token).ok_or_else(invalid)?;
        let result = {
            let mut unfinished = self.lock();
            let one = unfinished
                .iter_mut()
                .find(|one| one.query_id == query_id && one.query == query && one.since.elapsed() < LIFETIME)
                .ok_or_else(invalid)?;
            let again = one.furthest == start && one.uses > 0;
            if start < one.furthest || (again && one.uses >= USES) || start > one.result.rows.len() {
                return Err(invalid());
            }
            one.uses = if again { one.uses + 1 } else { 1 };
            one.furthest = start;
            Arc::clone(&one.result)
        };
        let page = page(&result, start, max_rows)?;
        Ok(response(query_id, &result, &page))
    }

    /// Forgets a result; answers whether it was still unfinished.
    pub fn cancel(&self, query_id: &str) -> bool {
        let mut unfinished = self.lock();
        let before = unfinished.len();
        unfinished.retain(|one| one.query_id != query_id);
        unfinished.len() < before
    }

    /// A panic elsewhere leaves the list as good as it was.
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Unfinished>> {
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
    let mut response = json!({
        "QueryId": query_id,
        "Rows": page.rows,
        "ColumnInfo": result.columns,
        "QueryStatus": {
            "ProgressPercentage": 100.0,
            "CumulativeBytesScanned": result.bytes_scanned,
            "CumulativeBytesMetered": result.bytes_scanned.max(LEAST_BYTES_METERED),
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
mod tests {
    use super::*;
    use crate::query::result::Rows;
    use proptest::prelude::*;

    fn numbers(count: usize) -> ResultSet {
        let rows = (0..count).map(|row| json!(row)).collect();
        ResultSet { columns: Vec::new(), rows: Rows::Ready(rows), bytes_scanned: 0 }
    }

    fn all(pages: &Pages, count: usize, max_rows: &[usize], first_page: FirstPage) -> Vec<Value> {
        let mut sizes = max_rows.iter().copied().cycle();
        let mut response = pages.first("q", numbers(count), sizes.next(), first_page).unwrap();
        let mut rows = response["Rows"].as_array().unwrap().clone();
        while let Some(token) = response.get("NextToken").and_then(Value::as_str) {
            response = pages.next("q", token, sizes.next()).unwrap();
            rows.extend(response["Rows"].as_array().unwrap().clone());
        }
        rows
    }

    proptest! {
        #[test]
        fn every_row_comes_exactly_once(
            count in 0_usize..60,
            sizes in proptest::collection::vec(1_usize..20, 1..4),
            empty in proptest::bool::ANY,
        ) {
            let first_page = if empty { FirstPage::Empty } else { FirstPage::Rows };
            let expected: Vec<Value> = (0..count).map(|row| json!(row)).collect();
            prop_assert_eq!(all(&Pages::default(), count, &sizes, first_page), expected);
        }
    }

    #[test]
    fn pages_stay_below_a_megabyte() {
        let row = json!("x".repeat(300_000));
        let rows = Rows::Ready(vec![row; 7]);
        let result = ResultSet { columns: Vec::new(), rows, bytes_scanned: 0 };
        let first = page(&result, 0, None).unwrap();
        assert_eq!((first.rows.len(), first.next), (3, Some(3)));
        let last = page(&result, 6, None).unwrap();
        assert_eq!((last.rows.len(), last.next), (1, None));
    }

    #[test]
    fn tokens_are_good_for_their_query_until_a_later_one_is_used() {
        let pages = Pages::default();
        let first = pages.first("q", numbers(9), Some(3), FirstPage::Rows).unwrap();
        let token = first["NextToken"].as_str().unwrap();
        assert_eq!(pages.next("other", token, Some(3)), Err(invalid()));
        let mut second = Value::Null;
        for _ in 0..USES {
            second = pages.next("q", token, Some(3)).unwrap();
            assert_eq!(second["Rows"], json!([3, 4, 5]));
        }
        assert_eq!(pages.next("q", token, Some(3)), Err(invalid()));
        let later = second["NextToken"].as_str().unwrap();
        assert_eq!(pages.next("q", later, Some(3)).unwrap()["Rows"], json!([6, 7, 8]));
        assert_eq!(pages.next("q", token, Some(3)), Err(invalid()));
        for made_up in ["", "x", "x.1", "x.y", &format!("{}.99", first["QueryId"].as_str().unwrap())] {
            assert_eq!(pages.next("q", made_up, None), Err(invalid()), "{made_up}");
        }
        assert!(pages.cancel(first["QueryId"].as_str().unwrap()));
        assert_eq!(pages.next("q", later, Some(3)), Err(invalid()));
    }
}
