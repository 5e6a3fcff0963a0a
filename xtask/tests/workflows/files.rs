//! Workflows and actions as data. A key that is not listed here is an error: nothing is overlooked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A file of `.github/workflows`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "a name is for people")]
pub struct Workflow {
    pub name: String,
    pub on: BTreeMap<String, Value>,
    pub permissions: BTreeMap<String, String>,
    pub concurrency: Concurrency,
    pub defaults: Defaults,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub jobs: BTreeMap<String, Job>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    pub run: Shell,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shell {
    pub shell: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Concurrency {
    pub group: String,
    pub cancel_in_progress: Value,
    pub queue: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "a name is for people")]
pub struct Job {
    pub name: String,
    #[serde(rename = "if")]
    pub condition: Option<String>,
    #[serde(default)]
    pub needs: Needs,
    pub runs_on: String,
    pub timeout_minutes: Option<u32>,
    pub permissions: Option<BTreeMap<String, String>>,
    pub environment: Option<String>,
    pub concurrency: Option<Concurrency>,
    pub strategy: Option<Strategy>,
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub enum Needs {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Needs {
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::One(name) => vec![name],
            Self::Many(names) => names.iter().map(String::as_str).collect(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Strategy {
    #[serde(rename = "fail-fast")]
    pub fail_fast: bool,
    pub matrix: BTreeMap<String, Values>,
}

/// The values of a matrix, or the expression of which they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Values {
    Listed(Vec<String>),
    Of(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub id: Option<String>,
    #[serde(rename = "if")]
    pub condition: Option<String>,
    pub uses: Option<String>,
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    pub run: Option<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// An action of this repository.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a name is for people")]
pub struct Action {
    pub name: String,
    pub description: String,
    pub inputs: BTreeMap<String, Value>,
    pub runs: Composite,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    pub using: String,
    pub steps: Vec<Step>,
}

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Every workflow, by the name of its file.
pub fn workflows() -> BTreeMap<String, Workflow> {
    paths().into_iter().map(|path| (file_name(&path), read(&path))).collect()
}

/// The files of all workflows.
pub fn paths() -> Vec<PathBuf> {
    let folder = root().join(".github/workflows");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Reads an action of this repository, as a step names it.
pub fn action(uses: &str) -> Action {
    let folder = uses.strip_prefix("./").expect("an action of this repository");
    read(&root().join(folder).join("action.yml"))
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).expect("a file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
