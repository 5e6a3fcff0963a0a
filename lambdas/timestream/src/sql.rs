//! Text of queries, made so that no text of a request can become a part of one.
//!
//! Text enters an [`Sql`] in three ways: what stands in this program (`&'static str`), names of the model and
//! of the table, and values through one escaping function. There is no way in for any other string.
//!
//! The dialect is that of [Timestream](https://docs.aws.amazon.com/timestream/latest/developerguide/reference.html),
//! which has no parameters for values.

use std::fmt::{self, Display, Formatter, Write};

use telemetry::{Device, Dimension, Measure, canary};

use crate::time;

/// A query or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sql(String);

/// A name of the model, in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier(String);

/// A value of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text, whatever is in it.
    Text(String),
    /// An integer.
    Bigint(i64),
    /// A finite number.
    Double(Finite),
    /// A truth value.
    Boolean(bool),
    /// An instant, in nanoseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
}

/// A number that is neither NaN nor infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finite(f64);

impl Finite {
    /// `None` for NaN and infinities.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }
}

impl Identifier {
    fn quoted(name: &str) -> Self {
        Self(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    /// The dimension that names the device.
    pub fn device(device: &Device) -> Self {
        Self::quoted(&device.dimension)
    }

    /// A dimension.
    pub fn dimension(dimension: &Dimension) -> Self {
        Self::quoted(&dimension.name)
    }

    /// The column that is called like a measure.
    pub fn measure(measure: &Measure) -> Self {
        Self::quoted(&measure.name)
    }
}

/// A table: `"database"."table"`. The names come from the function's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName(String);

impl TableName {
    /// The table of a database.
    pub fn new(database: &str, table: &str) -> Self {
        Self(format!("{}.{}", Identifier::quoted(database).0, Identifier::quoted(table).0))
    }
}

impl Sql {
    /// Starts with text of this program.
    pub fn new(text: &'static str) -> Self {
        Self(text.to_owned())
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
    ) -> &mut Self {
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
        self.0.push_str(&name.0);
        self
    }

    /// The table.
    pub fn table(&mut self, table: &TableName) -> &mut Self {
        self.0.push_str(&table.0);
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
        let _ = write!(self.0, "{literal}");
        self
    }

    /// The text, to be sent.
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

impl Display for Sql {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// This is the one place where values become text of a query.
impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => {
                f.write_char('\'')?;
                for character in text.chars() {
                    if character == '\'' {
                        f.write_char('\'')?;
                    }
                    f.write_char(character)?;
                }
                f.write_char('\'')
            }
            // The least integer is no literal: its digits are read before its sign.
            Self::Bigint(i64::MIN) => write!(f, "CAST('{}' AS BIGINT)", i64::MIN),
            Self::Bigint(number) => write!(f, "{number}"),
            // With an exponent a number is a double, without one a decimal.
            Self::Double(Finite(number)) => write!(f, "{number:e}"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Timestamp(nanoseconds) => write!(f, "TIMESTAMP '{}'", time::text(*nanoseconds)),
        }
    }
}

/// The condition that leaves [canaries](telemetry::canary) out, by the column of the device.
pub fn without_canaries(device: &Identifier) -> String {
    format!("{device} NOT LIKE {}", Literal::Text(canary::PATTERN.to_owned()))
}

/// The condition for devices whose names begin with `prefix`, in which `%` and `_` stand for others.
pub fn named_like(device: &Identifier, prefix: &str) -> String {
    format!("{device} LIKE {}", Literal::Text(format!("{prefix}%")))
}

/// The devices of which a table has records of the last `seconds` that fulfil a condition.
pub fn devices(table: &TableName, device: &Identifier, seconds: u64, condition: &str) -> String {
    format!("SELECT DISTINCT {device} FROM {table} WHERE time > ago({seconds}s) AND {condition}")
}

/// How many values of each column the records of the last `seconds` have that fulfil a condition, by their
/// `measure_name`, which comes first.
pub fn counts(table: &TableName, columns: &[Identifier], seconds: u64, condition: &str) -> String {
    let mut selected = vec!["measure_name".to_owned()];
    selected.extend(columns.iter().map(|column| format!("count({column})")));
    let selected = selected.join(", ");
    format!(
        "SELECT {selected} FROM {table} WHERE time > ago({seconds}s) AND {condition} GROUP BY measure_name"
    )
}

/// A query without rows, whose answer names the columns of a table: those that were ever written, for the
/// permission to select is enough.
pub fn no_rows(table: &TableName) -> Sql {
    let mut sql = Sql::new("SELECT * FROM ");
    sql.table(table).text(" WHERE time = ").literal(&Literal::Timestamp(0)).text(" LIMIT 1");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_their_values() {
        let double = |number| Literal::Double(Finite::new(number).expect("finite"));
        for (literal, sql) in [
            (Literal::Text("O'Brien".into()), "'O''Brien'"),
            (Literal::Text("' OR 1=1 --".into()), "''' OR 1=1 --'"),
            (Literal::Text(r"a\".into()), r"'a\'"),
            (Literal::Text(String::new()), "''"),
            (Literal::Bigint(-7), "-7"),
            (Literal::Bigint(i64::MIN), "CAST('-9223372036854775808' AS BIGINT)"),
            (double(10.5), "1.05e1"),
            (double(-0.25), "-2.5e-1"),
            (double(0.0), "0e0"),
            (Literal::Boolean(true), "TRUE"),
            (Literal::Timestamp(1_661_385_600_000_000_001), "TIMESTAMP '2022-08-25 00:00:00.000000001'"),
        ] {
            assert_eq!(Sql::default().literal(&literal).as_str(), sql);
        }
        assert_eq!(Finite::new(f64::NAN), None);
    }

    #[test]
    fn names_stay_in_their_quotes() {
        let dimension =
            Dimension { name: "a\"; DROP".into(), field: String::new(), topic_segments: Vec::new() };
        let mut sql = Sql::new("SELECT ");
        sql.identifier(&Identifier::dimension(&dimension)).text(" FROM ").table(&TableName::new("d-1", "t"));
        assert_eq!(sql.as_str(), "SELECT \"a\"\"; DROP\" FROM \"d-1\".\"t\"");
    }

    #[test]
    fn devices_are_chosen_by_their_names() {
        let device = Identifier::device(&Device {
            dimension: "DeviceID".into(),
            field: String::new(),
            topic_segments: Vec::new(),
        });
        assert_eq!(named_like(&device, "it's"), "\"DeviceID\" LIKE 'it''s%'");
        assert_eq!(without_canaries(&device), "\"DeviceID\" NOT LIKE 'sluice-canary%'");
        assert_eq!(
            devices(&TableName::new("d", "t"), &device, 60, &without_canaries(&device)),
            "SELECT DISTINCT \"DeviceID\" FROM \"d\".\"t\" WHERE time > ago(60s) AND \"DeviceID\" NOT LIKE 'sluice-canary%'"
        );
    }
}
