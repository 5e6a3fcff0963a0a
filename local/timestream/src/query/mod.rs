//! The Query API.

use std::sync::Arc;

use crate::{store::Store, wire};

/// Answers the operations of the Query API over a store.
pub struct Engine {
    #[expect(dead_code, reason = "the operations read it")]
    store: Arc<Store>,
}

impl Engine {
    /// An engine over `store`.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Answers `Query`, `CancelQuery` and `PrepareQuery`.
    #[expect(clippy::unused_async, reason = "the operations wait")]
    pub async fn handle(
        &self,
        operation: &str,
        _body: serde_json::Value,
    ) -> Result<serde_json::Value, wire::Error> {
        Err(wire::Error::validation(format!(
            "The operation {operation} is not supported."
        )))
    }
}
