//! The process: `local-twinmaker --port P --state DIR --lambda-endpoint URL`.
//!
//! It prints its address on one line when it listens, and stops on SIGTERM or Ctrl-C.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use local_harness::{Listener, Service, StartError};
use local_twinmaker::{
    data::connector::Connectors, endpoint::Endpoint, identity::Identity, server, state::State,
};

/// An IoT TwinMaker endpoint on this machine: the control and the data plane over one port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    service: Service,
    /// Where Lambda is, which connectors are invoked through
    #[arg(long)]
    lambda_endpoint: String,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot open the state: {0}")]
    State(#[from] local_twinmaker::state::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

#[tokio::main]
async fn main() -> ExitCode {
    local_harness::end("local-twinmaker", run(Arguments::parse()).await)
}

async fn run(Arguments { service, lambda_endpoint }: Arguments) -> Result<(), Error> {
    let Service { port, state, region, account } = service;
    let state = State::open(&state)?;
    let listener = Listener::open(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let connectors = Connectors::new(&lambda_endpoint, &region);
    let endpoint = Endpoint::new(state, Identity { region, account }, connectors);
    Ok(server::serve(listener, Arc::new(endpoint)).await?)
}
