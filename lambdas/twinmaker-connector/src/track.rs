//! How far one property gets in one answer: which points are returned, and where the next answer goes on.
//!
//! Points come in the order of time and, at one time, of their series. A page may end between series that
//! have a point at the same time; the next one begins with all points of that time and passes over those
//! that were returned, by the hash of the last of them. Whatever arrives in the meantime, a point behind
//! that one is not returned twice, and a point after it is not left out.

use crate::instant::Instant;
use crate::response::Room;
use crate::token::{Fingerprint, Position, Progress};

/// The series of a point.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// The external id, where it tells points apart.
    pub external_id: Option<String>,
    /// The dimensions beside it.
    pub dimensions: Vec<Option<String>>,
}

impl Series {
    fn hash(&self, request: Fingerprint) -> u64 {
        let dimensions = self.dimensions.iter().map(Option::as_deref);
        request.series(std::iter::once(self.external_id.as_deref()).chain(dimensions))
    }
}

/// A point that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<T> {
    /// When.
    pub time: Instant,
    /// Its series.
    pub series: Series,
    /// Its value.
    pub value: T,
}

/// How a property ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There it stands.
    At(Progress),
    /// So much has arrived at the time at which the last page ended that its end was not among the rows:
    /// more rows are needed.
    OutOfReach,
}

/// The way of one property through one answer.
#[derive(Debug)]
pub struct Track<T> {
    request: Fingerprint,
    page: usize,
    limit: usize,
    rows: usize,
    returned: usize,
    more: bool,
    /// Where the last page ended.
    after: Option<Position>,
    resume: Option<Resume<T>>,
    /// The last point that was returned, and how many of its time were.
    last: Option<(Instant, Series)>,
    seen: usize,
}

#[derive(Debug)]
struct Resume<T> {
    time: Instant,
    series: u64,
    seen: usize,
    /// Points of that time so far.
    index: usize,
    /// Those of them that may have to be returned: the position was not among them yet.
    held: Vec<Point<T>>,
    found: bool,
}

impl<T> Track<T> {
    /// A track of `page` points at most, fed by a query of `limit` rows at most.
    pub fn new(request: Fingerprint, page: usize, limit: usize, after: Option<Position>) -> Self {
        let resume = after.map(|position| Resume {
            time: position.time,
            series: position.series,
            seen: position.seen,
            index: 0,
            held: Vec::new(),
            found: false,
        });
        Self { request, page, limit, rows: 0, returned: 0, more: false, after, resume, last: None, seen: 0 }
    }

    /// Counts a row of the query.
    pub fn row(&mut self) {
        self.rows += 1;
    }

    /// Whether another point would not be returned.
    pub const fn is_full(&self) -> bool {
        self.more
    }

    /// Takes the next point, and hands on what is to be returned.
    pub fn point(
        &mut self,
        point: Point<T>,
        give: &mut impl FnMut(&Series, Instant, T) -> Result<Room, crate::error::Error>,
    ) -> Result<(), crate::error::Error> {
        let Some(resume) = &mut self.resume else { return self.give(point, None, give) };
        if resume.time != point.time {
            self.pass(give)?;
            return self.give(point, None, give);
        }
        resume.index += 1;
        let index = resume.index;
        if resume.found && (index > resume.seen || point.series.hash(self.request) != resume.series) {
            return self.give(point, Some(index), give);
        }
        if !resume.found {
            if point.series.hash(self.request) == resume.series {
                resume.found = true;
                resume.held.clear();
            } else {
                resume.held.push(point);
            }
        }
        Ok(())
    }

    /// The time of the position is over. Where its point is gone, the count tells how many were returned.
    fn pass(
        &mut self,
        give: &mut impl FnMut(&Series, Instant, T) -> Result<Room, crate::error::Error>,
    ) -> Result<(), crate::error::Error> {
        let Some(resume) = self.resume.take() else { return Ok(()) };
        let returned = resume.seen.saturating_sub(1);
        for (index, point) in resume.held.into_iter().enumerate().skip(returned) {
            self.give(point, Some(index + 1), give)?;
        }
        Ok(())
    }

    fn give(
        &mut self,
        point: Point<T>,
        index: Option<usize>,
        give: &mut impl FnMut(&Series, Instant, T) -> Result<Room, crate::error::Error>,
    ) -> Result<(), crate::error::Error> {
        self.more |= self.returned == self.page;
        if self.more {
            return Ok(());
        }
        let Point { time, series, value } = point;
        if give(&series, time, value)? == Room::Full {
            self.more = true;
            return Ok(());
        }
        self.returned += 1;
        self.seen = match (index, &self.last) {
            (Some(index), _) => index,
            (None, Some((last, _))) if *last == time => self.seen + 1,
            _ => 1,
        };
        self.last = Some((time, series));
        Ok(())
    }

    /// Where it stands when all rows are read. `reach` is that of the position, which see.
    pub fn end(
        mut self,
        reach: impl FnOnce(Instant) -> Option<Instant>,
        give: &mut impl FnMut(&Series, Instant, T) -> Result<Room, crate::error::Error>,
    ) -> Result<Ending, crate::error::Error> {
        let exhausted = self.rows < self.limit;
        if !exhausted && self.resume.as_ref().is_some_and(|resume| !resume.found) {
            return Ok(Ending::OutOfReach);
        }
        self.pass(give)?;
        if exhausted && !self.more {
            return Ok(Ending::At(Progress::Done));
        }
        let Some((time, series)) = self.last else {
            // The answer had no room for a single point.
            let before = self.after.map_or(Progress::Start, Progress::After);
            return Ok(if self.more { Ending::At(before) } else { Ending::OutOfReach });
        };
        Ok(Ending::At(Progress::After(Position {
            time,
            series: series.hash(self.request),
            seen: self.seen,
            reach: reach(time),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Series of one time, in the store's order.
    fn points(series: &[&str]) -> Vec<Point<()>> {
        let point = |name: &&str| Point {
            time: Instant::from_nanos(1_661_385_600_000_000_000),
            series: Series { external_id: Some((*name).to_owned()), dimensions: Vec::new() },
            value: (),
        };
        series.iter().map(point).collect()
    }

    /// What a page returns of `series`, of which a query returned as many as its limit allows.
    fn page(series: &[&str], size: usize, limit: usize, after: Option<Position>) -> (String, Ending) {
        let mut track = Track::new(Fingerprint::of(&"a request"), size, limit, after);
        let mut given = String::new();
        let mut give = |series: &Series, _: Instant, (): ()| {
            given.push_str(series.external_id.as_deref().unwrap_or_default());
            Ok(Room::Taken)
        };
        for point in points(series).into_iter().take(limit) {
            track.row();
            track.point(point, &mut give).expect("a point");
        }
        let ending = track.end(|_| None, &mut give).expect("an ending");
        (given, ending)
    }

    fn position(ending: Ending) -> Position {
        match ending {
            Ending::At(Progress::After(position)) => position,
            other => panic!("no position: {other:?}"),
        }
    }

    #[test]
    fn a_page_goes_on_after_the_last_point_whatever_has_come_before_it() {
        let (first, ending) = page(&["a", "b", "c", "d"], 2, 3, None);
        assert_eq!(first, "ab");
        let after = position(ending);
        assert_eq!(after.seen, 2);
        for (series, limit, expected) in [
            (&["a", "b", "c", "d"][..], 5, "cd"),
            (&["a", "aa", "b", "c", "d"], 6, "cd"),
            (&["a", "b", "bb", "c", "d"], 5, "bbc"),
            (&["a", "b"], 5, ""),
            // The point itself is gone: what was returned before it is passed over by its number.
            (&["a", "c", "d"], 5, "cd"),
            (&[], 5, ""),
        ] {
            assert_eq!(page(series, 2, limit, Some(after)).0, expected, "{series:?}");
        }
    }

    #[test]
    fn a_page_asks_for_more_rows_when_its_start_is_not_among_them() {
        let after = position(page(&["x", "y"], 1, 2, None).1);
        let series = ["a", "b", "c", "d", "x", "y"];
        assert_eq!(page(&series, 1, 3, Some(after)), (String::new(), Ending::OutOfReach));
        // It is the last row: whether there is another point is not known.
        assert_eq!(page(&series, 1, 5, Some(after)), (String::new(), Ending::OutOfReach));
        assert_eq!(page(&series, 1, 12, Some(after)), ("y".to_owned(), Ending::At(Progress::Done)));
    }
}
