//! `artifacts`: the bucket that holds the archives of the functions and of the Flink job.
//!
//! First of all stacks. What lies in it can be built again, so it never outlives its environment. An
//! environment whose account is bootstrapped has no such stack: it uses the account's bucket.

use crate::Inputs;
use crate::buckets;
use crate::cfn::{LogicalId, ParameterSource, Template};
use crate::environment::Environment;

/// The output that names the bucket, and the parameter that carries it to other stacks.
const BUCKET_OUTPUT: &str = "ArtifactBucket";
const BUCKET: LogicalId = LogicalId::new(BUCKET_OUTPUT);

/// Adds the parameter that carries the bucket's name, and returns its id.
pub(crate) fn bucket(template: &mut Template, environment: &Environment) -> LogicalId {
    match environment.shared_bucket() {
        Some(bucket) => template.parameter(BUCKET, ParameterSource::AccountBucket(bucket)),
        None => template.input("artifacts", BUCKET_OUTPUT),
    }
}

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let mut template =
        Template::new(format!("Sluice {}: archives of functions", inputs.environment.name)).made_again();
    let bucket = buckets::add(&mut template, BUCKET, Vec::new());
    template.output(BUCKET_OUTPUT, "Bucket of the archives", bucket.reference());
    template
}
