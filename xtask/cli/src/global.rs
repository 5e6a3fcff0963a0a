//! The options that every command takes, and what they name.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::inventory::Inventory;
use local_target::Location;
use session::{Failure, Project, Session, TargetError};
use stacks::environment::{Environment, Expiry, Target, name};
use telemetry::Model;

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The environment: a file in environments/.
    #[arg(long, global = true, default_value = "local", value_name = "NAME", env = "SLUICE_ENV")]
    pub env: String,
    /// The instance of an environment that has instances, for instance the number of a pull request.
    #[arg(long, global = true, value_name = "ID")]
    pub instance: Option<String>,
    /// Whether somebody named the environment. Otherwise a saved plan does.
    #[arg(skip)]
    pub env_named: bool,
    /// Override one key of the environment for this run, for instance `--set simulator.enabled=true`.
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// How results are written to standard output.
    #[arg(long, global = true, default_value = "text", value_name = "FORMAT")]
    pub format: Format,
    /// How what happens meanwhile is written to standard error.
    #[arg(long, global = true, default_value = "text", value_name = "FORM")]
    pub progress: Progress,
    /// Ask nothing.
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Port of the local target's AWS endpoint; 0 takes free ports for all of its services.
    #[arg(
        long,
        global = true,
        default_value_t = 4566,
        value_name = "PORT",
        env = "SLUICE_LOCAL_PORT",
        hide_env_values = true
    )]
    pub local_port: u16,
    /// Folder for the local target's state and logs [default: target/local].
    #[arg(long, global = true, value_name = "DIR", env = "SLUICE_LOCAL_DIR", hide_env_values = true)]
    pub local_dir: Option<PathBuf>,
}

impl Global {
    /// The name of the environment: with that of the instance, if one is given.
    pub fn environment(&self) -> String {
        match &self.instance {
            Some(instance) => name::of_instance(&self.env, instance),
            None => self.env.clone(),
        }
    }

    /// Reads the environment, and the model as that environment reads it.
    pub fn load(&self, project: &Project) -> Result<(Model, Environment), Failure> {
        project.load_named(&self.environment(), &self.set)
    }

    /// The same for an environment that expires on another day than its file says, if one is given.
    pub fn load_until(
        &self,
        project: &Project,
        expires: Option<Expiry>,
    ) -> Result<(Model, Environment), Failure> {
        let (model, environment) = self.load(project)?;
        Ok((model, Environment { expires: expires.or(environment.expires), ..environment }))
    }

    /// Where the local target is.
    pub fn location(&self, project: &Project) -> Location {
        Location::new(project, self.local_dir.as_deref(), self.local_port)
    }

    /// The same for what is deployed: its stacks, and the store that they have.
    pub async fn connect_to_deployed(&self) -> Result<(Session, Inventory), Failure> {
        let mut session = self.connect().await?;
        let inventory = Inventory::read(&session).await?;
        inventory.settle_store(&mut session.environment);
        Ok((session, inventory))
    }

    /// Connects to the environment as it is. Does not start the local target.
    pub async fn connect(&self) -> Result<Session, Failure> {
        let project = Project::locate();
        let (model, environment) = self.load(&project)?;
        let endpoints = match environment.target {
            Target::Aws => None,
            Target::Local => {
                Some(local_target::running(&self.location(&project)).ok_or(TargetError::NotRunning)?)
            }
        };
        Session::open(model, environment, endpoints).await
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document on standard output; everything else goes to standard error.
    Json,
    /// For a comment or a summary, as GitHub shows it; everything else goes to standard error.
    Markdown,
}

/// How what happens is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// For people.
    Text,
    /// For programs: one JSON object on each line, with `at`, `event`, `text`, and the `step` that it is about.
    Ndjson,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, for instance simulator.enabled=true".to_owned()),
    }
}
