//! Answers whatever TwinMaker asks, or says what is wrong with it.

use serde_json::Value;
use telemetry::Model;

use crate::catalog::Catalog;
use crate::error::Error;
use crate::instant::Instant;
use crate::request::Request;
use crate::response::Response;
use crate::store::client::Table;
use crate::{attributes, history, schema};

/// What every request needs.
#[derive(Debug)]
pub struct Connector {
    catalog: Catalog,
    table: Table,
}

impl Connector {
    /// A connector for the properties of `model`, whose values are in `table`.
    pub fn new(model: &Model, table: Table) -> Self {
        Self { catalog: Catalog::new(model.first()), table }
    }

    /// Answers a request at the time `now`.
    pub async fn answer(&self, request: &Value, now: Instant) -> Result<Response, Error> {
        let Self { catalog, table } = self;
        match Request::read(request)? {
            Request::History(request) => {
                history::answer(&request, catalog, table, now).await.map(Response::History)
            }
            Request::Attributes(request) => {
                attributes::answer(&request, catalog, table, now).await.map(Response::Attributes)
            }
            Request::Schema(request) => schema::answer(&request, catalog).map(Response::Schema),
        }
    }
}
