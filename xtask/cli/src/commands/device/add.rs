//! `device add`: a thing, a key and a certificate, in a folder from which a device connects.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use device_simulator::{Fleet, Traits};
use jiff::Timestamp;
use serde::Serialize;

use super::super::Outcome;
use super::folder_of;
use crate::Global;
use crate::report::{Document, FAINT, GOOD, Report, paint};
use engine::deploy::options::{quoted, selection};
use engine::devices::{AMAZON_ROOT_CA_1, Connection, Folder, Registry};
use engine::inventory::Inventory;
use session::{Exit, Failure, Session};

/// A client of a device in a few lines, with the library that AWS's own one is made of too.
const CLIENT: &str = include_str!("publish.py");

/// Give a device an identity: a thing, a private key that stays here, and a certificate
///
/// The device's name is that of its thing, the id of its MQTT client, and its level in the topic. The folder has the
/// key, the certificate, the authority of the broker, an event of the model, and a page that says how to send it. A
/// second run goes on where one stopped.
#[derive(Debug, Args)]
pub struct Add {
    /// Its name: letters, digits, `:`, `_` and `-`.
    name: String,
    /// Where its files go [default: devices/<environment>/<NAME> in the checkout].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// What was made.
#[derive(Debug, Serialize)]
struct Added {
    folder: PathBuf,
    #[serde(flatten)]
    connection: Connection,
    /// The command that publishes an event, in the folder.
    publish: String,
}

/// An event of a kind, as the device would send it.
struct Sample {
    file: String,
    topic: String,
    payload: Vec<u8>,
}

impl Add {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let session = global.connect().await?;
        let inventory = Inventory::read(&session).await?;
        let registry = Registry::of(&session, &inventory)?;
        let environment = &session.environment.name;
        let folder = self.out.clone().unwrap_or_else(|| folder_of(environment, &self.name));
        let folder = Folder::at(folder);

        let step = report.step(format_args!("giving {} an identity", self.name));
        let issued = registry.add(&self.name, &folder).await?;
        let (endpoint, port, authority) = broker(&session, &registry).await?;
        let topics = registry.topics(&self.name).await?;
        let connection =
            Connection { endpoint, port, topics, ..Connection::new(environment, &self.name, &issued.id) };
        let samples = samples(&session, &self.name);
        let publish = publish(&connection, samples.first());
        let mut pages = vec![
            ("README.md".to_owned(), page(&connection, &samples).into_bytes()),
            ("publish.py".to_owned(), CLIENT.as_bytes().to_vec()),
        ];
        pages.extend(samples.into_iter().map(|sample| (sample.file, sample.payload)));
        registry.hand_over(&issued, &folder, &connection, &authority, &pages).await?;
        step.done("");

        report.print(&Added { folder: folder.path().to_owned(), connection, publish });
        Ok(Exit::Done)
    }
}

/// Host and port of the broker, and the authority by which it is known.
async fn broker(session: &Session, registry: &Registry) -> Result<(String, u16, String), Failure> {
    match &session.endpoints {
        Some(endpoints) => {
            let authority = local_target::authority(endpoints).await?;
            Ok((local_target::BROKER.to_owned(), endpoints.mqtt, authority))
        }
        None => Ok((registry.endpoint().await?, 8_883, AMAZON_ROOT_CA_1.to_owned())),
    }
}

/// An event of each kind that the device may send now.
fn samples(session: &Session, device: &str) -> Vec<Sample> {
    let kinds = &session.model.kinds;
    let traits = Traits { anomaly_chance: 0.0, ..Traits::default() };
    let mut fleet = Fleet::new(session.model.clone(), traits, 0);
    let now = Timestamp::now().as_microsecond();
    let sample = |(index, kind): (usize, &telemetry::EventKind)| {
        let event = fleet.event_of(index, device, 0, now);
        let file = kind.name.as_ref().map_or_else(|| "event".to_owned(), |name| format!("event-{name}"));
        Sample { file, topic: event.topic, payload: event.payload }
    };
    kinds.iter().enumerate().map(sample).collect()
}

/// The topic and the file of a sample, as a shell takes them.
fn words(sample: Option<&Sample>) -> [String; 2] {
    let (topic, file) = sample.map_or(("TOPIC", "FILE"), |sample| (&sample.topic, &sample.file));
    [topic, file].map(quoted)
}

/// The command that publishes an event.
fn publish(connection: &Connection, sample: Option<&Sample>) -> String {
    let Connection { endpoint, port, device, authority, certificate, key, .. } = connection;
    let [topic, file] = words(sample);
    format!(
        "mosquitto_pub -h {endpoint} -p {port} --cafile {authority} --cert {certificate} --key {key} -i {device} -q 1 -t {topic} -f {file}"
    )
}

/// The page of the folder.
fn page(connection: &Connection, samples: &[Sample]) -> String {
    let Connection { environment, device, key, topics, .. } = connection;
    let commands: Vec<String> = samples.iter().map(|sample| publish(connection, Some(sample))).collect();
    let topics: Vec<String> = topics.iter().map(|topic| format!("`{topic}`")).collect();
    let [topic, file] = words(samples.first());
    format!(
        "# {device}\n\
         An identity of the environment `{environment}`. Whoever has `{key}` is this device: it stays on the device, \
         and in no repository. If it is lost or stolen:\n\n\
         ```sh\ncargo xtask device revoke {device}{selected}\n```\n\n\
         The device connects with the client id `{device}`, and may publish to {topics}, and do nothing else.\n\n\
         ```sh\n{commands}\n```\n\n\
         The same from Python, with the file's time of measurement as it is:\n\n\
         ```sh\npip install paho-mqtt\npython publish.py {topic} {file}\n```\n",
        selected = selection(environment),
        topics = topics.join(", "),
        commands = commands.join("\n"),
    )
}

impl Document for Added {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { folder, connection, publish } = self;
        writeln!(
            out,
            "{} {} may publish to {}",
            paint(GOOD, "✓"),
            connection.device,
            connection.topics.join(", ")
        )?;
        writeln!(
            out,
            "{}",
            paint(FAINT, format_args!("its key and certificate are in {}", folder.display()))
        )?;
        writeln!(out, "  cd {}\n  {publish}", folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_who_it_is_and_how_it_sends() {
        let connection = Connection {
            endpoint: "a1-ats.iot.eu-central-1.amazonaws.com".to_owned(),
            topics: vec!["dt/kitchen/measures".to_owned()],
            ..Connection::new("prod", "kitchen", "0f")
        };
        let sample = Sample {
            file: "event".to_owned(),
            topic: "dt/kitchen/a $(b); c".to_owned(),
            payload: b"{}".to_vec(),
        };
        insta::assert_snapshot!(page(&connection, &[sample]));
    }
}
