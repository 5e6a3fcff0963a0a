//! What the service of each resource type counts, one row a type.

use serde_json::Value;
use telemetry::{MeasureType, RecordLayout};

use super::{HOURS, SECONDS, Site};
use crate::cfn::{LogicalId, Resource};
use crate::environment::{Consumer, Grafana, StreamMode};
use crate::functions::{DEVICE_SIMULATOR, Function, JSONL_TRANSFORM, KINESIS_CONSUMER, TWINMAKER_CONNECTOR};
use crate::lake::LAKE_BUCKET;

/// The functions whose invocations follow from the load.
const FUNCTIONS: [Function; 4] = [DEVICE_SIMULATOR, JSONL_TRANSFORM, KINESIS_CONSUMER, TWINMAKER_CONNECTOR];

/// Names of prices, with the amount of a month.
type Amounts = Vec<(&'static str, f64)>;

/// What a type costs.
#[derive(Clone, Copy)]
pub(super) enum Row {
    /// Its service counts, by the load or by the hour.
    Metered(fn(Site, &LogicalId, &Resource) -> Amounts),
    /// Its service counts what people and other programs ask of it, which nobody can foresee.
    ByUse(&'static str),
    /// It costs nothing: the reason is beside it.
    Free,
}

const MILLION: f64 = 1e6;
const KB: f64 = 1_024.0;
const GB: f64 = KB * KB * KB;

/// Programs that read the stream: the consumer and Firehose.
const READERS: f64 = 2.0;
/// Events and bytes a second that a shard takes. See
/// [quotas](https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
const SHARD_EVENTS: f64 = 1_000.0;
const SHARD_BYTES: f64 = KB * KB;
/// Shards with which a stream on demand begins.
const LEAST_SHARDS: f64 = 4.0;
/// How much smaller the lake's objects are than the lines in them. Assumed: the same names recur in each.
const COMPRESSED: f64 = 0.15;
/// Seconds of an invocation, and of each request of 100 records that the consumer writes in it. Assumed.
const INVOCATION_SECONDS: f64 = 0.02;
const REQUEST_SECONDS: f64 = 0.05;
/// Seconds in which the simulator sends a minute's events. Assumed.
const SIMULATION_SECONDS: f64 = 2.0;
/// Most records of a write request.
const REQUEST_RECORDS: f64 = 100.0;
/// The least that an account pays for in the magnetic store, in GB.
const LEAST_MAGNETIC: f64 = 100.0;
/// The least units that a query takes, and the least seconds for which they are billed. See
/// [compute units](https://docs.aws.amazon.com/timestream/latest/developerguide/tcu.html).
const QUERY_UNITS: f64 = 4.0;
const QUERY_SECONDS: f64 = 30.0;
/// Length of a device's name and of the values of other dimensions, in bytes. Assumed.
const NAME_BYTES: u32 = 16;

/// The types of the templates.
#[rustfmt::skip]
const ROWS: &[(&str, Row)] = &[
    ("AWS::Athena::WorkGroup",                                      Row::ByUse("what queries of the lake scan")),
    ("AWS::CertificateManager::Certificate",                        Row::Free), // public certificates cost nothing
    ("AWS::EC2::InternetGateway",                                   Row::Free), // the way out costs nothing by itself
    ("AWS::EC2::Route",                                             Row::Free), // part of the network
    ("AWS::EC2::RouteTable",                                        Row::Free), // part of the network
    ("AWS::EC2::SecurityGroup",                                     Row::Free), // part of the network
    ("AWS::EC2::Subnet",                                            Row::Free), // part of the network
    ("AWS::EC2::SubnetRouteTableAssociation",                       Row::Free), // part of the network
    ("AWS::EC2::VPC",                                               Row::Free), // part of the network
    ("AWS::EC2::VPCGatewayAttachment",                              Row::Free), // part of the network
    ("AWS::ECS::Cluster",                                           Row::Free), // its tasks cost, not the cluster
    ("AWS::ECS::Service",                                           Row::Metered(service)),
    ("AWS::ECS::TaskDefinition",                                    Row::Metered(task)),
    ("AWS::EFS::AccessPoint",                                       Row::Free), // part of the file system
    ("AWS::EFS::FileSystem",                                        Row::Metered(file_system)),
    ("AWS::EFS::MountTarget",                                       Row::Free), // part of the file system
    ("AWS::ElasticLoadBalancingV2::Listener",                       Row::Free), // part of the load balancer
    ("AWS::ElasticLoadBalancingV2::LoadBalancer",                   Row::Metered(load_balancer)),
    ("AWS::ElasticLoadBalancingV2::TargetGroup",                    Row::Free), // part of the load balancer
    ("AWS::Events::Rule",                                           Row::Free), // schedules of rules cost nothing
    ("AWS::Glue::Database",                                         Row::Free), // the first million objects of the catalog cost nothing
    ("AWS::Glue::Table",                                            Row::Free), // the first million objects of the catalog cost nothing
    ("AWS::Grafana::Workspace",                                     Row::Metered(workspace)),
    ("AWS::IAM::Role",                                              Row::Free), // roles cost nothing
    ("AWS::IoT::TopicRule",                                         Row::Metered(topic_rule)),
    ("AWS::IoTTwinMaker::ComponentType",                            Row::Free), // entities cost, not their types
    ("AWS::IoTTwinMaker::Entity",                                   Row::Free), // counted with the workspace
    ("AWS::IoTTwinMaker::Workspace",                                Row::ByUse("entities, queries and values that are read, by the plan of the account")),
    ("AWS::Kinesis::Stream",                                        Row::Metered(stream)),
    ("AWS::KinesisAnalyticsV2::Application",                        Row::Metered(application)),
    ("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption", Row::Free), // counted with the log group
    ("AWS::KinesisFirehose::DeliveryStream",                        Row::Metered(delivery)),
    ("AWS::Lambda::EventSourceMapping",                             Row::Free), // invocations cost, not the mapping
    ("AWS::Lambda::Function",                                       Row::Metered(function)),
    ("AWS::Lambda::Permission",                                     Row::Free), // permissions cost nothing
    ("AWS::Logs::LogGroup",                                         Row::ByUse("what is logged")),
    ("AWS::Logs::LogStream",                                        Row::Free), // part of the log group
    ("AWS::Route53::RecordSet",                                     Row::Free), // its hosted zone is not the pipeline's
    ("AWS::S3::Bucket",                                             Row::Metered(bucket)),
    ("AWS::S3::BucketPolicy",                                       Row::Free), // part of the bucket
    ("AWS::SQS::Queue",                                             Row::ByUse("what goes to quarantine")),
    ("AWS::SQS::QueuePolicy",                                       Row::Free), // part of the queue
    ("AWS::SecretsManager::Secret",                                 Row::Metered(secret)),
    ("AWS::Timestream::Database",                                   Row::Free), // its tables cost
    ("AWS::Timestream::Table",                                      Row::Metered(table)),
];

/// Types that the pipeline has in one stack, whose load is known, and what is counted of them in others.
#[rustfmt::skip]
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("AWS::IoT::TopicRule", "ingest", "what further rules select, and their actions"),
    ("AWS::SQS::Queue",     "ingest", "what goes through further queues"),
];

/// What further functions count.
const FURTHER_FUNCTION: Row = Row::ByUse("how often further functions are called, and for how long");

/// What a resource of a stack costs. `None`: nobody has said.
pub(super) fn of(stack: &str, id: &LogicalId, kind: &str) -> Option<Row> {
    if kind == "AWS::Lambda::Function" && !FUNCTIONS.iter().any(|known| *id == known.logical_id()) {
        return Some(FURTHER_FUNCTION);
    }
    let elsewhere = ELSEWHERE.iter().find(|(known, home, _)| *known == kind && *home != stack);
    let elsewhere = elsewhere.map(|(.., what)| Row::ByUse(what));
    elsewhere.or_else(|| ROWS.iter().find(|(known, _)| *known == kind).map(|(_, row)| *row))
}

/// Events a second in the stream: those of the devices, and those that the simulator puts there itself.
fn rate(site: Site) -> f64 {
    let simulator = &site.environment.simulator;
    let simulated = if simulator.enabled {
        f64::from(simulator.devices * simulator.events_per_minute) / 60.0
    } else {
        0.0
    };
    site.load.events_per_second + simulated
}

/// Events a month in the stream.
fn events(site: Site) -> f64 {
    rate(site) * SECONDS
}

/// How many steps of this size an event takes.
fn steps(site: Site, bytes: f64) -> f64 {
    (site.load.event_bytes / bytes).ceil().max(1.0)
}

/// <https://aws.amazon.com/iot-core/pricing/additional-details/>
fn topic_rule(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let messages = site.load.events_per_second * SECONDS * steps(site, 5.0 * KB) / MILLION;
    vec![
        ("iot-connection", site.load.devices * HOURS * 60.0 / MILLION),
        ("iot-message", messages),
        ("iot-rule", messages),
    ]
}

/// Shards of the stream: those that are provisioned, or as many as the load needs.
fn shards(site: Site) -> f64 {
    match site.environment.stream.mode {
        StreamMode::Provisioned { shards } => shards.into(),
        StreamMode::OnDemand => needed_shards(site).max(LEAST_SHARDS),
    }
}

/// Shards that take the load.
pub(super) fn needed_shards(site: Site) -> f64 {
    (rate(site) / SHARD_EVENTS).max(rate(site) * site.load.event_bytes / SHARD_BYTES).ceil()
}

fn stream(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let stream = &site.environment.stream;
    let extended_hours = f64::from(stream.retention_hours.saturating_sub(24));
    let raw = events(site) * site.load.event_bytes / GB;
    match stream.mode {
        StreamMode::Provisioned { .. } => {
            let hours = shards(site) * HOURS;
            let extended = if extended_hours > 0.0 { hours } else { 0.0 };
            vec![
                ("kinesis-shard", hours),
                ("kinesis-shard-extended", extended),
                ("kinesis-put", events(site) * steps(site, 25.0 * KB) / MILLION),
            ]
        }
        StreamMode::OnDemand => vec![
            ("kinesis-stream", HOURS),
            ("kinesis-in", events(site) * steps(site, KB) * KB / GB),
            ("kinesis-out", raw * READERS),
            ("kinesis-extended", raw * extended_hours / HOURS),
        ],
    }
}

fn delivery(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let step = 5.0 * KB;
    vec![("firehose", events(site) * steps(site, step) * step / GB)]
}

fn bucket(site: Site, id: &LogicalId, _: &Resource) -> Amounts {
    // The others hold code, and what was rejected.
    if *id != LAKE_BUCKET {
        return Vec::new();
    }
    let lake = &site.environment.lake;
    let bytes = rate(site) * site.load.event_bytes;
    let by_size = bytes / (f64::from(lake.buffer_mb) * KB * KB);
    let by_time = if bytes > 0.0 { 1.0 / f64::from(lake.buffer_seconds.max(1)) } else { 0.0 };
    vec![
        ("s3-storage", bytes * SECONDS * COMPRESSED / GB),
        ("s3-put", by_size.max(by_time) * SECONDS / 1_000.0),
    ]
}

/// Invocations a month, and the seconds of each.
fn invocations(site: Site, id: &LogicalId) -> (f64, f64) {
    let rate = rate(site);
    let is = |function: Function| *id == function.logical_id();
    if is(KINESIS_CONSUMER) {
        let (batches, records) = batches(site);
        (batches * SECONDS, INVOCATION_SECONDS + (records / REQUEST_RECORDS).ceil() * REQUEST_SECONDS)
    } else if is(JSONL_TRANSFORM) {
        // A buffer of 1 MB, or of a minute.
        let by_time = if rate > 0.0 { 1.0 / 60.0 } else { 0.0 };
        let calls = (rate * site.load.event_bytes / (KB * KB)).max(by_time);
        (calls * SECONDS, INVOCATION_SECONDS)
    } else if is(DEVICE_SIMULATOR) {
        (HOURS * 60.0, SIMULATION_SECONDS)
    } else {
        // The connector: whoever looks at the twin calls it.
        (0.0, 0.0)
    }
}

/// Batches a second that the consumer takes, and the records of each.
fn batches(site: Site) -> (f64, f64) {
    let rate = rate(site) / shards(site);
    if rate <= 0.0 {
        return (0.0, 0.0);
    }
    let (most, window) = match &site.environment.consumer {
        Consumer::Lambda(lambda) => (lambda.batch_size.into(), f64::from(lambda.window_seconds.max(1))),
        // A request is written when it is full, or after a second.
        Consumer::Flink(_) => (REQUEST_RECORDS, 1.0),
    };
    // As soon as there is one, at the latest after the window, and as often as one is full.
    let each = rate.min(1.0 / window).max(rate / most);
    (each * shards(site), (rate / each).max(1.0))
}

fn function(site: Site, id: &LogicalId, resource: &Resource) -> Amounts {
    let (calls, seconds) = invocations(site, id);
    let memory_gb = number(resource.property("MemorySize")) / KB;
    vec![("lambda-request", calls / MILLION), ("lambda-duration", calls * seconds * memory_gb)]
}

fn application(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let Consumer::Flink(flink) = &site.environment.consumer else { return Vec::new() };
    let units = f64::from(flink.parallelism.div_ceil(flink.parallelism_per_kpu));
    // https://docs.aws.amazon.com/managed-flink/latest/java/how-pricing.html
    vec![("flink", (units + 1.0) * HOURS), ("flink-storage", units * 50.0)]
}

/// Records that an event becomes, and the size of each, by the
/// [rules of metering](https://docs.aws.amazon.com/timestream/latest/developerguide/metering-and-pricing.writes.html).
fn records(site: Site) -> (f64, f64) {
    let model = site.model;
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

fn table(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let (count, bytes) = records(site);
    let (batches, events) = batches(site);
    let in_batch = events * count;
    let requests = (in_batch / REQUEST_RECORDS).ceil();
    let in_request = if requests > 0.0 { in_batch / requests } else { 0.0 };
    let writes = batches * requests * (in_request * bytes / KB).ceil();
    let store = &site.environment.store;
    let gb_a_second = rate(site) * count * bytes / GB;
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

fn task(_: Site, _: &LogicalId, task: &Resource) -> Amounts {
    let processors = number(task.property("Cpu")) / 1_024.0;
    let memory_gb = number(task.property("Memory")) / KB;
    vec![("fargate-processor", processors * HOURS), ("fargate-memory", memory_gb * HOURS)]
}

fn service(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    // The task has one, to reach the world without a NAT gateway.
    vec![("address", HOURS)]
}

fn load_balancer(_: Site, _: &LogicalId, balancer: &Resource) -> Amounts {
    let subnets = balancer.property("Subnets").as_array().map_or(0, Vec::len);
    let addresses = f64::from(u32::try_from(subnets).unwrap_or(u32::MAX));
    vec![("load-balancer", HOURS), ("address", addresses * HOURS)]
}

fn file_system(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("file-system", 1.0)]
}

fn secret(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("secret", 1.0)]
}

fn workspace(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("grafana-editor", 1.0)]
}

/// A number, which some types want as text.
fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second rule would pay for the pipeline's messages once more.
    #[test]
    fn what_is_not_the_pipelines_own_depends_on_use() {
        for (stack, id, kind, by_use) in [
            ("ingest", "TopicRule", "AWS::IoT::TopicRule", false),
            ("alert", "TopicRule", "AWS::IoT::TopicRule", true),
            ("ingest", "QuarantineQueue", "AWS::SQS::Queue", true),
            ("alert", "Queue", "AWS::SQS::Queue", true),
            ("consumer", "KinesisConsumer", "AWS::Lambda::Function", false),
            ("alert", "Alert", "AWS::Lambda::Function", true),
        ] {
            let row = of(stack, &LogicalId::from_kebab(id), kind).expect("a row");
            assert_eq!(matches!(row, Row::ByUse(_)), by_use, "{stack}.{id}");
        }
    }
}
