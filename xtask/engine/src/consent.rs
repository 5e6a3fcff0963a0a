//! What a person must agree to before it is done, and what counts as an answer. Pure: it decides, and asks nobody.
//!
//! What keeps its data takes its name, wherever it is: stacks, dashboards and queues go all the same. Without a
//! terminal nothing waits for an answer: what was not agreed to on the command line is declined.

use std::collections::BTreeSet;

use session::{Exit, Explain};
use stacks::environment::{Environment, OnDelete, Target};

use crate::deploy::options::{Options, selection};
use crate::deploy::plan::{Loss, Plan};
use crate::destroy::plan::DestroyPlan;

/// The resources whose data may be lost: `LogicalId` or `stack.LogicalId`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent(BTreeSet<String>);

impl Consent {
    /// Consent to lose what is in these resources.
    pub fn to(resources: &[String]) -> Self {
        Self(resources.iter().cloned().collect())
    }

    /// Whether it covers this resource.
    pub fn covers(&self, stack: &str, logical_id: &str) -> bool {
        self.0.contains(logical_id) || self.0.contains(&format!("{stack}.{logical_id}"))
    }

    /// Refuses a plan that would lose more than was agreed to.
    pub fn require(&self, plan: &Plan) -> Result<(), Declined> {
        let losses: Vec<Loss> =
            plan.losses().into_iter().filter(|loss| !self.covers(&loss.stack, &loss.logical_id)).collect();
        if losses.is_empty() { Ok(()) } else { Err(Declined::Losses(losses)) }
    }
}

/// The logical id of what somebody named `stack.LogicalId`, if it is of this stack.
pub fn named_in<'n>(name: &'n str, stack: &str) -> Option<&'n str> {
    name.strip_prefix(stack)?.strip_prefix('.')
}

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// `deploy`.
    Deploy,
    /// `destroy`.
    Destroy,
    /// `rollback`.
    RollBack,
    /// `cleanup`.
    CleanUp,
    /// `bootstrap`.
    Prepare,
    /// `store copy`.
    Copy,
    /// `quarantine replay`.
    Replay,
    /// `device revoke`.
    Revoke,
}

impl Doing {
    /// For instance `deploying to`, before the environment.
    fn gerund(self) -> &'static str {
        match self {
            Self::Deploy => "deploying to",
            Self::Destroy => "destroying",
            Self::RollBack => "rolling back",
            Self::CleanUp => "cleaning up",
            Self::Prepare => "preparing the account of",
            Self::Copy => "copying into",
            Self::Replay => "replaying the quarantine of",
            Self::Revoke => "revoking a device of",
        }
    }

    /// For instance `destroyed`, after `nothing was`.
    fn participle(self) -> &'static str {
        match self {
            Self::Deploy => "deployed",
            Self::Destroy => "destroyed",
            Self::RollBack => "rolled back",
            Self::CleanUp => "removed",
            Self::Prepare => "prepared",
            Self::Copy => "copied",
            Self::Replay => "replayed",
            Self::Revoke => "revoked",
        }
    }
}

/// What it takes to change an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Its name.
    Name,
    /// An answer.
    Answer,
    /// Nothing: it is of this machine, and keeps nothing.
    Nothing,
}

/// What was said on the command line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// The environment's name, from `--confirm`.
    pub confirm: Option<&'a str>,
    /// `--yes`.
    pub yes: bool,
}

/// Whether anything remains to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing does.
    Agreed,
    /// The person has to say it at a terminal.
    Ask,
}

/// Why nothing was done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// Data would not stay where it is.
    #[error("this would lose data, or no longer keep it:\n{}", listed(.0))]
    Losses(Vec<Loss>),
    /// There is nobody to ask.
    #[error("{} environment `{environment}` needs an answer, and there is no terminal to ask at", doing.gerund())]
    NobodyToAsk {
        /// What was to be done.
        doing: Doing,
        /// The environment.
        environment: String,
    },
    /// There is nobody to type the name.
    #[error(
        "environment `{environment}` keeps its data, so its name must be typed to destroy it, and there is no terminal to ask at"
    )]
    NameNeeded {
        /// The environment.
        environment: String,
    },
    /// Another name was given.
    #[error("nothing was {}: the environment is `{expected}`, and the name given is `{given}`", doing.participle())]
    WrongName {
        /// What was to be done.
        doing: Doing,
        /// The environment.
        expected: String,
        /// What was typed.
        given: String,
    },
    /// The environment keeps its data, and nobody has looked at what would be done to it.
    #[error(
        "environment `{environment}` keeps its data: it is deployed with a plan that somebody has looked at, or with its name typed at a terminal"
    )]
    NeedsPlan {
        /// The environment.
        environment: String,
        /// What the command said.
        options: Options,
    },
    /// The person said no.
    #[error("nothing was changed")]
    ByPerson,
}

fn listed(losses: &[Loss]) -> String {
    let line = |Loss { stack, logical_id, data, lost }: &Loss| {
        let lost = lost.iter().map(|lost| format!("\n    {lost}")).collect::<Vec<_>>().concat();
        format!("  {stack}.{logical_id}: {}{lost}", data.fate())
    };
    losses.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Explain for Declined {
    fn exit(&self) -> Exit {
        Exit::Declined
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Losses(losses) => serde_json::to_value(losses).ok(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Losses(losses) => Some(format!(
                "to do it all the same, add {}",
                losses
                    .iter()
                    .map(|Loss { stack, logical_id, .. }| format!("--allow-data-loss {stack}.{logical_id}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            )),
            Self::NobodyToAsk { .. } => Some("`--yes` answers in advance".to_owned()),
            Self::NameNeeded { environment } => {
                Some(format!("`--confirm {environment}` says it in advance; `--yes` alone does not"))
            }
            Self::WrongName { doing: Doing::Destroy, expected, .. } => {
                Some(format!("`--confirm {expected}` is its name"))
            }
            Self::NeedsPlan { environment, options } => Some(format!(
                "first `cargo xtask plan{}{} --out plan.json`, then `cargo xtask deploy --plan plan.json{} --yes`",
                selection(environment),
                options.planning(),
                options.executing()
            )),
            Self::WrongName { .. } | Self::ByPerson => None,
        }
    }
}

impl Guard {
    /// What it takes to destroy an environment, by its file and by what its stacks were deployed with.
    pub fn destroying(environment: &Environment, plan: &DestroyPlan) -> Self {
        let keeps = environment.on_delete == OnDelete::Retain
            || plan.stacks.iter().any(|stack| !stack.retain.is_empty());
        Self::of(environment.target, keeps)
    }

    /// What it takes to change an environment, which keeps its data or does not. One of this machine that keeps
    /// nothing is changed without asking.
    pub fn of(target: Target, keeps: bool) -> Self {
        match target {
            _ if keeps => Self::Name,
            Target::Aws => Self::Answer,
            Target::Local => Self::Nothing,
        }
    }

    /// What the command line settles. A name that is not the environment's never agrees, whatever else is said.
    pub fn settle(self, doing: Doing, environment: &str, said: Said<'_>) -> Result<Settled, Declined> {
        match (said.confirm, self) {
            (Some(given), _) => is_name(doing, environment, given),
            (None, Self::Nothing) => Ok(Settled::Agreed),
            (None, Self::Answer) if said.yes => Ok(Settled::Agreed),
            (None, Self::Answer | Self::Name) => Ok(Settled::Ask),
        }
    }

    /// What the answer of a person settles. `None`: there is nobody to ask.
    pub fn answered(
        self,
        doing: Doing,
        environment: &str,
        answer: Option<&str>,
    ) -> Result<Settled, Declined> {
        let environment = environment.to_owned();
        match (self, answer) {
            (Self::Nothing, _) => Ok(Settled::Agreed),
            (Self::Name, None) if doing == Doing::Destroy => Err(Declined::NameNeeded { environment }),
            (Self::Name | Self::Answer, None) => Err(Declined::NobodyToAsk { doing, environment }),
            (Self::Name, Some("")) => Err(Declined::ByPerson),
            (Self::Name, Some(given)) => is_name(doing, &environment, given),
            (Self::Answer, Some(given)) if given.eq_ignore_ascii_case("y") => Ok(Settled::Agreed),
            (Self::Answer, Some(_)) => Err(Declined::ByPerson),
        }
    }
}

fn is_name(doing: Doing, environment: &str, given: &str) -> Result<Settled, Declined> {
    if given == environment {
        return Ok(Settled::Agreed);
    }
    Err(Declined::WrongName { doing, expected: environment.to_owned(), given: given.to_owned() })
}

#[cfg(test)]
mod tests;
