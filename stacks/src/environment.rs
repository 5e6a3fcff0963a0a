//! An environment: where one deployment of the pipeline lives, and how large it is.
//!
//! [`Environment`] is what the stacks are built from, so every value in it is known to be valid.
//! It reads no file, no clock and no account: an expected account is compared elsewhere.

mod bootstrap;
mod consumer;
mod devices;
mod expiry;
mod grafana;
pub mod name;
mod operations;
mod read;
mod region;
mod store;
mod tags;
mod twin;

use std::collections::BTreeMap;

use serde::Serialize;

pub use crate::config::likely;
pub use bootstrap::ACCOUNT_STACK;
pub use expiry::{Expiry, ExpiryFault};
pub(crate) use grafana::is_version;
pub use grafana::{
    AlertInterval, Entrance, Grafana, GrafanaContainer, IMAGE, Image, Network, Notify, Oidc, Repository,
    Topic,
};
pub use operations::Recipient;
pub use read::parse;
pub use tags::PIPELINE_PREFIX;

/// Account number of the emulator, which has no accounts.
pub const LOCAL_ACCOUNT: &str = "000000000000";

/// Name of the only table of an environment's database.
pub const TABLE: &str = "telemetry";

/// One deployment of the pipeline: `environments/<name>.toml`, validated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Environment {
    /// Name, part of physical names: that of its file, `[a-z][a-z0-9]{0,15}`, and of an instance `-` and an
    /// id, `[a-z0-9]{1,8}`; altogether at most 16 characters.
    pub name: String,
    /// Where it is deployed to.
    pub target: Target,
    /// AWS Region, one that has every service of the pipeline.
    pub region: String,
    /// The account that it may be deployed to, 12 digits.
    pub account: String,
    /// Processor of the functions. `None`: that of the machine that builds them.
    pub architecture: Option<Architecture>,
    /// First levels of the topics, so that environments of one account and Region read events of
    /// their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_prefix: Option<String>,
    /// What happens to data when its stack is deleted.
    pub on_delete: OnDelete,
    /// The day from which on it may be removed without being asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
    /// Whether `cargo xtask bootstrap` has prepared its account: its code lies in the account's bucket, and
    /// a boundary limits the roles of its stacks.
    pub bootstrap: bool,
    /// The Kinesis stream.
    pub stream: Stream,
    /// What moves events from the stream to the store.
    pub consumer: Consumer,
    /// Where events are stored, and how long they are kept.
    pub store: Store,
    /// Delivery to the lake.
    pub lake: Lake,
    /// The dashboards.
    pub grafana: Grafana,
    /// Whether devices have identities of their own.
    #[serde(skip_serializing_if = "Devices::is_off")]
    pub devices: Devices,
    /// The simulated devices.
    pub simulator: Simulator,
    /// The digital twin.
    pub twin: Twin,
    /// Its alarms.
    pub operations: Operations,
    /// Logs of every function and delivery.
    pub logs: Logs,
    /// Tags of every resource, beside the pipeline's own.
    pub tags: BTreeMap<String, String>,
}

/// Where an environment is deployed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// An AWS account.
    Aws,
    /// The emulator on this machine.
    Local,
}

/// Processor of a Lambda function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// AWS Graviton.
    Arm64,
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
}

impl Architecture {
    /// The name that Lambda uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// What happens to data when its stack is deleted or would replace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDelete {
    /// It is deleted too.
    Delete,
    /// It stays.
    Retain,
}

/// The Kinesis stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// Who decides on the number of shards.
    pub mode: StreamMode,
    /// How long the stream keeps a record, in hours, 24 to 8,760.
    pub retention_hours: u32,
}

/// [Capacity mode](https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html) of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamMode {
    /// Kinesis scales the shards.
    OnDemand,
    /// A fixed number of shards.
    Provisioned {
        /// Number of shards, at least 1.
        shards: u32,
    },
}

/// What moves events from the stream to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Consumer {
    /// A Lambda function, invoked with batches of the stream.
    Lambda(LambdaConsumer),
    /// A job of Managed Service for Apache Flink, which never stops reading the stream.
    Flink(FlinkConsumer),
}

/// A consumer that is a Lambda function, with the
/// [limits of its event source mapping](https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LambdaConsumer {
    /// Most records of a batch, 1 to 10,000.
    pub batch_size: u32,
    /// How long a batch may wait to fill, in seconds, 0 to 300.
    pub window_seconds: u32,
    /// Batches of one shard that are handled at the same time, 1 to 10.
    pub parallelization: u32,
    /// How often a failed batch is tried again, 0 to 10,000; -1: until the age ends it.
    pub max_attempts: i32,
    /// Age at which a record is given up, in seconds, 60 to 604,800. Never without end: one record that
    /// always fails would block its shard.
    pub max_age_seconds: u32,
    /// Memory of the function, in MB, 128 to 10,240.
    pub memory_mb: u32,
    /// Time limit of the function, in seconds, 1 to 900.
    pub timeout_seconds: u32,
}

/// A consumer that is a Flink application, with the
/// [limits of its scaling](https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling.html).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlinkConsumer {
    /// Tasks of each operator that run at the same time, 1 to 256, and at most 64 times as many as
    /// `parallelism_per_kpu`. With autoscaling, where it begins, and the least that it goes back to.
    pub parallelism: u32,
    /// Tasks that share a Kinesis Processing Unit (1 vCPU, 4 GB), 1 to 8.
    pub parallelism_per_kpu: u32,
    /// Whether the service changes the parallelism with the load.
    pub autoscaling: bool,
    /// Time between two checkpoints, in seconds, 1 to 3,600. After a failure, what was read since the
    /// last one is read again.
    pub checkpoint_seconds: u32,
    /// Megabytes of events that one subtask holds while the store does not take them, 2 to 256; then it reads
    /// no further. A half is for what is late.
    pub buffer_mb: u32,
}

/// Where events are stored. The two times of [Timestream's tiers](https://docs.aws.amazon.com/timestream/latest/developerguide/storage.html)
/// add up; another store keeps what is not older than their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Store {
    /// Which store it is.
    #[serde(flatten)]
    pub kind: StoreKind,
    /// Memory store, in hours, 1 to 8,766.
    pub memory_hours: u32,
    /// Magnetic store, in days, 1 to 73,000.
    pub magnetic_days: u32,
}

/// Which store it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum StoreKind {
    /// Timestream for `LiveAnalytics`, which takes no new customers since 2025-06-20.
    Timestream,
    /// `PostgreSQL`: Aurora Serverless v2.
    Postgres(PostgresStore),
}

/// An [Aurora Serverless v2](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html)
/// cluster. Its capacity counts in halves of an ACU, of which each has about 2 GB of memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostgresStore {
    /// The least capacity, in half ACUs, 0 to 512; with 0 it pauses.
    pub min_half_acus: u32,
    /// The most, in half ACUs, 2 to 512.
    pub max_half_acus: u32,
    /// Seconds without a connection after which it pauses, 300 to 86,400. `None`: never.
    pub pause_seconds: Option<u32>,
    /// For how many days its backups are kept, 1 to 35.
    pub backup_days: u32,
    /// Whether a final snapshot stays when the cluster goes.
    pub final_snapshot: bool,
    /// How consumers reach it.
    pub connection: Connection,
}

/// How consumers reach a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// By HTTPS, through the [Data API](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html), from
    /// outside of its network.
    DataApi,
    /// By `PostgreSQL`'s own protocol, from inside, with
    /// [IAM tokens](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html).
    Direct,
}

impl Store {
    /// The cluster, where it is one.
    pub fn postgres(&self) -> Option<&PostgresStore> {
        match &self.kind {
            StoreKind::Timestream => None,
            StoreKind::Postgres(store) => Some(store),
        }
    }

    /// Whether consumers connect to the cluster themselves, inside its network.
    pub fn is_direct(&self) -> bool {
        self.postgres().is_some_and(|store| store.connection == Connection::Direct)
    }

    /// For how many whole days a store without tiers keeps what it has.
    pub fn retention_days(&self) -> u32 {
        postgres::limits::retention_days(self.memory_hours, self.magnetic_days)
    }
}

/// Name of the hour's partition, in the keys of the objects and in the table.
pub const PARTITION: &str = "datehour";
/// Where Firehose puts what it could not transform.
pub(crate) const ERROR_PREFIX: &str = "delivery-errors";
/// Where Athena puts results.
pub(crate) const RESULT_PREFIX: &str = "athena-results";

/// Delivery to the lake, with the
/// [buffering hints of Firehose](https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html):
/// whichever limit is reached first writes an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lake {
    /// Size of a buffer, in MiB, 1 to 128.
    pub buffer_mb: u32,
    /// Age of a buffer, in seconds, 0 to 900.
    pub buffer_seconds: u32,
    /// First part of every object's key, without a slash at either end.
    pub prefix: String,
}

/// Identities of devices: each has a thing and a certificate, and publishes to its own topics alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Devices {
    /// Whether they have one.
    pub enabled: bool,
    /// Which segment of the model's topic names the device, counted from 1 without `topic_prefix`, for every kind
    /// of the model that does not say so itself: what an event says of its device is not read then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_segment: Option<u32>,
}

impl Devices {
    fn is_off(&self) -> bool {
        !self.enabled
    }
}

/// The simulated devices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulator {
    /// Whether there are any.
    pub enabled: bool,
    /// Number of devices, at least 1.
    pub devices: u32,
    /// Events of one device in a minute, at least 1.
    pub events_per_minute: u32,
    /// Chance that a measure is outside of what is normal, 0 to 1.
    pub anomaly_chance: f64,
}

/// The digital twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Twin {
    /// Whether there is one.
    pub enabled: bool,
    /// Devices that have an entity from the start, by their ids, in the order of the file. Others get
    /// theirs when they have sent something.
    pub devices: Vec<String>,
    /// Memory of the connector, in MB, 128 to 10,240.
    pub memory_mb: u32,
    /// Time limit of the connector, in seconds, 1 to 900.
    pub timeout_seconds: u32,
}

/// The alarms of an environment, and who is told of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// Whether there are any.
    pub enabled: bool,
    /// Who is told, in the order of the file.
    pub notify: Vec<Recipient>,
    /// For how many minutes an event may be under way to the store and, beside the lake's buffer, to the lake, 1 to
    /// 1,440.
    pub late_minutes: u32,
    /// The least events a minute that the stream gets, on average over five. 0: it may get none.
    pub least_events_per_minute: u32,
    /// The most messages that may wait in a queue for a person.
    pub most_quarantined: u32,
}

/// Logs of every function and delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logs {
    /// How long they are kept, in days: one of the
    /// [values of CloudWatch Logs](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
    pub retention_days: u32,
    /// What the functions log.
    pub level: LogLevel,
}

/// The least severe level that a function logs. Ordered by how much that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// What needs a person.
    Error,
    /// What may need one.
    Warn,
    /// What happens.
    Info,
    /// Why it happens.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The name that Lambda's `ApplicationLogLevel` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl Environment {
    /// Name of a stack of this environment: `sluice-<environment>-<stack>`.
    pub fn stack_name(&self, stack: &str) -> String {
        format!("sluice-{}-{stack}", self.name)
    }

    /// Name of the database of the store and of the Glue database: `sluice_<environment>`, with
    /// underscores only, so that SQL needs no quotes.
    pub fn database(&self) -> String {
        format!("sluice_{}", self.name.replace('-', "_"))
    }

    /// Identifier of the `PostgreSQL` cluster: `sluice-<environment>`.
    pub fn cluster(&self) -> String {
        format!("sluice-{}", self.name)
    }

    /// Whether it stands for all instances: its name, and whatever follows from that, is a pattern for theirs.
    pub(crate) fn is_every_instance(&self) -> bool {
        self.name.contains('*')
    }

    /// Name of the policy of its devices, and of their thing type: `sluice-<environment>`.
    pub fn device_name(&self) -> String {
        format!("sluice-{}", self.name)
    }

    /// Id of the `TwinMaker` workspace: `sluice-<environment>`.
    pub fn workspace(&self) -> String {
        format!("sluice-{}", self.name)
    }

    /// Name of the store's table.
    pub fn table(&self) -> &'static str {
        TABLE
    }
}
