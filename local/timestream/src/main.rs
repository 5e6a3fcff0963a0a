//! The process: `local-timestream --port P --state DIR`.
//!
//! It prints its address on one line when it listens, and stops on SIGTERM or Ctrl-C.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use local_timestream::{arn::Identity, endpoint::Endpoint, query, server, store::Store};
use tokio::net::TcpListener;

/// A Timestream endpoint on this machine: the Write and the Query API over one port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port to listen on; 0 takes any free one
    #[arg(long)]
    port: u16,
    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Folder that holds the data; created when it does not exist
    #[arg(long)]
    state: PathBuf,
    /// Region that stands in ARNs
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Account that stands in ARNs
    #[arg(long, default_value = "000000000000")]
    account: String,
    /// Memory for results that clients have not read to their end, in MB. When they need more, those that were read
    /// longest ago are released, and their tokens are invalid
    #[arg(long, value_name = "MB", default_value_t = query::UNFINISHED_MB, value_parser = clap::value_parser!(u16).range(1..))]
    unfinished_mb: u16,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot open the data: {0}")]
    Store(#[from] local_timestream::store::Error),
    #[error("cannot listen on {address}: {cause}")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
    #[error("cannot say where it listens: {0}")]
    Stdout(#[source] io::Error),
    #[error("serving broke off: {0}")]
    Serve(#[source] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when stderr is gone too.
            let _ = writeln!(io::stderr(), "local-timestream: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { port, bind, state, region, account, unfinished_mb } = arguments;
    let stop = stop_signal().map_err(Error::Signals)?;
    let store = Arc::new(Store::open(&state)?);
    let address = SocketAddr::new(bind, port);
    let listener = TcpListener::bind(address).await.map_err(|cause| Error::Listen { address, cause })?;
    let address = listener.local_addr().map_err(|cause| Error::Listen { address, cause })?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{address}").and_then(|()| stdout.flush()).map_err(Error::Stdout)?;
    let endpoint = Endpoint::new(store, Identity { region, account }).with_unfinished_mb(unfinished_mb);
    let endpoint = Arc::new(endpoint);
    server::serve(listener, endpoint, stop).await.map_err(Error::Serve)
}

/// Ends with the first SIGTERM or Ctrl-C. From its creation on, neither ends the process by itself.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends with the first Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
