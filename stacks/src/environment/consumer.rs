//! `[consumer]` of an environment: its kind, and the keys of that kind.

use super::{Consumer, FlinkConsumer, LambdaConsumer};
use crate::config::{Fault, Section};

/// What is used where a file says nothing.
mod default {
    /// Five write requests of Timestream to a batch.
    pub const BATCH_SIZE: u32 = 500;
    /// A dashboard that is a second behind is not behind.
    pub const WINDOW_SECONDS: u32 = 1;
    /// One batch of a shard at a time.
    pub const PARALLELIZATION: u32 = 1;
    /// The age of a record alone decides: ten attempts are over after minutes, and an outage of the store may
    /// last hours.
    pub const MAX_ATTEMPTS: i32 = -1;
    /// An hour before the stream's shortest retention ends.
    pub const MAX_AGE_SECONDS: u32 = 23 * 60 * 60;
    /// A seventh of a processor, and several times the memory that a batch of 6 MB needs.
    pub const MEMORY_MB: u32 = 256;
    /// Several rounds of retries with backoff.
    pub const TIMEOUT_SECONDS: u32 = 60;
    /// One task at a time, which is one Kinesis Processing Unit.
    pub const PARALLELISM: u32 = 1;
    /// A processor for each task.
    pub const PARALLELISM_PER_KPU: u32 = 1;
    /// The load of devices follows the day.
    pub const AUTOSCALING: bool = true;
    /// What the service takes by itself.
    pub const CHECKPOINT_SECONDS: u32 = 60;
    /// Tens of thousands of small events. While the store is away a subtask takes a few times as much memory,
    /// as checkpoints copy it, of the 4 GB of a Kinesis Processing Unit.
    pub const BUFFER_MB: u32 = 32;
}

/// Most tasks of an operator, and most Kinesis Processing Units of an application: the
/// [quotas](https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling.html) of an account that
/// asked for no more.
const MAX_PARALLELISM: u32 = 256;
const MAX_KPUS: u32 = 64;

/// Longest time between two checkpoints, in seconds: as much is read again after a failure.
const MAX_CHECKPOINT_SECONDS: u32 = 3_600;

/// Most megabytes of events that a subtask holds: what a Kinesis Processing Unit has memory for.
const MAX_BUFFER_MB: u32 = 256;

/// Keys of a consumer that is a function, and of one that is a Flink application.
const LAMBDA_KEYS: [&str; 7] = [
    "batch_size",
    "window_seconds",
    "parallelization",
    "max_attempts",
    "max_age_seconds",
    "memory_mb",
    "timeout_seconds",
];
const FLINK_KEYS: [&str; 5] =
    ["parallelism", "parallelism_per_kpu", "autoscaling", "checkpoint_seconds", "buffer_mb"];

/// Why a consumer cannot be as its section says.
#[derive(Debug, thiserror::Error)]
enum ConsumerFault {
    #[error("is {seconds}, longer than the {hours} hours for which the stream keeps a record")]
    OutlivesStream { seconds: u32, hours: u32 },
    #[error("is {parallelism}, which takes {kpus} Kinesis Processing Units of {per_kpu} tasks each")]
    ManyUnits { parallelism: u32, per_kpu: u32, kpus: u32 },
}

impl Fault for ConsumerFault {
    fn help(&self) -> String {
        match self {
            Self::OutlivesStream { .. } => "lower it, or raise `stream.retention_hours`".into(),
            Self::ManyUnits { .. } => format!(
                "lower it, or raise `parallelism_per_kpu`: an application has at most {MAX_KPUS} units"
            ),
        }
    }
}

/// Reads the section. `stream_hours` is how long the stream keeps a record, where that is known.
pub(super) fn read(section: &Section<'_>, stream_hours: Option<u32>) -> Option<Consumer> {
    #[derive(Clone, Copy)]
    enum Kind {
        Lambda,
        Flink,
    }
    let kind = section.choice("kind", &[("lambda", Kind::Lambda), ("flink", Kind::Flink)]).or(Kind::Lambda);
    match kind {
        Some(Kind::Lambda) => {
            refuse_others(section, &FLINK_KEYS, "with `kind = \"lambda\"`: it is a key of kind `flink`");
            read_lambda(section, stream_hours).map(Consumer::Lambda)
        }
        Some(Kind::Flink) => {
            refuse_others(section, &LAMBDA_KEYS, "with `kind = \"flink\"`: it is a key of kind `lambda`");
            read_flink(section).map(Consumer::Flink)
        }
        // With a kind that is misspelt it is unknown what the others should be.
        None => {
            LAMBDA_KEYS.iter().chain(&FLINK_KEYS).for_each(|key| {
                section.has(key);
            });
            None
        }
    }
}

/// Refuses the keys of the other kind. Where the command line chooses another kind than the file, what
/// the file says about its own is not meant for this run.
fn refuse_others(section: &Section<'_>, keys: &[&'static str], when: &'static str) {
    for key in keys {
        if section.is_override("kind") && !section.is_override(key) {
            section.has(key);
        } else {
            section.refuse(key, when);
        }
    }
}

fn read_lambda(section: &Section<'_>, stream_hours: Option<u32>) -> Option<LambdaConsumer> {
    let batch_size = section.integer("batch_size", 1..=10_000).or(default::BATCH_SIZE);
    let window_seconds = section.integer("window_seconds", 0..=300).or(default::WINDOW_SECONDS);
    let parallelization = section.integer("parallelization", 1..=10).or(default::PARALLELIZATION);
    let max_attempts = section.integer("max_attempts", -1..=10_000).or(default::MAX_ATTEMPTS);
    // What the stream has dropped cannot be handed to the on-failure destination any more.
    let max_age_seconds =
        section.integer("max_age_seconds", 60..=604_800).check(|&seconds| match stream_hours {
            Some(hours) if seconds > hours.saturating_mul(3_600) => {
                Err(ConsumerFault::OutlivesStream { seconds, hours })
            }
            _ => Ok(()),
        });
    let max_age_seconds = max_age_seconds.or(default::MAX_AGE_SECONDS);
    let memory_mb = section.integer("memory_mb", 128..=10_240).or(default::MEMORY_MB);
    let timeout_seconds = section.integer("timeout_seconds", 1..=900).or(default::TIMEOUT_SECONDS);
    Some(LambdaConsumer {
        batch_size: batch_size?,
        window_seconds: window_seconds?,
        parallelization: parallelization?,
        max_attempts: max_attempts?,
        max_age_seconds: max_age_seconds?,
        memory_mb: memory_mb?,
        timeout_seconds: timeout_seconds?,
    })
}

fn read_flink(section: &Section<'_>) -> Option<FlinkConsumer> {
    let parallelism = section.integer("parallelism", 1..=MAX_PARALLELISM).or(default::PARALLELISM);
    let parallelism_per_kpu = section.integer("parallelism_per_kpu", 1..=8).or(default::PARALLELISM_PER_KPU);
    if let (Some(parallelism), Some(per_kpu)) = (parallelism, parallelism_per_kpu) {
        let kpus = parallelism.div_ceil(per_kpu);
        if kpus > MAX_KPUS {
            section.add("parallelism", ConsumerFault::ManyUnits { parallelism, per_kpu, kpus });
        }
    }
    let autoscaling = section.flag("autoscaling").or(default::AUTOSCALING);
    let checkpoint_seconds = section.integer("checkpoint_seconds", 1..=MAX_CHECKPOINT_SECONDS);
    let checkpoint_seconds = checkpoint_seconds.or(default::CHECKPOINT_SECONDS);
    let buffer_mb = section.integer("buffer_mb", 2..=MAX_BUFFER_MB).or(default::BUFFER_MB);
    Some(FlinkConsumer {
        parallelism: parallelism?,
        parallelism_per_kpu: parallelism_per_kpu?,
        autoscaling: autoscaling?,
        checkpoint_seconds: checkpoint_seconds?,
        buffer_mb: buffer_mb?,
    })
}
