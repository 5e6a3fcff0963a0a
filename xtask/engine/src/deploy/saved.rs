//! A plan in a file: looked at by one, agreed to by another, executed on a third machine.
//!
//! The file holds everything that is executed, and what was there when it was made. It holds no secret and no
//! path of a machine. Whoever executes it builds nothing and asks the checkout nothing but where to deploy.
//!
//! Its SHA-256 finds damage and edits. It is no signature: whoever can write the file can write another hash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stacks::environment::Environment;

use super::options::{Options, selection};
use super::plan::{Current, Plan, StackPlan};
use artifacts::Archive;
use artifacts::digest::hex;
use session::{Exit, Explain, whole};

/// Counts up when the file changes in a way that an older program would misread.
pub const FORMAT: u64 = 1;

/// A plan as it stands in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// [`FORMAT`].
    pub format: u64,
    /// Version of the program that made it.
    pub program: String,
    /// When, as RFC 3339 has it, to the second.
    pub made: String,
    /// What of the checkout was committed, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// Name of the environment.
    pub environment: String,
    /// AWS Region.
    pub region: String,
    /// AWS account.
    pub account: String,
    /// What the command said that made it.
    pub options: Options,
    /// The bucket that the environment shares with others, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// SHA-256 of the file, compact, with this field empty.
    pub sha256: String,
    /// Stacks, each after those that it needs.
    pub stacks: Vec<SavedStack>,
}

/// A commit of the checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// Whether there were changes that it does not have.
    pub dirty: bool,
}

/// What is to be done with a stack, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedStack {
    /// What is to be done, without the archives.
    #[serde(flatten)]
    pub plan: StackPlan,
    /// Archives that must be in their bucket first.
    pub archives: Vec<SavedArchive>,
    /// The stack as it was. `None`: it was not there.
    pub seen: Option<Seen>,
}

/// An archive, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedArchive {
    /// Key in the bucket for archives.
    pub key: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// What a plan saw of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// ARN.
    pub stack_id: String,
    /// Status, as CloudFormation spells it.
    pub status: String,
    /// SHA-256 of the template that it was last deployed with.
    pub template_sha256: String,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was last changed, as RFC 3339 has it.
    pub updated: Option<String>,
}

/// Why a file is not executed as a plan.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It cannot be read.
    #[error("cannot read plan {path}")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write plan {path}")]
    Write {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{path} is not a saved plan: {cause}")]
    NotAPlan {
        /// The file.
        path: String,
        /// What it lacks.
        cause: String,
    },
    /// Another version of the program made it.
    #[error("plan {path} has format {format}, made by version {program}; this program reads format {FORMAT}")]
    OtherFormat {
        /// The file.
        path: String,
        /// Its format.
        format: u64,
        /// The version that made it.
        program: String,
    },
    /// It was damaged or edited.
    #[error("plan {path} was changed after it was made: it does not match its SHA-256")]
    Altered {
        /// The file.
        path: String,
    },
    /// It is for somewhere else.
    #[error("this plan is for {what} {planned}, not for {here}")]
    Elsewhere {
        /// `environment`, `account`, `Region` or `bucket`.
        what: &'static str,
        /// Of the plan.
        planned: String,
        /// Of the environment that was asked for, or its file.
        here: String,
    },
}

impl Explain for SavedPlanError {
    fn exit(&self) -> Exit {
        match self {
            Self::Write { .. } => Exit::Unexpected,
            _ => Exit::Configuration,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } | Self::NotAPlan { .. } => {
                Some("`cargo xtask plan --out FILE` makes one".to_owned())
            }
            Self::OtherFormat { .. } | Self::Altered { .. } => {
                Some("make a new plan with this program: `cargo xtask plan --out FILE`".to_owned())
            }
            Self::Elsewhere { what: "environment", planned, .. } => {
                let or = match selection(planned) {
                    nothing if nothing.is_empty() => nothing,
                    selected => format!(", or write `{}`", selected.trim()),
                };
                Some(format!("leave `--env` out{or}"))
            }
            Self::Elsewhere { .. } => {
                Some("the environment's file has changed since the plan was made: make a new plan".to_owned())
            }
            Self::Write { .. } => None,
        }
    }
}

impl SavedPlan {
    /// A plan with what was seen when it was made.
    pub fn new(
        plan: Plan,
        seen: &BTreeMap<String, Current>,
        options: &Options,
        commit: Option<Commit>,
        bucket: Option<String>,
    ) -> Self {
        let made = jiff::Timestamp::now();
        let made = made.round(jiff::Unit::Second).unwrap_or(made);
        let stacks = plan.stacks.into_iter().map(|stack| {
            let seen = seen.get(&stack.name).map(Seen::of);
            SavedStack::new(stack, seen)
        });
        let mut saved = Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made: made.to_string(),
            commit,
            environment: plan.environment,
            region: plan.region,
            account: plan.account,
            options: options.clone(),
            bucket,
            sha256: String::new(),
            stacks: stacks.collect(),
        };
        // By way of the text, as it is read. The type has string keys, so the default is never taken.
        let text = serde_json::to_string(&saved).unwrap_or_default();
        saved.sha256 = checksum(serde_json::from_str(&text).unwrap_or_default());
        saved
    }

    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), SavedPlanError> {
        let written = || {
            let json = serde_json::to_string_pretty(self)?;
            whole::write(path, format!("{json}\n").as_bytes())
        };
        written().map_err(|source| SavedPlanError::Write { path: path.display().to_string(), source })
    }

    /// Reads a file that [`Self::write`] made.
    pub fn read(path: &Path) -> Result<Self, SavedPlanError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| SavedPlanError::Read { path: shown.clone(), source })?;
        Self::parse(&text, shown)
    }

    fn parse(text: &str, path: String) -> Result<Self, SavedPlanError> {
        let no_plan = |cause: String| SavedPlanError::NotAPlan { path: path.clone(), cause };
        let value: Value = serde_json::from_str(text).map_err(|error| no_plan(error.to_string()))?;
        let format = value["format"].as_u64().ok_or_else(|| no_plan("it names no format".to_owned()))?;
        if format != FORMAT {
            let program = value["program"].as_str().unwrap_or("unknown").to_owned();
            return Err(SavedPlanError::OtherFormat { path, format, program });
        }
        let saved: Self =
            serde_json::from_value(value.clone()).map_err(|error| no_plan(error.to_string()))?;
        if checksum(value) == saved.sha256 { Ok(saved) } else { Err(SavedPlanError::Altered { path }) }
    }

    /// Makes sure that the plan is for this environment.
    pub fn fits(&self, environment: &Environment) -> Result<(), SavedPlanError> {
        let bucket = |bucket: Option<String>| bucket.unwrap_or_else(|| "one of its own".to_owned());
        let (planned_bucket, shared_bucket) =
            (bucket(self.bucket.clone()), bucket(environment.shared_bucket()));
        for (what, planned, here) in [
            ("environment", &self.environment, &environment.name),
            ("account", &self.account, &environment.account),
            ("Region", &self.region, &environment.region),
            ("bucket", &planned_bucket, &shared_bucket),
        ] {
            if planned != here {
                let (planned, here) = (planned.clone(), here.clone());
                return Err(SavedPlanError::Elsewhere { what, planned, here });
            }
        }
        Ok(())
    }

    /// The plan as it is executed. `files` says where an archive is on this machine, by its key.
    pub fn plan(&self, files: &BTreeMap<String, PathBuf>) -> Plan {
        let stack = |stack: &SavedStack| {
            let archives = stack.archives.iter().map(|archive| Archive {
                key: archive.key.clone(),
                path: files.get(&archive.key).cloned().unwrap_or_default(),
                bytes: archive.bytes,
            });
            StackPlan { archives: archives.collect(), ..stack.plan.clone() }
        };
        Plan {
            environment: self.environment.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            stacks: self.stacks.iter().map(stack).collect(),
        }
    }
}

impl SavedStack {
    fn new(mut plan: StackPlan, seen: Option<Seen>) -> Self {
        let archive = |archive: Archive| SavedArchive {
            sha256: archive_sha256(&archive.key).to_owned(),
            key: archive.key,
            bytes: archive.bytes,
        };
        let archives = std::mem::take(&mut plan.archives).into_iter().map(archive).collect();
        Self { plan, archives, seen }
    }
}

impl Seen {
    /// What a plan remembers of a stack.
    pub fn of(current: &Current) -> Self {
        Self {
            stack_id: current.stack_id.clone(),
            status: current.status.clone(),
            template_sha256: sha256(&current.template),
            parameters: current.parameters.clone(),
            outputs: current.outputs.clone(),
            tags: current.tags.clone(),
            updated: current.updated.clone(),
        }
    }
}

/// The hash of a file, whatever its white space.
fn checksum(mut file: Value) -> String {
    if let Some(sha256) = file.get_mut("sha256") {
        *sha256 = Value::String(String::new());
    }
    sha256(&file.to_string())
}

/// The hash in the key of an archive, `<name>/<SHA-256>.<extension>`.
fn archive_sha256(key: &str) -> &str {
    let file = key.rsplit('/').next().unwrap_or(key);
    file.split('.').next().unwrap_or(file)
}

/// The commit of a checkout, where Git knows it.
pub fn commit(checkout: &Path) -> Option<Commit> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(checkout).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let id = git(&["rev-parse", "HEAD"])?;
    let dirty = git(&["status", "--porcelain"]).is_none_or(|changes| !changes.is_empty());
    Some(Commit { id, dirty })
}

/// SHA-256 of a text, in base 16.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests;
