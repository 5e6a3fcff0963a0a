//! The control plane: databases, tables and their tags.
//!
//! It reads requests, judges them and describes what there is. It knows nothing of rows.

pub mod database;
mod paging;
mod retention;
mod schema;
pub mod table;
pub mod tags;

use serde_json::{Number, Value};

/// Nanoseconds since 1970 as the protocol writes instants: seconds, with milliseconds.
fn epoch_seconds(nanoseconds: i64) -> Value {
    let milliseconds = nanoseconds / 1_000_000;
    let whole = milliseconds / 1000;
    let text = format!("{whole}.{:03}", milliseconds % 1000);
    text.parse::<Number>().map_or(Value::from(whole), Value::Number)
}
