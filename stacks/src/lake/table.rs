//! The Glue table of the raw events: one column a field of the event, as the model names them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use telemetry::{EventKind, MeasureType, TimeUnit};

use crate::Inputs;
use crate::cfn::{Expression, LogicalId, Resource, Template};
use crate::environment::PARTITION;

/// First hour that the table looks for. No event is older than the pipeline.
const FIRST_HOUR: &str = "2026/01/01/00";

/// Adds the Glue database and its table, and returns their ids.
pub(super) fn add(template: &mut Template, inputs: &Inputs, bucket: &LogicalId) -> (LogicalId, LogicalId) {
    let environment = inputs.environment;
    let database = template.add(
        LogicalId::new("GlueDatabase"),
        Resource::new(
            "AWS::Glue::Database",
            json!({
                "CatalogId": Expression::ACCOUNT,
                "DatabaseInput": {
                    "Name": environment.database(),
                    "Description": "Raw events of devices",
                },
            }),
        ),
    );

    let under = |rest: String| Expression::joined(["s3://".into(), bucket.reference(), rest.into()]);
    let prefix = &environment.lake.prefix;
    let columns = columns(inputs.model.first());
    let mut serde_parameters = BTreeMap::from([
        // Keys are compared as they are: names that differ by case only are different fields.
        ("case.insensitive".to_owned(), "FALSE".to_owned()),
        ("ignore.malformed.json".to_owned(), "TRUE".to_owned()),
        // A field of another type than the model's is NULL, instead of the end of every query over
        // its folder. The object keeps what was sent.
        ("use.null.for.invalid.data".to_owned(), "TRUE".to_owned()),
    ]);
    for column in columns.iter().filter(|column| column.name != column.field) {
        serde_parameters.insert(format!("mapping.{}", column.name), column.field.clone());
    }
    let columns: Vec<_> = columns
        .iter()
        .map(|Column { name, kind, comment, .. }| json!({"Name": name, "Type": kind, "Comment": comment}))
        .collect();

    let table = template.add(
        LogicalId::new("GlueTable"),
        Resource::new(
            "AWS::Glue::Table",
            json!({
                "CatalogId": Expression::ACCOUNT,
                "DatabaseName": database.reference(),
                "TableInput": {
                    "Name": environment.table(),
                    "Description": "Raw events, by the hour of their arrival",
                    "TableType": "EXTERNAL_TABLE",
                    "PartitionKeys": [{"Name": PARTITION, "Type": "string", "Comment": "hour of arrival, UTC"}],
                    "Parameters": {
                        "EXTERNAL": "TRUE",
                        "classification": "json",
                        "projection.enabled": "true",
                        format!("projection.{PARTITION}.type"): "date",
                        format!("projection.{PARTITION}.format"): "yyyy/MM/dd/HH",
                        format!("projection.{PARTITION}.range"): format!("{FIRST_HOUR},NOW"),
                        format!("projection.{PARTITION}.interval"): "1",
                        format!("projection.{PARTITION}.interval.unit"): "HOURS",
                        "storage.location.template": under(format!("/{prefix}/{PARTITION}=${{{PARTITION}}}/")),
                    },
                    "StorageDescriptor": {
                        "Columns": columns,
                        "Location": under(format!("/{prefix}/")),
                        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                        "SerdeInfo": {
                            "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
                            "Parameters": serde_parameters,
                        },
                    },
                },
            }),
        ),
    );
    (database, table)
}

/// One column, and the field of the event that fills it.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    field: String,
    kind: &'static str,
    comment: String,
}

/// The columns: device, time, id of the event, dimensions, measures, each field once.
fn columns(model: &EventKind) -> Vec<Column> {
    let device = (&model.device.field, "string", "device".to_owned());
    // Devices send a time as a number, a fraction or text. As text, no digit of it is lost.
    let time = model.time.iter().map(|time| (&time.field, "string", format!("time: {}", unit(time.unit))));
    let id = model.event.iter().filter_map(|event| event.id.as_ref());
    let id = id.map(|field| (field, "string", "id of the event".to_owned()));
    let dimensions =
        model.dimensions.iter().map(|dimension| (&dimension.field, "string", "dimension".to_owned()));
    let measures = model.measures.iter().map(|measure| {
        let comment = measure.unit.as_ref().map_or_else(String::new, |unit| format!(" in {unit}"));
        (&measure.field, column_type(measure.kind), format!("measure{comment}"))
    });

    let mut fields = BTreeSet::new();
    let mut names = BTreeSet::from([PARTITION.to_owned()]);
    let mut columns = Vec::new();
    for (field, kind, comment) in [device].into_iter().chain(time).chain(id).chain(dimensions).chain(measures)
    {
        if fields.insert(field) {
            let name = unused_name(&column_name(field), &names);
            names.insert(name.clone());
            columns.push(Column { name, field: field.clone(), kind, comment });
        }
    }
    columns
}

/// A [name that Athena takes](https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html)
/// without quotes: lower case letters, digits and underscores.
fn column_name(field: &str) -> String {
    let name: String =
        field.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') { name } else { format!("_{name}") }
}

/// The name, with a number behind it where another field has taken it.
fn unused_name(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

fn column_type(kind: MeasureType) -> &'static str {
    match kind {
        MeasureType::Double => "double",
        MeasureType::Bigint => "bigint",
        MeasureType::Boolean => "boolean",
        // A timestamp comes in any form that a time comes in.
        MeasureType::Varchar | MeasureType::Timestamp => "string",
    }
}

fn unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Seconds => "s since 1970, or ISO-8601",
        TimeUnit::Milliseconds => "ms since 1970, or ISO-8601",
        TimeUnit::Microseconds => "us since 1970, or ISO-8601",
        TimeUnit::Nanoseconds => "ns since 1970, or ISO-8601",
    }
}
