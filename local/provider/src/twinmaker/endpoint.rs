//! A client that finds the local endpoint.
//!
//! TwinMaker's SDKs put `api.` or `data.` before the host. At `127.0.0.1` there is no such host, so on
//! this machine both planes are asked at the address as it is.

use aws_config::SdkConfig;
use aws_sdk_iottwinmaker::Client;
use aws_sdk_iottwinmaker::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_iottwinmaker::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_iottwinmaker::error::BoxError;

/// A client at `endpoint`, if there is one of one's own.
pub(crate) fn client(config: &SdkConfig, endpoint: Option<String>) -> Client {
    let config = Builder::from(config);
    Client::from_conf(match endpoint {
        Some(endpoint) => config.endpoint_url(&endpoint).interceptor(WithoutPrefix { endpoint }).build(),
        None => config.build(),
    })
}

/// Sends every request to the endpoint as it is.
#[derive(Debug)]
struct WithoutPrefix {
    endpoint: String,
}

impl Intercept for WithoutPrefix {
    fn name(&self) -> &'static str {
        "WithoutPrefix"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let (_, after_scheme) = request.uri().split_once("://").unwrap_or_default();
        let path = after_scheme.find('/').map_or("/", |start| &after_scheme[start..]);
        let uri = format!("{}{path}", self.endpoint.trim_end_matches('/'));
        request.set_uri(uri)?;
        Ok(())
    }
}
