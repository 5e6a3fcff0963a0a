//! `consumer`: what moves events from the stream to the store.
//!
//! The environment chooses the kind. Both read the same stream from its oldest record on, write the
//! same records with the same versions, and send what cannot be stored to the same quarantine, so that
//! one can take the place of the other.

mod flink;
mod lambda;
mod network;

use telemetry::Model;

use crate::Inputs;
use crate::cfn::{Arn, LogicalId, Statement, Template};
use crate::device::digest;
use crate::environment::{Consumer, Environment};
use crate::store::{QUARANTINE_PREFIX, REPORT_PREFIX, Use, Way};

pub use lambda::{GIVEN_UP_PREFIX, KINESIS_CONSUMER};

pub(crate) use flink::{MAX_MODEL_CHUNKS, model_chunks};

/// The output that says which model a consumer has.
pub const MODEL_DIGEST: &str = "ModelDigest";

/// Hexadecimal digits of a model's digest.
const DIGEST_DIGITS: usize = 16;

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let mut template =
        Template::new(format!("Sluice {}: from the stream to the store", inputs.environment.name));
    let ends = Ends::of(&mut template, inputs.environment);
    match &inputs.environment.consumer {
        Consumer::Lambda(consumer) => lambda::add(&mut template, inputs, consumer, &ends),
        Consumer::Flink(consumer) => flink::add(&mut template, inputs, consumer, &ends),
    }
    template.output(
        MODEL_DIGEST,
        "What the consumer's model is known by",
        model_digest(inputs.model).as_str(),
    );
    template
}

/// What a model is known by: another one has another digest.
pub fn model_digest(model: &Model) -> String {
    // A model is plain data, which JSON can always hold.
    digest(&serde_json::to_string(model).unwrap_or_default(), DIGEST_DIGITS)
}

/// Where a consumer reads and writes, as parameters of its stack.
struct Ends {
    stream: LogicalId,
    quarantine_url: LogicalId,
    quarantine: Arn,
    store: Way,
    rejected_bucket: LogicalId,
    rejected: Arn,
}

impl Ends {
    fn of(template: &mut Template, environment: &Environment) -> Self {
        Self {
            stream: template.input("ingest", "StreamArn"),
            quarantine_url: template.input("ingest", "QuarantineUrl"),
            quarantine: Arn::parameter(&template.input("ingest", "QuarantineArn")),
            store: Way::of(template, environment, Use::Writes),
            rejected_bucket: template.input("store", "RejectedBucket"),
            rejected: Arn::parameter(&template.input("store", "RejectedBucketArn")),
        }
    }

    /// What the reader of the stream is called, after its kind. One that writes to another store is another reader, which
    /// begins with the oldest record: so that the new store has what the stream has.
    fn reader(&self, kind: LogicalId) -> LogicalId {
        if self.store.is_timestream() { kind } else { kind.with("OnPostgres") }
    }

    /// What a consumer of either kind may do: read this stream, write to this table, and put away what
    /// cannot be stored. `further` are folders of the rejected-data bucket beside those.
    fn statements(&self, further: &[&'static str]) -> Vec<Statement> {
        // Timestream writes its reports with the permissions of whoever wrote the records.
        let reports: &[&str] = if self.store.is_timestream() { &[REPORT_PREFIX] } else { &[] };
        let folders = [QUARANTINE_PREFIX];
        let folders = folders.iter().chain(reports).chain(further);
        let folders = folders.map(|folder| self.rejected.within(format!("/{folder}/*")));
        let mut statements = vec![Statement::allow(
            &[
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            [Arn::parameter(&self.stream)],
        )];
        statements.extend(self.store.statements());
        statements.extend([
            Statement::allow(&["sqs:SendMessage"], [self.quarantine.clone()]),
            Statement::allow(&["s3:PutObject"], folders.collect::<Vec<_>>()),
            Statement::allow(&["s3:GetBucketAcl", "s3:ListBucket"], [self.rejected.clone()]),
        ]);
        statements
    }
}
