//! `synth`: the templates and a manifest, offline and without building code.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use stacks::environment::{Environment, Grafana};
use stacks::grafana::{self, Place};
use stacks::{Inputs, ParameterSource, STACKS, Stack};
use telemetry::Model;

use super::Outcome;
use crate::Global;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use artifacts::digest::hex;
use local_target::folder;
use session::{Exit, Project};

/// Write the templates and dashboards, offline and without building code
///
/// The same model and environment give the same bytes.
#[derive(Debug, Args)]
pub struct Synth {
    /// Folder to write to [default: target/sluice/synth/<environment>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What was synthesized: `manifest.json`, and the result of the command.
#[derive(Debug, Serialize)]
struct Manifest {
    environment: String,
    region: String,
    account: String,
    stacks: Vec<Entry>,
    /// What Grafana is provisioned with, below `grafana`.
    files: Vec<String>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    stack_name: String,
    template: String,
    sha256: String,
    resources: usize,
    depends_on: Vec<&'static str>,
    /// Where the value of each parameter comes from when the stack is deployed.
    parameters: BTreeMap<String, String>,
}

impl Entry {
    fn new(stack: &Stack, json: &str) -> Self {
        let source = |source: &ParameterSource| match source {
            ParameterSource::Output { stack, output } => format!("output {output} of stack {stack}"),
            ParameterSource::ArtifactKey(artifact) => format!("key of the archive of {}", artifact.name()),
            ParameterSource::AccountBucket(bucket) => format!("the account's bucket {bucket}"),
        };
        Self {
            name: stack.name,
            stack_name: stack.stack_name.clone(),
            template: file_name(stack.name),
            sha256: hex(&Sha256::digest(json)),
            resources: stack.template.resources().len(),
            depends_on: stack.depends_on.clone(),
            parameters: stack.parameters.iter().map(|(name, from)| (name.clone(), source(from))).collect(),
        }
    }
}

impl Synth {
    pub(crate) fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load_sample(&global.environment(), &global.set)?;
        let folder =
            self.out.clone().unwrap_or_else(|| project.target().join("sluice/synth").join(&environment.name));
        let stacks = stacks::synthesize(&Inputs { model: &model, environment: &environment });
        let entries = write(&folder, &stacks)?;
        let files = write_dashboards(&folder.join(GRAFANA), &model, &environment)?;
        let manifest = Manifest {
            environment: environment.name,
            region: environment.region,
            account: environment.account,
            stacks: entries,
            files,
            folder,
        };
        let json =
            serde_json::to_string_pretty(&manifest).context("the manifest cannot be written as JSON")?;
        put(&manifest.folder.join("manifest.json"), &format!("{json}\n"))?;
        report.print(&manifest);
        Ok(Exit::Done)
    }
}

/// Folder of what Grafana is provisioned with, in that of the templates.
const GRAFANA: &str = "grafana";

/// Writes what Grafana is provisioned with, as on AWS, or removes those files where there is no Grafana.
fn write_dashboards(folder: &Path, model: &Model, environment: &Environment) -> anyhow::Result<Vec<String>> {
    let files = match environment.grafana {
        Grafana::None => Vec::new(),
        Grafana::Managed | Grafana::Container(_) => grafana::files(model, environment, Place::CONTAINER),
    };
    folder::write(folder, &files).with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(files.into_iter().map(|file| file.path).collect())
}

/// Writes one template per stack, and removes that of a stack which the environment has no more.
fn write(folder: &Path, stacks: &[Stack]) -> anyhow::Result<Vec<Entry>> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for gone in STACKS.iter().filter(|definition| stacks.iter().all(|stack| stack.name != definition.name)) {
        let path = folder.join(file_name(gone.name));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    let entry = |stack: &Stack| {
        let json = stack.template.to_json();
        put(&folder.join(file_name(stack.name)), &json)?;
        Ok(Entry::new(stack, &json))
    };
    stacks.iter().map(entry).collect()
}

fn file_name(stack: &str) -> String {
    format!("{stack}.template.json")
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

impl Document for Manifest {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{} in {}", paint(STRONG, &self.environment), self.region)?;
        for Entry { template, resources, depends_on, .. } in &self.stacks {
            let after = if depends_on.is_empty() {
                String::new()
            } else {
                format!("after {}", depends_on.join(", "))
            };
            writeln!(out, "  {template:<28} {resources:>2} resources  {}", paint(FAINT, after))?;
        }
        if !self.files.is_empty() {
            writeln!(out, "  {GRAFANA}/{:<20} {:>2} files", "", self.files.len())?;
        }
        writeln!(out, "written to {}", self.folder.display())
    }
}
