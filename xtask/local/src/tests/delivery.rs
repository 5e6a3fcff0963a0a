//! What the emulator's launcher adds, on the real emulator: a rule puts messages into a stream, and Firehose
//! delivers that in buffers, by the properties of what CloudFormation deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::types::{Capability, StackStatus};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::{Home, Project, start_in};
use crate::{Broker, Endpoints, Message};
use session::Session;

const CODE: &str = "the-code";
const LAKE: &str = "the-lake";
const PATIENCE: Duration = Duration::from_mins(2);

/// A local target with a stack of its own.
struct Account {
    session: Session,
    endpoints: Endpoints,
    home: Home,
}

impl Account {
    async fn new() -> Self {
        let home = Home::new();
        let endpoints = start_in(&home).await;
        let (model, environment) = Project::locate()
            .load_named("local", &[])
            .unwrap_or_else(|failure| panic!("{:?}", failure.error));
        let session = Session::open(model, environment, Some(endpoints.clone())).await;
        let session = session.unwrap_or_else(|failure| panic!("{:?}", failure.error));
        let account = Self { session, endpoints, home };
        account.bucket(CODE).await;
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
        archive.start_file("bootstrap", options).expect("an entry");
        archive.write_all(include_bytes!("transform.py")).expect("a program");
        let archive = archive.finish().expect("an archive").into_inner();
        let put = account.session.s3().put_object().bucket(CODE).key("code.zip").body(archive.into());
        put.send().await.expect("an upload");
        account
    }

    async fn bucket(&self, name: &str) {
        self.session.s3().create_bucket().bucket(name).send().await.expect("a bucket");
    }

    /// The stack, with what differs of its destination.
    fn template(&self, destination: &Value) -> String {
        let role = |service: &str| {
            json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
            }}})
        };
        let arn = |id: &str| json!({"Fn::GetAtt": [id, "Arn"]});
        let parameters = json!({
            "LambdaArn": arn("Transform"), "NumberOfRetries": "1", "BufferSizeInMBs": "1",
            "BufferIntervalInSeconds": "1",
        });
        let parameters: Vec<Value> = parameters
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value}))
            .collect();
        let mut target = json!({
            "BucketARN": format!("arn:aws:s3:::{LAKE}"),
            "RoleARN": arn("FirehoseRole"),
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 1},
            "Prefix": "raw/hour=!{timestamp:yyyy/MM/dd/HH}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/!{timestamp:yyyy}/",
            "CompressionFormat": "GZIP",
            "FileExtension": ".lines.gz",
            "ProcessingConfiguration": {
                "Enabled": true,
                "Processors": [{"Type": "Lambda", "Parameters": parameters}],
            },
        });
        for (name, value) in destination.as_object().into_iter().flatten() {
            target[name] = value.clone();
        }
        json!({"Resources": {
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 2}},
            "Failures": {"Type": "AWS::SQS::Queue"},
            "Logs": {"Type": "AWS::Logs::LogGroup"},
            "RuleRole": role("iot.amazonaws.com"),
            "FirehoseRole": role("firehose.amazonaws.com"),
            "TransformRole": role("lambda.amazonaws.com"),
            "Transform": {"Type": "AWS::Lambda::Function", "Properties": {
                "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": arn("TransformRole"), "Timeout": 60,
                "Code": {"S3Bucket": CODE, "S3Key": "code.zip"},
                "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
                "Environment": {"Variables": {"FAILED_BEFORE": self.home.0.path().join("failed-before")}},
            }},
            "Rule": {"Type": "AWS::IoT::TopicRule", "Properties": {"TopicRulePayload": {
                "Sql": "SELECT * FROM 'dt/+/measures'", "RuleDisabled": false,
                "Actions": [{"Kinesis": {
                    "StreamName": {"Ref": "Stream"}, "PartitionKey": "${topic(2)}", "RoleArn": arn("RuleRole"),
                }}],
                "ErrorAction": {"Sqs": {
                    "QueueUrl": {"Ref": "Failures"}, "RoleArn": arn("RuleRole"), "UseBase64": false,
                }},
            }}},
            "Delivery": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": arn("Stream"), "RoleARN": arn("FirehoseRole"),
                },
                "ExtendedS3DestinationConfiguration": target,
            }},
        }, "Outputs": {
            "Stream": {"Value": {"Ref": "Stream"}},
            "Failures": {"Value": {"Ref": "Failures"}},
            "Logs": {"Value": {"Ref": "Logs"}},
        }})
        .to_string()
    }

    /// Creates or updates the stack; why it could not be, or its outputs.
    async fn deploy(&self, stack: &str, destination: &Value) -> Result<BTreeMap<String, String>, String> {
        let (client, template) = (self.session.cloudformation(), self.template(destination));
        let update = client.update_stack().stack_name(stack).template_body(&template);
        if update.capabilities(Capability::CapabilityIam).send().await.is_err() {
            let create = client.create_stack().stack_name(stack).template_body(&template);
            create.capabilities(Capability::CapabilityIam).send().await.expect("a stack");
        }
        let start = Instant::now();
        loop {
            let described = client.describe_stacks().stack_name(stack).send().await.expect("the stack");
            let found = &described.stacks()[0];
            match found.stack_status() {
                Some(StackStatus::CreateComplete | StackStatus::UpdateComplete) => {
                    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                    let outputs = found.outputs().iter();
                    return Ok(outputs
                        .map(|one| (text(one.output_key()), text(one.output_value())))
                        .collect());
                }
                Some(status) if status.as_str().ends_with("_IN_PROGRESS") => {
                    assert!(start.elapsed() < PATIENCE, "{status:?}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                _ => {
                    let events =
                        client.describe_stack_events().stack_name(stack).send().await.expect("events");
                    let reasons = events.stack_events().iter().filter_map(|one| one.resource_status_reason());
                    return Err(reasons.collect::<Vec<_>>().join("\n"));
                }
            }
        }
    }

    async fn put(&self, stream: &str, records: impl IntoIterator<Item = impl Into<Vec<u8>>>) {
        let entries = records.into_iter().enumerate().map(|(index, data)| {
            let entry = PutRecordsRequestEntry::builder().partition_key(format!("key-{index}"));
            entry.data(Blob::new(data.into())).build().expect("an entry")
        });
        let put = self.session.kinesis().put_records().stream_name(stream);
        put.set_records(Some(entries.collect())).send().await.expect("the stream takes them");
    }

    /// The partition key of each record of a stream.
    async fn keys(&self, stream: &str) -> BTreeMap<Vec<u8>, String> {
        let client = self.session.kinesis();
        let shards = client.list_shards().stream_name(stream).send().await.expect("shards");
        let mut keys = BTreeMap::new();
        for shard in shards.shards() {
            let iterator = client.get_shard_iterator().stream_name(stream).shard_id(shard.shard_id());
            let iterator =
                iterator.shard_iterator_type("TRIM_HORIZON".into()).send().await.expect("an iterator");
            let records = client.get_records().set_shard_iterator(iterator.shard_iterator).send().await;
            let records = records.expect("records").records;
            for record in records {
                keys.insert(record.data.into_inner(), record.partition_key.unwrap_or_default());
            }
        }
        keys
    }

    /// The lines of each object of the lake.
    async fn objects(&self) -> BTreeMap<String, Vec<String>> {
        let client = self.session.s3();
        let listed = client.list_objects_v2().bucket(LAKE).send().await.expect("a list");
        let mut objects = BTreeMap::new();
        for key in listed.contents().iter().filter_map(|object| object.key()) {
            let object = client.get_object().bucket(LAKE).key(key).send().await.expect("an object");
            let bytes = object.body.collect().await.expect("its bytes").into_bytes();
            let mut text = Vec::new();
            MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text).expect("it is compressed");
            let text = String::from_utf8_lossy(&text);
            objects.insert(key.to_owned(), text.lines().map(str::to_owned).collect());
        }
        objects
    }

    /// Waits until the lake has all of these lines, and gives its objects.
    async fn objects_when(&self, expected: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
        let start = Instant::now();
        loop {
            let objects = self.objects().await;
            let found: BTreeSet<String> = objects.values().flatten().cloned().collect();
            if expected.is_subset(&found) {
                return objects;
            }
            assert!(start.elapsed() < PATIENCE, "{} of {expected:?}", found.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn lines(name: &str, count: usize) -> BTreeSet<String> {
    (0..count).map(|index| format!("{name} {index}")).collect()
}

/// The refusals, as what was sent and why it is no line.
fn refusals(objects: &BTreeMap<String, Vec<String>>) -> BTreeSet<(String, String, u64)> {
    let documents = objects.iter().filter(|(key, _)| key.starts_with("errors/")).flat_map(|(_, lines)| lines);
    documents
        .map(|line| {
            let document: Value = serde_json::from_str(line).expect("a document");
            let text = |name: &str| document[name].as_str().expect(name).to_owned();
            assert!(document["arrivalTimestamp"].as_u64() <= document["attemptEndingTimestamp"].as_u64());
            (text("rawData"), text("errorCode"), document["attemptsMade"].as_u64().expect("attempts"))
        })
        .collect()
}

#[tokio::test]
async fn a_stream_is_delivered_by_what_is_deployed() {
    let account = Box::pin(Account::new()).await;

    // What this delivery would do wrongly is refused with its name.
    for (destination, named) in [
        (json!({"CompressionFormat": "Snappy"}), "does not compress to Snappy"),
        (json!({"DynamicPartitioningConfiguration": {"Enabled": true}}), "the prefix names none"),
        (
            json!({"Prefix": "!{partitionKeyFromLambda:kind}/"}),
            "DynamicPartitioningConfiguration is not enabled",
        ),
        (
            json!({"DynamicPartitioningConfiguration": {"Enabled": true}, "Prefix": "!{partitionKeyFromLambda:kind}/"}),
            "SizeInMBs is at least 64",
        ),
        (json!({"Prefix": "!{partitionKeyFromQuery:device}/"}), "!{partitionKeyFromQuery:device}"),
    ] {
        let why = account.deploy(&format!("refused-{}", named.len()), &destination).await.expect_err(named);
        assert!(why.contains(named), "{why}");
    }

    // There is no bucket yet: what cannot be written stays in the stream, and is read again.
    let outputs = account.deploy("delivered", &json!({})).await.expect("a stack");
    let stream = &outputs["Stream"];
    let early = lines("early", 200);
    account.put(stream, early.iter().cloned()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    account.bucket(LAKE).await;
    let objects = account.objects_when(&early).await;
    let hour = jiff::Timestamp::now().strftime("raw/hour=%Y/%m/%d/").to_string();
    for (key, lines) in &objects {
        assert!(key.starts_with(&hour) && key.ends_with(".lines.gz") && key.contains("-1-20"), "{key}");
        assert!(lines.len() >= 100, "{key} has {} lines: they were not buffered", lines.len());
    }

    // Whatever becomes of a record, its neighbours are lines, and what is no line keeps what was sent.
    let others = lines("other", 50);
    let odd = ["refuse", "leave out", "drop"].map(str::to_owned);
    account.put(stream, others.iter().cloned().chain(odd)).await;
    account.objects_when(&others).await;
    account.put(stream, ["fail once".to_owned()]).await;
    account.objects_when(&BTreeSet::from(["fail once".to_owned()])).await;
    account.put(stream, ["fail always".to_owned()]).await;
    let start = Instant::now();
    let found = loop {
        let found = refusals(&account.objects().await);
        if found.len() == 3 {
            break found;
        }
        assert!(start.elapsed() < PATIENCE, "{found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let expected = [
        ("ZmFpbCBhbHdheXM=", "Lambda.FunctionError", 2),
        ("bGVhdmUgb3V0", "Lambda.MissingRecordId", 1),
        ("cmVmdXNl", "Lambda.ProcessingFailedStatus", 1),
    ];
    let expected = expected.map(|(data, code, attempts)| (data.to_owned(), code.to_owned(), attempts));
    assert_eq!(found, BTreeSet::from(expected));

    // Messages come in by MQTT, byte for byte, each under the key that its rule says.
    let mut broker =
        Broker::open(&account.endpoints).await.unwrap_or_else(|failure| panic!("{:?}", failure.error));
    let published = lines("published", 2_500);
    let messages = published
        .iter()
        .map(|line| Message { topic: "dt/device-1/measures".to_owned(), payload: line.clone().into_bytes() });
    let odd = [("dt/device-2/measures", b"\xff\xfe".to_vec()), ("dt//measures", b"keyless".to_vec())];
    let odd = odd.map(|(topic, payload)| Message { topic: topic.to_owned(), payload });
    let starts =
        broker.publish(messages.chain(odd)).await.unwrap_or_else(|failure| panic!("{:?}", failure.error));
    assert_eq!(starts.len(), 2_502);
    account.objects_when(&published).await;
    let keys = account.keys(stream).await;
    let key = |data: &[u8]| keys.get(data).map(String::as_str);
    assert_eq!(
        (key(b"published 0"), key(b"\xff\xfe"), key(b"keyless")),
        (Some("device-1"), Some("device-2"), None)
    );
    let failures = account.session.sqs().receive_message().queue_url(&outputs["Failures"]).send().await;
    let failure: Value =
        serde_json::from_str(failures.expect("an answer").messages()[0].body().expect("a body"))
            .expect("JSON");
    assert_eq!(failure["base64OriginalPayload"], "a2V5bGVzcw==");

    // A log group that is gone stays gone, whatever the function still says.
    let logs = account.session.logs();
    logs.delete_log_group().log_group_name(&outputs["Logs"]).send().await.expect("gone");
    let unheard = lines("unheard", 1);
    account.put(stream, unheard.iter().cloned()).await;
    account.objects_when(&unheard).await;
    let groups = logs.describe_log_groups().log_group_name_prefix(&outputs["Logs"]).send().await;
    assert_eq!(groups.expect("a list").log_groups(), []);

    // Other properties take effect, and what is buffered when the delivery stream goes is written.
    let slow = json!({"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 900}, "Prefix": "later/"});
    account.deploy("delivered", &slow).await.expect("an update");
    let late = lines("late", 20);
    account.put(stream, late.iter().cloned()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!account.objects().await.values().flatten().any(|line| line.starts_with("late")));
    let name = account.session.firehose().list_delivery_streams().send().await.expect("a list");
    let [name] = name.delivery_stream_names() else { panic!("{name:?}") };
    account
        .session
        .firehose()
        .delete_delivery_stream()
        .delivery_stream_name(name)
        .send()
        .await
        .expect("gone");
    let objects = account.objects_when(&late).await;
    assert!(objects.keys().any(|key| key.starts_with("later/20")), "{:?}", objects.keys());
}

/// Three user records of the Kinesis Producer Library: `file hall one` under `key-a`, `file cellar two` under `key-b`,
/// `three` under `key-a`.
const AGGREGATE: &str = "84mawgoFa2V5LWEKBWtleS1iEgUxMjM0NRoRCAAaDWZpbGUgaGFsbCBvbmUaEwgBGg9maWxlIGNlbGxhciB0d28aCQgAGgV0aHJlZWHou+HZezpNUwREe4Pcl3Q=";

#[tokio::test]
async fn kinds_are_delivered_apart_and_aggregates_in_parts() {
    let account = Box::pin(Account::new()).await;
    account.bucket(LAKE).await;
    let partitioned = json!({
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 1},
        "DynamicPartitioningConfiguration": {"Enabled": true, "RetryOptions": {"DurationInSeconds": 300}},
        "Prefix": "raw/!{partitionKeyFromLambda:kind}/hour=!{timestamp:yyyy}/",
    });
    let outputs = account.deploy("partitioned", &partitioned).await.expect("a stack");
    let stream = &outputs["Stream"];
    let aggregate = BASE64_STANDARD.decode(AGGREGATE).expect("base64");
    // A damaged one is no aggregate, but bytes like any others.
    let mut damaged = aggregate.clone();
    *damaged.last_mut().expect("a checksum") ^= 1;
    let records = [aggregate, damaged.clone(), b"file hall four".to_vec(), b"unfiled".to_vec()];
    account.put(stream, records).await;

    let expected = ["file hall one", "file hall four", "file cellar two"].map(str::to_owned);
    account.objects_when(&BTreeSet::from(expected)).await;
    let start = Instant::now();
    let objects = loop {
        let objects = account.objects().await;
        if refusals(&objects).len() == 3 {
            break objects;
        }
        assert!(start.elapsed() < PATIENCE, "{objects:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let folders: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter_map(|(key, lines)| Some((key.strip_prefix("raw/")?.split("/hour=20").next()?, lines)))
        .flat_map(|(folder, lines)| lines.iter().map(move |line| (folder, line.as_str())))
        .collect();
    let hall = [("hall", "file hall one"), ("hall", "file hall four"), ("cellar", "file cellar two")];
    assert_eq!(folders, BTreeSet::from(hall));
    let unfiled = [b"three".to_vec(), b"unfiled".to_vec(), damaged].map(|data| BASE64_STANDARD.encode(data));
    let unfiled = unfiled.map(|data| (data, "DynamicPartitioning.MetadataMissing".to_owned(), 1));
    assert_eq!(refusals(&objects), BTreeSet::from(unfiled));
}
