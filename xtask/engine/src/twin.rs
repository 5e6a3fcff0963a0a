//! The digital twin's workspace, as commands see it: its entities, and what they are made of.
//!
//! Everything here stays within the workspace of one environment.

mod apply;
pub mod history;
pub mod sync;

use std::collections::BTreeMap;

use aws_sdk_iottwinmaker::Client;
use aws_sdk_iottwinmaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iottwinmaker::operation::get_entity::{GetEntityError, GetEntityOutput};
use aws_sdk_iottwinmaker::operation::get_workspace::GetWorkspaceError;
use aws_sdk_iottwinmaker::types::{ComponentResponse, EntitySummary, PropertyResponse, State};
use stacks::config::likely;
use telemetry::canary::is_canary;

use crate::inventory::Inventory;
use session::sdk_error::sentence;
use session::{Exit, Explain, Failure, Session};

/// Entities or component types of a page of a listing, the most that
/// [the service gives](https://docs.aws.amazon.com/iot-twinmaker/latest/apireference/API_ListEntities.html).
pub const PAGE: i32 = 200;

/// How many names an error lists.
const LISTED: usize = 12;

/// The workspace of an environment.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Client of both planes.
    pub client: Client,
    /// Its id.
    pub id: String,
}

/// What stands for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its id in the workspace.
    pub id: String,
    /// Its name: the device's.
    pub name: String,
    /// Its ARN, which its tags belong to.
    pub arn: String,
    /// What it is made of, by name.
    pub components: BTreeMap<String, Component>,
}

/// A part of an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Component {
    /// Id of its component type.
    pub kind: String,
    /// Whether it works.
    pub health: Health,
    /// By name.
    pub properties: BTreeMap<String, Property>,
}

/// Whether a component works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Health {
    /// It works, or is about to.
    #[default]
    Sound,
    /// The service could not make it what it was asked to be, and does not try again.
    Failed,
}

/// What a component knows of its device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Property {
    /// For instance `DOUBLE`.
    pub kind: String,
    /// For people, for instance `celsius`.
    pub unit: Option<String>,
    /// Whether it has a history.
    pub time_series: bool,
    /// Its text, when the entity itself holds it.
    pub value: Option<String>,
}

/// Why the twin gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// The environment has no twin.
    #[error("environment `{0}` has no twin: `[twin] enabled = false`")]
    Disabled(String),
    /// `TwinMaker` did not answer.
    #[error("TwinMaker does not {what}: {cause}")]
    Service {
        /// What was asked of it.
        what: String,
        /// What it said.
        cause: String,
    },
    /// The connector failed.
    #[error("the connector does not answer: {0}")]
    Connector(String),
    /// A value has a time that is none.
    #[error("the twin answers a value of `{property}` with the time {}", time.as_ref().map_or_else(|| "left out".to_owned(), |time| format!("{time:?}")))]
    Unreadable {
        /// The property.
        property: String,
        /// What stands for the time.
        time: Option<String>,
    },
    /// There is no such entity.
    #[error("the twin has no entity `{entity}`")]
    NoEntity {
        /// What was asked for.
        entity: String,
        /// Names of entities that there are.
        known: Vec<String>,
    },
    /// The entity has no such component.
    #[error("entity `{entity}` has no component `{component}`")]
    NoComponent {
        /// The entity.
        entity: String,
        /// What was asked for.
        component: String,
        /// Its components.
        known: Vec<String>,
    },
    /// The component has no such time series.
    #[error("component `{component}` of `{entity}` has no time series `{property}`")]
    NoProperty {
        /// The entity.
        entity: String,
        /// The component.
        component: String,
        /// What was asked for.
        property: String,
        /// Its time series.
        known: Vec<String>,
    },
    /// The deployed component types are not those of the model.
    #[error("the twin is not that of telemetry.toml: it has {deployed}, and the model makes {model}")]
    OtherModel {
        /// Deployed.
        deployed: String,
        /// Of the model.
        model: String,
    },
    /// An entity did not reach its desired state.
    #[error("entity `{entity}` {end}")]
    Unsettled {
        /// The entity.
        entity: String,
        /// How it ended.
        end: String,
    },
}

impl Explain for TwinError {
    fn exit(&self) -> Exit {
        match self {
            Self::Disabled(_)
            | Self::NoEntity { .. }
            | Self::NoComponent { .. }
            | Self::NoProperty { .. }
            | Self::OtherModel { .. } => Exit::Configuration,
            Self::Unreadable { .. } | Self::Service { .. } | Self::Connector(_) | Self::Unsettled { .. } => {
                Exit::Unexpected
            }
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Disabled(environment) => {
                format!(
                    "`enabled = true` in environments/{}.toml and `cargo xtask deploy` give it one",
                    stacks::environment::name::split(environment).0
                )
            }
            Self::Connector(_) => "`cargo xtask logs twin` shows what it says".to_owned(),
            Self::NoEntity { entity, known } => {
                let sync = "`cargo xtask twin sync` creates one for each device that the store has seen";
                format!("{}; {sync}", among("entities", entity, known))
            }
            Self::NoComponent { component, known, .. } => among("components", component, known),
            Self::NoProperty { property, known, .. } => among("time series", property, known),
            Self::OtherModel { .. } => "`cargo xtask deploy` brings the twin up to date".to_owned(),
            Self::Unsettled { .. } => "run the same command again: it goes on with what is left".to_owned(),
            Self::Unreadable { .. } | Self::Service { .. } => return None,
        })
    }
}

/// The likely name, or those that there are.
fn among(what: &str, asked: &str, known: &[String]) -> String {
    if let Some(likely) = likely(asked, known.iter().map(String::as_str)) {
        return format!("did you mean `{likely}`?");
    }
    let listed: Vec<&str> = known.iter().take(LISTED).map(String::as_str).collect();
    match known.len().checked_sub(LISTED) {
        _ if known.is_empty() => format!("it has no {what}"),
        Some(more @ 1..) => format!("its {what}: {} and {more} more", listed.join(", ")),
        _ => format!("its {what}: {}", listed.join(", ")),
    }
}

impl Workspace {
    /// The workspace that an environment has, or would have.
    pub fn named(session: &Session) -> Self {
        Self { client: session.twinmaker(), id: session.environment.workspace() }
    }

    /// The workspace of an environment that has one.
    pub fn of(session: &Session, inventory: &Inventory) -> Result<Self, Failure> {
        if !session.environment.twin.enabled {
            return Err(TwinError::Disabled(session.environment.name.clone()).into());
        }
        let id = inventory.output(session, "twin", "WorkspaceId")?.to_owned();
        Ok(Self { client: session.twinmaker(), id })
    }

    /// Whether there is such a workspace.
    pub async fn exists(&self) -> Result<bool, TwinError> {
        match self.client.get_workspace().workspace_id(&self.id).send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetWorkspaceError::is_resource_not_found_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(service("say whether there is a workspace", &error)),
        }
    }

    /// Every entity, in the order of the service.
    pub async fn entities(&self) -> Result<Vec<EntitySummary>, TwinError> {
        let mut entities = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_entities().workspace_id(&self.id).max_results(PAGE);
            let page = request.set_next_token(token.take()).send().await;
            let page = page.map_err(|error| service("list its entities", &error))?;
            token = page.next_token().map(str::to_owned);
            entities.extend(page.entity_summaries.unwrap_or_default());
            if token.is_none() {
                return Ok(entities);
            }
        }
    }

    /// Ids and ARNs of the component types that are not Amazon's own.
    pub async fn component_types(&self) -> Result<BTreeMap<String, String>, TwinError> {
        let mut types = BTreeMap::new();
        let mut token = None;
        loop {
            let request = self.client.list_component_types().workspace_id(&self.id).max_results(PAGE);
            let page = request.set_next_token(token.take()).send().await;
            let page = page.map_err(|error| service("list its component types", &error))?;
            token = page.next_token().map(str::to_owned);
            let summaries = page.component_type_summaries.into_iter();
            types.extend(
                summaries
                    .filter(|summary| !summary.component_type_id.starts_with("com.amazon."))
                    .map(|summary| (summary.component_type_id, summary.arn)),
            );
            if token.is_none() {
                return Ok(types);
            }
        }
    }

    /// The entity of this id.
    pub async fn entity(&self, id: &str) -> Result<Option<Entity>, TwinError> {
        Ok(self.described(id).await?.map(Entity::from))
    }

    /// The entity of this id or of the device of this name.
    pub async fn find(&self, name: &str) -> Result<Entity, TwinError> {
        let of_device = stacks::twin::entity_id(name);
        for id in [of_device.as_ref(), name].into_iter().collect::<std::collections::BTreeSet<&str>>() {
            // What a person types may be no id at all.
            match self.get(id).await {
                Ok(entity) => return Ok(entity.into()),
                Err(error) => match error.as_service_error() {
                    Some(
                        GetEntityError::ResourceNotFoundException(_) | GetEntityError::ValidationException(_),
                    ) => {}
                    _ => return Err(service("describe an entity", &error)),
                },
            }
        }
        let mut known: Vec<String> =
            self.entities().await?.into_iter().map(|entity| entity.entity_name).collect();
        known.retain(|name| !is_canary(name));
        known.sort();
        Err(TwinError::NoEntity { entity: name.to_owned(), known })
    }

    /// Whether a resource of the workspace carries a tag with this value.
    pub async fn carries(&self, arn: &str, tag: &str, value: &str) -> Result<bool, TwinError> {
        let tags = self.client.list_tags_for_resource().resource_arn(arn).send().await;
        let tags = tags.map_err(|error| service("tell the tags of an entity", &error))?;
        Ok(tags.tags().is_some_and(|tags| tags.get(tag).is_some_and(|found| found == value)))
    }

    async fn described(&self, id: &str) -> Result<Option<GetEntityOutput>, TwinError> {
        match self.get(id).await {
            Ok(entity) => Ok(Some(entity)),
            Err(error)
                if error.as_service_error().is_some_and(GetEntityError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(service(&format!("describe entity `{id}`"), &error)),
        }
    }

    async fn get(&self, id: &str) -> Result<GetEntityOutput, SdkError<GetEntityError>> {
        self.client.get_entity().workspace_id(&self.id).entity_id(id).send().await
    }

    /// The state of an entity; `None` of one that is not there.
    pub async fn state(&self, id: &str) -> Result<Option<State>, TwinError> {
        let state = |entity: GetEntityOutput| entity.status.and_then(|status| status.state);
        Ok(self.described(id).await?.map(|entity| state(entity).unwrap_or(State::Active)))
    }
}

/// `TwinMaker` did not do this.
pub fn service<E, R>(what: &str, error: &SdkError<E, R>) -> TwinError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    TwinError::Service { what: what.to_owned(), cause: sentence(error) }
}

impl Entity {
    /// A component of it.
    pub fn component(&self, name: &str) -> Result<&Component, TwinError> {
        self.components.get(name).ok_or_else(|| TwinError::NoComponent {
            entity: self.name.clone(),
            component: name.to_owned(),
            known: self.components.keys().cloned().collect(),
        })
    }
}

impl Component {
    /// Names of what has a history.
    pub fn time_series(&self) -> impl Iterator<Item = &str> {
        let series = self.properties.iter().filter(|(_, property)| property.time_series);
        series.map(|(name, _)| name.as_str())
    }
}

impl From<GetEntityOutput> for Entity {
    fn from(entity: GetEntityOutput) -> Self {
        let components = entity.components.unwrap_or_default().into_iter();
        Self {
            id: entity.entity_id,
            name: entity.entity_name,
            arn: entity.arn,
            components: components.map(|(name, component)| (name, component.into())).collect(),
        }
    }
}

impl From<ComponentResponse> for Component {
    fn from(component: ComponentResponse) -> Self {
        let failed = component.status.and_then(|status| status.state) == Some(State::Error);
        let properties = component.properties.unwrap_or_default().into_iter();
        Self {
            health: if failed { Health::Failed } else { Health::Sound },
            kind: component.component_type_id.unwrap_or_default(),
            properties: properties.map(|(name, property)| (name, property.into())).collect(),
        }
    }
}

impl From<PropertyResponse> for Property {
    fn from(property: PropertyResponse) -> Self {
        let value = property.value.and_then(|value| value.string_value);
        let Some(definition) = property.definition else { return Self { value, ..Self::default() } };
        let kind = definition.data_type.as_ref().map(|kind| kind.r#type().as_str().to_owned());
        let unit = definition.data_type.and_then(|kind| kind.unit_of_measure);
        Self { kind: kind.unwrap_or_default(), unit, time_series: definition.is_time_series, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_met_with_the_likely_one_or_with_all() {
        let known: Vec<String> = (1..=14).map(|number| format!("device-{number:02}")).collect();
        assert_eq!(among("entities", "device-00", &known[..1]), "did you mean `device-01`?");
        assert_eq!(among("entities", "kitchen", &known[..2]), "its entities: device-01, device-02");
        assert!(among("entities", "kitchen", &known).ends_with("device-12 and 2 more"));
        assert_eq!(among("entities", "kitchen", &[]), "it has no entities");
    }
}
