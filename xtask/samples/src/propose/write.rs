//! A proposal as a file.

use std::fmt::Write as _;

use telemetry::path::WHOLE;

use super::fields::Proposed;
use super::kind::{Kind, NamedBy, Source};
use super::shape::Shape;

/// The text of a model of these kinds.
pub(super) fn model(kinds: &[Kind], samples: usize) -> String {
    let mut text = String::new();
    let many = if samples == 1 { "1 sample".to_owned() } else { format!("{samples} samples") };
    let _ = write!(
        text,
        "# Proposed from {many}. Read it: leave out what nobody needs, and give measures the names that you want in\n\
         # queries. A number without a fraction is a double all the same, unless it counts something.\n"
    );
    for kind in kinds {
        let _ = write_kind(&mut text, kind, kinds.len() > 1);
    }
    text
}

/// Text in quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn write_kind(out: &mut String, kind: &Kind, is_named: bool) -> std::fmt::Result {
    let prefix = if is_named { "kind." } else { "" };
    writeln!(out)?;
    for remark in &kind.remarks {
        writeln!(out, "# Unsure: {}.", remark.replace(char::is_control, " "))?;
    }
    if kind.measures.iter().any(|measure| measure.suffix.is_none() && unit_of(measure).is_some()) {
        writeln!(out, "# Unsure: units are guessed from names.")?;
    }
    if is_named {
        writeln!(out, "[[kind]]\nname = {}", quoted(&kind.name))?;
    }
    writeln!(out, "topic = {}", quoted(&kind.topic))?;
    match &kind.shape {
        Shape::Event => {}
        Shape::Each(path) => writeln!(out, "each = {}", quoted(path))?,
        Shape::Senml => writeln!(out, "senml = true")?,
    }
    if let Some(NamedBy { name, value }) = &kind.named {
        writeln!(out, "\n[{prefix}named]")?;
        write_source(out, "field", name)?;
        writeln!(out, "value = {}", quoted(value))?;
    }
    writeln!(out, "\n[{prefix}device]")?;
    write_source(out, "field", &kind.device)?;
    writeln!(out, "dimension = \"device\"")?;
    if let Some((field, written)) = &kind.time {
        writeln!(out, "\n[{prefix}time]\nfield = {}", quoted(field))?;
        match written.format {
            Some(format) => writeln!(out, "format = {}", quoted(format))?,
            None => writeln!(out, "unit = {}", quoted(written.unit))?,
        }
        if written.is_local {
            writeln!(out, "# Unsure: a time without an offset is UTC, unless its zone is named.")?;
            writeln!(out, "# zone = \"Europe/Berlin\"")?;
        }
    }
    writeln!(out, "\n[{prefix}record]")?;
    // One value a message: in a record with all measures the next one would replace it.
    let single = matches!(&kind.named, Some(named) if named.value == WHOLE || kind.shape == Shape::Event);
    if single {
        writeln!(out, "layout = \"single\"")?;
    } else {
        writeln!(out, "layout = \"multi\"\nname = {}", quoted(&kind.name.replace('-', "_")))?;
    }
    writeln!(out, "undeclared = \"ignore\"")?;
    for (name, source) in &kind.dimensions {
        writeln!(out, "\n[[{prefix}dimension]]\nname = {}", quoted(name))?;
        write_source(out, "field", source)?;
    }
    kind.measures.iter().try_for_each(|measure| write_measure(out, prefix, measure))
}

fn write_source(out: &mut String, key: &str, source: &Source) -> std::fmt::Result {
    match source {
        Source::Field(field) => writeln!(out, "{key} = {}", quoted(field)),
        Source::Topic(levels) => match &levels[..] {
            [level] => writeln!(out, "topic_segment = {level}"),
            levels => writeln!(out, "topic_segments = {levels:?}"),
        },
    }
}

/// The unit of a number.
fn unit_of(measure: &Proposed) -> Option<&'static str> {
    measure.unit.filter(|_| matches!(measure.kind, "double" | "bigint"))
}

fn write_measure(out: &mut String, prefix: &str, measure: &Proposed) -> std::fmt::Result {
    writeln!(out)?;
    if let Some(remark) = &measure.remark {
        writeln!(out, "# Unsure: {remark}.")?;
    }
    writeln!(out, "[[{prefix}measure]]\nname = {}", quoted(&measure.name))?;
    writeln!(out, "field = {}\ntype = {}", quoted(&measure.field), quoted(measure.kind))?;
    if let Some(unit) = unit_of(measure) {
        writeln!(out, "unit = {}", quoted(unit))?;
    }
    if !measure.map.is_empty() {
        let entries: Vec<String> =
            measure.map.iter().map(|(text, value)| format!("{} = {value}", quoted(text))).collect();
        writeln!(out, "map = {{ {} }}", entries.join(", "))?;
    }
    if !measure.missing.is_empty() {
        let texts: Vec<String> = measure.missing.iter().map(|text| quoted(text)).collect();
        writeln!(out, "missing = [{}]", texts.join(", "))?;
    }
    if let Some(suffix) = &measure.suffix {
        writeln!(out, "suffix = {}", quoted(suffix))?;
    }
    if measure.comma {
        writeln!(out, "decimal = \"comma\"")?;
    }
    if let Some((time, value)) = &measure.points {
        writeln!(out, "points = {{ time = {}, value = {} }}", quoted(time), quoted(value))?;
    }
    Ok(())
}
