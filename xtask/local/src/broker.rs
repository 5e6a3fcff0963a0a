//! A connection to the MQTT broker of the local target, as a device has one.
//!
//! The emulator takes a few hundred requests a second over HTTP, and thousands of messages over one
//! connection. Publishing takes four packets of [MQTT 3.1.1](https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/);
//! a client library would bring a second TLS implementation into every build.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Endpoints, ready};
use session::Failure;

/// Messages that wait for their acknowledgement at the same time.
const IN_FLIGHT: usize = 1_000;
/// Messages that are written at once.
const AT_ONCE: usize = 50;
/// Where the emulator gives the certificate of its authority.
const AUTHORITY: &str = "/_ministack/iot/ca.pem";
/// The name that the broker has in its own certificate, and by which clients reach it.
pub const NAME: &str = "localhost";

/// Protocol MQTT, level 4, a session that ends with its connection, no limit to silence.
const CONNECT: &[u8] = &[0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0];
/// First bytes of packets.
const CONNECT_TYPE: u8 = 0x10;
const PUBLISH_AT_LEAST_ONCE: u8 = 0x32;
/// What the broker sends: both have four bytes.
const ACCEPTED: [u8; 4] = [0x20, 2, 0, 0];
const ACKNOWLEDGED: [u8; 2] = [0x40, 2];

/// An open connection.
#[derive(Debug)]
pub struct Broker {
    stream: TlsStream<TcpStream>,
    /// The identifier of the last message.
    identifier: u16,
}

/// A message to be published.
#[derive(Debug)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
}

impl Broker {
    /// Connects.
    pub async fn open(endpoints: &Endpoints) -> Result<Self, Failure> {
        let stream = connect(endpoints).await.context("cannot connect to the MQTT broker of the emulator")?;
        Ok(Self { stream, identifier: 0 })
    }

    /// Publishes messages, and returns when all are acknowledged, which they are when the actions of the
    /// topic rules are done. The answer holds, for each in order, the moment at which it was handed over.
    pub async fn publish(
        &mut self,
        messages: impl IntoIterator<Item = Message>,
    ) -> Result<Vec<Instant>, Failure> {
        self.exchange(messages.into_iter())
            .await
            .context("the MQTT broker of the emulator broke off")
            .map_err(Failure::from)
    }

    async fn exchange(
        &mut self,
        mut messages: impl Iterator<Item = Message>,
    ) -> anyhow::Result<Vec<Instant>> {
        let (mut starts, mut acknowledged) = (Vec::new(), 0);
        loop {
            let room = AT_ONCE.min(IN_FLIGHT - (starts.len() - acknowledged));
            let mut packets = Vec::new();
            for message in messages.by_ref().take(room) {
                // 0 identifies no message.
                self.identifier = self.identifier.checked_add(1).unwrap_or(1);
                packets.extend(publish(&message, self.identifier)?);
                starts.push(Instant::now());
            }
            if !packets.is_empty() {
                self.stream.write_all(&packets).await?;
                self.stream.flush().await?;
            }
            if acknowledged == starts.len() {
                return Ok(starts);
            }
            // While there is room, more is sent before an answer is waited for.
            if packets.is_empty() || starts.len() - acknowledged == IN_FLIGHT {
                let mut answer = [0; 4];
                self.stream.read_exact(&mut answer).await?;
                ensure!(answer.starts_with(&ACKNOWLEDGED), "it answers {answer:02x?} to a message");
                acknowledged += 1;
            }
        }
    }
}

/// The certificate of the broker's authority, as PEM.
pub async fn authority(endpoints: &Endpoints) -> anyhow::Result<String> {
    let port = endpoints.aws.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
    let pem = ready::get(port, AUTHORITY).await;
    pem.ok_or_else(|| anyhow!("{}{AUTHORITY} does not answer", endpoints.aws))
}

async fn connect(endpoints: &Endpoints) -> anyhow::Result<TlsStream<TcpStream>> {
    let pem = authority(endpoints).await?;
    let mut authorities = RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
    let config = ClientConfig::builder().with_root_certificates(authorities).with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", endpoints.mqtt)).await?;
    stream.set_nodelay(true)?;
    let mut stream =
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(NAME)?, stream).await?;
    let name = format!("sluice-{:08x}", fastrand::u32(..));
    let mut body = CONNECT.to_vec();
    body.extend(text(&name)?);
    stream.write_all(&packet(CONNECT_TYPE, &body)?).await?;
    stream.flush().await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    ensure!(answer == ACCEPTED, "it answers {answer:02x?} to a connection");
    Ok(stream)
}

fn publish(message: &Message, identifier: u16) -> io::Result<Vec<u8>> {
    let mut body = text(&message.topic)?;
    body.extend(identifier.to_be_bytes());
    body.extend(&message.payload);
    packet(PUBLISH_AT_LEAST_ONCE, &body)
}

/// A text with its length.
fn text(text: &str) -> io::Result<Vec<u8>> {
    let length = u16::try_from(text.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes(), text.as_bytes()].concat())
}

/// A packet: its first byte, and the length of the rest, 7 bits a byte.
fn packet(first: u8, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut length = u32::try_from(body.len()).ok().filter(|length| *length < 1 << 28);
    let mut packet = vec![first];
    while let Some(rest) = length {
        let low = (rest & 0x7f) as u8;
        length = (rest > 0x7f).then_some(rest >> 7);
        packet.push(if length.is_some() { low | 0x80 } else { low });
    }
    if packet.len() == 1 {
        return Err(io::Error::other("a message is too long for MQTT"));
    }
    packet.extend(body);
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_say_how_long_they_are() {
        let cases: [(usize, &[u8]); 6] = [
            (0, &[0]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (16_383, &[0xff, 0x7f]),
            (16_384, &[0x80, 0x80, 1]),
            (131_072, &[0x80, 0x80, 8]),
        ];
        for (bytes, length) in cases {
            let packet = packet(0x32, &vec![7; bytes]).expect("a packet");
            assert_eq!(packet[..=length.len()], [&[0x32], length].concat(), "{bytes}");
            assert_eq!(packet.len(), 1 + length.len() + bytes);
        }
    }

    #[test]
    fn a_message_is_its_topic_its_identifier_and_its_bytes() {
        let message = Message { topic: "dt/a".to_owned(), payload: vec![0xff, 0] };
        let found = publish(&message, 258).expect("a packet");
        assert_eq!(found, [0x32, 10, 0, 4, b'd', b't', b'/', b'a', 1, 2, 0xff, 0]);
        let endless = Message { topic: "x".repeat(65_536), payload: Vec::new() };
        publish(&endless, 1).expect_err("a topic has at most 65,535 bytes");
    }
}
