//! What the store takes.

use telemetry::Limits;

/// What the domain has to know. An environment can change its store, so this one takes what
/// [Timestream](timestream::LIMITS) takes: 2 KB for the dimensions and for a text, no time more than fifteen
/// minutes ahead. A key of the largest dimensions fits into an index, whose rows are at most
/// [a third of a page](https://www.postgresql.org/docs/current/btree.html), 2,704 bytes.
pub const LIMITS: Limits = timestream::LIMITS;

/// Rows of one request.
pub const REQUEST_ROWS: usize = 500;

/// Bytes of the rows of one request, as text. The Data API takes
/// [4 MiB](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html).
pub const REQUEST_BYTES: usize = 1_048_576;

/// Longest name of anything, in bytes: `NAMEDATALEN` without its end.
pub const NAME_BYTES: usize = 63;

/// For how many days a table may keep rows: each has a partition, and planning a query takes longer with each.
pub const RETENTION_DAYS: u32 = 3_650;

/// How many days ahead of today there is a partition.
pub const DAYS_AHEAD: u32 = 2;

/// Whole days in which what is to be kept for `memory_hours` and then `magnetic_days` lies: a partition holds a day.
pub fn retention_days(memory_hours: u32, magnetic_days: u32) -> u32 {
    memory_hours.div_ceil(24) + magnetic_days
}
