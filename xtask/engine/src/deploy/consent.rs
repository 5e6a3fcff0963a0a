//! What a person must agree to before it is done, and how they are asked.
//!
//! Without a terminal nothing waits for an answer: what was not agreed to on the command line is declined.

use std::collections::BTreeSet;

use super::options::{Options, selection};
use super::plan::{Loss, Plan};
use session::{Exit, Explain};

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

/// Why nothing was done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// Data would not stay where it is.
    #[error("this would lose data, or no longer keep it:\n{}", listed(.0))]
    Losses(Vec<Loss>),
    /// There is nobody to ask.
    #[error("{what} environment `{environment}` needs an answer, and there is no terminal to ask at")]
    NobodyToAsk {
        /// For instance `deploying to`.
        what: &'static str,
        /// The environment.
        environment: String,
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
            Self::NobodyToAsk { .. } | Self::NeedsPlan { .. } | Self::ByPerson => None,
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
            Self::NeedsPlan { environment, options } => Some(format!(
                "first `cargo xtask plan{}{} --out plan.json`, then `cargo xtask deploy --plan plan.json{} --yes`",
                selection(environment),
                options.planning(),
                options.executing()
            )),
            Self::ByPerson => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_names_a_resource_with_or_without_its_stack() {
        let consent = Consent::to(&["Table".to_owned(), "lake.Bucket".to_owned()]);
        let table = [
            ("store", "Table", true),
            ("lake", "Bucket", true),
            ("store", "Bucket", false),
            ("lake", "Stream", false),
        ];
        for (stack, logical_id, expected) in table {
            assert_eq!(consent.covers(stack, logical_id), expected, "{stack}.{logical_id}");
        }
    }
}
