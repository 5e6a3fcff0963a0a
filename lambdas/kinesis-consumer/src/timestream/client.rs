//! The client of the store.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_timestreamwrite::Client;
use aws_sdk_timestreamwrite::config::Builder;

/// A client without retries of its own: they are made here, within the time that is left. The store is one of
/// the services that tell their address on request, unless the configuration does.
pub async fn client(config: &SdkConfig) -> Result<Client, aws_sdk_timestreamwrite::error::BoxError> {
    let settings = Builder::from(config).retry_config(RetryConfig::disabled()).build();
    let client = Client::from_conf(settings);
    let configured = ["AWS_ENDPOINT_URL_TIMESTREAM_WRITE", "AWS_ENDPOINT_URL"];
    if configured.iter().any(|name| std::env::var_os(name).is_some()) {
        return Ok(client);
    }
    let (client, reload) = client.with_endpoint_discovery_enabled().await?;
    tokio::spawn(reload.reload_task());
    Ok(client)
}
