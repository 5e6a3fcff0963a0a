//! `bootstrap`: prepares accounts for deployments from a pipeline.

mod account;
mod candidates;
mod document;
mod github;
mod print;

use std::path::PathBuf;

use clap::Args;
use stacks::bootstrap::github::{Ids, Repository};

use self::candidates::Candidates;
use self::document::Bootstrapped;
use self::print::Printed;
use super::Outcome;
use crate::Global;
use crate::report::{Report, many};
use session::{Exit, Failure, Project};

/// Prepare an account: a bucket for code, boundaries for roles, and who may deploy from GitHub
///
/// Needs an administrator's credentials, once; after that a deployment needs no more than the roles that
/// it makes. Run it again when a new kind of resource needs a permission: what is up to date is left
/// alone.
#[derive(Debug, Args)]
pub struct Bootstrap {
    /// Let the jobs of this repository take the roles, in GitHub environments of the same names [default:
    /// the repository of the last time].
    #[arg(long, value_name = "OWNER/NAME")]
    github: Option<Repository>,
    /// Numbers of the owner and of the repository [default: what `gh` says].
    #[arg(long, value_name = "OWNER_ID/REPOSITORY_ID", requires = "github")]
    github_ids: Option<Ids>,
    /// Prepare for this environment. May be given several times [default: every one of the account].
    #[arg(id = "env", long = "env", value_name = "NAME", default_value = "", hide_default_value = true)]
    environments: Vec<String>,
    /// Show the templates and policies, offline, and deploy nothing.
    #[arg(long)]
    print: bool,
    /// Write the templates to this folder too.
    #[arg(long, value_name = "DIR", requires = "print")]
    out: Option<PathBuf>,
}

impl Bootstrap {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let named: Vec<&str> =
            self.environments.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let candidates = Candidates::read(&project, &named, &global.set)?;
        let repository = self.github.clone().map(|repository| repository.with_ids(self.github_ids));
        if self.print {
            let printed = Printed::of(&candidates, repository.as_ref())?;
            if let Some(folder) = &self.out {
                printed.write(folder)?;
            }
            report.print(&printed);
            return Ok(Exit::Done);
        }
        let candidates = candidates.of_the_credentials().await?;
        let repository = match repository {
            Some(repository) => Some(github::with_ids(repository, report).await),
            None => None,
        };
        let mut done = Vec::new();
        for place in candidates.places() {
            let prepared = account::prepare(&project, place, repository.as_ref(), global, report).await?;
            done.push(prepared);
        }
        conclude(&Bootstrapped::of(done, candidates.left_out), report)
    }
}

fn conclude(document: &Bootstrapped, report: &Report) -> Outcome {
    report.print(document);
    match document.failed() {
        0 => Ok(Exit::Done),
        failed => {
            let stacks = many(failed, "stack", "stacks");
            Err(Failure::new(Exit::StackFailed, format_args!("{stacks} failed"))
                .hint("once the cause is removed, run the same command again: what succeeded is left alone"))
        }
    }
}
