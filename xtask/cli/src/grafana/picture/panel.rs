//! One panel: its card, its title, and what its type shows.

use serde_json::Value;

use super::canvas::{self, Area, Canvas, FAINT, GRID, TEXT, named};
use super::chart::{self, Scales};
use super::series::{self, Series};
use super::{heat, number};
use crate::store::Answer;

/// Draws a panel.
pub fn draw(
    canvas: &mut Canvas,
    area: Area,
    panel: &Value,
    answers: &[Answer],
    variables: &[(String, String)],
    time: (i64, i64),
) {
    let title = filled_in(panel["title"].as_str().unwrap_or_default(), variables);
    if panel["type"] == "row" {
        let mark = if panel["collapsed"] == true { "▸" } else { "▾" };
        let at = (area.x + 4.0, area.y + 19.0);
        canvas.fitted(at, &format!("{mark}  {title}"), TEXT, 14.0, canvas::START, area.w - 8.0);
        return;
    }
    canvas.card(area);
    canvas.fitted((area.x + 12.0, area.y + 21.0), &title, TEXT, 13.5, canvas::START, area.w - 24.0);
    let inner = area.within(12.0, 32.0, 12.0, 10.0);
    if answers.iter().all(|answer| answer.rows.is_empty()) {
        canvas.text(inner.x + inner.w / 2.0, inner.y + inner.h / 2.0, "No data", FAINT, 14.0, canvas::MIDDLE);
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "a place on a page")]
    let time = (time.0 as f64, time.1 as f64);
    match panel["type"].as_str() {
        Some("stat") => stat(canvas, inner, panel, answers),
        Some("timeseries") => timeseries(canvas, inner, panel, answers, time),
        Some("heatmap") => heatmap(canvas, inner, panel, answers, time),
        Some("table") => table(canvas, inner, panel, answers),
        _ => {}
    }
}

fn filled_in(text: &str, variables: &[(String, String)]) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

/// The colour of a number, by the thresholds of its panel.
fn color(defaults: &Value, value: f64) -> &'static str {
    let steps = defaults["thresholds"]["steps"].as_array().into_iter().flatten();
    let reached = steps.rev().find(|step| step["value"].as_f64().is_none_or(|from| value >= from));
    named(reached.and_then(|step| step["color"].as_str()).unwrap_or_default())
}

fn unit(defaults: &Value) -> &str {
    defaults["unit"].as_str().unwrap_or("none")
}

fn stat(canvas: &mut Canvas, area: Area, panel: &Value, answers: &[Answer]) {
    let defaults = &panel["fieldConfig"]["defaults"];
    let numbers: Vec<(String, f64)> = answers.iter().filter_map(series::last).collect();
    if let [(_, value)] = numbers[..] {
        if panel["options"]["graphMode"] == "area" {
            spark(canvas, area, &answers[0], color(defaults, value));
        }
        let size = (area.h * 0.5).clamp(26.0, 44.0);
        let y = area.y + area.h * if panel["options"]["graphMode"] == "area" { 0.42 } else { 0.68 };
        let text = number::with_unit(value, unit(defaults));
        canvas.text(area.x + area.w / 2.0, y, &text, color(defaults, value), size, canvas::MIDDLE);
        return;
    }
    let height = area.h / f64::from(u32::try_from(numbers.len().max(1)).unwrap_or(1));
    let mut y = area.y;
    for (name, value) in numbers {
        let middle = y + height / 2.0 + 8.0;
        let text = number::with_unit(value, unit(defaults));
        let size = (height * 0.55).min(28.0);
        canvas.text(area.x + area.w - 8.0, middle, &text, color(defaults, value), size, canvas::END);
        let room = area.w - 24.0 - canvas::width(&text, size);
        canvas.fitted((area.x + 8.0, middle), &name, TEXT, 15.0, canvas::START, room);
        y += height;
    }
}

/// How a number came to be: a small line below it.
fn spark(canvas: &mut Canvas, area: Area, answer: &Answer, color: &str) {
    let lines = series::lines(answer);
    let Some(Series { points, .. }) = lines.first() else { return };
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    // A single point has no extent: it lies in the middle.
    let margin = if last.0 > first.0 { 0.0 } else { 1.0 };
    let scales = Scales {
        area: area.within(-12.0, area.h * 0.55, -12.0, -10.0),
        time: (first.0 - margin, last.0 + margin),
        values: chart::span(points.iter().map(|(_, value)| *value)),
    };
    let mut outline: Vec<_> = points.iter().map(|point| scales.at(*point)).collect();
    canvas.path(&outline, color, 1.5);
    let bottom = scales.area.y + scales.area.h;
    outline.extend([(scales.x(last.0), bottom), (scales.x(first.0), bottom)]);
    canvas.polygon(&outline, color, 0.18);
}

fn timeseries(canvas: &mut Canvas, area: Area, panel: &Value, answers: &[Answer], time: (f64, f64)) {
    let defaults = &panel["fieldConfig"]["defaults"];
    let series: Vec<Series> = answers.iter().flat_map(series::lines).collect();
    let legend = panel["options"]["legend"]["showLegend"] == true && series.len() < 12;
    let bars = defaults["custom"]["drawStyle"] == "bars";
    let values = series.iter().enumerate().flat_map(|(index, line)| {
        let series = &series;
        line.points.iter().map(
            move |(at, value)| {
                if bars { chart::below(&series[..index], *at) + value } else { *value }
            },
        )
    });
    let soft = ["axisSoftMin", "axisSoftMax"].into_iter().filter_map(|key| defaults["custom"][key].as_f64());
    let base = bars.then_some(0.0);
    let scales = Scales {
        area: area.within(52.0, 6.0, 4.0, if legend { 44.0 } else { 22.0 }),
        time,
        values: chart::span(values.chain(base).chain(soft)),
    };
    chart::axes(canvas, &scales, unit(defaults));
    canvas.clipped(scales.area, |canvas| {
        chart::limits(canvas, &scales, defaults);
        if bars {
            chart::bars(canvas, &scales, &series, 60_000.0);
        } else {
            let opacity = defaults["custom"]["fillOpacity"].as_f64().unwrap_or_default() / 100.0;
            chart::lines(canvas, &scales, &series, opacity);
        }
    });
    if legend {
        chart::legend(canvas, area.within(52.0, area.h - 14.0, 0.0, 0.0), &series);
    }
}

fn heatmap(canvas: &mut Canvas, area: Area, panel: &Value, answers: &[Answer], time: (f64, f64)) {
    let points: Vec<_> = answers.iter().flat_map(series::lines).flat_map(|line| line.points).collect();
    let scales = Scales {
        area: area.within(52.0, 6.0, 4.0, 22.0),
        time,
        values: chart::span(points.iter().map(|(_, value)| *value)),
    };
    chart::axes(canvas, &scales, panel["options"]["yAxis"]["unit"].as_str().unwrap_or("none"));
    heat::draw(canvas, &scales, &points, 40, 16);
}

/// Most columns of a table that are drawn.
const COLUMNS: usize = 9;

#[expect(clippy::cast_precision_loss, reason = "a place on a page")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rows of a page")]
fn table(canvas: &mut Canvas, area: Area, panel: &Value, answers: &[Answer]) {
    const ROW: f64 = 24.0;
    const SIZE: f64 = 12.0;
    /// Between a text and the next column.
    const GAP: f64 = 12.0;
    let Some(answer) = answers.first() else { return };
    let columns: Vec<Vec<String>> = (0..answer.columns.len().min(COLUMNS))
        .map(|index| cells(panel, answer, index, (area.h / ROW) as usize))
        .collect();
    let widest =
        |column: &Vec<String>| column.iter().map(|text| canvas::width(text, SIZE)).fold(0.0, f64::max) + GAP;
    let wanted: Vec<f64> = columns.iter().map(widest).collect();
    let rooms = chart::rooms(&wanted, area.w);
    // What is left over is shared.
    let rest = (area.w - rooms.iter().sum::<f64>()) / rooms.len().max(1) as f64;
    canvas.clipped(area, |canvas| {
        let mut x = area.x;
        for (column, room) in columns.iter().zip(&rooms) {
            let room = room + rest;
            for (row, text) in column.iter().enumerate() {
                let y = area.y + row as f64 * ROW;
                let fill = if row == 0 { "#6e9fff" } else { TEXT };
                if row > 0 {
                    canvas.line((x, y - 4.0), (x + room, y - 4.0), GRID, "");
                }
                canvas.fitted((x, y + 13.0), text, fill, SIZE, canvas::START, room - GAP);
            }
            x += room;
        }
    });
}

/// The texts of a column, its name first, as many as a panel has room for.
fn cells(panel: &Value, answer: &Answer, index: usize, rows: usize) -> Vec<String> {
    let column = &answer.columns[index];
    let defaults = &panel["fieldConfig"]["defaults"];
    let overrides = panel["fieldConfig"]["overrides"].as_array().map_or(&[][..], Vec::as_slice);
    let own = overrides
        .iter()
        .find(|one| one["matcher"]["options"] == column.name)
        .and_then(|one| one["properties"].as_array()?.iter().find(|property| property["id"] == "unit"))
        .and_then(|own| own["value"].as_str());
    let unit = own.unwrap_or(unit(defaults));
    let cell = |row: &Vec<Value>| match &row[index] {
        Value::Number(value) => number::with_unit(value.as_f64().unwrap_or_default(), unit),
        Value::String(text) if column.is_time() => text.get(..19).unwrap_or(text).to_owned(),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    std::iter::once(column.name.clone()).chain(answer.rows.iter().take(rows).map(cell)).collect()
}
