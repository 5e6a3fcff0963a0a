//! The rows of a request, as [`sluice.write`](crate::schema::WRITE) takes them: a JSON array of objects, whose
//! members are called like columns.

use ::sql::columns::shared_name;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use telemetry::{DimensionValue, MeasureValue, Measured, Record, Value};

use crate::schema::{MEASURE_NAME, NANOSECOND, TIME, VERSION};
use crate::time;

/// What became of the rows of a request. Those that it does not name are in the table.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Answer {
    /// Indexes of rows that the table has in a higher version.
    pub superseded: Vec<usize>,
    /// Rows that it never takes.
    pub refused: Vec<Refusal>,
}

/// A row that the table never takes.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// Index in the request.
    pub index: usize,
    /// The database's words.
    pub reason: String,
}

/// The text of the parameter `rows`.
///
/// # Errors
/// None in practice: a record has no value that JSON lacks.
pub fn text(records: &[&Record]) -> serde_json::Result<String> {
    struct Rows<'a>(&'a [&'a Record]);
    impl Serialize for Rows<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut rows = serializer.serialize_seq(Some(self.0.len()))?;
            for record in self.0 {
                rows.serialize_element(&Row(record))?;
            }
            rows.end()
        }
    }
    serde_json::to_string(&Rows(records))
}

struct Row<'a>(&'a Record);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { dimensions, measure_name, measured, time, version } = self.0;
        let mut row = serializer.serialize_map(None)?;
        for DimensionValue { name, value } in dimensions.iter() {
            row.serialize_entry(&**name, value)?;
        }
        row.serialize_entry(MEASURE_NAME, &**measure_name)?;
        row.serialize_entry(TIME, &time::text(*time))?;
        row.serialize_entry(NANOSECOND, &time::below(*time))?;
        row.serialize_entry(VERSION, version)?;
        match measured {
            Measured::Single(value) => row.serialize_entry(shared_name(value.kind()), &Cell(value))?,
            Measured::Multi(values) => {
                for MeasureValue { name, value } in values {
                    row.serialize_entry(&**name, &Cell(value))?;
                }
            }
        }
        row.end()
    }
}

struct Cell<'a>(&'a Value);

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Double(value) => serializer.serialize_f64(*value),
            Value::Bigint(value) | Value::Timestamp(value) => serializer.serialize_i64(*value),
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::Varchar(value) => serializer.serialize_str(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_an_object_of_its_columns() {
        let record = |measured, time| Record {
            dimensions: [DimensionValue { name: "device".into(), value: "a\"b".into() }].into(),
            measure_name: "m".into(),
            measured,
            time,
            version: 7,
        };
        let named = |name: &str, value| MeasureValue { name: name.into(), value };
        let several = Measured::Multi(vec![
            named("v", Value::Double(1e300)),
            named("n", Value::Bigint(i64::MIN)),
            named("at", Value::Timestamp(5)),
            named("ok", Value::Boolean(true)),
            named("text", Value::Varchar("ä\n".into())),
        ]);
        for (record, expected) in [
            (
                record(Measured::Single(Value::Double(10.0)), 1_661_385_600_000_000_001),
                r#"{"device":"a\"b","measure_name":"m","time":"2022-08-25T00:00:00.000000Z","nanosecond":1,"version":7,"measure_value::double":10.0}"#,
            ),
            (
                record(several, -1),
                r#"{"device":"a\"b","measure_name":"m","time":"1969-12-31T23:59:59.999999Z","nanosecond":999,"version":7,"v":1e+300,"n":-9223372036854775808,"at":5,"ok":true,"text":"ä\n"}"#,
            ),
        ] {
            assert_eq!(text(&[&record]).expect("JSON"), format!("[{expected}]"));
        }
    }
}
