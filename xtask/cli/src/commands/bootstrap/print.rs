//! What a bootstrap would make, without making it: the templates, and who may do what in words.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;
use stacks::bootstrap::github::Repository;
use stacks::bootstrap::permissions::{Effect, Policy, Statement};
use stacks::bootstrap::trust::ISSUER;
use stacks::bootstrap::{self, Access, Provider, RoleAccess};
use stacks::environment::Environment;

use super::account::PrepareError;
use super::candidates::Candidates;
use crate::report::{BAD, Document, FAINT, STRONG, paint};
use session::Failure;

/// What a bootstrap would make.
#[derive(Debug, Serialize)]
pub struct Printed {
    stacks: Vec<PrintedStack>,
    /// Every policy, by role or boundary, and by its name.
    policies: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(skip)]
    access: Vec<Access>,
    #[serde(skip)]
    repository: Option<String>,
}

#[derive(Debug, Serialize)]
struct PrintedStack {
    stack_name: String,
    account: String,
    region: String,
    template: Value,
    /// The template as it is deployed.
    #[serde(skip)]
    json: String,
}

impl Printed {
    /// What these environments and their accounts would have.
    pub fn of(candidates: &Candidates, repository: Option<&Repository>) -> Result<Self, Failure> {
        let provider = if repository.is_some() { Provider::Made } else { Provider::Absent };
        let mut printed = Self {
            stacks: Vec::new(),
            policies: BTreeMap::new(),
            access: Vec::new(),
            repository: repository.map(ToString::to_string),
        };
        for place in candidates.places() {
            for (index, candidate) in place.iter().enumerate() {
                let environment = &candidate.environment;
                let failed =
                    |cause| PrepareError::Permissions { environment: environment.name.clone(), cause };
                if index == 0 {
                    printed
                        .stacks
                        .push(PrintedStack::of(&bootstrap::account(environment, provider), environment));
                }
                let stack = bootstrap::environment(&candidate.inputs(), repository).map_err(failed)?;
                printed.stacks.push(PrintedStack::of(&stack, environment));
                let access = bootstrap::access(&candidate.inputs(), repository).map_err(failed)?;
                for document in access.documents() {
                    printed
                        .policies
                        .entry(document.owner)
                        .or_default()
                        .insert(document.name, document.document);
                }
                printed.access.push(access);
            }
        }
        Ok(printed)
    }

    /// Writes the templates, one file a stack. Those of several accounts or Regions have a folder each.
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        for PrintedStack { stack_name, account, region, json, .. } in &self.stacks {
            let folder = folder.join(format!("{account}-{region}"));
            let path = folder.join(format!("{stack_name}.template.json"));
            std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::write(&path, json))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

impl PrintedStack {
    fn of(stack: &stacks::Stack, environment: &Environment) -> Self {
        let json = stack.template.to_json();
        Self {
            stack_name: stack.stack_name.clone(),
            account: environment.account.clone(),
            region: environment.region.clone(),
            template: serde_json::from_str(&json).unwrap_or_default(),
            json,
        }
    }

    /// Its resources, by type.
    fn kinds(&self) -> Vec<String> {
        let resources = self.template["Resources"].as_object().into_iter().flatten();
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for kind in resources.filter_map(|(_, resource)| resource["Type"].as_str()) {
            *kinds.entry(kind).or_default() += 1;
        }
        kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect()
    }
}

/// The statements of policies by service, so that a person finds what they look for.
fn by_service(policies: &[Policy]) -> BTreeMap<&str, Vec<&Statement>> {
    let mut services: BTreeMap<&str, Vec<&Statement>> = BTreeMap::new();
    for statement in policies.iter().flat_map(|policy| &policy.statements) {
        services.entry(statement.service()).or_default().push(statement);
    }
    services
}

/// Names of the actions without their service.
fn actions(statement: &Statement) -> String {
    let names = statement
        .actions
        .iter()
        .map(|action| action.split_once(':').map_or(action.as_str(), |(_, name)| name));
    names.collect::<Vec<_>>().join(", ")
}

/// What has to hold, one condition a line.
fn conditions(statement: &Statement) -> Vec<String> {
    let operators = statement.conditions.iter();
    let lines = operators.flat_map(|(operator, keys)| {
        keys.iter().map(move |(key, values)| {
            let values = values.iter().map(String::as_str).collect::<Vec<_>>().join(" or ");
            format!("{key} {operator} {values}")
        })
    });
    lines.collect()
}

/// What a token has to say, one way a line.
fn trusted(trust: &Value) -> Vec<String> {
    let values = |value: &Value| match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let statements = trust["Statement"].as_array().into_iter().flatten();
    let ways = statements.map(|statement| {
        let operators = statement["Condition"].as_object().into_iter().flatten();
        let claims = operators.flat_map(|(operator, keys)| {
            let like = if operator == "StringLike" { "like" } else { "=" };
            let keys = keys.as_object().into_iter().flatten();
            keys.map(move |(key, value)| {
                let claim = key.strip_prefix(ISSUER).unwrap_or(key).trim_start_matches(':');
                format!("{claim} {like} {}", values(value))
            })
        });
        claims.collect::<Vec<_>>().join(", ")
    });
    ways.collect()
}

/// Who takes a role, in a sentence.
fn takers(access: &RoleAccess, repository: Option<&str>) -> String {
    match repository {
        Some(repository) => format!("jobs of {repository} in its environment {}", access.environment),
        None => "nobody: `--github OWNER/NAME` says whose jobs take it".to_owned(),
    }
}

fn policies_text(out: &mut dyn fmt::Write, policies: &[Policy]) -> fmt::Result {
    for (service, statements) in by_service(policies) {
        writeln!(out, "    {}", paint(STRONG, service))?;
        for statement in statements {
            let denied = if statement.effect == Effect::Deny { paint(BAD, "never ") } else { String::new() };
            writeln!(out, "      {denied}{}", actions(statement))?;
            for resource in &statement.resources {
                writeln!(out, "        {}", paint(FAINT, format_args!("on {resource}")))?;
            }
            for condition in conditions(statement) {
                writeln!(out, "        {}", paint(FAINT, format_args!("when {condition}")))?;
            }
            if let Some(reason) = statement.reasons.values().next() {
                writeln!(out, "        {}", paint(FAINT, format_args!("because {reason}")))?;
            }
        }
    }
    Ok(())
}

fn policies_markdown(out: &mut dyn fmt::Write, policies: &[Policy]) -> fmt::Result {
    for (service, statements) in by_service(policies) {
        let count: usize = statements.iter().map(|statement| statement.actions.len()).sum();
        writeln!(out, "<details><summary><b>{service}</b>: {count} actions</summary>\n")?;
        writeln!(out, "| may | on | when |\n| --- | --- | --- |")?;
        for statement in statements {
            let denied = if statement.effect == Effect::Deny { "**never** " } else { "" };
            let resources = statement.resources.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>();
            let conditions =
                conditions(statement).into_iter().map(|one| format!("`{one}`")).collect::<Vec<_>>();
            let (resources, conditions) = (resources.join("<br>"), conditions.join("<br>"));
            writeln!(out, "| {denied}{} | {resources} | {conditions} |", actions(statement))?;
        }
        writeln!(out, "\n</details>\n")?;
    }
    Ok(())
}

impl Document for Printed {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for stack in &self.stacks {
            let PrintedStack { stack_name, account, region, .. } = stack;
            writeln!(
                out,
                "{} {}",
                paint(STRONG, stack_name),
                paint(FAINT, format_args!("{account} {region}"))
            )?;
            writeln!(out, "  {}", stack.kinds().join(", "))?;
        }
        for Access { boundary_name, boundary, roles } in &self.access {
            writeln!(out, "\n{}", paint(STRONG, boundary_name))?;
            writeln!(out, "  the roles of its stacks may at most")?;
            policies_text(out, std::slice::from_ref(boundary))?;
            for role in roles {
                writeln!(out, "\n{}", paint(STRONG, &role.name))?;
                writeln!(out, "  taken by {}", takers(role, self.repository.as_deref()))?;
                for way in role.trust.iter().flat_map(trusted) {
                    writeln!(out, "    {}", paint(FAINT, format_args!("token with {way}")))?;
                }
                writeln!(out, "  may")?;
                policies_text(out, &role.policies)?;
            }
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "### What bootstrap makes\n")?;
        writeln!(out, "| stack | account | Region | resources |\n| --- | --- | --- | --- |")?;
        for stack in &self.stacks {
            let PrintedStack { stack_name, account, region, .. } = stack;
            writeln!(out, "| `{stack_name}` | {account} | {region} | {} |", stack.kinds().join("<br>"))?;
        }
        for Access { boundary_name, boundary, roles } in &self.access {
            writeln!(out, "\n### `{boundary_name}`\n\nWhat the roles of its stacks may do at most.\n")?;
            policies_markdown(out, std::slice::from_ref(boundary))?;
            for role in roles {
                writeln!(out, "\n### `{}`\n", role.name)?;
                writeln!(out, "Taken by {}.\n", takers(role, self.repository.as_deref()))?;
                for way in role.trust.iter().flat_map(trusted) {
                    writeln!(out, "- token with `{way}`")?;
                }
                writeln!(out)?;
                policies_markdown(out, &role.policies)?;
            }
        }
        for PrintedStack { stack_name, json, .. } in &self.stacks {
            writeln!(out, "\n<details><summary>Template of {stack_name}</summary>\n\n```json")?;
            out.write_str(json)?;
            writeln!(out, "```\n</details>")?;
        }
        Ok(())
    }
}
