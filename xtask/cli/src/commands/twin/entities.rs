//! `twin entities`: what the twin has, so that `twin history` can be asked about it.

use std::fmt;

use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;
use telemetry::canary::is_canary;

use super::super::Outcome;
use crate::Global;
use crate::report::{Document, FAINT, Report, paint};
use engine::inventory::Inventory;
use engine::twin::Workspace;
use session::Exit;

/// List the entities of the twin: one a device
#[derive(Debug, Args)]
pub struct Entities {}

#[derive(Debug, Serialize)]
struct List {
    workspace: String,
    entities: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    name: String,
    state: String,
    updated: String,
}

impl Entities {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let workspace = Workspace::of(&session, &inventory)?;
        let mut entities: Vec<Line> = workspace
            .entities()
            .await?
            .into_iter()
            .filter(|entity| !is_canary(&entity.entity_name))
            .map(|entity| Line {
                state: entity
                    .status
                    .and_then(|status| status.state)
                    .map_or_else(|| "UNKNOWN".to_owned(), |state| state.as_str().to_owned()),
                updated: jiff::Timestamp::from_second(entity.update_date_time.secs())
                    .map(|time| time.to_string())
                    .unwrap_or_default(),
                id: entity.entity_id,
                name: entity.entity_name,
            })
            .collect();
        entities.sort_by(|one, other| one.name.cmp(&other.name));
        report.print(&List { workspace: workspace.id, entities });
        Ok(Exit::Done)
    }
}

impl Document for List {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["entity", "device", "state", "updated"]);
        for Line { id, name, state, updated } in &self.entities {
            table.add_row([id, name, state, updated]);
        }
        writeln!(out, "{table}")?;
        let noun = if self.entities.len() == 1 { "entity" } else { "entities" };
        writeln!(
            out,
            "{}",
            paint(FAINT, format_args!("{} {noun} in {}", self.entities.len(), self.workspace))
        )
    }
}
