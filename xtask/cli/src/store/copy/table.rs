//! A table of a store as the source: its points, read in parts that fit into memory.

use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Map, Value};
use telemetry::{DimensionValue, MeasureType, MeasureValue, Measured, Model, Record};

use super::columns::Columns;
use super::tally::{Left, point};
use super::windows::{Hours, Span, Window};
use super::{Batch, Reach, Survey};
use crate::store::{Source, Store};
use ::postgres::schema::Schema;
use ::postgres::sql as postgresql;
use ::timestream::sql::Timestream;
use ::timestream::time;
use session::Failure;
use sql::{Literal, literal};

/// The version of a point whose store does not tell one: the least. What a stream says of it wins, and so does
/// what a store with versions or the lake says.
pub const VERSION: i64 = 1;

/// Half of an arrival of today is below every arrival since 2000, and keeps the order of what it halves.
pub const BELOW_ARRIVALS: i64 = 2;

/// Points of one answer. Those of the Data API have at most 1 MiB, or take several requests.
pub const PART_POINTS: usize = 2_000;

/// What one query counts of PostgreSQL, which may take 45 seconds for it.
const COUNTED: i64 = 7 * 24 * super::windows::HOUR;

/// A table that is read.
#[derive(Debug)]
pub struct Table {
    store: Store,
    origins: Vec<Origin>,
    columns: Columns,
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    name: Arc<str>,
    role: Role,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Dimension,
    MeasureName,
    Time,
    Nanosecond,
    Version,
    /// The value of a record of one measure.
    Single(MeasureType),
    /// One of several values of a record.
    Named(MeasureType),
}

/// What a window has, part by part.
#[derive(Debug)]
pub struct Reader<'a> {
    table: &'a Table,
    /// The last comes first.
    spans: Vec<Span>,
}

impl Table {
    /// The table of a store, called `name`, for a store with the columns of `model`.
    pub async fn open(store: Store, name: &str, model: &Model) -> Result<Self, Failure> {
        let columns = Columns::of(model);
        let sql = match &store.source {
            Source::Timestream(_) => format!("DESCRIBE {}", store.table),
            // Which columns the table has, whatever the model.
            Source::Postgres(_) => Schema::of(model, name, 1).existing(),
        };
        let rows = store.query(&sql, None).await?.rows;
        let is_postgres = matches!(store.source, Source::Postgres(_));
        let origin =
            |row: &Vec<Value>| if is_postgres { of_postgres(row, &columns) } else { of_timestream(row) };
        let origins: Option<Vec<Origin>> = rows.iter().map(origin).collect();
        let origins = origins.ok_or_else(|| anyhow!("the columns of {} are not understood", store.table))?;
        Ok(Self { store, origins, columns })
    }

    /// How many points each hour has.
    pub async fn survey(&self, reach: Reach) -> Result<Survey, Failure> {
        let Some(first) = self.store.first(reach.since).await? else {
            return Ok(Survey::default());
        };
        let mut older = 0;
        let before = Span { from: first.max(reach.since), until: reach.span.from };
        if !before.is_empty() {
            older = self.store.count(before).await?;
        }
        let span = Span { from: first.max(reach.span.from), until: reach.span.until };
        Ok(Survey { hours: self.store.hours(span).await?, older, bytes: None })
    }

    /// Reads a window.
    pub fn read(&self, window: Window, reach: Reach) -> Reader<'_> {
        let mut spans = reach.span.within(window).parts(window.items.div_ceil(PART_POINTS as u64));
        spans.reverse();
        Reader { table: self, spans }
    }

    /// The points of a span, unless they are more than fit into one answer.
    async fn part(&self, span: Span, most: Option<usize>) -> Result<Option<Batch>, Failure> {
        let Some(records) = self.records(&self.store.within(span), most).await? else { return Ok(None) };
        let mut batch = Batch::default();
        for record in records {
            batch.read += 1;
            let what = point(&record);
            let (fits, reasons) = self.columns.fit(record);
            batch.points.extend(fits);
            batch.left.extend(reasons.into_iter().map(|reason| Left { reason, what: what.clone() }));
        }
        Ok(Some(batch))
    }

    /// The records of devices at instants, as the table has them: those of each of these records among others.
    pub async fn beside(&self, records: &[&Record]) -> Result<Vec<Record>, Failure> {
        let has = |name: &str| self.origins.iter().any(|origin| *origin.name == *name);
        let place = |record: &&Record| {
            // A column that nothing was written to is not there.
            let device = record.dimensions.first().filter(|device| has(&device.name))?;
            let span = Span { from: record.time, until: record.time.saturating_add(1) };
            let name = sql::quoted(&device.name);
            Some(format!("({name} = {} AND {})", self.store.text(&device.value), self.store.within(span)))
        };
        let places: Vec<String> = records.iter().filter_map(place).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.records(&places.join(" OR "), None).await?.unwrap_or_default())
    }

    /// The records that fulfil a condition, unless they are more than `most`.
    async fn records(&self, condition: &str, most: Option<usize>) -> Result<Option<Vec<Record>>, Failure> {
        let limit = most.map(|most| format!(" LIMIT {}", most + 1)).unwrap_or_default();
        let table = &self.store.table;
        let is_postgres = matches!(self.store.source, Source::Postgres(_));
        let rows = format!("SELECT * FROM {table} WHERE {condition}{limit}");
        let sql = if is_postgres {
            // Values to the last digit, and nothing of what a row lacks.
            format!("SELECT json_strip_nulls(to_json(stored))::text FROM ({rows}) AS stored")
        } else {
            rows
        };
        let answer = self.store.query(&sql, most).await?;
        if answer.truncated {
            return Ok(None);
        }
        let mut records = Vec::with_capacity(answer.rows.len());
        for row in answer.rows {
            let cells: Map<String, Value> = if is_postgres {
                let text = row.first().and_then(Value::as_str).unwrap_or_default();
                serde_json::from_str(text)
                    .map_err(|error| anyhow!("a row of {table} is no object: {error}"))?
            } else {
                let names = answer.columns.iter().map(|column| column.name.clone());
                names.zip(row).filter(|(_, value)| !value.is_null()).collect()
            };
            let record = record(&self.origins, &cells)
                .ok_or_else(|| anyhow!("a row of {table} is not understood: {cells:?}"))?;
            records.push(record);
        }
        Ok(Some(records))
    }
}

impl Reader<'_> {
    /// The next part; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Batch>, Failure> {
        while let Some(span) = self.spans.pop() {
            // What one instant has is one part, however much it is.
            let halves = span.halves();
            match self.table.part(span, halves.map(|_| PART_POINTS)).await? {
                Some(batch) => return Ok(Some(batch)),
                None => self.spans.extend(halves.into_iter().flatten().rev()),
            }
        }
        Ok(None)
    }
}

impl Store {
    /// The condition for rows of a span.
    fn within(&self, Span { from, until }: Span) -> String {
        match &self.source {
            Source::Timestream(_) => {
                let at = |time| literal::<Timestream>(&Literal::RowTime(time));
                format!("time >= {} AND time < {}", at(from), at(until))
            }
            Source::Postgres(_) => postgresql::between(from, until - 1).to_string(),
        }
    }

    /// A literal of its dialect.
    fn text(&self, text: &str) -> String {
        match &self.source {
            Source::Timestream(_) => sql::text::<Timestream>(text),
            Source::Postgres(_) => sql::text::<postgresql::Postgres>(text),
        }
    }

    /// An instant that no point of the table from `since` on is before; `None` of an empty table.
    async fn first(&self, since: i64) -> Result<Option<i64>, Failure> {
        match &self.source {
            Source::Timestream(_) => Ok(Some(since.max(0))),
            Source::Postgres(_) => {
                let answer = self.query(postgresql::days(&self.table).as_str(), None).await?;
                let day = answer.rows.first().and_then(|row| row.get(1)?.as_str());
                Ok(day.and_then(|day| nanoseconds(&format!("{day}T00:00:00Z"))).map(|first| first.max(since)))
            }
        }
    }

    /// How many points the table has of each hour of a span.
    async fn hours(&self, span: Span) -> Result<Hours, Failure> {
        let mut hours = Hours::new();
        for part in self.counted(span) {
            let (table, condition) = (&self.table, self.within(part));
            let sql = match &self.source {
                Source::Timestream(_) => {
                    format!(
                        "SELECT BIN(time, 1h) AS hour, count(*) FROM {table} WHERE {condition} GROUP BY 1"
                    )
                }
                Source::Postgres(_) => format!(
                    "SELECT floor(extract(epoch FROM time) / 3600)::bigint AS hour, count(*) FROM {table} WHERE \
                     {condition} GROUP BY 1"
                ),
            };
            for row in self.query(&sql, None).await?.rows {
                let hour = match row.first() {
                    Some(Value::String(text)) => nanoseconds(text).map(super::windows::hour),
                    Some(number) => number.as_i64(),
                    None => None,
                };
                let count = row.get(1).and_then(Value::as_u64);
                let (Some(hour), Some(count)) = (hour, count) else {
                    return Err(anyhow!("the store does not say how many points it has").into());
                };
                *hours.entry(hour).or_default() += count;
            }
        }
        Ok(hours)
    }

    /// How many points the table has of a span.
    pub(super) async fn count(&self, span: Span) -> Result<u64, Failure> {
        let mut count = 0;
        for part in self.counted(span) {
            let sql = format!("SELECT count(*) FROM {} WHERE {}", self.table, self.within(part));
            let rows = self.query(&sql, None).await?.rows;
            let counted = rows.first().and_then(|row| row.first()?.as_u64());
            count += counted.ok_or_else(|| anyhow!("the store does not say how many points it has"))?;
        }
        Ok(count)
    }

    /// What one query counts.
    fn counted(&self, span: Span) -> Vec<Span> {
        match &self.source {
            Source::Timestream(_) => vec![span],
            Source::Postgres(_) => {
                let weeks = (span.until - span.from).max(0).div_euclid(COUNTED) + 1;
                span.parts(weeks.unsigned_abs())
            }
        }
    }
}

/// The point of a row; `None` where that is no row of such a table.
fn record(origins: &[Origin], cells: &Map<String, Value>) -> Option<Record> {
    let mut dimensions = Vec::new();
    let (mut measure_name, mut instant, mut below, mut version) = (None, None, 0, VERSION);
    let (mut single, mut named) = (None, Vec::new());
    for Origin { name, role } in origins {
        let Some(cell) = cells.get(&**name) else { continue };
        match role {
            Role::Dimension => {
                dimensions.push(DimensionValue { name: Arc::clone(name), value: cell.as_str()?.to_owned() });
            }
            Role::MeasureName => measure_name = Some(cell.as_str()?),
            Role::Time => instant = Some(nanoseconds(cell.as_str()?)?),
            Role::Nanosecond => below = cell.as_i64()?,
            Role::Version => version = (cell.as_i64()? / BELOW_ARRIVALS).max(VERSION),
            Role::Single(kind) => single = Some(value(cell, *kind)?),
            Role::Named(kind) => {
                named.push(MeasureValue { name: Arc::clone(name), value: value(cell, *kind)? });
            }
        }
    }
    Some(Record {
        dimensions: dimensions.into(),
        measure_name: measure_name?.into(),
        measured: single.map_or(Measured::Multi(named), Measured::Single),
        time: instant? + below,
        version,
    })
}

/// An instant as either store writes it.
fn nanoseconds(text: &str) -> Option<i64> {
    time::instant(text).or_else(|| text.parse::<jiff::Timestamp>().ok()?.as_nanosecond().try_into().ok())
}

/// A value of a column.
fn value(cell: &Value, kind: MeasureType) -> Option<telemetry::Value> {
    Some(match kind {
        MeasureType::Double => telemetry::Value::Double(cell.as_f64()?),
        MeasureType::Bigint => telemetry::Value::Bigint(cell.as_i64()?),
        MeasureType::Boolean => telemetry::Value::Boolean(cell.as_bool()?),
        MeasureType::Varchar => telemetry::Value::Varchar(cell.as_str()?.to_owned()),
        MeasureType::Timestamp => telemetry::Value::Timestamp(match cell {
            Value::String(text) => nanoseconds(text)?,
            number => number.as_i64()?,
        }),
    })
}

/// A row of `DESCRIBE`: name, type and what it is.
fn of_timestream(row: &[Value]) -> Option<Origin> {
    let [name, kind, attribute] = [0, 1, 2].map(|at| row.get(at).and_then(Value::as_str));
    let kind = || {
        Some(match kind? {
            "double" => MeasureType::Double,
            "bigint" => MeasureType::Bigint,
            "boolean" => MeasureType::Boolean,
            "varchar" => MeasureType::Varchar,
            "timestamp" => MeasureType::Timestamp,
            _ => return None,
        })
    };
    let role = match attribute? {
        "DIMENSION" => Role::Dimension,
        "MEASURE_NAME" => Role::MeasureName,
        "TIMESTAMP" => Role::Time,
        "MEASURE_VALUE" => Role::Single(kind()?),
        "MULTI" => Role::Named(kind()?),
        _ => return None,
    };
    Some(Origin { name: name?.into(), role })
}

/// A row of what [`Schema::existing`] asks: name, type and whether it is in the place. An instant that was measured is
/// stored as its number: the model says which it is.
fn of_postgres(row: &[Value], columns: &Columns) -> Option<Origin> {
    let name = row.first()?.as_str()?;
    let role = match (name, row.get(1)?.as_str()?, row.get(2)?.as_bool()?) {
        ("measure_name", ..) => Role::MeasureName,
        ("time", ..) => Role::Time,
        ("nanosecond", ..) => Role::Nanosecond,
        ("version", ..) => Role::Version,
        (_, _, true) => Role::Dimension,
        (_, kind, false) => {
            let kind = match kind {
                "double precision" => MeasureType::Double,
                "bigint" if columns.has_instant(name) => MeasureType::Timestamp,
                "bigint" => MeasureType::Bigint,
                "boolean" => MeasureType::Boolean,
                "text" => MeasureType::Varchar,
                _ => return None,
            };
            if name.starts_with("measure_value::") { Role::Single(kind) } else { Role::Named(kind) }
        }
    };
    Some(Origin { name: name.into(), role })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The columns of both stores for a device and a site, values alone and several, and an instant among them.
    fn origins(is_postgres: bool) -> Vec<Origin> {
        let kind = json!({
            "topic": "t", "device": {"dimension": "device", "field": "d"},
            "measures": [{"name": "at", "field": "at", "type": "timestamp"}],
            "record": {"layout": "single"}, "undeclared": "ignore",
        });
        let columns = Columns::of(&serde_json::from_value(kind).expect("a model"));
        let described = json!([
            ["device", "varchar", "DIMENSION"],
            ["site", "varchar", "DIMENSION"],
            ["measure_name", "varchar", "MEASURE_NAME"],
            ["time", "timestamp", "TIMESTAMP"],
            ["measure_value::double", "double", "MEASURE_VALUE"],
            ["at", "timestamp", "MULTI"],
            ["n", "bigint", "MULTI"],
            ["on", "boolean", "MULTI"],
            ["text", "varchar", "MULTI"],
        ]);
        let existing = json!([
            ["device", "text", true],
            ["site", "text", true],
            ["measure_name", "text", true],
            ["time", "timestamp with time zone", true],
            ["nanosecond", "smallint", true],
            ["version", "bigint", false],
            ["measure_value::double", "double precision", false],
            ["at", "bigint", false],
            ["n", "bigint", false],
            ["on", "boolean", false],
            ["text", "text", false],
        ]);
        let rows: Vec<Vec<Value>> =
            serde_json::from_value(if is_postgres { existing } else { described }).expect("rows");
        let origin =
            |row: &Vec<Value>| if is_postgres { of_postgres(row, &columns) } else { of_timestream(row) };
        rows.iter().map(origin).collect::<Option<_>>().expect("columns")
    }

    #[test]
    fn a_row_of_either_store_is_the_same_point() {
        let several =
            json!({"device": "a", "site": "s", "measure_name": "m", "n": i64::MAX, "on": true, "text": "ä"});
        let alone = json!({"device": "a", "measure_name": "t", "measure_value::double": 1e300});
        for (row, at, values) in [(&several, Some(7), 4), (&several, None, 3), (&alone, None, 1)] {
            let with = |more: Value| {
                let mut cells = row.as_object().expect("an object").clone();
                cells.extend(more.as_object().expect("an object").clone());
                cells
            };
            let mut timestream = with(json!({"time": "2022-08-25 00:00:00.000001002"}));
            let mut postgres =
                with(json!({"time": "2022-08-25T00:00:00.000001+00:00", "nanosecond": 2, "version": 18}));
            if let Some(at) = at {
                timestream.insert("at".to_owned(), time::text(at).into());
                postgres.insert("at".to_owned(), at.into());
            }
            let one = record(&origins(false), &timestream).expect("a point");
            let other = record(&origins(true), &postgres).expect("a point");
            assert_eq!((one.version, other.version, one.time), (VERSION, 9, 1_661_385_600_000_001_002));
            assert_eq!(Record { version: VERSION, ..other }, one);
            let count = match one.measured {
                Measured::Multi(values) => values.len(),
                Measured::Single(value) => {
                    assert_eq!(value, telemetry::Value::Double(1e300));
                    1
                }
            };
            assert_eq!(count, values);
        }
    }

    #[test]
    fn what_is_no_such_row_is_none() {
        for (row, origins) in [
            (json!({"device": "a", "measure_name": "t"}), origins(false)),
            (json!({"device": "a", "time": "2022-08-25 00:00:00.000001002"}), origins(false)),
            (
                json!({"device": 1, "measure_name": "t", "time": "2022-08-25 00:00:00.000001002"}),
                origins(false),
            ),
            (json!({"measure_name": "t", "time": "2022-08-25T00:00:00Z", "n": 1.5}), origins(true)),
        ] {
            assert_eq!(record(&origins, row.as_object().expect("an object")), None, "{row}");
        }
        assert_eq!(of_timestream(&["x", "interval", "MULTI"].map(Value::from)), None);
    }
}
