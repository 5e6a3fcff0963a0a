//! Which operations there are: tables of their names, and what does those of the control plane.

use serde_json::Value;

use crate::{
    arn::Identity,
    control::{database, table, tags},
    store::Store,
    wire::{self, ErrorCode},
};

/// Operations of the service that this endpoint does not do.
const UNSUPPORTED: [&str; 12] = [
    "CreateBatchLoadTask",
    "CreateScheduledQuery",
    "DeleteScheduledQuery",
    "DescribeAccountSettings",
    "DescribeBatchLoadTask",
    "DescribeScheduledQuery",
    "ExecuteScheduledQuery",
    "ListBatchLoadTasks",
    "ListScheduledQueries",
    "ResumeBatchLoadTask",
    "UpdateAccountSettings",
    "UpdateScheduledQuery",
];

/// Operations of the control plane.
pub(crate) const CONTROL: [(&str, Control); 13] = [
    ("CreateDatabase", database::create),
    ("CreateTable", table::create),
    ("DeleteDatabase", database::delete),
    ("DeleteTable", table::delete),
    ("DescribeDatabase", database::describe_one),
    ("DescribeTable", table::describe_one),
    ("ListDatabases", database::list),
    ("ListTables", table::list),
    ("ListTagsForResource", tags::list),
    ("TagResource", tags::tag),
    ("UntagResource", tags::untag),
    ("UpdateDatabase", database::update),
    ("UpdateTable", table::update),
];

/// Operations of the query engine.
pub(crate) const QUERY: [&str; 3] = ["CancelQuery", "PrepareQuery", "Query"];

/// Where clients find the endpoint.
pub(crate) const DESCRIBE_ENDPOINTS: &str = "DescribeEndpoints";
/// Writes records.
pub(crate) const WRITE_RECORDS: &str = "WriteRecords";

/// An operation of the control plane.
pub(crate) type Control = fn(&Store, &Identity, Value) -> Result<Value, wire::Error>;

/// Whether this endpoint does this operation.
pub fn does(operation: &str) -> bool {
    CONTROL.iter().any(|(name, _)| *name == operation)
        || QUERY.contains(&operation)
        || [DESCRIBE_ENDPOINTS, WRITE_RECORDS].contains(&operation)
}

/// Why an operation that is in none of the tables is refused.
pub(crate) fn refusal(operation: &str) -> wire::Error {
    if UNSUPPORTED.contains(&operation) {
        wire::Error::validation(format!("The operation {operation} is not supported by this local endpoint."))
    } else {
        wire::Error::new(ErrorCode::UnknownOperation, format!("The operation {operation} is unknown."))
    }
}
