//! How `PostgreSQL` writes SQL here, and what is asked of the table.
//!
//! The dialect is that of [PostgreSQL](https://www.postgresql.org/docs/current/sql.html) since 15. No value has a
//! colon in it: the Data API takes one before a letter for a
//! [parameter](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.calling.html), and says nothing
//! of quotes.

use std::fmt::{self, Write};

use ::sql::{Dialect, Identifier, Literal, TableName};

use crate::time;

/// The dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Postgres;

/// A query or a part of one.
pub type Sql = ::sql::Sql<Postgres>;

/// What stands for a NUL, which no text of `PostgreSQL` has: a noncharacter, which no text has that is for others.
const INSTEAD_OF_NUL: char = '\u{ffff}';

/// This is the one place where values become text of a query.
impl Dialect for Postgres {
    fn literal(literal: &Literal, out: &mut impl Write) -> fmt::Result {
        match literal {
            Literal::Text(text) => {
                // https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-UESCAPE
                let escaped = text.contains([':', '\\']);
                out.write_str(if escaped { "U&'" } else { "'" })?;
                for character in text.chars() {
                    match character {
                        '\'' => out.write_str("''")?,
                        ':' => out.write_str("\\003A")?,
                        '\\' => out.write_str("\\005C")?,
                        '\0' => out.write_char(INSTEAD_OF_NUL)?,
                        _ => out.write_char(character)?,
                    }
                }
                out.write_char('\'')
            }
            // An instant that was measured is stored as its number. The least integer is no literal: its digits are
            // read before its sign.
            Literal::Bigint(number) | Literal::Timestamp(number) => write!(out, "'{number}'::bigint"),
            Literal::RowTime(nanoseconds) => {
                write!(out, "TIMESTAMPTZ '{}'", time::without_colons(*nanoseconds))
            }
            // A number with a point is a decimal.
            Literal::Double(number) => write!(out, "'{:e}'::double precision", number.get()),
            Literal::Boolean(true) => out.write_str("TRUE"),
            Literal::Boolean(false) => out.write_str("FALSE"),
        }
    }
}

/// The instant of a row in nanoseconds since 1970.
pub const NANOSECONDS: &str = "sluice.nanoseconds(time, nanosecond)";

/// The condition for rows between two instants, in nanoseconds since 1970, themselves included. The bounds of the
/// column choose partitions, those of its nanoseconds are exact.
pub fn between(from: i64, to: i64) -> Sql {
    let mut sql = since(from);
    sql.text(" AND time <= ").literal(&Literal::RowTime(to)).text(" AND ").text(NANOSECONDS).text(" <= ");
    sql.literal(&Literal::Bigint(to));
    sql
}

/// The condition for rows from an instant on, in nanoseconds since 1970.
pub fn since(from: i64) -> Sql {
    let mut sql = Sql::new("time >= ");
    sql.literal(&Literal::RowTime(from)).text(" AND ").text(NANOSECONDS).text(" >= ");
    sql.literal(&Literal::Bigint(from));
    sql
}

fn last(seconds: u64) -> String {
    format!("time > now() - interval '{seconds} seconds'")
}

/// The devices of which a table has records of the last `seconds` that fulfil a condition.
pub fn devices(table: &TableName, device: &Identifier, seconds: u64, condition: &str) -> String {
    format!("SELECT DISTINCT {device} FROM {table} WHERE {} AND {condition}", last(seconds))
}

/// How many values of each column the records of the last `seconds` have that fulfil a condition, by their
/// `measure_name`, which comes first.
pub fn counts(table: &TableName, columns: &[Identifier], seconds: u64, condition: &str) -> String {
    let mut selected = vec!["measure_name".to_owned()];
    selected.extend(columns.iter().map(|column| format!("count({column})")));
    let (selected, last) = (selected.join(", "), last(seconds));
    format!("SELECT {selected} FROM {table} WHERE {last} AND {condition} GROUP BY measure_name")
}

/// A query without rows, whose answer names the columns of a table.
pub fn no_rows(table: &TableName) -> Sql {
    let mut sql = Sql::new("SELECT * FROM ");
    sql.table(table).text(" WHERE false");
    sql
}

/// The names of the columns of a table, a row each. Without the table there are none.
pub fn columns(table: &TableName) -> Sql {
    let mut sql = Sql::new("SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(");
    sql.literal(&Literal::Text(table.to_string())).text(") AND attnum > 0 AND NOT attisdropped");
    sql
}

/// How many days a table has partitions for, the first and the last of them, in one row.
pub fn days(table: &TableName) -> Sql {
    let mut sql = Sql::new(
        "SELECT count(*), min(to_date(right(relname, 8), 'YYYYMMDD'))::text, max(to_date(right(relname, 8), \
         'YYYYMMDD'))::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = to_regclass(",
    );
    sql.literal(&Literal::Text(table.to_string())).text(")");
    sql
}

#[cfg(test)]
mod tests {
    use ::sql::Finite;

    use super::*;

    #[test]
    fn literals_keep_their_values_and_have_no_colon() {
        let double = |number| Literal::Double(Finite::new(number).expect("finite"));
        let text = |text: &str| Literal::Text(text.to_owned());
        for (literal, sql) in [
            (text("O'Brien"), "'O''Brien'"),
            (text("' OR 1=1 --"), "''' OR 1=1 --'"),
            (text(r"a\'b"), r"U&'a\005C''b'"),
            (text("a:rows ::b"), r"U&'a\003Arows \003A\003Ab'"),
            (text("\0"), "'\u{ffff}'"),
            (text(""), "''"),
            (Literal::Bigint(i64::MIN), "'-9223372036854775808'::bigint"),
            (Literal::Timestamp(-1), "'-1'::bigint"),
            (double(10.5), "'1.05e1'::double precision"),
            (double(-0.25), "'-2.5e-1'::double precision"),
            (Literal::Boolean(true), "TRUE"),
        ] {
            assert_eq!(Sql::default().literal(&literal).as_str(), sql);
        }
    }

    #[test]
    fn a_range_of_time_is_one_of_partitions_and_exact() {
        assert_eq!(
            between(-1, 1_661_385_600_000_000_001).as_str(),
            "time >= TIMESTAMPTZ '19691231T235959.999999Z' AND sluice.nanoseconds(time, nanosecond) >= '-1'::bigint AND \
             time <= TIMESTAMPTZ '20220825T000000.000000Z' AND sluice.nanoseconds(time, nanosecond) <= \
             '1661385600000000001'::bigint"
        );
    }
}
