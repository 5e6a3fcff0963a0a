//! The history of time series: one query, a track for each property, an answer and a token.

use crate::catalog::Catalog;
use crate::error::Error;
use crate::instant::Instant;
use crate::interpolation::{Gap, Stored};
use crate::plan::{Plan, Selection};
use crate::request::{History, Order};
use crate::response::{Gathered, HistoryResponse, Room, TimedValue};
use crate::store::client::{self as store, Cells, Table};
use crate::store::dialect::time;
use crate::store::queries::{Grid, Layout, Scope, Slice};
use crate::token::{Position, Progress, Token};
use crate::track::{Ending, Point, Series, Track};
use crate::value::{DataValue, Form};

/// How often more rows are asked for when a page's end is out of reach: the last time, 65,536 times as many.
const ATTEMPTS: u32 = 9;

/// Answers a request for histories. `now` ends a range that has no end.
pub async fn answer(
    history: &History,
    catalog: &Catalog,
    table: &Table,
    now: Instant,
) -> Result<HistoryResponse, Error> {
    let plan = Plan::new(history, catalog)?;
    let state = match &history.token {
        Some(text) => Token::read(text, history.fingerprint, plan.selections.len())?,
        None => Token {
            end: history.end.is_none().then_some(now),
            progress: vec![Progress::Start; plan.selections.len()],
        },
    };
    let end = history.end.or(state.end).unwrap_or(now);
    let columns = table.columns(&plan.columns()).await?;
    let scope = Scope { plan: &plan, table: table.name(), columns: &columns, order: history.order };
    let page = Page { history, scope: &scope, table, state: &state, end };
    for attempt in 0..ATTEMPTS {
        let (property_values, endings) = match history.interval {
            None => page.points(attempt).await?,
            Some(interval) => page.grid(interval, attempt).await?,
        };
        let progress: Option<Vec<Progress>> = endings
            .iter()
            .map(|ending| match ending {
                Ending::At(progress) => Some(*progress),
                Ending::OutOfReach => None,
            })
            .collect();
        let Some(progress) = progress else { continue };
        let more = progress.iter().any(|one| *one != Progress::Done);
        let token = Token { end: state.end, progress };
        let next_token = more.then(|| token.write(history.fingerprint));
        return Ok(HistoryResponse { property_values: property_values.finish(), next_token });
    }
    Err(Error::Store(store::Error::Query("the data changes faster than a page can be read".to_owned())))
}

/// One answer in the making.
struct Page<'a> {
    history: &'a History,
    scope: &'a Scope<'a>,
    table: &'a Table,
    state: &'a Token,
    end: Instant,
}

/// The points of a page, and how each property ended.
pub type Paged<'a> = (Gathered<'a>, Vec<Ending>);

impl<'a> Page<'a> {
    /// The selections that are not done, with their index and position.
    fn open(&self) -> impl Iterator<Item = (usize, &'a Selection<'a>, Option<Position>)> {
        let selections = self.scope.plan.selections.iter().enumerate();
        selections.zip(&self.state.progress).filter_map(|((index, selection), progress)| match progress {
            Progress::Done => None,
            Progress::Start => Some((index, selection, None)),
            Progress::After(position) => Some((index, selection, Some(*position))),
        })
    }

    /// One row more than a page tells whether there is another; and those of the position's time come again.
    fn limit(&self, position: Option<Position>, attempt: u32) -> usize {
        let seen = position.map_or(0, |position| position.seen);
        self.history.page.saturating_add(seen).saturating_add(1).saturating_mul(1 << (2 * attempt))
    }

    fn tracks<T>(&self, attempt: u32) -> Vec<Option<Track<T>>> {
        let mut tracks: Vec<Option<Track<T>>> = Vec::new();
        tracks.resize_with(self.state.progress.len(), || None);
        for (index, _, position) in self.open() {
            if let Some(track) = tracks.get_mut(index) {
                let limit = self.limit(position, attempt);
                *track = Some(Track::new(self.history.fingerprint, self.history.page, limit, position));
            }
        }
        tracks
    }

    /// Stored points.
    async fn points(&self, attempt: u32) -> Result<Paged<'a>, Error> {
        let layout = Layout::points(self.scope);
        let branch = |(index, selection, position): (usize, &Selection<'_>, Option<Position>)| {
            let mut slice =
                Slice { from: self.history.start, to: self.end, limit: self.limit(position, attempt) };
            match (position, self.history.order) {
                (Some(position), Order::Ascending) => slice.from = position.time.max(slice.from),
                (Some(position), Order::Descending) => slice.to = position.time.min(slice.to),
                (None, _) => {}
            }
            self.scope.points(index, selection, slice, &layout)
        };
        let branches: Vec<_> = self.open().filter_map(branch).collect();
        let mut mapping = Mapping::new(self.history, self.scope.plan, layout, self.tracks(attempt));
        if let Some(sql) = self.scope.together(&branches, "time") {
            self.table.rows(&sql, |cells| mapping.row(cells)).await?;
        }
        mapping.finish()
    }

    /// Points of a grid.
    async fn grid(&self, interval: i64, attempt: u32) -> Result<Paged<'a>, Error> {
        let layout = Layout::gaps(self.scope);
        let order = self.history.order;
        let grid = Grid { start: self.history.start, interval, next: 0 };
        let branch = |(index, selection, position): (usize, &Selection<'_>, Option<Position>)| {
            let mut slice =
                Slice { from: self.history.start, to: self.end, limit: self.limit(position, attempt) };
            let next = match (position, order) {
                (Some(position), _) => grid.index(position.time),
                (None, Order::Ascending) => 0,
                (None, Order::Descending) => grid.index(self.end),
            };
            match (position.and_then(|position| position.reach), order) {
                (Some(reach), Order::Ascending) => slice.from = reach.max(slice.from),
                (Some(reach), Order::Descending) => slice.to = reach.min(slice.to),
                (None, _) => {}
            }
            self.scope.gaps(index, selection, slice, Grid { next, ..grid })
        };
        let branches: Vec<_> = self.open().filter_map(branch).collect();
        let selections = &self.scope.plan.selections;
        let mut gaps: Vec<Vec<Gap>> = vec![Vec::new(); selections.len()];
        if let Some(sql) = self.scope.together(&branches, "s") {
            self.table
                .rows(&sql, |mut cells| {
                    let index: usize = cells.parsed(0, "the index of a property")?;
                    let gaps = gaps.get_mut(index).ok_or_else(|| unreadable(0, "the index of a property"))?;
                    gaps.push(gap(&mut cells, &layout)?);
                    Ok::<_, Error>(())
                })
                .await?;
        }
        let mut gathered = gathered(self.history, self.scope.plan, self.open().count());
        let mut endings = Vec::with_capacity(selections.len());
        for (index, ((track, selection), gaps)) in
            self.tracks(attempt).into_iter().zip(selections).zip(&gaps).enumerate()
        {
            let Some(mut track) = track else {
                endings.push(Ending::At(Progress::Done));
                continue;
            };
            for _ in gaps {
                track.row();
            }
            let mut give = |series: &Series, time: String, value: f64| {
                let point = TimedValue { time: iso(time)?, value: interpolated(value, selection.form) };
                Ok(gathered.add(index, selection.name, series, point))
            };
            grid.points(gaps, order, |point| {
                track.point(point, &mut give)?;
                Ok::<_, Error>(!track.is_full())
            })?;
            endings.push(track.end(|time| Some(grid.reach(gaps, order, time)), &mut give)?);
        }
        Ok((gathered, endings))
    }
}

/// Rows of stored points on their way into an answer.
#[derive(Debug)]
pub struct Mapping<'a> {
    selections: &'a [Selection<'a>],
    layout: Layout,
    /// One for each selection that is not done.
    tracks: Vec<Option<Track<Option<String>>>>,
    gathered: Gathered<'a>,
}

impl<'a> Mapping<'a> {
    /// Of rows of a layout.
    pub fn new(
        history: &'a History,
        plan: &'a Plan<'a>,
        layout: Layout,
        tracks: Vec<Option<Track<Option<String>>>>,
    ) -> Self {
        let gathered = gathered(history, plan, tracks.iter().flatten().count());
        Self { selections: &plan.selections, layout, tracks, gathered }
    }

    /// Takes the next row.
    pub fn row(&mut self, mut cells: Cells) -> Result<(), Error> {
        let index: usize = cells.parsed(0, "the index of a property")?;
        let (Some(selection), Some(Some(track))) = (self.selections.get(index), self.tracks.get_mut(index))
        else {
            return Err(unreadable(0, "the index of a property"));
        };
        track.row();
        let point = Point {
            time: cells.required(1, "a time")?,
            series: series(&mut cells, &self.layout),
            value: self.layout.value(selection.stored).and_then(|column| cells.take(column)),
        };
        let gathered = &mut self.gathered;
        track.point(point, &mut |series, time, value| add(gathered, index, selection, series, time, value))
    }

    /// The points, and how each property ended.
    pub fn finish(self) -> Result<Paged<'a>, Error> {
        let Self { selections, tracks, mut gathered, .. } = self;
        let mut endings = Vec::with_capacity(tracks.len());
        for (index, (track, selection)) in tracks.into_iter().zip(selections).enumerate() {
            let mut give =
                |series: &Series, time, value| add(&mut gathered, index, selection, series, time, value);
            endings.push(match track {
                None => Ending::At(Progress::Done),
                Some(track) => track.end(|_| None, &mut give)?,
            });
        }
        Ok((gathered, endings))
    }
}

fn gathered<'a>(history: &'a History, plan: &Plan<'a>, open: usize) -> Gathered<'a> {
    Gathered::new(&history.subject, plan.external_id_property(), plan.selections.len(), open)
}

fn unreadable(column: usize, expected: &'static str) -> Error {
    Error::Store(store::Error::Row { column, expected })
}

fn iso(time: String) -> Result<String, Error> {
    time::iso(time).ok_or_else(|| unreadable(1, "a time"))
}

fn series(cells: &mut Cells, layout: &Layout) -> Series {
    Series {
        external_id: layout.external_id.and_then(|column| cells.take(column)),
        dimensions: (layout.dimensions..layout.dimensions + layout.dimension_count)
            .map(|column| cells.take(column))
            .collect(),
    }
}

fn gap(cells: &mut Cells, layout: &Layout) -> Result<Gap, Error> {
    let time = |cells: &mut Cells, column| {
        let text = cells.required(column, "a time")?;
        time::instant(&text).map(Instant::from_nanos).ok_or(store::Error::Row { column, expected: "a time" })
    };
    let next = cells.parsed(1, "an index of the grid")?;
    let index = cells.parsed(2, "an index of the grid")?;
    let after = Stored { time: time(cells, 3)?, value: cells.parsed(4, "a number")? };
    let before = match cells.take(5) {
        None => None,
        Some(index) => {
            let index = index.parse().map_err(|_| unreadable(5, "an index of the grid"))?;
            Some((index, Stored { time: time(cells, 6)?, value: cells.parsed(7, "a number")? }))
        }
    };
    Ok(Gap { next, index, after, before, series: series(cells, layout) })
}

/// Adds a stored point to the answer, if there is room.
fn add(
    gathered: &mut Gathered<'_>,
    index: usize,
    selection: &Selection<'_>,
    series: &Series,
    time: String,
    value: Option<String>,
) -> Result<Room, Error> {
    let text = value.ok_or_else(|| unreadable(index, "a value"))?;
    let number = |expected| move |_| unreadable(index, expected);
    let value = match selection.form {
        Form::Boolean => DataValue::Boolean(match text.as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(unreadable(index, "a truth value")),
        }),
        Form::Double => {
            let value: f64 = text.parse().map_err(|_| unreadable(index, "a number"))?;
            if !value.is_finite() {
                // The store takes no such value, and JSON has none.
                tracing::warn!(property = selection.name, "a value that is no number is left out");
                return Ok(Room::Taken);
            }
            DataValue::Double(value)
        }
        Form::Long => DataValue::Long(text.parse().map_err(number("an integer"))?),
        Form::Integer => {
            let value: i64 = text.parse().map_err(number("an integer"))?;
            let overflow = |_| Error::IntegerOverflow { property: selection.name.to_owned() };
            DataValue::Integer(value.try_into().map_err(overflow)?)
        }
        Form::Text => DataValue::Text(text),
        Form::Time => {
            DataValue::Text(time::iso_to_the_nanosecond(text).ok_or_else(|| unreadable(index, "a time"))?)
        }
    };
    Ok(gathered.add(index, selection.name, series, TimedValue { time: iso(time)?, value }))
}

/// A value between two of a measure; of an integer, the nearest one.
fn interpolated(value: f64, form: Form) -> DataValue {
    // Conversions that are out of range saturate; a value between two of a type is in its range.
    #[allow(clippy::cast_possible_truncation)]
    match form {
        Form::Integer => DataValue::Integer(value.round() as i32),
        Form::Long => DataValue::Long(value.round() as i64),
        _ => DataValue::Double(value),
    }
}
