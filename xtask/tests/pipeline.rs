//! The whole pipeline on this machine, through the command line alone: deployed, proven, given
//! poison, queried and torn down, on free ports and in a temporary folder.

mod installation;

use std::time::Duration;

use base64::prelude::*;
use serde_json::{Value, json};

use installation::{DATABASE, Pipeline, kinesis, processes_of, publish, sqs};

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_proof_and_back() {
    let pipeline = Pipeline::new();

    // Nothing is there: every command says so and changes nothing.
    pipeline.xtask(&["status", "--format", "json"]).expect(5);

    // One command deploys; again, there is nothing to do.
    let first = pipeline.xtask(&["deploy", "--format", "json"]).expect(0).json();
    let stream = first["outputs"]["ingest"]["StreamName"].as_str().expect("a stream").to_owned();
    let again = pipeline.xtask(&["deploy", "--format", "json"]).expect(0).json();
    assert_eq!(again["outputs"], first["outputs"]);
    for stack in again["stacks"].as_array().expect("stacks") {
        assert_eq!(stack["action"], "unchanged", "{again}");
    }
    let status = pipeline.status();
    let endpoints = &status["endpoints"];
    let aws = endpoints["aws"].as_str().expect("an endpoint");

    // Every event arrives at every end.
    let proof = pipeline.xtask(&["verify", "--format", "json"]).expect(0).json();
    assert_eq!(
        (&proof["ok"], &proof["sent"], &proof["lost"]),
        (&json!(true), &json!(200), &json!(0)),
        "{proof}"
    );
    let hops: Vec<&str> =
        proof["hops"].as_array().into_iter().flatten().filter_map(|hop| hop["name"].as_str()).collect();
    assert_eq!(hops, ["store", "lake", "twin", "canary"]);

    let mqtt = u16::try_from(endpoints["mqtt"].as_u64().expect("a port")).expect("a port");
    simulated_data_answers_the_articles(&pipeline);
    the_twin_has_the_devices(&pipeline);
    the_twin_answers_what_the_store_has(&pipeline);
    a_function_is_called_alone(&pipeline);
    an_mqtt_client_is_heard(&pipeline, aws, mqtt).await;
    let region = status["region"].as_str().expect("a region");
    poison_loses_nothing(&pipeline, &kinesis(aws, region), &stream).await;
    another_model_takes_the_twin_along(&pipeline);
    let quarantine = first["outputs"]["ingest"]["QuarantineUrl"].as_str().expect("a queue");
    the_topic_names_the_device(&pipeline, aws, mqtt, &sqs(aws, region), quarantine).await;

    // Everything goes, and a second time there is nothing. What a sync made of the twin goes too.
    let plan = pipeline.json(&["destroy", "--plan"]);
    let extra = |stack: &Value| stack["extra"]["entities"].as_array().map(Vec::len);
    let extra: Vec<usize> = plan["stacks"].as_array().expect("stacks").iter().filter_map(extra).collect();
    assert!(extra.contains(&(SYNCED + OTHERS.len())), "{plan}");
    let receipt = pipeline.xtask(&["destroy", "--yes", "--format", "json"]).expect(0).json();
    assert_eq!((&receipt["left"], &receipt["retained"]), (&json!([]), &json!([])), "{receipt}");
    let deleted = receipt["deleted"].as_array().expect("what was deleted");
    let twins: Vec<u64> = deleted.iter().filter_map(|stack| stack["twins"].as_u64()).collect();
    assert_eq!(twins.iter().sum::<u64>(), (SYNCED + OTHERS.len()) as u64, "{receipt}");
    assert!(
        receipt["asked"]
            .as_array()
            .is_some_and(|asked| asked.iter().any(|asked| asked["service"] == "TwinMaker")),
        "{receipt}"
    );
    assert_eq!(processes_of(pipeline.folder.path()), Vec::<String>::new());
    pipeline.xtask(&["destroy", "--yes", "--format", "json"]).expect(5);
}

/// One function, called with what calls it in the pipeline, with an event of its tests, and with what is none.
fn a_function_is_called_alone(pipeline: &Pipeline) {
    let transformed = pipeline.json(&["invoke", "jsonl-transform", "--events", "3"]);
    let results: Vec<_> = transformed["answer"]["records"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| &record["result"])
        .collect();
    assert_eq!(results, ["Ok", "Ok", "Ok"], "{transformed}");

    let invoked = format!(
        r#"SELECT count(*) FROM {DATABASE}.telemetry WHERE time > ago(1h) AND "DeviceID" LIKE 'sluice-canary-invoke-%'"#
    );
    let given = pipeline.json(&["invoke", "kinesis-consumer", "--dry-run"]);
    assert_eq!(given["Records"].as_array().map(Vec::len), Some(2), "{given}");
    assert_eq!(pipeline.query(&invoked)["rows"][0][0], 0);
    let stored = pipeline.json(&["invoke", "kinesis-consumer"]);
    assert_eq!(stored["answer"], json!({"batchItemFailures": []}), "{stored}");
    assert_eq!(pipeline.query(&invoked)["rows"][0][0], 2);

    let named = pipeline.json(&["invoke", "kinesis-consumer", "--event", "empty"]);
    assert_eq!(named["answer"], json!({"batchItemFailures": []}), "{named}");
    let none = pipeline.folder.path().join("none.json");
    std::fs::write(&none, r#"{"Records": 1}"#).expect("a file");
    let none = none.to_str().expect("a path");
    for (arguments, exit, said) in [
        (&["jsonl-transformer"][..], 2, "it has"),
        (&["kinesis-consumer", "--event", "goood"], 2, "poison-among-good"),
        (&["twinmaker-connector"], 2, "--event FILE"),
        (&["kinesis-consumer", "--event", none], 1, "kinesis-consumer failed"),
    ] {
        let failed = pipeline.xtask(&[&["invoke"], arguments].concat()).expect(exit);
        assert!(failed.stderr.contains(said), "{arguments:?}: {}", failed.stderr);
    }
}

/// The articles' queries, on the names of the shipped model.
fn simulated_data_answers_the_articles(pipeline: &Pipeline) {
    let sent = pipeline
        .xtask(&["simulate", "--devices", "50", "--rate", "100", "--for", "3s", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(sent["sent"], 300);
    let simulated =
        format!(r#"FROM {DATABASE}.telemetry WHERE time > ago(1h) AND "DeviceID" LIKE 'device-%'"#);
    let count = format!("SELECT count(*) {simulated}");
    pipeline.rows_when(&count, |rows| rows.first().is_some_and(|row| row[0] == 300));

    let latest = pipeline.query(&format!(
        r#"SELECT "DeviceID", MAX_BY(temperature, time) AS latest_temperature, MAX_BY(humidity, time) AS latest_humidity
           {simulated} GROUP BY "DeviceID" ORDER BY "DeviceID""#
    ));
    assert_eq!(latest["columns"][1], json!({"name": "latest_temperature", "type": "DOUBLE"}));
    assert_eq!(latest["rows"].as_array().map(Vec::len), Some(50));
    assert!(
        latest["rows"][0][1].as_f64().is_some_and(|celsius| (-50.0..100.0).contains(&celsius)),
        "{latest}"
    );

    for (sql, at_least) in [
        (
            format!(
                r#"SELECT "DeviceID", BIN(time, 15m) AS interval, AVG(temperature) AS avg_temp, MIN(temperature) AS min_temp,
                          MAX(temperature) AS max_temp
                   {simulated} AND measure_name = 'smart_home' GROUP BY "DeviceID", BIN(time, 15m)
                   ORDER BY "DeviceID", interval DESC"#
            ),
            50,
        ),
        (
            format!(
                r#"WITH device_stats AS (
                       SELECT "DeviceID", AVG(temperature) AS avg_temp, STDDEV(temperature) AS stddev_temp
                       FROM {DATABASE}.telemetry WHERE time > ago(7d) GROUP BY "DeviceID"
                   )
                   SELECT r."DeviceID", r.time, r.temperature, ABS(r.temperature - s.avg_temp) / s.stddev_temp AS z_score
                   FROM {DATABASE}.telemetry r JOIN device_stats s ON r."DeviceID" = s."DeviceID"
                   WHERE r.time > ago(1h) AND ABS(r.temperature - s.avg_temp) > 0.5 * s.stddev_temp
                   ORDER BY z_score DESC"#
            ),
            1,
        ),
        (
            format!(
                r#"SELECT "DeviceID", MAX_BY(voltage, time) AS current, MIN_BY(voltage, time) AS earlier,
                          MAX_BY(voltage, time) - MIN_BY(voltage, time) AS drain
                   {simulated} GROUP BY "DeviceID" HAVING MAX_BY(voltage, time) < 1000 ORDER BY drain DESC"#
            ),
            50,
        ),
    ] {
        let rows = pipeline.query(&sql)["rows"].as_array().map_or(0, Vec::len);
        assert!(rows >= at_least, "{rows} rows of {sql}");
    }

    // A query that cannot be answered is the person's to mend.
    let refused = pipeline.xtask(&["query", "SELECT nonsense FROM sluice_local.telemetry"]).expect(2);
    assert!(refused.stderr.contains("nonsense"), "{}", refused.stderr);
}

/// Entities that a sync makes: the articles' fleet has 50 devices, and `environments/local.toml` lists one of
/// them for the stack to make.
const SYNCED: usize = 49;

/// Entities of devices after it: with the listed one. The canary's is none.
const ENTITIES: usize = SYNCED + 1;

/// Devices that send something later.
const OTHERS: [&str; 3] = ["fine", "mqtt-device", "poison"];

/// Each simulated device becomes an entity, once.
fn the_twin_has_the_devices(pipeline: &Pipeline) {
    let count = |plan: &Value, what: &str| plan[what].as_array().map(Vec::len);
    let planned = pipeline.json(&["twin", "sync", "--dry-run"]);
    let entities = || pipeline.json(&["twin", "entities"])["entities"].as_array().map(Vec::len);
    assert_eq!((count(&planned, "create"), entities()), (Some(SYNCED), Some(1)), "{planned}");

    let synced = pipeline.json(&["twin", "sync"]);
    assert_eq!(synced["create"], planned["create"]);
    assert_eq!(entities(), Some(ENTITIES));
    nothing_to_sync(pipeline, ENTITIES);
    let twin = pipeline.status();
    let twin = twin["parts"].as_array().expect("parts").iter().find(|part| part["kind"] == "twin");
    assert_eq!(twin.map(|twin| &twin["detail"]), Some(&json!("50 entities")));
}

fn nothing_to_sync(pipeline: &Pipeline, entities: usize) {
    let plan = pipeline.json(&["twin", "sync"]);
    for what in ["create", "change", "remove_types", "foreign"] {
        assert_eq!(plan[what], json!([]), "{plan}");
    }
    assert_eq!(plan["unchanged"], entities, "{plan}");
}

/// Through the real connector: the values of the store, and which of them are outside of what is normal.
fn the_twin_answers_what_the_store_has(pipeline: &Pipeline) {
    let stored = pipeline.query(&format!(
        r#"SELECT temperature, watt FROM {DATABASE}.telemetry WHERE time > ago(1h) AND "DeviceID" = 'device-0001'
           ORDER BY time DESC"#
    ));
    let stored = stored["rows"].as_array().expect("rows");
    assert_eq!(stored.len(), 6);
    let history = ["twin", "history", "--entity", "device-0001"];
    let ask = |arguments: &[&str]| pipeline.json(&[&history, arguments].concat());
    let values = |answer: &Value, index: usize| -> Vec<Value> {
        let points = answer["properties"][index]["values"].as_array().cloned().unwrap_or_default();
        points.into_iter().map(|mut point| point["value"].take()).collect()
    };

    let answer = ask(&["--property", "temperature,watt", "--order", "descending"]);
    for column in 0..2 {
        let expected: Vec<Value> = stored.iter().map(|row| row[column].clone()).collect();
        assert_eq!(values(&answer, column), expected, "{answer}");
    }
    assert_eq!(answer["properties"][0]["unit"], "celsius");
    // The latest three, in the other direction, and a page after page.
    let latest = ask(&["--property", "watt", "--order", "descending", "--limit", "3"]);
    assert_eq!(values(&latest, 0), values(&answer, 1)[..3]);
    assert_eq!(latest["truncated"], true);

    let alarms = ask(&["--component", "temperature_alarm", "--order", "descending"]);
    let expected: Vec<Value> = stored
        .iter()
        .map(|row| match row[0].as_f64() {
            Some(celsius) if (10.0..=15.0).contains(&celsius) => json!("NORMAL"),
            _ => json!("ACTIVE"),
        })
        .collect();
    assert_eq!(values(&alarms, 0), expected, "{alarms}");

    let interpolated = ask(&["--property", "temperature", "--interpolate", "1s"]);
    assert!(!values(&interpolated, 0).is_empty(), "{interpolated}");

    let chart = pipeline.xtask(&[&history[..], &["--property", "temperature", "--plot"]].concat()).expect(0);
    assert!(
        chart.stdout.starts_with("temperature (celsius)") && chart.stdout.contains('│'),
        "{}",
        chart.stdout
    );

    // Misspelt names are met with the right ones.
    for (arguments, hint) in [
        (["--entity", "device-001", "--property", "watt"], "did you mean `device-0001`?"),
        (["--entity", "device-0001", "--property", "wat"], "did you mean `watt`?"),
        (["--entity", "device-0001", "--component", "telemetri"], "did you mean `telemetry`?"),
    ] {
        let refused = pipeline.xtask(&[&history[..2], &arguments[..]].concat()).expect(2);
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
}

/// A measure more is a new component type: the entities that the stack does not have still answer with the old
/// one, and move to the new one by a sync.
fn another_model_takes_the_twin_along(pipeline: &Pipeline) {
    let outputs = |pipeline: &Pipeline| pipeline.json(&["outputs"])["outputs"]["twin"].clone();
    let before = outputs(pipeline);
    let mut model = std::fs::read_to_string(pipeline.model()).expect("a model");
    model.push_str("\n[[measure]]\nname = \"pressure\"\nfield = \"pressure_measure\"\ntype = \"bigint\"\nunit = \"hectopascal\"\n");
    std::fs::write(pipeline.model(), model).expect("written");

    // What would be synced is not there yet.
    let early = pipeline.xtask(&["twin", "sync"]).expect(2);
    assert!(early.stderr.contains("cargo xtask deploy"), "{}", early.stderr);
    pipeline.xtask(&["deploy", "--format", "json"]).expect(0);
    let after = outputs(pipeline);
    assert_ne!(after["ComponentType"], before["ComponentType"]);
    assert_eq!(after["AlarmComponentType"], before["AlarmComponentType"], "its definition is the same");

    let proof = pipeline.json(&["verify", "--events", "20"]);
    assert_eq!(proof["ok"], true, "{proof}");
    let series = || {
        let answer = pipeline.json(&["twin", "history", "--entity", "device-0002"]);
        answer["properties"]
            .as_array()
            .expect("series")
            .iter()
            .map(|series| series["property"].clone())
            .collect()
    };
    let old: Vec<Value> = series();
    assert_eq!(old, ["humidity", "temperature", "voltage", "watt"]);

    let synced = pipeline.json(&["twin", "sync"]);
    assert_eq!(synced["change"].as_array().map(Vec::len), Some(SYNCED), "{synced}");
    assert_eq!(synced["remove_types"], json!([before["ComponentType"]]));
    let created = synced["create"].as_array().expect("a list").iter().map(|one| one["device"].clone());
    assert_eq!(created.collect::<Vec<_>>(), OTHERS);
    let new: Vec<Value> = series();
    assert_eq!(new, ["humidity", "pressure", "temperature", "voltage", "watt"]);
    nothing_to_sync(pipeline, ENTITIES + OTHERS.len());
}

/// A device of another make: an MQTT client over TLS that knows nothing of AWS.
async fn an_mqtt_client_is_heard(pipeline: &Pipeline, aws: &str, port: u16) {
    let event =
        |index| json!({"DeviceID": "mqtt-device", "Time": now_ms() + index, "temperature_measure": 11.5});
    let events = (0..5).map(|index| event(index).to_string().into_bytes());
    publish(aws, port, "dt/mqtt-device/measures", events.collect()).await;
    let count = format!(r#"SELECT count(*) FROM {DATABASE}.telemetry WHERE "DeviceID" = 'mqtt-device'"#);
    pipeline.rows_when(&count, |rows| rows.first().is_some_and(|row| row[0] == 5));
}

/// One update makes the topic name the device. An event need not name it, and cannot name another; bytes that
/// are no text are in quarantine as they were sent, and who sent them.
async fn the_topic_names_the_device(
    pipeline: &Pipeline,
    aws: &str,
    port: u16,
    client: &aws_sdk_sqs::Client,
    quarantine: &str,
) {
    let model = std::fs::read_to_string(pipeline.model()).expect("a model");
    let field = "[device]\nfield = \"DeviceID\"\n";
    assert!(model.contains(field), "{model}");
    let changed = model.replace(field, &format!("{field}topic_segment = 2\n"));
    std::fs::write(pipeline.model(), changed).expect("written");
    pipeline.xtask(&["deploy", "--format", "json"]).expect(0);

    let bytes = b"\x05\x12\xfc\x53\x94 no text";
    let now = now_ms();
    let events = [
        bytes.to_vec(),
        json!({"Time": now, "temperature_measure": 11.5}).to_string().into_bytes(),
        json!({"Time": now + 1, "DeviceID": "somebody", "temperature_measure": 11.5})
            .to_string()
            .into_bytes(),
    ];
    publish(aws, port, "dt/beacon/measures", events.to_vec()).await;
    let devices = format!(
        r#"SELECT "DeviceID", count(*) FROM {DATABASE}.telemetry WHERE "DeviceID" IN ('beacon', 'somebody') GROUP BY 1"#
    );
    pipeline.rows_when(&devices, |rows| rows == [json!(["beacon", 2])]);

    let start = std::time::Instant::now();
    let kept = loop {
        let received = client.receive_message().queue_url(quarantine).max_number_of_messages(10).send().await;
        let messages = received.expect("the queue answers").messages.unwrap_or_default();
        let bodies =
            messages.iter().filter_map(|message| serde_json::from_str::<Value>(message.body()?).ok());
        if let Some(kept) = bodies.into_iter().find(|body| body["partitionKey"] == "beacon") {
            break kept;
        }
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "the bytes are not in quarantine\n{}",
            pipeline.logs()
        );
    };
    assert_eq!(kept["reasons"][0]["code"], "not_utf8", "{kept}");
    assert_eq!(kept["data"], BASE64_STANDARD.encode(bytes), "{kept}");
}

/// Good events among bad ones: the good are stored, the bad are in quarantine, and none vanishes.
async fn poison_loses_nothing(pipeline: &Pipeline, client: &aws_sdk_kinesis::Client, stream: &str) {
    let now = now_ms();
    let hour = 3_600_000;
    let good = |device: &str, time: i64| {
        json!({"DeviceID": device, "Time": time, "temperature_measure": 12.5, "humidity_measure": 60})
            .to_string()
    };
    let quarantined: Vec<Vec<u8>> = vec![
        b"\xff\xfe not text".to_vec(),
        b"not json".to_vec(),
        b"[1, 2]".to_vec(),
        json!({"DeviceID": "poison", "Time": now, "temperature_measure": "warm", "watt_measure": 300})
            .to_string()
            .into(),
        json!({"DeviceID": "poison", "Time": "yesterday", "temperature_measure": 12}).to_string().into(),
        json!({"Time": now, "temperature_measure": 12}).to_string().into(),
        good("poison", now - 24 * 400 * hour).into(),
    ];
    let stored: Vec<Vec<u8>> = vec![
        good("fine", now).into(),
        good("fine", now + 48 * hour).into(),
        good("fine", now + 48 * hour).into(),
        good("fine", now - 30 * hour).into(),
        json!({"DeviceID": "fine", "temperature_measure": "12.5"}).to_string().into(),
    ];
    // Alternately, so that bad and good ones share batches.
    let longest = quarantined.len().max(stored.len());
    let mixed = (0..longest).flat_map(|index| [stored.get(index), quarantined.get(index)]).flatten();
    for payload in mixed {
        let put =
            client.put_record().stream_name(stream).partition_key("poison").data(payload.clone().into());
        put.send().await.expect("the stream takes anything");
    }
    pipeline.quarantine_when(i64::try_from(quarantined.len()).expect("few"));
    let count = format!(
        r#"SELECT count(*), count(time_corrected) FROM {DATABASE}.telemetry WHERE "DeviceID" = 'fine'"#
    );
    pipeline.rows_when(&count, |rows| rows.first().is_some_and(|row| row[0] == 5 && row[1] == 2));
    // The good measure of an event with a bad one is stored.
    let watt = format!(r#"SELECT watt, temperature FROM {DATABASE}.telemetry WHERE "DeviceID" = 'poison'"#);
    assert_eq!(pipeline.rows_when(&watt, |rows| !rows.is_empty()), [json!([300.0, null])]);
}
