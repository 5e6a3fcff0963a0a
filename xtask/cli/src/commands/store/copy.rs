//! `store copy`: brings into the store what another store or the lake has.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::{ArgGroup, Args};
use jiff::Timestamp;
use stacks::environment::StoreKind;

use super::super::Outcome;
use super::super::deploy::interrupted;
use super::super::twin::instant;
use crate::Global;
use crate::pages::copy::{Copied, Planned, Way};
use crate::question::Question;
use crate::report::{Report, text};
use crate::store::Store;
use crate::store::copy::journal::{Heading, Journal, forget};
use crate::store::copy::lake::Lake;
use crate::store::copy::table::Table;
use crate::store::copy::target::{Target, nanoseconds};
use crate::store::copy::windows::{self, Span};
use crate::store::copy::{OLDER, OLDER_OBJECTS, Reach, Source, run};
use engine::consent::{Doing, Guard, Said};
use engine::inventory::{Inventory, InventoryError};
use session::sdk_error::sentence;
use session::{Exit, Failure, Project, Session};

const EXAMPLES: &str = "\
Examples:
  How much would it be?
    cargo xtask store copy --env start --from-env dev --dry-run
  The store was changed, and what is older than the stream is in the lake
    cargo xtask store copy --env dev --from-lake --since 30d
  The table stayed when the environment was destroyed
    cargo xtask store copy --env start --from-table sluice_dev.telemetry";

/// Copy into the store what another store or the lake has
///
/// For an environment that gets another store: `deploy` gives the new one what the stream still keeps, this what is
/// older. What the store has of its stream stays, so that a copy fills in what is missing and undoes no correction.
///
/// It may be run again at any time, which changes nothing that is there; one that was interrupted goes on where it
/// was. What cannot be copied is counted by reason and listed in a file below target/sluice/copies, and the exit code
/// is then 6.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[command(group = ArgGroup::new("source").required(true).args(["from_env", "from_lake", "from_table"]))]
pub struct Copy {
    /// Copy from the store of another environment, of either kind.
    #[arg(long, value_name = "NAME")]
    from_env: Option<String>,
    /// Copy from the lake of this environment, or of another one.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    from_lake: Option<String>,
    /// Copy from a table of Timestream in the same account and Region, such as one that stayed after `destroy`.
    #[arg(long, value_name = "DATABASE.TABLE", value_parser = table)]
    from_table: Option<(String, String)>,
    /// Only points from this time on: RFC 3339, or for instance 10m, `2h ago` or 30d [default: all that the store
    /// keeps].
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Time>,
    /// Only points before this time [default: now].
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Time>,
    /// Show how much there is, and copy nothing.
    #[arg(long)]
    dry_run: bool,
    /// Begin anew, and forget how far an interrupted copy has come.
    #[arg(long)]
    restart: bool,
}

/// A time, as it was said and as it was meant.
#[derive(Debug, Clone)]
struct Time {
    said: String,
    at: Timestamp,
}

fn time(text: &str) -> Result<Time, String> {
    instant(text).map(|at| Time { said: text.to_owned(), at })
}

fn table(text: &str) -> Result<(String, String), String> {
    match text.split_once('.') {
        Some((database, table)) if !database.is_empty() && !table.is_empty() && !table.contains('.') => {
            Ok((database.to_owned(), table.to_owned()))
        }
        _ => Err("expected DATABASE.TABLE, for instance sluice_dev.telemetry".to_owned()),
    }
}

impl Copy {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (session, inventory) = connect(global, &["store", "lake"]).await?;
        let target = Target::of(&session, &inventory).await?;
        let (source, from) = self.source(global, &session, &inventory, &target).await?;
        let (environment, started) = (session.environment.name.clone(), Instant::now());

        let path = journal_of(&environment, &from);
        if self.restart && !self.dry_run {
            forget(&path).context("the journal of the copy cannot be removed")?;
        }
        let mut journal = self.journal(&session, &path, &from, report).await?;
        let Heading { span: wanted, .. } = journal.heading;
        if wanted.is_empty() {
            return Err(Failure::new(Exit::Configuration, "--since is not before --until"));
        }
        let span = Span { from: wanted.from.max(target.oldest), ..wanted };
        let reach = Reach { since: wanted.from, span };
        let step = report.step("asking how much there is");
        let survey = source.survey(reach).await?;
        step.done("");
        let left = source.windows(&survey, &journal.done);
        let way = Way {
            environment: environment.clone(),
            source: from,
            store: target.name(),
            since: windows::instant(if wanted.from == 0 { span.from } else { wanted.from }),
            until: windows::instant(wanted.until),
        };
        let planned = Planned::new(&way, &source, &survey, &journal, &target, &session);
        if self.dry_run {
            report.print(&planned);
            return Ok(Exit::Done);
        }
        let question = Question {
            doing: Doing::Copy,
            guard: Guard::of(session.environment.target, false),
            environment: &environment,
            asked: "Copy?",
            typed: "",
        };
        let said = Said { confirm: None, yes: global.yes };
        question.settle(said, || text(&planned), report)?;

        if !journal.done.is_empty() {
            let (done, items) = (journal.done.len(), planned.done);
            report.note(format_args!(
                "an interrupted copy goes on: {items} {} in {done} windows are done",
                planned.what
            ));
        }
        let had = target.count(span).await?;
        run(&source, &target, reach, &left, &mut journal, interrupted(), report).await?;
        let has = target.count(span).await?;
        journal.finish().context("the journal of the copy cannot be removed")?;

        let mut tally = journal.copied.clone();
        if survey.older > 0 {
            let reason = match &source {
                Source::Table(_) => OLDER,
                Source::Lake(_) => OLDER_OBJECTS,
            };
            tally.left.entry(reason.to_owned()).or_default().count += survey.older;
        }
        let listed = journal.listed().map(|path| path.display().to_string());
        let copied = Copied { way, tally, had, has, listed, seconds: started.elapsed().as_secs_f64() };
        let is_whole = copied.tally.left.is_empty();
        report.print(&copied);
        Ok(if is_whole { Exit::Done } else { Exit::VerificationFailed })
    }

    /// What is read, and what it is called.
    async fn source(
        &self,
        global: &Global,
        session: &Session,
        inventory: &Inventory,
        target: &Target,
    ) -> Result<(Source, String), Failure> {
        let model = &session.model;
        let own = &session.environment.name;
        if let Some(name) = &self.from_lake {
            let name = if name.is_empty() { own } else { name };
            let lake = if name == own {
                Lake::of(session, inventory, model, target.limits())?
            } else {
                let (other, stacks) = connect(&named(global, name), &["lake"]).await?;
                Lake::of(&other, &stacks, model, target.limits())?
            };
            return Ok((Source::Lake(Box::new(lake)), format!("lake-{name}")));
        }
        if let Some(name) = &self.from_env {
            if name == own {
                return Err(Failure::new(
                    Exit::Configuration,
                    format_args!("environment `{own}` is copied into its own store"),
                )
                .hint("`--env` names the environment that gets the copy, `--from-env` the one that has the points"));
            }
            let (other, stacks) = connect(&named(global, name), &["store"]).await?;
            let store = Store::deployed(&other, &stacks).await?;
            let table = Table::open(store, other.environment.table(), model).await?;
            return Ok((Source::Table(Box::new(table)), format!("env-{name}")));
        }
        let (database, table) = self.from_table.clone().unwrap_or_default();
        let environment = &session.environment;
        if environment.store.kind == StoreKind::Timestream
            && (database.as_str(), table.as_str()) == (&*environment.database(), environment.table())
        {
            return Err(Failure::new(
                Exit::Configuration,
                format_args!("{database}.{table} is the store of environment `{own}` itself"),
            ));
        }
        let store = Store::of_timestream(session, &database, &table).await?;
        let from = format!("table-{database}.{table}");
        Ok((Source::Table(Box::new(Table::open(store, &table, model).await?)), from))
    }

    /// The copy that was interrupted, or a new one.
    async fn journal(
        &self,
        session: &Session,
        path: &Path,
        from: &str,
        report: &Report,
    ) -> Result<Journal, Failure> {
        let said = |time: &Option<Time>| time.as_ref().map(|time| time.said.clone());
        let at = |time: &Option<Time>| time.as_ref().map(|time| nanoseconds(time.at));
        let heading = Heading {
            source: from.to_owned(),
            stack: stack_id(session).await?,
            said: [said(&self.since), said(&self.until)],
            span: Span {
                from: at(&self.since).unwrap_or_default().max(0),
                until: at(&self.until).unwrap_or_else(|| nanoseconds(Timestamp::now())),
            },
        };
        let found = Journal::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        match found {
            Some(found) if found.heading.stack != heading.stack => {
                report
                    .note("the store is another one than that of the interrupted copy: this one begins anew");
                Ok(Journal::new(path, heading))
            }
            Some(found) if found.heading.said != heading.said => {
                let flags = ["--since", "--until"].into_iter().zip(&found.heading.said);
                let flags: Vec<String> =
                    flags.filter_map(|(flag, said)| Some(format!("{flag} '{}'", said.as_ref()?))).collect();
                let flags =
                    if flags.is_empty() { "neither --since nor --until".to_owned() } else { flags.join(" ") };
                Err(Failure::new(
                    Exit::Configuration,
                    format_args!("a copy from there with {flags} was interrupted, and is not done"),
                )
                .hint("the same command as before goes on with it; `--restart` forgets it"))
            }
            Some(found) => Ok(found),
            None => Ok(Journal::new(path, heading)),
        }
    }
}

/// The options for another environment, whose file alone says what it is.
fn named(global: &Global, name: &str) -> Global {
    Global { env: name.to_owned(), instance: None, set: Vec::new(), ..global.clone() }
}

/// An environment and those of its stacks, as they are deployed.
async fn connect(global: &Global, stacks: &[&'static str]) -> Result<(Session, Inventory), Failure> {
    let mut session = global.connect().await?;
    let inventory = Inventory::of(&session, stacks.iter().copied()).await?;
    inventory.settle_store(&mut session.environment);
    Ok((session, inventory))
}

/// What tells the stack of the store from one that was deleted and made again under the same name.
async fn stack_id(session: &Session) -> Result<String, Failure> {
    let name = session.environment.stack_name("store");
    let described = session.cloudformation().describe_stacks().stack_name(name).send().await;
    let described = described.map_err(|error| InventoryError::Service(sentence(&error)))?;
    let id = described.stacks().first().and_then(|stack| stack.stack_id());
    Ok(id.unwrap_or_default().to_owned())
}

/// The file that keeps how far a copy has come.
fn journal_of(environment: &str, from: &str) -> PathBuf {
    let name = format!("{environment}-from-{from}.jsonl");
    Project::locate().target().join("sluice").join("copies").join(name)
}
