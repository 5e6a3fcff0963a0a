//! Permissions of a template: those of roles, and those that resources give, compared as sets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expression::{referred, text};
use super::statement::{ALL_BUT, ANYONE, Bearer, EVERYTHING, Scope, grants, principals};
use super::{items, resources};
use crate::deploy::difference::Values;

/// What somebody may do, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// A role of the stack, a service, an account, or anyone.
    pub who: String,
    /// In which way it is said.
    pub effect: Effect,
    /// For instance `kinesis:PutRecord`; the name of a policy or boundary where `effect` is one.
    pub actions: Vec<String>,
    /// On what. Empty where `effect` is a policy or boundary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Only when this is so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// The condition of the same permission on the other side of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_condition: Option<String>,
}

/// In which way a permission is said. A denial or boundary that goes is gained, one that comes is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It is allowed.
    Allow,
    /// A policy allows it that is written elsewhere.
    Policy,
    /// It is denied, whatever allows it.
    Deny,
    /// Nothing is allowed that this policy does not allow too.
    Boundary,
}

impl Effect {
    /// Whether there is less to do for somebody when it comes.
    pub fn limits(self) -> bool {
        matches!(self, Self::Deny | Self::Boundary)
    }
}

/// A permission that cannot be divided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    pub who: String,
    pub effect: Effect,
    pub action: String,
    pub resource: String,
    pub condition: String,
    pub subject: String,
}

impl Grant {
    /// Whether this one says all that the other says.
    fn covers(&self, other: &Self) -> bool {
        self.who == other.who
            && self.effect == other.effect
            && (self.condition.is_empty() || self.condition == other.condition)
            && includes(&self.action.to_lowercase(), &other.action.to_lowercase())
            && includes(&self.resource, &other.resource)
    }

    /// Whether both say the same but for the condition.
    fn differs_in_condition(&self, other: &Self) -> bool {
        (&self.who, self.effect, &self.action, &self.resource)
            == (&other.who, other.effect, &other.action, &other.resource)
            && self.condition != other.condition
    }
}

/// Whether a name includes another one. An exception grows with what it names, so it includes nothing else.
fn includes(name: &str, other: &str) -> bool {
    name == other || (!name.starts_with(ALL_BUT) && matches(name, other))
}

/// Whether a pattern with `*` and `?` covers a text, which may be such a pattern itself.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last `*` stands, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some('?') if text[read] != '*' => (at, read) = (at + 1, read + 1),
            Some(&char) if char == text[read] => (at, read) = (at + 1, read + 1),
            _ => match star {
                Some((position, taken)) => {
                    star = Some((position, taken + 1));
                    (at, read) = (position + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

/// What is gained and what is lost.
pub fn between(old: (&Value, &Values), new: (&Value, &Values)) -> (Vec<Permission>, Vec<Permission>) {
    let (before, after) = (of(old.0, old.1), of(new.0, new.1));
    let (coming, going) = (beyond(&after, &before), beyond(&before, &after));
    // A limit that comes or goes with what it limits takes nothing from anybody and gives nothing.
    let (was, is) = (ids(old.0), ids(new.0));
    let rights = |grants: &BTreeSet<&Grant>| {
        grants.iter().filter(|grant| !grant.effect.limits()).map(|grant| (*grant).clone()).collect::<Vec<_>>()
    };
    let limits = |grants: &BTreeSet<&Grant>, there: &BTreeSet<&str>| {
        let of_what_stays = |limit: &&&Grant| limit.effect.limits() && there.contains(limit.subject.as_str());
        grants.iter().filter(of_what_stays).map(|limit| (*limit).clone()).collect::<Vec<_>>()
    };
    let gained = grouped(&[(rights(&coming), &before), (limits(&going, &is), &after)]);
    let lost = grouped(&[(rights(&going), &after), (limits(&coming, &was), &before)]);
    (gained, lost)
}

fn ids(template: &Value) -> BTreeSet<&str> {
    resources(template).map(|(id, ..)| id).collect()
}

/// The grants that no other grant covers.
fn beyond<'a>(grants: &'a BTreeSet<Grant>, others: &BTreeSet<Grant>) -> BTreeSet<&'a Grant> {
    grants.iter().filter(|grant| !others.iter().any(|other| other.covers(grant))).collect()
}

/// Everything that a template permits.
fn of(template: &Value, values: &Values) -> BTreeSet<Grant> {
    let mut found = Vec::new();
    for (id, kind, properties) in resources(template) {
        match kind {
            "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => {
                identity(template, id, properties, values, &mut found);
            }
            "AWS::IAM::Policy"
            | "AWS::IAM::ManagedPolicy"
            | "AWS::IAM::RolePolicy"
            | "AWS::IAM::UserPolicy"
            | "AWS::IAM::GroupPolicy" => attached(template, id, properties, values, &mut found),
            "AWS::Lambda::Permission" => found.push(invocation(id, properties, values)),
            kind => of_resource(id, kind, properties, values, &mut found),
        }
    }
    found.into_iter().collect()
}

/// A role, user or group: what it may do, who takes it, and what bounds it.
fn identity(template: &Value, id: &str, properties: &Value, values: &Values, found: &mut Vec<Grant>) {
    let bearer = Bearer { who: id, on: EVERYTHING, scope: Scope::Account, subject: id };
    for policy in items(&properties["Policies"]) {
        grants(&policy["PolicyDocument"], bearer, values, found);
    }
    let trust = Bearer { who: ANYONE, on: id, scope: Scope::Own, subject: id };
    grants(&properties["AssumeRolePolicyDocument"], trust, values, found);
    let whole = |effect, policy: &Value| Grant {
        who: id.to_owned(),
        effect,
        action: text(policy, values),
        resource: String::new(),
        condition: String::new(),
        subject: id.to_owned(),
    };
    for policy in items(&properties["ManagedPolicyArns"]) {
        let own = referred(policy).map(|name| &template["Resources"][name]);
        match own.filter(|resource| resource["Type"] == "AWS::IAM::ManagedPolicy") {
            Some(own) => grants(&own["Properties"]["PolicyDocument"], bearer, values, found),
            None => found.push(whole(Effect::Policy, policy)),
        }
    }
    for boundary in items(&properties["PermissionsBoundary"]) {
        found.push(whole(Effect::Boundary, boundary));
    }
}

/// A policy that names those to whom it applies.
fn attached(template: &Value, id: &str, properties: &Value, values: &Values, found: &mut Vec<Grant>) {
    let keys = ["Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"];
    let mut bearers: Vec<String> =
        keys.iter().flat_map(|key| items(&properties[key])).map(|bearer| text(bearer, values)).collect();
    let named_elsewhere = resources(template)
        .flat_map(|(_, _, properties)| items(&properties["ManagedPolicyArns"]))
        .any(|policy| referred(policy) == Some(id));
    if bearers.is_empty() && !named_elsewhere {
        bearers.push(format!("whoever has {id}"));
    }
    for who in &bearers {
        let bearer = Bearer { who, on: EVERYTHING, scope: Scope::Account, subject: id };
        grants(&properties["PolicyDocument"], bearer, values, found);
    }
}

/// [`AWS::Lambda::Permission`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html):
/// a statement of the function's policy.
fn invocation(id: &str, properties: &Value, values: &Values) -> Grant {
    let limits = [
        ("SourceArn", "aws:SourceArn is like"),
        ("SourceAccount", "aws:SourceAccount is"),
        ("PrincipalOrgID", "aws:PrincipalOrgID is"),
        ("EventSourceToken", "lambda:EventSourceToken is"),
        ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType is"),
    ];
    let condition: Vec<String> = limits
        .iter()
        .filter(|(key, _)| !properties[*key].is_null())
        .map(|(key, test)| format!("{test} {}", text(&properties[*key], values)))
        .collect();
    Grant {
        who: principals(&properties["Principal"], values).join(", "),
        effect: Effect::Allow,
        action: text(&properties["Action"], values),
        resource: text(&properties["FunctionName"], values),
        condition: condition.join(" and "),
        subject: id.to_owned(),
    }
}

/// Where resources keep their policies: type, the policy, and what it is about when that is another
/// resource.
const RESOURCE_POLICIES: &[(&str, &str, Option<&str>)] = &[
    ("AWS::EC2::VPCEndpoint", "PolicyDocument", None),
    ("AWS::ECR::Repository", "RepositoryPolicyText", None),
    ("AWS::EFS::FileSystem", "FileSystemPolicy", None),
    ("AWS::Events::EventBus", "Policy", None),
    ("AWS::IoT::Policy", "PolicyDocument", None),
    ("AWS::KMS::Key", "KeyPolicy", None),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy", Some("ResourceArn")),
    ("AWS::Logs::ResourcePolicy", "PolicyDocument", None),
    ("AWS::S3::AccessPoint", "Policy", Some("Bucket")),
    ("AWS::S3::BucketPolicy", "PolicyDocument", Some("Bucket")),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", Some("Topics")),
    ("AWS::SQS::QueuePolicy", "PolicyDocument", Some("Queues")),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", Some("SecretId")),
];

fn of_resource(id: &str, kind: &str, properties: &Value, values: &Values, found: &mut Vec<Grant>) {
    let Some((_, policy, about)) = RESOURCE_POLICIES.iter().find(|(known, ..)| *known == kind) else {
        return;
    };
    let own = Value::String(id.to_owned());
    let about = about.map_or(&own, |key| &properties[key]);
    for about in items(about) {
        let on = text(about, values);
        let scope = if matches!(kind, "AWS::EFS::FileSystem" | "AWS::KMS::Key") {
            Scope::Own
        } else {
            Scope::Account
        };
        let who = match kind {
            "AWS::IoT::Policy" => format!("devices with {id}"),
            _ => ANYONE.to_owned(),
        };
        // A list that CloudFormation computes, or a name from elsewhere, has no subject in the template.
        let subject = referred(about).unwrap_or(id);
        grants(&properties[policy], Bearer { who: &who, on: &on, scope, subject }, values, found);
    }
}

/// One permission for each who, effect and resource, with its actions; then one for the resources that
/// share all of it. Each side has grants, and those of the other template.
fn grouped(sides: &[(Vec<Grant>, &BTreeSet<Grant>)]) -> Vec<Permission> {
    type Key<'a> = (&'a str, Effect, &'a str, Option<&'a str>);
    let mut by_resource: BTreeMap<(Key, &str), BTreeSet<&str>> = BTreeMap::new();
    for (grants, others) in sides {
        for grant in grants {
            let other = others.iter().find(|other| other.differs_in_condition(grant));
            let key: Key =
                (&grant.who, grant.effect, &grant.condition, other.map(|other| other.condition.as_str()));
            by_resource.entry((key, &grant.resource)).or_default().insert(&grant.action);
        }
    }
    let mut by_actions: BTreeMap<(Key, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for ((key, resource), actions) in by_resource {
        by_actions.entry((key, actions)).or_default().push(resource);
    }
    let owned = |texts: Vec<&str>| {
        texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut permissions: Vec<Permission> = by_actions
        .into_iter()
        .map(|(((who, effect, condition, other), actions), resources)| Permission {
            who: who.to_owned(),
            effect,
            actions: owned(actions.into_iter().collect()),
            resources: owned(resources),
            condition: condition.to_owned(),
            other_condition: other.map(str::to_owned),
        })
        .collect();
    permissions.sort_by_key(|permission| Reverse(permission.width()));
    permissions
}

impl Permission {
    /// How wide it is. Only the order means something.
    fn width(&self) -> u8 {
        let Self { who, actions, resources, effect, condition, .. } = self;
        let any = |texts: &[String], wide: fn(&str) -> bool| texts.iter().any(|text| wide(text));
        let wide_policy = |name: &str| name.contains("Administrator") || name.contains("FullAccess");
        let all = |text: &str| text == EVERYTHING || text.starts_with(ALL_BUT);
        let weights = [
            (64, any(actions, all) || *effect == Effect::Policy && any(actions, wide_policy)),
            (32, who == ANYONE || who.starts_with(ALL_BUT)),
            (16, *effect == Effect::Boundary || *effect == Effect::Policy),
            (8, any(resources, all)),
            (4, any(actions, |action| action.contains('*'))),
            (2, condition.is_empty()),
            (1, any(resources, |resource| resource.contains('*'))),
        ];
        weights.iter().filter(|(_, applies)| *applies).map(|(weight, _)| weight).sum()
    }

    /// Whether it deserves a second look: everything, everybody, or whatever a policy elsewhere says.
    pub fn is_wide(&self) -> bool {
        self.width() >= 8
    }
}

#[cfg(test)]
mod tests;
