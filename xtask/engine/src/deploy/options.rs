//! What a command line said beside the environment, so that the command which leads on says it again. Pure.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Flags of `plan` and `deploy` that make a plan what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Keys of the environment's file that `--set` gave other values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<(String, String)>,
    /// Stacks that `--stack` named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stacks: Vec<String>,
    /// The day that `--expires` came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The folder of `--artifacts`, on this machine alone.
    #[serde(skip)]
    pub artifacts: Option<PathBuf>,
}

impl Options {
    /// What a command says that makes a plan, with a space before each flag.
    pub fn planning(&self) -> String {
        let mut said: String = self
            .overrides
            .iter()
            .map(|(key, value)| format!(" --set {}", quoted(&format!("{key}={value}"))))
            .chain(self.stacks.iter().map(|stack| format!(" --stack {}", quoted(stack))))
            .chain(self.expires.iter().map(|day| format!(" --expires {}", quoted(day))))
            .collect();
        said.push_str(&self.executing());
        said
    }

    /// What a command says that executes a saved plan: all else stands in its file.
    pub fn executing(&self) -> String {
        let artifacts = self.artifacts.as_ref();
        artifacts
            .map_or_else(String::new, |folder| format!(" --artifacts {}", quoted(&folder.to_string_lossy())))
    }
}

/// What selects an environment on the command line, with a space before it: nothing for `local`, and for an
/// instance its environment and its id.
pub fn selection(environment: &str) -> String {
    match environment.split_once('-') {
        _ if environment == "local" => String::new(),
        Some((file, instance)) => format!(" --env {file} --instance {instance}"),
        None => format!(" --env {environment}"),
    }
}

/// A word of a command line, as a POSIX shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./=:,+@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_again_what_was_said() {
        let options = Options {
            overrides: vec![
                ("topic_prefix".to_owned(), "one".to_owned()),
                ("grafana.access".to_owned(), "[\"192.0.2.0/24\"] it's".to_owned()),
            ],
            stacks: vec!["ingest".to_owned(), "store".to_owned()],
            expires: Some("2026-11-30".to_owned()),
            artifacts: Some("my build".into()),
        };
        assert_eq!(
            options.planning(),
            r#" --set topic_prefix=one --set 'grafana.access=["192.0.2.0/24"] it'\''s' --stack ingest --stack store --expires 2026-11-30 --artifacts 'my build'"#
        );
        assert_eq!(options.executing(), " --artifacts 'my build'");
        assert_eq!((Options::default().planning(), quoted("")), (String::new(), "''".to_owned()));
    }
}
