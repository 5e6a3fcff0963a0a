//! Lines and bars over time, with axes and the normal range.

use serde_json::Value;

use super::canvas::{self, Area, Canvas, FAINT, GRID, named, palette};
use super::number::{self, Seconds};
use super::series::Series;

/// The scales of a chart: an area, a span of time, and a span of values.
#[derive(Debug, Clone, Copy)]
pub struct Scales {
    pub area: Area,
    pub time: (f64, f64),
    pub values: (f64, f64),
}

impl Scales {
    pub fn x(&self, time: f64) -> f64 {
        self.area.x + (time - self.time.0) / (self.time.1 - self.time.0).max(1.0) * self.area.w
    }

    pub fn y(&self, value: f64) -> f64 {
        let (least, most) = self.values;
        self.area.y + self.area.h - (value - least) / (most - least).max(f64::MIN_POSITIVE) * self.area.h
    }

    pub fn at(&self, (time, value): (f64, f64)) -> (f64, f64) {
        (self.x(time), self.y(value))
    }
}

/// A span that all values are in, with round ends.
pub fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) =
        values.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)));
    if least > most {
        return (0.0, 1.0);
    }
    let step = step(most - least);
    let (low, high) = ((least / step).floor() * step, (most / step).ceil() * step);
    if low < high { (low, high) } else { (low - step, high + step) }
}

/// A round distance between lines of a grid: about four of them in a span.
fn step(span: f64) -> f64 {
    let rough = (span / 4.0).max(1e-6);
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough)
}

/// Grid, and what it says at the left and below.
pub fn axes(canvas: &mut Canvas, scales: &Scales, unit: &str) {
    let Scales { area, time, values } = *scales;
    let step = step(values.1 - values.0);
    let mut value = (values.0 / step).ceil() * step;
    while value <= values.1 + step / 1e3 {
        let y = scales.y(value);
        canvas.line((area.x, y), (area.x + area.w, y), GRID, "");
        canvas.text(area.x - 6.0, y + 4.0, &number::with_unit(value, unit), FAINT, 11.0, canvas::END);
        value += step;
    }
    let seconds = if time.1 - time.0 < 300_000.0 { Seconds::Shown } else { Seconds::Hidden };
    let count = (area.w / 90.0).floor().max(1.0);
    let every = ((time.1 - time.0) / count / 60_000.0).ceil().max(1.0) * 60_000.0;
    let mut at = (time.0 / every).ceil() * every;
    while at < time.1 {
        let x = scales.x(at);
        canvas.line((x, area.y), (x, area.y + area.h), GRID, "");
        canvas.text(x, area.y + area.h + 15.0, &number::clock(at, seconds), FAINT, 11.0, canvas::MIDDLE);
        at += every;
    }
}

/// What is not normal, by the thresholds of a panel.
pub fn limits(canvas: &mut Canvas, scales: &Scales, defaults: &Value) {
    let mode = defaults["custom"]["thresholdsStyle"]["mode"].as_str().unwrap_or("off");
    if mode == "off" {
        return;
    }
    let steps = defaults["thresholds"]["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let bottom = scales.area.y + scales.area.h;
    for (index, step) in steps.iter().enumerate() {
        let color = named(step["color"].as_str().unwrap_or_default());
        let from =
            step["value"].as_f64().map_or(bottom, |value| scales.y(value).clamp(scales.area.y, bottom));
        let next = steps.get(index + 1).and_then(|next| next["value"].as_f64());
        let to = next.map_or(scales.area.y, |value| scales.y(value).clamp(scales.area.y, bottom));
        if mode.contains("area") {
            canvas.rectangle(Area { y: to, h: from - to, ..scales.area }, color, 0.0, 0.09);
        }
        if let Some(value) =
            step["value"].as_f64().filter(|value| (scales.values.0..=scales.values.1).contains(value))
        {
            let y = scales.y(value);
            canvas.line((scales.area.x, y), (scales.area.x + scales.area.w, y), color, "6 5");
        }
    }
}

/// Lines, with what is below filled.
pub fn lines(canvas: &mut Canvas, scales: &Scales, series: &[Series], opacity: f64) {
    let bottom = scales.area.y + scales.area.h;
    for (index, line) in series.iter().enumerate() {
        let points: Vec<_> = line.points.iter().map(|point| scales.at(*point)).collect();
        if let (true, [first, .., last]) = (opacity > 0.0, &points[..]) {
            let mut outline = points.clone();
            outline.extend([(last.0, bottom), (first.0, bottom)]);
            canvas.polygon(&outline, palette(index), opacity);
        }
        canvas.path(&points, palette(index), if series.len() > 8 { 1.0 } else { 1.5 });
    }
}

/// Stacked bars.
pub fn bars(canvas: &mut Canvas, scales: &Scales, series: &[Series], interval: f64) {
    let width = (scales.x(scales.time.0 + interval) - scales.area.x - 2.0).max(1.5);
    for (index, line) in series.iter().enumerate() {
        for &(time, value) in &line.points {
            let below = below(&series[..index], time);
            let (y, base) = (scales.y(below + value), scales.y(below));
            canvas.rectangle(Area { x: scales.x(time), y, w: width, h: base - y }, palette(index), 0.0, 0.85);
        }
    }
}

/// What bars of earlier lines take at a time.
pub fn below(series: &[Series], time: f64) -> f64 {
    let at = |line: &Series| {
        line.points.iter().find(|(other, _)| (other - time).abs() < 1.0).map(|(_, value)| *value)
    };
    series.iter().filter_map(at).sum()
}

/// Names of the lines, below a chart: side by side, each in the room that it has.
pub fn legend(canvas: &mut Canvas, area: Area, series: &[Series]) {
    const SIZE: f64 = 11.5;
    /// Of the mark before a name, and after it.
    const MARK: f64 = 20.0;
    const GAP: f64 = 14.0;
    let wanted: Vec<f64> = series.iter().map(|line| MARK + canvas::width(&line.name, SIZE) + GAP).collect();
    let mut x = area.x;
    for (index, (line, room)) in series.iter().zip(rooms(&wanted, area.w)).enumerate() {
        canvas.rectangle(Area { x, y: area.y + 4.0, w: 14.0, h: 4.0 }, palette(index), 2.0, 1.0);
        let at = (x + MARK, area.y + 10.0);
        canvas.fitted(at, &line.name, FAINT, SIZE, canvas::START, room - MARK - GAP);
        x += room;
    }
}

/// Divides a width among those who want a part of it: whoever wants no more than an equal share of what is
/// left gets it, and the others share the rest.
pub fn rooms(wanted: &[f64], width: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|one, other| wanted[*one].total_cmp(&wanted[*other]));
    let mut rooms = vec![0.0; wanted.len()];
    let mut left = width;
    for (served, index) in order.iter().enumerate() {
        let share = left / f64::from(u32::try_from(wanted.len() - served).unwrap_or(u32::MAX));
        rooms[*index] = wanted[*index].min(share);
        left -= rooms[*index];
    }
    rooms
}

#[cfg(test)]
mod tests {
    use super::rooms;

    #[test]
    fn a_width_is_divided_so_that_nobody_takes_from_who_needs_less() {
        for (wanted, width, expected) in [
            (&[10.0, 20.0][..], 100.0, &[10.0, 20.0][..]),
            (&[10.0, 200.0], 100.0, &[10.0, 90.0]),
            (&[200.0, 10.0, 200.0], 100.0, &[45.0, 10.0, 45.0]),
            (&[50.0, 50.0], 60.0, &[30.0, 30.0]),
            (&[], 60.0, &[]),
        ] {
            assert_eq!(rooms(wanted, width), expected, "{wanted:?}");
        }
    }
}
