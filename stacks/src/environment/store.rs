//! `[store]` of an environment: its kind, how long it keeps what it has, and the keys of that kind.

use postgres::limits::RETENTION_DAYS;
use timestream::limits::{MAGNETIC_DAYS, MEMORY_HOURS};

use super::{Connection, OnDelete, PostgresStore, Store, StoreKind, region};
use crate::config::{Fault, Section};

/// What is used where a file says nothing.
mod default {
    /// A day of late and of frequently read data.
    pub const MEMORY_HOURS: u32 = 24;
    /// A year.
    pub const MAGNETIC_DAYS: u32 = 365;
    /// The least that answers at once: a consumer that writes every second keeps it awake.
    pub const MIN_ACU: f64 = 0.5;
    /// Some thousands of events a second, and an upper bound of what a month can cost.
    pub const MAX_ACU: f64 = 4.0;
    /// The least that the service takes.
    pub const PAUSE_SECONDS: u32 = 300;
    /// Backups of data that goes with its environment: the least.
    pub const BACKUP_DAYS: u32 = 1;
    /// Backups of data that stays.
    pub const KEPT_BACKUP_DAYS: u32 = 7;
}

/// [Most capacity](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html)
/// of an instance, and the least upper bound, in ACUs.
const MOST_ACU: f64 = 256.0;
const LEAST_MAX_ACU: f64 = 1.0;

const POSTGRES_KEYS: [&str; 6] =
    ["min_acu", "max_acu", "pause_seconds", "backup_days", "final_snapshot", "connection"];

/// Why a store cannot be as its section says.
#[derive(Debug, thiserror::Error)]
enum StoreFault {
    #[error("is {max}, less than `min_acu`, which is {min}")]
    LessThanLeast { min: f64, max: f64 },
    #[error(
        "is {days}, so that rows are kept for {sum} days: a table of PostgreSQL keeps them for at most {RETENTION_DAYS}"
    )]
    KeepsLong { days: u32, sum: u32 },
}

impl Fault for StoreFault {
    fn help(&self) -> String {
        match self {
            Self::LessThanLeast { .. } => "raise it, or lower `min_acu`".into(),
            Self::KeepsLong { .. } => "lower it: the lake keeps everything".into(),
        }
    }
}

impl Default for PostgresStore {
    fn default() -> Self {
        Self {
            min_half_acus: half_acus(default::MIN_ACU),
            max_half_acus: half_acus(default::MAX_ACU),
            pause_seconds: None,
            backup_days: default::BACKUP_DAYS,
            final_snapshot: false,
            connection: Connection::DataApi,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a whole number from 0 to 512"
)]
fn half_acus(acu: f64) -> u32 {
    (acu * 2.0) as u32
}

/// Reads the section. `on_delete` is what becomes of the data, where that is known.
pub(super) fn read(section: &Section<'_>, on_delete: Option<OnDelete>) -> Option<Store> {
    #[derive(Clone, Copy)]
    enum Kind {
        Timestream,
        Postgres,
    }
    let kind = section.choice("kind", &[("timestream", Kind::Timestream), ("postgres", Kind::Postgres)]);
    let kind = kind.or(Kind::Timestream);
    let memory_hours = section.integer("memory_hours", MEMORY_HOURS).or(default::MEMORY_HOURS);
    let magnetic_days = section.integer("magnetic_days", MAGNETIC_DAYS).or(default::MAGNETIC_DAYS);
    let kind = match kind {
        Some(Kind::Timestream) => {
            refuse_others(section);
            Some(StoreKind::Timestream)
        }
        Some(Kind::Postgres) => {
            if let (Some(hours), Some(days)) = (memory_hours, magnetic_days) {
                let sum = postgres::limits::retention_days(hours, days);
                if sum > RETENTION_DAYS {
                    section.add("magnetic_days", StoreFault::KeepsLong { days, sum });
                }
            }
            read_postgres(section, on_delete).map(StoreKind::Postgres)
        }
        // With a kind that is misspelt it is unknown what the others should be.
        None => {
            for key in POSTGRES_KEYS {
                section.has(key);
            }
            None
        }
    };
    Some(Store { kind: kind?, memory_hours: memory_hours?, magnetic_days: magnetic_days? })
}

/// Refuses the keys of the other kind. Where the command line chooses another kind than the file, what
/// the file says about its own is not meant for this run.
fn refuse_others(section: &Section<'_>) {
    for key in POSTGRES_KEYS {
        if section.is_override("kind") && !section.is_override(key) {
            section.has(key);
        } else {
            section.refuse(key, "with `kind = \"timestream\"`: it is a key of kind `postgres`");
        }
    }
}

/// Reports a Region that does not have Timestream, or whose clusters a consumer would not know.
pub(super) fn check_region(root: &Section<'_>, store: &Store, region: &str) {
    let checked = match &store.kind {
        StoreKind::Timestream => region::check_timestream(region),
        StoreKind::Postgres(store) if store.connection == Connection::Direct => region::check_roots(region),
        StoreKind::Postgres(_) => Ok(()),
    };
    if let Err(fault) = checked {
        root.add("region", fault);
    }
}

fn is_halves(acu: f64) -> bool {
    (acu * 2.0).fract() == 0.0
}

fn read_postgres(section: &Section<'_>, on_delete: Option<OnDelete>) -> Option<PostgresStore> {
    let expected = |least: f64| format!("a number of ACUs from {least} to {MOST_ACU}, in halves");
    let min_acu = section
        .number_where("min_acu", &expected(0.0), |acu| (0.0..=MOST_ACU).contains(&acu) && is_halves(acu))
        .or(default::MIN_ACU);
    let max_acu = section
        .number_where("max_acu", &expected(LEAST_MAX_ACU), |acu| {
            (LEAST_MAX_ACU..=MOST_ACU).contains(&acu) && is_halves(acu)
        })
        .or(default::MAX_ACU.max(min_acu.unwrap_or_default()));
    if let (Some(min), Some(max)) = (min_acu, max_acu)
        && max < min
    {
        section.add("max_acu", StoreFault::LessThanLeast { min, max });
    }
    let pause_seconds = if min_acu == Some(0.0) {
        section.integer("pause_seconds", 300..=86_400).or(default::PAUSE_SECONDS).map(Some)
    } else {
        section.refuse("pause_seconds", "with a `min_acu` above 0, which never pauses");
        Some(None)
    };
    let backup_days = section.integer("backup_days", 1..=35).or(match on_delete {
        Some(OnDelete::Delete) => default::BACKUP_DAYS,
        Some(OnDelete::Retain) | None => default::KEPT_BACKUP_DAYS,
    });
    let final_snapshot = if on_delete == Some(OnDelete::Retain) {
        section.refuse("final_snapshot", "with `on_delete = \"retain\"`, by which the cluster itself stays");
        Some(false)
    } else {
        section.flag("final_snapshot").or(false)
    };
    let connections = [("data-api", Connection::DataApi), ("direct", Connection::Direct)];
    let connection = section.choice("connection", &connections).or(Connection::DataApi);
    Some(PostgresStore {
        min_half_acus: half_acus(min_acu?),
        max_half_acus: half_acus(max_acu?),
        pause_seconds: pause_seconds?,
        backup_days: backup_days?,
        final_snapshot: final_snapshot?,
        connection: connection?,
    })
}
