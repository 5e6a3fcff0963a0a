//! What a deployment or a destruction works with: clients, consent, and whoever watches.

use aws_sdk_cloudformation::Client;
use session::{Observer, Session};

use super::pace::{self, Pace};
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
        let (objects, pace) = match &session.endpoints {
            Some(endpoints) => (ObjectUrl::Path(endpoints.aws.clone()), pace::MACHINE),
            None => (ObjectUrl::Host(session.environment.region.clone()), pace::SERVICE),
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
            consent,
            binding: Binding::Loose,
            observer,
        }
    }

    /// Says at once that a stack failed, while others go on.
    pub fn report_failure(&self, stack_name: &str, error: &dyn std::error::Error) {
        self.observer.failed(format_args!("{stack_name}: {error}"));
    }
}
