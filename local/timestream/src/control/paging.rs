//! Pages of lists. A token is the key of the last entry of its page, so that a page stays right when
//! entries come and go between two requests.

use std::ops::RangeInclusive;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

use crate::wire;

/// Entries of a page that a request may ask for.
const PAGE: RangeInclusive<usize> = 1..=20;

/// What a list is sorted by: database and table, or database and nothing.
pub type Key = (String, String);

/// The entries of the page after `token`, of at most `max_results`, and the token of the next page.
/// `entries` are sorted by their keys.
pub fn page<T>(
    entries: impl IntoIterator<Item = (Key, T)>,
    max_results: Option<usize>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), wire::Error> {
    let size = max_results.unwrap_or(*PAGE.end());
    if !PAGE.contains(&size) {
        return Err(wire::Error::validation(format!(
            "1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value between {} and {}.",
            PAGE.start(),
            PAGE.end(),
        )));
    }
    let after = token.map(decode).transpose()?;
    let mut rest =
        entries.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
    let mut last = None;
    let mut entries = Vec::with_capacity(size);
    for (key, entry) in rest.by_ref().take(size) {
        last = Some(key);
        entries.push(entry);
    }
    let next = rest.peek().and(last).map(|key| encode(&key));
    Ok((entries, next))
}

fn encode((database, table): &Key) -> String {
    // No name contains a slash.
    BASE64.encode(format!("{database}/{table}"))
}

fn decode(token: &str) -> Result<Key, wire::Error> {
    BASE64
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            text.split_once('/').map(|(database, table)| (database.to_owned(), table.to_owned()))
        })
        .ok_or_else(|| wire::Error::validation("The NextToken is not valid."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: usize) -> Vec<(Key, usize)> {
        (0..count).map(|number| ((format!("db{number:02}"), String::new()), number)).collect()
    }

    #[test]
    fn every_entry_once() {
        for (count, size) in [(0, None), (1, Some(1)), (7, Some(3)), (20, None), (21, None), (45, Some(20))] {
            let mut seen = Vec::new();
            let mut token = None;
            loop {
                let (page, next) =
                    page(entries(count), size, token.as_deref()).expect("the request is valid");
                assert!(page.len() <= size.unwrap_or(20));
                seen.extend(page);
                token = next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, (0..count).collect::<Vec<_>>(), "{count} by {size:?}");
        }
    }

    #[test]
    fn entries_that_go_between_pages() {
        let (first, token) = page(entries(6), Some(2), None).expect("the request is valid");
        let without_last_of_first = entries(6).into_iter().filter(|(_, number)| *number != 1);
        let (second, _) = page(without_last_of_first, Some(2), token.as_deref()).expect("the token is valid");
        assert_eq!((first, second), (vec![0, 1], vec![2, 3]));
    }

    #[test]
    fn refused() {
        for (size, token) in
            [(Some(0), None), (Some(21), None), (None, Some("no token")), (None, Some("YWJj"))]
        {
            assert!(page(entries(3), size, token).is_err(), "{size:?} {token:?}");
        }
    }
}
