//! What follows from the model and the environment, case by case.

use serde_json::{Value, json};
use stacks::environment::{Grafana, LogLevel, OnDelete, StreamMode};
use stacks::tags::EXPIRES_TAG;
use stacks::{Inputs, STACKS, kinds, synthesize};
use telemetry::{Dimension, EventIdentity, Measure, MeasureType, Model};

use crate::fixture::{environment, model, overridden, placed, stacks, with_flink};

/// A value of a template of the dev environment, with a model of one's own.
fn value(model: &Model, stack: &str, pointer: &str) -> Value {
    let environment = environment("dev");
    let stacks = synthesize(&Inputs { model, environment: &environment });
    let stack = stacks.iter().find(|candidate| candidate.name == stack).expect("the stack is there");
    let template: Value = serde_json::from_str(&stack.template.to_json()).expect("a template is JSON");
    template.pointer(pointer).cloned().unwrap_or_else(|| panic!("no {pointer}"))
}

/// The rule hands the message on as it is, and its key never reads the payload.
#[test]
fn the_rule_follows_from_topic_and_device() {
    #[rustfmt::skip]
    let cases = [
        ("dt/+/measures",      "DeviceID",  None,    "${topic()}"),
        ("dt/+/measures",      "device_id", Some(2), "${topic(2)}"),
        ("sites/+/+/measures", "device_id", Some(3), "${topic(3)}"),
        ("sites/+/+/measures", "sensor-id", None,    "${topic()}"),
        ("dt/#",               "DeviceID",  None,    "${topic()}"),
        ("#",                  "DeviceID",  None,    "${topic()}"),
        ("dt/all",             "DeviceID",  None,    "${clientid()}"),
    ];
    for (topic, field, topic_segment, key) in cases {
        let mut model = model();
        topic.clone_into(&mut model.kinds[0].topic);
        field.clone_into(&mut model.kinds[0].device.field);
        model.kinds[0].device.topic_segments = topic_segment.into_iter().collect();
        let rule = value(&model, "ingest", "/Resources/TopicRule/Properties/TopicRulePayload");
        assert_eq!(rule["Sql"], format!("SELECT * FROM '{topic}'"));
        assert_eq!(rule["Actions"][0]["Kinesis"]["PartitionKey"], key, "{topic}");
        assert_eq!(value(&model, "ingest", "/Outputs/TopicFilter/Value"), topic);
    }
}

/// The calls that the pipeline's code and services make, and no others.
#[test]
fn roles_are_allowed_the_calls_that_are_made() {
    let actions = |environment: &str, stack: &str, role: &str| -> Vec<String> {
        let stacks = stacks(environment);
        let stack = stacks.iter().find(|candidate| candidate.name == stack).expect("the stack is there");
        let template: Value = serde_json::from_str(&stack.template.to_json()).expect("JSON");
        let policy = &template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"];
        let statements = policy["Statement"].as_array().expect("statements");
        let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().expect("a list"));
        actions.map(|action| action.as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(actions("dev", "ingest", "TopicRuleRole"), ["kinesis:PutRecord", "sqs:SendMessage"]);
    // The connector reads, and the workspace reads, marks its bucket, and asks the connector.
    let connector = actions("dev", "twin", "TwinmakerConnectorRole");
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
    assert_eq!(connector, [&["timestream:Select", "timestream:DescribeEndpoints"], &logs[..]].concat());
    let workspace = actions("dev", "twin", "WorkspaceRole");
    let changing: Vec<_> = workspace
        .iter()
        .filter(|action| !action.starts_with("s3:Get") && *action != "s3:ListBucket")
        .collect();
    assert_eq!(changing, ["s3:PutObject", "s3:DeleteObject", "lambda:InvokeFunction"]);
    let simulator = actions("dev", "simulator", "DeviceSimulatorRole");
    assert_eq!(simulator, ["kinesis:PutRecords", "logs:CreateLogStream", "logs:PutLogEvents"]);
    // The provider changes the tags of what it stands in for.
    let provider = actions("local", "store", "LocalProviderRole");
    for action in ["timestream:TagResource", "timestream:UntagResource"] {
        assert!(provider.iter().any(|allowed| allowed == action), "{action} is not in {provider:?}");
    }
    let provider = actions("local", "twin", "LocalProviderRole");
    for action in ["iottwinmaker:ListTagsForResource", "iottwinmaker:UpdateEntity", "iam:PassRole"] {
        assert!(provider.iter().any(|allowed| allowed == action), "{action} is not in {provider:?}");
    }
}

#[test]
fn the_table_is_partitioned_by_the_device() {
    let mut model = model();
    "device_id".clone_into(&mut model.kinds[0].device.dimension);
    let key = value(&model, "store", "/Resources/Table/Properties/Schema/CompositePartitionKey");
    assert_eq!(key, json!([{"Type": "DIMENSION", "Name": "device_id", "EnforcementInRecord": "REQUIRED"}]));
}

/// With this, a plan knows what a table has, which a model that was deployed has said.
#[test]
fn the_table_says_what_it_stores() {
    let mut model = model();
    let read = |model: &Model| value(model, "store", "/Resources/Table/Metadata/sluice:stored");
    let shipped = json!({
        "DeviceID": "dimension", "temperature": "double", "humidity": "double", "voltage": "double",
        "watt": "double",
    });
    assert_eq!(read(&model), shipped);
    model.kinds[0].dimensions.push(Dimension {
        name: "site".to_owned(),
        field: "Site".to_owned(),
        topic_segments: Vec::new(),
    });
    model.kinds[0].measures[0].kind = MeasureType::Varchar;
    let stored = read(&model);
    assert_eq!((&stored["site"], &stored["temperature"]), (&json!("dimension"), &json!("varchar")));
}

/// Another name for the device reaches the store where a plan has to refuse it, and nowhere else.
#[test]
fn the_name_of_the_device_is_fixed_with_the_table() {
    let properties = |dimension: &str| {
        let mut model = model();
        dimension.clone_into(&mut model.kinds[0].device.dimension);
        let environment = environment("dev");
        let stacks = synthesize(&Inputs { model: &model, environment: &environment });
        let store = stacks.into_iter().find(|stack| stack.name == "store").expect("the store");
        store.template.resources().values().cloned().collect::<Vec<_>>()
    };
    let (before, mut changed) = (properties("DeviceID"), Vec::new());
    for (before, after) in before.iter().zip(&properties("device_id")) {
        for (name, value) in before.properties().as_object().expect("properties") {
            if after.property(name) != value {
                changed.push((before.kind(), name.clone()));
            }
        }
    }
    let names =
        |kind: &'static kinds::Kind| kind.immutable.iter().map(|name| (kind.name, (*name).to_owned()));
    let there = kinds::all().filter(|kind| before.iter().any(|resource| resource.kind() == kind.name));
    assert_eq!(changed, there.flat_map(names).collect::<Vec<_>>());
}

fn measure(field: &str, kind: MeasureType) -> Measure {
    Measure {
        name: field.to_lowercase(),
        field: field.to_owned(),
        kind,
        unit: None,
        normal: None,
        written: telemetry::Written::default(),
    }
}

#[test]
fn the_lake_has_a_column_for_every_field() {
    let mut model = model();
    model.kinds[0].event = Some(EventIdentity { id: Some("Sequence".to_owned()), window_seconds: 60 });
    model.kinds[0].dimensions =
        vec![Dimension { name: "site".to_owned(), field: "Site".to_owned(), topic_segments: Vec::new() }];
    model.kinds[0].measures = vec![
        measure("level", MeasureType::Double),
        measure("count-total", MeasureType::Bigint),
        measure("open", MeasureType::Boolean),
        measure("state", MeasureType::Varchar),
        measure("since", MeasureType::Timestamp),
        measure("count_total", MeasureType::Bigint),
        measure("2nd", MeasureType::Double),
    ];
    let descriptor = value(&model, "lake", "/Resources/GlueTable/Properties/TableInput/StorageDescriptor");
    let columns: Vec<(&str, &str)> = descriptor["Columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| (column["Name"].as_str().expect("a name"), column["Type"].as_str().expect("a type")))
        .collect();
    let expected = [
        ("deviceid", "string"),
        ("time", "string"),
        ("sequence", "string"),
        ("site", "string"),
        ("level", "double"),
        ("count_total", "bigint"),
        ("open", "boolean"),
        ("state", "string"),
        ("since", "string"),
        ("count_total_2", "bigint"),
        ("_2nd", "double"),
    ];
    assert_eq!(columns, expected);
    let parameters = &descriptor["SerdeInfo"]["Parameters"];
    assert_eq!(
        *parameters,
        json!({
            "case.insensitive": "FALSE",
            "ignore.malformed.json": "TRUE",
            "use.null.for.invalid.data": "TRUE",
            "mapping.deviceid": "DeviceID",
            "mapping.time": "Time",
            "mapping.sequence": "Sequence",
            "mapping.site": "Site",
            "mapping.count_total": "count-total",
            "mapping.count_total_2": "count_total",
            "mapping._2nd": "2nd",
        })
    );
}

/// Firehose writes where the table looks.
#[test]
fn the_prefix_of_the_delivery_is_that_of_the_partitions() {
    let prefix =
        value(&model(), "lake", "/Resources/Delivery/Properties/ExtendedS3DestinationConfiguration/Prefix");
    let template = value(
        &model(),
        "lake",
        "/Resources/GlueTable/Properties/TableInput/Parameters/storage.location.template",
    );
    assert_eq!(prefix, "telemetry/datehour=!{timestamp:yyyy/MM/dd/HH}/");
    assert_eq!(template, json!({"Fn::Sub": "s3://${LakeBucket}/telemetry/datehour=${!datehour}/"}));
}

/// A container of Grafana takes fewer: it is handed its dashboards in its task definition.
#[test]
fn a_model_at_the_limit_still_fits_a_template() {
    for (count, grafana) in [(254, Grafana::None), (180, environment("prod").grafana)] {
        let mut model = model();
        model.kinds[0].measures = (0..count)
            .map(|n| measure(&format!("measure_with_a_long_name_{n}"), MeasureType::Double))
            .collect();
        let mut environment = environment("prod");
        environment.grafana = grafana;
        let model = environment.place("prod.toml", model).expect("it fits into the properties of a job too");
        for stack in synthesize(&Inputs { model: &model, environment: &environment }) {
            assert!(stack.template.to_json().len() < stacks::cfn::TEMPLATE_LIMIT_BYTES, "{}", stack.name);
        }
    }
}

#[test]
fn data_stays_or_goes_as_the_environment_says() {
    let cases = [
        (OnDelete::Delete, json!("Delete"), json!("Delete")),
        (OnDelete::Retain, json!("RetainExceptOnCreate"), json!("Retain")),
    ];
    for (on_delete, deletion, replacement) in cases {
        let mut environment = environment("dev");
        environment.on_delete = on_delete;
        let model = model();
        let stacks = synthesize(&Inputs { model: &model, environment: &environment });
        let held = [
            ("ingest", "EventStream"),
            ("ingest", "QuarantineQueue"),
            ("store", "Database"),
            ("store", "Table"),
            ("store", "RejectedBucket"),
            ("store", "RejectedBucketPolicy"),
            ("lake", "LakeBucket"),
            ("twin", "TwinBucket"),
        ];
        for (stack, id) in held {
            let stack = stacks.iter().find(|candidate| candidate.name == stack).expect("the stack is there");
            let template: Value = serde_json::from_str(&stack.template.to_json()).expect("JSON");
            let resource = &template["Resources"][id];
            assert_eq!(resource["DeletionPolicy"], deletion, "{id}");
            assert_eq!(resource["UpdateReplacePolicy"], replacement, "{id}");
        }
        // Archives can be built again.
        environment.bootstrap = false;
        let stacks = synthesize(&Inputs { model: &model, environment: &environment });
        let artifacts: Value = serde_json::from_str(&stacks[0].template.to_json()).expect("JSON");
        assert_eq!(artifacts["Resources"]["ArtifactBucket"]["DeletionPolicy"], "Delete");
    }
}

/// A line without a level, as of metrics, is of INFO to Lambda's filter.
#[test]
fn no_level_of_logs_loses_metrics() {
    for (level, filter) in [
        (LogLevel::Error, "INFO"),
        (LogLevel::Warn, "INFO"),
        (LogLevel::Info, "INFO"),
        (LogLevel::Debug, "DEBUG"),
        (LogLevel::Trace, "TRACE"),
    ] {
        let mut environment = environment("dev");
        environment.logs.level = level;
        let stacks = synthesize(&Inputs { model: &model(), environment: &environment });
        let functions: Vec<_> = stacks
            .iter()
            .flat_map(|stack| stack.template.resources().values())
            .filter(|resource| resource.kind() == "AWS::Lambda::Function")
            .collect();
        assert!(!functions.is_empty());
        for function in functions {
            assert_eq!(function.property("LoggingConfig")["ApplicationLogLevel"], filter);
            assert_eq!(function.property("Environment")["Variables"]["LOG_LEVEL"], level.as_str());
        }
    }
}

#[test]
fn shards_are_given_only_where_they_are_ours_to_give() {
    let cases = [
        (StreamMode::OnDemand, json!({"StreamMode": "ON_DEMAND"}), Value::Null),
        (StreamMode::Provisioned { shards: 3 }, json!({"StreamMode": "PROVISIONED"}), json!(3)),
    ];
    for (mode, details, shards) in cases {
        let mut environment = environment("dev");
        environment.stream.mode = mode;
        let model = model();
        let stacks = synthesize(&Inputs { model: &model, environment: &environment });
        let ingest = stacks.iter().find(|stack| stack.name == "ingest").expect("ingest");
        let stream =
            ingest.template.resources().values().find(|resource| resource.kind() == "AWS::Kinesis::Stream");
        let stream = stream.expect("a stream");
        assert_eq!(*stream.property("StreamModeDetails"), details);
        assert_eq!(*stream.property("ShardCount"), shards);
    }
}

/// The template of the consumer as a Flink application, of the dev environment with keys replaced.
fn flink(overrides: &[(&str, &str)]) -> Value {
    let environment = overridden("dev", &[&[("consumer.kind", "flink")], overrides].concat());
    let stacks = synthesize(&Inputs { model: &model(), environment: &environment });
    let consumer = stacks.iter().find(|stack| stack.name == "consumer").expect("the consumer");
    serde_json::from_str(&consumer.template.to_json()).expect("a template is JSON")
}

#[test]
fn a_consumer_of_one_kind_leaves_nothing_of_the_other() {
    let kinds = |stacks: Vec<stacks::Stack>| -> Vec<&'static str> {
        let consumer = stacks.into_iter().find(|stack| stack.name == "consumer").expect("the consumer");
        consumer.template.resources().values().map(stacks::cfn::Resource::kind).collect()
    };
    assert_eq!(
        kinds(with_flink("dev")),
        [
            "AWS::KinesisAnalyticsV2::Application",
            "AWS::Logs::LogStream",
            "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
            "AWS::Logs::LogGroup",
            "AWS::IAM::Role",
        ]
    );
    assert!(kinds(stacks("dev")).contains(&"AWS::Lambda::EventSourceMapping"));
}

#[test]
fn the_settings_of_a_job_follow_from_the_environment() {
    let part = |overrides: &[(&str, &str)], part: &str| {
        let path = "/Resources/FlinkJob/Properties/ApplicationConfiguration/FlinkApplicationConfiguration";
        flink(overrides).pointer(path).expect("a configuration")[part].clone()
    };
    assert_eq!(
        part(&[("consumer.checkpoint_seconds", "10")], "CheckpointConfiguration"),
        json!({
            "ConfigurationType": "CUSTOM",
            "CheckpointingEnabled": true,
            "CheckpointInterval": 10_000,
            "MinPauseBetweenCheckpoints": 5_000,
        })
    );
    let scaled = [
        ("consumer.parallelism", "12"),
        ("consumer.parallelism_per_kpu", "4"),
        ("consumer.autoscaling", "false"),
    ];
    assert_eq!(
        part(&scaled, "ParallelismConfiguration"),
        json!({
            "ConfigurationType": "CUSTOM",
            "Parallelism": 12,
            "ParallelismPerKPU": 4,
            "AutoScalingEnabled": false,
        })
    );
    for (level, expected) in
        [("ERROR", "ERROR"), ("WARN", "WARN"), ("INFO", "INFO"), ("DEBUG", "DEBUG"), ("TRACE", "DEBUG")]
    {
        assert_eq!(part(&[("logs.level", level)], "MonitoringConfiguration")["LogLevel"], expected);
    }
}

/// What the job is told, in the groups and under the keys that it reads.
#[test]
fn a_job_reads_where_it_works_and_the_model() {
    let template = flink(&[("store.memory_hours", "36"), ("consumer.buffer_mb", "8")]);
    let groups = template.pointer(
        "/Resources/FlinkJob/Properties/ApplicationConfiguration/EnvironmentProperties/PropertyGroups",
    );
    let groups = groups.and_then(Value::as_array).expect("groups");
    let group = |id: &str| {
        let group = groups.iter().find(|group| group["PropertyGroupId"] == id).expect("a group");
        group["PropertyMap"].as_object().expect("properties").clone()
    };
    let pipeline: Vec<_> = group("pipeline").into_iter().collect();
    let reference = |name: &str| json!({"Ref": name});
    let expected = [
        ("BufferMegabytes", json!("8")),
        ("Database", reference("DatabaseName")),
        ("Environment", json!("dev")),
        ("MemoryHours", json!("36")),
        ("QuarantineUrl", reference("QuarantineUrl")),
        ("Region", json!("eu-central-1")),
        ("RejectedBucket", reference("RejectedBucket")),
        ("StreamArn", reference("StreamArn")),
        ("Table", reference("TableName")),
    ];
    assert_eq!(pipeline, expected.map(|(key, value)| (key.to_owned(), value)));

    let pieces = group("model");
    assert_eq!(pieces.keys().next().map(String::as_str), Some("json.00"));
    let json: String = pieces.values().map(|piece| piece.as_str().expect("text")).collect();
    assert_eq!(serde_json::from_str::<Model>(&json).expect("the model"), model());
}

/// Nothing that a job does not do: no change of the table, no other stream, no archive of a function.
#[test]
fn a_job_is_allowed_the_calls_that_it_makes() {
    let template = flink(&[]);
    let policy = &template["Resources"]["FlinkJobRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    let mut allowed: Vec<(String, String)> = Vec::new();
    for statement in policy["Statement"].as_array().expect("statements") {
        let resources = match &statement["Resource"] {
            Value::Array(resources) => resources.clone(),
            one => vec![one.clone()],
        };
        for action in statement["Action"].as_array().expect("actions") {
            for resource in &resources {
                let name = resource["Ref"].as_str().or(resource["Fn::Sub"].as_str()).or(resource.as_str());
                allowed.push((action.as_str().expect("text").into(), name.expect("a name").into()));
            }
        }
    }
    allowed.sort();
    let group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${FlinkJobLogs}";
    let stream = format!("{group}:log-stream:${{FlinkJobLogStream}}");
    let streams = format!("{group}:log-stream:*");
    #[rustfmt::skip]
    let expected = [
        ("kinesis:DescribeStream", "StreamArn"),
        ("kinesis:DescribeStreamSummary", "StreamArn"),
        ("kinesis:GetRecords", "StreamArn"),
        ("kinesis:GetShardIterator", "StreamArn"),
        ("kinesis:ListShards", "StreamArn"),
        ("logs:DescribeLogGroups", "*"),
        ("logs:DescribeLogStreams", &streams),
        ("logs:PutLogEvents", &stream),
        ("s3:GetBucketAcl", "RejectedBucketArn"),
        ("s3:GetObject", "arn:${AWS::Partition}:s3:::${ArtifactBucket}/dev/flink-job/*"),
        ("s3:ListBucket", "RejectedBucketArn"),
        ("s3:PutObject", "${RejectedBucketArn}/quarantine/*"),
        ("s3:PutObject", "${RejectedBucketArn}/timestream/*"),
        ("sqs:SendMessage", "QuarantineArn"),
        ("timestream:DescribeEndpoints", "*"),
        ("timestream:WriteRecords", "TableArn"),
    ];
    assert_eq!(allowed, expected.map(|(action, resource)| (action.to_owned(), resource.to_owned())));
    let properties = &template["Resources"]["FlinkJob"]["Properties"]["ApplicationConfiguration"];
    assert!(properties["VpcConfigurations"].is_null());
}

/// The day moves on with every deployment, and what it would touch may be in use.
#[test]
fn another_day_changes_no_template_and_only_the_tags_of_stacks_that_need_no_other() {
    let on = |day| {
        let environment = overridden("preview-1", &[("expires", day), ("bootstrap", "false")]);
        synthesize(&Inputs { model: &placed("preview-1"), environment: &environment })
    };
    let (one, another) = (on("2026-11-30"), on("2026-12-01"));
    for (one, another) in one.iter().zip(&another) {
        assert_eq!(one.template, another.template, "{}", one.name);
        assert!(!one.template.to_json().contains(EXPIRES_TAG), "{}", one.name);
    }
    let changed = one.iter().zip(&another).filter(|(one, another)| one.tags != another.tags);
    let changed: Vec<&str> = changed.map(|(one, _)| one.name).collect();
    assert!(changed.starts_with(&["artifacts", "ingest", "store"]), "{changed:?}");
    let is_there = |name: &str| one.iter().any(|stack| stack.name == name);
    let first =
        STACKS.iter().filter(|stack| stack.is_first() && is_there(stack.name)).map(|stack| stack.name);
    assert_eq!(changed, first.collect::<Vec<_>>());
}
