//! `build`: the archives of what environments deploy, made once.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stacks::Inputs;

use super::Outcome;
use crate::Global;
use crate::report::{Document, FAINT, Report, STRONG, paint};
use artifacts::folder::{self, INDEX, Index, Packed};
use artifacts::{self, Wanted};
use engine::deploy;
use session::{Exit, Project};

/// Build what environments deploy into a folder, for `plan` and `deploy --artifacts`
///
/// The same code and configuration give the same bytes. Archives that environments share are there once.
#[derive(Debug, Args)]
pub struct Build {
    /// An environment to build for. May be given several times.
    #[arg(id = "env", long = "env", value_name = "NAME")]
    pub environments: Vec<String>,
    /// Build what this stack and those that it needs deploy only. May be given several times.
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
    /// Folder to write the archives and their index, `artifacts.json`, to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What was built: the index and where it is.
#[derive(Debug, Serialize)]
struct Built {
    folder: PathBuf,
    #[serde(flatten)]
    index: Index,
}

impl Build {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let load = |name: &String| {
            project.load_named(&Global { env: name.clone(), ..global.clone() }.environment(), &global.set)
        };
        let loaded = self.environments.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        let wanted = loaded
            .iter()
            .map(|(model, environment)| {
                let stacks = stacks::synthesize(&Inputs { model, environment });
                let stacks = deploy::choose(stacks, &self.stacks)?;
                Ok(Wanted { environment, model, artifacts: deploy::artifacts(&stacks) })
            })
            .collect::<Result<Vec<_>, deploy::DeployError>>()?;
        let made = artifacts::make_all(&project, &wanted, report).await?;
        let index = Index::of(&wanted, &made);
        folder::write(&self.out, &index, &made)?;
        report.print(&Built { folder: self.out.clone(), index });
        Ok(Exit::Done)
    }
}

impl Built {
    /// The archives with their keys and the environments that deploy them.
    fn rows(&self) -> impl Iterator<Item = (&String, &Packed, String)> {
        self.index.archives.iter().map(|(key, packed)| {
            let users = self.index.environments.iter();
            let users = users.filter(|(_, fitted)| fitted.archives.values().any(|used| used == key));
            let users: Vec<&str> = users.map(|(name, _)| name.as_str()).collect();
            (key, packed, users.join(", "))
        })
    }

    /// How many archives, and how large they are together.
    fn sum(&self) -> String {
        let count = self.index.archives.len();
        let bytes = self.index.archives.values().map(|packed| packed.bytes).sum();
        format!("{count} {}, {}", if count == 1 { "archive" } else { "archives" }, megabytes(bytes))
    }
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let bytes = bytes as f64;
    format!("{:.1} MB", bytes / 1e6)
}

impl Document for Built {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for (_, Packed { name, sha256, architecture, bytes }, users) in self.rows() {
            writeln!(
                out,
                "  {} {architecture:<12} {:>8}  {sha256}  {}",
                paint(STRONG, format_args!("{name:<20}")),
                megabytes(*bytes),
                paint(FAINT, users)
            )?;
        }
        writeln!(out, "{} in {}, listed in {INDEX}", self.sum(), self.folder.display())
    }

    fn markdown(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let environments: Vec<&str> = self.index.environments.keys().map(String::as_str).collect();
        writeln!(out, "<details>")?;
        writeln!(out, "<summary>Built {} for {}</summary>\n", self.sum(), environments.join(" and "))?;
        writeln!(out, "| archive | for | size | SHA-256 | deployed to |")?;
        writeln!(out, "| --- | --- | ---: | --- | --- |")?;
        for (_, Packed { name, sha256, architecture, bytes }, users) in self.rows() {
            let short = sha256.get(..12).unwrap_or(sha256);
            writeln!(out, "| `{name}` | {architecture} | {} | `{short}…` | {users} |", megabytes(*bytes))?;
        }
        writeln!(out, "\n</details>\n")
    }
}
