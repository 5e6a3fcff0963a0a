//! The process: `local-twinmaker --port P --state DIR --lambda-endpoint URL`.
//!
//! It prints its address on one line when it listens, and stops on SIGTERM or Ctrl-C.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use local_twinmaker::{
    data::connector::Connectors, endpoint::Endpoint, identity::Identity, server, state::State,
};
use tokio::net::TcpListener;

/// An IoT TwinMaker endpoint on this machine: the control and the data plane over one port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port to listen on; 0 takes any free one
    #[arg(long)]
    port: u16,
    /// Folder that holds the state; created when it does not exist
    #[arg(long)]
    state: PathBuf,
    /// Where Lambda is, which connectors are invoked through
    #[arg(long)]
    lambda_endpoint: String,
    /// Region that stands in ARNs
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Account that stands in ARNs
    #[arg(long, default_value = "000000000000")]
    account: String,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot open the state: {0}")]
    State(#[from] local_twinmaker::state::Error),
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
            let _ = writeln!(io::stderr(), "local-twinmaker: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { port, state, lambda_endpoint, region, account } = arguments;
    let stop = stop_signal().map_err(Error::Signals)?;
    let state = State::open(&state)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await.map_err(|cause| Error::Listen { address, cause })?;
    let address = listener.local_addr().map_err(|cause| Error::Listen { address, cause })?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{address}").and_then(|()| stdout.flush()).map_err(Error::Stdout)?;
    let connectors = Connectors::new(&lambda_endpoint, &region);
    let endpoint = Arc::new(Endpoint::new(state, Identity { region, account }, connectors));
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
