//! What becomes of a device's clock that runs ahead, or of none.
//!
//! The store refuses a time too far ahead of its own clock. Where a message has one, either the clock of
//! its device is ahead or that one time is wrong. It is the clock
//! - if all instants of the message are within [`Window::ahead`] of each other, or
//! - if each of them is more than [`Window::ahead`] after the arrival, and all are within [`Window::span`] of
//!   each other, as readings are that a device has gathered.
//!
//! The message is then moved as a whole: its latest instant falls on the moment of its arrival, and below
//! the millisecond on a place of its own, so that the corrected events of a burst do not fall onto each
//! other. The place follows from the sequence number: a replay finds the same. Otherwise the readings
//! that are ahead are at fault, and the others stay where they are.

use crate::Window;

const NANOSECONDS_A_MILLISECOND: i64 = 1_000_000;

/// When and where an event came into the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The stream's approximate arrival time, in milliseconds since 1970-01-01T00:00:00Z.
    pub time_ms: i64,
    /// The stream's sequence number: decimal digits, more than an integer holds.
    pub sequence_number: &'a str,
    /// What the sender chose the shard by: of a topic rule, what
    /// [`EventKind::partition_key`](crate::EventKind::partition_key) says.
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
    pub(crate) fn allows(&self, time: i64, window: Window) -> bool {
        time <= self.time().saturating_add(window.ahead)
    }

    /// How far an event moves back, to `moment`, whose instants go from `earliest` to `latest`, the latter
    /// of which is ahead; `None` if it is not the clock that is wrong.
    pub(crate) fn correction(
        &self,
        earliest: i64,
        latest: i64,
        moment: i64,
        window: Window,
    ) -> Option<Correction> {
        let span = latest.checked_sub(earliest)?;
        // Where copies are one, the moment is before the arrival.
        let longest = window.span - self.time().saturating_sub(moment).clamp(0, window.span);
        let permitted = if self.allows(earliest, window) { window.ahead.min(longest) } else { longest };
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

    const WINDOW: Window = Window { ahead: 900_000_000_000, span: 86_400_000_000_000 };

    const ARRIVAL: Arrival<'_> = Arrival {
        time_ms: 1_000_000,
        sequence_number: "49590338271490256608559692538361571095921575989136588898",
        partition_key: "dt/device-1/measures",
    };

    #[test]
    fn the_limit_is_the_window_and_not_a_nanosecond_more() {
        let limit = ARRIVAL.time() + WINDOW.ahead;
        for (time, allowed) in
            [(i64::MIN, true), (0, true), (limit, true), (limit + 1, false), (i64::MAX, false)]
        {
            assert_eq!(ARRIVAL.allows(time, WINDOW), allowed, "{time}");
        }
    }

    #[test]
    fn the_clock_is_corrected_where_it_can_be_the_clock() {
        let limit = ARRIVAL.time() + WINDOW.ahead;
        let moment = ARRIVAL.moment();
        // Earliest, latest, and where they are moved to.
        let table = [
            (limit + 1, limit + 1, Some((moment, moment))),
            (i64::MAX, i64::MAX, Some((moment, moment))),
            (limit, limit + 1, Some((moment - 1, moment))),
            (limit, limit + WINDOW.ahead, Some((moment - WINDOW.ahead, moment))),
            (limit, limit + WINDOW.ahead + 1, None),
            (limit + 1, limit + 1 + WINDOW.span, Some((moment - WINDOW.span, moment))),
            (limit + 1, limit + 2 + WINDOW.span, None),
            (0, limit + 1, None),
            (i64::MIN, i64::MAX, None),
        ];
        for (earliest, latest, expected) in table {
            let moved = ARRIVAL
                .correction(earliest, latest, ARRIVAL.moment(), WINDOW)
                .map(|correction| (correction.apply(earliest), correction.apply(latest)));
            assert_eq!(moved, expected, "{earliest} to {latest}");
        }
    }

    /// Where copies are one, their moment is before the arrival: what lies between is taken off the span, so that no
    /// reading is moved further back than a table keeps it.
    #[test]
    fn a_moment_before_the_arrival_leaves_less_of_the_span() {
        let ahead = ARRIVAL.time() + WINDOW.ahead + 1;
        for before in [0, 1, 3_600_000_000_000, WINDOW.span] {
            let moment = ARRIVAL.time() - before;
            let corrected = |span: i64| ARRIVAL.correction(ahead, ahead + span, moment, WINDOW).is_some();
            let longest = WINDOW.span - before;
            assert!(corrected(longest) && !corrected(longest + 1), "{before}");
        }
    }

    #[test]
    fn nothing_is_moved_beyond_the_end_of_all_numbers() {
        for time_ms in [i64::MIN, i64::MIN / 1_000_000 + 1] {
            let arrival = Arrival { time_ms, sequence_number: "0", ..ARRIVAL };
            assert_eq!(arrival.correction(WINDOW.span, WINDOW.span, arrival.moment(), WINDOW), None);
            assert_eq!(arrival.correction(-WINDOW.span, 0, arrival.moment(), WINDOW), None);
            let latest = arrival.moment() + WINDOW.span;
            assert_eq!(
                arrival.correction(latest, latest, arrival.moment(), WINDOW),
                Some(Correction { back: WINDOW.span })
            );
            assert_eq!(arrival.correction(latest - WINDOW.ahead, latest, arrival.moment(), WINDOW), None);
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
