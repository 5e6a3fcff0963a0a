//! `completions`: a completion script for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::Cli;
use cli::Outcome;
use cli::report::Report;
use session::Exit;

/// Print a completion script for a shell
///
/// It completes the program `xtask`, for instance behind `alias xtask='cargo xtask'`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    #[expect(clippy::unnecessary_wraps, reason = "every command ends with an outcome")]
    pub fn run(&self, report: &Report) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "xtask", &mut script);
        report.raw(String::from_utf8_lossy(&script).trim_end());
        Ok(Exit::Done)
    }
}
