//! The endpoint: what answers an operation, over one state and one way to connectors.
//!
//! It knows nothing of HTTP.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use crate::{
    data::{
        connector::Connectors,
        history,
        schema::{self, Pending},
        token::Tokens,
        value,
    },
    identity::Identity,
    operations::{AnsweredBy, Operation},
    state::State,
    wire::Error,
};

/// Both planes of the API.
pub struct Endpoint {
    state: State,
    identity: Identity,
    connectors: Connectors,
    tokens: Tokens,
    /// Components whose schema initializers are being asked.
    initializing: Mutex<BTreeSet<Pending>>,
}

impl Endpoint {
    /// An endpoint over `state`.
    pub fn new(state: State, identity: Identity, connectors: Connectors) -> Self {
        let tokens = Tokens::new(&state.read().token_key);
        Self { state, identity, connectors, tokens, initializing: Mutex::default() }
    }

    /// What there is.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Answers an operation.
    pub async fn handle(self: &Arc<Self>, operation: &Operation, request: Value) -> Result<Value, Error> {
        match operation.answer {
            AnsweredBy::Control(control) => self.control(control, request).await,
            AnsweredBy::Components(control) => {
                let response = self.control(control, request).await;
                self.initialize_components();
                response
            }
            AnsweredBy::Value => value::get(&self.state, &self.connectors, request).await,
            AnsweredBy::History => history::get(&self.state, &self.connectors, &self.tokens, request).await,
            AnsweredBy::Refusal(why) => {
                Err(Error::validation(format!("The operation {} {why}", operation.name)))
            }
        }
    }

    /// Runs what waits for the disk where it holds up nobody else.
    async fn control(
        self: &Arc<Self>,
        control: crate::control::Operation,
        request: Value,
    ) -> Result<Value, Error> {
        let endpoint = Arc::clone(self);
        tokio::task::spawn_blocking(move || control(&endpoint.state, &endpoint.identity, request))
            .await
            .unwrap_or_else(|cause| Err(Error::internal(format!("The operation broke off: {cause}."))))
    }

    /// Asks the schema initializers of all components that wait, also those that a process before this
    /// one has left waiting.
    pub fn initialize_components(self: &Arc<Self>) {
        let mut initializing = self.initializing.lock().unwrap_or_else(PoisonError::into_inner);
        for one in schema::pending(&self.state.read()) {
            if initializing.insert(one.clone()) {
                let endpoint = Arc::clone(self);
                tokio::spawn(async move {
                    // When the state cannot be written, the component goes on waiting.
                    let _ = schema::initialize(&endpoint.state, &endpoint.connectors, &one).await;
                    endpoint.initializing.lock().unwrap_or_else(PoisonError::into_inner).remove(&one);
                });
            }
        }
    }
}
