//! Databases, tables and their rows: in memory for reading, on disk for surviving.
//!
//! Whatever changes goes to the disk first and into memory after that, one writer at a time; readers
//! wait for neither. Nothing here judges a record: that is `write`.

mod catalog;
mod columns;
mod disk;
mod record;
mod table;

use std::{
    collections::BTreeMap,
    fs, io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

pub use catalog::{
    Database, EncryptionOption, Enforcement, MagneticStoreRejectedDataLocation, MagneticStoreWriteProperties,
    PartitionKey, PartitionKeyType, RetentionProperties, S3Configuration, Schema, Table, Tags,
};
pub use columns::{Columns, NameUse};
pub use record::{Column, ColumnKind, Measures, Row, Series, Snapshot, TableSchema, Value, ValueType};
pub use table::{Draft, TableData};

use crate::clock::Clock;

/// Why the store cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such database.
    #[error("The database {database} does not exist.")]
    DatabaseNotFound {
        /// Its name.
        database: String,
    },
    /// No such table in the database, which does exist.
    #[error("The table {table} does not exist in the database {database}.")]
    TableNotFound {
        /// The database's name.
        database: String,
        /// The table's name.
        table: String,
    },
    /// A database of this name exists.
    #[error("The database {database} already exists.")]
    DatabaseExists {
        /// Its name.
        database: String,
    },
    /// A table of this name exists.
    #[error("The table {table} already exists in the database {database}.")]
    TableExists {
        /// The database's name.
        database: String,
        /// The table's name.
        table: String,
    },
    /// A database with tables cannot be deleted.
    #[error(
        "The database {database} cannot be deleted because it has {tables} tables. Delete its tables first."
    )]
    DatabaseNotEmpty {
        /// Its name.
        database: String,
        /// How many.
        tables: usize,
    },
    /// The state folder.
    #[error("the state folder {}: {cause}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the file system says.
        #[source]
        cause: io::Error,
    },
    /// The file in it.
    #[error(transparent)]
    Disk(#[from] disk::Error),
}

struct TableEntry {
    id: disk::TableId,
    about: Table,
    data: TableData,
}

struct DatabaseEntry {
    about: Database,
    tables: BTreeMap<String, TableEntry>,
}

type Catalog = BTreeMap<String, DatabaseEntry>;

/// The databases of this endpoint.
pub struct Store {
    state: PathBuf,
    clock: Clock,
    disk: disk::Disk,
    /// Held over every change, from the decision to the moment at which readers see it.
    writer: Mutex<()>,
    catalog: RwLock<Catalog>,
}

impl Store {
    /// Opens, or creates, the store in the folder `state`, on the machine's clock.
    pub fn open(state: &Path) -> Result<Self, Error> {
        Self::open_at(state, Clock::System)
    }

    /// Opens, or creates, the store in the folder `state`.
    pub fn open_at(state: &Path, clock: Clock) -> Result<Self, Error> {
        fs::create_dir_all(state).map_err(|cause| Error::Folder { folder: state.to_owned(), cause })?;
        let disk = disk::Disk::open(&state.join("timestream.redb"))?;
        let mut catalog: Catalog = disk
            .databases()?
            .into_iter()
            .map(|about| (about.name.clone(), DatabaseEntry { about, tables: BTreeMap::new() }))
            .collect();
        for (id, about) in disk.tables()? {
            let data = disk.load(id)?;
            let database = catalog
                .get_mut(&about.database)
                .ok_or_else(|| Error::DatabaseNotFound { database: about.database.clone() })?;
            database.tables.insert(about.name.clone(), TableEntry { id, about, data });
        }
        Ok(Self {
            state: state.to_owned(),
            clock,
            disk,
            writer: Mutex::new(()),
            catalog: RwLock::new(catalog),
        })
    }

    /// The folder that holds it.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z by the store's clock.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Names of the databases, sorted.
    pub fn databases(&self) -> Vec<String> {
        self.read().keys().cloned().collect()
    }

    /// Names of the tables of a database, sorted.
    pub fn tables(&self, database: &str) -> Result<Vec<String>, Error> {
        Ok(find_database(&self.read(), database)?.tables.keys().cloned().collect())
    }

    /// Rows that are still retained, restricted to `time` (nanoseconds) in `range` when the query bounds it.
    pub fn snapshot(
        &self,
        database: &str,
        table: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Snapshot, Error> {
        let catalog = self.read();
        let table = find_table(&catalog, database, table)?;
        let horizon = self.now().saturating_sub(table.about.retention.total());
        Ok(table.data.snapshot((*range.start()).max(horizon)..=*range.end()))
    }

    /// A database, and how many tables it has.
    pub fn database(&self, name: &str) -> Result<(Database, usize), Error> {
        let catalog = self.read();
        let entry = find_database(&catalog, name)?;
        Ok((entry.about.clone(), entry.tables.len()))
    }

    /// The description of a table.
    pub fn table(&self, database: &str, table: &str) -> Result<Table, Error> {
        Ok(find_table(&self.read(), database, table)?.about.clone())
    }

    /// Adds a database.
    pub fn create_database(&self, about: Database) -> Result<(), Error> {
        let _writer = self.lock();
        if self.read().contains_key(&about.name) {
            return Err(Error::DatabaseExists { database: about.name });
        }
        self.disk.put_database(&about)?;
        self.write().insert(about.name.clone(), DatabaseEntry { about, tables: BTreeMap::new() });
        Ok(())
    }

    /// Changes the description of a database. `change` decides on the present one; when it fails, nothing changes.
    pub fn update_database<E: From<Error>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Database) -> Result<(), E>,
    ) -> Result<(Database, usize), E> {
        let _writer = self.lock();
        let (mut about, tables) = self.database(name)?;
        change(&mut about)?;
        self.disk.put_database(&about).map_err(Error::from)?;
        if let Some(entry) = self.write().get_mut(name) {
            entry.about = about.clone();
        }
        Ok((about, tables))
    }

    /// Removes a database that holds no table.
    pub fn delete_database(&self, name: &str) -> Result<(), Error> {
        let _writer = self.lock();
        let (_, tables) = self.database(name)?;
        if tables > 0 {
            return Err(Error::DatabaseNotEmpty { database: name.to_owned(), tables });
        }
        self.disk.delete_database(name)?;
        self.write().remove(name);
        Ok(())
    }

    /// Adds a table.
    pub fn create_table(&self, about: Table) -> Result<(), Error> {
        let _writer = self.lock();
        if find_database(&self.read(), &about.database)?.tables.contains_key(&about.name) {
            return Err(Error::TableExists { database: about.database, table: about.name });
        }
        let id = self.disk.create_table(&about)?;
        if let Some(database) = self.write().get_mut(&about.database) {
            database.tables.insert(about.name.clone(), TableEntry { id, about, data: TableData::default() });
        }
        Ok(())
    }

    /// Changes the description of a table. `change` decides on the present one; when it fails, nothing changes.
    pub fn update_table<E: From<Error>>(
        &self,
        database: &str,
        table: &str,
        change: impl FnOnce(&mut Table) -> Result<(), E>,
    ) -> Result<Table, E> {
        let _writer = self.lock();
        let (id, mut about) = {
            let catalog = self.read();
            let entry = find_table(&catalog, database, table)?;
            (entry.id, entry.about.clone())
        };
        change(&mut about)?;
        self.disk.put_table(id, &about).map_err(Error::from)?;
        if let Some(entry) = self.write().get_mut(database).and_then(|entry| entry.tables.get_mut(table)) {
            entry.about = about.clone();
        }
        Ok(about)
    }

    /// Removes a table with all its rows.
    pub fn delete_table(&self, database: &str, table: &str) -> Result<(), Error> {
        let _writer = self.lock();
        let id = find_table(&self.read(), database, table)?.id;
        self.disk.delete_table(id)?;
        if let Some(entry) = self.write().get_mut(database) {
            entry.tables.remove(table);
        }
        Ok(())
    }

    /// Writes rows. `decide` sees the table and drafts the rows; they are on disk, and readers see
    /// them, when this returns.
    pub fn write_rows<T>(
        &self,
        database: &str,
        table: &str,
        decide: impl FnOnce(&Table, &mut Draft<'_>) -> T,
    ) -> Result<T, Error> {
        let _writer = self.lock();
        let (id, changes, outcome) = {
            let catalog = self.read();
            let entry = find_table(&catalog, database, table)?;
            let mut draft = Draft::new(&entry.data);
            let outcome = decide(&entry.about, &mut draft);
            (entry.id, draft.into_changes(), outcome)
        };
        if !changes.is_empty() {
            self.disk.apply(id, &changes)?;
            if let Some(entry) = self.write().get_mut(database).and_then(|entry| entry.tables.get_mut(table))
            {
                entry.data.apply(changes);
            }
        }
        Ok(outcome)
    }

    /// Removes the rows that are older than their table retains, and says how many.
    pub fn purge(&self) -> Result<usize, Error> {
        let _writer = self.lock();
        let now = self.now();
        let expired: Vec<Expired> = {
            let catalog = self.read();
            let tables = catalog.values().flat_map(|database| database.tables.values());
            tables.map(|table| Expired::of(table, now)).filter(|expired| !expired.keys.is_empty()).collect()
        };
        let mut purged = 0;
        for Expired { database, table, id, horizon, keys } in expired {
            self.disk.delete_rows(id, &keys)?;
            if let Some(entry) =
                self.write().get_mut(&database).and_then(|entry| entry.tables.get_mut(&table))
            {
                entry.data.forget_before(horizon);
            }
            purged += keys.len();
        }
        Ok(purged)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Catalog> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Catalog> {
        self.catalog.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of a table that are older than it retains.
struct Expired {
    database: String,
    table: String,
    id: disk::TableId,
    horizon: i64,
    keys: Vec<table::RowKey>,
}

impl Expired {
    fn of(entry: &TableEntry, now: i64) -> Self {
        let horizon = now.saturating_sub(entry.about.retention.total());
        Self {
            database: entry.about.database.clone(),
            table: entry.about.name.clone(),
            id: entry.id,
            horizon,
            keys: entry.data.keys_before(horizon),
        }
    }
}

fn find_database<'a>(catalog: &'a Catalog, database: &str) -> Result<&'a DatabaseEntry, Error> {
    catalog.get(database).ok_or_else(|| Error::DatabaseNotFound { database: database.to_owned() })
}

fn find_table<'a>(catalog: &'a Catalog, database: &str, table: &str) -> Result<&'a TableEntry, Error> {
    find_database(catalog, database)?
        .tables
        .get(table)
        .ok_or_else(|| Error::TableNotFound { database: database.to_owned(), table: table.to_owned() })
}
