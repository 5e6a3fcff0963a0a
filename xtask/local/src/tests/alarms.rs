//! What the emulator's launcher adds of alarms, on the real emulator: they are deployed by CloudFormation, look at their own
//! queue alone, and tell their topic of their beginning and of their end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::types::StackStatus;
use serde_json::{Value, json};

use super::{Home, Project, start_in};
use session::Session;

const STACK: &str = "watched";
/// An alarm looks at whole minutes.
const PATIENCE: Duration = Duration::from_mins(3);

/// Two queues with an alarm each, an alarm that computes and one that asks, of which nothing is written here, one that is one
/// while any of them is, and a queue that is told of all.
fn template() -> String {
    let alarm = |name: &str, properties: Value| {
        let mut all = json!({
            "AlarmName": name, "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Topic"}], "OKActions": [{"Ref": "Topic"}],
        });
        for (key, value) in properties.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        // What it finds out at first is told, too.
        json!({"Type": "AWS::CloudWatch::Alarm", "DependsOn": ["Subscription"], "Properties": all})
    };
    let depth = |queue: &str| {
        json!({
            "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum", "Period": 60,
            "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}],
        })
    };
    let metrics = |metrics: Value| json!({"Metrics": metrics});
    let counted = json!({"Metric": {"Namespace": "A", "MetricName": "B"}, "Period": 60, "Stat": "Maximum"});
    let queue = || json!({"Type": "AWS::SQS::Queue"});
    json!({"Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Told": queue(), "Bad": queue(), "Good": queue(),
        "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {
            "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Told", "Arn"]},
        }},
        "OfBad": alarm("of-bad", depth("Bad")),
        "OfGood": alarm("of-good", depth("Good")),
        "Asking": alarm("asking", metrics(json!([
            {"Id": "asked", "Expression": "SELECT MAX(lag) FROM \"A\" WHERE B = 'c'", "Period": 60, "ReturnData": true},
        ]))),
        "Computing": alarm("computing", metrics(json!([
            {"Id": "counted", "MetricStat": counted, "ReturnData": false},
            {"Id": "grown", "Expression": "DIFF(counted)", "ReturnData": true},
        ]))),
        "Silent": alarm("silent", json!({
            "Namespace": "AWS/Kinesis", "MetricName": "IncomingRecords", "Statistic": "Sum", "Period": 60,
            "Dimensions": [{"Name": "StreamName", "Value": "there-is-none"}],
            "ComparisonOperator": "LessThanThreshold", "Threshold": 1, "TreatMissingData": "breaching",
        })),
        "All": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {
            "AlarmName": "all", "AlarmActions": [{"Ref": "Topic"}], "OKActions": [{"Ref": "Topic"}],
            "AlarmRule": {"Fn::Sub": "ALARM(\"${OfBad}\") OR ALARM(\"${OfGood}\") OR ALARM(\"${Asking}\") OR ALARM(\"${Computing}\")"},
            "Tags": [{"Key": "a", "Value": "b"}],
        }},
    }, "Outputs": {"Told": {"Value": {"Ref": "Told"}}, "Bad": {"Value": {"Ref": "Bad"}}}})
    .to_string()
}

/// What the topic has told since the last time: alarms, each with its new state.
async fn told(session: &Session, queue: &str) -> BTreeSet<(String, String)> {
    let received = session.sqs().receive_message().queue_url(queue).max_number_of_messages(10).send().await;
    let mut told = BTreeSet::new();
    for message in received.expect("an answer").messages() {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let body: Value = serde_json::from_str(message.body().expect("a body")).expect("JSON");
        let news: Value = serde_json::from_str(body["Message"].as_str().expect("a message")).expect("JSON");
        told.insert((text(&news["AlarmName"]), text(&news["NewStateValue"])));
        let delete = session.sqs().delete_message().queue_url(queue);
        delete.receipt_handle(message.receipt_handle().expect("a handle")).send().await.expect("deleted");
    }
    told
}

/// Waits until all of these are told, and nothing else.
async fn await_told(session: &Session, queue: &str, expected: &[(&str, &str)]) {
    let expected: BTreeSet<_> =
        expected.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect();
    let (mut all, started) = (BTreeSet::new(), Instant::now());
    while all != expected {
        assert!(all.is_subset(&expected) && started.elapsed() < PATIENCE, "{all:?}, not {expected:?}");
        all.extend(told(session, queue).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn an_alarm_looks_at_its_own_queue_and_tells_its_topic() {
    let home = Home::new();
    let endpoints = start_in(&home).await;
    let (model, environment) =
        Project::locate().load_named("local", &[]).unwrap_or_else(|failure| panic!("{:?}", failure.error));
    let session = Session::open(model, environment, Some(endpoints)).await;
    let session = session.unwrap_or_else(|failure| panic!("{:?}", failure.error));
    let cloudformation = session.cloudformation();
    let create = cloudformation.create_stack().stack_name(STACK).template_body(template());
    create.send().await.expect("a stack");
    let described = loop {
        let answer = cloudformation.describe_stacks().stack_name(STACK).send().await.expect("an answer");
        let stack = answer.stacks()[0].clone();
        match stack.stack_status() {
            Some(StackStatus::CreateComplete) => break stack,
            Some(StackStatus::CreateInProgress) => tokio::time::sleep(Duration::from_millis(100)).await,
            other => panic!("{other:?}: {:?}", stack.stack_status_reason()),
        }
    };
    let output = |key: &str| {
        let found = described.outputs().iter().find(|output| output.output_key() == Some(key));
        found.and_then(|output| output.output_value()).expect("an output").to_owned()
    };
    let (heard, bad) = (output("Told"), output("Bad"));
    // At first each finds out how it is: what nothing is written of is as its word on that says.
    let first = [
        ("of-bad", "OK"),
        ("of-good", "OK"),
        ("asking", "OK"),
        ("computing", "OK"),
        ("silent", "ALARM"),
        ("all", "OK"),
    ];
    await_told(&session, &heard, &first).await;
    session.sqs().send_message().queue_url(&bad).message_body("an event").send().await.expect("sent");
    await_told(&session, &heard, &[("of-bad", "ALARM"), ("all", "ALARM")]).await;
    session.sqs().purge_queue().queue_url(&bad).send().await.expect("purged");
    await_told(&session, &heard, &[("of-bad", "OK"), ("all", "OK")]).await;
    // Nothing of the composite alarm is in the way of its children's end.
    cloudformation.delete_stack().stack_name(STACK).send().await.expect("an answer");
    let gone = async || cloudformation.describe_stacks().stack_name(STACK).send().await.is_err();
    let started = Instant::now();
    while !gone().await {
        assert!(started.elapsed() < PATIENCE, "the stack stays");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
