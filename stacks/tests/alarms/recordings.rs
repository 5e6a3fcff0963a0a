//! What the services write into their metrics while all is well, during a fault, and after it, for each alarm.

use stacks::environment::{Consumer, Environment};

/// For how many minutes it is well, then not, then well again.
pub const MINUTES: [u32; 3] = [120, 120, 240];

/// What goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before the fault.
    Well,
    /// The fault.
    Fault,
    /// After it.
    Over,
}

/// Where the value of a dimension comes from, of the resource that the alarm is about.
#[derive(Debug, Clone, Copy)]
pub enum Dimension {
    /// What `Ref` tells of it.
    Its,
    /// An attribute of it.
    Attribute(&'static str),
    /// What a property of it refers to.
    Of(&'static str),
    /// A text of the service.
    Text(&'static str),
}

/// A fault.
pub struct Recording {
    /// The row of the table whose alarm it turns.
    pub alarm: &'static str,
    /// What happens.
    pub fault: &'static str,
    /// The dimensions under which the service writes: all of them.
    pub dimensions: &'static [(&'static str, Dimension)],
    /// Whether it can happen there.
    pub happens: fn(&Environment) -> bool,
    /// What it writes in a minute of a phase, counted from its beginning.
    pub values: fn(&Environment, Phase, u32) -> Vec<f64>,
    /// After how many minutes of the fault somebody is told, at the latest.
    pub told_within: fn(&Environment) -> u32,
}

use Dimension::{Attribute, Its, Of, Text};
use Phase::{Fault, Over, Well};

/// Nothing, until something happens in every minute of the fault.
fn counted(phase: Phase, fault: f64) -> Vec<f64> {
    if phase == Fault { vec![fault] } else { Vec::new() }
}

/// Nothing, but for the first minute of the fault.
fn once(phase: Phase, minute: u32) -> Vec<f64> {
    if phase == Fault && minute == 0 { vec![1.0] } else { Vec::new() }
}

/// One value, or another.
fn level(phase: Phase, well: f64, fault: f64) -> Vec<f64> {
    vec![if phase == Fault { fault } else { well }]
}

/// A delay in milliseconds that grows by a minute each minute, and is made up for in the end.
fn behind(phase: Phase, minute: u32) -> Vec<f64> {
    level(phase, 250.0, f64::from(minute + 1) * 60_000.0)
}

fn late(environment: &Environment) -> u32 {
    // A look every five minutes, twice.
    environment.operations.late_minutes + 15
}

fn always(_: &Environment) -> bool {
    true
}

fn expects_events(environment: &Environment) -> bool {
    environment.operations.least_events_per_minute > 0
}

const STREAM: &[(&str, Dimension)] = &[("StreamName", Its)];
const QUEUE: &[(&str, Dimension)] = &[("QueueName", Attribute("QueueName"))];
const FUNCTION: &[(&str, Dimension)] = &[("FunctionName", Its)];
const OF_MAPPING: &[(&str, Dimension)] = &[("FunctionName", Of("FunctionName"))];
const ACTION: &[(&str, Dimension)] = &[("RuleName", Its), ("ActionType", Text("Kinesis"))];
const JOB: &[(&str, Dimension)] = &[("Application", Its)];
const FLOW: &[(&str, Dimension)] = &[("Application", Its), ("Flow", Text("sluice"))];
const OPERATOR: &[(&str, Dimension)] =
    &[("Application", Its), ("Id", Text("0a1b")), ("Operator", Text("store")), ("Program", Text("Sluice"))];
const TABLE: &[(&str, Dimension)] =
    &[("DatabaseName", Of("DatabaseName")), ("TableName", Attribute("Name")), ("Operation", Text("Storage"))];
const CLUSTER: &[(&str, Dimension)] = &[("DBClusterIdentifier", Its)];
const DELIVERY: &[(&str, Dimension)] = &[("DeliveryStreamName", Its)];

/// At least one for each row of the table.
#[rustfmt::skip]
pub const RECORDINGS: &[Recording] = &[
    Recording { alarm: "Silence", fault: "no device sends anything", dimensions: STREAM, happens: expects_events,
        values: |environment, phase, _| if phase == Fault { Vec::new() } else {
            vec![f64::from(environment.operations.least_events_per_minute) * 2.0]
        },
        told_within: |_| 20 },
    Recording { alarm: "Silence", fault: "most devices are away", dimensions: STREAM, happens: |environment| environment.operations.least_events_per_minute > 1,
        values: |environment, phase, _| {
            let least = f64::from(environment.operations.least_events_per_minute);
            level(phase, least * 2.0, (least * 0.1).floor())
        },
        told_within: |_| 20 },
    Recording { alarm: "Full", fault: "more devices than shards for them", dimensions: STREAM, happens: always,
        // A burst of two minutes is not told.
        values: |_, phase, minute| level(phase, if minute % 30 < 2 { 40.0 } else { 0.0 }, 40.0),
        told_within: |_| 5 },
    Recording { alarm: "Undelivered", fault: "the rule's role lost a permission", dimensions: ACTION, happens: always,
        values: |_, phase, _| counted(phase, 100.0), told_within: |_| 15 },
    Recording { alarm: "Lost", fault: "the queue of the error action is gone for a minute", dimensions: ACTION, happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "Throttled", fault: "more messages than the account's rules may take", dimensions: &[("RuleName", Its)], happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "Depth", fault: "an event that nothing can read", dimensions: QUEUE, happens: always,
        values: |environment, phase, _| level(phase, 0.0, f64::from(environment.operations.most_quarantined + 1)),
        told_within: |_| 1 },
    Recording { alarm: "Age", fault: "nobody looks into the quarantine for a week", dimensions: QUEUE, happens: always,
        values: |_, phase, minute| level(phase, 3_600.0, f64::from(604_800 - 600 + minute * 60)),
        told_within: |_| 20 },
    Recording { alarm: "IteratorAge", fault: "the store takes nothing", dimensions: OF_MAPPING, happens: always,
        values: |_, phase, minute| behind(phase, minute), told_within: late },
    Recording { alarm: "IteratorAge", fault: "somebody switched the mapping off", dimensions: OF_MAPPING, happens: expects_events,
        values: |_, phase, _| if phase == Fault { Vec::new() } else { vec![250.0] }, told_within: |_| 15 },
    Recording { alarm: "GivenUp", fault: "a record fails until it is too old", dimensions: &[("EventSourceMappingUUID", Its)], happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "Unkept", fault: "the bucket of rejected data is gone", dimensions: OF_MAPPING, happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "Errors", fault: "an invocation ends with an error", dimensions: FUNCTION, happens: always,
        values: |_, phase, minute| vec![0.0, 0.0, if phase == Fault && minute == 0 { 1.0 } else { 0.0 }], told_within: |_| 5 },
    Recording { alarm: "Throttles", fault: "another function uses up the account's concurrency", dimensions: FUNCTION, happens: always,
        values: |_, phase, _| level(phase, 0.0, 7.0), told_within: |_| 5 },
    Recording { alarm: "Unavailable", fault: "the store answers with errors", dimensions: &[("function", Its)], happens: always,
        values: |_, phase, _| level(phase, 0.0, 12.0), told_within: |_| 5 },
    Recording { alarm: "Stopped", fault: "somebody stopped the application", dimensions: FLOW, happens: always,
        values: |_, phase, minute| if phase == Fault { Vec::new() } else { vec![f64::from(minute + 1) * 60_000.0] },
        told_within: |_| 10 },
    Recording { alarm: "Stopped", fault: "the job does not come up", dimensions: FLOW, happens: always,
        values: |_, phase, minute| level(phase, f64::from(minute + 1) * 60_000.0, 0.0), told_within: |_| 10 },
    Recording { alarm: "Restarts", fault: "the job fails every two minutes", dimensions: JOB, happens: always,
        // One restart, as maintenance makes it, is not told.
        values: |_, phase, minute| vec![f64::from(match phase {
            Well => u32::from(minute > 40),
            Fault => 1 + minute / 2,
            Over => 1 + MINUTES[1] / 2,
        })],
        told_within: |_| 20 },
    Recording { alarm: "Checkpoints", fault: "the state cannot be written", dimensions: JOB, happens: always,
        values: |environment, phase, minute| {
            let Consumer::Flink(flink) = &environment.consumer else { panic!("a job") };
            // One failed before the fault, which is not told.
            let failed = |minutes: u32| minutes * 60 / flink.checkpoint_seconds;
            vec![f64::from(match phase {
                Well => u32::from(minute > 40),
                Fault => 1 + failed(minute),
                Over => 1 + failed(MINUTES[1]),
            })]
        },
        told_within: |environment| {
            let Consumer::Flink(flink) = &environment.consumer else { panic!("a job") };
            15 + 6 * flink.checkpoint_seconds.div_ceil(60)
        } },
    Recording { alarm: "Lag", fault: "the store takes nothing", dimensions: OPERATOR, happens: always,
        values: |_, phase, minute| behind(phase, minute), told_within: late },
    Recording { alarm: "ReadAge", fault: "the job is too small for what comes", dimensions: STREAM, happens: always,
        values: |_, phase, minute| behind(phase, minute), told_within: late },
    Recording { alarm: "Rejected", fault: "late records of equal versions differ", dimensions: TABLE, happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "Unreported", fault: "the bucket of reports is gone", dimensions: TABLE, happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "ReportFailures", fault: "S3 fails", dimensions: TABLE, happens: always,
        values: |_, phase, minute| once(phase, minute), told_within: |_| 5 },
    Recording { alarm: "Pending", fault: "late records stay unseen", dimensions: TABLE, happens: always,
        values: |_, phase, _| level(phase, 1_200_000.0, 25_000_000.0), told_within: |_| 20 },
    Recording { alarm: "SystemErrors", fault: "Timestream fails", dimensions: &[("Operation", Text("WriteRecords"))], happens: always,
        values: |_, phase, _| counted(phase, 9.0), told_within: |_| 5 },
    Recording { alarm: "Capacity", fault: "a query takes the whole cluster", dimensions: CLUSTER, happens: always,
        values: |_, phase, _| level(phase, 35.0, 99.0), told_within: |_| 20 },
    Recording { alarm: "Transactions", fault: "a transaction that nobody ends keeps the cluster from cleaning up", dimensions: CLUSTER, happens: always,
        values: |_, phase, _| level(phase, 1.9e8, 1.2e9), told_within: |_| 5 },
    Recording { alarm: "Freshness", fault: "the bucket of the lake refuses objects", dimensions: DELIVERY, happens: always,
        values: |environment, phase, minute| {
            let buffer = f64::from(environment.lake.buffer_seconds);
            level(phase, buffer + 20.0, buffer + f64::from(minute + 1) * 60.0)
        },
        told_within: late },
    Recording { alarm: "Behind", fault: "others read the stream's whole rate", dimensions: DELIVERY, happens: always,
        values: |_, phase, minute| behind(phase, minute), told_within: late },
    Recording { alarm: "Deliveries", fault: "the bucket of the lake refuses objects", dimensions: DELIVERY, happens: always,
        values: |_, phase, _| level(phase, 1.0, 0.0), told_within: |_| 15 },
    Recording { alarm: "Transforms", fault: "the transform ends with errors", dimensions: DELIVERY, happens: always,
        values: |_, phase, _| level(phase, 1.0, 0.25), told_within: |_| 15 },
];
