//! The local target: the emulator and the local services, as processes of this machine.

use crate::cli::Global;
use crate::failure::Explain;
use crate::project::Project;
use crate::report::Report;

/// Where the services of the local target listen.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The emulator: every AWS API but Timestream's, for instance `http://127.0.0.1:4566`.
    pub aws: String,
    /// Timestream's write and query APIs.
    pub timestream: String,
    /// Port of the MQTT broker, TLS.
    pub mqtt: u16,
}

/// Why the local target does not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {}

impl Explain for LocalError {}

/// The endpoints of the local target, when it runs.
pub fn running(_project: &Project, _global: &Global) -> Option<Endpoints> {
    None
}

/// Starts what does not run yet, and waits until it answers.
pub async fn start(_project: &Project, _global: &Global, _report: &Report) -> Result<Endpoints, LocalError> {
    todo!()
}

/// Stops every process of the local target.
pub async fn stop(_project: &Project, _global: &Global, _report: &Report) -> Result<(), LocalError> {
    todo!()
}
