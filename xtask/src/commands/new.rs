//! `new`: the beginning of a function or a stack of one's own.

use std::fmt;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::new::{self, Change, Trigger, What};
use cli::Outcome;
use cli::report::{Document, FAINT, GOOD, Report, STRONG, paint};
use session::Exit;
use session::Project;

/// Begin a function or a stack of your own
///
/// Writes its files and its line in every list that names it, and says how to go on: docs/extend.md.
#[derive(Debug, Args)]
pub struct New {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// A function in Rust with its test, and a stack that deploys it with what invokes it
    Function {
        /// Its name, and that of its stack, for instance `over-heat`.
        name: String,
        /// What invokes it.
        #[arg(long, value_name = "rule|stream|queue|schedule")]
        trigger: Trigger,
        #[command(flatten)]
        how: How,
    },
    /// A stack with an example of a resource
    Stack {
        /// Its name, for instance `over-heat`.
        name: String,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Debug, Args)]
struct How {
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was written, or would be.
#[derive(Debug, Serialize)]
struct Begun {
    name: String,
    written: bool,
    changes: Vec<Change>,
    next: Vec<Next>,
}

/// A command to go on with.
#[derive(Debug, Serialize)]
struct Next {
    command: String,
    what: &'static str,
}

impl New {
    pub fn run(&self, report: &Report) -> Outcome {
        let (name, what, how) = match &self.kind {
            Kind::Function { name, trigger, how } => (name, What::Function(*trigger), how),
            Kind::Stack { name, how } => (name, What::Stack, how),
        };
        let root = Project::locate().root().to_path_buf();
        let changes = new::plan(&root, name, what)?;
        if !how.dry_run {
            new::write(&root, &changes)?;
        }
        report.print(&Begun { name: name.clone(), written: !how.dry_run, changes, next: next(name, what) });
        Ok(Exit::Done)
    }
}

/// What somebody does next, in this order.
fn next(name: &str, what: What) -> Vec<Next> {
    let mut next = Vec::new();
    let mut add = |command: String, what| next.push(Next { command, what });
    if matches!(what, What::Function(_)) {
        add(format!("cargo test --workspace --test {}", name.replace('-', "_")), "tests the function");
    }
    add(
        "INSTA_UPDATE=always cargo test --workspace --test synthesis".to_owned(),
        "accepts its templates: see them in the diff",
    );
    add("cargo xtask check".to_owned(), "proves the templates");
    add("cargo xtask deploy".to_owned(), "deploys them to this machine");
    if matches!(what, What::Function(_)) {
        add(format!("cargo xtask logs {name} --filter answered"), "shows what the function says");
    } else {
        add("cargo xtask outputs".to_owned(), "shows the stack's outputs");
    }
    next
}

impl Document for Begun {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for Change { path, added, text } in &self.changes {
            let (mark, remark) = match added {
                None => ("+", String::new()),
                Some(line) => ("~", format!(" {}", paint(FAINT, line))),
            };
            writeln!(out, "{} {}{remark}", paint(GOOD, mark), paint(STRONG, path))?;
            if !self.written && added.is_none() {
                text.lines().try_for_each(|line| writeln!(out, "    {line}"))?;
            }
        }
        if !self.written {
            return writeln!(out, "\nNothing was written: leave out --dry-run to write it.");
        }
        writeln!(out, "\nSay in stacks/src/{}.rs what it needs. Then", self.name.replace('-', "_"))?;
        for Next { command, what } in &self.next {
            writeln!(out, "  {}\n      {}", paint(STRONG, command), paint(FAINT, what))?;
        }
        writeln!(
            out,
            "docs/extend.md says the rest: how to accept the changed permissions and plans, and how to deploy to AWS."
        )
    }
}
