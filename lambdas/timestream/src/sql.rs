//! How Timestream writes SQL, and what is asked of a table of it.
//!
//! The dialect is that of [Timestream](https://docs.aws.amazon.com/timestream/latest/developerguide/reference.html),
//! which has no parameters for values.

use std::fmt::{self, Write};

use ::sql::{Dialect, Identifier, Literal, TableName};

use crate::time;

/// The dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timestream;

/// A query or a part of one.
pub type Sql = ::sql::Sql<Timestream>;

/// This is the one place where values become text of a query.
impl Dialect for Timestream {
    fn literal(literal: &Literal, out: &mut impl Write) -> fmt::Result {
        match literal {
            Literal::Text(text) => {
                out.write_char('\'')?;
                for character in text.chars() {
                    if character == '\'' {
                        out.write_char('\'')?;
                    }
                    out.write_char(character)?;
                }
                out.write_char('\'')
            }
            // The least integer is no literal: its digits are read before its sign.
            Literal::Bigint(i64::MIN) => write!(out, "CAST('{}' AS BIGINT)", i64::MIN),
            Literal::Bigint(number) => write!(out, "{number}"),
            // With an exponent a number is a double, without one a decimal.
            Literal::Double(number) => write!(out, "{:e}", number.get()),
            Literal::Boolean(true) => out.write_str("TRUE"),
            Literal::Boolean(false) => out.write_str("FALSE"),
            Literal::Timestamp(nanoseconds) | Literal::RowTime(nanoseconds) => {
                write!(out, "TIMESTAMP '{}'", time::text(*nanoseconds))
            }
        }
    }
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
    sql.table(table).text(" WHERE time = ").literal(&Literal::RowTime(0)).text(" LIMIT 1");
    sql
}

#[cfg(test)]
mod tests {
    use ::sql::{Finite, named_like, without_canaries};
    use telemetry::Device;

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
    }

    #[test]
    fn devices_are_chosen_by_their_names() {
        let device = Identifier::device(&Device {
            dimension: "DeviceID".into(),
            field: String::new(),
            topic_segments: Vec::new(),
        });
        assert_eq!(named_like::<Timestream>(&device, "it's"), "\"DeviceID\" LIKE 'it''s%'");
        assert_eq!(without_canaries::<Timestream>(&device), "\"DeviceID\" NOT LIKE 'sluice-canary%'");
        assert_eq!(
            devices(&TableName::new("d", "t"), &device, 60, &without_canaries::<Timestream>(&device)),
            "SELECT DISTINCT \"DeviceID\" FROM \"d\".\"t\" WHERE time > ago(60s) AND \"DeviceID\" NOT LIKE 'sluice-canary%'"
        );
    }
}
