//! `environments/<name>.toml` becomes an [`Environment`]: keys, limits and defaults.

use crate::config::{Document, Fault, Problems, Section};
use crate::model::{TopicFault, check_filter, check_plain};

use super::name::NameFault;
use super::{
    Architecture, Environment, Expiry, LOCAL_ACCOUNT, Lake, LogLevel, Logs, OnDelete, Simulator, Stream,
    StreamMode, Target, consumer, devices, grafana, name, operations, region, store, tags, twin,
};
use super::{ERROR_PREFIX, PARTITION, RESULT_PREFIX};

/// What is used where a file says nothing.
mod default {
    use super::{LogLevel, OnDelete};

    /// Region of the local target, where it is but a name.
    pub const LOCAL_REGION: &str = "us-east-1";
    /// Data goes only where a file says so.
    pub const ON_DELETE: OnDelete = OnDelete::Retain;
    /// The shortest that Kinesis keeps records: included in its price.
    pub const STREAM_RETENTION_HOURS: u32 = 24;
    /// Objects large enough for Athena.
    pub const BUFFER_MB: u32 = 64;
    /// A lake that is at most five minutes behind.
    pub const BUFFER_SECONDS: u32 = 300;
    /// First part of the keys of the lake.
    pub const PREFIX: &str = "telemetry";
    /// Devices of the articles' simulator.
    pub const DEVICES: u32 = 50;
    /// Bursts in a minute of the articles' simulator.
    pub const EVENTS_PER_MINUTE: u32 = 10;
    /// Chance of an anomaly in the articles' simulator.
    pub const ANOMALY_CHANCE: f64 = 0.051;
    /// A month of logs.
    pub const LOG_RETENTION_DAYS: u32 = 30;
    /// What happens, not why.
    pub const LOG_LEVEL: LogLevel = LogLevel::Info;
}

/// Most events of all simulated devices in a minute. One invocation sends them, in requests of 500
/// records: 120 requests, and as many records as one shard takes in a minute.
const MAX_SIMULATED_EVENTS: u32 = 60_000;

/// Most devices of the simulator: each of them sends at least one event a minute.
const MAX_DEVICES: u32 = MAX_SIMULATED_EVENTS;

/// Most events of a simulated device in a minute: ten a second.
const MAX_EVENTS_PER_MINUTE: u32 = 600;

/// Most shards: the [default quota](https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html)
/// of the largest Regions is 20,000.
const MAX_SHARDS: u32 = 20_000;

/// Longest first part of the lake's keys, in characters. Firehose takes prefixes of 1,024, of which
/// partitions and expressions need their part.
const MAX_PREFIX: usize = 256;

/// The [retentions of CloudWatch Logs](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html),
/// in days.
const LOG_RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Why an environment cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum EnvironmentFault {
    #[error("is \"{account}\", which is no account")]
    Account { account: String },
    #[error("is {days}, which CloudWatch Logs does not offer")]
    LogRetention { days: u32 },
    #[error("cannot be {prefix:?}")]
    Prefix { prefix: String },
    #[error("is \"{prefix}\", but the bucket keeps `{folder}` for {of}")]
    TakenPrefix { prefix: String, folder: &'static str, of: &'static str },
    #[error("is \"{prefix}\", in which `{PARTITION}=` would be taken for a partition")]
    PartitionPrefix { prefix: String },
    #[error("are {devices} with {events_per_minute} events a minute each, more than one invocation sends")]
    ManyEvents { devices: u32, events_per_minute: u32 },
}

impl Fault for EnvironmentFault {
    fn help(&self) -> String {
        match self {
            Self::Account { .. } => {
                "write the 12 digits of the account in double quotes; `aws sts get-caller-identity` prints them".into()
            }
            Self::LogRetention { days } => {
                let longer = LOG_RETENTION_DAYS.iter().find(|offered| *offered > days);
                let nearest = longer.or(LOG_RETENTION_DAYS.last()).copied().unwrap_or_default();
                let offered = LOG_RETENTION_DAYS.map(|days| days.to_string()).join(", ");
                format!("{nearest} is the nearest that keeps as much; it offers {offered}")
            }
            Self::Prefix { .. } => format!(
                "write 1 to {MAX_PREFIX} letters, digits and _ . = - with single slashes between them, such as \"telemetry\""
            ),
            Self::TakenPrefix { .. } | Self::PartitionPrefix { .. } => {
                "choose another, such as \"telemetry\"".into()
            }
            Self::ManyEvents { .. } => format!(
                "lower `devices` or `events_per_minute`: their product is at most {MAX_SIMULATED_EVENTS}"
            ),
        }
    }
}

/// Parses and validates an environment.
///
/// `name` is the environment's: that of its file, or that of an instance. `file_name` stands in the problems. `overrides` are pairs of a key's
/// path, as in `consumer.batch_size`, and a value: TOML if it is, text otherwise. They replace what
/// the file says, before anything is validated. Every problem is returned, not the first.
pub fn parse(
    name: &str,
    file_name: &str,
    text: &str,
    overrides: &[(String, String)],
) -> Result<Environment, Problems> {
    let document = Document::parse(file_name, text, overrides)?;
    name::check(&document, name);
    let environment = Section::read_root(&document, |root| read(name, root));
    document.finish(environment)
}

fn read(name: &str, root: &Section<'_>) -> Option<Environment> {
    let instance = read_instance(name, root);
    let target = root.choice("target", &[("aws", Target::Aws), ("local", Target::Local)]).required();
    let on_delete = root.choice("on_delete", &[("delete", OnDelete::Delete), ("retain", OnDelete::Retain)]);
    let on_delete = on_delete.or(default::ON_DELETE);
    let expires = root.text_like("expires", "a day in double quotes, such as \"2026-11-30\"");
    let expires = expires.check(|day| day.parse::<Expiry>().map(|_| ())).optional();
    let bootstrap = root.flag("bootstrap").or(false);
    let topic_prefix = root.text_like("topic_prefix", "levels of a topic, such as \"dev\"");
    let topic_prefix = topic_prefix.check(|prefix| check_topic_prefix(prefix));
    let topic_prefix = match instance {
        None => None,
        Some(None) => topic_prefix.optional(),
        // Without one, each instance would take the events of all the others.
        Some(Some(instance)) => topic_prefix.required().map(|prefix| Some(format!("{prefix}-{instance}"))),
    };
    let region = root.text_like("region", "a Region, such as \"eu-central-1\"");
    let region = region.check(|region| region::check(region));
    let account = root.text_like("account", "the 12 digits of an account in double quotes");
    let architecture =
        root.choice("architecture", &[("arm64", Architecture::Arm64), ("x86_64", Architecture::X86_64)]);
    let (region, account, architecture) = match target {
        // With a target that is misspelt it is unknown what the others should be: ask for nothing.
        None if root.has("target") => (region.optional().flatten(), None, None),
        None | Some(Target::Aws) => {
            let account = account.check(|account| check_account(account)).required();
            (region.required(), account, architecture.or(Architecture::Arm64).map(Some))
        }
        Some(Target::Local) => {
            root.refuse("account", "for the local target, which has no accounts");
            root.refuse("architecture", "for the local target, whose functions run on this machine");
            (region.or(default::LOCAL_REGION.into()), Some(LOCAL_ACCOUNT.into()), Some(None))
        }
    };
    let stream = root.table("stream", read_stream);
    let hours = stream.as_ref().map(|stream| stream.retention_hours);
    let consumer = root.table("consumer", |section| consumer::read(section, hours));
    let store = root.table("store", |section| store::read(section, on_delete));
    let lake = root.table("lake", read_lake);
    let owner = match (target, &region, &account) {
        (Some(Target::Aws), Some(region), Some(account)) => {
            Some(grafana::Owner { region: region.clone(), account: account.clone() })
        }
        _ => None,
    };
    let operations = root.table("operations", |section| operations::read(section, hours, consumer.as_ref()));
    let around = grafana::Around {
        owner: owner.as_ref(),
        is_local: target == Some(Target::Local),
        has_operations: operations.as_ref().map(|operations| operations.enabled),
    };
    let grafana = root.table("grafana", |section| grafana::read(section, around));
    let devices = root.table("devices", devices::read);
    let simulator = root.table("simulator", read_simulator);
    let twin = root.table("twin", |section| Some(twin::read(section)));
    let twinned = matches!(twin, Some((Some(true), _)));
    let logs = root.table("logs", read_logs);
    let tags = root.table("tags", |section| {
        let tags = tags::read(section)?;
        if twinned {
            twin::check_tags(section, &tags);
        }
        Some(tags)
    });
    if let (Some(region), Some(store)) = (&region, &store) {
        store::check_region(root, store, region);
    }
    if let (Some(Target::Aws), Some(region), true) = (target, &region, twinned) {
        twin::check_region(root, region);
    }
    Some(Environment {
        name: name.to_owned(),
        target: target?,
        region: region?,
        account: account?,
        architecture: architecture?,
        topic_prefix: topic_prefix?,
        on_delete: on_delete?,
        expires: expires?.and_then(|day| day.parse().ok()),
        bootstrap: bootstrap?,
        stream: stream?,
        consumer: consumer?,
        store: store?,
        lake: lake?,
        grafana: grafana?,
        devices: devices?,
        simulator: simulator?,
        twin: twin?.1?,
        operations: operations?,
        logs: logs?,
        tags: tags?,
    })
}

/// The id of the instance that a name is of, where the environment has instances. The outer `None` means that
/// the one does not fit the other.
#[expect(clippy::option_option, reason = "whether it fits, and whether it is one")]
fn read_instance<'n>(name: &'n str, root: &Section<'_>) -> Option<Option<&'n str>> {
    let (file, instance) = name::split(name);
    match (root.flag(name::INSTANCES).or(false)?, instance) {
        (false, None) => Some(None),
        (true, Some(instance)) => Some(Some(instance)),
        (true, None) => {
            root.add(name::INSTANCES, NameFault::OnlyInstances { file: file.to_owned() });
            None
        }
        (false, Some(instance)) => {
            let (file, instance) = (file.to_owned(), instance.to_owned());
            root.add_here(NameFault::NoInstances { file, instance });
            None
        }
    }
}

fn check_account(account: &str) -> Result<(), EnvironmentFault> {
    // The emulator's number is no account: it would only be found out by the first call.
    if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && account != LOCAL_ACCOUNT {
        return Ok(());
    }
    Err(EnvironmentFault::Account { account: account.to_owned() })
}

fn read_stream(section: &Section<'_>) -> Option<Stream> {
    #[derive(Clone, Copy)]
    enum Mode {
        OnDemand,
        Provisioned,
    }
    let mode = section.choice("mode", &[("on-demand", Mode::OnDemand), ("provisioned", Mode::Provisioned)]);
    let shards = section.integer("shards", 1..=MAX_SHARDS);
    let mode = match mode.or(Mode::OnDemand) {
        Some(Mode::OnDemand) => {
            section.refuse("shards", "with `mode = \"on-demand\"`, where Kinesis scales by itself");
            Some(StreamMode::OnDemand)
        }
        Some(Mode::Provisioned) => shards.required().map(|shards| StreamMode::Provisioned { shards }),
        None => None,
    };
    let retention_hours = section.integer("retention_hours", 24..=8_760).or(default::STREAM_RETENTION_HOURS);
    Some(Stream { mode: mode?, retention_hours: retention_hours? })
}

fn read_lake(section: &Section<'_>) -> Option<Lake> {
    let buffer_mb = section.integer("buffer_mb", 1..=128).or(default::BUFFER_MB);
    let buffer_seconds = section.integer("buffer_seconds", 0..=900).or(default::BUFFER_SECONDS);
    let prefix = section.text("prefix").check(|prefix| check_prefix(prefix)).or(default::PREFIX.into());
    Some(Lake { buffer_mb: buffer_mb?, buffer_seconds: buffer_seconds?, prefix: prefix? })
}

/// A prefix holds no expression of Firehose: the partitions that the lake's table expects follow it.
fn check_prefix(prefix: &str) -> Result<(), EnvironmentFault> {
    let part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.=-".contains(c))
    };
    let owned = prefix.to_owned();
    if prefix.len() > MAX_PREFIX || !prefix.split('/').all(part) {
        return Err(EnvironmentFault::Prefix { prefix: owned });
    }
    // The results of queries are deleted after a while, and errors are no events.
    let first = prefix.split('/').next();
    for (folder, of) in [(RESULT_PREFIX, "results of queries"), (ERROR_PREFIX, "failed deliveries")] {
        if first == Some(folder) {
            return Err(EnvironmentFault::TakenPrefix { prefix: owned, folder, of });
        }
    }
    if prefix.contains(&format!("{PARTITION}=")) {
        return Err(EnvironmentFault::PartitionPrefix { prefix: owned });
    }
    Ok(())
}

fn read_simulator(section: &Section<'_>) -> Option<Simulator> {
    let enabled = section.flag("enabled").or(false);
    let devices = section.integer("devices", 1..=MAX_DEVICES).or(default::DEVICES);
    let events_per_minute =
        section.integer("events_per_minute", 1..=MAX_EVENTS_PER_MINUTE).or(default::EVENTS_PER_MINUTE);
    if let (Some(devices), Some(events_per_minute)) = (devices, events_per_minute)
        && devices.saturating_mul(events_per_minute) > MAX_SIMULATED_EVENTS
    {
        section.add("devices", EnvironmentFault::ManyEvents { devices, events_per_minute });
    }
    let chance = |number| (0.0..=1.0).contains(&number);
    let anomaly_chance = section.number_where("anomaly_chance", "a number from 0 to 1", chance);
    let anomaly_chance = anomaly_chance.or(default::ANOMALY_CHANCE);
    Some(Simulator {
        enabled: enabled?,
        devices: devices?,
        events_per_minute: events_per_minute?,
        anomaly_chance: anomaly_chance?,
    })
}

fn read_logs(section: &Section<'_>) -> Option<Logs> {
    const LEVELS: [(&str, LogLevel); 5] = [
        ("ERROR", LogLevel::Error),
        ("WARN", LogLevel::Warn),
        ("INFO", LogLevel::Info),
        ("DEBUG", LogLevel::Debug),
        ("TRACE", LogLevel::Trace),
    ];
    let retention_days = section.integer("retention_days", 1..=3_653).check(|&days| {
        if LOG_RETENTION_DAYS.contains(&days) { Ok(()) } else { Err(EnvironmentFault::LogRetention { days }) }
    });
    let retention_days = retention_days.or(default::LOG_RETENTION_DAYS);
    let level = section.choice("level", &LEVELS).or(default::LOG_LEVEL);
    Some(Logs { retention_days: retention_days?, level: level? })
}

/// Checks a prefix by itself: plain levels, with a level to spare for the model.
fn check_topic_prefix(prefix: &str) -> Result<(), TopicFault> {
    check_plain(prefix)?;
    check_filter(&format!("{prefix}/+"))
}
