//! How the services of the local target start and end, and how tests start them.
//!
//! A service prints `listening on http://<address>` on one line when it takes requests, and nothing else; it
//! ends with SIGTERM or Ctrl-C, after the requests under way. Knows nothing of what a service does.

mod listener;
pub mod process;
pub mod python;

use std::{
    fmt::Display,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

pub use listener::{Listener, StartError};

/// What every service is told.
#[derive(Debug, clap::Args)]
pub struct Service {
    /// Port to listen on; 0 takes any free one
    #[arg(long)]
    pub port: u16,
    /// Folder that holds the state; created when it does not exist
    #[arg(long)]
    pub state: PathBuf,
    /// Region that stands in ARNs
    #[arg(long, default_value = "us-east-1")]
    pub region: String,
    /// Account that stands in ARNs
    #[arg(long, default_value = "000000000000")]
    pub account: String,
}

/// Bytes of a request: a hundred records of the store's size, with all their JSON, fit many times.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// How the program `name` ends: with what it could not do on standard error.
pub fn end<E: Display>(name: &str, outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when stderr is gone too.
            let _ = writeln!(io::stderr(), "{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The id of the next request, in the form that the services of AWS give.
pub fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:026X}", NEXT.fetch_add(1, Ordering::Relaxed))
}
