//! The process: `local-timestream --port P --state DIR`.
//!
//! It prints its address on one line when it listens, and stops on SIGTERM or Ctrl-C.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use local_harness::{Listener, Service, StartError};
use local_timestream::{arn::Identity, endpoint::Endpoint, query, server, store::Store};

/// A Timestream endpoint on this machine: the Write and the Query API over one port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    service: Service,
    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Memory for results that clients have not read to their end, in MB. When they need more, those that were read
    /// longest ago are released, and their tokens are invalid
    #[arg(long, value_name = "MB", default_value_t = query::UNFINISHED_MB, value_parser = clap::value_parser!(u16).range(1..))]
    unfinished_mb: u16,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot open the data: {0}")]
    Store(#[from] local_timestream::store::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

#[tokio::main]
async fn main() -> ExitCode {
    local_harness::end("local-timestream", run(Arguments::parse()).await)
}

async fn run(Arguments { service, bind, unfinished_mb }: Arguments) -> Result<(), Error> {
    let Service { port, state, region, account } = service;
    let store = Arc::new(Store::open(&state)?);
    let listener = Listener::open(SocketAddr::new(bind, port)).await?;
    let endpoint = Endpoint::new(store, Identity { region, account }).with_unfinished_mb(unfinished_mb);
    Ok(server::serve(listener, Arc::new(endpoint)).await?)
}
