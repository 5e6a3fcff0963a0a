//! `quarantine replay`: what was set aside goes through today's model and consumer.

use std::time::Instant;

use clap::Args;
use kinesis_consumer::quarantine::Quarantine;

use super::super::Outcome;
use super::super::deploy::interrupted;
use super::Read;
use super::filter::Filter;
use crate::Global;
use crate::pages::quarantine::{Before, Replayed};
use crate::quarantine::replay::{Replay as Way, foresee, items, whole};
use crate::question::Question;
use crate::report::{Report, text};
use crate::store::copy::target::Target;
use engine::consent::{Doing, Guard, Said};
use engine::deploy::options::selection;
use session::{Exit, Failure};
use stacks::{MODEL_DIGEST, model_digest};

const EXAMPLES: &str = "\
Examples:
  Does the model of this checkout mend it?
    cargo xtask quarantine replay --env dev --dry-run
  It is deployed, and what one reason kept out goes back
    cargo xtask quarantine replay --env dev --reason type_mismatch
  What was stored and is not there any more is in the lake
    cargo xtask store copy --env dev --from-lake --since 3d";

/// Send what was set aside through today's model and consumer
///
/// Each event keeps the arrival that it had, and with it times and versions: a later correction that is stored stays.
/// What the store has taken is removed from the quarantine, what still fails stays, with its reasons of today. Killed or
/// interrupted at any moment, the same command goes on; again, it changes nothing. The exit code is 6 where something
/// that was meant stays.
///
/// A message or batch is meant as a whole where any event of it is, and with it every other place of its events.
///
/// A message that stays with the reasons that it had keeps its age: SQS drops it 14 days after it was sent.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Replay {
    #[command(flatten)]
    filter: Filter,
    /// Stop after this many messages and batches, the oldest first, and the others of their events.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Show what would become of each by the model of this checkout, deployed or not, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Replay {
    pub(super) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let started = Instant::now();
        let read = Read::of(global, report).await?;
        let ended = self.replay(&read, global, report, started).await;
        if ended.is_err() || self.dry_run {
            // What fails first is told.
            let _ = read.source.queue.give_back(&std::collections::BTreeSet::new()).await;
        }
        ended
    }

    async fn replay(&self, read: &Read, global: &Global, report: &Report, started: Instant) -> Outcome {
        let Read { session, inventory, source, today, contents } = read;
        let environment = session.environment.name.clone();
        let mut meant = read.meant(&self.filter);
        meant.sort_by_key(|place| contents.entries[*place].first_ms());
        meant.truncate(self.limit.unwrap_or(usize::MAX));
        let meant = whole(&contents.entries, meant);
        let is_deployed = inventory.output(session, "consumer", MODEL_DIGEST).ok()
            == Some(model_digest(&session.model).as_str());
        let before = Before {
            environment: environment.clone(),
            tally: foresee(&contents.entries, &meant, today),
            is_deployed,
            unreadable: contents.unreadable.len(),
            elsewhere: contents.elsewhere,
            truncated: contents.truncated,
        };
        if self.dry_run {
            report.print(&before);
            return Ok(Exit::Done);
        }
        if !is_deployed {
            return Err(Failure::new(
                Exit::Configuration,
                format_args!(
                    "the model of this checkout is not the one that environment `{environment}` has"
                ),
            )
            .hint(format!(
                "first `cargo xtask deploy{}`; `--dry-run` shows what this model would make of them",
                selection(&environment)
            )));
        }
        let target = Target::of(session, inventory).await?;
        let question = Question {
            doing: Doing::Replay,
            guard: Guard::of(session.environment.target, false),
            environment: &environment,
            asked: "Replay?",
            typed: "",
        };
        let said = Said { confirm: None, yes: global.yes };
        if !items(&contents.entries, &meant).is_empty() {
            question.settle(said, || text(&before), report)?;
        }
        let quarantine = Quarantine {
            sqs: session.sqs(),
            s3: session.s3(),
            queue_url: inventory.output(session, "ingest", "QuarantineUrl")?.to_owned(),
            bucket: source.bucket.name.clone(),
        };
        let consumer = target.consumer(&session.model, quarantine);
        let table = session.environment.table();
        let way = Way { source, consumer: &consumer, target: &target, today, table };
        let (tally, ended) = way.run(contents, &meant, interrupted(), report).await;
        let replayed = Replayed {
            environment,
            store: target.name(),
            tally,
            unreadable: contents.unreadable.len(),
            elsewhere: contents.elsewhere,
            truncated: contents.truncated,
            seconds: started.elapsed().as_secs_f64(),
        };
        if let Err(failure) = ended {
            report.note(text(&replayed).trim_end());
            return Err(failure);
        }
        let is_clean = replayed.is_clean();
        report.print(&replayed);
        Ok(if is_clean { Exit::Done } else { Exit::VerificationFailed })
    }
}
