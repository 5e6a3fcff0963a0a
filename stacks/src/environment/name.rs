//! The name of an environment: that of its file, and of one of several instances an id behind a hyphen.
//!
//! The name of a file has no hyphen. So `sluice-test-…` belongs to `test` or an instance of it, and never
//! to an environment whose name only begins alike.

use crate::config::{At, Document, Fault, Spot, Value};

/// What no environment may be called: its stacks would have the names of those of `bootstrap`, its buckets
/// those of the accounts' buckets for code.
const RESERVED: [&str; 2] = ["artifacts", "bootstrap"];

/// Longest name, in characters, with that of the instance. `CloudFormation` makes the names of buckets,
/// roles and functions from that of the stack and of the resource, and cuts them to the 63 or 64 characters
/// that the service takes: a short one leaves room to tell them apart.
pub(super) const MAX_NAME: usize = 16;

/// Longest id of an instance, in characters.
pub(super) const MAX_INSTANCE: usize = 8;

/// The instance that stands for all of them where nothing is deployed.
const SAMPLE: &str = "1";

/// Key of the file that says that the environment is deployed as instances.
pub(super) const INSTANCES: &str = "instances";

/// Why an environment cannot have a name, or not this one.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameFault {
    #[error("the environment's name is {name:?}, but it becomes part of physical names")]
    File { name: String },
    #[error(
        "the environment's name is `{name}`, which what `cargo xtask bootstrap` makes in an account has in its names"
    )]
    Reserved { name: String },
    #[error("the instance is {instance:?}, but it becomes part of physical names")]
    Instance { instance: String },
    #[error("the environment's name is {name:?}, which is longer than {MAX_NAME} characters")]
    Long { name: String },
    #[error("is true: environment `{file}` is deployed as instances, and this is none")]
    OnlyInstances { file: String },
    #[error("environment `{file}` has no instances, and `{instance}` would be one")]
    NoInstances { file: String, instance: String },
}

impl Fault for NameFault {
    fn help(&self) -> String {
        match self {
            Self::File { .. } => format!(
                "rename the file: a lower-case letter, then at most {} lower-case letters and digits",
                MAX_NAME - 1
            ),
            Self::Reserved { .. } => "rename the file".into(),
            Self::Instance { .. } => {
                format!(
                    "write 1 to {MAX_INSTANCE} lower-case letters and digits, such as the number of a pull request"
                )
            }
            Self::Long { .. } => "shorten the name of the file or of the instance".into(),
            Self::OnlyInstances { .. } => {
                "say which one with `--instance ID`, for instance `--instance 12`".into()
            }
            Self::NoInstances { .. } => {
                format!("leave `--instance` out, or write `{INSTANCES} = true` into the file")
            }
        }
    }
}

/// The name of the file and the id of the instance, if it is one.
pub fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('-').map_or((name, None), |(file, instance)| (file, Some(instance)))
}

/// The name of an instance of the environment of a file.
pub fn of_instance(file: &str, instance: &str) -> String {
    format!("{file}-{instance}")
}

/// A name by which the environment of a file can be looked at: its own, or that of an instance where it has
/// instances only. Of a text that is not TOML, its own.
pub fn sample(file: &str, text: &str, overrides: &[(String, String)]) -> String {
    let document = Document::parse(file, text, overrides);
    let instances = document.is_ok_and(|document| {
        document.root().get(INSTANCES).is_some_and(|entry| matches!(entry.node.value, Value::Flag(true)))
    });
    if instances { of_instance(file, SAMPLE) } else { file.to_owned() }
}

/// Notes what is wrong with a name.
pub(super) fn check(document: &Document<'_>, name: &str) {
    let spot = Spot { at: At::File, key: String::new() };
    let (file, instance) = split(name);
    let sound = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if file.len() > MAX_NAME || !file.starts_with(|c: char| c.is_ascii_lowercase()) || !sound(file) {
        document.add(&spot, NameFault::File { name: file.to_owned() });
    } else if RESERVED.contains(&file) {
        document.add(&spot, NameFault::Reserved { name: file.to_owned() });
    } else if let Some(instance) = instance {
        if instance.is_empty() || instance.len() > MAX_INSTANCE || !sound(instance) {
            document.add(&spot, NameFault::Instance { instance: instance.to_owned() });
        } else if name.len() > MAX_NAME {
            document.add(&spot, NameFault::Long { name: name.to_owned() });
        }
    }
}
