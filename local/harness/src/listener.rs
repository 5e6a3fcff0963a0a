//! A port that a service listens on until it is told to end.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use axum::Router;
use tokio::net::TcpListener;

/// A port, and the signals that end the service.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    signals: Signals,
}

/// Why a service does not start, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is not to be had.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The port.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
    /// The system gives no signals.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
    /// Standard output is closed.
    #[error("cannot say where it listens: {0}")]
    Stdout(#[source] io::Error),
    /// The port is gone.
    #[error("serving broke off: {0}")]
    Serve(#[source] io::Error),
}

impl Listener {
    /// Listens on `address`, and says so. From here on, no signal that ends a service ends the process by itself.
    pub async fn open(address: SocketAddr) -> Result<Self, StartError> {
        let signals = Signals::open().map_err(StartError::Signals)?;
        let refused = |cause| StartError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let mut stdout = io::stdout();
        writeln!(stdout, "listening on http://{address}")
            .and_then(|()| stdout.flush())
            .map_err(StartError::Stdout)?;
        Ok(Self { listener, signals })
    }

    /// Serves until a signal comes, and then lets the requests under way finish.
    pub async fn serve(self, router: Router) -> Result<(), StartError> {
        let Self { listener, signals } = self;
        axum::serve(listener, router).with_graceful_shutdown(signals.first()).await.map_err(StartError::Serve)
    }
}

/// SIGTERM and Ctrl-C.
#[cfg(unix)]
#[derive(Debug)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn open() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn first(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn open() -> io::Result<Self> {
        Ok(Self)
    }

    async fn first(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
