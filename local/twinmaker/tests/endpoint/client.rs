//! A workspace with devices in a running process, and the Rust SDK's client of it.

use std::collections::HashMap;

use aws_sdk_iottwinmaker::{
    Client,
    config::{
        BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
        interceptors::BeforeTransmitInterceptorContextMut, retry::RetryConfig,
    },
    error::{BoxError, ProvideErrorMetadata},
    types::{
        ComponentRequest, DataConnector, DataType, DataValue, FunctionRequest, LambdaFunction,
        PropertyDefinitionRequest, PropertyRequest, Type,
    },
};
use local_harness::process::Process;
use tempfile::TempDir;

use crate::{lambda::Lambda, process};

pub const WORKSPACE: &str = "factory";
pub const CONNECTOR: &str = "arn:aws:lambda:us-east-1:000000000000:function:connector";

/// A running process with a Lambda endpoint.
pub struct Fixture {
    pub lambda: Lambda,
    pub client: Client,
    pub process: Process,
    pub state: TempDir,
}

impl Fixture {
    /// A process without anything.
    pub async fn empty() -> Self {
        let lambda = Lambda::start().await;
        let state = tempfile::tempdir().expect("a folder");
        let process = process::start(state.path(), lambda.url());
        let client = client(&process.url());
        Self { lambda, client, process, state }
    }

    /// A process with the workspace, the component type `mixer`, and the entity `mixer-1` of it.
    pub async fn with_mixer() -> Self {
        let fixture = Self::empty().await;
        fixture.client.create_workspace().workspace_id(WORKSPACE).send().await.expect("a workspace");
        fixture.create_type("mixer", mixer(), &["dataReader", "attributePropertyValueReaderByEntity"]).await;
        fixture.create_mixer("mixer-1", "item_A001").await;
        fixture
    }

    pub async fn create_type(
        &self,
        id: &str,
        definitions: HashMap<String, PropertyDefinitionRequest>,
        functions: &[&str],
    ) {
        self.client
            .create_component_type()
            .workspace_id(WORKSPACE)
            .component_type_id(id)
            .set_property_definitions(Some(definitions))
            .set_functions(Some(functions.iter().map(|name| ((*name).to_owned(), connector())).collect()))
            .send()
            .await
            .expect("a component type");
    }

    pub async fn create_mixer(&self, id: &str, external_id: &str) {
        self.client
            .create_entity()
            .workspace_id(WORKSPACE)
            .entity_id(id)
            .entity_name(id)
            .components("telemetry", component("mixer", &[("telemetryId", external_id)]))
            .send()
            .await
            .expect("an entity");
    }
}

/// A component of a type, with strings as values.
pub fn component(kind: &str, values: &[(&str, &str)]) -> ComponentRequest {
    let mut component = ComponentRequest::builder().component_type_id(kind);
    for (name, value) in values {
        let value = DataValue::builder().string_value(*value).build();
        component = component.properties(*name, PropertyRequest::builder().value(value).build());
    }
    component.build()
}

pub fn connector() -> FunctionRequest {
    let lambda = LambdaFunction::builder().arn(CONNECTOR).build().expect("it is complete");
    FunctionRequest::builder().implemented_by(DataConnector::builder().lambda(lambda).build()).build()
}

pub fn definition(kind: Type) -> aws_sdk_iottwinmaker::types::builders::PropertyDefinitionRequestBuilder {
    let data_type = DataType::builder().r#type(kind).build().expect("it is complete");
    PropertyDefinitionRequest::builder().data_type(data_type)
}

/// The guide's component type, with an attribute that is stored externally.
pub fn mixer() -> HashMap<String, PropertyDefinitionRequest> {
    let series = |kind| definition(kind).is_time_series(true).is_stored_externally(true).build();
    let kind = DataValue::builder().string_value("Mixer").build();
    HashMap::from([
        ("telemetryType".to_owned(), definition(Type::String).default_value(kind).build()),
        (
            "telemetryId".to_owned(),
            definition(Type::String).is_external_id(true).is_required_in_entity(true).build(),
        ),
        ("room".to_owned(), definition(Type::String).is_stored_externally(true).build()),
        ("Temperature".to_owned(), series(Type::Double)),
        ("RPM".to_owned(), series(Type::Long)),
        ("Running".to_owned(), series(Type::Boolean)),
    ])
}

/// What an error is: its code and its message.
pub fn told(error: &impl ProvideErrorMetadata) -> (String, String) {
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

/// The SDK's client, without the prefixes of its hosts.
pub fn client(url: &str) -> Client {
    let config = aws_sdk_iottwinmaker::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(url)
        .interceptor(OneHost(url.to_owned()))
        .build();
    Client::from_conf(config)
}

#[derive(Debug)]
struct OneHost(String);

impl Intercept for OneHost {
    fn name(&self) -> &'static str {
        "OneHost"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let (_, rest) = request.uri().split_once("://").expect("a whole address");
        let path = rest.find('/').map_or("/", |start| &rest[start..]).to_owned();
        request.set_uri(format!("{}{path}", self.0))?;
        Ok(())
    }
}
