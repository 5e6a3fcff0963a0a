//! The way from a stack to the store: what a program has to know, and what its role may do.

use std::collections::BTreeMap;

use crate::cfn::{Arn, Expression, LogicalId, Statement, Template};
use crate::environment::{Environment, StoreKind};

/// What the Data API asks for statements in transactions.
pub(crate) const TRANSACTIONS: &[&str] = &[
    "rds-data:BeginTransaction",
    "rds-data:CommitTransaction",
    "rds-data:ExecuteStatement",
    "rds-data:RollbackTransaction",
];

/// What a program does with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It writes, and reads nothing.
    Writes,
    /// It reads.
    Reads,
}

/// The way to the store, as parameters of a stack.
pub(crate) struct Way {
    of: Use,
    database: LogicalId,
    table: LogicalId,
    place: Place,
}

enum Place {
    Timestream { table: Arn },
    Postgres { cluster: LogicalId, secret: LogicalId },
}

impl Way {
    pub(crate) fn of(template: &mut Template, environment: &Environment, of: Use) -> Self {
        let database = template.input("store", "DatabaseName");
        let table = template.input("store", "TableName");
        let place = match environment.store.kind {
            StoreKind::Timestream => {
                Place::Timestream { table: Arn::parameter(&template.input("store", "TableArn")) }
            }
            StoreKind::Postgres(_) => Place::Postgres {
                cluster: template.input("store", "ClusterArn"),
                secret: template.input(
                    "store",
                    match of {
                        Use::Writes => "WriterLoginArn",
                        Use::Reads => "ReaderLoginArn",
                    },
                ),
            },
        };
        Self { of, database, table, place }
    }

    /// Whether it leads to Timestream.
    pub(crate) fn is_timestream(&self) -> bool {
        matches!(self.place, Place::Timestream { .. })
    }

    /// Variables of a function.
    pub(crate) fn variables(&self) -> BTreeMap<&'static str, Expression> {
        let mut variables =
            BTreeMap::from([("DATABASE", self.database.reference()), ("TABLE", self.table.reference())]);
        if let Place::Postgres { cluster, secret } = &self.place {
            variables.extend([
                ("STORE", "postgres".into()),
                ("CLUSTER_ARN", cluster.reference()),
                ("SECRET_ARN", secret.reference()),
            ]);
        }
        variables
    }

    /// Properties of the Flink job.
    pub(crate) fn properties(&self) -> BTreeMap<&'static str, Expression> {
        let mut properties =
            BTreeMap::from([("Database", self.database.reference()), ("Table", self.table.reference())]);
        if let Place::Postgres { cluster, secret } = &self.place {
            properties.extend([
                ("Store", "postgres".into()),
                ("ClusterArn", cluster.reference()),
                ("SecretArn", secret.reference()),
            ]);
        }
        properties
    }

    /// What a role needs for it.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        const DISCOVERY: &str = "Endpoint discovery has no resource: the service accepts only *";
        match &self.place {
            Place::Timestream { table } => {
                let action: &[&'static str] = match self.of {
                    Use::Writes => &["timestream:WriteRecords"],
                    Use::Reads => &["timestream:Select"],
                };
                vec![
                    Statement::allow(action, [table.clone()]),
                    Statement::allow_everywhere(&["timestream:DescribeEndpoints"], DISCOVERY),
                ]
            }
            Place::Postgres { cluster, secret } => {
                let actions: &[&'static str] = match self.of {
                    Use::Writes => &["rds-data:ExecuteStatement"],
                    // A large answer is read in parts of one transaction.
                    Use::Reads => TRANSACTIONS,
                };
                vec![
                    Statement::allow(actions, [Arn::parameter(cluster)]),
                    Statement::allow(&["secretsmanager:GetSecretValue"], [Arn::parameter(secret)]),
                ]
            }
        }
    }
}
