//! What a function is given: a file, or what calls it in the pipeline.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use aws_smithy_types::base64;
use device_simulator::{Event, Fleet, Traits};
use jiff::Timestamp;
use serde_json::{Value, json};
use stacks::{Calls, Function};
use telemetry::Model;
use telemetry::canary::CANARY;

use engine::inventory::Inventory;
use session::{Exit, Failure, Project, Session};

/// What the events that the pipeline gives say of it.
#[derive(Debug)]
pub(super) struct Surroundings {
    model: Model,
    region: String,
    /// ARN of the stream.
    stream: String,
    now: Timestamp,
}

impl Surroundings {
    pub(super) fn of(session: &Session, inventory: &Inventory, now: Timestamp) -> Result<Self, Failure> {
        Ok(Self {
            model: session.model.clone(),
            region: session.environment.region.clone(),
            stream: inventory.output(session, "ingest", "StreamArn")?.to_owned(),
            now,
        })
    }

    /// What calls a function in the pipeline gives it, with this many events of the model; of one that is called by
    /// something else, the only file that there is.
    pub(super) fn ready(&self, function: Function, events: u32, project: &Project) -> Result<Value, Failure> {
        match function.calls {
            Calls::PerBatch => Ok(self.batch(events)),
            Calls::PerBuffer => Ok(self.buffer(events)),
            Calls::PerMinute | Calls::TwiceADay => Ok(self.tick()),
            Calls::OnRequest | Calls::ByUse => match names(function.name, project).as_slice() {
                [only] => read(function.name, only, project),
                names => {
                    let message = format_args!("nothing says what calls {} gives it", function.name);
                    Err(Failure::new(Exit::Configuration, message).hint(choices(function.name, names)))
                }
            },
        }
    }

    /// Events of canaries.
    fn events(&self, count: u32) -> Vec<Event> {
        let run = self.now.as_nanosecond();
        let traits =
            Traits { devices: count, prefix: format!("{CANARY}-invoke-{run:x}-"), ..Traits::default() };
        let mut fleet = Fleet::new(self.model.clone(), traits, u64::try_from(run).unwrap_or_default());
        let events = fleet.round(self.now.as_microsecond());
        // A device may send several events at once.
        events.into_iter().take(count as usize).collect()
    }

    /// The number in the stream of an event: later ones have higher ones.
    fn sequence_number(&self, index: usize) -> String {
        format!("{:056}", self.now.as_nanosecond() + i128::try_from(index).unwrap_or_default())
    }

    /// A batch of the [stream](https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html).
    fn batch(&self, count: u32) -> Value {
        let record = |(index, event): (usize, Event)| {
            let number = self.sequence_number(index);
            json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": event.key,
                    "sequenceNumber": number,
                    "data": base64::encode(event.payload),
                    "approximateArrivalTimestamp": self.now.as_duration().as_secs_f64(),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": format!("shardId-000000000000:{number}"),
                "eventName": "aws:kinesis:record",
                "awsRegion": self.region,
                "eventSourceARN": self.stream,
            })
        };
        let records: Vec<_> = self.events(count).into_iter().enumerate().map(record).collect();
        json!({"Records": records})
    }

    /// A buffer of [Firehose](https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html).
    fn buffer(&self, count: u32) -> Value {
        let arrival = self.now.as_millisecond();
        let record = |(index, event): (usize, Event)| {
            let number = self.sequence_number(index);
            json!({
                "recordId": format!("{number}000000"),
                "approximateArrivalTimestamp": arrival,
                "data": base64::encode(event.payload),
                "kinesisRecordMetadata": {
                    "sequenceNumber": number,
                    "subsequenceNumber": 0,
                    "partitionKey": event.key,
                    "shardId": "shardId-000000000000",
                    "approximateArrivalTimestamp": arrival,
                },
            })
        };
        let records: Vec<_> = self.events(count).into_iter().enumerate().map(record).collect();
        json!({
            "invocationId": format!("{:032x}", self.now.as_nanosecond()),
            "sourceKinesisStreamArn": self.stream,
            "region": self.region,
            "records": records,
        })
    }

    /// A tick of a [schedule](https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html).
    fn tick(&self) -> Value {
        json!({
            "version": "0",
            "id": format!("{:032x}", self.now.as_nanosecond()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "time": self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.region,
            "resources": [],
            "detail": {},
        })
    }
}

/// Reads a file, standard input, or one of the events that a function is tested with.
pub(super) fn read(function: &str, event: &str, project: &Project) -> Result<Value, Failure> {
    let names = names(function, project);
    let file = if names.iter().any(|name| name == event) {
        folder(function, project).join(format!("{event}.json"))
    } else {
        PathBuf::from(event)
    };
    let text = if event == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read the event from standard input")?;
        text
    } else {
        std::fs::read_to_string(file).map_err(|error| {
            Failure::new(Exit::Configuration, format_args!("the event `{event}` cannot be read: {error}"))
                .hint(choices(function, &names))
        })?
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(Exit::Configuration, format_args!("the event `{event}` is not JSON: {error}"))
    })
}

/// Where the events are that a function is tested with.
fn folder(function: &str, project: &Project) -> PathBuf {
    project.root().join("lambdas").join(function).join("tests/events")
}

/// Their names.
fn names(function: &str, project: &Project) -> Vec<String> {
    let files = std::fs::read_dir(folder(function, project)).into_iter().flatten().flatten();
    let names = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".json")?.to_owned()));
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// What may be asked for.
fn choices(function: &str, names: &[String]) -> String {
    if names.is_empty() {
        format!("name a file with JSON, or put one into lambdas/{function}/tests/events: --event FILE")
    } else {
        format!("lambdas/{function}/tests/events has {}: --event {}", names.join(", "), names[0])
    }
}
