//! `dashboards`: pictures of the dashboards with what is in the store, without Grafana; and what `deploy`
//! says of them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use stacks::environment::{Grafana, Target};
use stacks::grafana::{self, Place};

use super::Outcome;
use crate::Global;
use crate::grafana::picture::{self, Filled};
use crate::grafana::query::Page;
use crate::grafana::service;
use crate::report::{Document, Report};
use crate::store::Store;
use engine::deploy::state;
use local_target::grafana::Login;
use session::{Exit, Failure, Project, Session};

/// Draw the dashboards as SVG, with what is in the store
///
/// Runs their queries, and needs no Grafana.
#[derive(Debug, Args)]
pub struct Dashboards {
    /// Folder to write to [default: target/sluice/dashboards/<environment>].
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// The time to draw, up to now.
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = super::duration)]
    last: Duration,
}

/// What was drawn.
#[derive(Debug, Serialize)]
struct Drawn {
    environment: String,
    files: Vec<PathBuf>,
}

impl Dashboards {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let (session, store) = Store::connect(global).await?;
        let environment = &session.environment;
        let project = Project::locate();
        let folder = self
            .svg
            .clone()
            .unwrap_or_else(|| project.target().join("sluice/dashboards").join(&environment.name));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let now = Timestamp::now().as_millisecond();
        let mut drawn = Drawn { environment: environment.name.clone(), files: Vec::new() };
        let files = grafana::files(&session.model, environment, Place::CONTAINER);
        for file in files.iter().filter(|file| file.path.starts_with("dashboards/")) {
            let dashboard: Value =
                serde_json::from_str(&file.text).with_context(|| format!("{} is no JSON", file.path))?;
            let mut page = Page::ending(environment, now, self.last);
            page.choose(&store, &dashboard).await?;
            let panels = dashboard["panels"].as_array().map_or(&[][..], Vec::as_slice);
            let filled = try_join_all(panels.iter().map(async |panel| {
                let answers = page.run(&store, panel, picture::points(panel)).await?;
                Ok::<_, Failure>(Filled { panel, answers })
            }))
            .await?;
            let svg = picture::draw(&dashboard, &filled, &page.variables, page.from, page.to);
            let path = folder.join(svg_name(&file.path));
            std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
            drawn.files.push(path);
        }
        report.print(&drawn);
        Ok(Exit::Done)
    }
}

/// What the picture of a dashboard is called: `fleet.svg`, or `shelly-fleet.svg`.
fn svg_name(path: &str) -> PathBuf {
    let name = path.strip_prefix("dashboards/").unwrap_or(path).replace('/', "-");
    PathBuf::from(name).with_extension("svg")
}

impl Document for Drawn {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        self.files.iter().try_for_each(|file| writeln!(out, "{}", file.display()))
    }
}

/// Says where the dashboards are, once they are deployed. On this machine it starts Grafana, if there is
/// one to start.
pub(super) async fn announce(
    project: &Project,
    global: &Global,
    session: &Session,
    report: &Report,
) -> Result<(), Failure> {
    let environment = &session.environment;
    if environment.grafana == Grafana::None {
        return Ok(());
    }
    let names = [service::STACK, "store"].map(|name| (name.to_owned(), environment.stack_name(name)));
    let current = state::read(&session.cloudformation(), names).await?;
    let Some(stack) = current.get(service::STACK) else { return Ok(()) };
    if let (Target::Local, Some(endpoints)) = (environment.target, &session.endpoints) {
        let login = match (environment.store.postgres(), current.get("store")) {
            (Some(_), Some(store)) => Some(Login::of(&store.outputs, endpoints, &environment.region).await?),
            _ => None,
        };
        let (location, model) = (global.location(project), &session.model);
        match local_target::grafana::start(&location, model, environment, endpoints, login.as_ref())? {
            Some(url) => {
                report.note(format_args!(
                    "Dashboards: {url}{} (user admin, password {})",
                    grafana::home_page(&session.model),
                    local_target::grafana::PASSWORD
                ));
                // The pipeline is there without it.
                if let Err(log) = local_target::grafana::wait(&location).await {
                    report.note(format_args!("  Grafana does not answer; its log: {log}"));
                }
            }
            None => report.note(
                "Dashboards: this machine has neither Docker nor Grafana; `cargo xtask dashboards` draws them",
            ),
        }
        return Ok(());
    }
    if let Some(url) = stack.outputs.get("GrafanaUrl") {
        report.note(format_args!("Dashboards: {url}{}", grafana::home_page(&session.model)));
    }
    if let Some(secret) = stack.outputs.get("AdminSecret") {
        let command = super::open::password_command(secret, &environment.region);
        report.note(format_args!("  user admin; the password: {command}"));
    }
    Ok(())
}
