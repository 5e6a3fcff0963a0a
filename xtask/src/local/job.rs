//! What the Flink job of the local target is made from. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::artifacts::digest::hex;

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
