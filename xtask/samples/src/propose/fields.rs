//! What a field holds, over all samples of it.

use std::collections::BTreeSet;

use telemetry::path::{Path, Step};

use super::tree::Tree;

/// Texts that stand for no value.
const MISSING: &[&str] = &["unavailable", "unknown", "nan", "n/a", "none", "null", "-", "--"];
/// Pairs of texts of a switch: true and false.
const SWITCHES: &[(&str, &str)] =
    &[("on", "off"), ("open", "closed"), ("yes", "no"), ("true", "false"), ("online", "offline")];
/// Parts of names of what is counted.
const COUNTED: &[&str] =
    &["count", "cnt", "counter", "seq", "rssi", "uptime", "linkquality", "port", "frames", "index"];
/// Words of a name, and the unit that they have.
const UNITS: &[(&str, &str)] = &[
    ("temperature", "celsius"),
    ("temp", "celsius"),
    ("humidity", "percent"),
    ("battery", "percent"),
    ("batt", "percent"),
    ("voltage", "volt"),
    ("current", "ampere"),
    ("power", "watt"),
    ("apower", "watt"),
    ("watt", "watt"),
    ("rssi", "dBm"),
    ("snr", "dB"),
    ("lat", "degrees"),
    ("latitude", "degrees"),
    ("lon", "degrees"),
    ("longitude", "degrees"),
    ("frequency", "hertz"),
];
/// Units behind numbers, and what they are called.
const SUFFIXES: &[(&str, &str)] = &[
    ("°C", "celsius"),
    ("C", "celsius"),
    ("°F", "fahrenheit"),
    ("%", "percent"),
    ("V", "volt"),
    ("mV", "millivolt"),
    ("A", "ampere"),
    ("W", "watt"),
    ("kWh", "kilowatt-hours"),
    ("hPa", "hectopascal"),
    ("Pa", "pascal"),
    ("lx", "lux"),
    ("ppm", "ppm"),
    ("m", "metres"),
    ("km/h", "km/h"),
];
/// Volts that nothing has which sends them: these are millivolts.
const MOST_VOLTS: f64 = 1_000.0;

/// A measure as the samples suggest it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proposed {
    pub(super) name: String,
    pub(super) field: String,
    pub(super) kind: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) map: Vec<(String, bool)>,
    pub(super) missing: Vec<String>,
    pub(super) suffix: Option<String>,
    pub(super) comma: bool,
    /// The members of the elements of an array of readings.
    pub(super) points: Option<(String, String)>,
    pub(super) remark: Option<String>,
}

/// What stands in a text that is a number with something around it.
struct Numeric {
    suffix: String,
    /// How many digits there are behind a comma.
    comma: Option<usize>,
}

/// A measure for the values of a field. `None`: no sample has a value.
pub(super) fn measure(name: String, field: String, values: &[&Tree]) -> Option<Proposed> {
    let values: Vec<&Tree> = values
        .iter()
        .copied()
        .filter(|value| !matches!(value, Tree::Null) && value.text().as_deref() != Some(""))
        .collect();
    values.first()?;
    let mut proposed = Proposed {
        unit: unit(&name),
        name,
        field,
        kind: "varchar",
        map: Vec::new(),
        missing: Vec::new(),
        suffix: None,
        comma: false,
        points: None,
        remark: None,
    };
    let is_missing = |value: &&Tree| matches!(value, Tree::Text(text) if MISSING.contains(&text.trim().to_ascii_lowercase().as_str()));
    let (missing, there): (Vec<&Tree>, Vec<&Tree>) = values.iter().copied().partition(is_missing);
    let all = |test: fn(&Tree) -> bool| there.iter().all(|value| test(value));
    if there.is_empty() {
        proposed.remark = Some("no sample has a value of it".to_owned());
    } else if all(|value| matches!(value, Tree::Boolean(_))) {
        proposed.kind = "boolean";
        proposed.unit = None;
    } else if all(|value| matches!(value, Tree::Whole(_) | Tree::Number(_))) {
        proposed.kind = number(&proposed.name, &there);
        if proposed.unit == Some("volt") && there.iter().any(|value| is_above(value, MOST_VOLTS)) {
            proposed.unit = None;
            proposed.remark = Some("too much for volts: `scale` makes them of millivolts".to_owned());
        }
    } else if let Some(numerics) = there.iter().map(|value| numeric(value)).collect::<Option<Vec<_>>>() {
        proposed.kind = "double";
        let mut commas = numerics.iter().filter_map(|one| one.comma).peekable();
        proposed.comma = commas.peek().is_some();
        if proposed.comma && commas.all(|digits| digits == 3) {
            let remark = "a comma before three digits is read as the decimal one, and may separate thousands";
            proposed.remark = Some(remark.to_owned());
        }
        let suffixes: BTreeSet<&str> =
            numerics.iter().map(|one| one.suffix.as_str()).filter(|suffix| !suffix.is_empty()).collect();
        match suffixes.first() {
            Some(suffix) if suffixes.len() == 1 => {
                let known = SUFFIXES.iter().find(|(known, _)| known == suffix).map(|(_, unit)| *unit);
                proposed.unit = known;
                proposed.suffix = Some((*suffix).to_owned());
            }
            None => {}
            Some(_) => {
                proposed.kind = "varchar";
                proposed.comma = false;
                proposed.remark = Some("numbers with several units behind them: text as it is".to_owned());
            }
        }
    } else if let Some(map) = switch(&there) {
        proposed.kind = "boolean";
        proposed.unit = None;
        proposed.map = map;
    } else {
        proposed.unit = None;
        proposed.remark = text_remark(&there);
    }
    if proposed.kind != "varchar" {
        let texts: BTreeSet<String> = missing.iter().filter_map(|value| value.text()).collect();
        proposed.missing = texts.into_iter().collect();
    }
    Some(proposed)
}

/// The type of numbers: what is counted is whole, and anything else may have a fraction tomorrow.
fn number(name: &str, values: &[&Tree]) -> &'static str {
    let whole = values.iter().all(|value| matches!(value, Tree::Whole(_)));
    let large = values.iter().any(|value| matches!(value, Tree::Whole(number) if number.abs() > 1 << 53));
    let is_counted = name.split('_').any(|word| COUNTED.contains(&word)) || large;
    if whole && is_counted { "bigint" } else { "double" }
}

#[allow(clippy::cast_precision_loss, reason = "the magnitude is what counts")]
fn is_above(value: &Tree, most: f64) -> bool {
    match value {
        Tree::Whole(whole) => *whole as f64 > most,
        Tree::Number(number) => *number > most,
        _ => false,
    }
}

/// A number, or text that is one with a unit behind it or a comma in it.
fn numeric(value: &Tree) -> Option<Numeric> {
    let Tree::Text(text) = value else {
        let is_number = matches!(value, Tree::Whole(_) | Tree::Number(_));
        return is_number.then(|| Numeric { suffix: String::new(), comma: None });
    };
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-'))).unwrap_or(text.len());
    let (digits, suffix) = (text[..end].trim(), text[end..].trim());
    let is_unit = suffix.chars().count() <= 8 && !suffix.chars().any(|c| c.is_ascii_digit());
    let comma = digits.split_once(',').map(|(_, behind)| behind.len());
    let plain = digits.replacen(',', ".", 1);
    // An id may be digits alone.
    let is_id = digits.len() > 12
        || digits
            .trim_start_matches('-')
            .strip_prefix('0')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let is_number = plain.parse::<f64>().is_ok_and(f64::is_finite)
        && !(comma.is_some() && digits.contains('.'))
        && !is_id;
    (is_number && is_unit).then(|| Numeric { suffix: suffix.to_owned(), comma })
}

/// The map of texts that are those of a switch.
fn switch(values: &[&Tree]) -> Option<Vec<(String, bool)>> {
    let texts: BTreeSet<&str> = values
        .iter()
        .map(|value| match value {
            Tree::Text(text) => Some(text.trim()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let is = |text: &str, one: &str| text.eq_ignore_ascii_case(one);
    let (on, off) =
        SWITCHES.iter().find(|(on, off)| texts.iter().all(|text| is(text, on) || is(text, off)))?;
    // The other one as the first is written.
    let like = |word: &str| {
        let upper = texts.iter().any(|text| text.len() > 1 && **text == text.to_ascii_uppercase());
        let title = texts.iter().any(|text| text.starts_with(|c: char| c.is_ascii_uppercase()));
        match (upper, title) {
            (true, _) => word.to_ascii_uppercase(),
            (_, true) => word[..1].to_ascii_uppercase() + &word[1..],
            _ => word.to_owned(),
        }
    };
    Some(vec![(like(on), true), (like(off), false)])
}

fn text_remark(values: &[&Tree]) -> Option<String> {
    let texts: Vec<&str> = values
        .iter()
        .filter_map(|value| match value {
            Tree::Text(text) => Some(text.trim()),
            _ => None,
        })
        .collect();
    let all = |test: fn(&str) -> bool| texts.len() == values.len() && texts.iter().all(|text| test(text));
    let hex = |text: &str| {
        text.len() >= 8 && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let base64 = |text: &str| {
        text.len() >= 8
            && text.len().is_multiple_of(4)
            && text.ends_with('=')
            && text
                .trim_end_matches('=')
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    };
    let id = |text: &str| {
        text.len() >= 16 && !text.contains(' ') && text.bytes().any(|byte| byte.is_ascii_digit())
    };
    let remark = if texts.iter().any(|text| text.len() > timestream::LIMITS.text_bytes) {
        "longer than the store takes"
    } else if all(hex) {
        "may be bytes: a measure for each part of them has `binary = { encoding = \"hex\", offset = 0, type = \"i16\" }`"
    } else if all(base64) {
        "may be bytes: a measure for each part of them has `binary = { encoding = \"base64\", offset = 0, type = \"i16\" }`"
    } else if all(id) {
        "looks like an identifier: leave it out, or make it a dimension"
    } else if texts.len() != values.len() {
        "text here, and something else there"
    } else {
        return None;
    };
    Some(remark.to_owned())
}

fn unit(name: &str) -> Option<&'static str> {
    name.split('_')
        .rev()
        .find_map(|word| UNITS.iter().find(|(known, _)| *known == word))
        .map(|(_, unit)| *unit)
}

/// A name of the store for a path: its last steps, in small letters, as many as it takes to be new.
pub(super) fn name(path: &Path, taken: &dyn Fn(&str) -> bool) -> String {
    let words: Vec<String> = path
        .steps
        .iter()
        .map(|step| match step {
            Step::Member(name) => snake(name),
            Step::Element(index) => index.to_string(),
        })
        .collect();
    let from = |first: usize| {
        let name = words[first..].join("_");
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("m_{name}") }
    };
    let is_named = |first: &usize| words[*first].starts_with(|c: char| c.is_ascii_alphabetic());
    let found = (0..words.len()).rev().filter(is_named).map(from).find(|name| !taken(name));
    found.unwrap_or_else(|| {
        let whole = from(0);
        (2..1_000).map(|count| format!("{whole}_{count}")).find(|name| !taken(name)).unwrap_or(whole)
    })
}

/// Words in small letters with `_` between them.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for c in name.chars() {
        let joins = !c.is_ascii_alphanumeric();
        if (joins || (c.is_ascii_uppercase() && before.is_ascii_lowercase()))
            && !snake.ends_with('_')
            && !snake.is_empty()
        {
            snake.push('_');
        }
        if !joins {
            snake.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    let snake = snake.trim_end_matches('_').to_owned();
    if snake.is_empty() { "value".to_owned() } else { snake }
}
