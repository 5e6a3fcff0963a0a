//! What came of a bootstrap, and what is left to do: what GitHub has to be told, as commands.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use stacks::bootstrap::github::Repository;
use stacks::bootstrap::{Provider, Role, github_environment};
use stacks::environment::{Environment, OnDelete, Target};

use super::account::Prepared;
use super::candidates::LeftOut;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, STRONG, cell, paint};
use engine::deploy::execute::{Change, Outcome, StackError};

/// The branch that environments are deployed from.
const MAIN: &str = "main";

/// How often the commands are to be run.
const ONCE: &str = "These set a repository up once: running them again resets what your team has changed";

/// What came of a bootstrap.
#[derive(Debug, Serialize)]
pub struct Bootstrapped {
    ok: bool,
    accounts: Vec<Place>,
    environments: Vec<Prepare>,
    left_out: Vec<LeftOut>,
    /// What no policy keeps apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cautions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Place {
    account: String,
    region: String,
    bucket: String,
    /// Who made the provider of GitHub's tokens.
    provider: &'static str,
    stacks: Vec<Ended>,
}

#[derive(Debug, Serialize)]
struct Ended {
    stack_name: String,
    became: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One environment that was prepared.
#[derive(Debug, Serialize)]
struct Prepare {
    environment: String,
    region: String,
    boundary: String,
    /// Whether a person should look at a deployment to it first.
    reviewed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    /// The environments that GitHub has to have, with their variables.
    github: Vec<GitHubEnvironment>,
    /// Whether it stands for all instances of its file.
    #[serde(skip)]
    instance: bool,
    #[serde(skip)]
    local: bool,
}

#[derive(Debug, Serialize)]
struct GitHubEnvironment {
    name: String,
    variables: BTreeMap<&'static str, String>,
}

impl Bootstrapped {
    /// What is told of accounts that were prepared.
    pub fn of(prepared: Vec<Prepared>, left_out: Vec<LeftOut>) -> Self {
        let mut document =
            Self { ok: true, accounts: Vec::new(), environments: Vec::new(), left_out, cautions: Vec::new() };
        for one in prepared {
            let stacks = one.outcomes.iter().map(|(name, outcome)| Ended::of(name, outcome));
            let Some((environment, _)) = one.environments.first() else { continue };
            document.accounts.push(Place {
                account: one.plan.account.clone(),
                region: one.plan.region.clone(),
                bucket: environment.account_bucket(),
                provider: match one.provider {
                    Provider::Absent => "none",
                    Provider::Made => "made",
                    Provider::Found => "found",
                },
                stacks: stacks.collect(),
            });
            let environments = one.environments.iter();
            let environments: Vec<Prepare> = environments
                .map(|(environment, repository)| Prepare::of(environment, repository.as_ref()))
                .collect();
            document.cautions.extend(overheard(&environments));
            document.environments.extend(environments);
        }
        document.ok = document.failed() == 0;
        document
    }

    /// How many stacks are not up to date.
    pub fn failed(&self) -> usize {
        let stacks = self.accounts.iter().flat_map(|account| &account.stacks);
        stacks.filter(|stack| !matches!(stack.became, "created" | "updated" | "unchanged")).count()
    }
}

/// What to say of environments that share an account and a Region, where anybody's branch becomes an instance
/// of one and another keeps its data.
fn overheard(environments: &[Prepare]) -> Option<String> {
    let names = |wanted: fn(&Prepare) -> bool| {
        let on_aws = environments.iter().filter(|one| !one.local);
        let names: Vec<&str> = on_aws.filter(|one| wanted(one)).map(|one| one.environment.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let (instances, kept) = (names(|one| one.instance)?, names(|one| one.reviewed)?);
    Some(format!(
        "{instances} and {kept} share an account and a Region: a topic rule reads every topic there, and no \
         policy limits that, so an instance of {instances} can read what devices send to {kept}; give {kept} an \
         account of its own"
    ))
}

impl Ended {
    fn of(name: &str, outcome: &Outcome) -> Self {
        let (became, error) = match outcome {
            Outcome::Done(Change::Created, ..) => ("created", None),
            Outcome::Done(Change::Updated, ..) => ("updated", None),
            Outcome::Done(Change::Unchanged, ..) => ("unchanged", None),
            Outcome::Failed(error @ StackError::Refused(_)) => ("refused", Some(error.to_string())),
            Outcome::Failed(error) => ("failed", Some(error.to_string())),
            Outcome::Skipped(because) => ("not begun", Some(format!("{because} failed"))),
            Outcome::Detached => ("interrupted", Some("what CloudFormation has begun goes on".to_owned())),
            Outcome::NotBegun => ("not begun", None),
        };
        Self { stack_name: name.to_owned(), became, error }
    }
}

impl Prepare {
    fn of(environment: &Environment, repository: Option<&Repository>) -> Self {
        let of_role = |role: &Role| GitHubEnvironment {
            name: github_environment(*role, environment),
            variables: BTreeMap::from([
                ("AWS_REGION", environment.region.clone()),
                ("AWS_ROLE_ARN", role.arn(environment)),
            ]),
        };
        Self {
            environment: environment.file_name().to_owned(),
            region: environment.region.clone(),
            boundary: environment.boundary_name(),
            reviewed: environment.on_delete == OnDelete::Retain,
            repository: repository.map(ToString::to_string),
            github: if repository.is_some() { Role::ALL.iter().map(of_role).collect() } else { Vec::new() },
            instance: environment.name != environment.file_name(),
            local: environment.target == Target::Local,
        }
    }

    /// What tells GitHub about it, one command a line.
    fn commands(&self) -> Vec<String> {
        let Some(repository) = &self.repository else { return Vec::new() };
        let mut commands = Vec::new();
        for (index, GitHubEnvironment { name, variables }) in self.github.iter().enumerate() {
            let path = format!("repos/{repository}/environments/{name}");
            let mut put = format!("gh api --silent --method PUT {path}");
            // The first is the one that changes something. Instances are deployed from any branch.
            let (changes, limited) = (index == 0, index == 0 && !self.instance);
            if changes && self.reviewed {
                put += " -F 'reviewers[][type]=User' -F \"reviewers[][id]=$(gh api user --jq .id)\"";
            }
            if limited {
                put += " -F 'deployment_branch_policy[protected_branches]=false'";
                put += " -F 'deployment_branch_policy[custom_branch_policies]=true'";
            }
            commands.push(put);
            if limited {
                commands.push(format!(
                    "gh api --silent --method POST {path}/deployment-branch-policies -f name={MAIN}"
                ));
            }
            let variables = variables.iter();
            commands.extend(variables.map(|(variable, value)| {
                format!("gh variable set {variable} --repo {repository} --env {name} --body {value}")
            }));
        }
        commands
    }

    /// What to run next. What keeps its data is deployed by a plan that somebody has read.
    fn next(&self) -> String {
        let Self { environment, instance, .. } = self;
        let flag = match (environment.as_str(), self.local) {
            ("local", true) => String::new(),
            _ => format!(" --env {environment}{}", if *instance { " --instance ID" } else { "" }),
        };
        if self.reviewed {
            format!("cargo xtask plan{flag} --out plan.json")
        } else {
            format!("cargo xtask deploy{flag}")
        }
    }
}

impl Document for Bootstrapped {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for Place { account, region, bucket, provider, stacks } in &self.accounts {
            writeln!(out, "{} in {region}", paint(STRONG, format_args!("account {account}")))?;
            let width = stacks.iter().map(|stack| stack.stack_name.len()).max().unwrap_or_default();
            for Ended { stack_name, became, error } in stacks {
                let style = match *became {
                    "created" | "updated" => GOOD,
                    "unchanged" => FAINT,
                    "failed" | "refused" => BAD,
                    _ => CAUTION,
                };
                let error = error.as_ref().map_or(String::new(), |error| format!(": {error}"));
                writeln!(out, "  {stack_name:<width$} {}{error}", paint(style, became))?;
            }
            writeln!(out, "  {}", paint(FAINT, format_args!("bucket {bucket}")))?;
            if *provider == "found" {
                writeln!(out, "  {}", paint(FAINT, "the provider of GitHub's tokens was there already"))?;
            }
        }
        for LeftOut { environment, why } in &self.left_out {
            writeln!(out, "left out {environment}: {why}")?;
        }
        for caution in &self.cautions {
            writeln!(out, "{}", paint(CAUTION, caution))?;
        }
        if !self.ok {
            return Ok(());
        }
        self.github_text(out)?;
        writeln!(out, "\n{}", paint(STRONG, "next"))?;
        for environment in &self.environments {
            writeln!(out, "  {}", environment.next())?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "### Bootstrap\n")?;
        writeln!(out, "| account | Region | stack | |\n| --- | --- | --- | --- |")?;
        for Place { account, region, stacks, .. } in &self.accounts {
            for Ended { stack_name, became, error } in stacks {
                let error = error.as_ref().map_or(String::new(), |error| format!(": {}", cell(error)));
                writeln!(out, "| {account} | {region} | `{stack_name}` | {became}{error} |")?;
            }
        }
        for LeftOut { environment, why } in &self.left_out {
            writeln!(out, "\nLeft out `{environment}`: {why}.")?;
        }
        for caution in &self.cautions {
            writeln!(out, "\n> [!CAUTION]\n> {caution}.")?;
        }
        let commands: Vec<String> = self.environments.iter().flat_map(Prepare::commands).collect();
        if self.ok && !commands.is_empty() {
            writeln!(out, "\n<details><summary>What GitHub has to be told</summary>\n\n{ONCE}.\n\n```sh")?;
            for command in commands {
                writeln!(out, "{command}")?;
            }
            writeln!(out, "```\n</details>")?;
        }
        Ok(())
    }
}

impl Bootstrapped {
    fn github_text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let (told, untold): (Vec<_>, Vec<_>) =
            self.environments.iter().partition(|environment| environment.repository.is_some());
        if !told.is_empty() {
            writeln!(out, "\n{}", paint(STRONG, "tell GitHub"))?;
            for command in told.iter().flat_map(|environment| environment.commands()) {
                writeln!(out, "  {command}")?;
            }
            writeln!(out, "  {}", paint(FAINT, format_args!("# {ONCE}")))?;
            for environment in told.iter().filter(|environment| environment.reviewed) {
                let name = &environment.environment;
                writeln!(
                    out,
                    "  {}",
                    paint(
                        FAINT,
                        format_args!("# {name} keeps its data: whoever reviews it sees the plan first")
                    )
                )?;
            }
        }
        if !untold.is_empty() {
            let names: Vec<&str> =
                untold.iter().map(|environment| environment.environment.as_str()).collect();
            let names = names.join(", ");
            writeln!(
                out,
                "\nNo repository may deploy {names}: `--github OWNER/NAME` makes the roles for one"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
