//! Answers whatever TwinMaker asks, or says what is wrong with it.

use serde_json::Value;
use telemetry::Model;

use crate::catalog::Catalog;
use crate::error::Error;
use crate::instant::Instant;
use crate::request::Request;
use crate::response::Response;
use crate::store::Store;
use crate::{attributes, history, schema};

/// What every request needs.
#[derive(Debug)]
pub struct Connector {
    catalog: Catalog,
    store: Store,
}

impl Connector {
    /// A connector for the properties of `model`, whose values are in `store`.
    pub fn new(model: &Model, store: Store) -> Self {
        Self { catalog: Catalog::new(model), store }
    }

    /// Answers a request at the time `now`.
    pub async fn answer(&self, request: &Value, now: Instant) -> Result<Response, Error> {
        let Self { catalog, store } = self;
        match Request::read(request)? {
            Request::History(request) => {
                history::answer(&request, catalog, store, now).await.map(Response::History)
            }
            Request::Attributes(request) => {
                attributes::answer(&request, catalog, store, now).await.map(Response::Attributes)
            }
            Request::Schema(request) => schema::answer(&request, catalog).map(Response::Schema),
        }
    }
}
