//! What the panels of a dashboard ask, by a model.
//!
//! Every query names one measure, so that a measure that no device has sent yet, of which the store has no
//! column, leaves only its own panel empty. None counts a [canary](telemetry::canary). `$__` begins a macro of
//! Grafana's data source for Timestream, `${measure:raw}` is the variable that a person chooses.

use telemetry::{EventKind, Measure, MeasureType, Range, RecordLayout, TIME_CORRECTED};

use crate::columns::Column;
use crate::sql::{Identifier, Literal, without_canaries};

/// What every query is about.
const TABLE: &str = "$__database.$__table";

/// The time that a person has chosen.
const TIME: &str = "$__timeFilter";

/// A value, and the condition for records that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub value: String,
    /// The condition.
    pub filter: String,
}

/// Text.
pub fn text(text: &str) -> String {
    Literal::Text(text.to_owned()).to_string()
}

/// A bound of what is normal.
pub fn bound(number: f64) -> String {
    format!("{number:?}")
}

/// The column of the device.
pub fn device(model: &EventKind) -> String {
    Identifier::device(&model.device).to_string()
}

/// The name of a measure as that of a column.
pub fn alias(measure: &Measure) -> String {
    Identifier::measure(measure).to_string()
}

/// The condition for rows of devices.
pub fn devices(model: &EventKind) -> String {
    without_canaries(&Identifier::device(&model.device))
}

/// What follows `FROM` for one row an event. In the layout `single` an event is several records of one device
/// and time.
pub fn events(model: &EventKind) -> String {
    let devices = devices(model);
    match &model.record {
        RecordLayout::Multi { name } => {
            format!("{TABLE} WHERE measure_name = {} AND {devices} AND {TIME}", text(name))
        }
        RecordLayout::Single => {
            let names: Vec<String> = model.measures.iter().map(|measure| text(&measure.name)).collect();
            format!(
                "(SELECT DISTINCT {}, time FROM {TABLE} WHERE measure_name IN ({}) AND {devices} AND {TIME}) WHERE {TIME}",
                device(model),
                names.join(", "),
            )
        }
    }
}

/// The condition for records of events whose clock was ahead.
pub fn corrected(model: &EventKind) -> String {
    let devices = devices(model);
    match &model.record {
        RecordLayout::Multi { name } => {
            format!("measure_name = {} AND \"{TIME_CORRECTED}\" AND {devices}", text(name))
        }
        RecordLayout::Single => format!("measure_name = {} AND {devices}", text(TIME_CORRECTED)),
    }
}

/// A measure.
pub fn measure(model: &EventKind, measure: &Measure) -> Value {
    let Column { sql, record, .. } = Column::of(measure, &model.record);
    let (devices, record) = (devices(model), text(&record));
    let filter = match &model.record {
        RecordLayout::Multi { .. } => format!("measure_name = {record} AND {sql} IS NOT NULL AND {devices}"),
        RecordLayout::Single => format!("measure_name = {record} AND {devices}"),
    };
    Value { value: sql.to_string(), filter }
}

/// The condition for values that are not normal.
pub fn outside(value: &str, Range { min, max }: Range) -> String {
    format!("{value} < {} OR {value} > {}", bound(min), bound(max))
}

/// In the layout `single`, the type of the measures that can be chosen: a query has one column of values, and
/// types have columns of their own.
pub fn chosen_kind(model: &EventKind) -> Option<MeasureType> {
    let doubles = || model.measures.iter().any(|measure| measure.kind == MeasureType::Double);
    match model.record {
        RecordLayout::Multi { .. } => None,
        RecordLayout::Single if doubles() => Some(MeasureType::Double),
        RecordLayout::Single => Some(MeasureType::Bigint),
    }
}

/// The measure that a person has chosen. The names to choose from are those of the model, so that the variable
/// is put in as it is.
pub fn picked(model: &EventKind) -> Value {
    let devices = devices(model);
    match &model.record {
        RecordLayout::Multi { name } => Value {
            value: "\"${measure:raw}\"".to_owned(),
            filter: format!(
                "measure_name = {} AND \"${{measure:raw}}\" IS NOT NULL AND {devices}",
                text(name)
            ),
        },
        RecordLayout::Single => Value {
            value: format!("measure_value::{}", chosen_kind(model).unwrap_or(MeasureType::Double).name()),
            filter: format!("measure_name = '${{measure:raw}}' AND {devices}"),
        },
    }
}
