//! By which names, ids and tags the resources of one environment are told from those of others in its
//! account.
//!
//! A name that a template gives is taken from it. A name that `CloudFormation` makes begins with the
//! stack's, up to the length that the service takes. Where neither holds, a resource has an id, and its tag
//! says whose it is.

use serde_json::Value;

use super::PermissionsError;
use super::policy::Statement;
use crate::Stack;
use crate::cfn::{LogicalId, ParameterSource, Resource};
use crate::environment::Environment;
use crate::tags::ENVIRONMENT_TAG;

/// Why a statement that relies on tags names no resource.
pub(super) const BY_ID: &str = "Its service gives it an id when it is made: the tag says whose it is";
/// Why reading relies on no tag.
pub(super) const ABSENT: &str = "It is asked for before it is made and after it is deleted, when it has no tag that could say whose it is";
/// Why a statement names no resource at all.
pub(super) const NO_RESOURCE: &str = "The action is about no single resource: the service accepts only *";

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

/// How a type is named, and what its ARN looks like.
struct Naming {
    kind: &'static str,
    /// The property that gives the name, where the template does.
    property: &'static str,
    form: Form,
    service: &'static str,
    /// What stands before the name in the ARN.
    before: &'static str,
}

/// The name that a resource has without one in its template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Stack, logical id, random characters; at most so many characters.
    Stack(usize),
    /// The same in lower case.
    Lower(usize),
    /// Logical id and random characters, without the stack.
    Logical,
    /// An id of the service.
    Id,
    /// Anything inside something that has a name.
    Inner,
}

/// The types that policies of roles refer to, or whose name `CloudFormation` makes from the stack's.
///
/// A topic rule is not among the latter: its handler leaves the stack out of the name.
/// <https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot>
#[rustfmt::skip]
const NAMINGS: &[Naming] = &[
    Naming { kind: "AWS::Athena::WorkGroup",                 property: "Name",               form: Form::Stack(128), service: "athena",             before: "workgroup/" },
    Naming { kind: "AWS::ECS::Cluster",                      property: "ClusterName",        form: Form::Stack(255), service: "ecs",                before: "cluster/" },
    Naming { kind: "AWS::EFS::FileSystem",                   property: "",                   form: Form::Id,         service: "elasticfilesystem",  before: "file-system/" },
    Naming { kind: "AWS::Events::Rule",                      property: "Name",               form: Form::Stack(64),  service: "events",             before: "rule/" },
    Naming { kind: "AWS::IAM::Role",                         property: "RoleName",           form: Form::Stack(64),  service: "iam",                before: "role/" },
    Naming { kind: "AWS::IoTTwinMaker::Workspace",           property: "WorkspaceId",        form: Form::Stack(128), service: "iottwinmaker",       before: "workspace/" },
    Naming { kind: "AWS::Kinesis::Stream",                   property: "Name",               form: Form::Stack(128), service: "kinesis",            before: "stream/" },
    Naming { kind: "AWS::KinesisFirehose::DeliveryStream",   property: "DeliveryStreamName", form: Form::Stack(64),  service: "firehose",           before: "deliverystream/" },
    Naming { kind: "AWS::Lambda::Function",                  property: "FunctionName",       form: Form::Stack(64),  service: "lambda",             before: "function:" },
    Naming { kind: "AWS::Logs::LogGroup",                    property: "LogGroupName",       form: Form::Stack(512), service: "logs",               before: "log-group:" },
    Naming { kind: "AWS::Logs::LogStream",                   property: "LogStreamName",      form: Form::Inner,      service: "logs",               before: "log-group:" },
    Naming { kind: "AWS::S3::Bucket",                        property: "BucketName",         form: Form::Lower(63),  service: "s3",                 before: "" },
    Naming { kind: "AWS::SQS::Queue",                        property: "QueueName",          form: Form::Stack(80),  service: "sqs",                before: "" },
    Naming { kind: "AWS::SecretsManager::Secret",            property: "Name",               form: Form::Logical,    service: "secretsmanager",     before: "secret:" },
    Naming { kind: "AWS::Timestream::Database",              property: "DatabaseName",       form: Form::Stack(64),  service: "timestream",         before: "database/" },
];

/// An environment in its account: its stacks, as they refer to each other.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub stacks: &'a [Stack],
    pub environment: &'a Environment,
}

impl<'a> Scope<'a> {
    /// Every resource of every stack. Of a stack that is there twice, as it shall be and as it is deployed,
    /// a resource that both have counts as it shall be.
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
        let (region, account) = match service {
            "iam" => ("", account.as_str()),
            "route53" | "s3" => ("", ""),
            _ => (region.as_str(), account.as_str()),
        };
        format!("arn:{}:{service}:{region}:{account}:{rest}", self.environment.partition())
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
        let operator = if self.has_instances() { "StringLikeIfExists" } else { "StringEqualsIfExists" };
        let key = format!("aws:RequestTag/{ENVIRONMENT_TAG}");
        self.owned(statement).when(operator, key, [&self.environment.name])
    }

    /// Whether no name in an ARN says whose it is, so that a tag has to.
    pub fn is_by_id(self, arn: &str) -> bool {
        let mut by_id = NAMINGS.iter().filter(|naming| matches!(naming.form, Form::Id | Form::Logical));
        by_id.any(|naming| arn.starts_with(&self.arn(naming.service, naming.before)))
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
        let operator = if self.has_instances() { "StringLikeIfExists" } else { "StringEqualsIfExists" };
        let key = format!("aws:ResourceTag/{ENVIRONMENT_TAG}");
        statement.when(operator, key, [&self.environment.name])
    }

    /// Whether the environment's name is a pattern for those of its instances.
    pub fn has_instances(self) -> bool {
        self.environment.name.contains('*')
    }

    fn comparison(self) -> &'static str {
        if self.has_instances() { "StringLike" } else { "StringEquals" }
    }
}

/// One resource in its stack.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
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
    pub fn arn(self) -> Result<String, PermissionsError> {
        match self.kind() {
            "AWS::Timestream::Table" => {
                let database = self.text(self.resource.property("DatabaseName"))?;
                let table = self.text(self.resource.property("TableName"))?;
                Ok(self.arn_of("timestream", &format!("database/{database}/table/{table}")))
            }
            kind => match NAMINGS.iter().find(|naming| naming.kind == kind) {
                Some(naming) => {
                    let name = self.named(naming)?;
                    Ok(self.arn_of(naming.service, &format!("{}{name}", naming.before)))
                }
                None => Err(self.unresolved(kind)),
            },
        }
    }

    /// Its name, with wildcards for what is not known yet.
    pub fn name(self) -> Result<String, PermissionsError> {
        let kind = self.kind();
        let property = match kind {
            "AWS::Glue::Database" => &self.resource.property("DatabaseInput")["Name"],
            "AWS::Glue::Table" => &self.resource.property("TableInput")["Name"],
            "AWS::Timestream::Table" => self.resource.property("TableName"),
            _ => match NAMINGS.iter().find(|naming| naming.kind == kind) {
                Some(naming) => return self.named(naming),
                None => return Err(self.unresolved(kind)),
            },
        };
        self.text(property)
    }

    fn named(self, naming: &Naming) -> Result<String, PermissionsError> {
        match self.resource.property(naming.property) {
            Value::Null => Ok(match naming.form {
                Form::Stack(longest) => self.generated(longest),
                Form::Lower(longest) => self.generated(longest).to_lowercase(),
                Form::Logical => format!("{}-*", self.id),
                Form::Id | Form::Inner => "*".to_owned(),
            }),
            given => self.text(given),
        }
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
    pub fn text(self, value: &Value) -> Result<String, PermissionsError> {
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

    fn substituted(self, text: &str) -> Result<String, PermissionsError> {
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

    fn referred(self, name: &str) -> Result<String, PermissionsError> {
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
            Some(ParameterSource::Output { stack, output }) => self.output(stack, output),
            None => {
                let other = self.other(name)?;
                // Of a secret, a reference is the ARN.
                if other.kind() == "AWS::SecretsManager::Secret" { other.arn() } else { other.name() }
            }
        }
    }

    fn attribute(self, id: &str, attribute: &str) -> Result<String, PermissionsError> {
        let other = self.other(id)?;
        match (other.kind(), attribute) {
            // Actions on the streams of a group, too.
            ("AWS::Logs::LogGroup", "Arn") => Ok(format!("{}:*", other.arn()?)),
            (_, "Arn") => other.arn(),
            (_, "Name") => other.name(),
            _ => Err(self.unresolved(&format!("{id}.{attribute}"))),
        }
    }

    fn output(self, stack: &str, output: &str) -> Result<String, PermissionsError> {
        let unresolved = || self.unresolved(&format!("{stack}.{output}"));
        let stack = self.scope.stacks.iter().find(|other| other.name == stack).ok_or_else(unresolved)?;
        let mut outputs = stack.template.outputs().iter();
        let found = outputs.find(|(id, _)| id.as_str() == output);
        let value = found.and_then(|(_, output)| serde_json::to_value(output).ok()).ok_or_else(unresolved)?;
        Subject { stack, ..self }.text(&value["Value"])
    }

    /// Another resource of its stack.
    fn other(self, id: &str) -> Result<Subject<'a>, PermissionsError> {
        let mut resources = self.stack.template.resources().iter();
        let found = resources.find(|(other, _)| other.as_str() == id);
        let (id, resource) = found.ok_or_else(|| self.unresolved(id))?;
        Ok(Subject { id, resource, ..self })
    }

    fn unresolved(self, what: &str) -> PermissionsError {
        PermissionsError::Unresolved {
            stack: self.stack.name,
            logical_id: self.id.to_string(),
            what: what.to_owned(),
        }
    }
}
