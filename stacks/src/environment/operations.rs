//! `[operations]` of an environment: whether it has alarms, who is told, and what is too late and too little.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Consumer, Operations};
use crate::config::{Fault, Section};

/// What is used where a file says nothing.
mod default {
    /// Later than what a restart, a scaling and a short outage take.
    pub const LATE_MINUTES: u32 = 15;
    /// A pipeline that has events at all.
    pub const LEAST_EVENTS_PER_MINUTE: u32 = 1;
    /// Each event in quarantine is one that somebody missed.
    pub const MOST_QUARANTINED: u32 = 0;
}

/// Longest address of an e-mail, in characters: that of
/// [RFC 5321](https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1) without its brackets.
const MAX_EMAIL: usize = 254;
/// Longest address of a web service, in characters: `SNS` has
/// [no word on it](https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html), so what browsers and proxies take.
const MAX_URL: usize = 2_048;
/// Most recipients: each is a resource of the stack.
const MAX_RECIPIENTS: usize = 50;

const KEYS: [&str; 4] = ["notify", "late_minutes", "least_events_per_minute", "most_quarantined"];

/// Who is told of an alarm, and of its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// A mailbox. Its owner confirms once, by a link in a first message.
    Email(String),
    /// A web service, told by HTTPS. It confirms once, by visiting the address in a first request.
    Https(String),
}

impl Recipient {
    /// Its protocol, as [SNS](https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html) calls it.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Https(_) => "https",
        }
    }

    /// Its address.
    pub fn endpoint(&self) -> &str {
        match self {
            Self::Email(address) | Self::Https(address) => address,
        }
    }

    fn read(text: &str) -> Option<Self> {
        if is_url(text) {
            return Some(Self::Https(text.to_owned()));
        }
        is_email(text).then(|| Self::Email(text.to_owned()))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint())
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.endpoint())
    }
}

/// Why `[operations]` cannot be used, although each of its keys is well formed.
#[derive(Debug, thiserror::Error)]
enum OperationsFault {
    #[error("is \"{text}\", which is neither an e-mail address nor one of a web service")]
    Recipient { text: String },
    #[error("is \"{text}\", which is there already")]
    Twice { text: String },
    #[error("are {count}, but at most {MAX_RECIPIENTS} are told")]
    Many { count: usize },
    #[error("is {minutes}, but {limit} minutes after its arrival {who}")]
    TooLate { minutes: u32, limit: u32, who: &'static str },
}

impl Fault for OperationsFault {
    fn help(&self) -> String {
        match self {
            Self::Recipient { .. } => {
                "write it as in \"someone@example.com\" or \"https://example.com/alarms\"; SNS speaks no plain HTTP here".into()
            }
            Self::Twice { .. } => "remove one".into(),
            Self::Many { .. } => "list fewer: a mailing list is one".into(),
            Self::TooLate { .. } => "lower it: an alarm has to come while somebody can still act".into(),
        }
    }
}

/// Reads the section. Without it there are no alarms: nobody pays for what they did not ask for. `hours` are those
/// for which the stream keeps a record, and `consumer` what reads it, where they are known.
pub(super) fn read(
    section: &Section<'_>,
    hours: Option<u32>,
    consumer: Option<&Consumer>,
) -> Option<Operations> {
    let enabled = section.flag("enabled").or(false);
    if enabled != Some(true) {
        for key in KEYS {
            match enabled {
                // Where the command line switches it off, what the file says is not meant for this run.
                Some(_) if !section.is_override("enabled") => {
                    section.refuse(key, "without `enabled = true`");
                }
                // What is wrong with the switch says nothing about the other keys: they are known.
                _ => {
                    section.has(key);
                }
            }
        }
        return enabled.map(|_| Operations { enabled: false, ..Operations::default() });
    }
    let notify = read_recipients(section);
    let late_minutes =
        section.integer("late_minutes", 1..=1_440).check(|&minutes| check_late(minutes, hours, consumer));
    let late_minutes = late_minutes.or(default::LATE_MINUTES);
    let least =
        section.integer("least_events_per_minute", 0..=100_000_000).or(default::LEAST_EVENTS_PER_MINUTE);
    let most = section.integer("most_quarantined", 0..=1_000_000).or(default::MOST_QUARANTINED);
    Some(Operations {
        enabled: true,
        notify: notify?,
        late_minutes: late_minutes?,
        least_events_per_minute: least?,
        most_quarantined: most?,
    })
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            enabled: false,
            notify: Vec::new(),
            late_minutes: default::LATE_MINUTES,
            least_events_per_minute: default::LEAST_EVENTS_PER_MINUTE,
            most_quarantined: default::MOST_QUARANTINED,
        }
    }
}

fn read_recipients(section: &Section<'_>) -> Option<Vec<Recipient>> {
    let written = section.list("notify", "a list of addresses, such as [\"someone@example.com\"]")?;
    if written.len() > MAX_RECIPIENTS {
        section.add("notify", OperationsFault::Many { count: written.len() });
        return None;
    }
    let mut recipients = Vec::new();
    let mut sound = true;
    for (spot, text) in written {
        let fault = match Recipient::read(&text) {
            Some(recipient) if recipients.contains(&recipient) => OperationsFault::Twice { text },
            Some(recipient) => {
                recipients.push(recipient);
                continue;
            }
            None => OperationsFault::Recipient { text },
        };
        section.add_at(&spot, fault);
        sound = false;
    }
    sound.then_some(recipients)
}

/// An alarm of lateness comes before what is late is lost to the store.
fn check_late(minutes: u32, hours: Option<u32>, consumer: Option<&Consumer>) -> Result<(), OperationsFault> {
    let kept = hours.map(|hours| (hours.saturating_mul(60), "the stream forgets a record"));
    let tried = consumer.and_then(|consumer| match consumer {
        Consumer::Lambda(lambda) => Some((lambda.max_age_seconds / 60, "the consumer gives a record up")),
        Consumer::Flink(_) => None,
    });
    match [kept, tried].into_iter().flatten().find(|(limit, _)| minutes >= *limit) {
        Some((limit, who)) => Err(OperationsFault::TooLate { minutes, limit, who }),
        None => Ok(()),
    }
}

/// What a mailbox and its domain are made of. SNS asks the mailbox itself whether it is one.
fn is_email(text: &str) -> bool {
    let Some((mailbox, domain)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str, more: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.contains("..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    text.len() <= MAX_EMAIL
        && plain(mailbox, ".!#$%&'*+/=?^_`{|}~-")
        && plain(domain, ".-")
        && domain.contains('.')
}

fn is_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    text.len() <= MAX_URL
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_a_mailbox_or_a_web_service() {
        let email = |text: &str| Some(Recipient::Email(text.to_owned()));
        let https = |text: &str| Some(Recipient::Https(text.to_owned()));
        for (text, expected) in [
            ("someone@example.com", email("someone@example.com")),
            ("on-call+sluice@ops.example.com", email("on-call+sluice@ops.example.com")),
            ("https://example.com", https("https://example.com")),
            ("https://events.example.com:8443/a/b?c=d", https("https://events.example.com:8443/a/b?c=d")),
            ("http://example.com/a", None),
            ("https://someone@example.com/a", None),
            ("https:///a", None),
            ("https://example.com/a b", None),
            ("someone@example", None),
            ("someone@@example.com", None),
            ("some one@example.com", None),
            (".someone@example.com", None),
            ("someone", None),
            ("", None),
        ] {
            assert_eq!(Recipient::read(text), expected, "{text}");
        }
    }
}
