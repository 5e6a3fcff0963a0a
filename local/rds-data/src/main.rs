//! The process: `local-rds-data --port P --state DIR --postgres DIR [--secrets-endpoint URL]`.
//!
//! It prints its address on one line when it listens and all clusters answer, and stops on SIGTERM or Ctrl-C. The
//! PostgreSQL servers of its clusters never outlive it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use local_harness::{Listener, Service, StartError};
use local_rds_data::{
    clusters::{self, Clusters, Identity},
    endpoint::{Endpoint, STATEMENT_TIME},
    front::{self, Certificate},
    postgres::{self, Programs},
    secrets::Secrets,
    server,
};

/// Aurora PostgreSQL clusters and the RDS Data API on this machine.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    service: Service,
    /// Folder of PostgreSQL's programs `initdb` and `postgres`, 15 or later
    #[arg(long, value_name = "DIR")]
    postgres: PathBuf,
    /// Where Secrets Manager is; without it, secrets are in the file `secrets.json` of the state
    #[arg(long, value_name = "URL")]
    secrets_endpoint: Option<String>,
    /// How long a statement may run
    #[arg(long, value_name = "SECONDS", default_value_t = STATEMENT_TIME.as_secs())]
    statement_seconds: u64,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Clusters(#[from] clusters::Error),
    #[error(transparent)]
    Certificate(#[from] front::CertificateError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Ended(#[from] server::Ended),
}

#[tokio::main]
async fn main() -> ExitCode {
    local_harness::end("local-rds-data", run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments { service, postgres, secrets_endpoint, statement_seconds } = arguments;
    let Service { port, state, region, account } = service;
    // What PostgreSQL is told must not depend on where it runs.
    let state = std::path::absolute(&state).unwrap_or(state);
    let identity = Identity { region, account };
    let secrets = secrets_endpoint.map_or_else(
        || Secrets::File(state.join("secrets.json"), identity.clone()),
        |endpoint| Secrets::at(&endpoint, &identity.region),
    );
    let certificate = Certificate::open(&state)?;
    let programs = Programs::new(postgres).await?;
    let (clusters, ended) =
        Clusters::open(state.join("clusters"), programs, identity, secrets, certificate).await?;
    let endpoint = Arc::new(Endpoint::new(clusters, Duration::from_secs(statement_seconds)));
    let listener = Listener::open(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let served = server::serve(listener, Arc::clone(&endpoint), ended).await;
    endpoint.stop().await;
    Ok(served?)
}
