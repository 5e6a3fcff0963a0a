//! Which service a custom resource belongs to.

use crate::custom_resource::{Provisioned, Request, Unfit};
use crate::timestream::{self, Timestream};
use crate::twinmaker::{self, TwinMaker};

/// The types of custom resources that this provider stands behind.
pub(crate) const TYPES: [&str; 5] = [
    "Custom::IoTTwinMakerComponentType",
    "Custom::IoTTwinMakerEntity",
    "Custom::IoTTwinMakerWorkspace",
    "Custom::TimestreamDatabase",
    "Custom::TimestreamTable",
];

/// What the types of a service begin with, and the service's name.
const TIMESTREAM: (&str, &str) = ("Custom::Timestream", "Timestream");
const TWINMAKER: (&str, &str) = ("Custom::IoTTwinMaker", "TwinMaker");

/// Why a request cannot be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error(transparent)]
    Timestream(#[from] timestream::Error),
    #[error(transparent)]
    TwinMaker(#[from] twinmaker::Error),
}

/// The services behind custom resources.
pub(crate) struct Resources {
    pub timestream: Timestream,
    pub twinmaker: TwinMaker,
}

impl Resources {
    /// Does what `request` asks for.
    pub(crate) async fn provision(&self, request: &Request) -> Result<Provisioned, Error> {
        let kind = request.resource_type.as_str();
        if kind.starts_with(TIMESTREAM.0) {
            Ok(self.timestream.provision(request).await?)
        } else if kind.starts_with(TWINMAKER.0) {
            Ok(self.twinmaker.provision(request).await?)
        } else {
            Err(Unfit::unknown_type(kind).into())
        }
    }

    /// The service that `request` is for, for people.
    pub(crate) fn service(request: &Request) -> &'static str {
        if request.resource_type.starts_with(TWINMAKER.0) { TWINMAKER.1 } else { TIMESTREAM.1 }
    }
}
