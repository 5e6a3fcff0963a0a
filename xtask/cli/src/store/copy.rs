//! Brings into the store of an environment what another store or the lake has: window by window, each read in parts,
//! and written by the writer of the consumers.
//!
//! **What the store has of a stream stays.** A record's version is the arrival of its event in the stream, and the
//! higher one wins. That of another stream means nothing here, Timestream does not tell it, and the lake never had it:
//! so whatever is copied has a version that is below every arrival, [half of its own](table::BELOW_ARRIVALS),
//! [the least](table::VERSION) or [that of a line](line::version). A copy fills in what is missing, and never undoes a
//! correction; and because versions follow from the source alone, a copy again changes nothing.
//!
//! **It goes on where it was.** A window is done when the store has answered for all of it; the [journal] keeps
//! which are.

pub mod columns;
pub mod journal;
pub mod lake;
pub mod line;
pub mod table;
pub mod tally;
pub mod target;
pub mod windows;

use std::future::Future;

use anyhow::Context as _;
use telemetry::Record;

use self::journal::Journal;
use self::lake::Lake;
use self::table::Table;
use self::tally::{Left, Tally};
use self::target::Target;
use self::windows::{Hours, Span, Window, windows};
use session::{Exit, Failure, Observer};

/// What is older than what the store keeps.
pub const OLDER: &str = "older than what the store keeps";

/// The same of a lake, which is asked by the hours of its objects.
pub const OLDER_OBJECTS: &str = "objects of hours before all that the store keeps";

/// Points of one window of a table.
const WINDOW_POINTS: u64 = 2_000;

/// Where a copy comes from.
#[derive(Debug)]
pub enum Source {
    /// A table of a store.
    Table(Box<Table>),
    /// The objects of a lake.
    Lake(Box<Lake>),
}

/// Which points are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// From which instant on somebody wants them.
    pub since: i64,
    /// Those of them that the store keeps.
    pub span: Span,
}

/// What a source has.
#[derive(Debug, Default)]
pub struct Survey {
    /// Points of a table by their hours, objects of a lake by those of their arrival.
    pub hours: Hours,
    /// How many are wanted, and too old for the store.
    pub older: u64,
    /// Bytes of the lake's objects.
    pub bytes: Option<u64>,
}

/// A part of a window.
#[derive(Debug, Default)]
pub struct Batch {
    /// Lines of the lake.
    pub lines: u64,
    /// Points, also of those that stay behind.
    pub read: u64,
    /// What can be written.
    pub points: Vec<Record>,
    /// What cannot.
    pub left: Vec<Left>,
    /// Codes of faults of messages.
    pub faults: Vec<&'static str>,
}

#[derive(Debug)]
enum Reader<'a> {
    Table(table::Reader<'a>),
    Lake(lake::Reader<'a>),
}

impl Reach {
    /// Whether somebody wants a point of this time.
    pub fn wants(self, time: i64) -> bool {
        (self.since..self.span.until).contains(&time)
    }
}

impl Survey {
    /// How many there are.
    pub fn items(&self) -> u64 {
        self.hours.values().sum()
    }
}

impl Source {
    /// What is counted of it.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Table(_) => "points",
            Self::Lake(_) => "objects",
        }
    }

    /// How much there is.
    pub async fn survey(&self, reach: Reach) -> Result<Survey, Failure> {
        match self {
            Self::Table(table) => table.survey(reach).await,
            Self::Lake(lake) => lake.survey(reach).await,
        }
    }

    /// What of it is not done yet.
    pub fn windows(&self, survey: &Survey, done: &[Window]) -> Vec<Window> {
        let most = match self {
            Self::Table(_) => WINDOW_POINTS,
            // An hour is a window: nobody knows how much an object has.
            Self::Lake(_) => 0,
        };
        windows(&survey.hours, done, most)
    }

    async fn open(&self, window: Window, reach: Reach) -> Result<Reader<'_>, Failure> {
        Ok(match self {
            Self::Table(table) => Reader::Table(table.read(window, reach)),
            Self::Lake(lake) => Reader::Lake(lake.open(window, reach).await?),
        })
    }
}

impl Reader<'_> {
    async fn next(&mut self) -> Result<Option<Batch>, Failure> {
        match self {
            Self::Table(reader) => reader.next().await,
            Self::Lake(reader) => reader.next().await,
        }
    }
}

/// Copies what is not done yet, and keeps in the journal what is, until it ends or somebody interrupts it.
pub async fn run(
    source: &Source,
    target: &Target,
    reach: Reach,
    windows: &[Window],
    journal: &mut Journal,
    interruption: impl Future<Output = ()>,
    observer: &dyn Observer,
) -> Result<(), Failure> {
    let what = source.unit();
    let step = observer.step(format_args!("copying into {}", target.name()));
    let all: u64 = windows.iter().chain(&journal.done).map(|window| window.items).sum();
    let mut read: u64 = journal.done.iter().map(|window| window.items).sum();
    journal.begin().context("the journal cannot be written")?;
    let mut interruption = std::pin::pin!(interruption);
    for window in windows {
        step.update(format_args!("copied {read} of {all} {what}, {} %", read * 100 / all.max(1)));
        let copied = tokio::select! {
            biased;
            () = &mut interruption => {
                return Err(Failure::new(Exit::Unexpected, format_args!("interrupted after {read} of {all} {what}"))
                    .hint("the same command goes on from here"));
            }
            copied = copy(source, target, *window, reach) => copied?,
        };
        journal.add(*window, &copied).context("the journal cannot be written")?;
        read += window.items;
    }
    step.done(format_args!("{} points", journal.copied.read));
    Ok(())
}

/// Copies one window: reads the next part while one is written.
async fn copy(source: &Source, target: &Target, window: Window, reach: Reach) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let mut reader = source.open(window, reach).await?;
    let mut next = reader.next().await?;
    while let Some(Batch { lines, read, points, left, faults }) = next {
        tally.lines += lines;
        tally.read += read;
        for one in left {
            tally.leave(one);
        }
        for code in faults {
            *tally.faulty.entry(code.to_owned()).or_default() += 1;
        }
        let (written, following) = futures::join!(target.write(points), reader.next());
        let written = written?;
        tally.add(&written);
        tally.list(written.listed);
        next = following?;
    }
    Ok(tally)
}
