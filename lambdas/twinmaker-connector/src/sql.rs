//! Text of queries, made so that no text of a request can become a part of one.
//!
//! Text enters an [`Sql`] in four ways: what stands in this program (`&'static str`), names of the
//! model and of the table, operators of an enum, and values through one escaping function. There is no
//! way in for any other string.
//!
//! The dialect is that of [Timestream](https://docs.aws.amazon.com/timestream/latest/developerguide/reference.html),
//! which has no parameters for values.

use std::fmt::Write;

use telemetry::{Device, Dimension, Measure};

use crate::instant::Instant;

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
    /// An instant.
    Instant(Instant),
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

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=` and `<>`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// What a filter may say.
    pub const EXPECTED: &'static str = "one of =, !=, <>, <, <=, > and >=";

    /// The operator that a filter names.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "!=" | "<>" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether it asks for an order, which truth values do not have.
    pub const fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    /// As it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
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

    /// An operator, with a space on both sides.
    pub fn operator(&mut self, operator: Operator) -> &mut Self {
        self.text(" ").text(operator.symbol()).text(" ")
    }

    /// A number that this program counts with: an index, a limit.
    pub fn count(&mut self, number: usize) -> &mut Self {
        // Writing to a string does not fail.
        let _ = write!(self.0, "{number}");
        self
    }

    /// A value. This is the one place where values become text of a query.
    pub fn literal(&mut self, literal: &Literal) -> &mut Self {
        let sql = &mut self.0;
        let _ = match literal {
            Literal::Text(text) => {
                sql.push('\'');
                for character in text.chars() {
                    if character == '\'' {
                        sql.push('\'');
                    }
                    sql.push(character);
                }
                sql.push('\'');
                Ok(())
            }
            // The least integer is no literal: its digits are read before its sign.
            Literal::Bigint(i64::MIN) => write!(sql, "CAST('{}' AS BIGINT)", i64::MIN),
            Literal::Bigint(number) => write!(sql, "{number}"),
            // With an exponent a number is a double, without one a decimal.
            Literal::Double(Finite(number)) => write!(sql, "{number:e}"),
            Literal::Boolean(true) => write!(sql, "TRUE"),
            Literal::Boolean(false) => write!(sql, "FALSE"),
            Literal::Instant(instant) => write!(sql, "TIMESTAMP '{}'", instant.store_text()),
        };
        self
    }

    /// The text, to be sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
            (
                Literal::Instant(Instant::from_nanos(1_661_385_600_000_000_001)),
                "TIMESTAMP '2022-08-25 00:00:00.000000001'",
            ),
        ] {
            assert_eq!(Sql::default().literal(&literal).as_str(), sql);
        }
        assert_eq!(Finite::new(f64::NAN), None);
    }

    #[test]
    fn names_stay_in_their_quotes() {
        let dimension = Dimension { name: "a\"; DROP".into(), field: String::new() };
        let mut sql = Sql::new("SELECT ");
        sql.identifier(&Identifier::dimension(&dimension)).text(" FROM ").table(&TableName::new("d-1", "t"));
        assert_eq!(sql.as_str(), "SELECT \"a\"\"; DROP\" FROM \"d-1\".\"t\"");
    }

    #[test]
    fn operators_are_those_of_the_enum() {
        for text in ["", " =", "LIKE", "= 1 OR 1 =", "=; --", "IN"] {
            assert_eq!(Operator::parse(text), None, "{text}");
        }
        for (text, sql) in [("=", "="), ("!=", "<>"), ("<>", "<>"), ("<", "<"), (">=", ">=")] {
            assert_eq!(Operator::parse(text).map(Operator::symbol), Some(sql));
        }
    }
}
