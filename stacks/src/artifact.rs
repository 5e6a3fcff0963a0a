//! The code that stacks run: functions, each an archive, and the Flink job.

use serde::Serialize;

/// A function of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Function {
    /// Name of the cargo package and of its binary.
    pub name: &'static str,
    /// Whether `model.json` lies beside the binary in the archive.
    pub carries_model: bool,
    /// Who calls it, and so what it costs.
    #[serde(skip)]
    pub calls: Calls,
}

/// Who calls a function, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Calls {
    /// The stream, with each batch of events.
    PerBatch,
    /// Firehose, with each buffer of events.
    PerBuffer,
    /// A schedule, every minute.
    PerMinute,
    /// A schedule, every twelve hours.
    TwiceADay,
    /// Whoever wants to know something: nobody can foresee how often.
    OnRequest,
    /// What a stack of one's own lets call it.
    #[allow(dead_code, reason = "the functions that `cargo xtask new` writes have it")]
    ByUse,
}

/// Code that a stack runs, in the bucket under a key made from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Artifact {
    /// The archive of a Lambda function.
    Function(Function),
    /// The JAR of the Flink job.
    FlinkJob,
}

impl Artifact {
    /// Its name, and the first part of its key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Function(function) => function.name,
            Self::FlinkJob => "flink-job",
        }
    }
}
