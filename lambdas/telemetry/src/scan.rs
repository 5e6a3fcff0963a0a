//! Walks over the text of a JSON document, value by value, and hands out what stands there as text.
//!
//! Nothing is built and nothing is converted. What is JSON decides `serde_json`: it has the last word on
//! every text that is refused here, and a test says that both refuse the same.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::kpl;
use crate::reason::{Fault, quoted};

/// Levels of objects and arrays in a message, the message itself included. No message needs them, and
/// parsers in other languages have a limit too.
pub const MAX_DEPTH: usize = 64;

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    /// How many more levels of objects and arrays there may be.
    levels: usize,
}

/// Why a walk ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The text is not JSON.
    Syntax,
    /// A name has an escape sequence that is no character.
    Name,
    /// There are too many levels.
    Deep,
}

/// The text of a message.
pub(crate) fn text(payload: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(payload).map_err(|error| {
        if kpl::is_aggregate(payload) {
            Fault::KplAggregate { detail: "one within another is not taken apart" }
        } else {
            Fault::NotUtf8 { at: error.valid_up_to() }
        }
    })
}

/// Walks over a whole document.
pub(crate) fn document<'a, T>(
    text: &'a str,
    walk: impl FnOnce(&mut Scanner<'a>) -> Result<T, Refused>,
) -> Result<T, Fault> {
    let mut scanner = Scanner::new(text);
    let walked = walk(&mut scanner);
    walked.and_then(|walked| scanner.end().map(|()| walked)).map_err(|refused| fault(text, refused))
}

/// What is wrong with a document that was refused.
fn fault(text: &str, refused: Refused) -> Fault {
    not_json(text).unwrap_or_else(|| match refused {
        Refused::Deep => Fault::NestedTooDeep,
        Refused::Name | Refused::Syntax => {
            Fault::NotJson { detail: "a name has an escape sequence that is no character".to_owned() }
        }
    })
}

/// Why a text is not JSON, at whatever depth; `None` if it is.
pub(crate) fn not_json(text: &str) -> Option<Fault> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    Some(Fault::NotJson { detail: quoted(&error.to_string()) })
}

/// What a JSON value is, for a sentence.
pub(crate) fn found(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') | None => "null",
        _ => "a number",
    }
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, levels: MAX_DEPTH }
    }

    /// The byte with which the next value begins, or whatever is there.
    pub(crate) fn next(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte();
            match byte {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                _ => return byte,
            }
        }
    }

    /// Refuses whatever is there but white space.
    pub(crate) fn end(&mut self) -> Result<(), Refused> {
        self.next().map_or(Ok(()), |_| Err(Refused::Syntax))
    }

    /// Walks over a value, and gives its text.
    pub(crate) fn value(&mut self) -> Result<&'a str, Refused> {
        let first = self.next();
        let start = self.at;
        self.skip(first)?;
        Ok(&self.text[start..self.at])
    }

    /// Walks over an object. `member` walks over each name and value.
    pub(crate) fn object(
        &mut self,
        member: impl FnMut(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        self.sequence(b'{', b'}', member)
    }

    /// Walks over the name of a member and the colon behind it, and gives the name.
    pub(crate) fn name(&mut self) -> Result<Cow<'a, str>, Refused> {
        let (quoted, escaped) = self.quoted_name()?;
        Ok(if escaped {
            Cow::Owned(serde_json::from_str(quoted).map_err(|_| Refused::Name)?)
        } else {
            Cow::Borrowed(&quoted[1..quoted.len() - 1])
        })
    }

    /// Walks over the name of a member and the colon behind it, if it is written as `name`, in which are
    /// neither quotes nor backslashes.
    pub(crate) fn name_is(&mut self, name: &str) -> Result<bool, Refused> {
        self.next();
        let rest = self.text.as_bytes()[self.at..].strip_prefix(b"\"");
        let behind = rest.and_then(|rest| rest.strip_prefix(name.as_bytes()));
        if behind.is_none_or(|behind| behind.first() != Some(&b'"')) {
            return Ok(false);
        }
        self.at += name.len() + 2;
        self.next();
        self.take(b':').map(|()| true)
    }

    /// Walks over an array. `element` walks over each element.
    pub(crate) fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        self.sequence(b'[', b']', element)
    }

    fn sequence(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        self.next();
        self.take(open)?;
        self.levels = self.levels.checked_sub(1).ok_or(Refused::Deep)?;
        if self.next() != Some(close) {
            loop {
                item(self)?;
                if self.next() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.levels += 1;
        self.take(close)
    }

    /// Walks over a name and the colon behind it. Gives the name in its quotes, and whether there is an
    /// escape sequence in it.
    fn quoted_name(&mut self) -> Result<(&'a str, bool), Refused> {
        self.next();
        let start = self.at;
        self.take(b'"')?;
        let escaped = self.characters()?;
        let name = &self.text[start..self.at];
        self.next();
        self.take(b':')?;
        Ok((name, escaped))
    }

    fn skip(&mut self, first: Option<u8>) -> Result<(), Refused> {
        match first {
            Some(b'"') => {
                self.at += 1;
                self.characters().map(|_| ())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.sequence(b'{', b'}', |scanner| {
                scanner.quoted_name()?;
                let first = scanner.next();
                scanner.skip(first)
            }),
            Some(b'[') => self.sequence(b'[', b']', |scanner| {
                let first = scanner.next();
                scanner.skip(first)
            }),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(Refused::Syntax),
        }
    }

    /// Walks behind the quote that ends a text, and says whether there is an escape sequence before it.
    fn characters(&mut self) -> Result<bool, Refused> {
        let mut escaped = false;
        loop {
            self.at += plain(&self.text.as_bytes()[self.at..]);
            let byte = self.byte();
            self.at += 1;
            match byte {
                Some(b'"') => return Ok(escaped),
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(Refused::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Refused> {
        let hex = match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(Refused::Syntax),
        };
        self.at += 1;
        for _ in 0..hex {
            if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(Refused::Syntax);
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Refused> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Refused> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Refused::Syntax) }
    }

    fn word(&mut self, word: &str) -> Result<(), Refused> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Refused::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Result<(), Refused> {
        if self.byte() != Some(byte) {
            return Err(Refused::Syntax);
        }
        self.at += 1;
        Ok(())
    }
}

/// How many bytes there are before the first that is a quote, a backslash or a control character.
fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return index * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | ..b' ');
    words.len() * 8 + rest.iter().take_while(|byte| is_plain(byte)).count()
}

/// Eight bytes at once: the highest bit of the first that is no plain character, the lowest of all, is set.
/// Of those behind it, other bits may be.
const fn special(word: u64) -> u64 {
    /// A byte, eight times.
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(each(1)) & !word
    }
    let control = word.wrapping_sub(each(b' ')) & !word;
    (control | zeros(word ^ each(b'"')) | zeros(word ^ each(b'\\'))) & each(0x80)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_json_or_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let (deepest, too_deep) = (nested(MAX_DEPTH), nested(MAX_DEPTH + 1));
        let table = [
            (r#" {"a" : [1, -0.5e+3, "\u00e4\\", true, false, null, {}, []]}"#, Ok(())),
            (deepest.as_str(), Ok(())),
            (too_deep.as_str(), Err(Refused::Deep)),
            ("", Err(Refused::Syntax)),
            ("{", Err(Refused::Syntax)),
            ("[1,]", Err(Refused::Syntax)),
            (r#"{"a":1,}"#, Err(Refused::Syntax)),
            ("{a:1}", Err(Refused::Syntax)),
            ("01", Err(Refused::Syntax)),
            ("1.", Err(Refused::Syntax)),
            ("-", Err(Refused::Syntax)),
            ("1e", Err(Refused::Syntax)),
            (r#""\x""#, Err(Refused::Syntax)),
            (r#""\u00g0""#, Err(Refused::Syntax)),
            ("\"\t\"", Err(Refused::Syntax)),
            ("nul", Err(Refused::Syntax)),
            ("1 2", Err(Refused::Syntax)),
        ];
        for (text, expected) in table {
            let mut scanner = Scanner::new(text);
            let walked = scanner.value().and_then(|_| scanner.end());
            assert_eq!(walked, expected, "{text}");
        }
    }

    #[test]
    fn plain_bytes_end_where_one_is_not() {
        for at in 0..20 {
            for byte in 0..=u8::MAX {
                let mut bytes = [b'x'; 20];
                bytes[at] = byte;
                let special = matches!(byte, b'"' | b'\\' | ..b' ');
                assert_eq!(plain(&bytes), if special { at } else { 20 }, "{byte} at {at}");
                if !special {
                    bytes[19] = b'"';
                }
                assert_eq!(plain(&bytes), if special { at } else { 19 }, "{byte} at {at}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_json_is_what_serde_json_takes(text in r#"[ \[\]\{\}:,"\\0-3eE.+\-truefalsn\x00é]{0,12}"#) {
            let walked = document(&text, |scanner| scanner.value().map(|_| ()));
            prop_assert_eq!(walked.is_ok(), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{:?}", text);
        }

        #[test]
        fn what_is_left_of_json_is_what_serde_json_takes(at in 0..42_usize, byte in 0..128_u8) {
            let mut text = br#"{"a": [1.5e3, -0, "\u00e4x"], "b": {"c": null}}"#.to_vec();
            text[at] = byte;
            let text = String::from_utf8(text).expect("ASCII");
            let walked = document(&text, |scanner| scanner.value().map(|_| ()));
            prop_assert_eq!(walked.is_ok(), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{:?}", text);
        }
    }
}
