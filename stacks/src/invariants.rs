//! What must hold for every template, whatever the stack: proven offline, before anything is deployed.
//!
//! The official linters know the schemas; these are the promises of this pipeline. They read the
//! finished template, not the code that made it, so that no helper can be forgotten.

mod access;
mod data;
mod database;
mod grafana;
mod job;
mod naming;
mod operation;
mod skip;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use self::database::DatabaseBreach;
pub use self::grafana::ContainerBreach;
use crate::Stack;
use crate::cfn::{LogicalId, Resource};

/// A promise that a template breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The stack's name in the table.
    pub stack: &'static str,
    /// The resource, where one is to blame.
    pub resource: Option<String>,
    /// What is broken.
    pub breach: Breach,
}

/// What is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// An IAM statement allows everything, and nothing says why.
    #[error(
        "`{0}` is allowed on everything without a reason in the metadata; name the resource, or say why there is none"
    )]
    WildcardResource(String),
    /// An IAM statement allows every action of its kind.
    #[error("the action `{0}` is a pattern; name the actions")]
    WildcardAction(String),
    /// An IAM statement is about everything but something, or about everybody.
    #[error("a statement allows by `{0}`; name what it allows, and to whom")]
    OpenStatement(String),
    /// A role has a policy that is written elsewhere, and may grow there.
    #[error("it carries the managed policy {0}; write the statements that it needs")]
    ManagedPolicy(String),
    /// A service could be made to use a role for somebody else.
    #[error(
        "{0} takes it for anybody; add a condition on `aws:SourceAccount`, `aws:SourceArn` or `sts:ExternalId`"
    )]
    OpenTrust(String),
    /// A role could do whatever somebody writes into its policy.
    #[error("nothing bounds it: `PermissionsBoundary` is not the boundary of its environment, {0}")]
    NoBoundary(String),
    /// A role is taken with tokens that somebody else may have.
    #[error(
        "whoever has a token of {provider} may take it: compare `{claim}` with one value, in `StringEquals`"
    )]
    OpenFederation {
        /// Who makes the tokens.
        provider: String,
        /// What is not compared.
        claim: &'static str,
    },
    /// A function can be invoked by more than the resource that is meant.
    #[error("it lets others invoke the function: {0}")]
    OpenPermission(&'static str),
    /// A device could do what another one does.
    #[error(
        "it allows `{0}` to more than the device itself: a device connects as its thing, and publishes to topics with its thing's name"
    )]
    OpenDevice(String),
    /// A bucket or a queue answers to plain HTTP.
    #[error(
        "no policy of the stack refuses plain HTTP; add one that denies every action on it, and on what is in it, where `aws:SecureTransport` is false"
    )]
    PlainHttp,
    /// Something at rest is not encrypted.
    #[error("it is not encrypted: `{0}` is missing")]
    Unencrypted(&'static str),
    /// A bucket can be made public.
    #[error("it could be made public: `PublicAccessBlockConfiguration.{0}` is not true")]
    Public(&'static str),
    /// Something that holds data does not say what happens to it.
    #[error("it holds data, so it needs `DeletionPolicy` and `UpdateReplacePolicy`")]
    NoDataPolicy,
    /// Something that holds data goes with its stack, where the environment says that data stays.
    #[error("it holds data and would be deleted, but the environment says `on_delete = \"retain\"`")]
    LosesData,
    /// What data that stays refers to goes, which its service refuses.
    #[error("it stays, but `{0}`, to which it refers, would be deleted: give that the same `DeletionPolicy`")]
    LosesGround(String),
    /// A mapping fails a batch as a whole, or loses it.
    #[error("`{0}` is missing: a bad record would take good ones with it, or be lost")]
    CarelessMapping(&'static str),
    /// What a topic rule cannot deliver is lost.
    #[error("what it cannot deliver is lost: `ErrorAction` is missing")]
    NoErrorAction,
    /// An event source mapping tries again for ever.
    #[error("it retries without end: `{0}` is missing or -1; one bad record would block its shard")]
    EndlessRetries(&'static str),
    /// A part of a Flink application's configuration that the service ignores.
    #[error("the service ignores what `{0}` says, unless its `ConfigurationType` is CUSTOM")]
    DefaultConfiguration(&'static str),
    /// A Flink application that forgets where it was.
    #[error("it forgets what it has read whenever it restarts: `{0}` is not true")]
    ForgetfulJob(&'static str),
    /// A Flink application whose logs go nowhere.
    #[error("its logs go nowhere: no logging option of the stack names a log stream of the stack for it")]
    NoLoggingOption,
    /// Code that may change under one name.
    #[error(
        "`{0}` is not the key of an archive, made from its content: a change of the code would not be noticed"
    )]
    FixedCode(&'static str),
    /// A function or a delivery writes to a log group that the stack does not declare.
    #[error(
        "its log group is not declared in the stack, so it would keep logs for ever, also after the stack"
    )]
    UndeclaredLogGroup,
    /// A log group keeps logs for ever.
    #[error("it keeps logs for ever: `RetentionInDays` is missing")]
    NoRetention,
    /// A component of an entity is of a type that may come after the entity, or not at all.
    #[error(
        "the stack has no component type for its component `{0}`, or does not make it first; name it in `DependsOn`"
    )]
    LooseComponent(String),
    /// A resource lacks the tags of its stack.
    #[error("it does not carry the tags of its stack")]
    NoTags,
    /// Nobody has said anything about the type.
    #[error("nothing is known of `{0}`: add a row to the file of its service in stacks/src/kinds")]
    UnknownType(&'static str),
    /// The stack exports a value, or imports one.
    #[error("`{0}` ties two stacks together; pass the value as a parameter")]
    Export(&'static str),
    /// A physical name that could belong to two environments.
    #[error(
        "`{property}` is \"{name}\" in every environment; let CloudFormation name it, or put the environment's name in"
    )]
    SharedName {
        /// The property that holds the name.
        property: &'static str,
        /// The name.
        name: String,
    },
    /// A physical name that its service does not accept.
    #[error("`{property}` is \"{name}\": {why}")]
    RefusedName {
        /// The property that holds the name.
        property: &'static str,
        /// The name.
        name: String,
        /// What the service says to it.
        why: &'static str,
    },
    /// A finding of an auditor is skipped, and nothing says why.
    #[error("it skips `{0}` without a reason worth reading; say what is so here, and why that is right")]
    Unexplained(String),
    /// A finding of an auditor is skipped with two reasons.
    #[error("it skips `{0}` twice; keep the reason that is true")]
    SkippedTwice(String),
    /// A container, or the way to it.
    #[error(transparent)]
    Container(#[from] ContainerBreach),
    /// A database.
    #[error(transparent)]
    Database(#[from] DatabaseBreach),
    /// A parameter or template beyond a quota of `CloudFormation`.
    #[error("it has {found} {what}, but CloudFormation accepts at most {limit}")]
    Quota {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resource {
            Some(resource) => write!(f, "stack {}, {resource}: {}", self.stack, self.breach),
            None => write!(f, "stack {}: {}", self.stack, self.breach),
        }
    }
}

/// Every promise that the stacks break, in the order of the stacks and of their resources.
pub fn check(stacks: &[Stack]) -> Vec<Violation> {
    stacks.iter().flat_map(check_one).collect()
}

fn check_one(stack: &Stack) -> Vec<Violation> {
    let of_resources = stack.template.resources().iter().flat_map(|(id, resource)| {
        let subject = Subject { stack, id, resource };
        let mut breaches = Vec::new();
        access::check(&subject, &mut breaches);
        data::check(&subject, &mut breaches);
        database::check(&subject, &mut breaches);
        job::check(&subject, &mut breaches);
        operation::check(&subject, &mut breaches);
        naming::check(&subject, &mut breaches);
        skip::check(&subject, &mut breaches);
        breaches.extend(grafana::check(&subject).into_iter().map(Breach::from));
        breaches.into_iter().map(|breach| (Some(id.to_string()), breach))
    });
    let of_stack = naming::check_stack(stack).into_iter().map(|breach| (None, breach));
    of_resources
        .chain(of_stack)
        .map(|(resource, breach)| Violation { stack: stack.name, resource, breach })
        .collect()
}

/// A resource and the stack that it stands in.
struct Subject<'a> {
    stack: &'a Stack,
    id: &'a LogicalId,
    resource: &'a Resource,
}

impl Subject<'_> {
    /// The resource of the stack that a value refers to by `Ref` or `Fn::GetAtt`.
    fn referred(&self, value: &Value) -> Option<(&LogicalId, &Resource)> {
        let target = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str())?;
        self.stack.template.resources().iter().find(|(id, _)| id.as_str() == target)
    }
}

/// Every object inside a value, itself included.
fn objects(value: &Value) -> Vec<&serde_json::Map<String, Value>> {
    match value {
        Value::Object(map) => std::iter::once(map).chain(map.values().flat_map(objects)).collect(),
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// A value that JSON allows to stand alone or in a list.
fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}
