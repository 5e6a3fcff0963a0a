//! Kind `timestream`: database and table of Timestream for `LiveAnalytics`.
//!
//! The table takes late data into its magnetic tier; what that tier rejects later, when nobody waits
//! for an answer any more, is reported into the bucket of rejected data.

use serde_json::json;

use super::{REPORT_PREFIX, STORED, stored};
use crate::Inputs;
use crate::cfn::{Auditor, LogicalId, Resource, Template};

/// The database.
pub(crate) const DATABASE: LogicalId = LogicalId::new("Database");
/// The table.
pub(crate) const TABLE: LogicalId = LogicalId::new("Table");

const CLOSED: &str = "W3697";
const CLOSED_BECAUSE: &str =
    "Timestream for LiveAnalytics takes no new customers; this pipeline is for accounts that have it";

pub(super) fn add(template: &mut Template, inputs: &Inputs, rejected: &LogicalId) {
    let environment = inputs.environment;
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
}
