//! The Glue tables of the raw events: one a kind, with the columns of its fields.

use std::collections::BTreeMap;

use serde_json::json;
use telemetry::EventKind;

use super::columns::{Column, Columns};
use super::folder;
use crate::Inputs;
use crate::cfn::{Expression, LogicalId, Resource, Template};
use crate::environment::PARTITION;
use crate::stack::id_of;

/// A table.
const TABLE: &str = "GlueTable";

/// First hour that the table looks for. No event is older than the pipeline.
const FIRST_HOUR: &str = "2026/01/01/00";

/// Adds the Glue database and a table of each kind, and says so in outputs.
pub(super) fn add(template: &mut Template, inputs: &Inputs, bucket: &LogicalId) {
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

    template.output("GlueDatabase", "Glue database of the lake", database.reference());
    for kind in &inputs.model.kinds {
        let table = add_table(template, inputs, kind, bucket, &database);
        template.output_of(&id_of(kind, TABLE), "Glue table of the raw events", table.reference());
    }
}

fn add_table(
    template: &mut Template,
    inputs: &Inputs,
    kind: &EventKind,
    bucket: &LogicalId,
    database: &LogicalId,
) -> LogicalId {
    let under = |rest: String| Expression::joined(["s3://".into(), bucket.reference(), rest.into()]);
    let folder = folder(&inputs.environment.lake.prefix, kind.name.as_deref());
    let Columns { columns, names } = Columns::of(kind);
    let mut serde_parameters = BTreeMap::from([
        // Keys are compared as they are: names that differ by case only are different fields.
        ("case.insensitive".to_owned(), "FALSE".to_owned()),
        ("ignore.malformed.json".to_owned(), "TRUE".to_owned()),
        // A field of another type than the model's is NULL, instead of the end of every query over
        // its folder. The object keeps what was sent.
        ("use.null.for.invalid.data".to_owned(), "TRUE".to_owned()),
    ]);
    for (name, key) in names.iter().filter(|(name, key)| name != key) {
        serde_parameters.insert(format!("mapping.{name}"), key.clone());
    }
    let columns: Vec<_> = columns
        .iter()
        .map(|Column { name, kind, comment, .. }| json!({"Name": name, "Type": kind, "Comment": comment}))
        .collect();

    template.add(
        id_of(kind, TABLE),
        Resource::new(
            "AWS::Glue::Table",
            json!({
                "CatalogId": Expression::ACCOUNT,
                "DatabaseName": database.reference(),
                "TableInput": {
                    "Name": name(inputs, kind),
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
                        "storage.location.template": under(format!("/{folder}/{PARTITION}=${{{PARTITION}}}/")),
                    },
                    "StorageDescriptor": {
                        "Columns": columns,
                        "Location": under(format!("/{folder}/")),
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
    )
}

/// What Athena calls the table of a kind.
fn name(inputs: &Inputs, kind: &EventKind) -> String {
    let table = inputs.environment.table();
    kind.name.iter().fold(table.to_owned(), |table, name| format!("{table}_{}", name.replace('-', "_")))
}
