//! The rows of a table in memory, and a draft of changes to them.
//!
//! Rows are ordered by time and then by series, so that a time range is a range of keys and a record
//! that is written again finds the row that it repeats. A [`Draft`] sees its own changes but makes
//! none of them: the store applies it after it is on disk.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
    sync::Arc,
};

use super::{
    columns::Columns,
    record::{Row, Series, Snapshot},
};

/// Number of a series in its table, from 0 in order of first write.
pub type SeriesId = u32;
/// Time in nanoseconds, and series.
pub type RowKey = (i64, SeriesId);

/// The rows of a table and what they have made.
#[derive(Debug, Default)]
pub struct TableData {
    pub(super) columns: Columns,
    pub(super) series: HashMap<Arc<Series>, SeriesId>,
    pub(super) rows: BTreeMap<RowKey, Arc<Row>>,
}

impl TableData {
    /// The rows with a time in `range`.
    pub fn snapshot(&self, range: RangeInclusive<i64>) -> Snapshot {
        let rows = if range.is_empty() {
            Vec::new()
        } else {
            let keys = (*range.start(), SeriesId::MIN)..=(*range.end(), SeriesId::MAX);
            self.rows.range(keys).map(|(_, row)| Arc::clone(row)).collect()
        };
        Snapshot { schema: self.columns.schema(), rows }
    }

    /// Keys of the rows with a time before `horizon`.
    pub fn keys_before(&self, horizon: i64) -> Vec<RowKey> {
        self.rows.range(..(horizon, SeriesId::MIN)).map(|(key, _)| *key).collect()
    }

    /// Drops the rows with a time before `horizon`.
    pub fn forget_before(&mut self, horizon: i64) {
        self.rows = self.rows.split_off(&(horizon, SeriesId::MIN));
    }

    /// Makes the changes of a draft of this table.
    pub fn apply(&mut self, changes: Changes) {
        if let Some(columns) = changes.columns {
            self.columns = columns;
        }
        self.series.extend(changes.series);
        self.rows.extend(changes.rows);
    }
}

/// What a draft changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// All columns, if there are new ones.
    pub columns: Option<Columns>,
    /// The new series.
    pub series: HashMap<Arc<Series>, SeriesId>,
    /// The rows that are new or replaced.
    pub rows: BTreeMap<RowKey, Arc<Row>>,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A table together with changes that are not made yet.
#[derive(Debug)]
pub struct Draft<'a> {
    base: &'a TableData,
    columns: Cow<'a, Columns>,
    series: HashMap<Arc<Series>, SeriesId>,
    rows: BTreeMap<RowKey, Arc<Row>>,
}

impl<'a> Draft<'a> {
    /// No changes yet.
    pub fn new(base: &'a TableData) -> Self {
        Self { base, columns: Cow::Borrowed(&base.columns), series: HashMap::new(), rows: BTreeMap::new() }
    }

    /// The columns with those of the draft.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The row of this series at this time.
    pub fn row(&self, series: &Series, time: i64) -> Option<&Row> {
        let (_, id) = self.find_series(series)?;
        let key = (time, id);
        self.rows.get(&key).or_else(|| self.base.rows.get(&key)).map(Arc::as_ref)
    }

    /// Adds a row, or replaces the one with its key. Series share their identity.
    pub fn put(&mut self, mut row: Row) {
        let id = if let Some((known, id)) = self.find_series(&row.series) {
            row.series = known;
            id
        } else {
            // More than four billion series do not fit into memory.
            let id = SeriesId::try_from(self.base.series.len() + self.series.len()).unwrap_or(SeriesId::MAX);
            self.series.insert(Arc::clone(&row.series), id);
            id
        };
        if !self.columns.knows(&row) {
            self.columns.to_mut().learn(&row);
        }
        self.rows.insert((row.time, id), Arc::new(row));
    }

    /// The changes, detached from the table.
    pub fn into_changes(self) -> Changes {
        let columns = match self.columns {
            Cow::Borrowed(_) => None,
            Cow::Owned(columns) => Some(columns),
        };
        Changes { columns, series: self.series, rows: self.rows }
    }

    fn find_series(&self, series: &Series) -> Option<(Arc<Series>, SeriesId)> {
        self.series
            .get_key_value(series)
            .or_else(|| self.base.series.get_key_value(series))
            .map(|(known, id)| (Arc::clone(known), *id))
    }
}
