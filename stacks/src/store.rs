//! `store`: the Timestream database and table, and the bucket for what they reject.
//!
//! The table takes late data into its magnetic tier; what that tier rejects later, when nobody waits
//! for an answer any more, is reported into the bucket.

use std::collections::BTreeMap;

use serde_json::json;
use telemetry::Model;

use crate::Inputs;
use crate::buckets;
use crate::cfn::{Auditor, LogicalId, Resource, Template};

/// The database.
pub(crate) const DATABASE: LogicalId = LogicalId::new("Database");
/// The table.
pub(crate) const TABLE: LogicalId = LogicalId::new("Table");

/// Where Timestream puts its reports, inside the bucket of rejected data.
pub(crate) const REPORT_PREFIX: &str = "timestream";
/// Where the consumer puts what is too large for the quarantine queue, inside that bucket.
pub(crate) const QUARANTINE_PREFIX: &str = "quarantine";

/// Metadata of the table: what the model has it store, by name, `dimension` or the type of a measure.
///
/// Timestream gives a name the [type](https://docs.aws.amazon.com/timestream/latest/developerguide/writes.html)
/// that it first has and keeps it as long as the table is there, so a plan compares this with what was deployed.
pub const STORED: &str = "sluice:stored";

/// What a name of the table is, where it is no measure.
pub const DIMENSION: &str = "dimension";

const CLOSED: &str = "W3697";
const CLOSED_BECAUSE: &str =
    "Timestream for LiveAnalytics takes no new customers; this pipeline is for accounts that have it";

/// Builds the stack.
pub(crate) fn build(inputs: &Inputs) -> Template {
    let environment = inputs.environment;
    let mut template = Template::new(format!("Sluice {}: the time series store", environment.name));

    let rejected = buckets::add_versioned(
        &mut template,
        LogicalId::new("RejectedBucket"),
        buckets::UNDO_DAYS,
        Vec::new(),
    );

    let database = template.add(
        DATABASE,
        Resource::new("AWS::Timestream::Database", json!({"DatabaseName": environment.database()}))
            .accept(CLOSED, CLOSED_BECAUSE)
            .skip(
                Auditor::Checkov,
                "CKV_AWS_160",
                "Without a key of one's own Timestream encrypts with alias/aws/timestream, a key of KMS in this \
                 account that costs nothing and whose use CloudTrail records",
            ),
    );
    let table = template.add(
        TABLE,
        Resource::new(
            "AWS::Timestream::Table",
            json!({
                "DatabaseName": database.reference(),
                "TableName": environment.table(),
                // The schema wants these numbers as strings.
                "RetentionProperties": {
                    "MemoryStoreRetentionPeriodInHours": environment.store.memory_hours.to_string(),
                    "MagneticStoreRetentionPeriodInDays": environment.store.magnetic_days.to_string(),
                },
                "MagneticStoreWriteProperties": {
                    "EnableMagneticStoreWrites": true,
                    "MagneticStoreRejectedDataLocation": {"S3Configuration": {
                        "BucketName": rejected.reference(),
                        "ObjectKeyPrefix": REPORT_PREFIX,
                        "EncryptionOption": "SSE_S3",
                    }},
                },
                // Queries ask for a device; partitioned by it, they read that device alone.
                "Schema": {"CompositePartitionKey": [{
                    "Type": "DIMENSION",
                    "Name": inputs.model.first().device.dimension,
                    "EnforcementInRecord": "REQUIRED",
                }]},
            }),
        )
        .metadata_entry(STORED, json!(stored(inputs.model)))
        .accept(CLOSED, CLOSED_BECAUSE),
    );

    template.output("DatabaseName", "Timestream database", database.reference());
    template.output("TableName", "Timestream table", table.attribute("Name"));
    template.output("TableArn", "ARN of the table", table.attribute("Arn"));
    template.output("RejectedBucket", "Bucket of rejected and of oversized data", rejected.reference());
    template.output("RejectedBucketArn", "ARN of that bucket", rejected.attribute("Arn"));
    template
}

/// What a model has the table store, by name, whichever kinds have it: `dimension`, or the type of a measure.
pub fn stored(model: &Model) -> BTreeMap<&str, &'static str> {
    let names = model.kinds.iter().flat_map(|kind| {
        let dimensions = kind.dimensions.iter().map(|dimension| dimension.name.as_str());
        let dimensions = std::iter::once(kind.device.dimension.as_str()).chain(dimensions);
        let measures = kind.measures.iter().map(|measure| (measure.name.as_str(), measure.kind.name()));
        dimensions.map(|name| (name, DIMENSION)).chain(measures)
    });
    names.collect()
}
