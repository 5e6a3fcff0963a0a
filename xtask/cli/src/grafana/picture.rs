//! A dashboard as a picture: its panels where they lie, with what its queries answer.
//!
//! It is no Grafana: it draws the types of panels that our dashboards have, plainly, from the same JSON.

mod canvas;
mod chart;
mod heat;
mod number;
mod panel;
mod series;

use serde_json::Value;

use self::canvas::{Area, Canvas};
use crate::store::Answer;

/// Size of a cell of Grafana's grid, in pixels, and the space between panels.
const CELL: (f64, f64) = (50.0, 36.0);
const GAP: f64 = 8.0;
const HEADER: f64 = 44.0;
/// Cells of a row.
const COLUMNS: f64 = 24.0;

/// A panel and what its queries answered.
#[derive(Debug)]
pub struct Filled<'a> {
    /// The panel, as the dashboard has it.
    pub panel: &'a Value,
    /// An answer for each query.
    pub answers: Vec<Answer>,
}

/// Points that a panel has room for.
pub fn points(panel: &Value) -> i64 {
    panel["gridPos"]["w"].as_i64().unwrap_or(1) * 8
}

/// Draws a dashboard for the time from `from` to `to`, in milliseconds since 1970. Texts of panels have
/// the variables filled in.
pub fn draw(
    dashboard: &Value,
    filled: &[Filled<'_>],
    variables: &[(String, String)],
    from: i64,
    to: i64,
) -> String {
    let bottom = filled.iter().map(|one| cell(one.panel, "y") + cell(one.panel, "h")).fold(0.0, f64::max);
    let (width, height) = (COLUMNS * CELL.0 + 2.0 * GAP, HEADER + bottom * CELL.1 + 2.0 * GAP);
    let mut canvas = Canvas::new(width, height);
    let title = dashboard["title"].as_str().unwrap_or_default();
    let chosen: Vec<String> = variables.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let span = number::span(from, to);
    let right = chosen.into_iter().chain([span]).collect::<Vec<_>>().join("   ·   ");
    let title = format!("Sluice / {title}");
    let wanted = [canvas::width(&title, 17.0), canvas::width(&right, 13.0)];
    let rooms = chart::rooms(&wanted, width - 6.0 * GAP);
    canvas.fitted((2.0 * GAP, 29.0), &title, canvas::TEXT, 17.0, canvas::START, rooms[0]);
    canvas.fitted((width - 2.0 * GAP, 29.0), &right, canvas::FAINT, 13.0, canvas::END, rooms[1]);
    for Filled { panel, answers } in filled {
        let area = Area {
            x: GAP + cell(panel, "x") * CELL.0 + GAP / 2.0,
            y: HEADER + GAP + cell(panel, "y") * CELL.1,
            w: cell(panel, "w") * CELL.0 - GAP,
            h: cell(panel, "h") * CELL.1 - GAP,
        };
        panel::draw(&mut canvas, area, panel, answers, variables, (from, to));
    }
    canvas.finish()
}

#[expect(clippy::cast_precision_loss, reason = "cells of a page")]
fn cell(panel: &Value, key: &str) -> f64 {
    panel["gridPos"][key].as_u64().unwrap_or_default() as f64
}

#[cfg(test)]
mod tests;
