//! How a deployment ends: its page, its exit code, and what to do next.

use crate::commands::Outcome;
use crate::pages::deploy::{Deployed, Way};
use crate::report::{Report, many};
use engine::deploy::application::{ApplicationError, Running};
use engine::deploy::engine::Binding;
use engine::deploy::execute::{self, Outcomes, StackError};
use engine::deploy::options::selection;
use engine::deploy::plan::Plan;
use session::{Exit, Failure};

/// The person interrupted twice.
pub fn cancelled(cancelled: &[String], plan: &Plan) -> Failure {
    let message = match cancelled {
        [] => "interrupted: no update goes on that can be cancelled".to_owned(),
        stacks => format!(
            "interrupted: {} rolled back, which goes on by itself",
            many(stacks.len(), "update is", "updates are")
        ),
    };
    let status = format!("`cargo xtask status{}` shows how far it is", selection(&plan.environment));
    Failure::new(Exit::Unwatched, message).hint(status)
}

/// The person interrupted.
pub fn detached(plan: &Plan, way: Way<'_>) -> Failure {
    let hint = match way.binding {
        Binding::Loose => {
            "run the same command again: it waits for what is under way, then goes on".to_owned()
        }
        Binding::Exact => {
            let selection = selection(&plan.environment);
            format!("wait for it (`cargo xtask status{selection}`), then {}", plan_again(plan, way))
        }
    };
    Failure::new(Exit::Unwatched, "interrupted: what the services have begun goes on by itself").hint(hint)
}

/// How what is left of a saved plan is done, which is no longer true when a part of it was executed.
fn plan_again(plan: &Plan, way: Way<'_>) -> String {
    let (selection, planning) = (selection(&plan.environment), way.options.planning());
    format!(
        "make a new plan, which holds what is left: `cargo xtask plan{selection}{planning} --out plan.json`"
    )
}

/// Tells what came of a plan, and ends the command with it.
pub fn conclude(
    plan: &Plan,
    outcomes: &Outcomes,
    started: Result<Vec<Running>, ApplicationError>,
    way: Way<'_>,
    report: &Report,
) -> Outcome {
    let document = Deployed::of(plan, outcomes, &started, way);
    report.print(&document);
    if document.ok() {
        return Ok(Exit::Done);
    }
    let errors: Vec<&StackError> = outcomes
        .iter()
        .filter_map(|(_, outcome)| match outcome {
            execute::Outcome::Failed(error) => Some(error),
            _ => None,
        })
        .collect();
    if errors.is_empty() {
        return Err(match (started.err(), way.binding) {
            (None, _) => detached(plan, way),
            (Some(error), Binding::Loose) => error.into(),
            (Some(error), Binding::Exact) => Failure::from(error).hint(plan_again(plan, way)),
        });
    }
    if errors.iter().all(|error| matches!(error, StackError::Refused(_))) {
        let agreement = "`--allow-data-loss` with the names above agrees to it";
        let hint = match way.binding {
            Binding::Loose => agreement.to_owned(),
            Binding::Exact => format!("{}; {agreement}", plan_again(plan, way)),
        };
        let message = "stacks were not changed, because data would be lost";
        return Err(Failure::new(Exit::Declined, message).hint(hint));
    }
    if errors.iter().all(|error| error.is_refusal()) {
        let message = "stacks were not changed, because the plan does not show it all";
        let hint = match way.binding {
            Binding::Loose => "run the same command again: it plans what is left anew".to_owned(),
            Binding::Exact => plan_again(plan, way),
        };
        return Err(Failure::new(Exit::Declined, message).hint(hint));
    }
    let failed = errors.iter().filter(|error| !error.is_unwatched()).count();
    if failed == 0 {
        let hint = match way.binding {
            Binding::Loose => {
                "log in, then run the same command again: it attaches to what goes on, and does the rest"
                    .to_owned()
            }
            Binding::Exact => {
                let selection = selection(&plan.environment);
                format!(
                    "log in again, wait for it (`cargo xtask status{selection}`), then {}",
                    plan_again(plan, way)
                )
            }
        };
        let message =
            "what was begun goes on, and is not watched: CloudFormation does not answer these credentials";
        return Err(Failure::new(Exit::Unwatched, message).hint(hint));
    }
    let stacks = many(failed, "stack", "stacks");
    let hint = match way.binding {
        Binding::Loose => "once the cause is removed, deploy again: what succeeded is left alone".to_owned(),
        Binding::Exact => format!("once the cause is removed, {}", plan_again(plan, way)),
    };
    Err(Failure::new(Exit::StackFailed, format_args!("{stacks} failed")).hint(hint))
}

#[cfg(test)]
mod tests {
    use engine::deploy::options::Options;
    use engine::deploy::plan::{Action, StackPlan};
    use engine::deploy::stack_error::Unwatched;

    use super::*;
    use crate::Format;

    fn plan(names: &[&str]) -> Plan {
        let stack = |name: &&str| -> StackPlan {
            serde_json::from_value(serde_json::json!({
                "name": name, "stack_name": format!("sluice-dev-{name}"), "stack_id": null, "status": null,
                "action": Action::Create, "after": [], "resources": [], "parameters": {}, "outputs": {}, "tags": {},
                "template": "{}",
            }))
            .expect("a plan")
        };
        let (environment, region) = ("dev".to_owned(), "eu-central-1".to_owned());
        let stacks = names.iter().map(stack).collect();
        Plan { environment, region, account: "111122223333".to_owned(), stacks }
    }

    /// A stack whose credentials expired fails nothing; one that failed does, whatever became of others.
    #[test]
    fn what_goes_on_unwatched_has_an_exit_code_of_its_own() {
        let unwatched = || execute::Outcome::Failed(Unwatched::because("ExpiredToken").into());
        let failed = || {
            let status = "ROLLBACK_COMPLETE".to_owned();
            execute::Outcome::Failed(StackError::Failed { status, cause: None })
        };
        let done = || execute::Outcome::Done(execute::Change::Created, [].into(), Vec::new());
        let options = Options::default();
        for (binding, again) in
            [(Binding::Loose, "run the same command again"), (Binding::Exact, "make a new plan")]
        {
            for (outcomes, exit) in [
                (vec![unwatched(), done()], Exit::Unwatched),
                (vec![unwatched(), execute::Outcome::Skipped("store".to_owned())], Exit::Unwatched),
                (vec![execute::Outcome::Detached, done()], Exit::Unwatched),
                (vec![unwatched(), failed()], Exit::StackFailed),
                (vec![failed(), done()], Exit::StackFailed),
            ] {
                let plan = plan(&["store", "lake"]);
                let names = plan.stacks.iter().map(|stack| stack.name.clone());
                let outcomes: Outcomes = names.zip(outcomes).collect();
                let report = Report::new(Format::Markdown);
                let way = Way { binding, options: &options };
                let ended = conclude(&plan, &outcomes, Ok(Vec::new()), way, &report)
                    .expect_err("it does not end well");
                assert_eq!(ended.exit, exit, "{outcomes:?}");
                let hint = ended.hint.unwrap_or_default();
                assert!(exit != Exit::Unwatched || hint.contains(again), "{hint}");
            }
        }
    }
}
