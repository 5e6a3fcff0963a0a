//! `<< name >>`: a queue, as an example of a resource. Put what the stack is for in its place.
//!
//! What a type needs beside its properties, `cargo xtask check` says: encryption, a word on what becomes of data,
//! no `*` without a reason. `stacks/src/ingest.rs` is a stack with roles, `stacks/src/lake.rs` one with a bucket.

use crate::Inputs;
use crate::cfn::{LogicalId, Template};
use crate::queues;

/// The example. A resource of any other type is `Resource::new("AWS::…", json!({…}))`, with the properties that its
/// page in CloudFormation's reference lists.
const QUEUE: LogicalId = LogicalId::new("Queue");

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: << name >>", environment.name));

    // It gets its name from CloudFormation, its tags from the catalog, and goes or stays as the environment says.
    let queue = queues::add(&mut template, QUEUE, queues::queue());

    // `cargo xtask outputs` shows it, and another stack takes it by
    // `template.input("<< name >>", "QueueUrl")`.
    template.output("QueueUrl", "Queue of the example", queue.reference());
    template
}
