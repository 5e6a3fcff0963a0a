//! What the panels of a dashboard ask, by a model, in the dialect of a [data source](DataSource) of Grafana.
//!
//! Every query names one measure, so that a measure that no device has sent yet, of which a store may have no
//! column, leaves only its own panel empty. None counts a [canary](telemetry::canary). `${measure:raw}` is the
//! variable that a person chooses.

use telemetry::{EventKind, Measure, MeasureType, Range, RecordLayout, TIME_CORRECTED};

use crate::columns::Column;
use crate::{Dialect, Identifier, Sql, quoted, without_canaries};

/// How a data source of Grafana is asked.
pub trait DataSource: Dialect + Sized {
    /// What follows `FROM` for every record, of the table called `table`.
    fn records(table: &str) -> String;

    /// The condition for the time that a person has chosen.
    const CHOSEN_TIME: &'static str;

    /// What two events of a device differ in.
    const EVENT_TIME: &'static str;

    /// What follows a query in parentheses that others select from.
    const ALIAS: &'static str;

    /// The beginning of the interval of the page in which a record is, and that in which a `minute` is.
    const INTERVALS: [&'static str; 2];

    /// The beginning of the minute in which a record is.
    const MINUTE: &'static str;

    /// The whole seconds since the newest of a group of records.
    const AGE: &'static str;

    /// The type of numbers with a fraction.
    const DOUBLE: &'static str;

    /// The instant so many seconds ago.
    fn ago(seconds: u32) -> String;

    /// The value of the first of a group of records.
    fn earliest(value: &str) -> String;

    /// The value of the last of a group of records.
    fn latest(value: &str) -> String;

    /// The value below which a share of a group of records is.
    fn percentile(value: &str, share: &str) -> String;

    /// The column of a measure.
    fn column(column: &Column) -> Sql<Self>;

    /// The column of the values of all records with one measure of a type.
    fn shared_column(kind: MeasureType) -> String;
}

/// A value, and the condition for records that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub value: String,
    /// The condition.
    pub filter: String,
}

/// Text.
pub fn text<D: DataSource>(text: &str) -> String {
    crate::text::<D>(text)
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
pub fn devices<D: DataSource>(model: &EventKind) -> String {
    without_canaries::<D>(&Identifier::device(&model.device))
}

/// What follows `FROM` for one row an event. In the layout `single` an event is several records of one device
/// and time.
pub fn events<D: DataSource>(model: &EventKind, table: &str) -> String {
    let (table, devices, time) = (D::records(table), devices::<D>(model), D::CHOSEN_TIME);
    match &model.record {
        RecordLayout::Multi { name } => {
            format!("{table} WHERE measure_name = {} AND {devices} AND {time}", text::<D>(name))
        }
        RecordLayout::Single => {
            let names: Vec<String> = model.measures.iter().map(|measure| text::<D>(&measure.name)).collect();
            format!(
                "(SELECT DISTINCT {}, {} FROM {table} WHERE measure_name IN ({}) AND {devices} AND {time}){} WHERE {time}",
                device(model),
                D::EVENT_TIME,
                names.join(", "),
                D::ALIAS,
            )
        }
    }
}

/// The condition for records of events whose clock was ahead.
pub fn corrected<D: DataSource>(model: &EventKind) -> String {
    let devices = devices::<D>(model);
    match &model.record {
        RecordLayout::Multi { name } => {
            format!("measure_name = {} AND {} AND {devices}", text::<D>(name), quoted(TIME_CORRECTED))
        }
        RecordLayout::Single => format!("measure_name = {} AND {devices}", text::<D>(TIME_CORRECTED)),
    }
}

/// A measure.
pub fn measure<D: DataSource>(model: &EventKind, measure: &Measure) -> Value {
    let column = Column::of(measure, &model.record);
    let (devices, record, value) =
        (devices::<D>(model), text::<D>(&column.record), D::column(&column).to_string());
    let filter = match &model.record {
        RecordLayout::Multi { .. } => {
            format!("measure_name = {record} AND {value} IS NOT NULL AND {devices}")
        }
        RecordLayout::Single => format!("measure_name = {record} AND {devices}"),
    };
    Value { value, filter }
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
pub fn picked<D: DataSource>(model: &EventKind) -> Value {
    let devices = devices::<D>(model);
    match &model.record {
        RecordLayout::Multi { name } => Value {
            value: "\"${measure:raw}\"".to_owned(),
            filter: format!(
                "measure_name = {} AND \"${{measure:raw}}\" IS NOT NULL AND {devices}",
                text::<D>(name)
            ),
        },
        RecordLayout::Single => Value {
            value: D::shared_column(chosen_kind(model).unwrap_or(MeasureType::Double)),
            filter: format!("measure_name = '${{measure:raw}}' AND {devices}"),
        },
    }
}
