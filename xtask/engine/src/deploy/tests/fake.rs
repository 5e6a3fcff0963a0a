//! What a test deploys with to a CloudFormation that fails on demand.

use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

use crate::consent::Consent;
use crate::deploy::engine::Engine;
use crate::deploy::events::Tokens;
use crate::deploy::execute::{self, Outcomes};
use crate::deploy::plan::{Desired, Plan};
use crate::deploy::{Settling, plan, settled_plan};
use session::{Event, Failure, Observer, Session};
use test_service::CloudFormation;

/// How long a refusal is borne: each of a test is meant.
const PATIENCE: Duration = Duration::from_millis(200);

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct Told(RefCell<Vec<String>>);

impl Observer for Told {
    fn receive(&self, event: Event<'_>) {
        if let Event::Note(text) | Event::Warning(text) | Event::Failed(text) = event {
            self.0.borrow_mut().push(text.to_owned());
        }
    }
}

pub(crate) struct Against {
    pub fake: CloudFormation,
    pub session: Session,
    pub consent: Consent,
    pub told: Told,
    pub tokens: Tokens,
}

impl Against {
    pub async fn fake() -> Self {
        let fake = CloudFormation::start();
        let session = fake.session().await;
        let (consent, told) = (Consent::default(), Told::default());
        Self { fake, session, consent, told, tokens: Tokens::Told }
    }

    pub fn engine(&self) -> Engine<'_> {
        let engine = Engine::new(&self.session, &self.consent, &self.told);
        let mut engine = Engine { tokens: self.tokens, ..engine };
        engine.pace.patience = PATIENCE;
        engine
    }

    pub fn told(&self) -> String {
        self.told.0.borrow().join("\n")
    }

    pub async fn plan(&self, desired: &Desired) -> Plan {
        self.try_plan(desired).await.unwrap_or_else(|failure| panic!("{:#}", failure.error))
    }

    pub async fn try_plan(&self, desired: &Desired) -> Result<Plan, Failure> {
        let engine = self.engine();
        settled_plan(&engine, desired, plan(&engine, desired).await?, Settling::RollsBack).await
    }

    pub async fn execute(&self, plan: &Plan) -> Outcomes {
        execute::execute(&self.engine(), plan, pending()).await
    }

    pub async fn deploy(&self, desired: &Desired) -> Outcomes {
        let plan = self.plan(desired).await;
        self.execute(&plan).await
    }
}
