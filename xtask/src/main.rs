//! `cargo xtask`: parse, run, print, exit. The commands are those of [`cli`]; what only this repository needs, its
//! lint, its tests and the code that it begins (`new`), is here.

mod commands;
mod new;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use cli::report::Report;
use cli::{Global, Outcome};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read();
    let report = Report::new(cli.global.format).telling(cli.global.progress);
    match Box::pin(cli.run(&report)).await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            report.failure(&failure);
            failure.exit.into()
        }
    }
}

/// Deploy, prove and tear down an IoT telemetry pipeline, on this machine or on AWS.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 declined, 4 a stack failed, \
                  5 no such environment or not ours, 6 verification failed, 7 running and not watched, 8 there are \
                  changes (plan --exit-code)."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// A command of the product, or one that only this repository needs.
#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Product(cli::Command),
    New(commands::new::New),
    Test(commands::test::Test),
    Lint(commands::lint::Lint),
    Completions(commands::completions::Completions),
}

impl Cli {
    /// Reads the command line. When it is wrong, the process ends with what is.
    fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let source = matches.value_source("env");
        cli.global.env_named = source.is_some_and(|source| source != ValueSource::DefaultValue);
        cli
    }

    /// Runs the command that was asked for.
    async fn run(&self, report: &Report) -> Outcome {
        match &self.command {
            Command::Product(command) => command.run(&self.global, report).await,
            Command::New(command) => command.run(report),
            Command::Test(command) => command.run(report).await,
            Command::Lint(command) => command.run(report).await,
            Command::Completions(command) => command.run(report),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_tree_is_sound() {
        super::Cli::command().debug_assert();
    }

    /// An argument that is called like a global one is read in its place, and clap panics where it is of another type.
    #[test]
    fn what_stands_for_a_global_argument_is_of_its_type() {
        fn visit(command: &clap::Command, global: &[&clap::Arg]) {
            for command in command.get_subcommands() {
                for argument in command.get_arguments() {
                    let id = argument.get_id();
                    let kind = |argument: &clap::Arg| argument.get_value_parser().type_id();
                    let stands_for = global.iter().find(|one| one.get_id() == id);
                    let fits = stands_for.is_none_or(|one| kind(one) == kind(argument));
                    assert!(fits, "--{id} of {}", command.get_name());
                }
                visit(command, global);
            }
        }
        let command = super::Cli::command();
        visit(&command, &command.get_arguments().collect::<Vec<_>>());
    }

    #[test]
    fn a_build_is_for_the_environments_that_are_named() {
        let table: [(&[&str], &[&str]); 3] = [
            (&["build", "--env", "dev", "--env", "prod", "--out", "x"], &["dev", "prod"]),
            (&["build", "--out", "x", "--env", "prod"], &["prod"]),
            (&["--env", "dev", "build", "--out", "x"], &["dev"]),
        ];
        for (arguments, expected) in table {
            let command = super::Cli::parse_from([&["xtask"], arguments].concat());
            let super::Command::Product(cli::Command::Build(build)) = command.command else {
                panic!("not a build: {arguments:?}")
            };
            assert_eq!(build.environments, expected, "{arguments:?}");
        }
    }
}
