//! What becomes of a device's clock that runs ahead, or of none.
//!
//! The store refuses a time too far ahead of its own clock. Such an event is moved as a whole to the
//! moment of its arrival, and below the millisecond to a place of its own, so that the corrected
//! events of a burst do not fall onto each other. The place follows from the sequence number: a
//! replay finds the same.

/// How far ahead a time may be, in nanoseconds: fifteen minutes
/// ([Quotas](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html)).
pub const MAX_AHEAD: i64 = 15 * 60 * 1_000_000_000;

const NANOSECONDS_A_MILLISECOND: i64 = 1_000_000;

/// When and where an event came into the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z.
    pub time_ms: i64,
    /// The stream's sequence number: decimal digits, more than an integer holds.
    pub sequence_number: &'a str,
}

impl Arrival<'_> {
    /// The arrival in nanoseconds.
    fn time(&self) -> i64 {
        self.time_ms.saturating_mul(NANOSECONDS_A_MILLISECOND)
    }

    /// The moment for an event without a usable time: the arrival's millisecond, and in it the
    /// nanosecond that the sequence number gives (its last six digits).
    pub fn moment(&self) -> i64 {
        let digits = self.sequence_number.bytes().rev().take_while(u8::is_ascii_digit).take(6);
        let (offset, _) = digits
            .fold((0_i64, 1_i64), |(sum, place), digit| (sum + i64::from(digit - b'0') * place, place * 10));
        self.time().saturating_add(offset)
    }

    /// The version of the event's records: the arrival, so that a replay changes nothing and what
    /// arrives later wins. The store takes versions from 1.
    pub fn version(&self) -> i64 {
        self.time_ms.max(1)
    }

    /// How far an event with this `latest` instant has to move back; `None` if it may stay.
    pub(crate) fn correction(&self, latest: i64) -> Option<Correction> {
        let ahead = i128::from(latest) - i128::from(self.time());
        (ahead > i128::from(MAX_AHEAD))
            .then(|| Correction { back: i128::from(latest) - i128::from(self.moment()) })
    }
}

/// A move of an event from a future that the store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// By how many nanoseconds every instant of the event was moved back.
    pub back: i128,
}

impl Correction {
    /// Where `time` is moved to; `None` where 64 bits end.
    pub(crate) fn apply(self, time: i64) -> Option<i64> {
        i64::try_from(i128::from(time) - self.back).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVAL: Arrival<'_> = Arrival {
        time_ms: 1_000_000,
        sequence_number: "49590338271490256608559692538361571095921575989136588898",
    };

    #[test]
    fn the_limit_is_fifteen_minutes_and_not_a_nanosecond_more() {
        let limit = ARRIVAL.time() + MAX_AHEAD;
        let moved = |latest: i64| ARRIVAL.correction(latest).and_then(|correction| correction.apply(latest));
        let table = [
            (0, None),
            (i64::MIN, None),
            (limit, None),
            (limit + 1, Some(1_000_000_588_898)),
            (i64::MAX, Some(1_000_000_588_898)),
        ];
        for (latest, expected) in table {
            assert_eq!(moved(latest), expected, "{latest}");
        }
    }

    #[test]
    fn any_sequence_number_gives_a_place_within_the_millisecond() {
        for (sequence_number, offset) in
            [("", 0), ("7", 7), ("000007", 7), ("999999", 999_999), ("1000001", 1), ("shard:12", 12)]
        {
            assert_eq!(
                Arrival { time_ms: 1, sequence_number }.moment(),
                1_000_000 + offset,
                "{sequence_number}"
            );
        }
    }

    #[test]
    fn a_version_is_at_least_one() {
        for (time_ms, version) in [(i64::MIN, 1), (0, 1), (5, 5), (i64::MAX, i64::MAX)] {
            assert_eq!(Arrival { time_ms, ..ARRIVAL }.version(), version);
        }
    }
}
