//! Clusters, by `local/rds-data`, which is RDS for this machine.
//!
//! A cluster is a PostgreSQL server there. What a cluster has of RDS alone, its capacity, its instances, its network and
//! its settings, has no meaning on this machine: the resources for these are names and nothing more.

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use custom_resource::{Provisioned, Request, RequestType, Unfit};
use serde::Deserialize;
use serde_json::json;

/// The types of custom resources that this stands behind.
pub(crate) const TYPES: [&str; 4] =
    [CLUSTER, "Custom::PostgresInstance", "Custom::PostgresParameterGroup", "Custom::PostgresSubnetGroup"];
const CLUSTER: &str = "Custom::PostgresCluster";

/// Where clusters are made.
const PATH: &str = "/_local/clusters";

/// What of a cluster's properties is of this machine.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cluster {
    #[serde(rename = "DBClusterIdentifier")]
    identifier: String,
    database_name: String,
    master_username: String,
}

/// A cluster as it is made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    arn: String,
    resource_id: String,
    address: String,
    port: u16,
    root_certificate: String,
    secret_arn: String,
}

/// Why a request cannot be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Request(#[from] Unfit),
    #[error("PostgreSQL does not answer: {0}")]
    Silent(String),
    #[error("PostgreSQL refused: {0}")]
    Refused(String),
}

/// The way to the clusters.
#[derive(Debug)]
pub(crate) struct Postgres {
    connector: Connector,
    endpoint: String,
}

impl Postgres {
    /// The clusters behind this endpoint.
    pub(crate) fn new(endpoint: String) -> Self {
        Self { connector: Connector::builder().build_http(), endpoint }
    }

    /// Does what `request` asks for, of one of the [`TYPES`].
    pub(crate) async fn provision(&self, request: &Request) -> Result<Provisioned, Error> {
        match (request.resource_type.as_str(), request.request_type) {
            (CLUSTER, RequestType::Delete) => {
                if let Some(identifier) = request.existing() {
                    self.ask("DELETE", &format!("{PATH}/{identifier}"), String::new()).await?;
                }
                Ok(request.deleted())
            }
            (CLUSTER, _) => self.ensure(&request.properties()?).await,
            (_, RequestType::Delete) => Ok(request.deleted()),
            _ => {
                let physical_id =
                    request.existing().map_or_else(|| request.generated_name().to_lowercase(), str::to_owned);
                Ok(Provisioned { physical_id, attributes: Vec::new() })
            }
        }
    }

    async fn ensure(&self, wanted: &Cluster) -> Result<Provisioned, Error> {
        let Cluster { identifier, database_name, master_username } = wanted;
        let body =
            json!({ "identifier": identifier, "database": database_name, "username": master_username });
        let answer = self.ask("POST", PATH, body.to_string()).await?;
        let made: Made = serde_json::from_slice(&answer).map_err(|error| Error::Silent(error.to_string()))?;
        let attributes = vec![
            ("DBClusterArn", made.arn),
            ("DBClusterResourceId", made.resource_id),
            ("Endpoint.Address", made.address.clone()),
            ("Endpoint.Port", made.port.to_string()),
            ("ReadEndpoint.Address", made.address),
            ("MasterUserSecret.SecretArn", made.secret_arn),
            // Aurora's is of a root that everybody has; that of this machine is known here alone.
            ("RootCertificate", made.root_certificate),
        ];
        Ok(Provisioned { physical_id: identifier.clone(), attributes })
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> Result<Vec<u8>, Error> {
        let silent = |error: String| Error::Silent(error);
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(|error| silent(error.to_string()))?;
        request.set_uri(format!("{}{path}", self.endpoint)).map_err(|error| silent(error.to_string()))?;
        let answer = self.connector.call(request).await.map_err(|error| silent(error.to_string()))?;
        let is_done = answer.status().is_success();
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|error| silent(error.to_string()))?.to_vec();
        if is_done { Ok(body) } else { Err(Error::Refused(String::from_utf8_lossy(&body).into_owned())) }
    }
}

#[cfg(test)]
mod tests;
