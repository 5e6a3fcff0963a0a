//! What is late: how old a record is, against how long the store keeps records.

use std::time::Duration;

/// How long a store keeps records after their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// For how long it takes them at full speed.
    pub fresh: Duration,
    /// For how long it takes them at all. `None` where nobody says: the store refuses what is older.
    pub kept: Option<Duration>,
}

/// How late a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    /// The store takes it at full speed.
    Fresh,
    /// The store takes it more slowly, apart from those that are fresh.
    Late,
    /// The store keeps nothing of its time.
    Expired,
}

impl Retention {
    /// How late a record of the instant `time` is at the instant `now`, both in nanoseconds since 1970.
    pub fn lateness(&self, time: i64, now: i64) -> Lateness {
        let since = |age: Duration| now.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
        if time >= since(self.fresh) {
            Lateness::Fresh
        } else if self.kept.is_none_or(|kept| time >= since(kept)) {
            Lateness::Late
        } else {
            Lateness::Expired
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_late_when_it_is_older_than_what_is_fresh() {
        use Lateness::{Expired, Fresh, Late};
        let retention = |kept| Retention { fresh: Duration::from_nanos(10), kept };
        let (known, unknown) = (retention(Some(Duration::from_nanos(30))), retention(None));
        let forever = Retention { fresh: Duration::MAX, kept: None };
        for (retention, time, now, expected) in [
            (known, 101, 100, Fresh),
            (known, 90, 100, Fresh),
            (known, 89, 100, Late),
            (known, 70, 100, Late),
            (known, 69, 100, Expired),
            (unknown, 69, 100, Late),
            (unknown, i64::MIN, i64::MAX, Late),
            (known, i64::MAX, i64::MIN, Fresh),
            (forever, 0, i64::MAX, Fresh),
        ] {
            assert_eq!(retention.lateness(time, now), expected, "{retention:?}: {time} at {now}");
        }
    }
}
