//! Pages of lists. A token is the key of the last entry of its page, so that a page stays right when
//! entries come and go between two requests.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::Deserialize;

use crate::wire::Error;

/// Entries of a page when the request names no number.
pub const DEFAULT: usize = 25;

/// What a request says about pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Entries, at most; none and zero stand for [`DEFAULT`].
    pub max_results: Option<usize>,
    /// What the page before ended with.
    pub next_token: Option<String>,
}

impl Page {
    /// The entries of this page, and the token of the next. `entries` are sorted by their keys.
    pub fn of<'a, T>(
        &self,
        entries: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let size = self.max_results.filter(|size| *size > 0).unwrap_or(DEFAULT);
        let after = self.next_token.as_deref().map(decode).transpose()?;
        let mut rest = entries
            .into_iter()
            .filter(|(key, _)| after.as_deref().is_none_or(|after| *key > after))
            .peekable();
        let mut last = None;
        let mut page = Vec::new();
        for (key, entry) in rest.by_ref().take(size) {
            last = Some(key);
            page.push(entry);
        }
        let next = rest.peek().and(last).map(|key| BASE64.encode(key));
        Ok((page, next))
    }
}

fn decode(token: &str) -> Result<String, Error> {
    let bytes = BASE64.decode(token).ok().filter(|bytes| !bytes.is_empty());
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Error::validation("The nextToken is not valid."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_once() {
        for (count, size) in [(0, None), (1, Some(1)), (7, Some(3)), (25, None), (26, None), (26, Some(0))] {
            let names: Vec<String> = (0..count).map(|number| format!("{number:03}")).collect();
            let mut page = Page { max_results: size, next_token: None };
            let mut seen = Vec::new();
            loop {
                let (entries, next) =
                    page.of(names.iter().map(|name| (name.as_str(), name))).expect("a valid request");
                seen.extend(entries.into_iter().cloned());
                page.next_token = next;
                if page.next_token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, names, "{count} by {size:?}");
        }
    }

    #[test]
    fn made_up_tokens_are_refused() {
        for token in ["", "no token", "_w"] {
            let page = Page { max_results: None, next_token: Some(token.into()) };
            assert!(page.of([("a", 1)]).is_err(), "{token}");
        }
    }
}
