//! What is known of each type of resource: one row a type, one file a service.
//!
//! Whoever asks anything about a type asks here: the tags and the policies for its end that a template
//! gets, the invariants, the permissions of whoever deploys, the overlay of the local target, the estimate of
//! costs, and the plans of `deploy` and `destroy`. A row leaves nothing out: what a type lacks, it lacks for
//! a reason that stands in its row. The tests walk the rows: each type of the templates has one, and none is
//! idle.
//!
//! A new type is a row in the file of its service; a new service is a file, and a line in [`SERVICES`].

#![expect(clippy::unnecessary_wraps, reason = "what the rows need has one type")]

mod athena;
mod certificate_manager;
mod cloudformation;
mod cloudwatch;
pub(crate) mod data;
mod ec2;
mod ecs;
mod efs;
mod elastic_load_balancing;
mod events;
mod firehose;
mod glue;
mod grafana;
pub(crate) mod grants;
mod iam;
mod iot;
mod iot_twinmaker;
pub mod kept;
mod kinesis;
mod kinesis_analytics;
mod kms;
mod lambda;
pub(crate) mod load;
mod logs;
mod naming;
mod proof;
pub(crate) mod rds;
mod route53;
mod s3;
mod secrets_manager;
mod sns;
mod sqs;
pub(crate) mod statement;
pub(crate) mod subject;
pub(crate) mod tags;
mod timestream;

pub use data::{Data, Encryption, Held, Keeping};
pub use kept::{Kept, Lost};
pub use naming::{Generated, Name, Naming, Reference, arn};
pub use proof::{Proof, Witness, named_by};
pub use rds::CLUSTER;
pub(crate) use sqs::retention as queue_retention;
pub use tags::Tags;

use grants::Grants;
use load::Cost;

/// Everything that is known of one type of resource.
#[derive(Debug)]
pub struct Kind {
    /// For instance `AWS::Kinesis::Stream`.
    pub name: &'static str,
    /// Its service.
    pub service: &'static Service,
    /// Its name, what a reference to it tells, and its ARN.
    pub naming: Naming,
    /// How it carries tags.
    pub tags: Tags,
    /// What it holds, and so what becomes of it at its end.
    pub data: Data,
    /// Properties whose change replaces it: `createOnlyProperties` of its
    /// [schema](https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html), as
    /// far as a template of this pipeline has them.
    pub replaced_by: &'static [&'static str],
    /// Properties that cannot change as long as it is there, beside those that replace it. `CloudFormation`
    /// takes such a change for an update in place, the service refuses it, and the stack stays between its
    /// old and its new template: a plan has to refuse it before.
    pub immutable: &'static [&'static str],
    /// Whether a service has a second one of it.
    pub at_most_once: AtMostOnce,
    /// Properties whose shrinking loses data, though it stays.
    pub kept: &'static [Kept],
    /// What `CloudFormation` needs to create, read, update and delete it.
    pub(crate) grants: Grants,
    /// What the steps of this product need beside: a deployment uploads and starts, `verify` sends and asks,
    /// `destroy` empties.
    pub(crate) steps: Grants,
    /// What becomes of it on the local target.
    pub(crate) local: Local,
    /// Who says that it is gone.
    pub proof: Proof,
    /// What its service counts.
    pub(crate) cost: Cost,
}

/// A service of AWS.
#[derive(Debug)]
pub struct Service {
    /// Its name in ARNs and in actions of IAM, for instance `kinesis`.
    pub namespace: &'static str,
    /// Services without a type here that are called for its types.
    pub(crate) calls: &'static [&'static str],
    /// The policy in which a role that deploys has its actions.
    pub(crate) policy: Group,
}

/// What a policy of a role that deploys is about. The order is that of the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Stacks, code and buckets.
    Stacks,
    /// Roles and secrets.
    Access,
    /// What events pass through.
    Streams,
    /// Functions and logs.
    Functions,
    /// Where events are stored and queried.
    Data,
    /// The network of the dashboards.
    Network,
    /// How a browser comes to the dashboards.
    Entrance,
    /// What runs the dashboards, and alarms.
    Dashboards,
    /// What is about none of these.
    Other,
}

/// What there may be only one of, and by which of its properties that one is known.
///
/// An update of a stack [creates what is new before it removes what is old](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html),
/// so that for a while both are there. Where a service refuses the second, the update rolls back; where it
/// takes it for the first, the removal of the old one takes the new one with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtMostOnce {
    /// There is no second with the same values of these properties, as JSON pointers into the properties. One
    /// that leaves such a property out gets a name of its own.
    By(&'static [&'static str]),
    /// There may be any number, for this reason.
    Many(&'static str),
}

/// What becomes of a type on the local target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Local {
    /// The emulator takes it as it is.
    AsIs,
    /// The emulator does not know it: a custom resource of this name has its place and its properties, and
    /// `Ref` of the one is `Ref` of the other.
    StandIn(&'static str, Bridge),
    /// It is left out of the templates, for this reason.
    LeftOut(&'static str),
}

/// A service that the emulator does not have, and that a process of the local target is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bridge {
    /// `local/rds-data`.
    Postgres,
    /// `local/timestream`.
    Timestream,
    /// `local/twinmaker`.
    TwinMaker,
}

/// Nothing but a name of the service's own tells them apart.
const TOLD_BY_ID: AtMostOnce = AtMostOnce::Many("nothing but an id of the service's own tells them apart");

/// The rows of each service.
static SERVICES: &[&[Kind]] = &[
    athena::KINDS,
    certificate_manager::KINDS,
    cloudformation::KINDS,
    cloudwatch::KINDS,
    ec2::KINDS,
    ecs::KINDS,
    efs::KINDS,
    elastic_load_balancing::KINDS,
    events::KINDS,
    firehose::KINDS,
    glue::KINDS,
    grafana::KINDS,
    iam::KINDS,
    iot::KINDS,
    iot_twinmaker::KINDS,
    kinesis::KINDS,
    kinesis_analytics::KINDS,
    kms::KINDS,
    lambda::KINDS,
    logs::KINDS,
    rds::KINDS,
    route53::KINDS,
    s3::KINDS,
    secrets_manager::KINDS,
    sns::KINDS,
    sqs::KINDS,
    timestream::KINDS,
];

/// Every type.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    SERVICES.iter().copied().flatten()
}

/// What is known of the type of this name. What stands in for a type on the local target keeps its
/// properties, and everything else that is known of it.
pub fn of(name: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.name == name || kind.stand_in() == Some(name))
}

/// The type whose properties a resource of this type has: itself, or the one that it stands in for.
pub fn stands_for(name: &str) -> &str {
    of(name).map_or(name, |kind| kind.name)
}

impl Kind {
    /// The custom resource that has its place on the local target, where the emulator does not know it.
    pub fn stand_in(&self) -> Option<&'static str> {
        match self.local {
            Local::StandIn(name, _) => Some(name),
            Local::AsIs | Local::LeftOut(_) => None,
        }
    }

    /// Whether it holds what cannot be made again: a replacement or a removal loses it.
    pub fn holds_data(&self) -> bool {
        matches!(self.data, Data::HoldsData(_))
    }

    /// Every reason for what it lacks.
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> {
        let tags = match self.tags {
            Tags::None(why) => Some(why),
            Tags::List(_) | Tags::Map(_) => None,
        };
        let data = match self.data {
            Data::HoldsNothing(why)
            | Data::GoesWithData(why)
            | Data::GoesWithStack(why)
            | Data::Stays(why)
            | Data::HoldsData(Held { encryption: Encryption::Always(why), .. }) => Some(why),
            Data::HoldsData(Held { encryption: Encryption::By(..), .. }) => None,
        };
        let many = match self.at_most_once {
            AtMostOnce::Many(why) => Some(why),
            AtMostOnce::By(_) => None,
        };
        let local = match self.local {
            Local::LeftOut(why) => Some(why),
            Local::AsIs | Local::StandIn(..) => None,
        };
        let proof = match self.proof {
            Proof::Believed(why) => Some(why),
            Proof::Asked(_) => None,
        };
        let free = match self.cost {
            Cost::Free(why) => Some(why),
            Cost::Metered(_) | Cost::ByUse(_) | Cost::Depends(_) => None,
        };
        let grants = [self.grants, self.steps].map(|grants| match grants {
            Grants::Nothing(why) => Some(why),
            Grants::Needs(_) => None,
        });
        [tags, data, many, local, proof, free].into_iter().chain(grants).flatten()
    }
}
