//! Why nothing was done: what moved since the plan was made, or data that nobody agreed to lose.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::markdown::{block, cell, code, prose, quoted, table};
use super::plan::Next;
use super::plan_markdown::losing;
use super::wording::because;
use crate::report::{BAD, CAUTION, Document, STRONG, paint};
use engine::deploy::difference::{Data, ResourceChange};
use engine::deploy::moved::{Moved, Refusal};
use engine::deploy::options::Options;
use engine::deploy::options::selection;
use engine::deploy::plan::{Loss, Plan};
use session::Exit;

/// A deployment that was refused, with nothing changed.
#[derive(Debug)]
pub struct Refused<'a> {
    environment: &'a str,
    why: Why<'a>,
    /// Commands that lead on.
    next: Vec<String>,
}

#[derive(Debug)]
enum Why<'a> {
    Moved { made: &'a str, moved: &'a [Moved] },
    Losses(Vec<(&'a Loss, Option<&'a ResourceChange>)>),
}

impl<'a> Refused<'a> {
    /// The environment is not as a saved plan saw it.
    pub fn moved(refusal: &'a Refusal) -> Self {
        let Refusal { environment, made, options, moved } = refusal;
        let selection = selection(environment);
        let next = vec![
            format!("cargo xtask plan{selection}{} --out plan.json", options.planning()),
            format!("cargo xtask deploy{selection} --plan plan.json{} --yes", options.executing()),
        ];
        Self { environment, why: Why::Moved { made, moved }, next }
    }

    /// A plan would lose data, and nobody agreed to it. `next` says how the plan would be carried out.
    pub fn losses(plan: &'a Plan, losses: &'a [Loss], next: &Next, options: &Options) -> Self {
        let change = |loss: &Loss| {
            let stack = plan.stacks.iter().find(|stack| stack.name == loss.stack)?;
            stack.resources.iter().find(|change| change.logical_id == loss.logical_id)
        };
        let next = super::PlanDocument::of(plan).next(next, options).next;
        let losses = losses.iter().map(|loss| (loss, change(loss))).collect();
        Self { environment: &plan.environment, why: Why::Losses(losses), next }
    }

    /// Why, in one sentence.
    pub fn message(&self) -> String {
        let environment = self.environment;
        match &self.why {
            Why::Moved { .. } => {
                format!("`{environment}` is not as this plan saw it, so nothing was changed")
            }
            Why::Losses(losses) if unguarded(losses) => {
                format!("`{environment}` would no longer keep its data, so nothing was changed")
            }
            Why::Losses(_) => format!("`{environment}` would lose data, so nothing was changed"),
        }
    }

    fn advice(&self) -> &'static str {
        match self.why {
            Why::Moved { .. } => {
                "Make a new plan, look at it, and deploy that. If this plan was executed before, in full or \
                 in part, the new one holds what is left to do."
            }
            Why::Losses(_) => "If that is what you want, say so for each of them.",
        }
    }

    fn details(&self) -> Value {
        match &self.why {
            Why::Moved { made, moved } => json!({ "made": made, "moved": moved }),
            Why::Losses(losses) => {
                json!({ "losses": losses.iter().map(|(loss, _)| loss).collect::<Vec<_>>() })
            }
        }
    }
}

/// Whether everything stays, and only what keeps it goes.
fn unguarded(losses: &[(&Loss, Option<&ResourceChange>)]) -> bool {
    losses.iter().all(|(loss, _)| loss.data == Data::Unguarded)
}

/// As every error is told to a program.
impl Serialize for Refused<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "ok": false,
            "error": {
                "exit": Exit::Declined as u8,
                "message": self.message(),
                "hint": format!("{} {}", self.advice(), self.next.join("; ")),
                "details": self.details(),
            },
        })
        .serialize(serializer)
    }
}

impl Document for Refused<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", paint(BAD, self.message().replace('`', "")))?;
        match &self.why {
            Why::Moved { made, moved } => {
                writeln!(out, "\n{}", paint(STRONG, format_args!("What moved since {made}")))?;
                for moved in *moved {
                    writeln!(
                        out,
                        "  {} {}",
                        paint(STRONG, format_args!("{:<10}", moved.stack)),
                        moved.sentence()
                    )?;
                }
            }
            Why::Losses(losses) => {
                writeln!(out, "\n{}", paint(STRONG, "Data at risk"))?;
                for (loss, change) in losses {
                    let (style, fate) = match loss.data {
                        Data::Lost | Data::Shortened => (BAD, loss.data.fate()),
                        Data::Retained | Data::Unguarded => (CAUTION, loss.data.fate()),
                    };
                    let name = paint(STRONG, format_args!("{}.{}", loss.stack, loss.logical_id));
                    let kind = change.map(|change| format!(" {}", change.kind)).unwrap_or_default();
                    writeln!(out, "  {name}{kind}: {}", paint(style, fate))?;
                    loss.lost.iter().try_for_each(|lost| writeln!(out, "      lost: {lost}"))?;
                    let why = change.map(because).unwrap_or_default();
                    if !why.is_empty() {
                        writeln!(out, "      {why}")?;
                    }
                }
            }
        }
        writeln!(out, "\n{}\n  {}", paint(STRONG, "Next"), self.advice())?;
        self.next.iter().try_for_each(|command| writeln!(out, "  {command}"))
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "## Nothing was changed in {}\n", code(self.environment))?;
        match &self.why {
            Why::Moved { made, moved } => {
                let sentence = format!("The environment is not as the plan of `{made}` saw it.");
                write!(out, "{}", quoted(&format!("[!WARNING]\n{}", prose(&sentence))))?;
                writeln!(out)?;
                let rows = moved.iter().map(|moved| vec![cell(&moved.stack), prose(&moved.sentence())]);
                table(out, &["Stack", "What moved"], rows)?;
            }
            Why::Losses(losses) => {
                let what = if unguarded(losses) { "no longer be kept" } else { "not stay where it is" };
                let alert = format!("[!CAUTION]\n**Data would {what}**, and nobody agreed to it.");
                writeln!(out, "{}", quoted(&alert))?;
                let rows = losses.iter().map(|(loss, change)| {
                    let name = cell(&format!("{}.{}", loss.stack, loss.logical_id));
                    let kind = change.map(|change| format!("<br>{}", cell(&change.kind))).unwrap_or_default();
                    let why = change.map(|change| prose(&because(change))).unwrap_or_default();
                    vec![format!("{name}{kind}"), format!("{}{}", loss.data.fate(), losing(&loss.lost)), why]
                });
                table(out, &["Resource", "What happens", "Why"], rows)?;
            }
        }
        writeln!(out, "### Next\n\n{}\n", self.advice())?;
        block(out, "sh", &self.next.join("\n"))
    }
}
