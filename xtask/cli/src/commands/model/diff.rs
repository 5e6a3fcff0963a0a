//! `model diff`: what a change of the model does to what is stored.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::Serialize;
use session::{Exit, Failure, Project};
use stacks::model::{difference, layout_difference};
use telemetry::{EventKind, Measure, Model};

use super::{of_project, parse, read_model};
use crate::commands::Outcome;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, Report, STRONG, paint};

/// Show what a change of the model does to what is stored
///
/// Compares telemetry.toml with an earlier state of it, with the kinds in files of their own. What a table that is there
/// cannot take is named in the words of `plan`, and ends with exit code 6.
#[derive(Debug, Args)]
pub struct Diff {
    /// What to compare with: a file, or a revision of git.
    #[arg(long, default_value = "HEAD", value_name = "REF|FILE")]
    from: String,
    /// The new model [default: telemetry.toml of the checkout].
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,
}

/// What becomes different.
#[derive(Debug, Serialize)]
struct Differences {
    ok: bool,
    /// What the table that is there refuses or loses.
    refused: Vec<String>,
    /// What is stored otherwise from then on, by kind.
    changes: Vec<Change>,
}

/// A change that a table takes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    /// Name of the kind, where the model has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    what: String,
}

impl Diff {
    pub(super) fn run(&self, report: &Report) -> Outcome {
        let file = self.model.clone().unwrap_or_else(of_project);
        let new = read_model(&file)?;
        let old = if Path::new(&self.from).is_file() {
            read_model(Path::new(&self.from))?
        } else {
            of_revision(&self.from, &file)?
        };
        let differences = Differences::of(&old, &new);
        report.print(&differences);
        Ok(if differences.ok { Exit::Done } else { Exit::VerificationFailed })
    }
}

/// The model as a revision of git has it.
fn of_revision(revision: &str, file: &Path) -> Result<Model, Failure> {
    let root = Project::locate().root().to_owned();
    let file = std::path::absolute(file).context("cannot find the folder that this runs in")?;
    let Ok(relative) = file.strip_prefix(&root) else {
        return Err(Failure::new(
            Exit::Configuration,
            format_args!(
                "{} is outside of the checkout: give `--from FILE`: {revision} has no such file",
                file.display()
            ),
        ));
    };
    let folder = relative.parent().unwrap_or(Path::new("")).to_owned();
    let show = |path: &Path| {
        let object = format!("{revision}:{}", path.display());
        let shown = Command::new("git").arg("-C").arg(&root).args(["show", &object]).output()?;
        if shown.status.success() {
            Ok(String::from_utf8_lossy(&shown.stdout).into_owned())
        } else {
            Err(std::io::Error::other(String::from_utf8_lossy(&shown.stderr).trim().to_owned()))
        }
    };
    let text = show(relative).map_err(|error| Failure {
        exit: Exit::Configuration,
        ..Failure::from(anyhow!(
            "{revision} is neither a file nor a revision that has {}: {error}",
            relative.display()
        ))
    })?;
    parse(&format!("{revision}:{}", relative.display()), &text, &|name| show(&folder.join(name)))
}

impl Differences {
    fn of(old: &Model, new: &Model) -> Self {
        let before = stacks::stored(old).into_iter().map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let (taken, refused): (Vec<_>, Vec<_>) =
            difference(&before.collect(), new).into_iter().partition(|one| one.in_place);
        let (tables, layouts): (Vec<_>, Vec<_>) =
            layout_difference(old, new).into_iter().partition(|one| one.is_another_table);
        let refused = tables
            .into_iter()
            .map(|one| one.said)
            .chain(refused.into_iter().map(|one| format!("`{}`: {}", one.name, one.said)))
            .collect::<Vec<_>>();
        let stored =
            taken.into_iter().map(|one| Change { kind: None, what: format!("`{}`: {}", one.name, one.said) });
        let layouts = layouts.into_iter().map(|one| Change { kind: one.kind, what: one.said });
        let mut changes: Vec<Change> = stored.chain(layouts).collect();
        let same =
            |kind: &EventKind, model: &Model| model.kinds.iter().find(|one| one.name == kind.name).cloned();
        for kind in &new.kinds {
            let mut add = |what: String| changes.push(Change { kind: kind.name.clone(), what });
            match same(kind, old) {
                Some(before) => of_kind(&before, kind, &mut add),
                None => add(format!("new: what comes in at `{}` is stored from then on", kind.topic)),
            }
        }
        for kind in old.kinds.iter().filter(|kind| same(kind, new).is_none()) {
            let what = format!(
                "gone: `{}` is read no more; what is stored of it stays until its retention ends",
                kind.topic
            );
            changes.push(Change { kind: kind.name.clone(), what });
        }
        Self { ok: refused.is_empty(), refused, changes }
    }
}

/// What becomes different of one kind.
fn of_kind(old: &EventKind, new: &EventKind, add: &mut dyn FnMut(String)) {
    if old.topic != new.topic {
        add(format!("reads `{}`, no longer `{}`", new.topic, old.topic));
    }
    if old.partition_key() != new.partition_key() {
        add("the partition key is another: events of one device on both sides of the change may overtake each other".to_owned());
    }
    if old.message != new.message || old.named != new.named {
        add("messages are taken apart in another way".to_owned());
    }
    if (&old.device.field, &old.device.topic_segments) != (&new.device.field, &new.device.topic_segments) {
        add("the device is read from another place: where it has another name then, its series begin anew"
            .to_owned());
    }
    if old.time != new.time {
        add("the time is read otherwise".to_owned());
    }
    for dimension in &new.dimensions {
        if old.dimensions.iter().any(|one| one.name == dimension.name && one != dimension) {
            add(format!("dimension `{}` is read from another place", dimension.name));
        }
    }
    for measure in &new.measures {
        if let Some(before) = old.measures.iter().find(|one| one.name == measure.name) {
            of_measure(before, measure, add);
        }
    }
    if old.undeclared != new.undeclared {
        add("what the model does not name is treated otherwise".to_owned());
    }
}

fn of_measure(old: &Measure, new: &Measure, add: &mut dyn FnMut(String)) {
    let name = &new.name;
    if old.field != new.field {
        add(format!("measure `{name}` is read from `{}`, no longer from `{}`", new.field, old.field));
    }
    if old.written != new.written {
        add(format!(
            "measure `{name}` is computed otherwise: values from then on may differ from earlier ones"
        ));
    }
    if old.unit != new.unit {
        let unit = |unit: &Option<String>| unit.clone().unwrap_or_else(|| "none".to_owned());
        add(format!(
            "measure `{name}` has the unit {}, no longer {}: nothing that is stored changes",
            unit(&new.unit),
            unit(&old.unit)
        ));
    }
    if old.normal != new.normal {
        add(format!("measure `{name}` has another normal range: alerts and alarms follow it"));
    }
}

impl Document for Differences {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        if !self.refused.is_empty() {
            writeln!(out, "{}", paint(STRONG, "A table that is there loses"))?;
            for refused in &self.refused {
                writeln!(out, "  {} {refused}", paint(BAD, '✗'))?;
            }
        }
        let mut kind = &None;
        for change in &self.changes {
            if let Some(name) = change.kind.as_ref().filter(|_| change.kind != *kind) {
                writeln!(out, "{}", paint(STRONG, name))?;
            }
            kind = &change.kind;
            writeln!(out, "  {} {}", paint(CAUTION, '~'), change.what)?;
        }
        if self.refused.is_empty() && self.changes.is_empty() {
            return writeln!(out, "{}", paint(GOOD, "nothing that is stored changes"));
        }
        if self.refused.is_empty() {
            return writeln!(out, "{}", paint(GOOD, "a table that is there takes all of it"));
        }
        writeln!(
            out,
            "{}",
            paint(FAINT, "`cargo xtask plan` says the same of an environment, and what to agree with")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::shown;

    const OLD: &str = r#"
topic = "dt/+/measures"
[device]
field = "id"
dimension = "device"
[record]
layout = "multi"
undeclared = "ignore"
[[dimension]]
name = "site"
field = "site"
[[measure]]
name = "temperature"
field = "t"
type = "double"
unit = "celsius"
[[measure]]
name = "running"
field = "r"
type = "boolean"
"#;

    fn model(text: &str) -> Model {
        stacks::model::parse("telemetry.toml", text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn a_file_outside_of_the_checkout_is_in_no_revision() {
        let file = std::env::temp_dir().join("mine.toml");
        let failure = of_revision("HEAD", &file).expect_err("no such file");
        assert_eq!(failure.exit, Exit::Configuration);
        let said = failure.error.to_string();
        assert!(said.ends_with("give `--from FILE`: HEAD has no such file"), "{said}");
    }

    #[test]
    fn a_change_is_told_by_what_it_does_to_what_is_stored() {
        let old = model(OLD);
        assert_eq!(Differences::of(&old, &old).changes, []);
        let taken = OLD
            .replace("field = \"t\"", "field = \"object.temperature\"\nscale = 0.1")
            .replace("dt/+/measures", "plant/+/measures")
            .replace("name = \"running\"", "name = \"is_running\"");
        let refused = OLD
            .replace("\"boolean\"", "\"varchar\"")
            .replace("dimension = \"device\"", "dimension = \"device_id\"")
            .replace(
                "[[dimension]]\nname = \"site\"\nfield = \"site\"",
                "[[measure]]\nname = \"site\"\nfield = \"site\"\ntype = \"varchar\"",
            );
        let pages = [OLD, &taken, &refused].map(|text| shown(&Differences::of(&old, &model(text))));
        insta::assert_snapshot!(pages.join("\n======\n"));
    }
}
