//! Which operations there are, and where each is.

/// An operation of the Data API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Runs a statement once for each set of parameters.
    BatchExecuteStatement,
    /// Begins a transaction.
    BeginTransaction,
    /// Ends a transaction, and keeps what it did.
    CommitTransaction,
    /// Runs a statement.
    ExecuteStatement,
    /// Ends a transaction, and undoes what it did.
    RollbackTransaction,
}

/// Each operation with its name and its path. `ExecuteSql`, which clusters of today do not have, is not one.
pub const OPERATIONS: [(Operation, &str, &str); 5] = [
    (Operation::BatchExecuteStatement, "BatchExecuteStatement", "/BatchExecute"),
    (Operation::BeginTransaction, "BeginTransaction", "/BeginTransaction"),
    (Operation::CommitTransaction, "CommitTransaction", "/CommitTransaction"),
    (Operation::ExecuteStatement, "ExecuteStatement", "/Execute"),
    (Operation::RollbackTransaction, "RollbackTransaction", "/RollbackTransaction"),
];

impl Operation {
    /// Its name in the service's model.
    pub fn name(self) -> &'static str {
        OPERATIONS.iter().find(|(operation, ..)| *operation == self).map_or("", |(_, name, _)| name)
    }
}
