//! What every status of a stack means to `plan`, `deploy` and `destroy`. Pure.
//!
//! The rows decide: [`super::status::condition`] and the plan read them, and `docs/recovery.md` is written from them.
//! A status that AWS adds has the last row, and nothing is done to it.

use super::plan::Action;
use super::status::Condition;

/// What a status means.
#[derive(Debug)]
pub struct Row {
    /// As CloudFormation spells it; `*` is every other one.
    pub status: &'static str,
    /// What it says of the stack, in words.
    pub means: &'static str,
    /// What can be done with the stack.
    pub condition: Condition,
    /// What `deploy` does, and `plan` shows.
    pub deploy: Deploy,
    /// What `destroy` does.
    pub destroy: Destroy,
}

/// What `deploy` does with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deploy {
    /// Creates it.
    Create,
    /// Updates it, or leaves it alone when nothing differs.
    Update,
    /// Waits for the operation that goes on, and plans again.
    Wait,
    /// Creates it in place of the empty stack.
    Fill,
    /// Deletes what is left, and creates it.
    Recreate,
    /// Rolls the creation back, deletes what is left, and creates it.
    Undo,
    /// Rolls it back to where it last was well, and plans again.
    RollBack,
    /// Lets the rollback go on, and plans again.
    Continue,
    /// Nothing: its deletion is to be finished.
    FinishDeletion,
    /// Nothing: it takes a deletion, or AWS.
    Refuse,
    /// Nothing: nobody knows what it takes.
    Unknown,
}

/// What `destroy` does with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destroy {
    /// There is nothing to do.
    Nothing,
    /// Deletes it, and empties what is in the way.
    Delete,
    /// Deletes the empty stack.
    DeleteEmpty,
    /// Waits for the operation that goes on, then deletes it.
    Wait,
    /// Asks why it could not be deleted, and deletes it again.
    DeleteAgain,
    /// Tries to delete it.
    Try,
}

const fn row(
    status: &'static str,
    means: &'static str,
    condition: Condition,
    deploy: Deploy,
    destroy: Destroy,
) -> Row {
    Row { status, means, condition, deploy, destroy }
}

/// Every [status of a stack](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes).
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("CREATE_COMPLETE",                              "it is as it was last deployed",                              Condition::Ready,          Deploy::Update,         Destroy::Delete),
    row("CREATE_FAILED",                                "its creation failed, and nothing was rolled back",           Condition::NeverSucceeded, Deploy::Undo,           Destroy::Delete),
    row("CREATE_IN_PROGRESS",                           "it is being created",                                        Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("DELETE_COMPLETE",                              "it is gone",                                                 Condition::Absent,         Deploy::Create,         Destroy::Nothing),
    row("DELETE_FAILED",                                "some of it could not be deleted",                            Condition::HalfDeleted,    Deploy::FinishDeletion, Destroy::DeleteAgain),
    row("DELETE_IN_PROGRESS",                           "it is being deleted",                                        Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("IMPORT_COMPLETE",                              "it has taken over resources, and is well",                   Condition::Ready,          Deploy::Update,         Destroy::Delete),
    row("IMPORT_IN_PROGRESS",                           "it is taking over resources",                                Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("IMPORT_ROLLBACK_COMPLETE",                     "it did not take over resources, and is as it was",           Condition::Ready,          Deploy::Update,         Destroy::Delete),
    row("IMPORT_ROLLBACK_FAILED",                       "it neither took over resources nor is as it was",            Condition::Stuck,          Deploy::Refuse,         Destroy::Try),
    row("IMPORT_ROLLBACK_IN_PROGRESS",                  "it gives back the resources that it took over",              Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("REVIEW_IN_PROGRESS",                           "there is a change set for it, and nothing else",             Condition::Phantom,        Deploy::Fill,           Destroy::DeleteEmpty),
    row("ROLLBACK_COMPLETE",                            "its creation failed, and what it had is gone",               Condition::NeverSucceeded, Deploy::Recreate,       Destroy::Delete),
    row("ROLLBACK_FAILED",                              "its creation failed, and some of what it had is still there", Condition::NeverSucceeded, Deploy::Recreate,      Destroy::Delete),
    row("ROLLBACK_IN_PROGRESS",                         "its creation failed, and what it had goes",                  Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("UPDATE_COMPLETE",                              "it is as it was last deployed",                              Condition::Ready,          Deploy::Update,         Destroy::Delete),
    row("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",          "it is updated, and what it no longer has goes",              Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("UPDATE_FAILED",                                "its update failed, and nothing was rolled back",             Condition::Halfway,        Deploy::RollBack,       Destroy::Delete),
    row("UPDATE_IN_PROGRESS",                           "it is being updated",                                        Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("UPDATE_ROLLBACK_COMPLETE",                     "its update failed, and it is as it was before",              Condition::Ready,          Deploy::Update,         Destroy::Delete),
    row("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "its update failed, and what that made goes",                 Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("UPDATE_ROLLBACK_FAILED",                       "its update failed, and so did the way back",                 Condition::Stuck,          Deploy::Continue,       Destroy::Delete),
    row("UPDATE_ROLLBACK_IN_PROGRESS",                  "its update failed, and it goes back to what it was",         Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("*_IN_PROGRESS",                                "something goes on that this version does not know",          Condition::Busy,           Deploy::Wait,           Destroy::Wait),
    row("*",                                            "this version does not know it",                              Condition::Unknown,        Deploy::Unknown,        Destroy::Try),
];

/// The row of a status.
pub fn of(status: &str) -> &'static Row {
    let named = ROWS.iter().find(|row| row.status == status);
    let others = || {
        let others = ROWS.iter().find(|row| match row.status.strip_prefix('*') {
            Some(end) => status.ends_with(end),
            None => false,
        });
        others.unwrap_or(&ROWS[ROWS.len() - 1])
    };
    named.unwrap_or_else(others)
}

impl Deploy {
    /// What a plan says of the stack.
    pub fn action(self) -> Action {
        match self {
            Self::Create => Action::Create,
            Self::Update => Action::Update,
            Self::Wait => Action::Wait,
            Self::Fill | Self::Recreate | Self::Undo => Action::Recreate,
            Self::RollBack | Self::Continue => Action::RollBack,
            Self::FinishDeletion | Self::Refuse | Self::Unknown => Action::Blocked,
        }
    }

    /// What `plan` does, which changes nothing.
    pub fn planned(self) -> &'static str {
        match self.action() {
            Action::Create | Action::Recreate => "shows what is created",
            Action::Update | Action::None => "asks CloudFormation with a change set, and shows what differs",
            Action::Wait => "says that `deploy` waits; with `--out` waits itself, until `--wait-limit`",
            Action::RollBack => "says that `deploy` rolls it back first; with `--out` ends with exit code 4",
            Action::Blocked => "says that it is blocked, and ends with exit code 4",
        }
    }

    /// What `deploy` does, and what it asks first.
    pub fn done(self) -> &'static str {
        match self {
            Self::Create => "creates it",
            Self::Update => "updates it, or leaves it alone when nothing differs",
            Self::Wait => "waits until `--wait-limit`, then plans again",
            Self::Fill => "creates it, with a change set of its own",
            Self::Recreate => {
                "deletes what is left, then creates it; where that holds data, only with `--allow-data-loss`, and \
                 nothing is touched without"
            }
            Self::Undo => {
                "rolls the creation back, then goes on as in `ROLLBACK_COMPLETE`; where it holds data, only with \
                 `--allow-data-loss`, and nothing is touched without"
            }
            Self::RollBack => {
                "asks, rolls it back to where it last was well, then plans again; what its policy retains stays"
            }
            Self::Continue => {
                "asks, lets the rollback go on, then plans again; what stops it once more is named, and skipped only by \
                 `rollback --skip`"
            }
            Self::FinishDeletion => "nothing: `destroy --stack` finishes the deletion",
            Self::Refuse => "nothing: it takes no update; `destroy --stack` tries to delete it",
            Self::Unknown => "nothing, and says so",
        }
    }

    /// What a person does where `deploy` does nothing. `commands` has what selects the environment, and the stack.
    pub fn hint(self, selection: &str, stack: &str) -> Option<String> {
        Some(match self {
            Self::FinishDeletion => format!(
                "`cargo xtask destroy{selection} --stack {stack}` finishes its deletion, and says what holds it; then deploy again"
            ),
            Self::Refuse => format!(
                "CloudFormation takes nothing of it but a deletion: `cargo xtask destroy{selection} --stack {stack}` tries that; if it fails, AWS Support has to look"
            ),
            Self::Unknown => format!(
                "this version does not know that status, so nothing is done: look at `{stack}` in the CloudFormation console, or update Sluice"
            ),
            Self::RollBack | Self::Continue => format!(
                "`cargo xtask rollback{selection} --stack {stack}` takes it back to where it last was well; `deploy` asks, and does so too"
            ),
            _ => return None,
        })
    }
}

impl Destroy {
    /// What `destroy` does, and what it asks first.
    pub fn done(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Delete => "deletes it; what is full and alone in the way is emptied",
            Self::DeleteEmpty => "deletes it: it has nothing",
            Self::Wait => "waits until `--wait-limit`, then deletes it",
            Self::DeleteAgain => {
                "empties what is full, and deletes it again; what still cannot go stays behind only with `--abandon`, \
                 and everything only with `--force`"
            }
            Self::Try => "tries to delete it",
        }
    }
}

/// The page about it, as Markdown.
pub fn page() -> String {
    let mut page = "# Recovery\n\
        What each status of a stack means to Sluice, and what it does about it. The table is written from \
        `xtask/engine/src/deploy/recovery.rs`, which decides; a test of every cell runs against a CloudFormation that \
        reaches every status.\n\n\
        Every command asks as [the README](../README.md) says before it changes an environment that keeps data. \
        Run any of them again at any time: it attaches to what goes on, and does the rest.\n\n\
        | Status | It means | `plan` | `deploy` | `destroy` |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for row in ROWS {
        let Row { status, means, deploy, destroy, .. } = row;
        let status = match *status {
            "*" => "any other".to_owned(),
            "*_IN_PROGRESS" => "any other `…_IN_PROGRESS`".to_owned(),
            status => format!("`{status}`"),
        };
        let (planned, deployed, destroyed) = (deploy.planned(), deploy.done(), destroy.done());
        page.extend(["| ", &status, " | ", means, " | ", planned, " | ", deployed, " | ", destroyed, " |\n"]);
    }
    page + include_str!("recovery/ways.md")
}

#[cfg(test)]
mod tests;
