//! `device revoke`: a device is let in no longer.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::super::Outcome;
use super::folder_of;
use crate::Global;
use crate::question::Question;
use crate::report::{CAUTION, Document, Report, many, paint};
use engine::consent::{Doing, Guard, Said};
use engine::devices::{Device, Registry, Remains};
use engine::inventory::Inventory;
use session::Exit;

/// Let a device in no longer: its certificates become inactive and lose their policy
///
/// What it has sent stays. Its thing stays too, so that the list says whose the certificates were, unless --delete
/// removes both.
#[derive(Debug, Args)]
pub struct Revoke {
    /// Its name.
    name: String,
    /// Delete its certificates and its thing: the name is free again.
    #[arg(long)]
    delete: bool,
}

#[derive(Debug, Serialize)]
struct Revoked {
    device: String,
    certificates: Vec<String>,
    deleted: bool,
    /// Where its files are, unless it was added with `--out`.
    folder: PathBuf,
}

impl Revoke {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let registry = Registry::of(&session, &inventory)?;
        let device = registry.find(&self.name).await?;
        let environment = &session.environment.name;
        let question = Question {
            doing: Doing::Revoke,
            guard: Guard::Answer,
            environment,
            asked: &format!("Let {} in no longer?", self.name),
            typed: "to revoke it",
        };
        question.settle(Said { confirm: None, yes: global.yes }, || page(&device), report)?;

        let step = report.step(format_args!("revoking {}", self.name));
        let remains = if self.delete { Remains::Nothing } else { Remains::Registered };
        registry.revoke(&device, remains).await?;
        step.done("");
        let certificates = device.certificates.into_iter().map(|certificate| certificate.id).collect();
        let folder = folder_of(environment, &self.name);
        report.print(&Revoked { device: device.name, certificates, deleted: self.delete, folder });
        Ok(Exit::Done)
    }
}

fn page(device: &Device) -> String {
    let certificates = device.certificates.iter();
    let lines = certificates.map(|certificate| format!("\n  {} {}", certificate.id, certificate.status));
    format!("{}:{}", device.name, lines.collect::<String>())
}

impl Document for Revoked {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let certificates = many(self.certificates.len(), "certificate", "certificates");
        let done = if self.deleted { "deleted" } else { "inactive" };
        writeln!(out, "{} {}: {certificates} {done}", paint(CAUTION, "revoked"), self.device)?;
        if self.deleted {
            let folder = self.folder.display();
            writeln!(out, "  its files are of no use: remove {folder}, or the folder that --out named")?;
        }
        Ok(())
    }
}
