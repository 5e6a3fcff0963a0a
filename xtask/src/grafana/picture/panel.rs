//! One panel: its card, its title, and what its type shows.

use serde_json::Value;

use super::canvas::{self, Area, Canvas, FAINT, GRID, TEXT, named};
use super::chart::{self, Scales};
use super::series::{self, Series};
use super::{heat, number};
use crate::commands::query::Answer;

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
        canvas.text(area.x + 4.0, area.y + 19.0, &format!("{mark}  {title}"), TEXT, 14.0, canvas::START);
        return;
    }
    canvas.card(area);
    canvas.text(area.x + 12.0, area.y + 21.0, &title, TEXT, 13.5, canvas::START);
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
        canvas.text(area.x + 8.0, middle, &name, TEXT, 15.0, canvas::START);
        let text = number::with_unit(value, unit(defaults));
        let size = (height * 0.55).min(28.0);
        canvas.text(area.x + area.w - 8.0, middle, &text, color(defaults, value), size, canvas::END);
        y += height;
    }
}

/// How a number came to be: a small line below it.
fn spark(canvas: &mut Canvas, area: Area, answer: &Answer, color: &str) {
    let lines = series::lines(answer);
    let Some(Series { points, .. }) = lines.first() else { return };
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let scales = Scales {
        area: area.within(-12.0, area.h * 0.55, -12.0, -10.0),
        time: (first.0, last.0),
        values: chart::span(points.iter().map(|(_, value)| *value)),
    };
    let mut outline: Vec<_> = points.iter().map(|point| scales.at(*point)).collect();
    canvas.polyline(&outline, color, 1.5);
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

fn table(canvas: &mut Canvas, area: Area, panel: &Value, answers: &[Answer]) {
    const ROW: f64 = 24.0;
    let Some(answer) = answers.first() else { return };
    let columns = answer.columns.len().clamp(1, 9);
    let width = area.w / f64::from(u32::try_from(columns).unwrap_or(1));
    let overrides = panel["fieldConfig"]["overrides"].as_array().map_or(&[][..], Vec::as_slice);
    let unit_of = |name: &str| {
        let one = overrides.iter().find(|one| one["matcher"]["options"] == name);
        let own = one
            .and_then(|one| one["properties"].as_array()?.iter().find(|property| property["id"] == "unit"));
        own.and_then(|own| own["value"].as_str())
            .unwrap_or(unit(&panel["fieldConfig"]["defaults"]))
            .to_owned()
    };
    canvas.clipped(area, |canvas| {
        let mut x = area.x;
        for (index, column) in answer.columns.iter().take(columns).enumerate() {
            canvas.text(x, area.y + 14.0, &column.name, "#6e9fff", 12.0, canvas::START);
            let mut y = area.y + ROW;
            for row in &answer.rows {
                if y > area.y + area.h {
                    break;
                }
                let text = match &row[index] {
                    Value::Number(value) => {
                        number::with_unit(value.as_f64().unwrap_or_default(), &unit_of(&column.name))
                    }
                    Value::String(text) if column.kind == "TIMESTAMP" => {
                        text.get(..19).unwrap_or(text).to_owned()
                    }
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                canvas.line((x, y - 4.0), (x + width, y - 4.0), GRID, "");
                canvas.text(x, y + 13.0, &text, TEXT, 12.0, canvas::START);
                y += ROW;
            }
            x += width;
        }
    });
}
