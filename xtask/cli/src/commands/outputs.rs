//! `outputs`.

use clap::Args;
use stacks::STACKS;

use super::Outcome;
use crate::Global;
use crate::pages::deploy::OutputsDocument;
use crate::report::Report;
use engine::deploy::state;
use engine::inventory::InventoryError;
use session::Exit;

/// Show the outputs of every stack
#[derive(Debug, Args)]
pub struct Outputs {}

impl Outputs {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let environment = &session.environment;
        let names = STACKS.iter().map(|stack| (stack.name.to_owned(), environment.stack_name(stack.name)));
        let current = state::read(&session.cloudformation(), names).await?;
        if current.is_empty() {
            return Err(InventoryError::NotDeployed(environment.name.clone()).into());
        }
        let outputs = current.iter().map(|(name, stack)| (name.as_str(), &stack.outputs)).collect();
        report.print(&OutputsDocument { environment: &environment.name, outputs });
        Ok(Exit::Done)
    }
}
