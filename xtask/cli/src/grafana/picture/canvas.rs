//! SVG as text: a few shapes, in the colours of Grafana's dark theme.

use std::fmt::Write as _;

/// Background of the page, of a panel, and its border.
pub const PAGE: &str = "#111217";
pub const PANEL: &str = "#181b1f";
pub const BORDER: &str = "#2c3038";
/// Text, less important text, and the lines of a grid.
pub const TEXT: &str = "#d8d9e0";
pub const FAINT: &str = "#8e929c";
pub const GRID: &str = "#2a2e35";

/// Where a text is held.
pub const START: &str = "start";
pub const MIDDLE: &str = "middle";
pub const END: &str = "end";

/// Colours of lines, in the order of Grafana's classic palette.
const PALETTE: [&str; 10] = [
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d",
    "#fade2a",
];

/// A rectangle, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Area {
    /// What is left when something is taken from each side: left, top, right, bottom.
    pub fn within(self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            x: self.x + left,
            y: self.y + top,
            w: (self.w - left - right).max(1.0),
            h: (self.h - top - bottom).max(1.0),
        }
    }
}

/// The colour of a line, counted from 0.
pub fn palette(index: usize) -> &'static str {
    PALETTE[index % PALETTE.len()]
}

/// A name of a colour in a dashboard, as SVG has it.
pub fn named(color: &str) -> &'static str {
    match color {
        "green" => "#73bf69",
        "orange" => "#ff9830",
        "red" => "#f2495c",
        _ => TEXT,
    }
}

/// A picture that is being drawn.
#[derive(Debug)]
pub struct Canvas {
    svg: String,
    clips: usize,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        let mut svg = String::new();
        // Writing to memory does not fail.
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="Inter, 'Helvetica Neue', Arial, sans-serif">"#
        );
        let mut canvas = Self { svg, clips: 0 };
        canvas.rectangle(Area { x: 0.0, y: 0.0, w: width, h: height }, PAGE, 0.0, 1.0);
        canvas
    }

    pub fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }

    pub fn rectangle(&mut self, Area { x, y, w, h }: Area, fill: &str, radius: f64, opacity: f64) {
        let _ = writeln!(
            self.svg,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="{radius}" fill="{fill}" fill-opacity="{opacity}"/>"#
        );
    }

    /// The card of a panel.
    pub fn card(&mut self, Area { x, y, w, h }: Area) {
        let _ = writeln!(
            self.svg,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="3" fill="{PANEL}" stroke="{BORDER}"/>"#
        );
    }

    pub fn text(&mut self, x: f64, y: f64, text: &str, fill: &str, size: f64, anchor: &str) {
        let weight = if size > 15.0 { 500 } else { 400 };
        let text = escape(text);
        let _ = writeln!(
            self.svg,
            r#"<text x="{x:.1}" y="{y:.1}" fill="{fill}" font-size="{size:.1}" font-weight="{weight}" text-anchor="{anchor}">{text}</text>"#
        );
    }

    /// Text that is cut where it would be wider than `width`, in pixels.
    pub fn fitted(
        &mut self,
        (x, y): (f64, f64),
        text: &str,
        fill: &str,
        size: f64,
        anchor: &str,
        width: f64,
    ) {
        self.text(x, y, &cut(text, size, width), fill, size, anchor);
    }

    /// A point by itself.
    pub fn dot(&mut self, (x, y): (f64, f64), fill: &str) {
        let _ = writeln!(self.svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="2.5" fill="{fill}"/>"#);
    }

    /// A line through points; of one point, a dot.
    pub fn path(&mut self, points: &[(f64, f64)], stroke: &str, width: f64) {
        match points {
            [one] => self.dot(*one, stroke),
            several => self.polyline(several, stroke, width),
        }
    }

    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str, dash: &str) {
        let _ = writeln!(
            self.svg,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{stroke}" stroke-dasharray="{dash}"/>"#
        );
    }

    fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, width: f64) {
        let points = joined(points);
        let _ = writeln!(
            self.svg,
            r#"<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="{width}" stroke-linejoin="round"/>"#
        );
    }

    pub fn polygon(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        let points = joined(points);
        let _ = writeln!(self.svg, r#"<polygon points="{points}" fill="{fill}" fill-opacity="{opacity}"/>"#);
    }

    /// Draws what does not leave an area.
    pub fn clipped(&mut self, Area { x, y, w, h }: Area, draw: impl FnOnce(&mut Self)) {
        self.clips += 1;
        let id = self.clips;
        let _ = writeln!(
            self.svg,
            r#"<clipPath id="c{id}"><rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}"/></clipPath><g clip-path="url(#c{id})">"#
        );
        draw(self);
        self.svg.push_str("</g>\n");
    }
}

/// The width of a text, in pixels: no less than what a browser makes of it, whichever of the fonts it has.
pub fn width(text: &str, size: f64) -> f64 {
    let share = |c: char| match c {
        'i' | 'j' | 'l' | 'f' | 't' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '/' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1.0,
        'A'..='Z' | '0'..='9' | '_' => 0.74,
        // Signs of East Asia are as wide as they are high.
        '\u{1100}'.. => 1.05,
        _ => 0.63,
    };
    text.chars().map(share).sum::<f64>() * size
}

/// As much of a text as fits into a width, with `…` where it is cut.
fn cut(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut left = text.to_owned();
    while left.pop().is_some() {
        let shorter = format!("{}…", left.trim_end());
        if width(&shorter, size) <= most {
            return shorter;
        }
    }
    String::new()
}

fn joined(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_its_room_ends() {
        for (text, most, expected) in [
            ("device", 100.0, "device"),
            ("device-with-a-long-name", 100.0, "device-with-…"),
            ("カタカナカタカナ", 60.0, "カタカ…"),
            ("device", 12.0, "…"),
            ("device", 1.0, ""),
            ("", 0.0, ""),
        ] {
            let cut = cut(text, 12.0, most);
            assert_eq!(cut, expected);
            assert!(width(&cut, 12.0) <= most, "{cut}");
        }
    }
}
