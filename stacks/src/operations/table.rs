//! Every alarm that there is. What a resource is watched for, its type says: a new one of a type that is here has its
//! alarms without a line.
//!
//! Names, units and dimensions are those of the services' pages, each beside its rows. Our own metrics among them are
//! `Unavailable` of the consumer that is a function, and `lag` of the Flink job.

use super::alarm::Source::{Attribute, Fixed, Property, Ref};
use super::alarm::{Alarm, Kept, Limit, Metric, Missing, Pace, Side, Source, Statistic};
use super::watched::Watched;
use crate::consumer::KINESIS_CONSUMER;
use crate::environment::Consumer;
use crate::kinds;

/// Seconds of the minute in which services count, and of the period in which an alarm usually looks.
const MINUTE: u32 = 60;
const FIVE_MINUTES: u32 = 300;

/// Once is enough: it is about what is lost, or about what tries again by itself before it is counted.
const ONCE: Pace = Pace { period: |_| FIVE_MINUTES, periods: 1, bad: 1 };
/// Twice in ten minutes: what is late once may have been behind a restart.
const TWICE: Pace = Pace { period: |_| FIVE_MINUTES, periods: 2, bad: 2 };
/// For a quarter of an hour.
const THRICE: Pace = Pace { period: |_| FIVE_MINUTES, periods: 3, bad: 3 };
/// More often than not, for a quarter of an hour.
const MOSTLY: Pace = Pace { period: |_| FIVE_MINUTES, periods: 3, bad: 2 };
/// In most of five minutes.
const BUSY: Pace = Pace { period: |_| MINUTE, periods: 5, bad: 3 };

/// Any at all.
const ANY: Limit = Limit { side: Side::Above, value: |_| 0.0, says: "above 0" };
/// Not every one.
const ALL: Limit = Limit { side: Side::Below, value: |_| 1.0, says: "below 1" };
/// Later than the environment says, in milliseconds.
const LATE: Limit = Limit { side: Side::Above, value: late_ms, says: "above `late_minutes`" };

/// Share of a message's time in a queue after which nobody has cared for it: half of it is left then.
const NEGLECTED: f64 = 0.5;
/// Milliseconds for which Timestream may keep late records from queries: 6 hours, its page says.
const PENDING_MS: f64 = 6.0 * 3_600.0 * 1_000.0;
/// Per cent of a cluster's capacity from which on it has none to spare.
const FULL_PERCENT: f64 = 90.0;
/// Transactions after which [PostgreSQL's numbers](https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/appendix.postgresql.aurora.managing-autovacuum.html)
/// run out at double the number: RDS itself says to look from here on.
const TRANSACTIONS: f64 = 1e9;

/// The alarms, in the order of the dashboard: from the devices to the store, then the lake.
pub static ALARMS: &[Alarm] = &[
    // https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
    Alarm {
        name: "Silence",
        of: "AWS::Kinesis::Stream",
        only: |watched| watched.environment.operations.least_events_per_minute > 0,
        metric: exactly("AWS/Kinesis", "IncomingRecords", &[("StreamName", Ref)]),
        statistic: Statistic::Sum,
        limit: Limit { side: Side::Below, value: least_events, says: "below 5 × `least_events_per_minute`" },
        pace: THRICE,
        missing: Missing::Bad,
        section: "the-pipeline-is-silent",
        says: "Fewer events arrive than the environment expects.",
    },
    Alarm {
        name: "Full",
        of: "AWS::Kinesis::Stream",
        only: any,
        metric: exactly("AWS/Kinesis", "WriteProvisionedThroughputExceeded", &[("StreamName", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: BUSY,
        missing: Missing::Fine,
        section: "the-stream-is-full",
        says: "The stream refuses events, because its shards take no more.",
    },
    // https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html
    Alarm {
        name: "Undelivered",
        of: "AWS::IoT::TopicRule",
        only: any,
        metric: among("AWS/IoT", "Failure", &[("RuleName", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: MOSTLY,
        missing: Missing::Fine,
        section: "a-rule-cannot-deliver",
        says: "An action of the rule fails again and again; its messages go to quarantine.",
    },
    Alarm {
        name: "Lost",
        of: "AWS::IoT::TopicRule",
        only: any,
        metric: among("AWS/IoT", "ErrorActionFailure", &[("RuleName", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "a-rule-loses-messages",
        says: "The error action of the rule failed: a message that could not be delivered is lost.",
    },
    Alarm {
        name: "Throttled",
        of: "AWS::IoT::TopicRule",
        only: any,
        metric: exactly("AWS/IoT", "RuleMessageThrottled", &[("RuleName", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "a-rule-loses-messages",
        says: "The rules engine throttles messages of the rule, which are lost.",
    },
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    Alarm {
        name: "Depth",
        of: "AWS::SQS::Queue",
        only: |watched| !watched.is_worked_off(),
        metric: exactly(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            &[("QueueName", Attribute("QueueName"))],
        ),
        statistic: Statistic::Maximum,
        limit: Limit { side: Side::Above, value: most_quarantined, says: "above `most_quarantined`" },
        pace: Pace { period: |_| MINUTE, periods: 1, bad: 1 },
        missing: Missing::Fine,
        section: "events-are-in-quarantine",
        says: "Events that could not be delivered or stored wait for a person.",
    },
    Alarm {
        name: "Age",
        of: "AWS::SQS::Queue",
        only: any,
        metric: exactly("AWS/SQS", "ApproximateAgeOfOldestMessage", &[("QueueName", Attribute("QueueName"))]),
        statistic: Statistic::Maximum,
        limit: Limit {
            side: Side::Above,
            value: longest_wait,
            says: "above half of the queue's retention; where a function is given the messages, above `late_minutes`",
        },
        pace: ONCE,
        missing: Missing::Fine,
        section: "messages-grow-old",
        says: "The oldest message waits too long: at the end of the queue's retention it is gone.",
    },
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    Alarm {
        name: "IteratorAge",
        of: "AWS::Lambda::EventSourceMapping",
        only: reads_stream,
        metric: exactly("AWS/Lambda", "IteratorAge", &[("FunctionName", Property("FunctionName"))]),
        statistic: Statistic::Maximum,
        limit: Limit {
            side: Side::Above,
            value: late_before_given_up,
            says: "above `late_minutes`, and above half of the age at which records are given up, where that is less",
        },
        // As silence, which it would be told before otherwise.
        pace: THRICE,
        missing: Missing::BadWhileEventsCome,
        section: "the-consumer-is-late",
        says: "The function reads events long after they arrived, or not at all.",
    },
    Alarm {
        name: "GivenUp",
        of: "AWS::Lambda::EventSourceMapping",
        only: |watched| watched.resource.property("MetricsConfig")["Metrics"][0] == "EventCount",
        metric: exactly(
            "AWS/Lambda",
            "OnFailureDestinationDeliveredEventCount",
            &[("EventSourceMappingUUID", Ref)],
        ),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "batches-are-given-up",
        says: "Events were given up after all retries; they lie in the bucket of rejected data.",
    },
    Alarm {
        name: "Unkept",
        of: "AWS::Lambda::EventSourceMapping",
        only: |watched| !watched.resource.property("DestinationConfig").is_null(),
        metric: exactly(
            "AWS/Lambda",
            "DestinationDeliveryFailures",
            &[("FunctionName", Property("FunctionName"))],
        ),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "batches-are-given-up",
        says: "Events that were given up could not be put into the bucket of rejected data: they are lost to the store.",
    },
    Alarm {
        name: "Errors",
        of: "AWS::Lambda::Function",
        only: any,
        metric: exactly("AWS/Lambda", "Errors", &[("FunctionName", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "a-function-fails",
        says: "The function ends with an error or runs out of time.",
    },
    Alarm {
        name: "Throttles",
        of: "AWS::Lambda::Function",
        only: any,
        metric: exactly("AWS/Lambda", "Throttles", &[("FunctionName", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: BUSY,
        missing: Missing::Fine,
        section: "a-function-is-throttled",
        says: "Lambda refuses invocations: the account's concurrency is used up.",
    },
    // The embedded metrics of `lambdas/kinesis-consumer`.
    Alarm {
        name: "Unavailable",
        of: "AWS::Lambda::Function",
        only: |watched| watched.id.as_str().starts_with(KINESIS_CONSUMER.logical_id().as_str()),
        metric: exactly("Sluice", "Unavailable", &[("function", Ref)]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: BUSY,
        missing: Missing::Fine,
        section: "the-store-fails",
        says: "The store does not answer the consumer; events wait in the stream.",
    },
    // https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html
    Alarm {
        name: "Stopped",
        of: "AWS::KinesisAnalyticsV2::Application",
        only: any,
        metric: among("AWS/KinesisAnalytics", "runningTime", &[("Application", Ref)]),
        statistic: Statistic::Maximum,
        limit: ALL,
        pace: TWICE,
        missing: Missing::Bad,
        section: "the-job-does-not-run",
        says: "The Flink job does not run; events wait in the stream.",
    },
    Alarm {
        name: "Restarts",
        of: "AWS::KinesisAnalyticsV2::Application",
        only: any,
        metric: growing("AWS/KinesisAnalytics", "numRestarts", &[("Application", Ref)]),
        statistic: Statistic::Maximum,
        limit: ANY,
        pace: Pace { period: |_| FIVE_MINUTES, periods: 6, bad: 3 },
        missing: Missing::Fine,
        section: "the-job-restarts",
        says: "The Flink job starts again and again.",
    },
    Alarm {
        name: "Checkpoints",
        of: "AWS::KinesisAnalyticsV2::Application",
        only: any,
        metric: growing("AWS/KinesisAnalytics", "numberOfFailedCheckpoints", &[("Application", Ref)]),
        statistic: Statistic::Maximum,
        limit: ANY,
        pace: Pace { period: two_checkpoints, periods: 3, bad: 2 },
        missing: Missing::Fine,
        section: "checkpoints-fail",
        says: "Checkpoints of the Flink job fail: after a restart it reads again what it read since the last one.",
    },
    // The metrics of `flink-job`, which has a source of its own: `millisBehindLatest` is that of AWS's connector.
    Alarm {
        name: "Lag",
        of: "AWS::KinesisAnalyticsV2::Application",
        only: any,
        metric: among("AWS/KinesisAnalytics", "lag", &[("Application", Ref)]),
        statistic: Statistic::Maximum,
        limit: LATE,
        pace: TWICE,
        missing: Missing::Fine,
        section: "the-consumer-is-late",
        says: "The Flink job writes events long after they arrived.",
    },
    Alarm {
        name: "ReadAge",
        of: "AWS::Kinesis::Stream",
        only: |watched| matches!(watched.environment.consumer, Consumer::Flink(_)),
        metric: exactly("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", &[("StreamName", Ref)]),
        statistic: Statistic::Maximum,
        limit: LATE,
        pace: TWICE,
        missing: Missing::Fine,
        section: "the-consumer-is-late",
        says: "Whoever reads the stream, the Flink job or the lake, reads events long after they arrived.",
    },
    // https://docs.aws.amazon.com/timestream/latest/developerguide/metrics-dimensions.html
    Alarm {
        name: "Rejected",
        of: "AWS::Timestream::Table",
        only: any,
        metric: among("AWS/Timestream", "MagneticStoreRejectedRecordCount", TABLE),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "the-store-rejects-late-records",
        says: "Timestream rejected late records after it had taken them; its reports lie in the bucket of rejected data.",
    },
    Alarm {
        name: "Unreported",
        of: "AWS::Timestream::Table",
        only: any,
        metric: among("AWS/Timestream", "MagneticStoreRejectedUploadUserFailures", TABLE),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "the-store-rejects-late-records",
        says: "Timestream has no permission to write its reports of rejected records: nothing says what they were.",
    },
    Alarm {
        name: "ReportFailures",
        of: "AWS::Timestream::Table",
        only: any,
        metric: among("AWS/Timestream", "MagneticStoreRejectedUploadSystemFailures", TABLE),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: ONCE,
        missing: Missing::Fine,
        section: "the-store-rejects-late-records",
        says: "Timestream failed to write its reports of rejected records: nothing says what they were.",
    },
    Alarm {
        name: "Pending",
        of: "AWS::Timestream::Table",
        only: any,
        metric: among("AWS/Timestream", "MagneticStorePendingRecordsLatency", TABLE),
        statistic: Statistic::Maximum,
        limit: Limit {
            side: Side::Above,
            value: |_| PENDING_MS,
            says: "above 6 hours, which Timestream promises",
        },
        pace: THRICE,
        missing: Missing::Fine,
        section: "late-records-stay-unseen",
        says: "Late records that the store has taken cannot be queried yet.",
    },
    Alarm {
        name: "SystemErrors",
        of: "AWS::Timestream::Table",
        only: any,
        // Of the account and Region: this metric tells no table from another.
        metric: exactly("AWS/Timestream", "SystemErrors", &[("Operation", Fixed("WriteRecords"))]),
        statistic: Statistic::Sum,
        limit: ANY,
        pace: BUSY,
        missing: Missing::Fine,
        section: "the-store-fails",
        says: "Timestream fails to write records, of any table of the account in this Region.",
    },
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
    Alarm {
        name: "Capacity",
        of: crate::kinds::CLUSTER,
        only: any,
        metric: exactly("AWS/RDS", "ACUUtilization", &[("DBClusterIdentifier", Ref)]),
        statistic: Statistic::Average,
        limit: Limit { side: Side::Above, value: |_| FULL_PERCENT, says: "above 90 % of `max_acu`" },
        pace: THRICE,
        missing: Missing::Fine,
        section: "the-cluster-is-at-its-limit",
        says: "The cluster has nearly reached its largest capacity.",
    },
    Alarm {
        name: "Transactions",
        of: crate::kinds::CLUSTER,
        only: any,
        metric: exactly("AWS/RDS", "MaximumUsedTransactionIDs", &[("DBClusterIdentifier", Ref)]),
        statistic: Statistic::Maximum,
        limit: Limit { side: Side::Above, value: |_| TRANSACTIONS, says: "above 1,000,000,000" },
        pace: ONCE,
        missing: Missing::Fine,
        section: "transaction-ids-run-out",
        says: "The cluster cleans up too slowly: at 2,000,000,000 transactions it takes no more writes.",
    },
    // https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
    Alarm {
        name: "Freshness",
        of: "AWS::KinesisFirehose::DeliveryStream",
        only: any,
        metric: exactly("AWS/Firehose", "DeliveryToS3.DataFreshness", DELIVERY),
        statistic: Statistic::Maximum,
        limit: Limit {
            side: Side::Above,
            value: late_delivery,
            says: "above `late_minutes` and `buffer_seconds` of the lake together",
        },
        pace: TWICE,
        missing: Missing::Fine,
        section: "the-lake-is-late",
        says: "Events wait too long in Firehose.",
    },
    Alarm {
        name: "Behind",
        of: "AWS::KinesisFirehose::DeliveryStream",
        only: any,
        metric: exactly("AWS/Firehose", "KinesisMillisBehindLatest", DELIVERY),
        statistic: Statistic::Maximum,
        limit: LATE,
        pace: TWICE,
        missing: Missing::Fine,
        section: "the-lake-is-late",
        says: "Firehose reads events long after they arrived.",
    },
    Alarm {
        name: "Deliveries",
        of: "AWS::KinesisFirehose::DeliveryStream",
        only: any,
        metric: exactly("AWS/Firehose", "DeliveryToS3.Success", DELIVERY),
        statistic: Statistic::Average,
        limit: ALL,
        pace: MOSTLY,
        missing: Missing::Fine,
        section: "the-lake-cannot-be-written",
        says: "Firehose fails to write objects into the lake.",
    },
    Alarm {
        name: "Transforms",
        of: "AWS::KinesisFirehose::DeliveryStream",
        only: |watched| {
            watched.resource.property("ExtendedS3DestinationConfiguration")["ProcessingConfiguration"]["Enabled"]
                == true
        },
        metric: exactly("AWS/Firehose", "ExecuteProcessing.Success", DELIVERY),
        statistic: Statistic::Average,
        limit: ALL,
        pace: MOSTLY,
        missing: Missing::Fine,
        section: "the-transform-fails",
        says: "Firehose fails to have events transformed; after its retries they go to the delivery errors of the lake.",
    },
];

const TABLE: &[(&str, Source)] =
    &[("DatabaseName", Property("DatabaseName")), ("TableName", Attribute("Name"))];
const DELIVERY: &[(&str, Source)] = &[("DeliveryStreamName", Ref)];

const fn exactly(
    namespace: &'static str,
    name: &'static str,
    dimensions: &'static [(&'static str, Source)],
) -> Metric {
    Metric { namespace, name, dimensions, kept: Kept::Exactly }
}

const fn among(
    namespace: &'static str,
    name: &'static str,
    dimensions: &'static [(&'static str, Source)],
) -> Metric {
    Metric { namespace, name, dimensions, kept: Kept::Among }
}

const fn growing(
    namespace: &'static str,
    name: &'static str,
    dimensions: &'static [(&'static str, Source)],
) -> Metric {
    Metric { namespace, name, dimensions, kept: Kept::Growing }
}

fn any(_: Watched) -> bool {
    true
}

/// Of mappings: a queue has no position.
fn reads_stream(watched: Watched) -> bool {
    !watched.resource.property("StartingPosition").is_null()
}

fn late_seconds(watched: Watched) -> f64 {
    f64::from(watched.environment.operations.late_minutes) * 60.0
}

fn late_ms(watched: Watched) -> f64 {
    late_seconds(watched) * 1_000.0
}

/// In milliseconds. A record that is given up is never late.
fn late_before_given_up(watched: Watched) -> f64 {
    let given_up = watched.resource.property("MaximumRecordAgeInSeconds").as_f64();
    let given_up = given_up.filter(|seconds| *seconds > 0.0).unwrap_or(f64::INFINITY);
    late_ms(watched).min(given_up * 1_000.0 / 2.0)
}

/// Of a period of five minutes.
fn least_events(watched: Watched) -> f64 {
    f64::from(watched.environment.operations.least_events_per_minute) * f64::from(FIVE_MINUTES / MINUTE)
}

fn most_quarantined(watched: Watched) -> f64 {
    watched.environment.operations.most_quarantined.into()
}

/// In seconds.
fn longest_wait(watched: Watched) -> f64 {
    if watched.is_worked_off() {
        return late_seconds(watched);
    }
    let kept = kinds::queue_retention(watched.resource.properties()).unwrap_or_default();
    f64::from(u32::try_from(kept).unwrap_or(u32::MAX)) * NEGLECTED
}

/// In seconds.
fn late_delivery(watched: Watched) -> f64 {
    let hints = &watched.resource.property("ExtendedS3DestinationConfiguration")["BufferingHints"];
    late_seconds(watched) + hints["IntervalInSeconds"].as_f64().unwrap_or_default()
}

/// Long enough that two checkpoints begin in it, and at least the usual, in whole minutes.
fn two_checkpoints(watched: Watched) -> u32 {
    match &watched.environment.consumer {
        Consumer::Flink(flink) => (2 * flink.checkpoint_seconds).next_multiple_of(MINUTE).max(FIVE_MINUTES),
        Consumer::Lambda(_) => FIVE_MINUTES,
    }
}
