//! What a deployment or a destruction works with: clients, consent, and whoever watches.

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use session::{Observer, Session};

use super::events::{Beginning, Tokens, beginning};
use super::pace::{self, Pace};
use super::stack_error::Unheard;
use super::storage::{ObjectUrl, Storage};
use crate::consent::Consent;
use crate::twin::Workspace;

/// What a deployment works with.
#[derive(Debug)]
pub struct Engine<'a> {
    /// CloudFormation.
    pub cloudformation: Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// The environment's workspace in TwinMaker, if it has one.
    pub workspace: Workspace,
    /// Where archives and large templates lie.
    pub storage: Storage,
    /// How CloudFormation is told where an object is.
    pub objects: ObjectUrl,
    /// How often the services are asked.
    pub pace: Pace,
    /// How long another operation is waited for. `None`: until it ends.
    pub wait_limit: Option<Duration>,
    /// Whether events tell whose they are.
    pub tokens: Tokens,
    /// What may be lost.
    pub consent: &'a Consent,
    /// How far the plan binds.
    pub binding: Binding,
    /// Whoever watches.
    pub observer: &'a dyn Observer,
}

/// How far a plan binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// It was made a moment ago. What only shows when it is executed may follow from it, data aside.
    Loose,
    /// Somebody agreed to it: nothing may happen that it does not show.
    Exact,
}

impl<'a> Engine<'a> {
    /// The same engine, for a plan that somebody agreed to.
    #[must_use]
    pub fn bound(mut self) -> Self {
        self.binding = Binding::Exact;
        self
    }

    /// The engine for an environment.
    pub fn new(session: &Session, consent: &'a Consent, observer: &'a dyn Observer) -> Self {
        let (objects, pace, tokens) = match &session.endpoints {
            Some(endpoints) => (ObjectUrl::Path(endpoints.aws.clone()), pace::MACHINE, Tokens::Untold),
            None => (ObjectUrl::Host(session.environment.region.clone()), pace::SERVICE, Tokens::Told),
        };
        Self {
            cloudformation: session.cloudformation(),
            s3: session.s3(),
            workspace: Workspace::named(session),
            storage: Storage {
                account_bucket: session.environment.shared_bucket(),
                templates: session.environment.object_key("templates"),
            },
            objects,
            pace,
            wait_limit: None,
            tokens,
            consent,
            binding: Binding::Loose,
            observer,
        }
    }

    /// Makes an operation of a stack known before it begins.
    pub async fn beginning(&self, stack: &str) -> Result<Beginning, Unheard> {
        beginning(&self.cloudformation, stack, self.pace, self.tokens).await
    }

    /// What `waiting` comes to, for as long as another operation is waited for. `Err`: it took longer than this.
    pub async fn within_limit<T>(&self, waiting: impl Future<Output = T>) -> Result<T, Duration> {
        match self.wait_limit {
            None => Ok(waiting.await),
            Some(limit) => tokio::time::timeout(limit, waiting).await.map_err(|_| limit),
        }
    }

    /// Tells what early validation holds against a stack's change set.
    pub fn warn(&self, stack_name: &str, warnings: &[String]) {
        for warning in warnings {
            self.observer.warn(format_args!("{stack_name}: {warning}"));
        }
    }

    /// Says at once that a stack failed, while others go on.
    pub fn report_failure(&self, stack_name: &str, error: &dyn std::error::Error) {
        self.observer.failed(format_args!("{stack_name}: {error}"));
    }
}
