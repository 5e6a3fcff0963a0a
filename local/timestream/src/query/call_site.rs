//! Names of functions that carry the place of the call through the planner, which knows functions only by name.

use std::fmt;

use super::failure::Position;

/// Separates the parts of a name; no query can contain it in a function's name.
const SEPARATOR: char = '\0';

/// A function as called at a place of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// The function's name, in lower case.
    pub name: String,
    /// Where it is called.
    pub at: Position,
}

impl fmt::Display for CallSite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, at } = self;
        write!(formatter, "{name}{SEPARATOR}{}{SEPARATOR}{}", at.line, at.column)
    }
}

impl CallSite {
    /// Reads a name as [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(SEPARATOR);
        let name = parts.next()?.to_owned();
        let line = parts.next()?.parse().ok()?;
        let column = parts.next()?.parse().ok()?;
        Some(Self { name, at: Position { line, column } })
    }
}
