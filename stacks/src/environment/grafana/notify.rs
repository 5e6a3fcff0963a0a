//! Whom Grafana tells of its alerts.

use std::fmt;

use serde::{Serialize, Serializer};

use super::arn::Parts;
use super::entrance::Owner;
use super::secret::{self, SecretFault};
use crate::config::{Fault, Section};

/// The word for nobody.
const OFF: &str = "off";
/// The word for those who are told of the environment's alarms.
const OPERATIONS: &str = "operations";
/// Longest name of a topic, in characters, by [SNS](https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html).
const MAX_TOPIC: usize = 256;

/// Who is told of an alert, and of its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notify {
    /// The topic of the environment's alarms, and so whoever `[operations] notify` lists.
    Operations,
    /// A topic of SNS without encryption: nothing says which key there would be.
    Topic(Topic),
    /// A web service, whose address is what a secret of Secrets Manager holds: its ARN.
    Webhook(String),
}

/// A topic that is no part of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its ARN. Its account's policy of the topic has to allow it where that is another one.
    pub arn: String,
    /// Its Region, which may be another one.
    pub region: String,
}

impl Topic {
    fn read(arn: &str, parts: Parts<'_>) -> Result<Self, NotifyFault> {
        let Parts { region, resource: name, .. } = parts;
        if name.strip_suffix(".fifo").is_some() {
            return Err(NotifyFault::Ordered);
        }
        let sound = parts.has_account()
            && !region.is_empty()
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && (1..=MAX_TOPIC).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let topic = || Self { arn: arn.to_owned(), region: region.to_owned() };
        sound.then(topic).ok_or_else(|| NotifyFault::Topic { arn: arn.to_owned() })
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operations => OPERATIONS,
            Self::Topic(topic) => &topic.arn,
            Self::Webhook(secret) => secret,
        })
    }
}

impl Serialize for Notify {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why nobody can be told so.
#[derive(Debug, thiserror::Error)]
enum NotifyFault {
    // What stands there may be an address that nobody is to know: it is not repeated.
    #[error("is neither \"{OPERATIONS}\" nor an ARN of a topic or a secret")]
    Unknown,
    #[error("is \"{arn}\", which is no ARN of a topic")]
    Topic { arn: String },
    #[error(
        "is a FIFO topic, which drops what Grafana says again of a group within five minutes, also that an alert has ended"
    )]
    Ordered,
    #[error(transparent)]
    Secret(#[from] SecretFault),
    #[error("is \"{OPERATIONS}\", but the environment has no alarms, and so no topic for them")]
    NoOperations,
    #[error("is set, but on the local target Grafana tells nobody")]
    Local,
}

impl Fault for NotifyFault {
    fn help(&self) -> String {
        match self {
            Self::Unknown => format!(
                "write \"{OPERATIONS}\", arn:aws:sns:<region>:<account>:<topic>, the ARN of a secret whose value is the address of a web service, or \"{OFF}\""
            ),
            Self::Topic { .. } => {
                "write arn:aws:sns:<region>:<account>:<topic>, as `aws sns list-topics` prints it".into()
            }
            Self::Ordered => "write the ARN of a standard topic".into(),
            Self::Secret(fault) => fault.help(),
            Self::NoOperations => {
                format!("write `enabled = true` under [operations], or the ARN of a topic, or \"{OFF}\"")
            }
            Self::Local => "remove it: the page \"Alerting\" of Grafana shows what it would tell".into(),
        }
    }
}

/// What decides who may be told.
#[derive(Debug, Clone, Copy)]
pub(in crate::environment) struct Around<'a> {
    /// Whose container it is, where that is known.
    pub owner: Option<&'a Owner>,
    /// Whether it is on this machine.
    pub is_local: bool,
    /// Whether there is a topic for alarms, where that is known.
    pub has_operations: Option<bool>,
}

/// Reads `notify`. Without it the notification policies of Grafana decide, which at first tell nobody.
#[expect(clippy::option_option, reason = "whether it is sound, and whether there is any")]
pub(super) fn read(section: &Section<'_>, around: Around<'_>) -> Option<Option<Notify>> {
    let written = section.text_like("notify", "\"operations\", or the ARN of a topic or a secret");
    written.read_as(|written| parse(&written, around)).or(None)
}

fn parse(written: &str, around: Around<'_>) -> Result<Option<Notify>, NotifyFault> {
    let notify = match written {
        OFF => return Ok(None),
        _ if around.is_local => return Err(NotifyFault::Local),
        OPERATIONS if around.has_operations == Some(false) => return Err(NotifyFault::NoOperations),
        OPERATIONS => Notify::Operations,
        arn => match Parts::of(arn) {
            Some(parts) if parts.service == "sns" => Notify::Topic(Topic::read(arn, parts)?),
            Some(parts) if parts.service == secret::SERVICE => {
                secret::check(arn, around.owner)?;
                Notify::Webhook(arn.to_owned())
            }
            _ => return Err(NotifyFault::Unknown),
        },
    };
    Ok(Some(notify))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_told_by_a_topic_or_a_secret() {
        let owner = Owner { region: "eu-central-1".to_owned(), account: "111122223333".to_owned() };
        let around = Around { owner: Some(&owner), is_local: false, has_operations: Some(true) };
        let told = |text: &str| parse(text, around).map(|notify| notify.map(|notify| notify.to_string()));
        for (text, expected) in [
            ("operations", None),
            ("arn:aws:sns:eu-central-1:111122223333:on-call", None),
            ("arn:aws:sns:us-east-1:444455556666:on_call", None),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook-AbC123", None),
            ("arn:aws:sns:eu-central-1:111122223333:on-call.fifo", Some("is a FIFO topic")),
            ("arn:aws:sns:eu-central-1:111122223333:*", Some("no ARN of a topic")),
            ("arn:aws:sns:eu-central-1:111122223333:on-call:11111111-2222", Some("no ARN of a topic")),
            ("arn:aws:sns:$REGION:111122223333:on-call", Some("no ARN of a topic")),
            ("arn:aws:sns:eu-central-1:1111:on-call", Some("no ARN of a topic")),
            (
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:webhook-AbC123",
                Some("is of Region us-east-1"),
            ),
            ("arn:aws:secretsmanager:eu-central-1:111122223333:secret:webhook", Some("no ARN of a secret")),
            ("arn:aws:sqs:eu-central-1:111122223333:queue", Some("is neither")),
            ("https://hooks.example.com/T0/hunter2", Some("is neither")),
            ("someone@example.com", Some("is neither")),
            ("", Some("is neither")),
        ] {
            match (told(text), expected) {
                (Ok(found), None) => assert_eq!(found.as_deref(), Some(text)),
                (Err(fault), Some(expected)) => {
                    let fault = fault.to_string();
                    assert!(fault.contains(expected) && !fault.contains("hunter2"), "{text}: {fault}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        assert_eq!(told("off").ok(), Some(None));
    }
}
