//! Text of queries, made so that no text of a request can become a part of one, in the dialect of any store.
//!
//! Text enters an [`Sql`] in three ways: what stands in this program (`&'static str`), names of the model and
//! of the table, and values through the one function by which a [`Dialect`] writes them. There is no way in for any
//! other string, and none from the text of one dialect into that of another.
//!
//! Pure: no I/O, and no store. The dialects are beside what else is known of their stores.

pub mod columns;
mod name;
pub mod panels;
mod value;

use std::fmt::{self, Display, Formatter, Write};
use std::marker::PhantomData;

use telemetry::canary;

pub use name::{Identifier, TableName, quoted};
pub use value::{Finite, Literal};

/// How a store writes SQL.
pub trait Dialect {
    /// Writes a value as text of a query. Whatever is in it, it stays a value.
    ///
    /// # Errors
    /// Those of `out`.
    fn literal(literal: &Literal, out: &mut impl Write) -> fmt::Result;
}

/// A value as text of a query.
pub fn literal<D: Dialect>(literal: &Literal) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = D::literal(literal, &mut text);
    text
}

/// Text as text of a query.
pub fn text<D: Dialect>(text: &str) -> String {
    literal::<D>(&Literal::Text(text.to_owned()))
}

/// The condition that leaves [canaries](telemetry::canary) out, by the column of the device.
pub fn without_canaries<D: Dialect>(device: &Identifier) -> String {
    format!("{device} NOT LIKE {}", text::<D>(canary::PATTERN))
}

/// The condition for devices whose names begin with `prefix`, in which `%` and `_` stand for others.
pub fn named_like<D: Dialect>(device: &Identifier, prefix: &str) -> String {
    format!("{device} LIKE {}", text::<D>(&format!("{prefix}%")))
}

/// A query of a dialect, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sql<D>(String, PhantomData<D>);

impl<D: Dialect> Sql<D> {
    /// Starts with text of this program.
    pub fn new(text: &'static str) -> Self {
        Self(text.to_owned(), PhantomData)
    }

    /// Text of this program.
    pub fn text(&mut self, text: &'static str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    /// A part that was made apart.
    pub fn part(&mut self, part: &Self) -> &mut Self {
        self.0.push_str(&part.0);
        self
    }

    /// Parts, with text of this program between them.
    pub fn joined<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a Self>,
        between: &'static str,
    ) -> &mut Self
    where
        D: 'a,
    {
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                self.0.push_str(between);
            }
            self.0.push_str(&part.0);
        }
        self
    }

    /// A name of the model.
    pub fn identifier(&mut self, name: &Identifier) -> &mut Self {
        self.0.push_str(name.as_str());
        self
    }

    /// The table.
    pub fn table(&mut self, table: &TableName) -> &mut Self {
        self.0.push_str(table.as_str());
        self
    }

    /// A number that this program counts with: an index, a limit.
    pub fn count(&mut self, number: usize) -> &mut Self {
        // Writing to a string does not fail.
        let _ = write!(self.0, "{number}");
        self
    }

    /// A value.
    pub fn literal(&mut self, literal: &Literal) -> &mut Self {
        let _ = D::literal(literal, &mut self.0);
        self
    }

    /// The text, to be sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<D> Display for Sql<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
