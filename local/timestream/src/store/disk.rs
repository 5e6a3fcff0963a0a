//! The store on disk: one redb file, one transaction for each change, on the disk when it returns.
//!
//! It holds what memory holds and knows no rule. Descriptions are JSON, rows are postcard.

use std::{path::Path, sync::Arc};

use redb::{Database as File, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;

use super::{
    catalog::{Database, Table},
    columns::{ColumnOrder, Columns},
    record::{Measures, Row, Series},
    table::{Changes, RowKey, SeriesId, TableData},
};

/// Number of a table, never used again.
pub type TableId = u64;

const DATABASES: TableDefinition<&str, &[u8]> = TableDefinition::new("databases");
const TABLES: TableDefinition<TableId, &[u8]> = TableDefinition::new("tables");
const COUNTERS: TableDefinition<&str, u64> = TableDefinition::new("counters");
const COLUMNS: TableDefinition<TableId, &[u8]> = TableDefinition::new("columns");
const SERIES: TableDefinition<(TableId, SeriesId), &[u8]> = TableDefinition::new("series");
const ROWS: TableDefinition<(TableId, i64, SeriesId), &[u8]> = TableDefinition::new("rows");
const NEXT_TABLE: &str = "next-table";

/// Why the disk cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system or the file.
    #[error("the store's file: {0}")]
    File(#[source] Box<redb::Error>),
    /// A description that is not what was written.
    #[error("a description in the store's file: {0}")]
    Description(#[from] serde_json::Error),
    /// A row that is not what was written.
    #[error("a row in the store's file: {0}")]
    Row(#[from] postcard::Error),
    /// A row whose series is missing.
    #[error("a row in the store's file belongs to series {series} of table {table}, which is missing")]
    Orphan {
        /// The table's number.
        table: TableId,
        /// The series' number.
        series: SeriesId,
    },
}

macro_rules! from_redb {
    ($($cause:ty),+) => {
        $(impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::File(Box::new(cause.into()))
            }
        })+
    };
}

from_redb!(
    redb::CommitError,
    redb::DatabaseError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError
);

/// The open file.
pub struct Disk {
    file: File,
}

impl Disk {
    /// Opens, or creates, the file. One process at a time.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::create(path)?;
        let transaction = file.begin_write()?;
        transaction.open_table(DATABASES)?;
        transaction.open_table(TABLES)?;
        transaction.open_table(COUNTERS)?;
        transaction.open_table(COLUMNS)?;
        transaction.open_table(SERIES)?;
        transaction.open_table(ROWS)?;
        transaction.commit()?;
        Ok(Self { file })
    }

    /// All databases.
    pub fn databases(&self) -> Result<Vec<Database>, Error> {
        let table = self.file.begin_read()?.open_table(DATABASES)?;
        table.iter()?.map(|entry| Ok(serde_json::from_slice(entry?.1.value())?)).collect()
    }

    /// All tables, without their rows.
    pub fn tables(&self) -> Result<Vec<(TableId, Table)>, Error> {
        let table = self.file.begin_read()?.open_table(TABLES)?;
        table
            .iter()?
            .map(|entry| {
                let (id, description) = entry?;
                Ok((id.value(), serde_json::from_slice(description.value())?))
            })
            .collect()
    }

    /// The rows of a table.
    pub fn load(&self, table: TableId) -> Result<TableData, Error> {
        let transaction = self.file.begin_read()?;
        let order = match transaction.open_table(COLUMNS)?.get(table)? {
            Some(bytes) => postcard::from_bytes(bytes.value())?,
            None => ColumnOrder::default(),
        };
        let mut data = TableData { columns: Columns::from_order(order), ..TableData::default() };
        let mut by_id = Vec::new();
        for entry in transaction.open_table(SERIES)?.range((table, SeriesId::MIN)..=(table, SeriesId::MAX))? {
            let (key, bytes) = entry?;
            let series: Arc<Series> = Arc::new(postcard::from_bytes(bytes.value())?);
            data.series.insert(Arc::clone(&series), key.value().1);
            by_id.push(series);
        }
        let keys = (table, i64::MIN, SeriesId::MIN)..=(table, i64::MAX, SeriesId::MAX);
        for entry in transaction.open_table(ROWS)?.range(keys)? {
            let (key, bytes) = entry?;
            let (_, time, id) = key.value();
            let series = usize::try_from(id).ok().and_then(|index| by_id.get(index));
            let series = Arc::clone(series.ok_or(Error::Orphan { table, series: id })?);
            let (version, measures): (i64, Measures) = postcard::from_bytes(bytes.value())?;
            let row = Row { time, series, measures, version };
            if !data.columns.knows(&row) {
                data.columns.learn(&row);
            }
            data.rows.insert((time, id), Arc::new(row));
        }
        Ok(data)
    }

    /// Adds or replaces a database.
    pub fn put_database(&self, database: &Database) -> Result<(), Error> {
        self.commit(|transaction| {
            let bytes = serde_json::to_vec(database)?;
            transaction.open_table(DATABASES)?.insert(database.name.as_str(), bytes.as_slice())?;
            Ok(())
        })
    }

    /// Removes a database, which holds no table.
    pub fn delete_database(&self, name: &str) -> Result<(), Error> {
        self.commit(|transaction| {
            transaction.open_table(DATABASES)?.remove(name)?;
            Ok(())
        })
    }

    /// Adds a table.
    pub fn create_table(&self, table: &Table) -> Result<TableId, Error> {
        self.commit(|transaction| {
            let mut counters = transaction.open_table(COUNTERS)?;
            let id = counters.get(NEXT_TABLE)?.map_or(0, |next| next.value());
            counters.insert(NEXT_TABLE, id + 1)?;
            let bytes = serde_json::to_vec(table)?;
            transaction.open_table(TABLES)?.insert(id, bytes.as_slice())?;
            Ok(id)
        })
    }

    /// Replaces the description of a table.
    pub fn put_table(&self, id: TableId, table: &Table) -> Result<(), Error> {
        self.commit(|transaction| {
            let bytes = serde_json::to_vec(table)?;
            transaction.open_table(TABLES)?.insert(id, bytes.as_slice())?;
            Ok(())
        })
    }

    /// Removes a table with all that it holds.
    pub fn delete_table(&self, id: TableId) -> Result<(), Error> {
        self.commit(|transaction| {
            transaction.open_table(TABLES)?.remove(id)?;
            transaction.open_table(COLUMNS)?.remove(id)?;
            let series = (id, SeriesId::MIN)..=(id, SeriesId::MAX);
            transaction.open_table(SERIES)?.retain_in(series, |_, _| false)?;
            let rows = (id, i64::MIN, SeriesId::MIN)..=(id, i64::MAX, SeriesId::MAX);
            transaction.open_table(ROWS)?.retain_in(rows, |_, _| false)?;
            Ok(())
        })
    }

    /// Makes the changes of a draft of this table.
    pub fn apply(&self, id: TableId, changes: &Changes) -> Result<(), Error> {
        self.commit(|transaction| {
            if let Some(columns) = &changes.columns {
                let bytes = encode(columns.order())?;
                transaction.open_table(COLUMNS)?.insert(id, bytes.as_slice())?;
            }
            let mut series = transaction.open_table(SERIES)?;
            for (identity, number) in &changes.series {
                series.insert((id, *number), encode(identity.as_ref())?.as_slice())?;
            }
            let mut rows = transaction.open_table(ROWS)?;
            for ((time, number), row) in &changes.rows {
                rows.insert((id, *time, *number), encode(&(row.version, &row.measures))?.as_slice())?;
            }
            Ok(())
        })
    }

    /// Removes rows.
    pub fn delete_rows(&self, id: TableId, keys: &[RowKey]) -> Result<(), Error> {
        self.commit(|transaction| {
            let mut rows = transaction.open_table(ROWS)?;
            for (time, series) in keys {
                rows.remove((id, *time, *series))?;
            }
            Ok(())
        })
    }

    fn commit<T>(&self, change: impl FnOnce(&WriteTransaction) -> Result<T, Error>) -> Result<T, Error> {
        let transaction = self.file.begin_write()?;
        let outcome = change(&transaction)?;
        transaction.commit()?;
        Ok(outcome)
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    Ok(postcard::to_stdvec(value)?)
}
