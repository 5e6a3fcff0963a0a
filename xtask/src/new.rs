//! What a function or a stack of one's own begins with: files from `templates/new`, and a line in each list that
//! names it.
//!
//! Everything is computed before anything is written, nothing is overwritten, and what cannot be written whole is
//! taken back.

mod list;
pub mod name;

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;
use tera::TeraResult;

use self::name::{Name, Taken};
use session::{Exit, Explain};

/// What invokes a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trigger {
    /// A topic rule, for each event that it selects.
    Rule,
    /// The stream, beside the consumer and the lake.
    Stream,
    /// A queue of its own.
    Queue,
    /// A schedule.
    Schedule,
}

/// What is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A function, and its stack.
    Function(Trigger),
    /// A stack alone.
    Stack,
}

/// A file that is new or has a line more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where it is in the checkout.
    pub path: String,
    /// The line that it has more. None: the file is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<String>,
    /// What is in it then.
    pub text: String,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The name cannot be used.
    #[error("`{name}` cannot be the name: {}", problems.join("; "))]
    Name {
        /// What was asked for.
        name: String,
        /// Everything that is wrong with it.
        problems: Vec<String>,
    },
    /// A list is not where it was.
    #[error("{file} has no {what}, where the new line would go: nothing was written")]
    Unfamiliar {
        /// The file.
        file: &'static str,
        /// What it lacks.
        what: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be used: what was written before it was taken back")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A template does not fit, which a test would have told.
    #[error("the templates of templates/new do not fit: nothing was written")]
    Template(#[from] tera::Error),
}

impl Explain for NewError {
    fn exit(&self) -> Exit {
        match self {
            Self::Name { .. } | Self::Unfamiliar { .. } => Exit::Configuration,
            Self::File { .. } | Self::Template(_) => Exit::Unexpected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Name { name, .. } => name::likely(name).map(|likely| format!("did you mean `{likely}`?")),
            Self::Unfamiliar { .. } => Some(
                "`git checkout` brings it back as it was shipped; docs/extend.md says what is added"
                    .to_owned(),
            ),
            Self::File { .. } | Self::Template(_) => None,
        }
    }
}

/// Templates that only one kind of function has: of the library, its test, its event and its stack.
struct Kind {
    library: &'static str,
    test: &'static str,
    event: &'static str,
    stack: &'static str,
}

macro_rules! kind {
    ($folder:literal) => {
        Kind {
            library: include_str!(concat!("../../templates/new/", $folder, "/lib.rs")),
            test: include_str!(concat!("../../templates/new/", $folder, "/test.rs")),
            event: include_str!(concat!("../../templates/new/", $folder, "/event.json")),
            stack: include_str!(concat!("../../templates/new/", $folder, "/stack.rs")),
        }
    };
}

const RULE: Kind = kind!("rule");
const STREAM: Kind = kind!("stream");
const QUEUE: Kind = kind!("queue");
const SCHEDULE: Kind = kind!("schedule");

const MANIFEST: &str = include_str!("../../templates/new/Cargo.toml");
const PROGRAM: &str = include_str!("../../templates/new/main.rs");
const STACK: &str = include_str!("../../templates/new/stack.rs");

impl Trigger {
    fn kind(self) -> Kind {
        match self {
            Self::Rule => RULE,
            Self::Stream => STREAM,
            Self::Queue => QUEUE,
            Self::Schedule => SCHEDULE,
        }
    }

    /// As the command line has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Stream => "stream",
            Self::Queue => "queue",
            Self::Schedule => "schedule",
        }
    }
}

impl What {
    /// What the catalog says of it at first.
    fn summary(self) -> &'static str {
        match self {
            Self::Function(Trigger::Rule) => "a function behind a topic rule",
            Self::Function(Trigger::Stream) => "a function that reads the stream",
            Self::Function(Trigger::Queue) => "a function behind a queue",
            Self::Function(Trigger::Schedule) => "a function on a schedule",
            Self::Stack => "a queue",
        }
    }

    /// What the function says of itself at first.
    fn description(self) -> &'static str {
        match self {
            Self::Function(Trigger::Rule) => "Answers events of devices",
            Self::Function(Trigger::Stream) => "Reads the events of the stream",
            Self::Function(Trigger::Queue) => "Works off a queue",
            Self::Function(Trigger::Schedule) => "Runs on a schedule",
            Self::Stack => "A queue",
        }
    }

    /// The stacks whose outputs its own takes.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Function(Trigger::Rule) => &["artifacts", "ingest"],
            Self::Function(Trigger::Stream) => &["artifacts", "ingest", "store"],
            Self::Function(Trigger::Queue | Trigger::Schedule) => &["artifacts"],
            Self::Stack => &[],
        }
    }
}

/// Computes what is to be written for something of this name in the checkout at `root`.
pub fn plan(root: &Path, name: &str, what: What) -> Result<Vec<Change>, NewError> {
    let read = |file: &str| {
        let path = root.join(file);
        std::fs::read_to_string(&path).map_err(|source| NewError::File { path, source })
    };
    let lock = read("Cargo.lock")?;
    let name = Name::read(name, what, &Taken { root, lock: &lock })
        .map_err(|problems| NewError::Name { name: name.to_owned(), problems })?;
    let (kebab, module) = (name.kebab(), name.snake());

    let mut changes = files(&name, what)?;
    let mut extend = |file: &str, added: String, text: String| {
        changes.push(Change { path: file.to_owned(), added: Some(added), text });
    };
    let modules = list::with_module(&read(list::MODULES)?, &module)?;
    extend(list::MODULES, format!("mod {module};"), modules);
    let (catalog, row) = list::with_stack(&read(list::CATALOG)?, kebab, &module, what)?;
    extend(list::CATALOG, row, catalog);
    if matches!(what, What::Function(_)) {
        let (workspace, line) = list::with_strip(&read(list::WORKSPACE)?, kebab)?;
        extend(list::WORKSPACE, line, workspace);
    }
    Ok(changes)
}

/// The files that are new.
fn files(name: &Name, what: What) -> TeraResult<Vec<Change>> {
    let (kebab, module) = (name.kebab(), name.snake());
    let folder = format!("lambdas/{kebab}");
    let stack = format!("stacks/src/{module}.rs");
    let templates = match what {
        What::Stack => vec![(stack, STACK)],
        What::Function(trigger) => {
            let kind = trigger.kind();
            vec![
                (format!("{folder}/Cargo.toml"), MANIFEST),
                (format!("{folder}/src/lib.rs"), kind.library),
                (format!("{folder}/src/main.rs"), PROGRAM),
                (format!("{folder}/tests/{module}.rs"), kind.test),
                (format!("{folder}/tests/events/{}.json", trigger.as_str()), kind.event),
                (stack, kind.stack),
            ]
        }
    };
    let mut tera = stacks::templates::tera()?;
    tera.add_raw_templates(templates.iter().map(|(path, text)| (path.as_str(), *text)))?;
    let mut context = tera::Context::new();
    context.insert("name", kebab);
    context.insert("module", &module);
    context.insert("base64", &matches!(what, What::Function(Trigger::Stream)));
    context.insert("description", what.description());
    let render = |path: String| {
        let text = tera.render(&path, &context)?;
        Ok(Change { path, added: None, text })
    };
    templates.into_iter().map(|(path, _)| render(path)).collect()
}

/// Writes changes to the checkout at `root`: all of them, or none.
pub fn write(root: &Path, changes: &[Change]) -> Result<(), NewError> {
    let mut undo: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
    for Change { path, added, text } in changes {
        let path = root.join(path);
        let before = match (std::fs::read(&path), added) {
            (Ok(before), Some(_)) => Ok(Some(before)),
            (Ok(_), None) => Err(io::ErrorKind::AlreadyExists.into()),
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            (Err(error), _) => Err(error),
        };
        let written = before.and_then(|before| {
            undo.push((path.clone(), before));
            std::fs::create_dir_all(path.parent().unwrap_or(root))?;
            let mut open = std::fs::OpenOptions::new();
            open.write(true).truncate(added.is_some()).create_new(added.is_none());
            io::Write::write_all(&mut open.open(&path)?, text.as_bytes())
        });
        if let Err(source) = written {
            take_back(root, undo);
            return Err(NewError::File { path, source });
        }
    }
    Ok(())
}

/// Puts files back as they were, the last first, and removes folders that are empty then. What fails is left: the
/// error that is told is the first one.
fn take_back(root: &Path, undo: Vec<(PathBuf, Option<Vec<u8>>)>) {
    for (path, before) in undo.into_iter().rev() {
        let _ = match before {
            Some(bytes) => std::fs::write(&path, bytes),
            None => std::fs::remove_file(&path),
        };
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests;
