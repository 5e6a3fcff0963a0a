//! By which names, ids and tags the resources of one environment are told from those of others in its
//! account.
//!
//! A name that a template gives is taken from it. A name that `CloudFormation` makes begins with the
//! stack's, up to the length that the service takes. Where neither holds, a resource has an id, and its tag
//! says whose it is.

use serde_json::Value;

use super::statement::Statement;
use super::{Generated, Name, Reference, all, arn, of};
use crate::Stack;
use crate::cfn::{LogicalId, ParameterSource, Resource};
use crate::environment::Environment;
use crate::tags::ENVIRONMENT_TAG;

/// Why a statement that relies on tags names no resource.
pub(crate) const BY_ID: &str = "Its service gives it an id when it is made: the tag says whose it is";
/// Why reading relies on no tag.
pub(crate) const ABSENT: &str = "It is asked for before it is made and after it is deleted, when it has no tag that could say whose it is";
/// Why a statement names no resource at all.
pub(crate) const NO_RESOURCE: &str = "The action is about no single resource: the service accepts only *";

/// The tag by which `CloudFormation` says of which stack something is. Nobody else can write it.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html>
const CLOUDFORMATION_TAG: &str = "aws:cloudformation:stack-name";

/// What the names of `CloudFormation` end with: a hyphen and 12 random characters.
/// <https://github.com/aws-cloudformation/cloudformation-cli-java-plugin/blob/master/src/main/java/software/amazon/cloudformation/resource/IdentifierUtils.java>
const RANDOM: usize = 13;
/// The hyphen between the stack's name and the logical id.
const HYPHEN: usize = 1;
/// Longest id of an instance, which a pattern stands for.
const LONGEST_INSTANCE: usize = 8;

/// A name in a template cannot be told before it is deployed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stack}.{logical_id} refers to `{what}`, of which no name is known")]
pub struct Unresolved {
    /// Name of the stack in the table of stacks.
    pub stack: &'static str,
    /// The resource that refers.
    pub logical_id: String,
    /// What it refers to.
    pub what: String,
}

/// An environment in its account: its stacks, as they refer to each other.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub stacks: &'a [Stack],
    pub environment: &'a Environment,
}

impl<'a> Scope<'a> {
    /// Every resource of every stack. Of a stack that is there twice, as it is synthesized and as it is deployed,
    /// a resource that both have counts as it is synthesized.
    pub fn subjects(self) -> impl Iterator<Item = Subject<'a>> {
        self.stacks.iter().enumerate().flat_map(move |(index, stack)| {
            let before: Vec<&Stack> =
                self.stacks[..index].iter().filter(|other| other.name == stack.name).collect();
            let is_known = move |id: &LogicalId, resource: &Resource| {
                let mut others = before.iter().filter_map(|other| other.template.resources().get(id));
                others.any(|other| other.kind() == resource.kind())
            };
            let resources = stack.template.resources().iter();
            resources
                .filter(move |(id, resource)| !is_known(id, resource))
                .map(move |(id, resource)| Subject { scope: self, stack, id, resource })
        })
    }

    /// An ARN in the environment's account and Region, as far as the service has those.
    pub fn arn(self, service: &str, rest: &str) -> String {
        let Environment { region, account, .. } = self.environment;
        arn(self.environment.partition(), service, region, account, rest)
    }

    /// The ARN of the boundary that every role of the environment has.
    pub fn boundary(self) -> String {
        self.arn("iam", &format!("policy/{}", self.environment.boundary_name()))
    }

    /// Limits a statement to what is tagged as the environment's.
    pub fn owned(self, statement: Statement) -> Statement {
        let key = format!("aws:ResourceTag/{ENVIRONMENT_TAG}");
        statement.when(self.comparison(), key, [&self.environment.name])
    }

    /// Limits a statement to requests that tag what they make as the environment's.
    pub fn claimed(self, statement: Statement) -> Statement {
        let key = format!("aws:RequestTag/{ENVIRONMENT_TAG}");
        statement.when(self.comparison(), key, [&self.environment.name])
    }

    /// Limits a statement about what is tagged as the environment's to requests that leave it so.
    pub fn kept(self, statement: Statement) -> Statement {
        let operator =
            if self.environment.is_every_instance() { "StringLikeIfExists" } else { "StringEqualsIfExists" };
        let key = format!("aws:RequestTag/{ENVIRONMENT_TAG}");
        self.owned(statement).when(operator, key, [&self.environment.name])
    }

    /// Whether no name in an ARN says whose it is, so that a tag has to.
    pub fn is_by_id(self, arn: &str) -> bool {
        let mut by_id = all().filter(|kind| !kind.naming.name.tells_owner());
        by_id.any(|kind| {
            let form = kind.naming.arn.and_then(|form| form.split('{').next());
            form.is_some_and(|start| arn.starts_with(&self.arn(kind.service.namespace, start)))
        })
    }

    /// Limits the tagging of what is new, or the environment's already, to requests that make it or leave it
    /// the environment's: for services that do not say whether a tag comes with the creation. What another
    /// stack made is refused by [`CLOUDFORMATION_TAG`], whether or not it is an environment's.
    pub fn adopted(self, statement: Statement) -> Statement {
        let key = format!("aws:ResourceTag/{CLOUDFORMATION_TAG}");
        let stacks = [self.environment.stack_name("*")];
        self.claimed(self.unforeign(statement)).when("StringLikeIfExists", key, stacks)
    }

    /// Keeps a statement from what is tagged as another environment's.
    pub fn unforeign(self, statement: Statement) -> Statement {
        let operator =
            if self.environment.is_every_instance() { "StringLikeIfExists" } else { "StringEqualsIfExists" };
        let key = format!("aws:ResourceTag/{ENVIRONMENT_TAG}");
        statement.when(operator, key, [&self.environment.name])
    }

    fn comparison(self) -> &'static str {
        if self.environment.is_every_instance() { "StringLike" } else { "StringEquals" }
    }
}

/// One resource in its stack.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub scope: Scope<'a>,
    pub stack: &'a Stack,
    pub id: &'a LogicalId,
    pub resource: &'a Resource,
}

impl<'a> Subject<'a> {
    /// Its type.
    pub fn kind(self) -> &'static str {
        self.resource.kind()
    }

    /// An ARN in the environment's account and Region.
    pub fn arn_of(self, service: &str, rest: &str) -> String {
        self.scope.arn(service, rest)
    }

    /// Its ARN, with wildcards for what is not known yet.
    pub fn arn(self) -> Result<String, Unresolved> {
        let unresolved = || self.unresolved(self.kind());
        let kind = of(self.kind()).ok_or_else(unresolved)?;
        let mut pieces = kind.naming.arn.ok_or_else(unresolved)?.split('{');
        let mut rest = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (variable, after) = piece.split_once('}').unwrap_or((piece, ""));
            match variable {
                "id" => rest.push('*'),
                "name" => rest.push_str(&self.name()?),
                property => rest.push_str(&self.text(self.resource.property(property))?),
            }
            rest.push_str(after);
        }
        Ok(self.arn_of(kind.service.namespace, &rest))
    }

    /// Its name, with wildcards for what is not known yet.
    pub fn name(self) -> Result<String, Unresolved> {
        let kind = of(self.kind()).ok_or_else(|| self.unresolved(self.kind()))?;
        let given = |at| self.resource.properties().pointer(at).filter(|name| !name.is_null());
        match kind.naming.name {
            Name::Own { at, otherwise, .. } => match given(at) {
                Some(name) => self.text(name),
                None => self.made(otherwise),
            },
            Name::Inside(at) => given(at).map_or_else(|| Ok("*".to_owned()), |name| self.text(name)),
            Name::Id => Ok("*".to_owned()),
        }
    }

    /// The name that it has when its template gives none.
    fn made(self, generated: Generated) -> Result<String, Unresolved> {
        Ok(match generated {
            Generated::Stack(longest) => self.generated(longest),
            Generated::Lower(longest) => self.generated(longest).to_lowercase(),
            Generated::Logical(separator) => format!("{}{separator}*", self.id),
            Generated::Somehow => format!("*{}*", self.id),
            Generated::Unknown => return Err(self.unresolved(self.kind())),
        })
    }

    /// The names that `CloudFormation` may make for it, of at most so many characters.
    ///
    /// Where stack and logical id do not fit, each is cut to its half, or to what the other leaves. The
    /// environment stays whole either way: its name and what is before it have at most 25 characters.
    fn generated(self, longest: usize) -> String {
        let name = &self.scope.environment.name;
        let instances = name.matches('*').count();
        let free = longest - RANDOM - HYPHEN;
        let stack = self.stack.stack_name.len() + instances * (LONGEST_INSTANCE - 1);
        if stack + self.id.as_str().len() <= free {
            return format!("{}-*", self.stack.stack_name);
        }
        let id: String = self.id.as_str().chars().take(free / 2).collect();
        format!("sluice-{name}-*{id}*")
    }

    /// The names that `CloudFormation` may make for this resource alone.
    pub fn generated_alone(self, longest: usize) -> String {
        let names = self.generated(longest);
        match names.strip_suffix("-*") {
            Some(stack) => format!("{stack}-{}-*", self.id),
            None => names,
        }
    }

    /// The text of a value of the template, with wildcards for what is not known yet.
    pub fn text(self, value: &Value) -> Result<String, Unresolved> {
        if let Some(text) = value.as_str() {
            return Ok(text.to_owned());
        }
        if let Some(name) = value["Ref"].as_str() {
            return self.referred(name);
        }
        if let [Value::String(id), Value::String(attribute)] =
            value["Fn::GetAtt"].as_array().map_or(&[][..], Vec::as_slice)
        {
            return self.attribute(id, attribute);
        }
        match value["Fn::Sub"].as_str() {
            Some(text) => self.substituted(text),
            None => Err(self.unresolved(&value.to_string())),
        }
    }

    fn substituted(self, text: &str) -> Result<String, Unresolved> {
        let mut pieces = text.split("${");
        let mut plain = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (variable, rest) = piece.split_once('}').unwrap_or((piece, ""));
            match (variable.strip_prefix('!'), variable.split_once('.')) {
                (Some(literal), _) => plain.extend(["${", literal, "}"]),
                (None, Some((id, attribute))) => plain.push_str(&self.attribute(id, attribute)?),
                (None, None) => plain.push_str(&self.referred(variable)?),
            }
            plain.push_str(rest);
        }
        Ok(plain)
    }

    fn referred(self, name: &str) -> Result<String, Unresolved> {
        let environment = self.scope.environment;
        match name {
            "AWS::AccountId" => return Ok(environment.account.clone()),
            "AWS::Partition" => return Ok(environment.partition().to_owned()),
            "AWS::Region" => return Ok(environment.region.clone()),
            _ => {}
        }
        match self.stack.parameters.get(name) {
            Some(ParameterSource::ArtifactKey(_)) => Ok("*".to_owned()),
            Some(ParameterSource::AccountBucket(bucket)) => Ok(bucket.clone()),
            Some(ParameterSource::Output { stack, output }) => self.output(stack, output.as_str()),
            None => {
                let other = self.other(name)?;
                match of(other.kind()).map(|kind| kind.naming.reference) {
                    Some(Reference::Arn) => other.arn(),
                    Some(Reference::Name) | None => other.name(),
                }
            }
        }
    }

    fn attribute(self, id: &str, attribute: &str) -> Result<String, Unresolved> {
        let other = self.other(id)?;
        match attribute {
            "Arn" => Ok(other.arn()? + of(other.kind()).map_or("", |kind| kind.naming.behind)),
            "DBClusterArn" => other.arn(),
            "DBClusterResourceId" => Ok(super::rds::RESOURCE_IDS.to_owned()),
            "MasterUserSecret.SecretArn" => Ok(self.arn_of("secretsmanager", super::rds::MASTER_SECRETS)),
            "Name" => other.name(),
            _ => Err(self.unresolved(&format!("{id}.{attribute}"))),
        }
    }

    fn output(self, stack: &str, output: &str) -> Result<String, Unresolved> {
        let unresolved = || self.unresolved(&format!("{stack}.{output}"));
        let stack = self.scope.stacks.iter().find(|other| other.name == stack).ok_or_else(unresolved)?;
        let mut outputs = stack.template.outputs().iter();
        let found = outputs.find(|(id, _)| id.as_str() == output);
        let value = found.and_then(|(_, output)| serde_json::to_value(output).ok()).ok_or_else(unresolved)?;
        Subject { stack, ..self }.text(&value["Value"])
    }

    /// Another resource of its stack.
    fn other(self, id: &str) -> Result<Subject<'a>, Unresolved> {
        let mut resources = self.stack.template.resources().iter();
        let found = resources.find(|(other, _)| other.as_str() == id);
        let (id, resource) = found.ok_or_else(|| self.unresolved(id))?;
        Ok(Subject { id, resource, ..self })
    }

    fn unresolved(self, what: &str) -> Unresolved {
        Unresolved { stack: self.stack.name, logical_id: self.id.to_string(), what: what.to_owned() }
    }
}
