//! `artifacts`: the bucket that holds the archives of the functions and of the Flink job.
//!
//! First of all stacks. What lies in it can be built again, so it never outlives its environment.

use serde::Serialize;

use crate::Inputs;
use crate::buckets;
use crate::cfn::{LogicalId, Template};
use crate::environment::OnDelete;
use crate::functions::Function;

/// Code that a stack runs, in the bucket under a key made from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Artifact {
    /// The archive of a Lambda function.
    Function(Function),
    /// The JAR of the Flink job.
    FlinkJob,
}

impl Artifact {
    /// Its name, and the first part of its key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Function(function) => function.name,
            Self::FlinkJob => "flink-job",
        }
    }
}

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let mut template = Template::new(format!("Sluice {}: archives of functions", inputs.environment.name));
    let bucket = buckets::add(&mut template, LogicalId::new("ArtifactBucket"), OnDelete::Delete, Vec::new());
    template.output("ArtifactBucket", "Bucket of the archives", bucket.reference());
    template
}
