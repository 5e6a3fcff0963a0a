//! Answers of `SHOW` and `DESCRIBE`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use serde_json::{Value, json};

use super::{
    columns,
    dialect::Metadata,
    failure::Failure,
    functions::matches_like,
    names,
    result::{ResultSet, Rows, column},
    types::Type,
};
use crate::store::{ColumnKind, Measures, Store};

/// Answers the statement.
pub fn answer(statement: &Metadata, store: &Store) -> Result<ResultSet, Failure> {
    match statement {
        Metadata::Databases { like } => {
            let names = matching(store.databases(), like.as_deref())?;
            Ok(list("Database", &names))
        }
        Metadata::Tables { database, like } => {
            let databases = match database {
                Some((name, at)) => vec![names::database(store, name, name, *at)?],
                None => store.databases(),
            };
            let mut tables = Vec::new();
            for database in databases {
                tables.extend(store.tables(&database)?);
            }
            Ok(list("Table", &matching(tables, like.as_deref())?))
        }
        Metadata::Measures { table, like } => measures(store, &found(store, table)?, like.as_deref()),
        Metadata::Columns { table } => describe(store, &found(store, table)?),
    }
}

fn found(store: &Store, name: &super::dialect::TableName) -> Result<names::Found, Failure> {
    let identifier = format!("{}.{}", name.database, name.table);
    names::table(store, &name.database, &name.table, &identifier, name.at)
}

fn matching(names: Vec<String>, like: Option<&str>) -> Result<Vec<String>, Failure> {
    let Some(pattern) = like else { return Ok(names) };
    let mut kept = Vec::new();
    for name in names {
        if matches_like(&name, pattern, None).map_err(Failure::Unplaced)? {
            kept.push(name);
        }
    }
    Ok(kept)
}

fn text(value: &str) -> Value {
    json!({ "ScalarValue": value })
}

fn ready(columns: Vec<Value>, rows: Vec<Vec<Value>>) -> ResultSet {
    let rows = rows.into_iter().map(|data| json!({ "Data": data })).collect();
    ResultSet { columns, rows: Rows::Ready(rows), bytes_scanned: 0 }
}

fn list(name: &str, values: &[String]) -> ResultSet {
    let rows = values.iter().map(|value| vec![text(value)]).collect();
    ready(vec![column(name, Type::Varchar)], rows)
}

/// One row for each measure name and type, with the dimensions that its series have.
fn measures(store: &Store, table: &names::Found, like: Option<&str>) -> Result<ResultSet, Failure> {
    let snapshot = store.snapshot(&table.database, &table.table, RangeInclusive::new(i64::MIN, i64::MAX))?;
    let mut found: BTreeMap<(String, &'static str), BTreeSet<String>> = BTreeMap::new();
    for row in &snapshot.rows {
        let kind = match &row.measures {
            Measures::Single(value) => value.value_type().column_suffix(),
            Measures::Multi(_) => "multi",
        };
        let key = (row.series.measure_name.clone(), kind);
        let dimensions = found.entry(key).or_default();
        for (name, _) in &row.series.dimensions {
            if !dimensions.contains(name) {
                dimensions.insert(name.clone());
            }
        }
    }
    let kept = matching(found.keys().map(|(name, _)| name.clone()).collect(), like)?;
    let rows = found
        .iter()
        .filter(|((name, _), _)| kept.contains(name))
        .map(|((name, kind), dimensions)| {
            // In the order of the table's columns.
            let dimensions: Vec<Value> = snapshot
                .schema
                .columns
                .iter()
                .filter(|column| column.kind == ColumnKind::Dimension && dimensions.contains(&column.name))
                .map(|column| json!({ "RowValue": { "Data": [text(&column.name), text("varchar")] } }))
                .collect();
            vec![text(name), text(kind), json!({ "ArrayValue": dimensions })]
        })
        .collect();
    let pair = json!([column("dimension_name", Type::Varchar), column("data_type", Type::Varchar)]);
    let dimensions = json!({
        "Name": "dimensions",
        "Type": { "ArrayColumnInfo": { "Type": { "RowColumnInfo": pair } } },
    });
    let columns = vec![column("measure_name", Type::Varchar), column("data_type", Type::Varchar), dimensions];
    Ok(ready(columns, rows))
}

fn describe(store: &Store, table: &names::Found) -> Result<ResultSet, Failure> {
    let none = RangeInclusive::new(i64::MAX, i64::MIN);
    let snapshot = store.snapshot(&table.database, &table.table, none)?;
    let rows = snapshot
        .schema
        .columns
        .iter()
        .map(|column| {
            let attribute = match column.kind {
                ColumnKind::Dimension => "DIMENSION",
                ColumnKind::MeasureName => "MEASURE_NAME",
                ColumnKind::Time => "TIMESTAMP",
                ColumnKind::SingleMeasure(_) => "MEASURE_VALUE",
                ColumnKind::MultiMeasure(_) => "MULTI",
            };
            vec![text(&column.name), text(columns::type_of(column.kind).name()), text(attribute)]
        })
        .collect();
    let names = ["Column", "Type", "Timestream attribute type"];
    Ok(ready(names.iter().map(|name| column(name, Type::Varchar)).collect(), rows))
}
