//! Names in queries, always in quotes.

use std::fmt::{self, Display, Formatter};

use telemetry::{Device, Dimension, Measure};

/// A name of the model, in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier(String);

/// A table: `"database"."table"`, or `"schema"."table"`. The names come from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName(String);

/// A name, in quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Identifier {
    pub(crate) fn quoting(name: &str) -> Self {
        Self(quoted(name))
    }

    /// The dimension that names the device.
    pub fn device(device: &Device) -> Self {
        Self::quoting(&device.dimension)
    }

    /// A dimension.
    pub fn dimension(dimension: &Dimension) -> Self {
        Self::quoting(&dimension.name)
    }

    /// The column that is called like a measure.
    pub fn measure(measure: &Measure) -> Self {
        Self::quoting(&measure.name)
    }

    /// The text, with its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TableName {
    /// The table of a database, or of a schema in one.
    pub fn new(of: &str, table: &str) -> Self {
        Self(format!("{}.{}", quoted(of), quoted(table)))
    }

    /// The text, with its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Identifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Display for TableName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_quotes() {
        let dimension =
            Dimension { name: "a\"; DROP".into(), field: String::new(), topic_segments: Vec::new() };
        assert_eq!(Identifier::dimension(&dimension).as_str(), "\"a\"\"; DROP\"");
        assert_eq!(TableName::new("d-1", "t\"").as_str(), "\"d-1\".\"t\"\"\"");
    }
}
