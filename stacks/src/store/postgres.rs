//! Kind `postgres`: an Aurora `PostgreSQL` cluster of Serverless v2, with the Data API.
//!
//! Functions reach it by HTTPS with IAM and a secret, so that none of them is in its network; the consumer is where the
//! environment has it connect directly. The cluster's subnets have no way out. Tables and roles are made by a function,
//! behind a custom resource that a changed model changes.

use std::collections::BTreeMap;

use postgres::schema::{GRAFANA, READER, Schema, WRITER};
use serde_json::{Value, json};

use super::{STORED, TRANSACTIONS, stored};
use crate::Inputs;
use crate::artifact::{Calls, Function};
use crate::cfn::{Arn, Auditor, LogicalId, Policy, Resource, Statement, Template};
use crate::environment::{Environment, OnDelete, PostgresStore, Target};
use crate::functions::{self, Deployment, Failures};
use crate::network::{self, ADDRESSES};

/// Makes schema, table and roles, and the partitions of each day: twice a day, since each call wakes a cluster that pauses.
pub const STORE_SETUP: Function =
    Function { name: "store-setup", carries_model: true, calls: Calls::TwiceADay };

/// Where `PostgreSQL` listens.
pub(crate) const PORT: u16 = 5_432;

/// The subnets, within the [`ADDRESSES`] of the network.
const SUBNETS: [(LogicalId, &str); 2] = [
    (LogicalId::new("DatabaseSubnetA"), "10.42.0.128/26"),
    (LogicalId::new("DatabaseSubnetB"), "10.42.0.192/26"),
];

/// The [version](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html)
/// with which a cluster begins: AWS takes care of the minor ones.
const ENGINE: &str = "aurora-postgresql";
const ENGINE_VERSION: &str = "17.5";
const FAMILY: &str = "aurora-postgresql17";

/// The user that owns the schema. RDS keeps and rotates its password.
const MASTER: &str = "sluice";

const MEMORY_MB: u32 = 128;
/// A cluster that has paused takes half a minute to answer, and an index of a large table minutes to be made.
const TIMEOUT_SECONDS: u32 = 300;
/// How long `CloudFormation` waits for the function, in seconds: its time, and Lambda's second try.
const SERVICE_TIMEOUT_SECONDS: u32 = 720;

/// Why secrets have no key of their own.
const KEY: &str = "A key of the service in this account encrypts it, which no other account can use. A key of \
    one's own is for what accounts share, and its loss loses the data";

pub(super) fn add(template: &mut Template, inputs: &Inputs, store: &PostgresStore) {
    let environment = inputs.environment;
    let network = add_network(template, environment);
    let (cluster, instance) = add_cluster(template, environment, store, &network);
    let secret = |id, role: &str, what: &str| {
        let secret = Resource::new(
            "AWS::SecretsManager::Secret",
            json!({
                "Description": what,
                "GenerateSecretString": {
                    "SecretStringTemplate": json!({"username": role}).to_string(),
                    "GenerateStringKey": "password",
                    "PasswordLength": 40,
                    "ExcludePunctuation": true,
                },
            }),
        );
        (id, secret.skip(Auditor::Checkov, "CKV_AWS_149", KEY))
    };
    let mut add = |(id, secret)| template.add(id, secret);
    let writer =
        add(secret(LogicalId::new("WriterSecret"), WRITER, "Consumers of the pipeline: they write rows"));
    let reader =
        add(secret(LogicalId::new("ReaderSecret"), READER, "The twin's connector and people: they read"));
    let grafana = add(secret(LogicalId::new("GrafanaSecret"), GRAFANA, "Grafana: it reads"));
    add_schema(template, inputs, &cluster, &instance, [&writer, &reader, &grafana]);

    template.output("ClusterArn", "ARN of the cluster, for the Data API", cluster.attribute("DBClusterArn"));
    template.output("ClusterIdentifier", "Name of the cluster", cluster.reference());
    template.output("DatabaseName", "Database of the cluster", environment.database());
    template.output("TableName", "Table in the schema sluice", environment.table());
    template.output("WriterLoginArn", "Secret of the consumers", writer.reference());
    template.output("ReaderLoginArn", "Secret of whoever reads", reader.reference());
    template.output("GrafanaLoginArn", "Secret of Grafana", grafana.reference());
    template.output("Endpoint", "Host that takes writes", cluster.attribute("Endpoint.Address"));
    template.output("ReadEndpoint", "Host that reads", cluster.attribute("ReadEndpoint.Address"));
    template.output("Port", "Port of the hosts", cluster.attribute("Endpoint.Port"));
    template.output(
        "ClusterResourceId",
        "Id of the cluster, by which roles connect",
        cluster.attribute("DBClusterResourceId"),
    );
    if environment.target == Target::Local {
        let certificate = cluster.attribute("RootCertificate");
        template.output("RootCertificate", "Root certificate of the cluster", certificate);
    }
}

struct Network {
    subnets: [LogicalId; 2],
    group: LogicalId,
}

/// Two subnets, because a cluster wants two zones.
fn add_network(template: &mut Template, environment: &Environment) -> Network {
    let vpc = network::of(template);
    let subnets = network::add_subnets(template, &vpc, SUBNETS);
    let group = network::group(
        &vpc,
        &format!("Store of Sluice {}", environment.name),
        &[network::rule("from its network", PORT, ("CidrIp", json!(ADDRESSES)))],
        &[network::nowhere(PORT)],
    );
    let group = template.add(LogicalId::new("DatabaseGroup"), group);
    Network { subnets, group }
}

fn add_parameters(template: &mut Template, environment: &Environment) -> LogicalId {
    template.add(
        LogicalId::new("Parameters"),
        Resource::new(
            "AWS::RDS::DBClusterParameterGroup",
            json!({
                "Description": format!("Store of Sluice {}", environment.name),
                "Family": FAMILY,
                "Parameters": {
                    "rds.force_ssl": "1",
                    // Who changed what a table is, and what took long.
                    "log_statement": "ddl",
                    "log_min_duration_statement": "1000",
                },
            }),
        ),
    )
}

fn add_cluster(
    template: &mut Template,
    environment: &Environment,
    store: &PostgresStore,
    network: &Network,
) -> (LogicalId, LogicalId) {
    let subnets = template.add(
        LogicalId::new("SubnetGroup"),
        Resource::new(
            "AWS::RDS::DBSubnetGroup",
            json!({
                "DBSubnetGroupDescription": format!("Store of Sluice {}", environment.name),
                "SubnetIds": network.subnets.each_ref().map(LogicalId::reference),
            }),
        ),
    );
    let parameters = add_parameters(template, environment);
    // Its name is known before the cluster is there, which would make it without an end of its own.
    let identifier = environment.cluster();
    let logs = template.add(
        LogicalId::new("ClusterLogs"),
        Resource::new(
            "AWS::Logs::LogGroup",
            json!({
                "LogGroupName": format!("/aws/rds/cluster/{identifier}/postgresql"),
                "RetentionInDays": environment.logs.retention_days,
            }),
        )
        .skip(Auditor::Checkov, "CKV_AWS_158", functions::LOG_KEY),
    );
    let is_kept = environment.on_delete == OnDelete::Retain;
    let mut scaling =
        json!({"MinCapacity": acus(store.min_half_acus), "MaxCapacity": acus(store.max_half_acus)});
    if let Some(seconds) = store.pause_seconds {
        scaling["SecondsUntilAutoPause"] = json!(seconds);
    }
    let mut cluster = Resource::new(
        "AWS::RDS::DBCluster",
        json!({
            "DBClusterIdentifier": identifier,
            "Engine": ENGINE,
            "EngineVersion": ENGINE_VERSION,
            "DatabaseName": environment.database(),
            "MasterUsername": MASTER,
            "ManageMasterUserPassword": true,
            "EnableHttpEndpoint": true,
            "EnableIAMDatabaseAuthentication": true,
            "ServerlessV2ScalingConfiguration": scaling,
            "DBSubnetGroupName": subnets.reference(),
            "DBClusterParameterGroupName": parameters.reference(),
            "VpcSecurityGroupIds": [network.group.attribute("GroupId")],
            "Port": PORT,
            "StorageEncrypted": true,
            "BackupRetentionPeriod": store.backup_days,
            "CopyTagsToSnapshot": true,
            "DeletionProtection": is_kept,
            "EnableCloudwatchLogsExports": ["postgresql"],
        }),
    )
    .after([logs]);
    if store.final_snapshot {
        cluster.set_policies(Policy::Snapshot, Policy::Snapshot);
    }
    let cluster = template.add(LogicalId::new("Cluster"), cluster);
    let instance = template.add(
        LogicalId::new("Instance"),
        Resource::new(
            "AWS::RDS::DBInstance",
            json!({
                "DBClusterIdentifier": cluster.reference(),
                "DBInstanceClass": "db.serverless",
                "Engine": ENGINE,
                "PubliclyAccessible": false,
                "AutoMinorVersionUpgrade": true,
            }),
        )
        .skip(
            Auditor::Checkov,
            "CKV_AWS_118",
            "CloudWatch has the cluster's load by the minute; by the second it is paid for",
        ),
    );
    (cluster, instance)
}

/// Half ACUs as a number of ACUs.
fn acus(halves: u32) -> Value {
    if halves.is_multiple_of(2) { json!(halves / 2) } else { json!(f64::from(halves) / 2.0) }
}

/// The function, the custom resource that asks it for the schema, and the schedule by which it makes the partitions.
fn add_schema(
    template: &mut Template,
    inputs: &Inputs,
    cluster: &LogicalId,
    instance: &LogicalId,
    [writer, reader, grafana]: [&LogicalId; 3],
) {
    let environment = inputs.environment;
    let master = cluster.attribute("MasterUserSecret.SecretArn");
    let cluster_arn = cluster.attribute("DBClusterArn");
    let secrets = [writer, reader, grafana].map(Arn::parameter);
    let secrets = secrets.into_iter().chain([cluster.arn_of("MasterUserSecret.SecretArn")]);
    let function = functions::add(
        template,
        environment,
        STORE_SETUP,
        Deployment {
            stack: "store",
            description: "Makes the schema of the store, and the partitions of each day",
            memory_mb: MEMORY_MB,
            timeout_seconds: TIMEOUT_SECONDS,
            variables: BTreeMap::from([
                ("CLUSTER_ARN", cluster_arn.clone()),
                ("MASTER_SECRET_ARN", master.clone()),
                ("DATABASE", environment.database().into()),
            ]),
            statements: vec![
                Statement::allow(TRANSACTIONS, [cluster.arn_of("DBClusterArn")]),
                Statement::allow(&["secretsmanager:GetSecretValue"], secrets),
            ],
            failures: Failures::NotQueued(
                "CloudFormation waits for its answer, and what one call of the schedule misses the next one makes up for",
            ),
        },
    );
    let schema = Schema::of(inputs.model, environment.table(), environment.store.retention_days());
    let columns: BTreeMap<&str, &str> = schema.columns().collect();
    template.add(
        LogicalId::new("Schema"),
        Resource::new(
            "AWS::CloudFormation::CustomResource",
            json!({
                "ServiceToken": function.attribute("Arn"),
                "ServiceTimeout": SERVICE_TIMEOUT_SECONDS,
                "ClusterArn": cluster_arn,
                "MasterSecretArn": master,
                "WriterSecretArn": writer.reference(),
                "ReaderSecretArn": reader.reference(),
                "GrafanaSecretArn": grafana.reference(),
                "Database": environment.database(),
                "Table": environment.table(),
                "RetentionDays": environment.store.retention_days().to_string(),
                // What the function reads from its model, so that another one asks it again.
                "Columns": columns,
            }),
        )
        .after([instance.clone()])
        .metadata_entry(STORED, json!(stored(inputs.model))),
    );
    let schedule = template.add(
        LogicalId::new("Upkeep"),
        Resource::new(
            "AWS::Events::Rule",
            json!({
                "Description": "Partitions of the days to come, and of those that are past",
                "ScheduleExpression": "rate(12 hours)",
                "State": "ENABLED",
                "Targets": [{
                    "Id": STORE_SETUP.name,
                    "Arn": function.attribute("Arn"),
                    "Input": json!({"maintain": true}).to_string(),
                }],
            }),
        ),
    );
    functions::let_rule_call(template, LogicalId::new("UpkeepPermission"), &function, &schedule);
}
