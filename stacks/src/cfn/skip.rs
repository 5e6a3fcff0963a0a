//! Findings of auditors that a resource keeps on purpose.
//!
//! Each stands in the resource's metadata with its reason, in the form that checkov reads:
//! [suppressing checks](https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html).

use serde_json::{Value, json};

use super::Resource;

/// Who finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Auditor {
    /// Security of templates.
    Checkov,
    /// Policies of IAM.
    Parliament,
}

/// A finding that is not mended, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip<'a> {
    /// Who finds it.
    pub auditor: Auditor,
    /// The auditor's name for it.
    pub id: &'a str,
    /// Why it stays.
    pub comment: &'a str,
}

impl Auditor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Checkov, Self::Parliament];

    /// Its name, and its key in the metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Checkov => "checkov",
            Self::Parliament => "parliament",
        }
    }
}

impl Resource {
    /// Says of a finding why it is not mended. The reason is about this resource, and true.
    #[must_use]
    pub fn skip(self, auditor: Auditor, id: &str, because: &str) -> Self {
        let key = auditor.as_str();
        let skips = self.metadata().get(key).and_then(|entry| entry["skip"].as_array());
        let mut skips = skips.cloned().unwrap_or_default();
        skips.push(json!({"id": id, "comment": because}));
        self.metadata_entry(key, json!({"skip": skips}))
    }

    /// What of auditors' findings it keeps. What has no id or no reason is told with an empty one.
    pub fn skipped(&self) -> impl Iterator<Item = Skip<'_>> {
        Auditor::ALL.into_iter().flat_map(|auditor| {
            let skips = self.metadata().get(auditor.as_str()).and_then(|entry| entry["skip"].as_array());
            skips.into_iter().flatten().map(move |skip| {
                let text = |key: &str| skip.get(key).and_then(Value::as_str).unwrap_or_default();
                Skip { auditor, id: text("id"), comment: text("comment") }
            })
        })
    }
}
