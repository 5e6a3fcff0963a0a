//! Where a table has what a device measures, by the layout of its records.

use telemetry::{Measure, MeasureType, RecordLayout};

use crate::sql::{Identifier, Sql};

/// Where the values of a measure are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// The same in a query.
    pub sql: Sql,
    /// `measure_name` of the records that have it.
    pub record: String,
}

impl Column {
    /// Where records of `layout` have `measure`.
    pub fn of(measure: &Measure, layout: &RecordLayout) -> Self {
        let named = || {
            let mut sql = Sql::default();
            sql.identifier(&Identifier::measure(measure));
            (measure.name.clone(), sql)
        };
        let typed = |column: &'static str| (column.to_owned(), Sql::new(column));
        let (name, sql) = match (layout, measure.kind) {
            // A timestamp is stored in a record of several measures, even if it is the only one.
            (RecordLayout::Multi { .. }, _) | (RecordLayout::Single, MeasureType::Timestamp) => named(),
            (RecordLayout::Single, MeasureType::Double) => typed("measure_value::double"),
            (RecordLayout::Single, MeasureType::Bigint) => typed("measure_value::bigint"),
            (RecordLayout::Single, MeasureType::Boolean) => typed("measure_value::boolean"),
            (RecordLayout::Single, MeasureType::Varchar) => typed("measure_value::varchar"),
        };
        let record = match layout {
            RecordLayout::Multi { name } => name.clone(),
            RecordLayout::Single => measure.name.clone(),
        };
        Self { name, sql, record }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_a_column_or_the_column_of_its_type() {
        let multi = RecordLayout::Multi { name: "m".into() };
        for (layout, kind, sql, record) in [
            (&multi, MeasureType::Double, "\"v\"", "m"),
            (&multi, MeasureType::Timestamp, "\"v\"", "m"),
            (&RecordLayout::Single, MeasureType::Varchar, "measure_value::varchar", "v"),
            (&RecordLayout::Single, MeasureType::Timestamp, "\"v\"", "v"),
        ] {
            let measure = Measure {
                name: "v".into(),
                field: "v".into(),
                kind,
                unit: None,
                normal: None,
                written: telemetry::Written::default(),
            };
            let column = Column::of(&measure, layout);
            assert_eq!((column.sql.as_str(), column.record.as_str()), (sql, record), "{kind:?}");
        }
    }
}
