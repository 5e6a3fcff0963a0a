//! What is copied at once: hours, each whole, of which many with few points are one window. Pure.
//!
//! Hours count from 1970-01-01T00:00:00Z.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Nanoseconds of an hour.
pub const HOUR: i64 = 3_600_000_000_000;

/// From one instant until before another, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first instant.
    pub from: i64,
    /// The first that is not in it.
    pub until: i64,
}

/// How much each hour has.
pub type Hours = BTreeMap<i64, u64>;

/// Hours in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first hour.
    pub from: i64,
    /// The first that is not in it.
    pub until: i64,
    /// How much there was when it was planned.
    pub items: u64,
}

impl Span {
    /// Whether there is no instant in it.
    pub fn is_empty(self) -> bool {
        self.from >= self.until
    }

    /// What it shares with a window.
    pub fn within(self, window: Window) -> Self {
        let at = |hour: i64| hour.saturating_mul(HOUR);
        Self { from: self.from.max(at(window.from)), until: self.until.min(at(window.until)) }
    }

    /// Both halves of it; `None` of a single instant.
    pub fn halves(self) -> Option<[Self; 2]> {
        let middle = self.from + (self.until - self.from) / 2;
        (middle > self.from)
            .then_some([Self { from: self.from, until: middle }, Self { from: middle, until: self.until }])
    }

    /// Parts of about the same length.
    pub fn parts(self, count: u64) -> Vec<Self> {
        let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        let length = ((self.until - self.from) / count).max(1);
        let mut parts = Vec::new();
        let mut from = self.from;
        while from < self.until {
            let last = self.until - from < 2 * length;
            let until = if last { self.until } else { from + length };
            parts.push(Self { from, until });
            from = until;
        }
        parts
    }
}

/// The hour of an instant.
pub fn hour(time: i64) -> i64 {
    time.div_euclid(HOUR)
}

/// An instant as a person and a program read it.
pub fn instant(time: i64) -> Timestamp {
    // Every number of nanoseconds that an i64 holds is a timestamp.
    Timestamp::from_nanosecond(time.into()).unwrap_or_default()
}

/// The hours that are in none of the windows that are `done`, in windows of about `most` items.
pub fn windows(hours: &Hours, done: &[Window], most: u64) -> Vec<Window> {
    let is_done = |hour: i64| done.iter().any(|window| (window.from..window.until).contains(&hour));
    let mut windows: Vec<Window> = Vec::new();
    // Whether an hour that is done lies between the last window and the next hour.
    let between =
        |from: i64, until: i64| done.iter().any(|window| window.from < until && window.until > from);
    for (&hour, &items) in hours.iter().filter(|(hour, _)| !is_done(**hour)) {
        match windows.last_mut() {
            Some(last) if last.items + items <= most && !between(last.until, hour) => {
                last.until = hour + 1;
                last.items += items;
            }
            _ => windows.push(Window { from: hour, until: hour + 1, items }),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: i64, until: i64, items: u64) -> Window {
        Window { from, until, items }
    }

    /// Hours with what they have; what is done; the windows.
    type Case<'a> = (&'a [(i64, u64)], &'a [Window], &'a [Window]);

    #[test]
    fn hours_of_few_points_are_one_window_and_what_is_done_is_in_none() {
        let table: [Case<'_>; 6] = [
            (&[], &[], &[]),
            (&[(1, 4), (2, 6), (9, 1)], &[], &[window(1, 3, 10), window(9, 10, 1)]),
            (&[(1, 4), (5, 6)], &[], &[window(1, 6, 10)]),
            (&[(1, 40), (2, 1)], &[], &[window(1, 2, 40), window(2, 3, 1)]),
            (&[(1, 1), (2, 1), (3, 1)], &[window(2, 3, 1)], &[window(1, 2, 1), window(3, 4, 1)]),
            (&[(1, 1), (2, 1)], &[window(0, 9, 5)], &[]),
        ];
        for (hours, done, expected) in table {
            assert_eq!(windows(&hours.iter().copied().collect(), done, 10), expected, "{hours:?}");
        }
    }

    #[test]
    fn the_parts_of_a_span_are_the_span() {
        for (span, count) in [((0, 10), 3), ((0, 10), 1), ((5, 6), 4), ((0, 10), 0), ((-7, 7), 14)] {
            let span = Span { from: span.0, until: span.1 };
            let parts = span.parts(count);
            assert_eq!((parts[0].from, parts[parts.len() - 1].until), (span.from, span.until));
            assert!(parts.windows(2).all(|pair| pair[0].until == pair[1].from), "{parts:?}");
            assert!(parts.iter().all(|part| !part.is_empty()), "{parts:?}");
        }
        let halves = Span { from: 3, until: 5 }.halves();
        assert_eq!(halves, Some([Span { from: 3, until: 4 }, Span { from: 4, until: 5 }]));
        assert_eq!(Span { from: 3, until: 4 }.halves(), None);
        assert_eq!(
            Span { from: HOUR / 2, until: 9 * HOUR }.within(window(0, 2, 0)),
            Span { from: HOUR / 2, until: 2 * HOUR }
        );
    }
}
