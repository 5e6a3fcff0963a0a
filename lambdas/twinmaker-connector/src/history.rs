//! The history of time series: one query, a track for each property, an answer and a token.

use telemetry::Value;

use crate::catalog::Catalog;
use crate::error::Error;
use crate::instant::Instant;
use crate::interpolation::{Gap, Stored};
use crate::plan::{Plan, Selection};
use crate::request::{History, Order};
use crate::response::{Gathered, HistoryResponse, Room, TimedValue};
use crate::store::queries::{Branch, Grid, Layout, Scope, Slice};
use crate::store::{self, Cells, Table};
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
        let branch = |(index, selection, position): (usize, &'a Selection<'a>, Option<Position>)| {
            let mut slice =
                Slice { from: self.history.start, to: self.end, limit: self.limit(position, attempt) };
            match (position, self.history.order) {
                (Some(position), Order::Ascending) => slice.from = position.time.max(slice.from),
                (Some(position), Order::Descending) => slice.to = position.time.min(slice.to),
                (None, _) => {}
            }
            Branch { index, selection, slice }
        };
        let branches: Vec<_> = self.open().map(branch).collect();
        let mut mapping = Mapping::new(self.history, self.scope.plan, layout, self.tracks(attempt));
        let layout = mapping.layout.clone();
        self.table.points(self.scope, &branches, &layout, |cells| mapping.row(cells)).await?;
        mapping.finish()
    }

    /// Points of a grid.
    async fn grid(&self, interval: i64, attempt: u32) -> Result<Paged<'a>, Error> {
        let layout = Layout::gaps(self.scope);
        let order = self.history.order;
        let grid = Grid { start: self.history.start, interval, next: 0 };
        let branch = |(index, selection, position): (usize, &'a Selection<'a>, Option<Position>)| {
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
            (Branch { index, selection, slice }, Grid { next, ..grid })
        };
        let branches: Vec<_> = self.open().map(branch).collect();
        let selections = &self.scope.plan.selections;
        let mut gaps: Vec<Vec<Gap>> = vec![Vec::new(); selections.len()];
        self.table
            .gaps(self.scope, &branches, |mut cells| {
                let gaps = gaps.get_mut(index(&mut cells)?).ok_or_else(|| unreadable(0, INDEX))?;
                gaps.push(gap(&mut cells, &layout)?);
                Ok::<_, Error>(())
            })
            .await?;
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
            let mut give = |series: &Series, time: Instant, value: f64| {
                let point = TimedValue { time: time.iso(), value: interpolated(value, selection.form) };
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
    tracks: Vec<Option<Track<Option<Value>>>>,
    gathered: Gathered<'a>,
}

impl<'a> Mapping<'a> {
    /// Of rows of a layout.
    pub fn new(
        history: &'a History,
        plan: &'a Plan<'a>,
        layout: Layout,
        tracks: Vec<Option<Track<Option<Value>>>>,
    ) -> Self {
        let gathered = gathered(history, plan, tracks.iter().flatten().count());
        Self { selections: &plan.selections, layout, tracks, gathered }
    }

    /// Takes the next row.
    pub fn row(&mut self, mut cells: Cells) -> Result<(), Error> {
        let index = index(&mut cells)?;
        let (Some(selection), Some(Some(track))) = (self.selections.get(index), self.tracks.get_mut(index))
        else {
            return Err(unreadable(0, INDEX));
        };
        track.row();
        let point = Point {
            time: cells.instant(1)?.ok_or_else(|| unreadable(1, "a time"))?,
            series: series(&mut cells, &self.layout)?,
            value: match self.layout.value(selection.stored) {
                Some(column) => cells.take(column, selection.stored)?,
                None => None,
            },
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

const INDEX: &str = "the index of a property";

fn index(cells: &mut Cells) -> Result<usize, Error> {
    cells.integer(0)?.and_then(|index| usize::try_from(index).ok()).ok_or_else(|| unreadable(0, INDEX))
}

fn series(cells: &mut Cells, layout: &Layout) -> Result<Series, Error> {
    let external_id = match layout.external_id {
        Some(column) => cells.text(column)?,
        None => None,
    };
    let dimensions = layout.dimensions..layout.dimensions + layout.dimension_count;
    Ok(Series {
        external_id,
        dimensions: dimensions.map(|column| cells.text(column)).collect::<Result<_, _>>()?,
    })
}

fn gap(cells: &mut Cells, layout: &Layout) -> Result<Gap, Error> {
    let stored = |cells: &mut Cells, column: usize| {
        let time = cells.instant(column)?.ok_or_else(|| unreadable(column, "a time"))?;
        let value = cells.double(column + 1)?.ok_or_else(|| unreadable(column + 1, "a number"))?;
        Ok::<_, Error>(Stored { time, value })
    };
    let of_grid = |column| move || unreadable(column, "an index of the grid");
    let next = cells.integer(1)?.ok_or_else(of_grid(1))?;
    let index = cells.integer(2)?.ok_or_else(of_grid(2))?;
    let after = stored(cells, 3)?;
    let before = match cells.integer(5)? {
        None => None,
        Some(index) => Some((index, stored(cells, 6)?)),
    };
    Ok(Gap { next, index, after, before, series: series(cells, layout)? })
}

/// Adds a stored point to the answer, if there is room.
fn add(
    gathered: &mut Gathered<'_>,
    index: usize,
    selection: &Selection<'_>,
    series: &Series,
    time: Instant,
    value: Option<Value>,
) -> Result<Room, Error> {
    let value = match (selection.form, value) {
        (Form::Boolean, Some(Value::Boolean(boolean))) => DataValue::Boolean(boolean),
        (Form::Double, Some(Value::Double(number))) => {
            if !number.is_finite() {
                // The store takes no such value, and JSON has none.
                tracing::warn!(property = selection.name, "a value that is no number is left out");
                return Ok(Room::Taken);
            }
            DataValue::Double(number)
        }
        // The nearest one.
        #[allow(clippy::cast_precision_loss)]
        (Form::Double, Some(Value::Bigint(number))) => DataValue::Double(number as f64),
        (Form::Long, Some(Value::Bigint(number))) => DataValue::Long(number),
        (Form::Integer, Some(Value::Bigint(number))) => {
            let overflow = |_| Error::IntegerOverflow { property: selection.name.to_owned() };
            DataValue::Integer(number.try_into().map_err(overflow)?)
        }
        (Form::Text, Some(Value::Varchar(text))) => DataValue::Text(text),
        (Form::Time, Some(Value::Timestamp(nanos))) => {
            DataValue::Text(Instant::from_nanos(nanos).iso_to_the_nanosecond())
        }
        _ => return Err(unreadable(index, "a value")),
    };
    Ok(gathered.add(index, selection.name, series, TimedValue { time: time.iso(), value }))
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
