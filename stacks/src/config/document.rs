//! A TOML text as a tree in which every value knows where it was written.
//!
//! `toml`'s own deserializer stops at the first mistake and forgets positions; this tree is what
//! lets [`Section`](super::Section) report all of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Fault, Place, Problem, Problems};

/// Where a value was written: a [`Place`] without the file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    /// The file as a whole.
    File,
    /// Line and column, counted from 1.
    Line(usize, usize),
    /// The override with this index.
    Override(usize),
}

/// A key and where its value was written.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub at: At,
    pub key: String,
}

/// A value of the tree.
#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    /// An integer as it was written, and its value unless it is too large for one.
    Integer(String, Option<i64>),
    Float(f64),
    Flag(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, for a sentence such as "cannot be 7".
    pub fn description(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(written, _) => written.clone(),
            Self::Float(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Datetime => "a date or time".into(),
            Self::Array(_) => "an array".into(),
            Self::Table(_) => "a table".into(),
        }
    }
}

/// A value and where it was written.
#[derive(Debug)]
pub(crate) struct Node {
    pub at: At,
    pub value: Value,
}

/// The value of a key, and where the key itself was written.
#[derive(Debug)]
pub(crate) struct Entry {
    pub key_at: At,
    pub node: Node,
}

/// The keys of a table.
pub(crate) type Table = BTreeMap<String, Entry>;

/// Why a text is not a tree, or an override does not fit into it.
#[derive(Debug, thiserror::Error)]
enum DocumentFault {
    #[error("not TOML: {0}")]
    Syntax(String),
    #[error("is there twice")]
    Twice,
    #[error("{path:?} is not the path of a key")]
    Path { path: String },
    #[error("lies inside of `{outer}`, which is {found}")]
    Inside { outer: String, found: String },
}

impl Fault for DocumentFault {
    fn help(&self) -> String {
        match self {
            Self::Syntax(_) => {
                "a section is `[name]`, a key is `name = value`, and text stands in double quotes".into()
            }
            Self::Twice => "keep one of them".into(),
            Self::Path { .. } => "write `--set section.key=value`".into(),
            Self::Inside { outer, .. } => format!("set `{outer}` itself"),
        }
    }
}

/// A text on its way to typed values, with the problems found so far.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    file: &'a str,
    overrides: &'a [(String, String)],
    root: Table,
    problems: RefCell<Vec<(At, Problem)>>,
}

impl<'a> Document<'a> {
    /// Parses `text` and lays `overrides` over it. What is not TOML ends here, with every mistake in
    /// the syntax: the keys of half a file say nothing.
    pub fn parse(file: &'a str, text: &str, overrides: &'a [(String, String)]) -> Result<Self, Problems> {
        let lines = LineStarts::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        let root = lines.table(table.into_inner());
        let mut document = Self { file, overrides, root, problems: RefCell::default() };
        let mut broken = false;
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let at = lines.at(&span);
            if error.message() == "duplicate key" {
                let key = text.get(span).unwrap_or_default().to_owned();
                document.add(&Spot { at, key }, DocumentFault::Twice);
            } else {
                broken = true;
                document
                    .add(&Spot { at, key: String::new() }, DocumentFault::Syntax(error.message().to_owned()));
            }
        }
        if broken {
            return Err(document.into_problems());
        }
        for (index, (path, value)) in overrides.iter().enumerate() {
            document.lay_over(At::Override(index), path, value);
        }
        Ok(document)
    }

    /// The outermost table.
    pub fn root(&self) -> &Table {
        &self.root
    }

    /// What was typed after the `=` of an override, if the value is one.
    pub fn typed(&self, at: At) -> Option<&'a str> {
        match at {
            At::Override(index) => self.overrides.get(index).map(|(_, value)| value.as_str()),
            At::File | At::Line(..) => None,
        }
    }

    /// Where something was written, for a sentence.
    pub fn place(&self, at: At) -> Place {
        let file = || self.file.to_owned();
        match at {
            At::File => Place::File { file: file() },
            At::Line(line, column) => Place::Line { file: file(), line, column },
            At::Override(index) => {
                let set = self.overrides.get(index).map(|(key, value)| format!("{key}={value}"));
                Place::Override { set: set.unwrap_or_default() }
            }
        }
    }

    /// Notes a problem and goes on.
    pub fn add(&self, spot: &Spot, fault: impl Fault + 'static) {
        let problem = Problem { place: self.place(spot.at), key: spot.key.clone(), fault: Box::new(fault) };
        self.problems.borrow_mut().push((spot.at, problem));
    }

    /// Forgets what was said about a key that is not there, and about the keys in it: it turned out
    /// to be misspelt, which is the one problem.
    pub fn forget_absent(&self, key: &str) {
        let inside = |other: &str| {
            other.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.problems.borrow_mut().retain(|(_, problem)| !inside(&problem.key));
    }

    /// The value, if nothing is wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if self.problems.borrow().is_empty() => Ok(value),
            _ => Err(self.into_problems()),
        }
    }

    fn into_problems(self) -> Problems {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|(at, a), (other_at, b)| (at, &a.key).cmp(&(other_at, &b.key)));
        Problems {
            file: self.file.to_owned(),
            problems: problems.into_iter().map(|(_, problem)| problem).collect(),
        }
    }

    fn lay_over(&mut self, at: At, path: &str, typed: &str) {
        let Some((last, outer)) = key_path(path).and_then(|mut keys| keys.pop().map(|last| (last, keys)))
        else {
            return self.add(&Spot { at, key: String::new() }, DocumentFault::Path { path: path.to_owned() });
        };
        let mut table = &mut self.root;
        for (depth, key) in outer.iter().enumerate() {
            let empty = || Entry { key_at: at, node: Node { at, value: Value::Table(Table::new()) } };
            match &mut table.entry(key.clone()).or_insert_with(empty).node.value {
                Value::Table(inner) => table = inner,
                other => {
                    let fault = DocumentFault::Inside {
                        outer: outer[..=depth].join("."),
                        found: other.description(),
                    };
                    return self.add(&Spot { at, key: path.to_owned() }, fault);
                }
            }
        }
        table.insert(last, Entry { key_at: at, node: Node { at, value: typed_value(at, typed) } });
    }
}

/// The keys of a dotted path, in which a key may stand in quotes, as in TOML.
fn key_path(path: &str) -> Option<Vec<String>> {
    let text = format!("{path} = 0");
    let mut table = DeTable::parse(&text).ok()?.into_inner();
    let mut keys = Vec::new();
    loop {
        // More than one key: a line break was smuggled in.
        if table.len() != 1 {
            return None;
        }
        let (key, value) = table.into_iter().next()?;
        keys.push(key.into_inner().into_owned());
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            DeValue::Integer(_) => return Some(keys),
            _ => return None,
        }
    }
}

/// A value of the command line: TOML if it is, text otherwise, so that a shell needs no quotes.
fn typed_value(at: At, typed: &str) -> Value {
    match DeValue::parse(typed) {
        Ok(value) => convert(value.into_inner(), &|_| at),
        Err(_) => Value::Text(typed.to_owned()),
    }
}

fn convert(value: DeValue<'_>, at: &dyn Fn(&Range<usize>) -> At) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => {
            let value = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
            Value::Integer(integer.to_string(), value)
        }
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(values) => Value::Array(values.into_iter().map(|value| node(value, at)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, at)),
    }
}

fn convert_table(table: DeTable<'_>, at: &dyn Fn(&Range<usize>) -> At) -> Table {
    let entry = |(key, value): (Spanned<_>, _)| {
        let key_at = at(&key.span());
        (std::borrow::Cow::into_owned(key.into_inner()), Entry { key_at, node: node(value, at) })
    };
    table.into_iter().map(entry).collect()
}

fn node(value: Spanned<DeValue<'_>>, at: &dyn Fn(&Range<usize>) -> At) -> Node {
    Node { at: at(&value.span()), value: convert(value.into_inner(), at) }
}

/// The first character of every line, to turn an offset into a line and a column.
struct LineStarts<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineStarts<'a> {
    fn of(text: &'a str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    fn at(&self, span: &Range<usize>) -> At {
        let line = self.starts.partition_point(|&start| start <= span.start);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or_default();
        let before = self.text.get(start..span.start).unwrap_or_default();
        At::Line(line.max(1), before.chars().count() + 1)
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        convert_table(table, &|span| self.at(span))
    }
}
