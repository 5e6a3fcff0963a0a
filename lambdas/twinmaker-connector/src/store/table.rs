//! The table of the store: queries run, rows stream by, nothing is kept but the names of columns.

use std::sync::{PoisonError, RwLock};

use aws_sdk_timestreamquery::Client;

use super::queries::{Branch, Grid, Layout, Scope};
use super::{Cells, Error, dialect, latest};
use crate::catalog::{Catalog, Columns, DimensionProperty};
use crate::instant::Instant;
use crate::{postgres, timestream};

/// The table and what reaches it.
#[derive(Debug)]
pub struct Table {
    source: Source,
    name: dialect::TableName,
    /// What was found last. Columns come and never go.
    columns: RwLock<Columns>,
}

#[derive(Debug)]
enum Source {
    Timestream(timestream::Source),
    Postgres(postgres::Source),
}

impl Table {
    /// The table `table` of `database` in Timestream.
    pub fn timestream(client: Client, database: &str, table: &str) -> Self {
        let name = dialect::TableName::new(database, table);
        Self { source: Source::Timestream(timestream::Source::new(client)), name, columns: RwLock::default() }
    }

    /// The table `table` of a database of PostgreSQL.
    pub fn postgres(source: postgres::Source, table: &str) -> Self {
        let name = dialect::TableName::new(::postgres::schema::SCHEMA, table);
        Self { source: Source::Postgres(source), name, columns: RwLock::default() }
    }

    /// The table's name in queries.
    pub const fn name(&self) -> &dialect::TableName {
        &self.name
    }

    /// Asks for stored points: hands each row of `layout` on as it comes.
    ///
    /// # Errors
    /// Those of the store, and of `take`.
    pub async fn points<E: From<Error>>(
        &self,
        scope: &Scope<'_>,
        branches: &[Branch<'_>],
        layout: &Layout,
        take: impl FnMut(Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.source {
            Source::Timestream(source) => match scope.points(branches, layout) {
                Some(sql) => source.rows(&sql, take).await,
                None => Ok(()),
            },
            Source::Postgres(source) => match scope.points(branches, layout) {
                Some(sql) => source.rows(&sql, take).await,
                None => Ok(()),
            },
        }
    }

    /// Asks for the gaps between stored points that hold points of grids, one for each branch: hands each row on as
    /// it comes.
    ///
    /// # Errors
    /// Those of the store, and of `take`.
    pub async fn gaps<E: From<Error>>(
        &self,
        scope: &Scope<'_>,
        branches: &[(Branch<'_>, Grid)],
        take: impl FnMut(Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.source {
            Source::Timestream(source) => match scope.gaps(branches) {
                Some(sql) => source.rows(&sql, take).await,
                None => Ok(()),
            },
            Source::Postgres(source) => match scope.gaps(branches) {
                Some(sql) => source.rows(&sql, take).await,
                None => Ok(()),
            },
        }
    }

    /// The values of dimensions, all of which are columns of the table, in the latest record that the device
    /// called `name` has of the kind; of none where there is no such record.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn latest(
        &self,
        catalog: &Catalog,
        name: &str,
        dimensions: &[&DimensionProperty],
        now: Instant,
    ) -> Result<Vec<Option<String>>, Error> {
        for from in latest::looks_back(now) {
            let mut found = Vec::new();
            let take = |mut cells: Cells| {
                found =
                    (0..dimensions.len()).map(|column| cells.text(column + 1)).collect::<Result<_, _>>()?;
                Ok::<_, Error>(())
            };
            match &self.source {
                Source::Timestream(source) => {
                    source.rows(&latest::query(&self.name, catalog, name, dimensions, from), take).await?;
                }
                Source::Postgres(source) => {
                    source.rows(&latest::query(&self.name, catalog, name, dimensions, from), take).await?;
                }
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// The columns of the table. They are read again only when one of `wanted` is not among those known: a declared
    /// measure may have no column yet.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn columns(&self, wanted: &[&str]) -> Result<Columns, Error> {
        {
            let known = self.columns.read().unwrap_or_else(PoisonError::into_inner);
            if !wanted.is_empty() && wanted.iter().all(|name| known.has(name)) {
                return Ok(known.clone());
            }
        }
        let names = match &self.source {
            Source::Timestream(source) => source.columns(&self.name).await?,
            Source::Postgres(source) => source.columns(&self.name).await?,
        };
        let columns = Columns::new(names);
        *self.columns.write().unwrap_or_else(PoisonError::into_inner) = columns.clone();
        Ok(columns)
    }
}
