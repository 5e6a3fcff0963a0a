//! The command line as clap reads it. Each command's flags are in its own file.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use stacks::environment::name;

use crate::commands;

/// Deploy, prove and tear down an IoT telemetry pipeline, on this machine or on AWS.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 declined, 4 a stack failed, \
                  5 no such environment or not ours, 6 verification failed."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

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

/// One command, one file in `commands/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    Synth(commands::synth::Synth),
    Check(commands::check::Check),
    Cost(commands::cost::Cost),
    Bootstrap(commands::bootstrap::Bootstrap),
    Build(commands::build::Build),
    Plan(commands::plan::Plan),
    Deploy(commands::deploy::Deploy),
    Destroy(commands::destroy::Destroy),
    Cleanup(commands::cleanup::Cleanup),
    Status(commands::status::Status),
    Outputs(commands::outputs::Outputs),
    Logs(commands::logs::Logs),
    Open(commands::open::Open),
    Dashboards(commands::dashboards::Dashboards),
    Simulate(commands::simulate::Simulate),
    Verify(commands::verify::Verify),
    Query(commands::query::Query),
    Twin(commands::twin::Twin),
    Comment(commands::comment::Comment),
    Doctor(commands::doctor::Doctor),
    Test(commands::test::Test),
    Lint(commands::lint::Lint),
    Completions(commands::completions::Completions),
}

impl Cli {
    /// Reads the command line. When it is wrong, the process ends with what is.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let source = matches.value_source("env");
        cli.global.env_named = source.is_some_and(|source| source != ValueSource::DefaultValue);
        cli
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, for instance simulator.enabled=true".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_tree_is_sound() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn a_build_is_for_the_environments_that_are_named() {
        let table: [(&[&str], &[&str]); 3] = [
            (&["build", "--env", "dev", "--env", "prod", "--out", "x"], &["dev", "prod"]),
            (&["build", "--out", "x", "--env", "prod"], &["prod"]),
            (&["--env", "dev", "build", "--out", "x"], &["dev"]),
        ];
        for (arguments, expected) in table {
            let cli = super::Cli::parse_from([&["xtask"], arguments].concat());
            let super::Command::Build(build) = cli.command else { panic!("not a build: {arguments:?}") };
            assert_eq!(build.environments, expected, "{arguments:?}");
        }
    }
}
