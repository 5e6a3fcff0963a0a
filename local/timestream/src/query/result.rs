//! Results as the API returns them: `ColumnInfo` and `Row`.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/API_query_Query.html>

use std::sync::Arc;

use datafusion::arrow::{
    array::RecordBatch,
    datatypes::{Field, SchemaRef},
};
use serde_json::{Value, json};

use super::{
    columns,
    dialect::OutputName,
    failure::Failure,
    text,
    types::{Datum, Type},
};

/// A complete result, of which pages are cut.
#[derive(Debug)]
pub struct ResultSet {
    /// `ColumnInfo` of each column.
    pub columns: Vec<Value>,
    /// The rows.
    pub rows: Rows,
    /// The bytes that were read for it.
    pub bytes_scanned: i64,
}

/// Rows of a result.
#[derive(Debug)]
pub enum Rows {
    /// Computed: turned into text when they are returned.
    Computed(Vec<RecordBatch>),
    /// Written out.
    Ready(Vec<Value>),
}

impl Rows {
    /// Rows from `start` on, as the API writes them.
    pub fn from(&self, start: usize) -> Box<dyn Iterator<Item = Result<Value, Failure>> + '_> {
        match self {
            Self::Ready(rows) => Box::new(rows.iter().skip(start).cloned().map(Ok)),
            Self::Computed(batches) => {
                let places =
                    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
                Box::new(places.skip(start).map(|(batch, row)| computed(batch, row)))
            }
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Ready(rows) => rows.len(),
            Self::Computed(batches) => batches.iter().map(RecordBatch::num_rows).sum(),
        }
    }
}

fn computed(batch: &RecordBatch, row: usize) -> Result<Value, Failure> {
    let data = batch
        .columns()
        .iter()
        .map(|column| Datum::read(column, row).map(|datum| written(&datum)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::from_engine(&error))?;
    Ok(json!({ "Data": data }))
}

/// `Datum` of a value.
pub fn written(datum: &Datum) -> Value {
    match datum {
        Datum::Array(values) => json!({ "ArrayValue": values.iter().map(written).collect::<Vec<_>>() }),
        Datum::Timeseries(points) => {
            let point = |(time, value): &(i64, Datum)| json!({ "Time": text::timestamp(*time), "Value": written(value) });
            json!({ "TimeSeriesValue": points.iter().map(point).collect::<Vec<_>>() })
        }
        scalar => match text::format(scalar) {
            Some(text) => json!({ "ScalarValue": text }),
            None => json!({ "NullValue": true }),
        },
    }
}

/// `ColumnInfo` of a column.
pub fn column(name: &str, kind: Type) -> Value {
    json!({ "Name": name, "Type": kind.column_type() })
}

/// Names and types of the columns of a computed result.
pub fn describe(fields: &[Arc<Field>], names: &[OutputName]) -> Result<Vec<(String, Type)>, Failure> {
    let listed = listed(names, fields.len());
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let kind = Type::of(field.data_type())
                .ok_or_else(|| Failure::Unplaced("A result of this type is not supported here".to_owned()))?;
            let name = match listed.get(index) {
                Some(OutputName::Typed(name)) => name.clone(),
                Some(OutputName::Anonymous) => format!("_col{index}"),
                Some(OutputName::Wildcard) | None => columns::real_name(field).to_owned(),
            };
            Ok((name, kind))
        })
        .collect()
}

/// The names of `count` columns: a single `*` stands for as many as are left over.
fn listed(names: &[OutputName], count: usize) -> Vec<&OutputName> {
    let wildcards = names.iter().filter(|name| **name == OutputName::Wildcard).count();
    // With several stars nobody can tell which column is whose; all take the names that their tables gave them.
    if wildcards > 1 {
        return vec![&OutputName::Wildcard; count];
    }
    let width = (count + wildcards).saturating_sub(names.len());
    names
        .iter()
        .flat_map(|name| std::iter::repeat_n(name, if *name == OutputName::Wildcard { width } else { 1 }))
        .collect()
}

/// A computed result.
pub fn result_set(
    schema: &SchemaRef,
    names: &[OutputName],
    batches: Vec<RecordBatch>,
    bytes_scanned: i64,
) -> Result<ResultSet, Failure> {
    let fields: Vec<_> = schema.fields().iter().cloned().collect();
    let columns = describe(&fields, names)?.into_iter().map(|(name, kind)| column(&name, kind)).collect();
    Ok(ResultSet { columns, rows: Rows::Computed(batches), bytes_scanned })
}
