//! The checkout: where things are, and its configuration, read and validated.

use std::path::{Path, PathBuf};

use stacks::config::{Problems, likely};
use stacks::environment::{Environment, name};
use telemetry::Model;

use crate::{Annotation, Exit, Explain, Failure};

/// Paths of the checkout.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    configuration: PathBuf,
    target: PathBuf,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The environment has no file.
    #[error("there is no environment `{name}`: environments/{name}.toml does not exist")]
    UnknownEnvironment {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Files are wrong; every problem of each is listed.
    #[error("{}", listed(.0))]
    Problems(Vec<Problems>),
}

fn listed(files: &[Problems]) -> String {
    let texts: Vec<String> = files.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

impl Explain for ConfigurationError {
    fn exit(&self) -> Exit {
        match self {
            Self::UnknownEnvironment { .. } => Exit::NoEnvironment,
            Self::Read { .. } | Self::Problems(_) => Exit::Configuration,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownEnvironment { name, known } => {
                Some(match likely(name, known.iter().map(String::as_str)) {
                    Some(likely) => format!("did you mean `--env {likely}`?"),
                    None => format!("there are: {}", known.join(", ")),
                })
            }
            Self::Read { .. } | Self::Problems(_) => None,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Problems(files) => {
                serde_json::to_value(files.iter().flat_map(|file| &file.problems).collect::<Vec<_>>()).ok()
            }
            Self::UnknownEnvironment { .. } | Self::Read { .. } => None,
        }
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Problems(files) => {
                files.iter().flat_map(|file| &file.problems).map(Annotation::of_problem).collect()
            }
            Self::UnknownEnvironment { .. } | Self::Read { .. } => Vec::new(),
        }
    }
}

impl Project {
    /// The checkout for which cargo runs this program, else the one around its source. Its `telemetry.toml` and
    /// `environments/` are those of the folder that the variable `SLUICE_CONFIGURATION` names, if it names one.
    pub fn locate() -> Self {
        let around = |package: &Path| {
            package.ancestors().find(|folder| folder.join("xtask/session").is_dir()).map(Path::to_path_buf)
        };
        let run = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = run.as_deref().and_then(around);
        let root =
            root.or_else(|| around(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap_or_else(|| ".".into());
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        let configuration =
            std::env::var_os("SLUICE_CONFIGURATION").map_or_else(|| root.clone(), |folder| root.join(folder));
        Self { root, configuration, target }
    }

    /// The workspace's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of `telemetry.toml` and `environments/`.
    pub fn configuration(&self) -> &Path {
        &self.configuration
    }

    /// Cargo's target folder, where everything that Sluice makes for itself lives too.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The folder that keeps what was packed for functions and the Flink job.
    pub fn archives(&self) -> PathBuf {
        self.target.join("sluice").join("archives")
    }

    /// Names of the environments that have a file, sorted.
    pub fn environments(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.configuration.join("environments"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    /// Reads the environment of this name for whoever only looks at it: where it has instances and none is
    /// named, one stands for all.
    pub fn load_sample(
        &self,
        name: &str,
        overrides: &[(String, String)],
    ) -> Result<(Model, Environment), Failure> {
        let (file, instance) = name::split(name);
        if instance.is_some() || !self.environments().iter().any(|known| known == file) {
            return self.load_named(name, overrides);
        }
        let text = self.read(&format!("environments/{file}.toml"))?;
        self.load_named(&name::sample(file, &text, overrides), overrides)
    }

    /// Reads the environment of this name, with keys of it overridden, and the model in it. That of an
    /// instance ends with its id, as in `preview-12`. Both files' problems are reported together.
    pub fn load_named(
        &self,
        name: &str,
        overrides: &[(String, String)],
    ) -> Result<(Model, Environment), Failure> {
        let known = self.environments();
        let (file, _) = name::split(name);
        if !known.iter().any(|one| one == file) {
            return Err(ConfigurationError::UnknownEnvironment { name: file.to_owned(), known }.into());
        }
        let environment_file = format!("environments/{file}.toml");
        let environment_text = self.read(&environment_file)?;
        let model_text = self.read("telemetry.toml")?;
        let model = stacks::model::parse_with("telemetry.toml", &model_text, &|file| {
            std::fs::read_to_string(self.configuration.join(file))
        });
        let environment = stacks::environment::parse(name, &environment_file, &environment_text, overrides);
        match (model, environment) {
            (Ok(model), Ok(environment)) => match environment.place(&environment_file, model) {
                Ok(model) => Ok((model, environment)),
                Err(problems) => Err(ConfigurationError::Problems(vec![problems]).into()),
            },
            (model, environment) => {
                let problems = [model.err(), environment.err()].into_iter().flatten().collect();
                Err(ConfigurationError::Problems(problems).into())
            }
        }
    }

    fn read(&self, file: &str) -> Result<String, ConfigurationError> {
        std::fs::read_to_string(self.configuration.join(file))
            .map_err(|source| ConfigurationError::Read { path: file.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(prefix: &str) -> Result<String, Failure> {
        let overrides = [("topic_prefix".to_owned(), prefix.to_owned())];
        Project::locate().load_named("dev", &overrides).map(|(model, _)| model.first().topic.clone())
    }

    #[test]
    fn the_model_is_that_of_the_environment() {
        let topic = loaded("site/test").unwrap_or_else(|failure| panic!("{:#}", failure.error));
        assert!(topic.starts_with("site/test/"), "{topic}");
        // Sound by itself, and with a model of three levels too deep.
        let failure = loaded("a/b/c/d/e/f/g").expect_err("too deep");
        assert_eq!(failure.exit, Exit::Configuration);
        assert!(
            failure.error.to_string().contains("environments/dev.toml: `topic_prefix`"),
            "{:#}",
            failure.error
        );
    }
}
