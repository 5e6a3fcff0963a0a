//! Which service a custom resource belongs to.

use custom_resource::{Provisioned, Request};

use crate::postgres::{self, Postgres};
use crate::timestream::{self, Timestream};
use crate::twinmaker::{self, TwinMaker};

/// Why a request cannot be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{kind} is not a type of this provider: {types}")]
    UnknownType { kind: String, types: String },
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Timestream(#[from] timestream::Error),
    #[error(transparent)]
    TwinMaker(#[from] twinmaker::Error),
}

/// The services behind custom resources.
pub(crate) struct Resources {
    pub postgres: Postgres,
    pub timestream: Timestream,
    pub twinmaker: TwinMaker,
}

impl Resources {
    /// Does what `request` asks for.
    pub(crate) async fn provision(&self, request: &Request) -> Result<Provisioned, Error> {
        let kind = request.resource_type.as_str();
        if postgres::TYPES.contains(&kind) {
            Ok(self.postgres.provision(request).await?)
        } else if timestream::TYPES.contains(&kind) {
            Ok(self.timestream.provision(request).await?)
        } else if twinmaker::TYPES.contains(&kind) {
            Ok(self.twinmaker.provision(request).await?)
        } else {
            let types = [&postgres::TYPES[..], &timestream::TYPES, &twinmaker::TYPES].concat().join(", ");
            Err(Error::UnknownType { kind: kind.to_owned(), types })
        }
    }

    /// The service that `request` is for, for people.
    pub(crate) fn service(request: &Request) -> &'static str {
        let kind = request.resource_type.as_str();
        if postgres::TYPES.contains(&kind) {
            "PostgreSQL"
        } else if twinmaker::TYPES.contains(&kind) {
            "TwinMaker"
        } else {
            "Timestream"
        }
    }
}
