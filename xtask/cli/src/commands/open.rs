//! `open`: the dashboards, in a browser where there is one to see them.

use std::fmt;
use std::process::{Command, Stdio};

use clap::Args;
use serde::Serialize;
use stacks::environment::Target;
use stacks::grafana::home_page;

use super::Outcome;
use crate::Global;
use crate::grafana::service;
use crate::report::{Document, FAINT, Report, paint};
use engine::inventory::Inventory;
use session::{Exit, Failure, Project};

/// Open the dashboards in a browser, and say where they are
#[derive(Debug, Args)]
pub struct Open {
    /// Say where they are only.
    #[arg(long)]
    print: bool,
}

/// Where the dashboards are.
#[derive(Debug, Serialize)]
struct Address {
    url: String,
    /// How a person finds the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl Open {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let Some((url, secret)) = service::address(&session, &inventory) else {
            return Err(Failure::new(Exit::NoEnvironment, "this environment has no dashboards")
                .hint("set `grafana.kind` in its file, and deploy"));
        };
        let address = match session.environment.target {
            Target::Aws => Address {
                url: format!("{url}{}", home_page(&session.model)),
                password: secret.map(|secret| password_command(secret, &session.environment.region)),
            },
            Target::Local => {
                let Some(url) = local_target::grafana::address(&global.location(&Project::locate())) else {
                    return Err(Failure::new(Exit::NoEnvironment, "no Grafana runs on this machine").hint(
                        "install Docker or Grafana and deploy again; `cargo xtask dashboards` draws the same without",
                    ));
                };
                Address {
                    url: format!("{url}{}", home_page(&session.model)),
                    password: Some(local_target::grafana::PASSWORD.to_owned()),
                }
            }
        };
        report.print(&address);
        if !self.print && report.interactive() {
            browse(&address.url);
        }
        Ok(Exit::Done)
    }
}

/// The command that prints the password of the administrator.
pub(super) fn password_command(secret: &str, region: &str) -> String {
    format!(
        "aws secretsmanager get-secret-value --region {region} --secret-id {secret} --query SecretString --output text"
    )
}

/// Asks the desktop for a browser. Where there is none, the address is enough.
fn browse(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _no_desktop = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

impl Document for Address {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "{}", self.url)?;
        match &self.password {
            Some(password) => {
                writeln!(out, "{}", paint(FAINT, format_args!("user admin, password: {password}")))
            }
            None => Ok(()),
        }
    }
}
