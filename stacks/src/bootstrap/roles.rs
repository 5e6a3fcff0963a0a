//! What one environment has in its account before it is deployed: the boundary of its roles and, where it
//! is deployed from GitHub, the role that deploys it and the role that plans its deployment.

use serde_json::{Value, json};
use telemetry::Model;

use super::github::Repository;
use super::permissions::{self, PermissionsError, Policy};
use super::trust::{self, Claims};
use super::{ACCOUNT_NAME, ENVIRONMENT_NAME, TAG, stack};
use crate::audit_exceptions::with_reasons;
use crate::cfn::{LogicalId, Resource, Template, WILDCARD_METADATA};
use crate::environment::{Environment, Target};
use crate::{Inputs, Stack, synthesize};

/// The output that names the repository that is trusted, for the next run.
pub const GITHUB_REPOSITORY: &str = "GitHubRepository";
/// The output that holds the numbers of the repository, where they are known.
pub const GITHUB_IDS: &str = "GitHubRepositoryIds";

const BOUNDARY: LogicalId = LogicalId::new("Boundary");

/// A role that is taken from GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Deploys the environment, and destroys it.
    Deploy,
    /// Reads, and makes and deletes change sets. Executes none.
    Plan,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Deploy, Self::Plan];

    /// Its name in IAM.
    pub fn name(self, environment: &Environment) -> String {
        match self {
            Self::Deploy => environment.deploy_role_name(),
            Self::Plan => environment.plan_role_name(),
        }
    }

    /// Its ARN.
    pub fn arn(self, environment: &Environment) -> String {
        let Environment { account, .. } = environment;
        format!("arn:{}:iam::{account}:role/{}", environment.partition(), self.name(environment))
    }

    /// The longest session, in seconds, where it is not that of IAM, an hour. A first deployment with
    /// dashboards and a certificate may take longer, and one whose credentials end leaves its stacks in
    /// progress.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html>
    fn longest_session(self) -> Option<u32> {
        match self {
            Self::Deploy => Some(4 * 60 * 60),
            Self::Plan => None,
        }
    }

    fn id(self) -> LogicalId {
        match self {
            Self::Deploy => LogicalId::new("DeployRole"),
            Self::Plan => LogicalId::new("PlanRole"),
        }
    }

    /// The beginning of the ids of its policies.
    fn prefix(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Plan => "plan",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Deploy => "Deploys and destroys the environment from GitHub",
            Self::Plan => "Plans deployments of the environment from GitHub, and changes nothing",
        }
    }

    fn output(self) -> (&'static str, &'static str) {
        match self {
            Self::Deploy => ("DeployRoleArn", "Role that deploys the environment"),
            Self::Plan => ("PlanRoleArn", "Role that plans its deployment"),
        }
    }

    /// What it may do.
    fn policies(self, stacks: &[Stack], environment: &Environment) -> Result<Vec<Policy>, PermissionsError> {
        match self {
            Self::Deploy => permissions::deploy(stacks, environment),
            Self::Plan => permissions::plan(stacks, environment),
        }
    }
}

/// The environment on GitHub from whose jobs a role is taken. A plan waits for nobody's approval, so it has
/// an environment of its own, without rules.
pub fn github_environment(role: Role, environment: &Environment) -> String {
    match role {
        Role::Deploy => environment.file_name().to_owned(),
        Role::Plan => format!("{}-plan", environment.file_name()),
    }
}

/// Who may do what for one environment, before it is a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// Name of the boundary.
    pub boundary_name: String,
    /// What the roles of its stacks may do at most.
    pub boundary: Policy,
    /// The roles that are taken from GitHub.
    pub roles: Vec<RoleAccess>,
}

/// Who takes a role, and what it may do then.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleAccess {
    /// Which it is.
    pub role: Role,
    /// Its name in IAM.
    pub name: String,
    /// The environment on GitHub from whose jobs it is taken.
    pub environment: String,
    /// Its trust policy. `None`: no repository is known that takes it, and the stack does not make it.
    pub trust: Option<Value>,
    /// What it may do.
    pub policies: Vec<Policy>,
}

/// A policy as IAM takes it, for whoever examines it.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDocument {
    /// The role, or the boundary, that it belongs to.
    pub owner: String,
    /// Its own name, unique among those of the owner.
    pub name: String,
    /// Whether it says who takes the role, which a resource policy does, rather than what it may do.
    pub is_trust: bool,
    /// The document.
    pub document: Value,
}

impl Access {
    /// Every policy as JSON.
    pub fn documents(&self) -> Vec<PolicyDocument> {
        let policy = |owner: &str, policy: &Policy| PolicyDocument {
            owner: owner.to_owned(),
            name: policy.name.clone(),
            is_trust: false,
            document: policy.document(),
        };
        let mut documents = vec![policy(&self.boundary_name, &self.boundary)];
        for RoleAccess { name, trust, policies, .. } in &self.roles {
            documents.extend(trust.iter().map(|trust| PolicyDocument {
                owner: name.clone(),
                name: "trust".to_owned(),
                is_trust: true,
                document: trust.clone(),
            }));
            documents.extend(policies.iter().map(|one| policy(name, one)));
        }
        documents
    }
}

/// Derives who may do what for an environment. Without a repository, nobody takes its roles.
///
/// # Errors
///
/// When no policy can be derived from its stacks.
pub fn access(inputs: &Inputs, repository: Option<&Repository>) -> Result<Access, PermissionsError> {
    access_keeping(inputs, repository, &[])
}

/// The same, also over stacks as they are deployed.
fn access_keeping(
    inputs: &Inputs,
    repository: Option<&Repository>,
    deployed: &[Stack],
) -> Result<Access, PermissionsError> {
    let (model, environment) = &on_aws(inputs);
    let mut stacks = synthesize(&Inputs { model, environment });
    stacks.extend_from_slice(deployed);
    let claims = Claims::of_partition(environment.partition());
    let role = |role: Role| {
        let github = github_environment(role, environment);
        Ok(RoleAccess {
            role,
            name: role.name(environment),
            trust: repository.map(|repository| trust::policy(repository, &github, claims)),
            environment: github,
            policies: role.policies(&stacks, environment)?,
        })
    };
    Ok(Access {
        boundary_name: environment.boundary_name(),
        boundary: permissions::boundary(&stacks, environment)?,
        roles: Role::ALL.into_iter().map(role).collect::<Result<_, PermissionsError>>()?,
    })
}

/// Builds the stack that prepares one environment. It comes after the stack of its account.
///
/// # Errors
///
/// When no policy can be derived from its stacks.
pub fn environment(inputs: &Inputs, repository: Option<&Repository>) -> Result<Stack, PermissionsError> {
    environment_keeping(inputs, repository, &[])
}

/// Builds the stack that prepares one environment, whose roles may also remove what is [`deployed`] and no
/// longer in a template.
///
/// [`deployed`]: super::deployed()
///
/// # Errors
///
/// As [`environment`].
pub fn environment_keeping(
    inputs: &Inputs,
    repository: Option<&Repository>,
    deployed: &[Stack],
) -> Result<Stack, PermissionsError> {
    let environment = inputs.environment;
    let access = access_keeping(inputs, repository, deployed)?;
    let file = environment.file_name();
    let mut template = Template::new(format!("Sluice: what the environment {file} needs in its account"));

    template.add(BOUNDARY, policy(&access.boundary, Some(access.boundary_name)));
    template.output("BoundaryArn", "Boundary of the roles of its stacks", BOUNDARY.reference());
    for role in access.roles {
        add_role(&mut template, role);
    }
    if let Some(repository) = repository {
        template.output(GITHUB_REPOSITORY, "Repository that takes the roles", repository.to_string());
        if let Some(ids) = repository.ids() {
            template.output(GITHUB_IDS, "Numbers of its owner and of itself", ids.to_string());
        }
    }
    let mut tags = environment.tags.clone();
    tags.insert(TAG.to_owned(), file.to_owned());
    let depends_on = vec![ACCOUNT_NAME];
    Ok(stack(ENVIRONMENT_NAME, environment.bootstrap_stack(), depends_on, template, tags))
}

/// The inputs as the policies are about them: on AWS, also where the emulator has stand-ins for what it
/// lacks; and where it is an instance, with a name and topics that stand for all instances of its file.
fn on_aws(inputs: &Inputs) -> (Model, Environment) {
    let mut model = inputs.model.clone();
    let mut environment = Environment { target: Target::Aws, ..inputs.environment.clone() };
    let Some((file, instance)) = inputs.environment.name.split_once('-') else { return (model, environment) };
    environment.name = format!("{file}-*");
    if let Some(prefix) = &inputs.environment.topic_prefix
        && let Some(common) = prefix.strip_suffix(instance)
    {
        for kind in &mut model.kinds {
            if let Some(topic) = kind.topic.strip_prefix(prefix.as_str()) {
                kind.topic = format!("{common}*{topic}");
            }
        }
        environment.topic_prefix = Some(format!("{common}*"));
    }
    (model, environment)
}

/// Adds a role that somebody takes, and its policies.
fn add_role(template: &mut Template, access: RoleAccess) {
    let RoleAccess { role, name, trust: Some(trust), policies, .. } = access else { return };
    let attached: Vec<Value> = policies
        .iter()
        .map(|one| {
            let id = LogicalId::from_kebab(&format!("{}-{}-policy", role.prefix(), one.name));
            json!(template.add(id, policy(one, None)).reference())
        })
        .collect();
    let mut properties = json!({
        "RoleName": name,
        "Description": role.description(),
        "AssumeRolePolicyDocument": trust,
        "ManagedPolicyArns": attached,
    });
    if let Some(seconds) = role.longest_session() {
        properties["MaxSessionDuration"] = json!(seconds);
    }
    let id = template.add(role.id(), Resource::new("AWS::IAM::Role", properties));
    let (output, description) = role.output();
    template.output(output, description, id.arn());
}

/// A policy with its reasons for `*`. One that has a name has no description: IAM cannot change one, and
/// CloudFormation cannot replace what has a name.
fn policy(policy: &Policy, name: Option<String>) -> Resource {
    let mut properties = json!({"PolicyDocument": policy.document()});
    match name {
        Some(name) => properties["ManagedPolicyName"] = json!(name),
        None => properties["Description"] = json!(policy.description),
    }
    let resource = with_reasons(Resource::new("AWS::IAM::ManagedPolicy", properties));
    let reasons = policy.reasons();
    if reasons.is_empty() { resource } else { resource.metadata_entry(WILDCARD_METADATA, json!(reasons)) }
}
