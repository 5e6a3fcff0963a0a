//! Where a table has what a device measures, by the layout of its records. The names are the same in every store.

use telemetry::{Measure, MeasureType, RecordLayout};

use crate::Identifier;

/// Where the values of a measure are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// The same, in quotes.
    pub identifier: Identifier,
    /// The type of the column that has the values of all records with one measure of it; `None`: the column is
    /// called like the measure.
    pub shared: Option<MeasureType>,
    /// `measure_name` of the records that have it.
    pub record: String,
}

/// The column of the values of all records with one measure of a type.
pub const fn shared_name(kind: MeasureType) -> &'static str {
    match kind {
        MeasureType::Double => "measure_value::double",
        MeasureType::Bigint => "measure_value::bigint",
        MeasureType::Boolean => "measure_value::boolean",
        MeasureType::Varchar => "measure_value::varchar",
        MeasureType::Timestamp => "measure_value::timestamp",
    }
}

impl Column {
    /// Where records of `layout` have `measure`.
    pub fn of(measure: &Measure, layout: &RecordLayout) -> Self {
        let shared = match (layout, measure.kind) {
            // A timestamp is stored in a record of several measures, even if it is the only one.
            (RecordLayout::Multi { .. }, _) | (RecordLayout::Single, MeasureType::Timestamp) => None,
            (RecordLayout::Single, kind) => Some(kind),
        };
        let name = shared.map_or_else(|| measure.name.clone(), |kind| shared_name(kind).to_owned());
        let record = match layout {
            RecordLayout::Multi { name } => name.clone(),
            RecordLayout::Single => measure.name.clone(),
        };
        Self { identifier: Identifier::quoting(&name), name, shared, record }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_a_column_or_in_the_column_of_its_type() {
        let multi = RecordLayout::Multi { name: "m".into() };
        for (layout, kind, name, record) in [
            (&multi, MeasureType::Double, "v", "m"),
            (&multi, MeasureType::Timestamp, "v", "m"),
            (&RecordLayout::Single, MeasureType::Varchar, "measure_value::varchar", "v"),
            (&RecordLayout::Single, MeasureType::Timestamp, "v", "v"),
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
            assert_eq!((&*column.name, &*column.record), (name, record), "{kind:?}");
            assert_eq!(column.shared.is_none(), name == "v", "{kind:?}");
        }
    }
}
