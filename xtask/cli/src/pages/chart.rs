//! A series as a chart of characters, for a terminal of any width and without colour.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::symbols::Marker;
use ratatui_core::widgets::Widget as _;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};
use serde_json::Value;

use engine::twin::history::{Point, Series};

/// Lines of a chart, its axis among them.
const HEIGHT: u16 = 14;

/// Below this width there is no room for anything but the axes.
const NARROWEST: u16 = 24;

/// From this width on, the axis of time has a label in its middle.
const ROOMY: u16 = 60;

/// Texts that a chart can tell apart.
const LEVELS: usize = 6;

/// The chart of a series, `width` characters wide at most. `None`: it has no values that can be drawn.
pub fn chart(series: &Series, width: u16) -> Option<String> {
    let scale = Scale::of(&series.values)?;
    let points: Vec<(f64, f64)> = series
        .values
        .iter()
        .filter_map(|point| Some((seconds(point.time), scale.height(&point.value)?)))
        .collect();
    let times = || points.iter().map(|(time, _)| *time);
    let (first, last) = (times().reduce(f64::min)?, times().reduce(f64::max)?);
    let (low, high) = scale.bounds(points.iter().map(|(_, value)| *value))?;
    // A single instant has no extent.
    let margin = if last > first { 0.0 } else { 0.5 };
    let (first, last) = (first - margin, last + margin);

    let area = Rect::new(0, 0, width.max(NARROWEST), HEIGHT);
    let kind = if points.len() > 1 { GraphType::Line } else { GraphType::Scatter };
    let dataset = Dataset::default().marker(Marker::Braille).graph_type(kind).data(&points);
    let x_labels = time_labels(first, last, if area.width >= ROOMY { 3 } else { 2 });
    let chart = Chart::new(vec![dataset])
        .x_axis(Axis::default().bounds([first, last]).labels(x_labels))
        .y_axis(Axis::default().bounds([low, high]).labels(scale.labels(low, high)))
        .legend_position(None);
    let mut buffer = Buffer::empty(area);
    chart.render(area, &mut buffer);
    let line = |y: u16| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    let lines: Vec<String> = (0..area.height).map(|y| line(y).trim_end().to_owned()).collect();
    Some(lines.join("\n"))
}

/// How values become heights.
enum Scale {
    Numbers,
    /// Each text has a height of its own, from the bottom in alphabetical order.
    Levels(Vec<String>),
}

impl Scale {
    fn of(values: &[Point]) -> Option<Self> {
        let texts: BTreeSet<&str> = values
            .iter()
            .filter_map(|point| match &point.value {
                Value::String(text) => Some(text.as_str()),
                Value::Bool(flag) => Some(if *flag { "true" } else { "false" }),
                _ => None,
            })
            .collect();
        match texts.len() {
            0 => values.iter().any(|point| point.value.is_number()).then_some(Self::Numbers),
            1..=LEVELS => Some(Self::Levels(texts.into_iter().map(str::to_owned).collect())),
            _ => None,
        }
    }

    fn height(&self, value: &Value) -> Option<f64> {
        let Self::Levels(levels) = self else { return value.as_f64() };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let level = levels.iter().position(|level| *level == text)?;
        Some(f64::from(u8::try_from(level).ok()?))
    }

    fn bounds(&self, heights: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
        if let Self::Levels(levels) = self {
            return Some((0.0, f64::from(u8::try_from(levels.len().max(2) - 1).ok()?)));
        }
        let (low, high) = (heights.clone().reduce(f64::min)?, heights.reduce(f64::max)?);
        // What never changes is drawn in the middle.
        let margin = if high > low { 0.0 } else { (low.abs() * 0.05).max(0.5) };
        Some((low - margin, high + margin))
    }

    /// Labels at equal distances, from the bottom.
    fn labels(&self, low: f64, high: f64) -> Vec<String> {
        match self {
            Self::Levels(levels) if levels.len() == 1 => vec![levels[0].clone(), String::new()],
            Self::Levels(levels) => levels.clone(),
            Self::Numbers => {
                let decimals = decimals(high - low);
                let texts = [low, f64::midpoint(low, high), high].map(|value| format!("{value:.decimals$}"));
                let width = texts.iter().map(String::len).max().unwrap_or_default();
                texts.into_iter().map(|text| format!("{text:>width$}")).collect()
            }
        }
    }
}

/// Decimals that tell values of a range apart.
fn decimals(range: f64) -> usize {
    (0..9).find(|decimals| range * 10_f64.powi(*decimals) >= 20.0).map_or(9, i32::unsigned_abs) as usize
}

fn seconds(time: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a character")]
    let microseconds = time.as_microsecond() as f64;
    microseconds / 1e6
}

/// `count` labels at equal distances, as exact as the range needs.
fn time_labels(first: f64, last: f64, count: u8) -> Vec<String> {
    let format = match last - first {
        range if range < 10.0 => "%H:%M:%S%.3f",
        range if range < 86_400.0 => "%H:%M:%S",
        range if range < 60.0 * 86_400.0 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let label = |index: u8| {
        let at = first + (last - first) * f64::from(index) / f64::from(count - 1);
        #[expect(clippy::cast_possible_truncation, reason = "between two times that are ones")]
        let time = Timestamp::from_microsecond((at * 1e6) as i64).unwrap_or_default();
        time.strftime(format).to_string()
    };
    (0..count).map(label).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn series(values: impl IntoIterator<Item = Value>) -> Series {
        let start: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let point = |(index, value): (i64, Value)| Point {
            time: start + jiff::SignedDuration::from_secs(60 * index),
            value,
        };
        Series {
            property: "temperature".to_owned(),
            unit: None,
            values: (0..).zip(values).map(point).collect(),
        }
    }

    fn drawn(series: &Series, width: u16) -> Vec<String> {
        chart(series, width).expect("a chart").lines().map(str::to_owned).collect()
    }

    /// What a line says left of the axis.
    fn label(line: &str) -> &str {
        line.split_once('│').map_or("", |(label, _)| label.trim())
    }

    fn is_drawing(line: &str) -> bool {
        line.chars().any(|symbol| ('\u{2801}'..='\u{28ff}').contains(&symbol))
    }

    #[test]
    fn axes_are_labelled_with_values_and_times() {
        let lines = drawn(&series((0..60).map(|index| json!(f64::from(index) / 2.0))), 80);
        assert_eq!(lines.len(), usize::from(HEIGHT));
        assert_eq!((label(&lines[0]), label(&lines[11])), ("30", "0"), "{lines:#?}");
        let times: Vec<&str> = lines[13].split_whitespace().collect();
        assert_eq!(times, ["12:00:00", "12:29:30", "12:59:00"]);
        // It rises from the left below to the right above.
        let column = |line: &str| line.chars().position(|symbol| is_drawing(&symbol.to_string()));
        assert!(column(&lines[0]) > column(&lines[11]), "{lines:#?}");
        assert!(lines[..12].iter().all(|line| is_drawing(line)), "{lines:#?}");
    }

    #[test]
    fn it_fits_a_narrow_terminal() {
        for width in [0, 20, 24, 40, 59, 60, 200] {
            for line in drawn(&series([json!(1), json!(-20_000), json!(3)]), width) {
                assert!(line.chars().count() <= usize::from(width.max(NARROWEST)), "{width}: {line}");
            }
        }
    }

    #[test]
    fn what_has_no_extent_is_drawn_too() {
        for values in [vec![json!(5)], vec![json!(5), json!(5), json!(5)], vec![json!(true)]] {
            let lines = drawn(&series(values.clone()), 60);
            assert!(lines.iter().any(|line| is_drawing(line)), "{values:?} {lines:#?}");
        }
    }

    #[test]
    fn texts_are_levels_when_they_are_few() {
        let lines = drawn(&series(["NORMAL", "ACTIVE", "NORMAL"].map(Value::from)), 60);
        assert_eq!((label(&lines[0]), label(&lines[11])), ("NORMAL", "ACTIVE"), "{lines:#?}");
        assert_eq!(chart(&series((0..20).map(|index| json!(index.to_string()))), 60), None);
        assert_eq!(chart(&series([]), 60), None);
        assert_eq!(chart(&series([Value::Null]), 60), None);
    }

    #[test]
    fn labels_are_as_exact_as_the_range_needs() {
        for (range, expected) in [(0.001, 5), (0.5, 2), (3.0, 1), (30.0, 0), (4e9, 0)] {
            assert_eq!(decimals(range), expected, "{range}");
        }
        for (last, expected) in [
            (2.0, ["00:00:00.000", "00:00:02.000"]),
            (600.0, ["00:00:00", "00:10:00"]),
            (200_000.0, ["01-01 00:00", "01-03 07:33"]),
            (1e8, ["1970-01-01", "1973-03-03"]),
        ] {
            assert_eq!(time_labels(0.0, last, 2), expected);
        }
    }
}
