//! `query`: a query on the store, as a table or as JSON.

use std::fmt;
use std::io::Read as _;

use anyhow::Context as _;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use super::Outcome;
use crate::Global;
use crate::report::{Document, FAINT, Report, paint};
use crate::store::{Answer, Store};
use session::Exit;

/// Run a query on the store
///
/// In Timestream the table is <database>.telemetry, where <database> is sluice_ and the environment's name, for
/// instance `cargo xtask query "SELECT * FROM sluice_local.telemetry LIMIT 10"`; in PostgreSQL it is telemetry.
#[derive(Debug, Args)]
pub struct Query {
    /// The query, or `-` to read it from standard input.
    sql: String,
    /// Stop after this many rows.
    #[arg(long, value_name = "N")]
    max_rows: Option<usize>,
}

impl Query {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (_, store) = Store::connect(global).await?;
        let sql = if self.sql == "-" {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("cannot read the query from standard input")?;
            text
        } else {
            self.sql.clone()
        };
        let answer = store.query(&sql, self.max_rows).await?;
        report.print(&answer);
        Ok(Exit::Done)
    }
}

impl Document for Answer {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(self.columns.iter().map(|column| &column.name));
        for row in &self.rows {
            table.add_row(row.iter().map(cell));
        }
        for (index, column) in self.columns.iter().enumerate() {
            if column.is_number()
                && let Some(column) = table.column_mut(index)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "{table}")?;
        let more = if self.truncated { ", there are more" } else { "" };
        let rows = if self.rows.len() == 1 { "row" } else { "rows" };
        writeln!(out, "{}", paint(FAINT, format_args!("{} {rows}{more}", self.rows.len())))
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
