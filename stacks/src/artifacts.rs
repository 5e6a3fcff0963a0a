//! `artifacts`: the bucket that holds the archives of the functions.
//!
//! First of all stacks. What lies in it can be built again, so it never outlives its environment.

use crate::Inputs;
use crate::buckets;
use crate::cfn::{LogicalId, Template};
use crate::environment::OnDelete;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let mut template = Template::new(format!("Sluice {}: archives of functions", inputs.environment.name));
    let bucket = buckets::add(&mut template, LogicalId::new("ArtifactBucket"), OnDelete::Delete, Vec::new());
    template.output("ArtifactBucket", "Bucket of the archives", bucket.reference());
    template
}
