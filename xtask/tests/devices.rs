//! Devices with identities of their own, on this machine: each has a certificate, by which an MQTT client is let in
//! as that device and as no other, until it is revoked.

mod installation;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, Transport};
use serde_json::{Value, json};

use installation::{DATABASE, Pipeline, processes_of, publish};

/// How long the broker may take to answer, or to end a connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of what a client asks for.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// The broker acknowledges it.
    Taken,
    /// It ends the connection.
    Refused,
}

use Fate::{Refused, Taken};

/// What a client asks for, once it is let in.
#[derive(Debug, Clone, Copy)]
enum Ask<'a> {
    Publish(&'a str),
    Subscribe(&'a str),
}

/// A folder that `device add` made.
struct Identity(PathBuf);

impl Identity {
    fn of(pipeline: &Pipeline, name: &str) -> Self {
        let folder = pipeline.configuration().join(name);
        let out = folder.display().to_string();
        let added = pipeline.json(&["device", "add", name, "--out", &out]);
        assert_eq!(added["device"], name, "{added}");
        assert_eq!(added["topics"], json!([format!("dt/{name}/measures")]), "{added}");
        Self(folder)
    }

    fn connection(&self) -> Value {
        serde_json::from_slice(&self.read("connection.json")).expect("JSON")
    }

    fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// A client that calls itself `client` and has this certificate.
    fn client(&self, client: &str) -> (AsyncClient, EventLoop) {
        let connection = self.connection();
        let file = |key: &str| self.read(connection[key].as_str().expect("a file"));
        let port = u16::try_from(connection["port"].as_u64().expect("a port")).expect("a port");
        let mut options = MqttOptions::new(client, connection["endpoint"].as_str().expect("a host"), port);
        let auth = (file("certificate"), file("key"));
        options.set_transport(Transport::tls(file("authority"), Some(auth), None));
        AsyncClient::new(options, 10)
    }

    /// What becomes of this, for a client that calls itself `client`.
    async fn tries(&self, client: &str, ask: Ask<'_>, payload: &[u8]) -> Fate {
        let (sender, mut events) = self.client(client);
        match ask {
            Ask::Publish(topic) => {
                sender.publish(topic, QoS::AtLeastOnce, false, payload).await.expect("queued");
            }
            Ask::Subscribe(filter) => sender.subscribe(filter, QoS::AtLeastOnce).await.expect("queued"),
        }
        loop {
            match tokio::time::timeout(PATIENCE, events.poll()).await.expect("an answer") {
                Ok(Event::Incoming(Packet::PubAck(_) | Packet::SubAck(_))) => return Taken,
                Ok(_) => {}
                Err(_) => return Refused,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_itself_until_it_is_revoked() {
    let pipeline = Pipeline::new();
    pipeline.xtask(&["deploy", "--format", "json"]).expect(0);
    let refused = pipeline.xtask(&["device", "list"]).expect(5);
    assert!(refused.stderr.contains("gives its devices no identities"), "{}", refused.stderr);

    // The model's events say themselves who sent them.
    pipeline.environment("local", |text| text + "\n[devices]\nenabled = true\n");
    let refused = pipeline.xtask(&["deploy"]).expect(2);
    assert!(refused.stderr.contains("topic_segment = 2"), "{}", refused.stderr);
    pipeline.environment("local", |text| text + "topic_segment = 2\n");
    pipeline.xtask(&["deploy", "--format", "json"]).expect(0);

    // What goes in at the front door by the credentials of the account is not held to it.
    let proof = pipeline.json(&["verify"]);
    assert_eq!((&proof["ok"], &proof["lost"]), (&json!(true), &json!(0)), "{proof}");

    let kitchen = Identity::of(&pipeline, "kitchen");
    let cellar = Identity::of(&pipeline, "cellar");
    let mode = std::fs::metadata(kitchen.0.join("private.key")).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    names_are_taken_once(&pipeline, &kitchen);
    an_interrupted_run_goes_on(&pipeline, &kitchen);

    // An event is its sender's, whatever it says; and what the folder has is an event.
    let event = json!({"DeviceID": "cellar", "temperature_measure": 11.5}).to_string();
    let own = Ask::Publish("dt/kitchen/measures");
    assert_eq!(kitchen.tries("kitchen", own, event.as_bytes()).await, Taken);
    let sample = cellar.read("event");
    assert_eq!(cellar.tries("cellar", Ask::Publish("dt/cellar/measures"), &sample).await, Taken);
    let sent = format!(
        r#"SELECT "DeviceID", count(*) FROM {DATABASE}.telemetry WHERE "DeviceID" NOT LIKE 'sluice-canary%' GROUP BY 1 ORDER BY 1"#
    );
    pipeline.rows_when(&sent, |rows| rows == [json!(["cellar", 1]), json!(["kitchen", 1])]);

    for (client, ask) in [
        ("kitchen", Ask::Publish("dt/cellar/measures")),
        ("kitchen", Ask::Publish("dt/kitchen")),
        ("kitchen", Ask::Publish("dt/kitchen/measures/more")),
        ("kitchen", Ask::Publish("$aws/things/kitchen/shadow/update")),
        ("kitchen", Ask::Subscribe("dt/kitchen/measures")),
        ("kitchen", Ask::Subscribe("#")),
        ("cellar", Ask::Publish("dt/cellar/measures")),
        ("cellar", Ask::Publish("dt/kitchen/measures")),
    ] {
        assert_eq!(kitchen.tries(client, ask, event.as_bytes()).await, Refused, "{client} {ask:?}");
    }

    // Without a certificate this machine takes what comes, as it does where devices have no identities.
    let status = pipeline.status();
    let aws = status["endpoints"]["aws"].as_str().expect("an endpoint");
    let port = u16::try_from(status["endpoints"]["mqtt"].as_u64().expect("a port")).expect("a port");
    publish(aws, port, "dt/attic/measures", vec![br#"{"temperature_measure": 11.5}"#.to_vec()]).await;
    pipeline.rows_when(&sent, |rows| rows.len() == 3);

    // No device is shut out by a destruction that nobody asked to do that.
    let plan = pipeline.json(&["destroy", "--plan"]);
    let stacks = plan["stacks"].as_array().expect("stacks");
    let held = stacks.iter().find(|stack| stack["name"] == "devices").expect("the stack");
    assert_eq!(held["devices"], json!(["cellar", "kitchen"]), "{plan}");
    let refused = pipeline.xtask(&["destroy", "--yes"]).expect(3);
    assert!(refused.stderr.contains("still have an identity of it: cellar, kitchen"), "{}", refused.stderr);
    assert_eq!(kitchen.tries("kitchen", own, event.as_bytes()).await, Taken);

    // Nobody is there to be asked, so nothing is revoked without an answer in advance.
    pipeline.xtask(&["device", "revoke", "kitchen"]).expect(3);
    assert_eq!(kitchen.tries("kitchen", own, event.as_bytes()).await, Taken);
    pipeline.json(&["device", "revoke", "kitchen", "--yes"]);
    assert_eq!(kitchen.tries("kitchen", own, event.as_bytes()).await, Refused);
    assert_eq!(cellar.tries("cellar", Ask::Publish("dt/cellar/measures"), &sample).await, Taken);
    assert_eq!(
        listed(&pipeline),
        [
            ("cellar".to_owned(), vec!["ACTIVE".to_owned()]),
            ("kitchen".to_owned(), vec!["INACTIVE".to_owned()])
        ]
    );
    let unknown = pipeline.xtask(&["device", "revoke", "kitchin", "--yes"]).expect(5);
    assert!(unknown.stderr.contains("did you mean `kitchen`?"), "{}", unknown.stderr);

    for name in ["kitchen", "cellar"] {
        pipeline.json(&["device", "revoke", name, "--delete", "--yes"]);
    }
    assert_eq!(listed(&pipeline), []);
    // The name is free again, and the old certificate stays shut out.
    let again = Identity(pipeline.configuration().join("again"));
    pipeline.json(&["device", "add", "kitchen", "--out", &again.0.display().to_string()]);
    assert_eq!(again.tries("kitchen", own, event.as_bytes()).await, Taken);
    assert_eq!(kitchen.tries("kitchen", own, event.as_bytes()).await, Refused);
    pipeline.json(&["device", "revoke", "kitchen", "--delete", "--yes"]);

    let receipt = pipeline.json(&["destroy", "--yes"]);
    assert_eq!((&receipt["left"], &receipt["retained"]), (&json!([]), &json!([])), "{receipt}");
    assert_eq!(processes_of(pipeline.folder.path()), Vec::<String>::new());
}

fn names_are_taken_once(pipeline: &Pipeline, kitchen: &Identity) {
    let out = kitchen.0.display().to_string();
    let elsewhere = pipeline.configuration().join("elsewhere").display().to_string();
    for (name, folder, expected) in [
        ("kitchen", &out, "has the identity of a device already"),
        ("kitchen", &elsewhere, "there is a device `kitchen` already"),
        ("sluice-canary-1", &elsewhere, "no device can be called \"sluice-canary-1\""),
        ("a/b", &elsewhere, "no device can be called \"a/b\""),
    ] {
        let refused = pipeline.xtask(&["device", "add", name, "--out", folder]).expect(2);
        assert!(refused.stderr.contains(expected), "{name} {folder}: {}", refused.stderr);
        assert!(!Path::new(&elsewhere).exists(), "{name}");
    }
}

/// A run that was interrupted after any of its steps is made whole by the next one, with the same key and the same
/// certificate.
fn an_interrupted_run_goes_on(pipeline: &Pipeline, kitchen: &Identity) {
    let (key, certificate) = (kitchen.read("private.key"), kitchen.read("certificate.pem"));
    let out = kitchen.0.display().to_string();
    for missing in [
        &["connection.json"][..],
        &["connection.json", "README.md", "certificate.pem"],
        &["connection.json", "README.md", "certificate.pem", "root-ca.pem", "event", "publish.py"],
    ] {
        for file in missing {
            std::fs::remove_file(kitchen.0.join(file)).expect("removed");
        }
        pipeline.json(&["device", "add", "kitchen", "--out", &out]);
        assert_eq!(kitchen.read("private.key"), key);
        assert_eq!(kitchen.read("certificate.pem"), certificate);
    }
    assert_eq!(listed(pipeline).len(), 2);
}

/// Names of the devices, and the status of each of their certificates.
fn listed(pipeline: &Pipeline) -> Vec<(String, Vec<String>)> {
    let list = pipeline.json(&["device", "list"]);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let statuses = |device: &Value| {
        let certificates = device["certificates"].as_array().expect("certificates");
        certificates.iter().map(|certificate| text(&certificate["status"])).collect()
    };
    let devices = list["devices"].as_array().expect("devices").iter();
    devices.map(|device| (text(&device["name"]), statuses(device))).collect()
}
