//! What becomes of a device's clock that runs ahead, or of none.
//!
//! The store refuses a time too far ahead of its own clock. Where an event has one, either the clock of
//! its device is ahead or that one time is wrong. It is the clock
//! - if all instants of the event are within [`MAX_AHEAD`] of each other, or
//! - if each of them is more than [`MAX_AHEAD`] after the arrival, and all are within [`MAX_SPAN`] of each
//!   other, as readings are that a device has gathered.
//!
//! The event is then moved as a whole: its latest instant falls on the moment of its arrival, and below
//! the millisecond on a place of its own, so that the corrected events of a burst do not fall onto each
//! other. The place follows from the sequence number: a replay finds the same. Otherwise the readings
//! that are ahead are at fault, and the others stay where they are.

/// How far ahead a time may be, in nanoseconds: fifteen minutes
/// ([Quotas](https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html)).
pub const MAX_AHEAD: i64 = 15 * 60 * 1_000_000_000;

/// How far apart the instants of an event whose clock is corrected may be, in nanoseconds: a day. It is
/// the shortest time for which a table keeps its records
/// ([`RetentionProperties`](https://docs.aws.amazon.com/timestream/latest/developerguide/API_RetentionProperties.html)),
/// so that no correction moves a reading to where the store has nothing.
pub const MAX_SPAN: i64 = 24 * 60 * 60 * 1_000_000_000;

const NANOSECONDS_A_MILLISECOND: i64 = 1_000_000;

/// When and where an event came into the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z.
    pub time_ms: i64,
    /// The stream's sequence number: decimal digits, more than an integer holds.
    pub sequence_number: &'a str,
    /// What the sender chose the shard by: of a topic rule, what
    /// [`Model::partition_key`](crate::Model::partition_key) says.
    pub partition_key: &'a str,
}

impl Arrival<'_> {
    /// The arrival in nanoseconds.
    pub(crate) fn time(&self) -> i64 {
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

    /// Whether `time` is not too far ahead for the store.
    pub(crate) fn allows(&self, time: i64) -> bool {
        time <= self.time().saturating_add(MAX_AHEAD)
    }

    /// How far an event moves back, to `moment`, whose instants go from `earliest` to `latest`, the latter
    /// of which is ahead; `None` if it is not the clock that is wrong.
    pub(crate) fn correction(&self, earliest: i64, latest: i64, moment: i64) -> Option<Correction> {
        let span = latest.checked_sub(earliest)?;
        // Where copies are one, the moment is before the arrival.
        let longest = MAX_SPAN - self.time().saturating_sub(moment).clamp(0, MAX_SPAN);
        let permitted = if self.allows(earliest) { MAX_AHEAD.min(longest) } else { longest };
        // Where 64 bits end, the arrival is no time of this world, and nothing is corrected after it.
        let fits = moment.checked_sub(span).is_some();
        let back = latest.checked_sub(moment)?;
        (span <= permitted && fits).then_some(Correction { back })
    }
}

/// A move of an event from a future that the store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// By how many nanoseconds every instant of the event was moved back.
    pub back: i64,
}

impl Correction {
    /// Where `time`, an instant of the event, is moved to.
    pub(crate) const fn apply(self, time: i64) -> i64 {
        time - self.back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVAL: Arrival<'_> = Arrival {
        time_ms: 1_000_000,
        sequence_number: "49590338271490256608559692538361571095921575989136588898",
        partition_key: "dt/device-1/measures",
    };

    #[test]
    fn the_limit_is_fifteen_minutes_and_not_a_nanosecond_more() {
        let limit = ARRIVAL.time() + MAX_AHEAD;
        for (time, allowed) in
            [(i64::MIN, true), (0, true), (limit, true), (limit + 1, false), (i64::MAX, false)]
        {
            assert_eq!(ARRIVAL.allows(time), allowed, "{time}");
        }
    }

    #[test]
    fn the_clock_is_corrected_where_it_can_be_the_clock() {
        let limit = ARRIVAL.time() + MAX_AHEAD;
        let moment = ARRIVAL.moment();
        // Earliest, latest, and where they are moved to.
        let table = [
            (limit + 1, limit + 1, Some((moment, moment))),
            (i64::MAX, i64::MAX, Some((moment, moment))),
            (limit, limit + 1, Some((moment - 1, moment))),
            (limit, limit + MAX_AHEAD, Some((moment - MAX_AHEAD, moment))),
            (limit, limit + MAX_AHEAD + 1, None),
            (limit + 1, limit + 1 + MAX_SPAN, Some((moment - MAX_SPAN, moment))),
            (limit + 1, limit + 2 + MAX_SPAN, None),
            (0, limit + 1, None),
            (i64::MIN, i64::MAX, None),
        ];
        for (earliest, latest, expected) in table {
            let moved = ARRIVAL
                .correction(earliest, latest, ARRIVAL.moment())
                .map(|correction| (correction.apply(earliest), correction.apply(latest)));
            assert_eq!(moved, expected, "{earliest} to {latest}");
        }
    }

    #[test]
    fn nothing_is_moved_beyond_the_end_of_all_numbers() {
        for time_ms in [i64::MIN, i64::MIN / 1_000_000 + 1] {
            let arrival = Arrival { time_ms, sequence_number: "0", ..ARRIVAL };
            assert_eq!(arrival.correction(MAX_SPAN, MAX_SPAN, arrival.moment()), None);
            assert_eq!(arrival.correction(-MAX_SPAN, 0, arrival.moment()), None);
            let latest = arrival.moment() + MAX_SPAN;
            assert_eq!(
                arrival.correction(latest, latest, arrival.moment()),
                Some(Correction { back: MAX_SPAN })
            );
            assert_eq!(arrival.correction(latest - MAX_AHEAD, latest, arrival.moment()), None);
        }
    }

    #[test]
    fn any_sequence_number_gives_a_place_within_the_millisecond() {
        for (sequence_number, offset) in
            [("", 0), ("7", 7), ("000007", 7), ("999999", 999_999), ("1000001", 1), ("shard:12", 12)]
        {
            assert_eq!(
                Arrival { time_ms: 1, sequence_number, ..ARRIVAL }.moment(),
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
