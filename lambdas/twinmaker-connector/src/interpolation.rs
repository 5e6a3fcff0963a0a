//! Points of a regular grid between stored points.
//!
//! The grid begins at the start of the range. Between two stored points of a series, values lie on the
//! line through them; before the first stored point of the range and after the last there are none, since
//! nothing outside of the range is read. A stored point that lies on the grid is returned as it is.

use std::collections::BTreeSet;

use crate::instant::Instant;
use crate::request::Order;
use crate::store::queries::Grid;
use crate::track::{Point, Series};

/// Two neighbouring stored points of a series, with points of the grid behind the first and up to the
/// second; or a first stored point that is one of the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The first index of the grid that has not been returned yet, in the direction of time.
    pub next: i64,
    /// The interval of the grid in which `after` is: its index is that of the last point in the gap.
    pub index: i64,
    /// The stored point after the gap.
    pub after: Stored,
    /// The one before, and the index of its interval.
    pub before: Option<(i64, Stored)>,
    /// Whose.
    pub series: Series,
}

/// A stored point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stored {
    /// When.
    pub time: Instant,
    /// What, as a double also where the measure is an integer.
    pub value: f64,
}

impl Gap {
    fn value(&self, time: Instant) -> f64 {
        let Stored { time: t1, value: v1 } = self.after;
        let Some((_, Stored { time: t0, value: v0 })) = self.before else { return v1 };
        if time == t1 {
            return v1;
        }
        // Distances within a range of time: exact up to 104 days, and good to a part in 10^15 beyond.
        #[allow(clippy::cast_precision_loss)]
        let share = (time.nanos() - t0.nanos()) as f64 / (t1.nanos() - t0.nanos()) as f64;
        let value = v0 + (v1 - v0) * share;
        if value.is_finite() { value } else { v0 * (1.0 - share) + v1 * share }
    }

    /// The last index in the direction of time.
    fn last(&self, order: Order) -> i64 {
        match order {
            Order::Ascending => self.index,
            Order::Descending => self.before.map_or(self.index, |(index, _)| index + 1),
        }
    }
}

impl Grid {
    /// The time of a point.
    pub const fn time(&self, index: i64) -> Instant {
        Instant::from_nanos(self.start.nanos().saturating_add(index.saturating_mul(self.interval)))
    }

    /// The last point that is not after a time.
    pub const fn index(&self, time: Instant) -> i64 {
        time.nanos().saturating_sub(self.start.nanos()).div_euclid(self.interval)
    }

    /// Where the query of the next page has to begin so that it finds these gaps again: the farthest
    /// neighbour of any that is still open at `time`. Gaps that were not read begin later.
    pub fn reach(&self, gaps: &[Gap], order: Order, time: Instant) -> Instant {
        let index = self.index(time);
        match order {
            Order::Ascending => {
                let open = gaps.iter().filter(|gap| gap.index >= index);
                let times = open.map(|gap| gap.before.map_or(gap.after.time, |(_, before)| before.time));
                times.fold(self.time(index - 1), Instant::min)
            }
            Order::Descending => {
                let open = gaps.iter().filter(|gap| gap.last(order) <= index);
                open.map(|gap| gap.after.time).fold(self.time(index + 1), Instant::max)
            }
        }
    }

    /// The points in the gaps, in the order of time and then of the series, until `take` says that it is
    /// enough.
    pub fn points<E>(
        &self,
        gaps: &[Gap],
        order: Order,
        mut take: impl FnMut(Point<f64>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let (step, sign) = match order {
            Order::Ascending => (1, 1),
            Order::Descending => (-1, -1),
        };
        // By signed index and series; the gap's place makes entries unequal.
        let mut due: BTreeSet<(i64, Nulls<'_>, usize)> = gaps
            .iter()
            .enumerate()
            .map(|(place, gap)| (gap.next * sign, Nulls::of(&gap.series), place))
            .collect();
        while let Some((signed, series, place)) = due.pop_first() {
            let Some(gap) = gaps.get(place) else { break };
            let index = signed * sign;
            let time = self.time(index);
            let point = Point { time, series: gap.series.clone(), value: gap.value(time) };
            if !take(point)? {
                break;
            }
            if index != gap.last(order) {
                due.insert(((index + step) * sign, series, place));
            }
        }
        Ok(())
    }
}

/// A series in the store's order, in which null is the last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Nulls<'a>(Vec<(bool, Option<&'a str>)>);

impl<'a> Nulls<'a> {
    fn of(series: &'a Series) -> Self {
        let all = std::iter::once(&series.external_id).chain(&series.dimensions);
        Self(all.map(|part| (part.is_none(), part.as_deref())).collect())
    }
}
