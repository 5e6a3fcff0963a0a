//! A queue as every stack has it: encrypted, TLS only, for messages as large as the consumers write, kept as long
//! as SQS keeps anything.

use serde_json::json;
use telemetry::QUARANTINE_MESSAGE_BYTES;

use crate::cfn::{Auditor, LogicalId, Resource, Template, tls_only};

/// Longest time that SQS keeps a message, in seconds: 14 days.
const RETENTION_SECONDS: u32 = 1_209_600;

/// A queue, to be given further properties and then to [`add`].
pub(crate) fn queue() -> Resource {
    Resource::new(
        "AWS::SQS::Queue",
        json!({
            "MessageRetentionPeriod": RETENTION_SECONDS,
            "MaximumMessageSize": QUARANTINE_MESSAGE_BYTES,
            "SqsManagedSseEnabled": true,
        }),
    )
    .skip(
        Auditor::Checkov,
        "CKV_AWS_27",
        "SqsManagedSseEnabled encrypts it with a key that SQS keeps. With one of KMS each sender needs the \
         key too, and one that lacks it loses the message that nothing else could take",
    )
}

/// Adds a queue and the policy by which it refuses plain HTTP, and returns the queue's id.
pub(crate) fn add(template: &mut Template, id: LogicalId, queue: Resource) -> LogicalId {
    let queue = template.add(id, queue);
    let policy = Resource::new(
        "AWS::SQS::QueuePolicy",
        json!({"Queues": [queue.reference()], "PolicyDocument": tls_only("sqs", &[queue.arn()])}),
    );
    template.add(queue.with("Policy"), policy);
    queue
}
