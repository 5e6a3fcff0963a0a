//! `outputs`.

use clap::Args;
use stacks::STACKS;

use super::Outcome;
use crate::cli::Global;
use crate::deploy::document::OutputsDocument;
use crate::deploy::state;
use crate::failure::Exit;
use crate::inventory::InventoryError;
use crate::report::Report;
use crate::target::Session;

/// Show the outputs of every stack
#[derive(Debug, Args)]
pub struct Outputs {}

impl Outputs {
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = Session::connect(global).await?;
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
