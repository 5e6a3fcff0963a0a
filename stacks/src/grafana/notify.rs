//! Whom Grafana tells: a contact point, which finds its topic or its address in a variable of the container.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cfn::{Arn, Statement, Template};
use crate::environment::{Environment, Grafana, Notify};

/// Variables of Grafana that hold a topic's ARN and a web service's address.
const TOPIC: &str = "NOTIFY_TOPIC";
/// An address is a secret: `check` holds that what is called so is in no template.
const URL: &str = "NOTIFY_SECRET";

/// The [contact point](https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/),
/// as its file has it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum ContactPoint<'a> {
    /// A topic, and its Region.
    Sns { topic: String, region: &'a str },
    /// A web service.
    Webhook { url: String },
}

impl<'a> ContactPoint<'a> {
    /// That of an environment, where there is one.
    pub fn of(environment: &'a Environment) -> Option<Self> {
        let sns = |region| Self::Sns { topic: format!("${TOPIC}"), region };
        Some(match of(environment)? {
            Notify::Operations => sns(&environment.region),
            Notify::Topic(topic) => sns(&topic.region),
            Notify::Webhook(_) => Self::Webhook { url: format!("${URL}") },
        })
    }
}

/// What it takes to tell somebody.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// A variable of the container.
    pub variable: Option<Value>,
    /// A variable that the container gets from Secrets Manager, and the secret.
    pub secret: Option<(Value, Arn)>,
    /// What its role may do.
    pub statements: Vec<Statement>,
}

/// What the environment's container needs to tell somebody.
pub(super) fn needed(template: &mut Template, environment: &Environment) -> Needed {
    match of(environment) {
        None => Needed::default(),
        Some(Notify::Operations) => {
            // Of a publisher to an encrypted topic:
            // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse
            const ENCRYPT: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];
            let topic = template.input("operations", "TopicArn");
            let key = template.input("operations", "TopicKeyArn");
            Needed {
                variable: Some(json!({"Name": TOPIC, "Value": topic.reference()})),
                statements: vec![
                    Statement::allow(&["sns:Publish"], [Arn::parameter(&topic)]),
                    Statement::allow(&ENCRYPT, [Arn::parameter(&key)]),
                ],
                ..Needed::default()
            }
        }
        Some(Notify::Topic(topic)) => Needed {
            variable: Some(json!({"Name": TOPIC, "Value": topic.arn})),
            statements: vec![Statement::allow(&["sns:Publish"], [Arn::written(&topic.arn)])],
            ..Needed::default()
        },
        Some(Notify::Webhook(secret)) => Needed {
            secret: Some((json!({"Name": URL, "ValueFrom": secret}), Arn::written(secret))),
            ..Needed::default()
        },
    }
}

fn of(environment: &Environment) -> Option<&Notify> {
    match &environment.grafana {
        Grafana::Container(container) => container.notify.as_deref(),
        Grafana::None | Grafana::Managed => None,
    }
}
