//! `quarantine`: what was set aside, and its way back.

mod export;
mod filter;
mod list;
mod replay;
mod show;

use std::collections::BTreeSet;

use clap::{Args, Subcommand};

use super::Outcome;
use super::deploy::interrupted;
use crate::Global;
use crate::quarantine::contents::{Contents, Source};
use crate::quarantine::today::Today;
use crate::report::Report;
use engine::inventory::Inventory;
use session::{Exit, Failure, Session};
use stacks::environment::StoreKind;
use telemetry::Limits;

/// Look at what was set aside, and bring it back
///
/// That is what no consumer could store, what a topic rule could not hand on, and batches that Lambda gave up. Nothing
/// but `replay` changes anything. What was stored, and is not there any more, is in the lake: `cargo xtask store copy
/// --from-lake` brings it back.
///
/// Messages that are read are hidden from others for as long: only one of these commands reads a quarantine at a time.
#[derive(Debug, Args)]
pub struct Quarantine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Export(export::Export),
    Replay(replay::Replay),
}

impl Quarantine {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        match &self.command {
            Command::List(command) => Box::pin(command.run(global, report)).await,
            Command::Show(command) => Box::pin(command.run(global, report)).await,
            Command::Export(command) => Box::pin(command.run(global, report)).await,
            Command::Replay(command) => Box::pin(command.run(global, report)).await,
        }
    }
}

/// A quarantine that was read.
struct Read {
    session: Session,
    inventory: Inventory,
    source: Source,
    today: Today,
    contents: Contents,
}

impl Read {
    /// Reads the quarantine of an environment, whose messages are held until they are given back.
    async fn of(global: &Global, report: &Report) -> Result<Self, Failure> {
        let mut session = global.connect().await?;
        let inventory = Inventory::of(&session, ["ingest", "store", "consumer"]).await?;
        inventory.settle_store(&mut session.environment);
        let source = Source::of(&session, &inventory).await?;
        let today = Today::new(&session.model, limits(&session));
        let contents = tokio::select! {
            biased;
            () = interrupted() => {
                source.queue.give_back(&BTreeSet::new()).await?;
                return Err(Failure::new(Exit::Unexpected, "interrupted: the messages are given back"));
            }
            read = source.read(&session.model, report) => read,
        };
        match contents {
            Ok(contents) => Ok(Self { session, inventory, source, today, contents }),
            Err(failure) => {
                // What fails first is told.
                let _ = source.queue.give_back(&BTreeSet::new()).await;
                Err(failure)
            }
        }
    }

    /// The same for what only looks at it: nothing is held any more.
    async fn looked(global: &Global, report: &Report) -> Result<Self, Failure> {
        let read = Self::of(global, report).await?;
        read.source.queue.give_back(&BTreeSet::new()).await?;
        Ok(read)
    }

    /// Which entries a filter takes, by their indexes.
    fn meant(&self, filter: &filter::Filter) -> Vec<usize> {
        let entries = self.contents.entries.iter().enumerate();
        entries.filter(|(_, entry)| filter.takes(entry, &self.today)).map(|(index, _)| index).collect()
    }
}

/// What the store of an environment takes.
fn limits(session: &Session) -> Limits {
    match session.environment.store.kind {
        StoreKind::Timestream => timestream::LIMITS,
        StoreKind::Postgres(_) => postgres::LIMITS,
    }
}
