//! The proof that nothing of an environment is left: its services are asked, by exact tag and by exact name.
//! Read only.
//!
//! The Resource Groups Tagging API may list for a while what is gone. So what it lists is asked for again at
//! its own service; what cannot be asked for is gone when CloudFormation says that it deleted it. Of what is
//! left then nobody says anything, and where a service does not answer nothing is known: neither is clean.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_sdk_iottwinmaker::operation::get_workspace::GetWorkspaceError;
use aws_sdk_resourcegroupstagging::types::TagFilter;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingError;
use futures::StreamExt as _;
use serde::Serialize;
use stacks::environment::Environment;
use stacks::kinds::Witness;
use stacks::tags::ENVIRONMENT_TAG;

use super::ask;
use super::buckets;
use super::find;
use super::plan::{DestroyPlan, Removal, Resource};
use crate::deploy::pace::Pace;
use crate::twin::Workspace;
use session::Session;
use session::sdk_error::{is_not_there, sentence};

/// Questions to services at the same time.
const AT_ONCE: usize = 8;

/// The service that lists resources by their tags.
const TAGGING: &str = "Resource Groups Tagging API";

/// What the services said.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Services that were asked, and about how many names.
    pub asked: Vec<Asked>,
    /// What is there.
    pub left: Vec<Left>,
    /// ARNs that carry the tag as far as the Tagging API knows, and that CloudFormation says it deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<String>,
    /// ARNs that carry the tag as far as the Tagging API knows, and of which nothing says that they are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Services that did not answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<Silent>,
}

/// A service that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The service.
    pub service: &'static str,
    /// How many names it was asked about. The Tagging API: how many ARNs it listed.
    pub names: usize,
}

/// Something that is there, though no stack has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Left {
    /// For instance `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in its service.
    pub physical_id: String,
}

/// A service that did not answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Silent {
    /// The service.
    pub service: &'static str,
    /// What it, or the SDK, said.
    pub cause: String,
}

impl Proof {
    /// Whether every service answered and has nothing, and nothing is listed that may be there.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty() && self.unknown.is_empty() && self.silent.is_empty()
    }

    /// That of a destruction which a person interrupted before it ended.
    pub fn interrupted() -> Self {
        let cause = "not asked, because of the interruption".to_owned();
        Self { silent: vec![Silent { service: "every service", cause }], ..Self::default() }
    }

    /// Asks every service, and again while they list something: a deletion takes its time to be seen.
    /// `gone` are the stacks that were deleted.
    pub async fn of(session: &Session, plan: &DestroyPlan, gone: &[&Removal], pace: Pace) -> Self {
        // What is still there because its stack is would only be waited for in vain.
        let patience = if gone.len() == plan.stacks.len() { pace.patience } else { Duration::ZERO };
        let (mut waits, started) = (pace.waits(), Instant::now());
        loop {
            let proof = Inquiry::new(session, plan, gone).make().await;
            if (proof.is_clean() && proof.listed.is_empty()) || started.elapsed() >= patience {
                return proof;
            }
            waits.next().await;
        }
    }
}

/// Whether a bucket carries no tag at all, or went while it was asked for. Whoever may not ask does not know.
fn has_no_tags<R>(error: &SdkError<GetBucketTaggingError, R>) -> bool {
    error.code() == Some("NoSuchTagSet") || is_not_there(error)
}

/// A round of questions.
struct Inquiry<'a> {
    session: &'a Session,
    gone: &'a [&'a Removal],
    twinned: bool,
    /// Names of stacks that were not deleted.
    staying: BTreeSet<&'a str>,
    /// What is to stay, and what is there because its stack is.
    expected: Vec<&'a Resource>,
    asked: BTreeMap<&'static str, BTreeSet<String>>,
    left: BTreeSet<Left>,
    silent: BTreeSet<Silent>,
}

impl<'a> Inquiry<'a> {
    fn new(session: &'a Session, plan: &'a DestroyPlan, gone: &'a [&'a Removal]) -> Self {
        let is_gone = |stack: &Removal| gone.iter().any(|gone| gone.stack_id == stack.stack_id);
        let staying: Vec<&Removal> =
            plan.stacks.iter().filter(|stack| !is_gone(stack)).chain(&plan.staying).collect();
        let held = staying.iter().flat_map(|stack| &stack.delete);
        // What is not known to stay is looked for like what goes.
        let stacks = plan.stacks.iter().chain(&plan.staying);
        let retained = stacks.flat_map(Removal::stays).map(|kept| &kept.resource);
        Self {
            session,
            gone,
            // Not every Region has the service.
            twinned: session.environment.twin.enabled || plan.stacks.iter().any(Removal::has_workspace),
            expected: retained.chain(held).collect(),
            staying: staying.iter().map(|stack| stack.stack_name.as_str()).collect(),
            asked: BTreeMap::new(),
            left: BTreeSet::new(),
            silent: BTreeSet::new(),
        }
    }

    async fn make(mut self) -> Proof {
        self.stacks().await;
        self.records().await;
        self.log_groups().await;
        self.buckets().await;
        if self.twinned {
            self.workspace().await;
        }
        let gone: Vec<Resource> = self.gone.iter().flat_map(|stack| stack.delete.iter().cloned()).collect();
        self.resources(&gone).await;
        let (listed, unknown) = self.tagged().await;
        let asked = self.asked.iter().map(|(&service, names)| Asked { service, names: names.len() });
        Proof {
            asked: asked.collect(),
            left: self.left.into_iter().collect(),
            listed,
            unknown,
            silent: self.silent.into_iter().collect(),
        }
    }

    fn environment(&self) -> &'a Environment {
        &self.session.environment
    }

    fn ask(&mut self, service: &'static str, names: impl IntoIterator<Item = String>) {
        self.asked.entry(service).or_default().extend(names);
    }

    fn find(&mut self, kind: &str, physical_id: &str) {
        if self.expected.iter().any(|resource| resource.physical_id == physical_id) {
            return;
        }
        self.left.insert(Left { kind: kind.to_owned(), physical_id: physical_id.to_owned() });
    }

    fn fail(&mut self, service: &'static str, cause: String) {
        self.silent.insert(Silent { service, cause });
    }

    /// The stacks that carry the tag.
    async fn stacks(&mut self) {
        const SERVICE: &str = "CloudFormation";
        self.ask(SERVICE, self.gone.iter().map(|stack| stack.stack_name.clone()));
        match find::names(&self.session.cloudformation(), self.environment()).await {
            Ok(names) => {
                let unexpected = names.iter().filter(|name| !self.staying.contains(name.as_str()));
                unexpected.for_each(|name| {
                    let (kind, physical_id) = ("AWS::CloudFormation::Stack".to_owned(), name.clone());
                    self.left.insert(Left { kind, physical_id });
                });
            }
            Err(error) => self.fail(SERVICE, error.cause),
        }
    }

    /// What CloudFormation remembers of each stack that is gone: what it did not delete is there.
    async fn records(&mut self) {
        for stack in self.gone {
            match find::resources(&self.session.cloudformation(), &stack.stack_id).await {
                Ok(resources) => {
                    let kept = |id: &str| stack.stays().any(|kept| kept.resource.logical_id == id);
                    for resource in resources.iter().filter(|resource| !kept(&resource.logical_id)) {
                        self.find(&resource.kind, &resource.physical_id);
                    }
                }
                Err(error) => self.fail(error.service, error.cause),
            }
        }
    }

    /// Every log group of the pipeline bears the environment in its name, between two slashes.
    async fn log_groups(&mut self) {
        let prefix = format!("/sluice/{}/", self.environment().name);
        self.ask(Witness::Logs.name(), [prefix.clone()]);
        let client = self.session.logs();
        let mut groups =
            client.describe_log_groups().log_group_name_prefix(prefix).into_paginator().items().send();
        while let Some(group) = groups.next().await {
            match group {
                Ok(group) => self.find("AWS::Logs::LogGroup", group.log_group_name().unwrap_or_default()),
                Err(error) => return self.fail(Witness::Logs.name(), sentence(&error)),
            }
        }
    }

    /// Buckets are named after their stacks, which another environment's may begin with: the tag decides.
    async fn buckets(&mut self) {
        let client = self.session.s3();
        let prefix = self.environment().stack_name("");
        let mut names = Vec::new();
        let mut buckets = client.list_buckets().prefix(&prefix).into_paginator().items().send();
        while let Some(bucket) = buckets.next().await {
            match bucket {
                // Not every implementation of the API knows the prefix.
                Ok(bucket) => names.extend(bucket.name.filter(|name| name.starts_with(&prefix))),
                Err(error) => return self.fail(Witness::S3.name(), sentence(&error)),
            }
        }
        for name in names {
            match client.get_bucket_tagging().bucket(&name).send().await {
                Ok(tags) => {
                    let ours = &self.environment().name;
                    if tags.tag_set().iter().any(|tag| tag.key() == ENVIRONMENT_TAG && tag.value() == ours) {
                        self.find(buckets::TYPE, &name);
                    }
                }
                Err(error) if has_no_tags(&error) => {}
                Err(error) => {
                    let cause = sentence(&error);
                    self.fail(Witness::S3.name(), format!("whose bucket {name} is, is not known: {cause}"));
                }
            }
            self.ask(Witness::S3.name(), [name]);
        }
    }

    /// The workspace bears the environment's name, and another's may bear it too: the tag decides.
    async fn workspace(&mut self) {
        const SERVICE: &str = "TwinMaker";
        let Workspace { client, id } = Workspace::named(self.session);
        self.ask(SERVICE, [id.clone()]);
        let workspace = match client.get_workspace().workspace_id(&id).send().await {
            Ok(workspace) => workspace,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetWorkspaceError::is_resource_not_found_exception) =>
            {
                return;
            }
            Err(error) => return self.fail(SERVICE, sentence(&error)),
        };
        match client.list_tags_for_resource().resource_arn(workspace.arn()).send().await {
            Ok(tags) => {
                let tag = tags.tags().and_then(|tags| tags.get(ENVIRONMENT_TAG));
                if tag.is_some_and(|tag| *tag == self.environment().name) {
                    self.find("AWS::IoTTwinMaker::Workspace", &id);
                }
            }
            Err(error) => self.fail(SERVICE, sentence(&error)),
        }
    }

    /// Asks for each of these by its name, where its service can be asked.
    async fn resources(&mut self, resources: &[Resource]) {
        let session = self.session;
        let questions = resources.iter().filter_map(|resource| Some((resource, ask::of(resource)?)));
        let questions = questions.map(|(resource, (service, name))| async move {
            let answer = ask::is_there(session, service, &name).await;
            (resource, service, name, answer)
        });
        let answers: Vec<_> = futures::stream::iter(questions).buffered(AT_ONCE).collect().await;
        for (resource, service, name, answer) in answers {
            self.ask(service.name(), [name.clone()]);
            match answer {
                Ok(true) => self.find(&resource.kind, &resource.physical_id),
                Ok(false) => {}
                Err(cause) => self.fail(service.name(), cause),
            }
        }
    }

    /// What carries exactly the environment's tag. Returns what no other service can be asked about: what
    /// CloudFormation deleted, and what nobody knows of.
    async fn tagged(&mut self) -> (Vec<String>, Vec<String>) {
        let client = self.session.tagging();
        let filter = TagFilter::builder().key(ENVIRONMENT_TAG).values(&self.environment().name).build();
        let mut arns = BTreeSet::new();
        let mut pages = client.get_resources().tag_filters(filter).into_paginator().items().send();
        while let Some(page) = pages.next().await {
            match page {
                Ok(mapping) => arns.extend(mapping.resource_arn),
                Err(error) => {
                    self.fail(TAGGING, sentence(&error));
                    break;
                }
            }
        }
        self.ask(TAGGING, arns.iter().cloned());
        arns.retain(|arn| !self.expected.iter().any(|resource| ask::is_of(arn, resource)));
        let (mut asked, mut others) = (Vec::new(), Vec::new());
        for arn in arns {
            match ask::named_by(&arn) {
                Some(resource) => asked.push(resource),
                None => others.push(arn),
            }
        }
        self.resources(&asked).await;
        let deleted = |arn: &String| {
            self.gone.iter().any(|stack| {
                *arn == stack.stack_id || stack.delete.iter().any(|resource| ask::is_of(arn, resource))
            })
        };
        others.into_iter().partition(deleted)
    }
}

#[cfg(test)]
mod tests;
