//! Reads the keys of one table, whatever is wrong with its neighbours.
//!
//! A reader asks for each key by name and type. What it does not ask for is unknown, and is
//! reported with the likely spelling; so no key is ever silently ignored.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use super::document::{At, Document, Entry, Node, Spot, Table, Value};
use super::problem::Fault;
use super::spelling::likely;

/// Why a key does not have the shape that its reader expects.
#[derive(Debug, thiserror::Error)]
enum ShapeFault {
    #[error("is missing")]
    Missing { expected: String },
    #[error("cannot be {found}")]
    Value { found: String, expected: String, likely: Option<String> },
    #[error("is not a key that is known here")]
    Unknown { likely: Option<String>, known: Vec<&'static str> },
    #[error("has no meaning {when}")]
    Pointless { when: &'static str },
}

impl Fault for ShapeFault {
    fn help(&self) -> String {
        match self {
            Self::Missing { expected } => format!("add it: {expected}"),
            Self::Value { expected, likely: None, .. } => format!("write {expected}"),
            Self::Value { expected, likely: Some(likely), .. } => {
                format!("did you mean \"{likely}\"? It is {expected}")
            }
            Self::Unknown { likely, known } => {
                let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                match likely {
                    Some(likely) => format!("did you mean `{likely}`? The keys here are {known}"),
                    None => format!("remove it; the keys here are {known}"),
                }
            }
            Self::Pointless { .. } => "remove it".into(),
        }
    }
}

/// One table of a document, or the place where it should be.
pub(crate) struct Section<'a> {
    document: &'a Document<'a>,
    table: Option<&'a Table>,
    spot: Spot,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// Reads the outermost table.
    pub fn read_root<T>(document: &'a Document<'a>, read: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        Self::new(document, Some(document.root()), Spot { at: At::File, key: String::new() }).finish(read)
    }

    /// Reads the table `name`. Where there is none, `read` finds it empty, so that what has a default
    /// gets it, and what has none is reported.
    pub fn table<T>(&self, name: &'static str, read: impl FnOnce(&Section<'a>) -> Option<T>) -> Option<T> {
        match self.entry(name) {
            None => {
                Self::new(self.document, None, Spot { at: self.spot.at, key: self.path(name) }).finish(read)
            }
            Some(Entry { node, .. }) => self.nested(node, self.path(name))?.finish(read),
        }
    }

    /// Reads the table `name`, if there is one. The outer `None` means that a problem was found.
    #[expect(clippy::option_option, reason = "whether it is sound, and whether it is there")]
    pub fn optional_table<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Section<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.entry(name).is_some() { self.table(name, read).map(Some) } else { Some(None) }
    }

    /// Reads each member of the array of tables `name`, none if there is no such key.
    pub fn tables<T>(&self, name: &'static str, read: impl Fn(&Section<'a>) -> Option<T>) -> Option<Vec<T>> {
        let Some(Entry { node, .. }) = self.entry(name) else { return Some(Vec::new()) };
        let Value::Array(members) = &node.value else {
            self.add(name, mismatch(node, format!("sections `[[{name}]]`"), None));
            return None;
        };
        let read_member =
            |(index, member)| self.nested(member, format!("{}[{index}]", self.path(name)))?.finish(&read);
        // Read all of them before giving up on one.
        let read: Vec<Option<T>> = members.iter().enumerate().map(read_member).collect();
        read.into_iter().collect()
    }

    /// Text.
    pub fn text(&self, name: &'static str) -> Key<'_, 'a, String> {
        self.text_like(name, "text in double quotes")
    }

    /// Text, of which `expected` says what it should look like.
    pub fn text_like(&self, name: &'static str, expected: &str) -> Key<'_, 'a, String> {
        self.key(name, expected.to_owned(), |node| self.as_text(node).ok_or(None))
    }

    /// An integer in a range.
    pub fn integer<N>(&self, name: &'static str, range: RangeInclusive<N>) -> Key<'_, 'a, N>
    where
        N: Copy + PartialOrd + Into<i64> + TryFrom<i64>,
    {
        let (min, max) = ((*range.start()).into(), (*range.end()).into());
        let expected = if max == i64::from(u32::MAX) {
            format!("an integer of at least {}", grouped(min))
        } else {
            format!("an integer from {} to {}", grouped(min), grouped(max))
        };
        self.key(name, expected, |node| match &node.value {
            Value::Integer(_, Some(value)) => {
                N::try_from(*value).ok().filter(|value| range.contains(value)).ok_or(None)
            }
            _ => Err(None),
        })
    }

    /// A number, with or without a fraction.
    pub fn number(&self, name: &'static str) -> Key<'_, 'a, f64> {
        self.number_where(name, "a number", f64::is_finite)
    }

    /// A number of which `holds` is true; `expected` says what that means.
    pub fn number_where(
        &self,
        name: &'static str,
        expected: &str,
        holds: fn(f64) -> bool,
    ) -> Key<'_, 'a, f64> {
        self.key(name, expected.to_owned(), |node| {
            let number = match &node.value {
                Value::Integer(written, _) => written.parse().ok(),
                Value::Float(number) => Some(*number),
                _ => None,
            };
            number.filter(|&number| holds(number)).ok_or(None)
        })
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &'static str) -> Key<'_, 'a, bool> {
        self.key(name, "true or false".into(), |node| match node.value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(None),
        })
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, name: &'static str, choices: &[(&'static str, T)]) -> Key<'_, 'a, T> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let expected =
            if let [word] = &words[..] { word.clone() } else { format!("one of {}", words.join(", ")) };
        self.key(name, expected, |node| {
            let text = self.as_text(node).ok_or(None)?;
            let choice = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            choice.ok_or_else(|| likely(&text, choices.iter().map(|(word, _)| *word)).map(str::to_owned))
        })
    }

    /// Every key of a table in which any key is allowed, with its value, which must be text. What is
    /// none is reported and left out.
    pub fn texts(&self) -> Vec<(String, String)> {
        let read = |(key, entry): (&String, &Entry)| {
            let text = self.as_text(&entry.node);
            if text.is_none() {
                self.add(key, mismatch(&entry.node, "text in double quotes".into(), None));
            }
            Some((key.clone(), text?))
        };
        self.table.into_iter().flatten().filter_map(read).collect()
    }

    /// Every key of a table in which any key is allowed, with what is written there.
    pub fn members(&self) -> impl Iterator<Item = (Spot, &'a str, &'a Value)> {
        let read = |(key, entry): (&'a String, &'a Entry)| {
            (Spot { at: entry.node.at, key: self.path(key) }, key.as_str(), &entry.node.value)
        };
        self.table.into_iter().flatten().map(read)
    }

    /// What is written at a key, which stays unknown.
    pub fn member(&self, name: &str) -> Option<&'a Value> {
        self.table?.get(name).map(|entry| &entry.node.value)
    }

    /// The members of an array, each with its place, none if there is no such key. `expected` says what the
    /// array should look like.
    pub fn array(&self, name: &'static str, expected: &str) -> Option<Vec<(Spot, &'a Value)>> {
        let Some(Entry { node, .. }) = self.entry(name) else { return Some(Vec::new()) };
        let Value::Array(members) = &node.value else {
            self.add(name, mismatch(node, expected.to_owned(), None));
            return None;
        };
        let read = |(index, member): (usize, &'a Node)| {
            (Spot { at: member.at, key: format!("{}[{index}]", self.path(name)) }, &member.value)
        };
        Some(members.iter().enumerate().map(read).collect())
    }

    /// The members of an array of text, each with its place, none if there is no such key. `expected`
    /// says what the array should look like. A member that is no text is reported and left out.
    pub fn list(&self, name: &'static str, expected: &str) -> Option<Vec<(Spot, String)>> {
        let Some(Entry { node, .. }) = self.entry(name) else { return Some(Vec::new()) };
        let Value::Array(members) = &node.value else {
            self.add(name, mismatch(node, expected.to_owned(), None));
            return None;
        };
        let read = |(index, member): (usize, &Node)| {
            let spot = Spot { at: member.at, key: format!("{}[{index}]", self.path(name)) };
            if let Value::Text(text) = &member.value {
                return Some((spot, text.clone()));
            }
            self.document.add(&spot, mismatch(member, "text in double quotes".into(), None));
            None
        };
        Some(members.iter().enumerate().filter_map(read).collect())
    }

    /// Whether the key is there. It is then no longer unknown.
    pub fn has(&self, name: &'static str) -> bool {
        self.entry(name).is_some()
    }

    /// Whether the key is given on the command line.
    pub fn is_override(&self, name: &str) -> bool {
        let entry = self.table.and_then(|table| table.get(name));
        entry.is_some_and(|entry| self.document.typed(entry.node.at).is_some())
    }

    /// Reports the key, if it is there: it would be ignored.
    pub fn refuse(&self, name: &'static str, when: &'static str) {
        if self.has(name) {
            self.add(name, ShapeFault::Pointless { when });
        }
    }

    /// Where the value of a key is, or should be.
    pub fn spot(&self, name: &str) -> Spot {
        let at = self.table.and_then(|table| table.get(name)).map_or(self.spot.at, |entry| entry.node.at);
        Spot { at, key: self.path(name) }
    }

    /// Notes a problem with the value of a key, and goes on.
    pub fn add(&self, name: &str, fault: impl Fault + 'static) {
        self.document.add(&self.spot(name), fault);
    }

    /// Notes a problem with a member of an array, and goes on.
    pub fn add_at(&self, spot: &Spot, fault: impl Fault + 'static) {
        self.document.add(spot, fault);
    }

    /// Notes a problem with the table itself, and goes on.
    pub fn add_here(&self, fault: impl Fault + 'static) {
        self.document.add(&self.spot, fault);
    }

    fn new(document: &'a Document<'a>, table: Option<&'a Table>, spot: Spot) -> Self {
        Self { document, table, spot, known: RefCell::default() }
    }

    fn nested(&self, node: &'a Node, key: String) -> Option<Self> {
        let spot = Spot { at: node.at, key };
        if let Value::Table(table) = &node.value {
            return Some(Self::new(self.document, Some(table), spot));
        }
        self.document.add(&spot, mismatch(node, "a table".into(), None));
        None
    }

    /// Reads, then reports every key that was not asked for.
    fn finish<T>(self, read: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        let value = read(&self);
        let known = self.known.into_inner();
        // A table that was read as a whole has no names of its own.
        if known.is_empty() {
            return value;
        }
        let asked: BTreeSet<&str> = known.iter().copied().collect();
        let mut all_known = true;
        for (key, entry) in self.table.into_iter().flatten().filter(|(key, _)| !asked.contains(key.as_str()))
        {
            all_known = false;
            let likely = likely(key, known.iter().copied());
            if let Some(meant) = likely
                && !self.table.is_some_and(|table| table.contains_key(meant))
            {
                self.document.forget_absent(&join(&self.spot.key, meant));
            }
            let fault = ShapeFault::Unknown { likely: likely.map(str::to_owned), known: known.clone() };
            self.document.add(&Spot { at: entry.key_at, key: join(&self.spot.key, key) }, fault);
        }
        value.filter(|_| all_known)
    }

    fn entry(&self, name: &'static str) -> Option<&'a Entry> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&name) {
            known.push(name);
        }
        self.table?.get(name)
    }

    fn path(&self, name: &str) -> String {
        join(&self.spot.key, name)
    }

    /// The text of a value. On the command line text needs no quotes, even where it looks like a
    /// number, as an account does.
    fn as_text(&self, node: &Node) -> Option<String> {
        match (&node.value, self.document.typed(node.at)) {
            (Value::Text(text), _) => Some(text.clone()),
            (Value::Array(_) | Value::Table(_), _) | (_, None) => None,
            (_, Some(typed)) => Some(typed.to_owned()),
        }
    }

    /// Reads a key with `read`, whose error is what was probably meant.
    fn key<T>(
        &self,
        name: &'static str,
        expected: String,
        read: impl FnOnce(&Node) -> Result<T, Option<String>>,
    ) -> Key<'_, 'a, T> {
        let state = match self.entry(name).map(|entry| &entry.node) {
            None => State::Absent,
            Some(node) => match read(node) {
                Ok(value) => State::Given(value),
                Err(likely) => {
                    self.add(name, mismatch(node, expected.clone(), likely));
                    State::Invalid
                }
            },
        };
        Key { section: self, name, expected, state }
    }
}

/// What is wrong with a value that is not what was expected.
fn mismatch(node: &Node, expected: String, likely: Option<String>) -> ShapeFault {
    ShapeFault::Value { found: node.value.description(), expected, likely }
}

enum State<T> {
    Given(T),
    Absent,
    Invalid,
}

/// A key that was read: it is for the caller to say what its absence means.
#[must_use]
pub(crate) struct Key<'s, 'a, T> {
    section: &'s Section<'a>,
    name: &'static str,
    expected: String,
    state: State<T>,
}

impl<'s, 'a, T> Key<'s, 'a, T> {
    /// Its absence is a problem.
    pub fn required(self) -> Option<T> {
        match self.state {
            State::Given(value) => Some(value),
            State::Invalid => None,
            State::Absent => {
                self.section.add(self.name, ShapeFault::Missing { expected: self.expected });
                None
            }
        }
    }

    /// It has a default.
    pub fn or(self, default: T) -> Option<T> {
        self.optional().map(|value| value.unwrap_or(default))
    }

    /// It may be absent. The outer `None` means that it is wrong.
    #[expect(clippy::option_option, reason = "whether it is sound, and whether it is there")]
    pub fn optional(self) -> Option<Option<T>> {
        match self.state {
            State::Given(value) => Some(Some(value)),
            State::Absent => Some(None),
            State::Invalid => None,
        }
    }

    /// Examines the value further, if there is one.
    pub fn check<F: Fault + 'static>(self, check: impl FnOnce(&T) -> Result<(), F>) -> Self {
        self.read_as(|value| check(&value).map(|()| value))
    }

    /// Makes something else of the value, if there is one.
    pub fn read_as<U, F: Fault + 'static>(self, read: impl FnOnce(T) -> Result<U, F>) -> Key<'s, 'a, U> {
        let Self { section, name, expected, state } = self;
        let state = match state {
            State::Given(value) => match read(value) {
                Ok(value) => State::Given(value),
                Err(fault) => {
                    section.add(name, fault);
                    State::Invalid
                }
            },
            State::Absent => State::Absent,
            State::Invalid => State::Invalid,
        };
        Key { section, name, expected, state }
    }
}

/// `path.name`, in which a name that is not a bare TOML key stands in quotes.
fn join(path: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let name = if bare { name.to_owned() } else { format!("{name:?}") };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

/// A whole number as people write it: `10000` as `10,000`.
pub fn grouped(number: impl fmt::Display) -> String {
    let text = number.to_string();
    let digits = text.trim_start_matches('-');
    let mut out = text[..text.len() - digits.len()].to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
