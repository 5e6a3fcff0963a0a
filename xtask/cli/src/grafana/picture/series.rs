//! Answers of queries as lines: times and numbers, one line for each column or device.

use serde_json::Value;

use super::number;
use crate::store::Answer;

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    /// Milliseconds since 1970 and values, in the order of time.
    pub points: Vec<(f64, f64)>,
}

/// The lines of an answer whose first column is a time. A column of text splits the others by it.
pub fn lines(answer: &Answer) -> Vec<Series> {
    let mut lines: Vec<Series> = Vec::new();
    for row in &answer.rows {
        let Some(time) = row.first().and_then(Value::as_str).and_then(number::time) else { continue };
        let label = row.iter().skip(1).find_map(Value::as_str);
        for (column, value) in answer.columns.iter().zip(row).skip(1) {
            let Some(value) = value.as_f64() else { continue };
            let name = label.unwrap_or(&column.name);
            match lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push((time, value)),
                None => lines.push(Series { name: name.to_owned(), points: vec![(time, value)] }),
            }
        }
    }
    lines
}

/// The last number of an answer, and the name of its column.
pub fn last(answer: &Answer) -> Option<(String, f64)> {
    let row = answer.rows.last()?;
    let number =
        |(column, value): (&crate::store::Column, &Value)| Some((column.name.clone(), value.as_f64()?));
    answer.columns.iter().zip(row).find_map(number)
}
