//! Plans and what came of them, for people and for programs: the facts here and in `plan`, `deployed` and
//! `refusal`, the sentences that more than one page needs in `wording`, and how Markdown is written in
//! `markdown`. Nothing here decides or asks a service.

mod deployed;
mod deployed_markdown;
mod markdown;
mod plan;
mod plan_markdown;
mod plan_text;
mod refusal;
mod security_markdown;
mod security_text;
mod wording;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

pub use self::deployed::{Deployed, Way};
pub use self::plan::{Next, PlanDocument};
pub use self::refusal::Refused;
use crate::report::{Document, STRONG, paint};

/// The outputs of stacks.
#[derive(Debug, Serialize)]
pub struct OutputsDocument<'a> {
    /// The environment.
    pub environment: &'a str,
    /// By stack and name.
    pub outputs: Outputs<'a>,
}

/// Outputs by stack and name.
type Outputs<'a> = BTreeMap<&'a str, &'a BTreeMap<String, String>>;

impl Document for OutputsDocument<'_> {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{}", paint(STRONG, self.environment))?;
        outputs_text(out, &self.outputs)
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "### Outputs of {}\n", markdown::code(self.environment))?;
        outputs_markdown(out, &self.outputs)
    }
}

fn outputs_text(out: &mut dyn fmt::Write, outputs: &Outputs<'_>) -> fmt::Result {
    let width =
        outputs.values().flat_map(|outputs| outputs.keys()).map(String::len).max().unwrap_or_default();
    for (stack, outputs) in outputs.iter().filter(|(_, outputs)| !outputs.is_empty()) {
        writeln!(out, "\n{}", paint(STRONG, stack))?;
        for (name, value) in *outputs {
            writeln!(out, "  {name:<width$}  {value}")?;
        }
    }
    Ok(())
}

fn outputs_markdown(out: &mut dyn fmt::Write, outputs: &Outputs<'_>) -> fmt::Result {
    let rows = outputs.iter().flat_map(|(stack, outputs)| {
        outputs.iter().map(|(name, value)| {
            let value = if is_link(value) { value.clone() } else { markdown::cell(value) };
            vec![markdown::cell(stack), markdown::cell(name), value]
        })
    });
    markdown::table(out, &["Stack", "Output", "Value"], rows)
}

/// Whether a value is an address that a page can link to, and nothing else.
fn is_link(value: &str) -> bool {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.chars().all(|char| char.is_ascii_alphanumeric() || "-./:_".contains(char)))
}
