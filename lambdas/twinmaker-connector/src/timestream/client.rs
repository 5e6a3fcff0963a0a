//! The client of the store.

use aws_config::SdkConfig;
use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::error::BoxError;

/// A client. The store is one of the services that tell their address on request, unless the configuration does.
pub async fn client(config: &SdkConfig) -> Result<Client, BoxError> {
    let client = Client::new(config);
    let configured = ["AWS_ENDPOINT_URL_TIMESTREAM_QUERY", "AWS_ENDPOINT_URL"];
    if configured.iter().any(|name| std::env::var_os(name).is_some()) {
        return Ok(client);
    }
    let (client, reload) = client.with_endpoint_discovery_enabled().await?;
    tokio::spawn(reload.reload_task());
    Ok(client)
}
