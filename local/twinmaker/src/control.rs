//! The control plane: workspaces, component types, entities and tags.
//!
//! Its functions take a request and give a response; they know the state and nothing of HTTP or of
//! connectors. Which error an operation answers is what the API's model lists for it: where
//! `ResourceNotFoundException` is not listed, what is missing is a `ValidationException`.

pub mod component_type;
pub mod component_update;
pub mod entity;
pub mod entity_list;
pub mod tags;
pub mod workspace;

use serde_json::Value;

use crate::{
    identity::Identity,
    state::{Document, State, Workspace},
    wire::Error,
};

/// An operation of the control plane.
pub type Operation = fn(&State, &Identity, Value) -> Result<Value, Error>;

/// What an operation answers when its workspace does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Missing {
    /// `ResourceNotFoundException`.
    NotFound,
    /// `ValidationException`.
    Invalid,
}

impl Missing {
    fn error(self, message: String) -> Error {
        match self {
            Self::NotFound => Error::not_found(message),
            Self::Invalid => Error::validation(message),
        }
    }

    pub(crate) fn workspace<'a>(self, document: &'a Document, id: &str) -> Result<&'a Workspace, Error> {
        document.workspaces.get(id).ok_or_else(|| self.error(format!("The workspace {id} does not exist.")))
    }

    pub(crate) fn workspace_mut<'a>(
        self,
        document: &'a mut Document,
        id: &str,
    ) -> Result<&'a mut Workspace, Error> {
        document
            .workspaces
            .get_mut(id)
            .ok_or_else(|| self.error(format!("The workspace {id} does not exist.")))
    }
}
