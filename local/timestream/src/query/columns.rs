//! Rows of the store as Arrow columns.
//!
//! Column names are in lower case, since identifiers are case-insensitive; the real name travels in the field's
//! metadata.

use std::{collections::HashMap, sync::Arc};

use datafusion::arrow::{
    array::{
        ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder, TimestampNanosecondBuilder,
    },
    datatypes::{Field, Schema, SchemaRef},
};

use super::{failure::Failure, types::Type};
use crate::store::{Column, ColumnKind, Measures, Row, TableSchema, Value, ValueType};

/// The metadata key of a column's real name.
const REAL_NAME: &str = "name";

/// The type of a column.
pub fn type_of(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Dimension | ColumnKind::MeasureName => Type::Varchar,
        ColumnKind::Time => Type::Timestamp,
        ColumnKind::SingleMeasure(value) | ColumnKind::MultiMeasure(value) => match value {
            ValueType::Double => Type::Double,
            ValueType::Bigint => Type::Bigint,
            ValueType::Boolean => Type::Boolean,
            ValueType::Varchar => Type::Varchar,
            ValueType::Timestamp => Type::Timestamp,
        },
    }
}

/// The Arrow schema of a table.
pub fn schema(table: &TableSchema) -> Result<SchemaRef, Failure> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut fields = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        let folded = column.name.to_lowercase();
        if let Some(other) = seen.insert(folded.clone(), &column.name) {
            return Err(Failure::Unplaced(format!(
                "The columns '{other}' and '{}' differ in case only: names in a query would be ambiguous",
                column.name
            )));
        }
        let nullable = column.kind != ColumnKind::Time && column.kind != ColumnKind::MeasureName;
        let metadata = HashMap::from([(REAL_NAME.to_owned(), column.name.clone())]);
        fields.push(Field::new(folded, type_of(column.kind).data_type(), nullable).with_metadata(metadata));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The name of a field as its table has it.
pub fn real_name(field: &Field) -> &str {
    match field.metadata().get(REAL_NAME) {
        Some(real) if real.to_lowercase() == *field.name() => real,
        _ => field.name(),
    }
}

/// The values of one column.
pub fn array(column: &Column, rows: &[Arc<Row>]) -> ArrayRef {
    macro_rules! measures {
        ($builder:expr, $variant:ident) => {{
            let mut builder = $builder;
            for row in rows {
                match measure(column, row) {
                    Some(Value::$variant(value)) => builder.append_value(value.clone()),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    match column.kind {
        ColumnKind::Time => {
            let mut builder = TimestampNanosecondBuilder::with_capacity(rows.len());
            for row in rows {
                builder.append_value(row.time);
            }
            Arc::new(builder.finish())
        }
        ColumnKind::MeasureName => {
            let mut builder = StringBuilder::new();
            for row in rows {
                builder.append_value(&row.series.measure_name);
            }
            Arc::new(builder.finish())
        }
        ColumnKind::Dimension => {
            let mut builder = StringBuilder::new();
            for row in rows {
                builder.append_option(dimension(&column.name, row));
            }
            Arc::new(builder.finish())
        }
        ColumnKind::SingleMeasure(kind) | ColumnKind::MultiMeasure(kind) => match kind {
            ValueType::Double => measures!(Float64Builder::with_capacity(rows.len()), Double),
            ValueType::Bigint => measures!(Int64Builder::with_capacity(rows.len()), Bigint),
            ValueType::Boolean => measures!(BooleanBuilder::with_capacity(rows.len()), Boolean),
            ValueType::Varchar => measures!(StringBuilder::new(), Varchar),
            ValueType::Timestamp => {
                measures!(TimestampNanosecondBuilder::with_capacity(rows.len()), Timestamp)
            }
        },
    }
}

/// Dimensions are sorted by name.
fn dimension<'a>(name: &str, row: &'a Row) -> Option<&'a str> {
    let dimensions = &row.series.dimensions;
    let index = dimensions.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
    dimensions.get(index).map(|(_, value)| value.as_str())
}

/// The value that a row has in a measure's column.
fn measure<'a>(column: &Column, row: &'a Row) -> Option<&'a Value> {
    match (&row.measures, column.kind) {
        (Measures::Single(value), ColumnKind::SingleMeasure(kind)) => {
            (value.value_type() == kind).then_some(value)
        }
        (Measures::Multi(values), ColumnKind::MultiMeasure(_)) => {
            values.iter().find(|(name, _)| *name == column.name).map(|(_, value)| value)
        }
        _ => None,
    }
}
