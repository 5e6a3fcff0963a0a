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
    result::ResultSet,
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

    const ROOM: usize = 1_000_000;
    /// How often the service lets a token be used.
    const USES: usize = 5;

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
            prop_assert_eq!(all(&Pages::within(ROOM), count, &sizes, first_page), expected);
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
        let pages = Pages::within(ROOM);
        let first = pages.first("q", numbers(12), Some(3), FirstPage::Rows).unwrap();
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

    /// A query of two pages, of which the second is `size` bytes; answers its token.
    fn begun(pages: &Pages, query: &str, size: usize) -> Result<String, Failure> {
        let rows = Rows::Ready(vec![json!("first"), json!("x".repeat(size))]);
        let result = ResultSet { columns: Vec::new(), rows, bytes_scanned: 0 };
        let first = pages.first(query, result, Some(1), FirstPage::Rows)?;
        Ok(first["NextToken"].as_str().expect("a token").to_owned())
    }

    #[test]
    fn results_give_way_to_newer_ones_the_one_read_longest_ago_first() {
        let pages = Pages::within(10_000);
        let tokens: Vec<_> = ["a", "b", "c"].map(|query| begun(&pages, query, 3_000).unwrap()).into();
        // What is read is not the oldest any more. Its rest stays unread: an empty page of it is asked for.
        pages.lock().take_up(read_token(&tokens[0]).unwrap().0, "a", 0).expect("a good token");
        let newer = begun(&pages, "d", 3_000).unwrap();
        assert_eq!(pages.next("b", &tokens[1], None), Err(invalid()), "released");
        for (query, token) in [("a", &tokens[0]), ("c", &tokens[2]), ("d", &newer)] {
            assert_eq!(pages.next(query, token, None).unwrap()["Rows"][0], "x".repeat(3_000), "{query}");
        }
    }

    #[test]
    fn however_many_queries_stay_unfinished_the_bound_holds() {
        let pages = Pages::within(100_000);
        for size in (0..500).map(|index| index * 37 % 20_000) {
            begun(&pages, "q", size).unwrap();
            assert!(pages.lock().bytes() <= 100_000);
        }
    }

    #[test]
    fn a_result_that_never_fits_is_refused_with_what_to_do() {
        let pages = Pages::within(10_000);
        let kept = begun(&pages, "q", 3_000).unwrap();
        let refused = begun(&pages, "q", 20_000).expect_err("too large");
        assert!(refused.to_string().contains("--unfinished-mb"), "{refused}");
        // It released nothing, and one page of any size needs no room.
        assert!(pages.next("q", &kept, None).is_ok());
        let rows = Rows::Ready(vec![json!("x".repeat(20_000))]);
        let result = ResultSet { columns: Vec::new(), rows, bytes_scanned: 0 };
        assert!(pages.first("q", result, None, FirstPage::Rows).is_ok());
    }

    #[test]
    fn a_result_that_is_read_to_its_end_is_released_and_its_last_page_can_be_asked_for_again() {
        let pages = Pages::within(ROOM);
        let first = pages.first("q", numbers(5_000), Some(4_999), FirstPage::Rows).unwrap();
        let before = pages.lock().bytes();
        let token = first["NextToken"].as_str().unwrap();
        let last = pages.next("q", token, None).unwrap();
        assert_eq!((&last["Rows"], last.get("NextToken")), (&json!([4_999]), None));
        assert!(pages.lock().bytes() * 100 < before);
        for _ in 1..USES {
            assert_eq!(pages.next("q", token, None).as_ref(), Ok(&last));
        }
        assert_eq!(pages.next("q", token, None), Err(invalid()));
        assert!(!pages.cancel(first["QueryId"].as_str().unwrap()), "it was read to its end");
    }

    #[test]
    fn parts_of_one_buffer_are_counted_once() {
        use datafusion::arrow::array::{Int64Array, RecordBatch};
        let column = std::sync::Arc::new(Int64Array::from_iter_values(0..100_000)) as _;
        let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
        let parts = (0..100).map(|part| batch.slice(part * 1_000, 1_000)).collect();
        let pages = Pages::within(ROOM);
        let result = ResultSet { columns: Vec::new(), rows: Rows::Computed(parts), bytes_scanned: 0 };
        pages.first("q", result, Some(1), FirstPage::Rows).unwrap();
        let bytes = pages.lock().bytes();
        assert!((800_000..810_000).contains(&bytes), "{bytes}");
    }
}
