//! The schema: one table, partitioned by the day, and the functions by which it is written and kept.
//!
//! A **row** is a record. Its *place* is its dimensions, measure name and time; no two rows have one place. A row of
//! a higher version replaces the one that is there, whole. The same row again changes nothing; another row of the
//! same version is refused.
//!
//! **Time** is a [`timestamptz`](https://www.postgresql.org/docs/current/datatype-datetime.html), which holds whole
//! microseconds, and beside it the nanoseconds below. A measure that is an instant is a `bigint` of nanoseconds
//! since 1970.
//!
//! **A partition is a day** of UTC. [`maintain`](MAINTAIN) makes those to come and drops those that are past; a
//! late row makes its own.
//!
//! Whoever runs [`Schema::statements`] owns what they make. The [roles](ROLES) may do no more than they need: the
//! writer calls one function, readers read one table.

mod functions;

use std::fmt::Write as _;

use ::sql::columns::shared_name;
use ::sql::{quoted as identifier, text};
use telemetry::{MeasureType, Model, ORIGINAL_TIME, RecordLayout, TIME_CORRECTED};

use crate::sql::Postgres;

/// The schema that holds everything.
pub const SCHEMA: &str = "sluice";

/// Writes rows: takes the text of [`rows::text`](crate::rows::text), answers with an [`Answer`](crate::rows::Answer).
pub const WRITE: &str = "SELECT sluice.write(:rows::json)";

/// Makes and drops partitions, answers with `{"created":1,"dropped":1}`.
pub const MAINTAIN: &str = "SELECT sluice.maintain()";

/// The role of consumers.
pub const WRITER: &str = "sluice_writer";

/// The role of consumers that reach the database themselves: it may do what [`WRITER`] may, and has no password.
pub const CONSUMER: &str = "sluice_consumer";

/// The role of the connector and of people.
pub const READER: &str = "sluice_reader";

/// The role of Grafana.
pub const GRAFANA: &str = "sluice_grafana";

/// Every role, each of which logs in.
pub const ROLES: [&str; 4] = [WRITER, CONSUMER, READER, GRAFANA];

/// The role of Aurora whose members log in with
/// [an IAM token](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html)
/// and nothing else. Other servers have no such role.
const IAM: &str = "rds_iam";

/// How long a query of those that read may take.
const QUERY_TIMEOUT: &str = "45s";

pub(crate) const MEASURE_NAME: &str = "measure_name";
pub(crate) const TIME: &str = "time";
pub(crate) const NANOSECOND: &str = "nanosecond";
pub(crate) const VERSION: &str = "version";

/// Columns of every row that are neither dimension nor measure, with their types.
const FIXED: [(&str, &str); 4] =
    [(MEASURE_NAME, "text"), (TIME, "timestamptz"), (NANOSECOND, "smallint"), (VERSION, "bigint")];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Dimension,
    Measure(MeasureType),
}

impl Content {
    /// Its type in `PostgreSQL`, as [`Schema::existing`] spells it.
    fn sql(self) -> &'static str {
        match self {
            Self::Dimension | Self::Measure(MeasureType::Varchar) => "text",
            Self::Measure(MeasureType::Double) => "double precision",
            Self::Measure(MeasureType::Bigint | MeasureType::Timestamp) => "bigint",
            Self::Measure(MeasureType::Boolean) => "boolean",
        }
    }
}

/// A column of the table that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Whether it is a part of a row's place.
    pub in_place: bool,
}

/// Why the table that is there cannot become what the model wants.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MigrationFault {
    /// A column would need another type.
    #[error(
        "the column \"{name}\" is of type {there}, and the model wants {wanted}: give the measure another name, or \
         drop the column with what it holds"
    )]
    Retyped {
        /// Its name.
        name: String,
        /// Its type.
        there: String,
        /// The type that the model wants.
        wanted: &'static str,
    },
    /// A dimension would become a measure, or the other way round.
    #[error(
        "the column \"{name}\" is a {there}, and the model wants a {wanted}: give it another name in the model"
    )]
    OtherUse {
        /// Its name.
        name: String,
        /// What it is.
        there: &'static str,
        /// What the model wants.
        wanted: &'static str,
    },
}

/// What the table of a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    table: String,
    retention_days: u32,
    /// Dimensions that name devices, in the order of the kinds.
    devices: Vec<String>,
    /// The other dimensions.
    dimensions: Vec<String>,
    measures: Vec<(String, MeasureType)>,
}

impl Schema {
    /// The table called `table`, of everything that the kinds of a model have, which keeps rows for
    /// `retention_days` days.
    pub fn of(model: &Model, table: &str, retention_days: u32) -> Self {
        let mut schema = Self {
            table: table.to_owned(),
            retention_days,
            devices: Vec::new(),
            dimensions: Vec::new(),
            measures: Vec::new(),
        };
        for kind in &model.kinds {
            insert(&mut schema.devices, kind.device.dimension.clone());
        }
        for kind in &model.kinds {
            for dimension in &kind.dimensions {
                if !schema.devices.contains(&dimension.name) {
                    insert(&mut schema.dimensions, dimension.name.clone());
                }
            }
            let single = kind.record == RecordLayout::Single;
            for measure in &kind.measures {
                let name = match measure.kind {
                    // A record of one measure holds an instant by its name, as one of several does.
                    MeasureType::Timestamp => measure.name.clone(),
                    kind if single => shared_name(kind).to_owned(),
                    _ => measure.name.clone(),
                };
                insert(&mut schema.measures, (name, measure.kind));
            }
            let corrected = if single { shared_name(MeasureType::Boolean) } else { TIME_CORRECTED };
            insert(&mut schema.measures, (corrected.to_owned(), MeasureType::Boolean));
        }
        insert(&mut schema.measures, (ORIGINAL_TIME.to_owned(), MeasureType::Timestamp));
        schema
    }

    /// The columns that the model wants beside those of every row, with their types.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.wanted().map(|(name, content)| (name, content.sql()))
    }

    /// Asks for the columns that are there: name, type and whether they are in the place, in their order.
    pub fn existing(&self) -> String {
        format!(
            "SELECT attname::text, format_type(atttypid, atttypmod), EXISTS (SELECT FROM pg_constraint WHERE \
             conrelid = attrelid AND conname = {} AND attnum = ANY (conkey)) FROM pg_attribute \
             WHERE attrelid = to_regclass({}) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            literal(&self.place()),
            literal(&self.qualified()),
        )
    }

    /// The statements that make the schema from what is there, in their order; again, they change nothing. Columns
    /// that the model no longer has stay.
    ///
    /// # Errors
    /// A [`MigrationFault`] for a column that would have to become something else.
    pub fn statements(&self, existing: &[Existing]) -> Result<Vec<String>, MigrationFault> {
        let there = |name: &str| existing.iter().find(|column| column.name == name);
        for (name, content) in self.wanted() {
            if let Some(column) = there(name) {
                check(column, content)?;
            }
        }
        let fixed = FIXED.map(|(name, _)| name);
        let old: Vec<&str> = existing
            .iter()
            .filter(|column| column.in_place && !fixed.contains(&&*column.name))
            .map(|column| &*column.name)
            .collect();
        // A dimension that the model has no more still tells the rows apart that have it.
        let place: Vec<String> = self.place_columns(&old);
        let all = self.all(existing);

        let table = self.qualified();
        let mut statements = vec![format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}")];
        statements.extend(ROLES.map(create_role));
        let columns = |columns: &[(String, String)]| {
            columns
                .iter()
                .map(|(name, kind)| format!("{} {kind}", identifier(name)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        if existing.is_empty() {
            statements.push(format!(
                "CREATE TABLE IF NOT EXISTS {table} ({}, CONSTRAINT {} UNIQUE NULLS NOT DISTINCT ({})) PARTITION BY \
                 RANGE ({TIME})",
                columns(&all),
                identifier(&self.place()),
                list(&place),
            ));
        } else {
            for (name, kind) in all.iter().filter(|(name, _)| there(name).is_none()) {
                statements.push(format!(
                    "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {} {kind}",
                    identifier(name)
                ));
            }
            if place.iter().any(|name| !fixed.contains(&&**name) && !old.contains(&&**name)) {
                let constraint = identifier(&self.place());
                statements.push(format!(
                    "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}, ADD CONSTRAINT {constraint} UNIQUE \
                     NULLS NOT DISTINCT ({})",
                    list(&place)
                ));
            }
        }
        // A fleet is asked for its last minutes; rows lie on disk in about the order of their times.
        statements.push(format!(
            "CREATE INDEX IF NOT EXISTS {} ON {table} USING brin ({TIME})",
            identifier(&format!("{}_time", self.table))
        ));
        let names: Vec<String> = all.into_iter().map(|(name, _)| name).collect();
        statements.extend(functions::all(self, &names, &place));
        statements.extend(self.grants());
        Ok(statements)
    }

    fn wanted(&self) -> impl Iterator<Item = (&str, Content)> {
        let dimensions = self.devices.iter().chain(&self.dimensions);
        let dimensions = dimensions.map(|name| (name.as_str(), Content::Dimension));
        dimensions.chain(self.measures.iter().map(|(name, kind)| (name.as_str(), Content::Measure(*kind))))
    }

    /// Every column, what is there first.
    fn all(&self, existing: &[Existing]) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            existing.iter().map(|column| (column.name.clone(), column.kind.clone())).collect();
        let dimensions =
            self.devices.iter().chain(&self.dimensions).map(|name| (name.clone(), "text".to_owned()));
        let fixed = FIXED.map(|(name, kind)| (name.to_owned(), format!("{kind} NOT NULL")));
        let measures =
            self.measures.iter().map(|(name, kind)| (name.clone(), Content::Measure(*kind).sql().to_owned()));
        for column in dimensions.chain(fixed).chain(measures) {
            if all.iter().all(|(name, _)| *name != column.0) {
                all.push(column);
            }
        }
        all
    }

    /// The columns of a row's place: a device is asked for a time, so those come first.
    fn place_columns(&self, old: &[&str]) -> Vec<String> {
        let mut place = self.devices.clone();
        place.extend([MEASURE_NAME, TIME, NANOSECOND].map(str::to_owned));
        let old = old.iter().map(|name| (*name).to_owned());
        for name in self.dimensions.iter().cloned().chain(old) {
            insert(&mut place, name);
        }
        place
    }

    fn grants(&self) -> Vec<String> {
        let table = self.qualified();
        let mut grants = vec![
            format!("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC"),
            format!("GRANT USAGE ON SCHEMA {SCHEMA} TO {}", ROLES.join(", ")),
            format!("GRANT EXECUTE ON FUNCTION {SCHEMA}.write(json) TO {WRITER}"),
            format!("GRANT {WRITER} TO {CONSUMER}"),
            format!(
                "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN GRANT {IAM} TO {CONSUMER}; END \
                 IF; END $$",
                literal(IAM)
            ),
        ];
        for role in [READER, GRAFANA] {
            grants.extend([
                format!("GRANT SELECT ON {table} TO {role}"),
                format!("GRANT EXECUTE ON FUNCTION {SCHEMA}.nanoseconds(timestamptz, smallint) TO {role}"),
                format!("ALTER ROLE {role} SET search_path = {SCHEMA}"),
                format!("ALTER ROLE {role} SET default_transaction_read_only = on"),
                format!("ALTER ROLE {role} SET statement_timeout = {}", literal(QUERY_TIMEOUT)),
            ]);
        }
        grants
    }

    /// The table with its schema.
    fn qualified(&self) -> String {
        format!("{SCHEMA}.{}", identifier(&self.table))
    }

    /// Name of the constraint by which no two rows have one place.
    fn place(&self) -> String {
        format!("{}_place", self.table)
    }
}

fn create_role(name: &str) -> String {
    format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN CREATE ROLE {name} LOGIN; END IF; \
         END $$",
        literal(name)
    )
}

fn check(column: &Existing, wanted: Content) -> Result<(), MigrationFault> {
    let name = || column.name.clone();
    let noun = |dimension: bool| if dimension { "dimension" } else { "measure" };
    let is_dimension = wanted == Content::Dimension;
    if column.in_place != is_dimension {
        Err(MigrationFault::OtherUse {
            name: name(),
            there: noun(column.in_place),
            wanted: noun(is_dimension),
        })
    } else if column.kind != wanted.sql() {
        Err(MigrationFault::Retyped { name: name(), there: column.kind.clone(), wanted: wanted.sql() })
    } else {
        Ok(())
    }
}

fn insert<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Text as a literal.
fn literal(value: &str) -> String {
    text::<Postgres>(value)
}

/// Names, in quotes, with commas between them.
fn list(names: &[String]) -> String {
    let mut list = String::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let _ = write!(list, "{comma}{}", identifier(name));
    }
    list
}

#[cfg(test)]
mod tests;
