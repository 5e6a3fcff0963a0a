//! The way from a stack to the store: what a program has to know, and what its role may do.

use std::collections::BTreeMap;

use postgres::schema::CONSUMER;

use crate::cfn::{Arn, Expression, LogicalId, Statement, Template};
use crate::environment::{Connection, Environment, StoreKind, Target};

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
    Timestream {
        table: Arn,
    },
    /// By the Data API.
    Postgres {
        cluster: LogicalId,
        secret: LogicalId,
    },
    /// Connected to it.
    Direct {
        resource: LogicalId,
        host: LogicalId,
        port: LogicalId,
        certificate: Option<LogicalId>,
    },
}

impl Way {
    pub(crate) fn of(template: &mut Template, environment: &Environment, of: Use) -> Self {
        let database = template.input("store", "DatabaseName");
        let table = template.input("store", "TableName");
        let place = match &environment.store.kind {
            StoreKind::Timestream => {
                Place::Timestream { table: Arn::parameter(&template.input("store", "TableArn")) }
            }
            StoreKind::Postgres(store) if of == Use::Writes && store.connection == Connection::Direct => {
                let is_local = environment.target == Target::Local;
                Place::Direct {
                    resource: template.input("store", "ClusterResourceId"),
                    host: template.input("store", "Endpoint"),
                    port: template.input("store", "Port"),
                    certificate: is_local.then(|| template.input("store", "RootCertificate")),
                }
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
        match &self.place {
            Place::Timestream { .. } => {}
            Place::Postgres { cluster, secret } => variables.extend([
                ("STORE", "postgres".into()),
                ("CLUSTER_ARN", cluster.reference()),
                ("SECRET_ARN", secret.reference()),
            ]),
            // The names of the last three are those of PostgreSQL's own programs.
            Place::Direct { host, port, certificate, .. } => {
                variables.extend([
                    ("STORE", "postgres".into()),
                    ("CONNECTION", "direct".into()),
                    ("PGHOST", host.reference()),
                    ("PGPORT", port.reference()),
                ]);
                variables.extend(certificate.iter().map(|file| ("PGSSLROOTCERT", file.reference())));
            }
        }
        variables
    }

    /// Properties of the Flink job.
    pub(crate) fn properties(&self) -> BTreeMap<&'static str, Expression> {
        let mut properties =
            BTreeMap::from([("Database", self.database.reference()), ("Table", self.table.reference())]);
        match &self.place {
            Place::Timestream { .. } => {}
            Place::Postgres { cluster, secret } => properties.extend([
                ("Store", "postgres".into()),
                ("ClusterArn", cluster.reference()),
                ("SecretArn", secret.reference()),
            ]),
            Place::Direct { host, port, certificate, .. } => {
                properties.extend([
                    ("Store", "postgres".into()),
                    ("Connection", "direct".into()),
                    ("Host", host.reference()),
                    ("Port", port.reference()),
                ]);
                properties.extend(certificate.iter().map(|file| ("RootCertificate", file.reference())));
            }
        }
        properties
    }

    /// What a role needs for it. To connect, it signs a token for
    /// [this user of this cluster](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html).
    pub(crate) fn statements(&self) -> Vec<Statement> {
        const DISCOVERY: &str = "Endpoint discovery has no resource: the service accepts only *";
        const USERS: Arn = Arn::sub("arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:");
        match &self.place {
            Place::Direct { resource, .. } => {
                let user = USERS.within(resource.reference()).within(format!("/{CONSUMER}"));
                vec![Statement::allow(&["rds-db:connect"], [user])]
            }
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
