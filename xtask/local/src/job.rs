//! What the Flink job of the local target is made from, and why it may not run. Pure.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use artifacts::digest::hex;
use artifacts::toolchain::jdk::NoJdk;
use session::{Exit, Explain};

/// What the job is made from: the application, as it is described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Name and time of creation of the application.
    pub application: String,
    /// Bucket of its code.
    pub bucket: String,
    /// Key of its code.
    pub key: String,
    /// Its properties, by group.
    pub properties: BTreeMap<String, BTreeMap<String, String>>,
}

impl Job {
    /// Says whether it is made from the same. The application is not what it is made from.
    pub fn hash(&self) -> String {
        // Maps with text keys always become JSON.
        let text = serde_json::to_vec(&(&self.bucket, &self.key, &self.properties)).unwrap_or_default();
        hex(&Sha256::digest(text))
    }

    /// The properties in the form of the service's `application_properties.json`.
    pub fn properties_file(&self) -> Vec<u8> {
        let group = |(id, map): (&String, &BTreeMap<String, String>)| serde_json::json!({"PropertyGroupId": id, "PropertyMap": map});
        let groups: Vec<_> = self.properties.iter().map(group).collect();
        serde_json::to_vec_pretty(&groups).unwrap_or_default()
    }
}

/// Why the job does not run.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is nothing to run it with.
    #[error(transparent)]
    Jdk(#[from] NoJdk),
    /// Its folder cannot be used.
    #[error("cannot keep the Flink job's state in {}", folder.display())]
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Its code is not where the application says.
    #[error("the Flink job's code cannot be read from {key} in bucket {bucket}: {cause}")]
    Code {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// What the SDK said.
        cause: String,
    },
    /// It does not come up.
    #[error("{}; the end of {}:\n{}", state(*.ended, .status.as_deref(), .cause.as_deref()), log.display(), tail.join("\n"))]
    NotRunning {
        /// Whether its process is gone.
        ended: bool,
        /// What it said last of itself, if anything.
        status: Option<String>,
        /// Why it failed, where it said so.
        cause: Option<String>,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: Vec<String>,
    },
}

impl Explain for JobError {
    fn exit(&self) -> Exit {
        match self {
            Self::Jdk(error) => error.exit(),
            Self::Folder { .. } | Self::Code { .. } => Exit::Unexpected,
            Self::NotRunning { .. } => Exit::StackFailed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Jdk(error) => error.hint(),
            Self::Folder { .. } => Some("`--local-dir` names another folder".to_owned()),
            Self::Code { .. } => None,
            Self::NotRunning { .. } => Some(
                "`cargo xtask logs consumer` says more; mend what it names and deploy again: a new process goes \
                 on from the last checkpoint"
                    .to_owned(),
            ),
        }
    }
}

fn state(ended: bool, status: Option<&str>, cause: Option<&str>) -> String {
    let what = match (ended, status) {
        (true, _) => "ended before it ran".to_owned(),
        (false, Some(status)) => format!("does not run: it is {status}"),
        (false, None) => "does not run: it has said nothing of itself yet".to_owned(),
    };
    let cause = cause.map(|cause| format!(", as {cause}")).unwrap_or_default();
    format!("the Flink job {what}{cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        let pipeline = BTreeMap::from([("Table".to_owned(), "telemetry".to_owned())]);
        Job {
            application: "a@1".to_owned(),
            bucket: "artifacts".to_owned(),
            key: "flink-job/abc.jar".to_owned(),
            properties: BTreeMap::from([("pipeline".to_owned(), pipeline)]),
        }
    }

    #[test]
    fn what_a_job_is_made_from_decides_whether_it_is_another() {
        let first = job();
        let mut renamed = job();
        renamed.application = "b@2".to_owned();
        assert_eq!(renamed.hash(), first.hash());
        let mut code = job();
        code.key = "flink-job/def.jar".to_owned();
        let mut properties = job();
        properties.properties.insert("model".to_owned(), BTreeMap::new());
        for other in [code, properties] {
            assert_ne!(other.hash(), first.hash());
        }
    }

    #[test]
    fn properties_have_the_form_of_the_service() {
        let file: serde_json::Value = serde_json::from_slice(&job().properties_file()).expect("JSON");
        let expected = serde_json::json!([
            {"PropertyGroupId": "pipeline", "PropertyMap": {"Table": "telemetry"}}
        ]);
        assert_eq!(file, expected);
    }
}
