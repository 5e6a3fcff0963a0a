//! `consumer`: what moves events from the stream to the store.
//!
//! The environment chooses the kind. Both read the same stream from its oldest record on, write the
//! same records with the same versions, and send what cannot be stored to the same quarantine, so that
//! one can take the place of the other.

mod flink;
mod lambda;

use crate::Inputs;
use crate::cfn::{Arn, LogicalId, Statement, Template};
use crate::environment::Consumer;
use crate::store::{QUARANTINE_PREFIX, REPORT_PREFIX};

pub use lambda::KINESIS_CONSUMER;

pub(crate) use flink::{MAX_MODEL_CHUNKS, model_chunks};

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let mut template =
        Template::new(format!("Sluice {}: from the stream to the store", inputs.environment.name));
    let ends = Ends::of(&mut template);
    match &inputs.environment.consumer {
        Consumer::Lambda(consumer) => lambda::add(&mut template, inputs, consumer, &ends),
        Consumer::Flink(consumer) => flink::add(&mut template, inputs, consumer, &ends),
    }
    template
}

/// Where a consumer reads and writes, as parameters of its stack.
struct Ends {
    stream: LogicalId,
    quarantine_url: LogicalId,
    quarantine: Arn,
    database: LogicalId,
    table_name: LogicalId,
    table: Arn,
    rejected_bucket: LogicalId,
    rejected: Arn,
}

impl Ends {
    fn of(template: &mut Template) -> Self {
        Self {
            stream: template.input("ingest", "StreamArn"),
            quarantine_url: template.input("ingest", "QuarantineUrl"),
            quarantine: Arn::parameter(&template.input("ingest", "QuarantineArn")),
            database: template.input("store", "DatabaseName"),
            table_name: template.input("store", "TableName"),
            table: Arn::parameter(&template.input("store", "TableArn")),
            rejected_bucket: template.input("store", "RejectedBucket"),
            rejected: Arn::parameter(&template.input("store", "RejectedBucketArn")),
        }
    }

    /// What a consumer of either kind may do: read this stream, write to this table, and put away what
    /// cannot be stored. `further` are folders of the rejected-data bucket beside those.
    fn statements(&self, further: &[&'static str]) -> Vec<Statement> {
        // Timestream writes its reports with the permissions of whoever wrote the records.
        let folders = [QUARANTINE_PREFIX, REPORT_PREFIX];
        let folders =
            folders.iter().chain(further).map(|folder| self.rejected.within(format!("/{folder}/*")));
        vec![
            Statement::allow(
                &[
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:ListShards",
                ],
                [Arn::parameter(&self.stream)],
            ),
            Statement::allow(&["timestream:WriteRecords"], [self.table.clone()]),
            Statement::allow_everywhere(
                &["timestream:DescribeEndpoints"],
                "Endpoint discovery has no resource: the service accepts only *",
            ),
            Statement::allow(&["sqs:SendMessage"], [self.quarantine.clone()]),
            Statement::allow(&["s3:PutObject"], folders.collect::<Vec<_>>()),
            Statement::allow(&["s3:GetBucketAcl", "s3:ListBucket"], [self.rejected.clone()]),
        ]
    }
}
