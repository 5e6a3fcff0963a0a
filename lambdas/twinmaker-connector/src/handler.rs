//! Answers whatever TwinMaker asks, or says what is wrong with it.

use serde_json::Value;
use telemetry::Model;

use crate::catalog::Catalogs;
use crate::error::Error;
use crate::instant::Instant;
use crate::request::Request;
use crate::response::Response;
use crate::store::Table;
use crate::{attributes, history, schema};

/// What every request needs.
#[derive(Debug)]
pub struct Connector {
    catalogs: Catalogs,
    table: Table,
}

impl Connector {
    /// A connector for the properties of `model`, whose values are in `table`.
    pub fn new(model: &Model, table: Table) -> Self {
        Self { catalogs: Catalogs::new(model), table }
    }

    /// Answers a request at the time `now`.
    pub async fn answer(&self, request: &Value, now: Instant) -> Result<Response, Error> {
        let Self { catalogs, table } = self;
        match Request::read(request)? {
            Request::History(request) => {
                let catalog = catalogs.of(&request.asked, &request.selected, &request.properties);
                history::answer(&request, catalog, table, now).await.map(Response::History)
            }
            Request::Attributes(request) => {
                let catalog = catalogs.of(&request.asked, &request.selected, &request.properties);
                attributes::answer(&request, catalog, table, now).await.map(Response::Attributes)
            }
            Request::Schema(request) => {
                let catalog = catalogs.of(&request.asked, &[], &request.properties);
                schema::answer(&request, catalog).map(Response::Schema)
            }
        }
    }
}
