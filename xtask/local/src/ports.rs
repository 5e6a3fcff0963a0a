//! The ports of the local target, and who else has one of them.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};

use serde::{Deserialize, Serialize};

use session::{Exit, Explain};

/// Port of the endpoint unless `--local-port` names another.
pub const ENDPOINT: u16 = 4566;

/// Port of MQTT over TLS, as on AWS, beside the usual endpoint.
pub const MQTT: u16 = 8883;

/// Where the services of a local target listen, on the loopback interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// The emulator.
    pub aws: u16,
    /// Timestream.
    pub timestream: u16,
    /// TwinMaker.
    pub twinmaker: u16,
    /// The MQTT broker, TLS.
    pub mqtt: u16,
    /// The RDS Data API, where the store is PostgreSQL.
    pub rds_data: u16,
}

/// Why the services cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Something else listens there.
    #[error("port {port}, which {service} needs, is taken{}", owner.as_deref().map(|who| format!(" by {who}")).unwrap_or_default())]
    Taken {
        /// The port.
        port: u16,
        /// Who needs it.
        service: &'static str,
        /// The process that has it, where this can be known.
        owner: Option<String>,
    },
    /// The system does not let this user listen there.
    #[error("{service} cannot listen on port {port}")]
    Refused {
        /// The port.
        port: u16,
        /// Who needs it.
        service: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// `--local-port` leaves no room for the ports after it.
    #[error("--local-port {0} leaves no room for the four ports after it")]
    TooHigh(u16),
    /// The system has no free port.
    #[error("the system gives no free port")]
    NoneFree(#[source] io::Error),
}

impl Explain for PortError {
    fn exit(&self) -> Exit {
        Exit::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some(
            "name another with `--local-port PORT` (0 takes free ones), or end the process that has it"
                .to_owned(),
        )
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aws, timestream, twinmaker, mqtt, rds_data: _ } = self;
        write!(f, "{aws} (AWS), {timestream} (Timestream), {twinmaker} (TwinMaker), {mqtt} (MQTT)")
    }
}

impl Ports {
    /// The ports that follow from `--local-port`: 0 asks the system for free ones, 4566 comes with the
    /// usual port of MQTT, and any other port with the four after it, so that two targets do not meet.
    pub fn choose(endpoint: u16) -> Result<Self, PortError> {
        if endpoint == 0 {
            return free();
        }
        let rds_data = endpoint.checked_add(4).ok_or(PortError::TooHigh(endpoint))?;
        let mqtt = if endpoint == ENDPOINT { MQTT } else { endpoint + 3 };
        Ok(Self { aws: endpoint, timestream: endpoint + 1, twinmaker: endpoint + 2, mqtt, rds_data })
    }
}

/// Fails when something listens on this port of the loopback interface.
pub fn require_free(port: u16, service: &'static str) -> Result<(), PortError> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Err(PortError::Taken { port, service, owner: owner(port) })
        }
        Err(source) => Err(PortError::Refused { port, service, source }),
    }
}

/// The process that listens on a port, for instance `nginx (process 12)`.
fn owner(port: u16) -> Option<String> {
    let process = listeners::get_process_by_port(port, listeners::Protocol::TCP).ok()?;
    Some(format!("{} (process {})", process.name, process.pid))
}

fn free() -> Result<Ports, PortError> {
    // All stay bound until the last is known, so that no number comes twice.
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(PortError::NoneFree);
    let listeners = [bind()?, bind()?, bind()?, bind()?, bind()?];
    let port = |listener: &TcpListener| -> Result<u16, PortError> {
        Ok(listener.local_addr().map_err(PortError::NoneFree)?.port())
    };
    let [aws, timestream, twinmaker, mqtt, rds_data] = &listeners;
    Ok(Ports {
        aws: port(aws)?,
        timestream: port(timestream)?,
        twinmaker: port(twinmaker)?,
        mqtt: port(mqtt)?,
        rds_data: port(rds_data)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ports_follow_from_the_endpoint() {
        let cases = [
            (4566, [4566, 4567, 4568, 8883, 4570]),
            (5000, [5000, 5001, 5002, 5003, 5004]),
            (65_531, [65_531, 65_532, 65_533, 65_534, 65_535]),
        ];
        for (endpoint, expected) in cases {
            assert_eq!(all(Ports::choose(endpoint).expect("ports")), expected);
        }
        for endpoint in [65_532, 65_535] {
            assert!(matches!(Ports::choose(endpoint), Err(PortError::TooHigh(_))));
        }
    }

    fn all(Ports { aws, timestream, twinmaker, mqtt, rds_data }: Ports) -> [u16; 5] {
        [aws, timestream, twinmaker, mqtt, rds_data]
    }

    #[test]
    fn free_ports_are_different_ones() {
        let ports = BTreeSet::from(all(Ports::choose(0).expect("ports")));
        assert!(ports.len() == 5 && !ports.contains(&0), "{ports:?}");
    }

    #[test]
    fn a_taken_port_is_named_with_its_owner() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
        let port = listener.local_addr().expect("address").port();
        let error = require_free(port, "the emulator").expect_err("taken");
        let text = error.to_string();
        assert!(text.starts_with(&format!("port {port}, which the emulator needs, is taken by ")), "{text}");
        assert!(text.ends_with(&format!("(process {})", std::process::id())), "{text}");
        assert_eq!(error.exit(), Exit::Configuration);
        drop(listener);
        assert!(require_free(port, "the emulator").is_ok());
    }
}
