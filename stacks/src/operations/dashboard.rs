//! The dashboard: how every alarm is, and a widget for each row of the table.

use serde_json::{Value, json};

use super::alarm::{Alarm, Line};
use crate::cfn::{Expression, LogicalId};

/// Columns of a dashboard, and the size of its widgets in them. See
/// [its structure](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
const COLUMNS: usize = 24;
const WIDTH: usize = 8;
const HEIGHT: usize = 6;
const STATES: usize = 6;
/// Most alarms of one widget.
const MOST_STATES: usize = 100;

/// Stands around an expression in the text of a body: a character of the private use area, which nothing else has in it.
const MARK: char = '\u{e000}';

/// A widget: what one row of the table looks at, of every resource.
pub(super) struct Panel {
    /// Its row.
    pub alarm: &'static Alarm,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The limits of its alarms, each once.
    pub limits: Vec<f64>,
}

/// The text of the dashboard.
pub(super) fn body(panels: Vec<Panel>, alarms: &[LogicalId]) -> Expression {
    let mut expressions = Vec::new();
    let mut put_by = |expression: Expression| {
        expressions.push(expression);
        format!("{MARK}{}{MARK}", expressions.len() - 1)
    };
    let states: Vec<String> = alarms.iter().map(|alarm| put_by(alarm.attribute("Arn"))).collect();
    let mut widgets: Vec<Value> = states
        .chunks(MOST_STATES)
        .enumerate()
        .map(|(index, states)| {
            json!({
                "type": "alarm", "x": 0, "y": index * STATES, "width": COLUMNS, "height": STATES,
                "properties": {"title": "Alarms", "alarms": states},
            })
        })
        .collect();
    let top = widgets.len() * STATES;
    for (index, panel) in panels.into_iter().enumerate() {
        let (x, y) = (index % (COLUMNS / WIDTH) * WIDTH, index / (COLUMNS / WIDTH) * HEIGHT + top);
        let limits: Vec<Value> = panel.limits.iter().map(|limit| json!({"value": limit})).collect();
        let metrics: Vec<Value> = panel.lines.into_iter().map(|line| entry(line, &mut put_by)).collect();
        let Alarm { name, metric, .. } = panel.alarm;
        widgets.push(json!({
            "type": "metric", "x": x, "y": y, "width": WIDTH, "height": HEIGHT,
            "properties": {
                "title": format!("{name}: {}", metric.name),
                "region": put_by(Expression::REGION),
                "view": "timeSeries",
                "stat": panel.alarm.statistic.as_str(),
                "metrics": metrics,
                "annotations": {"horizontal": limits},
            },
        }));
    }
    let body = crate::cfn::sorted(json!({"widgets": widgets})).to_string();
    let parts = body.split(MARK).enumerate().map(|(index, part)| match part.parse::<usize>() {
        // Every second part was put by.
        Ok(place) if index % 2 == 1 => expressions[place].clone(),
        _ => part.into(),
    });
    Expression::Joined(parts.collect())
}

fn entry(line: Line, put_by: &mut impl FnMut(Expression) -> String) -> Value {
    match line {
        Line::Kept(metric, dimensions, settings) => {
            let mut entry = vec![json!(metric.namespace), json!(metric.name)];
            for (name, value) in dimensions {
                entry.extend([json!(name), json!(put_by(value))]);
            }
            entry.push(settings);
            Value::Array(entry)
        }
        Line::Computed(expression, mut settings) => {
            // A query's text is JSON within JSON: its quotes are escaped like any other's.
            settings["expression"] = json!(text(expression, put_by));
            json!([settings])
        }
    }
}

/// The text of an expression, with its references put by.
fn text(expression: Expression, put_by: &mut impl FnMut(Expression) -> String) -> String {
    match expression {
        Expression::Text(text) => text,
        Expression::Joined(parts) => parts.into_iter().map(|part| text(part, put_by)).collect(),
        reference => put_by(reference),
    }
}
