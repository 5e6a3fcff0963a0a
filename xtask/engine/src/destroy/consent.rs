//! Who agrees that an environment is destroyed. Pure: it decides, and asks nobody.
//!
//! What keeps its data takes its name, wherever it is: stacks, dashboards and queues go all the same.

use stacks::environment::{Environment, OnDelete, Target};

use super::plan::DestroyPlan;
use session::{Exit, Explain};

/// What it takes to destroy an environment.
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
    /// `--confirm`.
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

/// Why nothing was destroyed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another name was given.
    #[error("nothing was destroyed: the environment is `{expected}`, and what was typed is `{given}`")]
    WrongName {
        /// The environment.
        expected: String,
        /// What was typed.
        given: String,
    },
    /// Nobody can be asked.
    #[error(
        "environment `{environment}` keeps its data, so destroying it takes its name, and there is no terminal to ask at"
    )]
    NameNeeded {
        /// The environment.
        environment: String,
    },
    /// Nobody can be asked.
    #[error("destroying environment `{environment}` needs an answer, and there is no terminal to ask at")]
    AnswerNeeded {
        /// The environment.
        environment: String,
    },
    /// The person said no.
    #[error("nothing was changed")]
    ByPerson,
}

impl Explain for Refusal {
    fn exit(&self) -> Exit {
        Exit::Declined
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::WrongName { expected, .. } => Some(format!("`--confirm {expected}` is its name")),
            Self::NameNeeded { environment } => {
                Some(format!("`--confirm {environment}` says it in advance; `--yes` alone does not"))
            }
            Self::AnswerNeeded { .. } => Some("`--yes` answers in advance".to_owned()),
            Self::ByPerson => None,
        }
    }
}

impl Guard {
    /// What it takes, by the environment's file and by what its stacks were deployed with.
    pub fn of(environment: &Environment, plan: &DestroyPlan) -> Self {
        let keeps = environment.on_delete == OnDelete::Retain
            || plan.stacks.iter().any(|stack| !stack.retain.is_empty());
        match environment.target {
            _ if keeps => Self::Name,
            Target::Aws => Self::Answer,
            Target::Local => Self::Nothing,
        }
    }

    /// What the command line settles. A name that is not the environment's never agrees, whatever else is said.
    pub fn settle(self, environment: &str, said: Said<'_>) -> Result<Settled, Refusal> {
        match (said.confirm, self) {
            (Some(given), _) => is_name(environment, given),
            (None, Self::Nothing) => Ok(Settled::Agreed),
            (None, Self::Answer) if said.yes => Ok(Settled::Agreed),
            (None, Self::Answer | Self::Name) => Ok(Settled::Ask),
        }
    }

    /// What the answer of a person settles. `None`: there is nobody to ask.
    pub fn answered(self, environment: &str, answer: Option<&str>) -> Result<Settled, Refusal> {
        let environment = environment.to_owned();
        match (self, answer) {
            (Self::Nothing, _) => Ok(Settled::Agreed),
            (Self::Name, None) => Err(Refusal::NameNeeded { environment }),
            (Self::Answer, None) => Err(Refusal::AnswerNeeded { environment }),
            (Self::Name, Some("")) => Err(Refusal::ByPerson),
            (Self::Name, Some(given)) => is_name(&environment, given),
            (Self::Answer, Some(given)) if given.eq_ignore_ascii_case("y") => Ok(Settled::Agreed),
            (Self::Answer, Some(_)) => Err(Refusal::ByPerson),
        }
    }
}

fn is_name(environment: &str, given: &str) -> Result<Settled, Refusal> {
    if given == environment {
        return Ok(Settled::Agreed);
    }
    Err(Refusal::WrongName { expected: environment.to_owned(), given: given.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_data_takes_its_name() {
        let wrong = || Err(Refusal::WrongName { expected: "prod".into(), given: "Prod".into() });
        let said = |confirm, yes| Said { confirm, yes };
        for (guard, said, expected) in [
            (Guard::Nothing, said(None, false), Ok(Settled::Agreed)),
            (Guard::Answer, said(None, false), Ok(Settled::Ask)),
            (Guard::Answer, said(None, true), Ok(Settled::Agreed)),
            (Guard::Name, said(None, false), Ok(Settled::Ask)),
            (Guard::Name, said(None, true), Ok(Settled::Ask)),
            (Guard::Name, said(Some("prod"), false), Ok(Settled::Agreed)),
            (Guard::Answer, said(Some("prod"), false), Ok(Settled::Agreed)),
            (Guard::Name, said(Some("Prod"), true), wrong()),
            (Guard::Answer, said(Some("Prod"), true), wrong()),
            (Guard::Nothing, said(Some("Prod"), true), wrong()),
        ] {
            assert_eq!(guard.settle("prod", said), expected, "{guard:?} {said:?}");
        }
    }

    #[test]
    fn only_the_right_answer_agrees() {
        let environment = || "prod".to_owned();
        for (guard, answer, expected) in [
            (Guard::Name, Some("prod"), Ok(Settled::Agreed)),
            (Guard::Name, Some("y"), Err(Refusal::WrongName { expected: environment(), given: "y".into() })),
            (Guard::Name, Some(""), Err(Refusal::ByPerson)),
            (Guard::Name, None, Err(Refusal::NameNeeded { environment: environment() })),
            (Guard::Answer, Some("y"), Ok(Settled::Agreed)),
            (Guard::Answer, Some("Y"), Ok(Settled::Agreed)),
            (Guard::Answer, Some("yes please"), Err(Refusal::ByPerson)),
            (Guard::Answer, Some(""), Err(Refusal::ByPerson)),
            (Guard::Answer, None, Err(Refusal::AnswerNeeded { environment: environment() })),
        ] {
            assert_eq!(guard.answered("prod", answer), expected, "{guard:?} {answer:?}");
        }
        let hints = [
            Refusal::NameNeeded { environment: environment() },
            Refusal::WrongName { expected: environment(), given: "x".into() },
        ];
        for refusal in hints {
            assert_eq!(refusal.exit(), Exit::Declined);
            assert!(refusal.hint().is_some_and(|hint| hint.contains("--confirm prod")));
        }
    }
}
