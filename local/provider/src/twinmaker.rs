//! Workspaces, component types and entities, by TwinMaker's own API.
//!
//! What CloudFormation's types do on AWS: a changed id is a replacement, everything else changes in
//! place, a resource is there when it is `ACTIVE`, and what is already gone is deleted. A component type
//! that entities of others use stays and its deletion fails: in the cleanup of an update that does no
//! harm, and it fails the deletion of a stack, as on AWS.

mod component_type;
mod endpoint;
mod entity;
mod properties;
mod tags;
mod workspace;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_iottwinmaker::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_iottwinmaker::primitives::{DateTime, DateTimeFormat};
use aws_sdk_iottwinmaker::types::{State, Status};
use aws_sdk_iottwinmaker::{Client, Error as ServiceError};
use custom_resource::{Provisioned, Request, RequestType, Unfit};

pub(crate) use endpoint::client;
use tags::Tags;

/// The types of custom resources that this stands behind.
pub(crate) const TYPES: [&str; 3] = [COMPONENT_TYPE, ENTITY, WORKSPACE];
const COMPONENT_TYPE: &str = "Custom::IoTTwinMakerComponentType";
const ENTITY: &str = "Custom::IoTTwinMakerEntity";
const WORKSPACE: &str = "Custom::IoTTwinMakerWorkspace";

/// Between workspace and component type or entity in a physical id: `Ref` of a type with two primary
/// identifiers joins them so.
const SEPARATOR: char = '|';

/// Between two looks at what is not yet `ACTIVE`.
const PAUSE: Duration = Duration::from_millis(200);

/// A creation that finds what it wants, not older than this, finds what an earlier attempt of it made.
const ATTEMPTS_TAKE: Duration = Duration::from_mins(5);

/// Why a request cannot be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Request(#[from] Unfit),
    #[error("a property lacks a member: {0}")]
    Incomplete(#[from] BuildError),
    #[error("{what} is in the state {state}: {message}")]
    NotActive { what: String, state: String, message: String },
    #[error("{}", sentence(.0))]
    Service(Box<ServiceError>),
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Service(Box::new(error))
    }
}

fn sentence(error: &ServiceError) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("TwinMaker: {code}: {message}"),
        _ => format!("TwinMaker: {}", DisplayErrorContext(error)),
    }
}

/// TwinMaker's control plane.
pub(crate) struct TwinMaker {
    client: Client,
}

impl TwinMaker {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Does what `request` asks for, of one of the [`TYPES`].
    pub(crate) async fn provision(&self, request: &Request) -> Result<Provisioned, Error> {
        match (request.resource_type.as_str(), request.request_type) {
            (WORKSPACE, RequestType::Delete) => self.delete_workspace(request).await,
            (WORKSPACE, _) => self.ensure_workspace(request).await,
            (COMPONENT_TYPE, RequestType::Delete) => self.delete_component_type(request).await,
            (COMPONENT_TYPE, _) => self.ensure_component_type(request).await,
            (_, RequestType::Delete) => self.delete_entity(request).await,
            _ => self.ensure_entity(request).await,
        }
    }

    /// Whether what a creation finds is what an earlier attempt of it made: it is new, and its tags are
    /// those that are wanted. A client that hears nothing of its request sends it again.
    async fn is_of_this_creation(&self, arn: &str, created: &DateTime, wanted: &Tags) -> Result<bool, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let created = Duration::from_secs(u64::try_from(created.secs()).unwrap_or_default());
        Ok(now.saturating_sub(created) < ATTEMPTS_TAKE && self.tags(arn).await? == *wanted)
    }
}

/// Whether `status` is settled; an error when it is not what it should be.
fn settled(what: &str, status: Option<&Status>) -> Result<bool, Error> {
    let Some(state) = status.and_then(Status::state) else { return Ok(true) };
    match state {
        State::Active => Ok(true),
        State::Creating | State::Updating => Ok(false),
        state => {
            let error = status.and_then(Status::error);
            let message = error.and_then(|error| error.message()).unwrap_or("no reason is given");
            Err(Error::NotActive {
                what: what.to_owned(),
                state: state.to_string(),
                message: message.to_owned(),
            })
        }
    }
}

fn text(time: &DateTime) -> String {
    time.fmt(DateTimeFormat::DateTime).unwrap_or_default()
}

fn is_conflict(error: &ServiceError) -> bool {
    matches!(error, ServiceError::ConflictException(_))
}

fn unless_gone(error: ServiceError) -> Result<(), Error> {
    match error {
        ServiceError::ResourceNotFoundException(_) => Ok(()),
        error => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
