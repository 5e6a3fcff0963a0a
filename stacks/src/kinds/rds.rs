//! Clusters of Aurora `PostgreSQL`.

use postgres::limits::REQUEST_ROWS;
use serde_json::Value;

use super::grants::{Grant, Grants, NO_STEP, Needed, linked_role, look, read, write};
use super::kept::{DAY, Seconds, number, times};
use super::load::{Amounts, Cost, GB, HOURS, KB, MILLION, SECONDS, Site, batches};
use super::proof::{A_PART, TAGGED};
use super::statement::allow;
use super::subject::Subject;
use super::timestream::{records, stored_gb_a_second};
use super::{
    AtMostOnce, Bridge, Data, Encryption, Generated, Group, Held, Keeping, Kept, Kind, Local, Lost, Naming,
    Service, Tags,
};
use crate::cfn::{LogicalId, Policy, Resource};
use crate::environment::Connection;
use crate::store::TRANSACTIONS;

const SERVICE: Service =
    Service { namespace: "rds", calls: &["ec2", "rds-data", "secretsmanager"], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: CLUSTER,
        service: &SERVICE,
        naming: Naming::own("/DBClusterIdentifier", 63, Generated::Lower(63), "cluster:{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsData(Held {
            encryption: Encryption::By("StorageEncrypted", |properties| {
                properties["StorageEncrypted"] == true
            }),
            keeping: Keeping {
                cost: "by the hour of its capacity, and by the gigabyte and month",
                remove: |id| {
                    format!("aws rds delete-db-cluster --db-cluster-identifier {id} --skip-final-snapshot")
                },
            },
        }),
        replaced_by: &["DBClusterIdentifier", "DBSubnetGroupName", "DatabaseName", "StorageEncrypted"],
        // The service replaces the cluster for some values of these and refuses others.
        immutable: &["Engine", "MasterUsername"],
        at_most_once: AtMostOnce::By(&["/DBClusterIdentifier"]),
        kept: &[Kept::For { of: backups, lost: Lost::Aged("backups") }],
        grants: Grants::Needs(cluster),
        steps: Grants::Needs(cluster_steps),
        local: Local::StandIn("Custom::PostgresCluster", Bridge::Postgres),
        proof: TAGGED,
        cost: Cost::Metered(cluster_amounts),
    },
    Kind {
        name: "AWS::RDS::DBClusterParameterGroup",
        service: &SERVICE,
        naming: Naming::own("/DBClusterParameterGroupName", 255, Generated::Lower(255), "cluster-pg:{name}"),
        tags: Tags::List("Tags"),
        data: Data::GoesWithData("a cluster that stays has its settings from it"),
        replaced_by: &["DBClusterParameterGroupName", "Description", "Family"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/DBClusterParameterGroupName"]),
        kept: &[],
        grants: Grants::Needs(parameters),
        steps: NO_STEP,
        local: Local::StandIn("Custom::PostgresParameterGroup", Bridge::Postgres),
        proof: A_PART,
        cost: Cost::Free("settings of a cluster cost nothing"),
    },
    Kind {
        name: "AWS::RDS::DBInstance",
        service: &SERVICE,
        naming: Naming::own("/DBInstanceIdentifier", 63, Generated::Lower(63), "db:{name}"),
        tags: Tags::List("Tags"),
        data: Data::GoesWithData("a cluster that stays answers through it"),
        replaced_by: &["DBClusterIdentifier", "DBInstanceIdentifier"],
        immutable: &["Engine"],
        at_most_once: AtMostOnce::By(&["/DBInstanceIdentifier"]),
        kept: &[],
        grants: Grants::Needs(instance),
        steps: NO_STEP,
        local: Local::StandIn("Custom::PostgresInstance", Bridge::Postgres),
        proof: A_PART,
        cost: Cost::Free("counted with its cluster"),
    },
    Kind {
        name: "AWS::RDS::DBSubnetGroup",
        service: &SERVICE,
        naming: Naming::own("/DBSubnetGroupName", 255, Generated::Lower(255), "subgrp:{name}"),
        tags: Tags::List("Tags"),
        data: Data::GoesWithData("a cluster that stays has its addresses from it"),
        replaced_by: &["DBSubnetGroupName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/DBSubnetGroupName"]),
        kept: &[],
        grants: Grants::Needs(subnets),
        steps: NO_STEP,
        local: Local::StandIn("Custom::PostgresSubnetGroup", Bridge::Postgres),
        proof: A_PART,
        cost: Cost::Free("addresses of a cluster cost nothing"),
    },
];

/// The type that holds the data.
pub const CLUSTER: &str = "AWS::RDS::DBCluster";

/// What secrets of master users are called: RDS [names them](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html)
/// by an id of its own.
pub(crate) const MASTER_SECRETS: &str = "secret:rds!cluster-*";

/// What ids of clusters are, by which [users of databases](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html)
/// are named: RDS makes them.
pub(crate) const RESOURCE_IDS: &str = "cluster-*";

/// The tag by which RDS says of which cluster a secret is.
pub(crate) const MASTER_TAG: &str = "aws:ResourceTag/aws:rds:primaryDBClusterArn";

const TAGGING: [&str; 2] = ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"];

/// What a handler asks about all of a kind, to find its own.
fn listed(subject: Subject, actions: &[&str], kind: &str) -> Grant {
    let all = [subject.arn_of("rds", &format!("{kind}:*"))];
    read(
        allow(actions, all)
            .because("The handlers also ask without a name, which is about no single resource"),
    )
}

/// Why groups are named that are nobody's.
const DEFAULTS: &str = "Groups of that name are those of AWS, which nobody can change";

/// The role of the service itself, which the first resource of an account makes.
fn service_role(subject: Subject) -> Grant {
    linked_role(subject, "rds.amazonaws.com")
}

/// [`AWS::RDS::DBCluster`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html).
/// What it is made with is checked together with it, as in
/// [AWS's example](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html),
/// and so are the [key and the secret](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html)
/// of the master user, which has a name of the service.
fn cluster(subject: Subject) -> Needed {
    let arn = subject.arn()?;
    let secrets = [subject.arn_of("secretsmanager", MASTER_SECRETS)];
    let named = |property, part: &str| {
        let name = subject.text(subject.resource.property(property))?;
        Ok(subject.arn_of("rds", &format!("{part}:{name}")))
    };
    let made = [
        arn.clone(),
        named("DBClusterParameterGroupName", "cluster-pg")?,
        named("DBSubnetGroupName", "subgrp")?,
    ];
    let changes = ["rds:CreateDBCluster", "rds:ModifyDBCluster"];
    let snapshot = match subject.resource.deletion_policy() {
        // CloudFormation names the snapshot after the stack.
        Some(Policy::Snapshot) => {
            let copy = subject.arn_of("rds", &format!("cluster-snapshot:{}-*", subject.stack.stack_name));
            let actions = ["rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:DeleteDBCluster"];
            vec![write(allow(&actions, [copy, arn.clone()]))]
        }
        _ => Vec::new(),
    };
    let of_cluster = vec![
        look(&["ec2:DescribeSecurityGroups"]),
        listed(subject, &["rds:DescribeDBClusters"], "cluster"),
        listed(subject, &["rds:DescribeDBSubnetGroups"], "subgrp"),
        look(&["rds:DescribeEvents", "rds:DescribeGlobalClusters"]),
        service_role(subject),
        write(
            subject
                .scope
                .unforeign(allow(&["kms:DescribeKey"], [subject.arn_of("kms", "key/*")]))
                .because("The keys are those of the services in this account, whose ids nobody names"),
        ),
        write(allow(&changes, made)),
        write(allow(&changes, [subject.arn_of("rds", "og:default:*")]).because(DEFAULTS)),
        write(allow(
            &["rds:DeleteDBCluster", "rds:DisableHttpEndpoint", "rds:EnableHttpEndpoint"],
            [arn.clone()],
        )),
        write(allow(&TAGGING, [arn])),
        write(
            allow(&["secretsmanager:CreateSecret", "secretsmanager:TagResource"], secrets)
                .because("The service makes the secret of the master user, and names it by an id of its own"),
        ),
    ];
    Ok([of_cluster, snapshot].concat())
}

/// `verify` and `query` ask through the Data API, with the secret of whoever reads, whose row has it.
fn cluster_steps(subject: Subject) -> Needed {
    Ok(vec![write(allow(TRANSACTIONS, [subject.arn()?]))])
}

/// [`AWS::RDS::DBInstance`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html).
/// The attributes of the network that it is in are asked for with the grant of that.
fn instance(subject: Subject) -> Needed {
    let arn = subject.arn()?;
    let cluster = subject.text(subject.resource.property("DBClusterIdentifier"))?;
    let cluster = subject.arn_of("rds", &format!("cluster:{cluster}"));
    let subnets = subject.arn_of("rds", &format!("subgrp:{}-*", subject.stack.stack_name));
    let defaults = ["og:default:*", "pg:default.*"].map(|group| subject.arn_of("rds", group));
    Ok(vec![
        look(&[
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "rds:DescribeDBEngineVersions",
            "rds:DescribeEvents",
        ]),
        listed(subject, &["rds:DescribeDBClusters"], "cluster"),
        listed(subject, &["rds:DescribeDBInstances"], "db"),
        service_role(subject),
        write(allow(&["rds:CreateDBInstance"], [arn.clone(), cluster, subnets])),
        write(allow(&["rds:CreateDBInstance"], defaults).because(DEFAULTS)),
        write(allow(
            &["rds:DeleteDBInstance", "rds:ModifyDBInstance", "rds:RebootDBInstance"],
            [arn.clone()],
        )),
        write(allow(&TAGGING, [arn])),
    ])
}

/// [`AWS::RDS::DBSubnetGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbsubnetgroup.html).
fn subnets(subject: Subject) -> Needed {
    let arn = subject.arn()?;
    Ok(vec![
        listed(subject, &["rds:DescribeDBSubnetGroups"], "subgrp"),
        read(allow(&["rds:ListTagsForResource"], [arn.clone()])),
        service_role(subject),
        write(allow(
            &["rds:CreateDBSubnetGroup", "rds:DeleteDBSubnetGroup", "rds:ModifyDBSubnetGroup"],
            [arn.clone()],
        )),
        write(allow(&TAGGING, [arn])),
    ])
}

/// [`AWS::RDS::DBClusterParameterGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbclusterparametergroup.html).
fn parameters(subject: Subject) -> Needed {
    let arn = subject.arn()?;
    Ok(vec![
        look(&["rds:DescribeEngineDefaultClusterParameters"]),
        listed(
            subject,
            &["rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterParameters"],
            "cluster-pg",
        ),
        listed(subject, &["rds:DescribeDBClusters"], "cluster"),
        read(allow(&["rds:ListTagsForResource"], [arn.clone()])),
        service_role(subject),
        write(allow(
            &[
                "rds:CreateDBClusterParameterGroup",
                "rds:DeleteDBClusterParameterGroup",
                "rds:ModifyDBClusterParameterGroup",
                "rds:ResetDBClusterParameterGroup",
            ],
            [arn.clone()],
        )),
        write(allow(&TAGGING, [arn])),
    ])
}

fn backups(properties: &Value) -> Option<Seconds> {
    number(properties, "/BackupRetentionPeriod", 1).map(|days| times(days, DAY))
}

/// Rows, with their index, against what a record of Timestream is: text keys are in both.
const ROW_SHARE: f64 = 2.0;
/// A [write](https://aws.amazon.com/rds/aurora/faqs/) as it is paid, and a step of a request, in bytes.
const WRITE_BYTES: f64 = 4.0 * KB;
const REQUEST_BYTES: f64 = 32.0 * KB;
/// Events a second that an ACU takes. Assumed; what was measured on one machine is in `docs/measurements.md`.
const EVENTS_OF_AN_ACU: f64 = 1_000.0;

/// Capacity by the hour, between its bounds, and storage. What writes all the time never lets it pause.
fn cluster_amounts(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let Some(store) = site.environment.store.postgres() else { return Vec::new() };
    let halves = |halves: u32| f64::from(halves) / 2.0;
    let rate = super::load::rate(site);
    let least = if rate > 0.0 { halves(store.min_half_acus).max(0.5) } else { halves(store.min_half_acus) };
    let acus = (rate / EVENTS_OF_AN_ACU).clamp(least, halves(store.max_half_acus));
    let seconds = f64::from(site.environment.store.retention_days()) * 86_400.0;
    let gb_a_second = stored_gb_a_second(site) * ROW_SHARE;
    let mut amounts = vec![
        ("aurora-capacity", acus * HOURS),
        ("aurora-storage", gb_a_second * seconds),
        ("aurora-io", gb_a_second * SECONDS * GB / WRITE_BYTES / MILLION),
    ];
    if store.connection == Connection::DataApi {
        amounts.push(("data-api", requests(site) * SECONDS / MILLION));
    }
    amounts
}

/// Requests of the Data API a second, in the steps in which they are paid.
fn requests(site: Site) -> f64 {
    let (count, bytes) = records(site);
    let (batches, events) = batches(site);
    let in_batch = events * count;
    let requests = (in_batch / f64::from(u32::try_from(REQUEST_ROWS).unwrap_or(u32::MAX))).ceil();
    let in_request = if requests > 0.0 { in_batch / requests } else { 0.0 };
    batches * requests * (in_request * bytes / REQUEST_BYTES).ceil()
}
