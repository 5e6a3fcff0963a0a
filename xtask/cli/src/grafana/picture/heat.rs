//! How often each value was measured: a grid of counts.

use super::canvas::{Area, Canvas};
use super::chart::Scales;

/// Colours from few to many.
const SCALE: [&str; 6] = ["#5c3a1e", "#8a4b1b", "#b85d14", "#e0710d", "#ff8f2b", "#ffc078"];

/// Counts points in cells, and colours each cell by its count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cells of a grid")]
#[expect(clippy::cast_precision_loss, reason = "a place on a page")]
pub fn draw(canvas: &mut Canvas, scales: &Scales, points: &[(f64, f64)], columns: usize, rows: usize) {
    let mut counts = vec![vec![0_usize; rows]; columns];
    let cell = |share: f64, cells: usize| ((share * cells as f64) as usize).min(cells - 1);
    for (time, value) in points {
        let x = (time - scales.time.0) / (scales.time.1 - scales.time.0).max(1.0);
        let y = (value - scales.values.0) / (scales.values.1 - scales.values.0).max(f64::MIN_POSITIVE);
        if (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) {
            counts[cell(x, columns)][cell(y, rows)] += 1;
        }
    }
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let (w, h) = (scales.area.w / columns as f64, scales.area.h / rows as f64);
    for (column, counts) in counts.iter().enumerate() {
        for (row, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let share = (*count as f64 / most as f64).sqrt();
            let color = SCALE[((share * SCALE.len() as f64) as usize).min(SCALE.len() - 1)];
            let area = Area {
                x: scales.area.x + column as f64 * w,
                y: scales.area.y + (rows - 1 - row) as f64 * h,
                w: w - 1.0,
                h: h - 1.0,
            };
            canvas.rectangle(area, color, 0.0, 1.0);
        }
    }
}
