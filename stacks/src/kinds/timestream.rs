//! Where points are stored and queried: Timestream.

use serde_json::Value;
use telemetry::{EventKind, MeasureType, RecordLayout};

use super::grants::{Grants, NO_STEP, Needed, look, read, write};
use super::kept::{DAY, FOREVER, HOUR, NEVER, Seconds, number, present, switch, times};
use super::load::{
    Amounts, Cost, GB, HOURS, KB, MILLION, REQUEST_RECORDS, SECONDS, Site, batches, rate, share,
};
use super::proof::A_PART;
use super::statement::allow;
use super::subject::{NO_RESOURCE, Subject};
use super::{
    AtMostOnce, Bridge, Data, Encryption, Generated, Group, Held, Keeping, Kept, Kind, Local, Lost, Naming,
    Proof, Service, Tags, Witness,
};
use crate::cfn::{LogicalId, Resource};
use crate::environment::Grafana;

const SERVICE: Service = Service { namespace: "timestream", calls: &["kms"], policy: Group::Data };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Timestream::Database",
        service: &SERVICE,
        naming: Naming::own("/DatabaseName", 256, Generated::Stack(64), "database/{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsData(Held {
            encryption: Encryption::Always(
                "the service encrypts every database with a key of KMS in its account",
            ),
            keeping: Keeping {
                cost: "nothing by itself",
                remove: |id| format!("aws timestream-write delete-database --database-name {id}"),
            },
        }),
        replaced_by: &["DatabaseName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/DatabaseName"]),
        kept: &[],
        grants: Grants::Needs(database),
        steps: NO_STEP,
        local: Local::StandIn("Custom::TimestreamDatabase", Bridge::Timestream),
        proof: Proof::Asked(Witness::Timestream),
        cost: Cost::Free("its tables cost"),
    },
    Kind {
        name: "AWS::Timestream::Table",
        service: &SERVICE,
        naming: Naming::inside("/TableName", "database/{DatabaseName}/table/{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsData(Held {
            encryption: Encryption::Always("its database encrypts it"),
            keeping: Keeping {
                cost: "by the gigabyte and hour, until its retention ends",
                remove: delete_table,
            },
        }),
        replaced_by: &["DatabaseName", "TableName"],
        // The partition key's names, types and order are those that the table was made with:
        // https://docs.aws.amazon.com/timestream/latest/developerguide/API_Schema.html. Its enforcement
        // alone could change, and never does here.
        immutable: &["Schema"],
        at_most_once: AtMostOnce::By(&["/DatabaseName", "/TableName"]),
        kept: &[
            Kept::For { of: retention, lost: Lost::Aged("points") },
            Kept::For { of: lateness, lost: Lost::Late("events that arrive") },
            Kept::For {
                of: late_rejections,
                lost: Lost::All("reports of the late records that the table refuses"),
            },
        ],
        grants: Grants::Needs(table),
        steps: Grants::Needs(table_steps),
        local: Local::StandIn("Custom::TimestreamTable", Bridge::Timestream),
        proof: A_PART,
        cost: Cost::Metered(table_amounts),
    },
];

/// Endpoint discovery comes before every other call of Timestream.
const DISCOVERY: &[&str] = &["timestream:DescribeEndpoints"];
const TAGGING: &[&str] = &["timestream:TagResource", "timestream:UntagResource"];

/// [`AWS::Timestream::Database`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-timestream-database.html).
/// It is encrypted with the key that Timestream keeps in the account, as in
/// [`AmazonTimestreamFullAccess`](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonTimestreamFullAccess.html).
fn database(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    let via = format!("timestream.{}.amazonaws.com", subject.scope.environment.region);
    let keys = [subject.arn_of("kms", "key/*")];
    let with_key = |actions: &[&str]| {
        let statement = allow(actions, keys.clone());
        let because = "The key is made by Timestream with the first database: the request comes through it";
        statement.when("StringEquals", "kms:ViaService", [via.as_str()]).because(because)
    };
    Ok(vec![
        look(DISCOVERY),
        read(allow(&["timestream:DescribeDatabase", "timestream:ListTagsForResource"], arn.clone())),
        write(allow(
            &["timestream:CreateDatabase", "timestream:DeleteDatabase", "timestream:UpdateDatabase"],
            arn.clone(),
        )),
        write(allow(TAGGING, arn)),
        write(with_key(&["kms:CreateGrant"]).when("Bool", "kms:GrantIsForAWSResource", ["true"])),
        write(with_key(&["kms:Decrypt", "kms:DescribeKey"])),
    ])
}

/// [`AWS::Timestream::Table`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-timestream-table.html).
/// Whoever makes it has to reach the bucket for what it rejects.
fn table(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    let mut grants = vec![
        look(DISCOVERY),
        read(allow(&["timestream:DescribeTable", "timestream:ListTagsForResource"], arn.clone())),
        write(allow(
            &["timestream:CreateTable", "timestream:DeleteTable", "timestream:UpdateTable"],
            arn.clone(),
        )),
        write(allow(TAGGING, arn)),
    ];
    let rejected = &subject.resource.property("MagneticStoreWriteProperties")["MagneticStoreRejectedDataLocation"]
        ["S3Configuration"];
    if !rejected["BucketName"].is_null() {
        let bucket = subject.arn_of("s3", &subject.text(&rejected["BucketName"])?);
        let prefix = rejected["ObjectKeyPrefix"].as_str().unwrap_or_default();
        let reports = [format!("{bucket}/{prefix}/*")];
        grants.push(write(allow(&["s3:GetBucketAcl"], [bucket])));
        grants.push(write(allow(&["s3:GetObject", "s3:PutObject"], reports)));
    }
    Ok(grants)
}

/// `verify` and `query` ask.
fn table_steps(subject: Subject) -> Needed {
    Ok(vec![
        write(allow(&["timestream:ListMeasures", "timestream:Select"], [subject.arn()?])),
        // They cancel one's own query and compute constants; no data is read with them.
        write(
            allow(&["timestream:CancelQuery", "timestream:SelectValues"], ["*".to_owned()])
                .because(NO_RESOURCE),
        ),
    ])
}

fn delete_table(id: &str) -> String {
    let (database, table) = id.split_once('|').unwrap_or(("DATABASE", id));
    format!("aws timestream-write delete-table --database-name {database} --table-name {table}")
}

fn memory(properties: &Value) -> Option<Seconds> {
    let hours = number(properties, "/RetentionProperties/MemoryStoreRetentionPeriodInHours", 6);
    hours.map(|hours| times(hours, HOUR))
}

/// What leaves the memory store goes to the magnetic store, so both times
/// [add up](https://docs.aws.amazon.com/timestream/latest/developerguide/storage.html).
fn retention(properties: &Value) -> Option<Seconds> {
    let days = number(properties, "/RetentionProperties/MagneticStoreRetentionPeriodInDays", 73_000)?;
    memory(properties).map(|memory| memory.saturating_add(times(days, DAY)))
}

/// How late an event may be. With
/// [magnetic writes](https://docs.aws.amazon.com/timestream/latest/developerguide/API_MagneticStoreWriteProperties.html)
/// as late as the table reaches back, which is compared by itself; without, as the memory store does.
fn lateness(properties: &Value) -> Option<Seconds> {
    match switch(properties, "/MagneticStoreWriteProperties/EnableMagneticStoreWrites", "true")? {
        NEVER => memory(properties),
        _ => Some(FOREVER),
    }
}

fn late_rejections(properties: &Value) -> Option<Seconds> {
    present(properties, "/MagneticStoreWriteProperties/MagneticStoreRejectedDataLocation")
}

/// The least that an account pays for in the magnetic store, in GB.
const LEAST_MAGNETIC: f64 = 100.0;
/// The least units that a query takes, and the least seconds for which they are billed. See
/// [compute units](https://docs.aws.amazon.com/timestream/latest/developerguide/tcu.html).
const QUERY_UNITS: f64 = 4.0;
const QUERY_SECONDS: f64 = 30.0;
/// Length of a device's name and of the values of other dimensions, in bytes. Assumed.
const NAME_BYTES: u32 = 16;

/// Records that an event becomes, and the size of each, on average over the kinds, by the
/// [rules of metering](https://docs.aws.amazon.com/timestream/latest/developerguide/metering-and-pricing.writes.html).
pub(super) fn records(site: Site) -> (f64, f64) {
    let all = site.model.kinds.iter().map(records_of);
    let (count, bytes) =
        all.fold((0.0, 0.0), |(count, bytes), (records, each)| (count + records, bytes + records * each));
    (count * share(site), bytes / count.max(1.0))
}

fn records_of(model: &EventKind) -> (f64, f64) {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let others = model.dimensions.iter().map(|dimension| dimension.name.as_str());
    let names = std::iter::once(model.device.dimension.as_str()).chain(others);
    let dimensions: u32 = names.map(|name| length(name) + NAME_BYTES).sum();
    let value = |kind: MeasureType| match kind {
        MeasureType::Boolean => 1,
        MeasureType::Varchar => NAME_BYTES,
        MeasureType::Double | MeasureType::Bigint | MeasureType::Timestamp => 8,
    };
    let measures: u32 =
        model.measures.iter().map(|measure| length(&measure.name) + value(measure.kind)).sum();
    let count = u32::try_from(model.measures.len()).unwrap_or(u32::MAX).max(1);
    let time = 8;
    match &model.record {
        RecordLayout::Multi { name } => (1.0, f64::from(time + dimensions + length(name) + measures)),
        RecordLayout::Single => {
            (count.into(), f64::from(time + dimensions) + f64::from(measures) / f64::from(count))
        }
    }
}

/// Gigabytes of records that are stored in a second.
pub(super) fn stored_gb_a_second(site: Site) -> f64 {
    let (count, bytes) = records(site);
    rate(site) * count * bytes / GB
}

fn table_amounts(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let (count, bytes) = records(site);
    let (batches, events) = batches(site);
    let in_batch = events * count;
    let requests = (in_batch / REQUEST_RECORDS).ceil();
    let in_request = if requests > 0.0 { in_batch / requests } else { 0.0 };
    let writes = batches * requests * (in_request * bytes / KB).ceil();
    let store = &site.environment.store;
    let gb_a_second = stored_gb_a_second(site);
    let memory = gb_a_second * f64::from(store.memory_hours) * 3_600.0;
    let magnetic = gb_a_second * f64::from(store.magnetic_days) * 86_400.0;
    vec![
        ("timestream-write", writes * SECONDS / MILLION),
        ("timestream-memory", memory * HOURS),
        ("timestream-magnetic", magnetic.max(LEAST_MAGNETIC)),
        ("timestream-query", alert_queries(site) * QUERY_UNITS * QUERY_SECONDS / 3_600.0),
    ]
}

/// Queries a month that the alerts of Grafana make.
fn alert_queries(site: Site) -> f64 {
    let Grafana::Container(container) = &site.environment.grafana else { return 0.0 };
    container.alerts.map_or(0.0, |interval| SECONDS / f64::from(interval.seconds()))
}
