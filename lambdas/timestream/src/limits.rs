//! What Timestream takes: its [quotas](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html).

use std::ops::RangeInclusive;
use std::time::Duration;

use telemetry::{Limits, Retention, Window};

use crate::size;

/// What the domain has to know: a record, its dimensions and a text take at most 2 KB each, and no time is
/// more than fifteen minutes ahead. A table keeps what it takes for
/// [a day](https://docs.aws.amazon.com/timestream/latest/developerguide/API_RetentionProperties.html) at least.
pub const LIMITS: Limits = Limits {
    series_bytes: 2_048,
    text_bytes: 2_048,
    record_bytes: size::MAX_RECORD_BYTES,
    too_large: size::too_large,
    window: Window { ahead: 15 * 60 * 1_000_000_000, span: 24 * 60 * 60 * 1_000_000_000 },
};

/// Records of one request.
pub const REQUEST_RECORDS: usize = 100;

/// Dimensions of a table.
pub const TABLE_DIMENSIONS: usize = 128;

/// Measures of a multi-measure record.
pub const RECORD_MEASURES: usize = 256;

/// Measure names of a table.
pub const TABLE_MEASURES: usize = 8_192;

/// Names of measures in all multi-measure records of a table.
pub const TABLE_MULTI_MEASURES: usize = 1_024;

/// For how many hours a table keeps records in memory.
pub const MEMORY_HOURS: RangeInclusive<u32> = 1..=8_766;

/// For how many days a table keeps records on disk.
pub const MAGNETIC_DAYS: RangeInclusive<u32> = 1..=73_000;

/// What a table keeps: in memory, where it takes records at full speed, and then on disk. The two
/// [add up](https://docs.aws.amazon.com/timestream/latest/developerguide/storage.html).
///
/// `magnetic_days` is `None` where it is not known: then the table alone knows what is too old for it.
pub fn retention(memory_hours: u32, magnetic_days: Option<u32>) -> Retention {
    let fresh = Duration::from_hours(memory_hours.into());
    let days = |days: u32| fresh + Duration::from_hours(24 * u64::from(days));
    Retention { fresh, kept: magnetic_days.map(days) }
}

#[cfg(test)]
mod tests {
    use telemetry::Lateness;

    use super::*;

    #[test]
    fn no_correction_moves_a_reading_to_where_the_shortest_table_has_nothing() {
        let shortest = retention(*MEMORY_HOURS.start(), Some(*MAGNETIC_DAYS.start()));
        assert_eq!(shortest.lateness(-LIMITS.window.span, 0), Lateness::Late);
    }
}
