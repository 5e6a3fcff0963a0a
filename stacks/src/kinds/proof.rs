//! Who says that a resource is gone.

use super::{Kind, Reference, all};

/// Who says that a resource is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its service, when it is asked for it by its name.
    Asked(Witness),
    /// `CloudFormation` alone, because its service is not asked, for this reason.
    Believed(&'static str),
}

/// A service that can be asked whether something of a name is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// Functions.
    Lambda,
    /// Queues.
    Sqs,
    /// Streams.
    Kinesis,
    /// Delivery streams.
    Firehose,
    /// Clusters, services and task definitions.
    Ecs,
    /// Buckets.
    S3,
    /// Log groups.
    Logs,
    /// Flink applications.
    Flink,
    /// Databases.
    Timestream,
}

impl Witness {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lambda => "Lambda",
            Self::Sqs => "SQS",
            Self::Kinesis => "Kinesis",
            Self::Firehose => "Firehose",
            Self::Ecs => "ECS",
            Self::S3 => "S3",
            Self::Logs => "CloudWatch Logs",
            Self::Flink => "Managed Service for Apache Flink",
            Self::Timestream => "Timestream",
        }
    }
}

/// It goes with what it is a part of.
pub(super) const A_PART: Proof = Proof::Believed("it goes with what it is a part of");
/// Only the tag tells whose it is.
pub(super) const TAGGED: Proof = Proof::Believed("it has an id, and the Tagging API lists it by its tag");

/// The type of what an ARN names, and its name there, where the rows have the form of the ARN.
pub fn named_by(arn: &str) -> Option<(&'static Kind, &str)> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, rest) = (parts.next()?, parts.nth(2)?);
    // What is in a log group, too.
    let rest = rest.trim_end_matches(":*");
    // A form that has more before the name is about something inside of another one.
    let forms = all().filter(|kind| kind.service.namespace == service);
    let matching = forms.filter_map(|kind| Some((kind, matched(kind.naming.arn?, rest)?)));
    let (kind, name) = matching.max_by_key(|(_, name)| std::cmp::Reverse(name.len()))?;
    Some((kind, if kind.naming.reference == Reference::Arn { arn } else { name }))
}

/// What stands in the place of the name, where a text has this form.
fn matched<'a>(form: &str, text: &'a str) -> Option<&'a str> {
    let mut rest = text;
    let mut pieces = form.split('{');
    rest = rest.strip_prefix(pieces.next()?)?;
    let mut name = rest;
    for piece in pieces {
        let (_, after) = piece.split_once('}')?;
        (name, rest) = if after.is_empty() { (rest, "") } else { rest.split_once(after)? };
    }
    (rest.is_empty() && !name.is_empty()).then_some(name)
}
