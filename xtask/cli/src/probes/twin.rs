//! The twin: marked events are answered by its connector.
//!
//! Two questions, as each takes a way of its own through the twin: one to the component type, about the
//! devices of all events, whom it tells by their external ids, and one to the entity of the canary.

use aws_sdk_iottwinmaker::operation::get_property_value_history::builders::GetPropertyValueHistoryFluentBuilder;
use aws_sdk_iottwinmaker::types::{DataValue, OrderByTime, PropertyFilter, PropertyValueHistory};
use jiff::{SignedDuration, Timestamp};
use telemetry::canary::CANARY;
use telemetry::twin::{TELEMETRY_COMPONENT, property_name};

use super::Probe;
use engine::inventory::Inventory;
use engine::twin::history::next_page;
use engine::twin::{PAGE, TwinError, Workspace};
use session::{Failure, Session};

/// By how much the clocks of this machine and of the pipeline may differ, and a device's unit may round.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// The component type of an environment's devices.
#[derive(Debug)]
pub struct Twin {
    question: Question,
    external_id: String,
}

/// The entity by which the way through an entity is proven.
#[derive(Debug)]
pub struct Canary(Question);

/// One property, of the time since the events were sent: what a look costs does not grow with what the store
/// holds.
#[derive(Debug)]
struct Question(GetPropertyValueHistoryFluentBuilder);

impl Twin {
    /// The component type, restricted to what is measured from now on by devices whose names begin with
    /// `marker`.
    pub fn of(session: &Session, inventory: &Inventory, marker: &str) -> Result<Self, Failure> {
        let workspace = Workspace::of(session, inventory)?;
        let kind = inventory.output(session, "twin", "ComponentType")?;
        let external_id = property_name(&session.model.first().device.dimension).into_owned();
        let filter = |operator: &str, value: &str| {
            let value = DataValue::builder().string_value(value).build();
            PropertyFilter::builder().property_name(&external_id).operator(operator).value(value).build()
        };
        // The twin has no LIKE. Numbers follow the marker, and `:` follows the digits.
        let Question(request) = Question::new(session, &workspace);
        let request = request
            .component_type_id(kind)
            .property_filters(filter(">=", marker))
            .property_filters(filter("<", &format!("{marker}:")));
        Ok(Self { question: Question(request), external_id })
    }
}

impl Canary {
    /// The canary, restricted to what it measures from now on.
    pub fn of(session: &Session, inventory: &Inventory) -> Result<Self, Failure> {
        let workspace = Workspace::of(session, inventory)?;
        let entity = inventory.output(session, "twin", "CanaryEntity")?;
        let Question(request) = Question::new(session, &workspace);
        Ok(Self(Question(request.entity_id(entity).component_name(TELEMETRY_COMPONENT))))
    }
}

impl Question {
    fn new(session: &Session, workspace: &Workspace) -> Self {
        // Every simulated event has every measure.
        let measure =
            session.model.first().measures.first().map(|measure| property_name(&measure.name).into_owned());
        let request = workspace
            .history(measure.as_slice())
            .start_time((Timestamp::now() - TOLERANCE).to_string())
            .order_by_time(OrderByTime::Ascending)
            .max_results(PAGE);
        Self(request)
    }

    async fn page(
        &self,
        token: Option<String>,
    ) -> Result<(Vec<PropertyValueHistory>, Option<String>), TwinError> {
        let end = Timestamp::now() + TOLERANCE;
        next_page(&self.0.clone().end_time(end.to_string()), token).await
    }
}

impl Probe for Twin {
    const NAME: &'static str = "twin";

    async fn look(&mut self) -> Result<Vec<String>, Failure> {
        let mut devices = Vec::new();
        let mut token = None;
        loop {
            let (histories, next) = self.question.page(token).await?;
            for history in histories.iter().filter(|history| !history.values().is_empty()) {
                let ids = history.entity_property_reference().and_then(|of| of.external_id_property());
                devices.extend(ids.and_then(|ids| ids.get(&self.external_id)).cloned());
            }
            token = next;
            if token.is_none() {
                return Ok(devices);
            }
        }
    }
}

impl Probe for Canary {
    const NAME: &'static str = "canary";

    async fn look(&mut self) -> Result<Vec<String>, Failure> {
        let (histories, _) = self.0.page(None).await?;
        let seen = histories.iter().any(|history| !history.values().is_empty());
        Ok(if seen { vec![CANARY.to_owned()] } else { Vec::new() })
    }
}
