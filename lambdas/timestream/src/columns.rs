//! How a query names a column of a measure.

use ::sql::columns::Column;
use telemetry::MeasureType;

use crate::sql::Sql;

/// The column in a query. Those of all records with one measure of a type are a word of the dialect, not a name.
pub fn sql(column: &Column) -> Sql {
    match column.shared {
        None | Some(MeasureType::Timestamp) => {
            let mut sql = Sql::default();
            sql.identifier(&column.identifier);
            sql
        }
        Some(MeasureType::Double) => Sql::new("measure_value::double"),
        Some(MeasureType::Bigint) => Sql::new("measure_value::bigint"),
        Some(MeasureType::Boolean) => Sql::new("measure_value::boolean"),
        Some(MeasureType::Varchar) => Sql::new("measure_value::varchar"),
    }
}

#[cfg(test)]
mod tests {
    use telemetry::{Measure, RecordLayout};

    use super::*;

    #[test]
    fn a_column_of_all_measures_of_a_type_is_not_in_quotes() {
        let multi = RecordLayout::Multi { name: "m".into() };
        for (layout, kind, expected) in [
            (&multi, MeasureType::Double, "\"v\""),
            (&RecordLayout::Single, MeasureType::Varchar, "measure_value::varchar"),
            (&RecordLayout::Single, MeasureType::Timestamp, "\"v\""),
        ] {
            let measure = Measure {
                name: "v".into(),
                field: "v".into(),
                kind,
                unit: None,
                normal: None,
                written: telemetry::Written::default(),
            };
            assert_eq!(sql(&Column::of(&measure, layout)).as_str(), expected, "{kind:?}");
        }
    }
}
