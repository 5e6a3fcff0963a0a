//! Where pages end, and what they hold meanwhile.

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
