//! `plan`.

use std::collections::BTreeMap;

use clap::Args;
use stacks::Inputs;
use stacks::environment::{Expiry, Target};

use super::Outcome;
use crate::artifacts;
use crate::cli::Global;
use crate::deploy::document::PlanDocument;
use crate::deploy::{self, state};
use crate::failure::{Exit, Failure};
use crate::lifetime;
use crate::local;
use crate::project::Project;
use crate::report::Report;
use crate::target::Session;

/// Show what deploy would do, per stack and resource
///
/// Builds the functions, because whether one changed shows in its code, and changes nothing.
#[derive(Debug, Args)]
pub struct Plan {
    /// Plan this stack and those that it needs only. May be given several times.
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// When `cleanup --expired` may remove it: a day (UTC), or an age such as 3d, rounded up to a day.
    #[arg(long, value_name = "DAY|AGE", value_parser = lifetime::parse)]
    expires: Option<Expiry>,
}

impl Plan {
    pub async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load_until(global, self.expires)?;
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        let stacks = deploy::choose(stacks, &self.stacks)?;

        let code = deploy::artifacts(&stacks);
        let built = artifacts::make(&project, &environment, &model, &code, report);
        let read = async {
            let endpoints = local::running(&project, global);
            if environment.target == Target::Local && endpoints.is_none() {
                // A target that does not run has nothing.
                return Ok(BTreeMap::new());
            }
            let endpoints = endpoints.filter(|_| environment.target == Target::Local);
            let session = Session::open(model.clone(), environment.clone(), endpoints).await?;
            let names = stacks.iter().map(|stack| (stack.name.to_owned(), stack.stack_name.clone()));
            state::read(&session.cloudformation(), names).await.map_err(Failure::from)
        };
        let (archives, current) = futures::try_join!(built, read)?;

        let desired = deploy::desired(&environment, &stacks, &archives);
        let plan = deploy::plan::make(&desired, &current).map_err(deploy::DeployError::from)?;
        report.print(&PlanDocument::of(&plan));
        Ok(Exit::Done)
    }
}
