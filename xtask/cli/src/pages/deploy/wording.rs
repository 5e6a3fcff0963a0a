//! Sentences and words that more than one page says in the same way.

use serde_json::Value;

use engine::deploy::difference::{Change, PropertyChange, ResourceChange, Values};
use engine::deploy::plan::Action;
use engine::deploy::security::{Effect, Permission, Way, text};

/// What is done to a resource, in the infinitive.
pub fn verb(change: Change) -> &'static str {
    match change {
        Change::Add => "create",
        Change::Modify => "update",
        Change::MayReplace => "perhaps replace",
        Change::Replace => "replace",
        Change::Remove => "remove",
    }
}

/// The same of one resource, which may turn out to stay as it is.
pub fn deed(change: &ResourceChange) -> String {
    let verb = verb(change.change);
    let possible = change.possible && !verb.starts_with("perhaps");
    if possible { format!("perhaps {verb}") } else { verb.to_owned() }
}

/// What is done to a stack.
pub fn action(action: Action, status: Option<&str>) -> String {
    let status = status.unwrap_or("an unknown state");
    match action {
        Action::Create => "create".to_owned(),
        Action::Recreate => format!("create again, as it never succeeded ({status})"),
        Action::Update => "update".to_owned(),
        Action::None => "unchanged".to_owned(),
        Action::RollBack => format!("roll back, then plan again ({status})"),
        Action::Wait => format!("wait for another operation ({status})"),
        Action::Blocked => format!("blocked in {status}"),
    }
}

/// Why a resource changes as it does, as a part of a sentence; empty when the properties say it.
pub fn because(change: &ResourceChange) -> String {
    let mut parts: Vec<String> = Vec::new();
    let (followed, mut reasons): (Vec<&str>, Vec<&str>) =
        change.why.iter().map(String::as_str).partition(|why| why.starts_with("follows "));
    let followed: Vec<&str> = followed.iter().filter_map(|why| why.strip_prefix("follows ")).collect();
    let ends = change.change.ends_resource();
    let follows = format!("{} {}", if ends { "it follows" } else { "follows" }, followed.join(", "));
    reasons.extend(Some(follows.as_str()).filter(|_| !followed.is_empty()));
    if !reasons.is_empty() {
        parts.push(format!("{}{}", if ends { "because " } else { "" }, reasons.join(", ")));
    }
    if let Some(drift) = &change.drift {
        parts.push(match drift.as_str() {
            "MODIFIED" => "somebody changed it by other means".to_owned(),
            "DELETED" => "somebody deleted it by other means".to_owned(),
            other => format!("drifted: {other}"),
        });
    }
    parts.join("; ")
}

/// A value as a person reads it: text as it is, what refers to a resource as its name, the rest as JSON.
pub fn value(value: &Value) -> String {
    match value {
        Value::Object(map) if map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
            text(value, &Values::new())
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether nothing is known of a property but that it takes the value of something that changes.
pub fn only_follows(change: &PropertyChange) -> bool {
    change.deferred && change.before.is_none() && change.after.is_none()
}

/// Whether a resource is touched, if at all, only because it takes values of others.
pub fn trails(change: &ResourceChange) -> bool {
    change.possible && change.change == Change::Modify && change.data.is_none() && change.drift.is_none()
}

/// A property's value before.
pub fn before(change: &PropertyChange) -> String {
    change.before.as_ref().map_or("(none)".to_owned(), value)
}

/// A property's value after.
pub fn after(change: &PropertyChange) -> String {
    match (&change.after, change.deferred) {
        (None, true) => "(known after deployment)".to_owned(),
        (None, false) => "(none)".to_owned(),
        (Some(after), true) => format!("{} (known after deployment)", value(after)),
        (Some(after), false) => value(after),
    }
}

/// The head of a text of at most `limit` characters, on one line.
pub fn cut(text: &str, limit: usize) -> String {
    let line = text.replace('\n', "⏎");
    if line.chars().count() <= limit {
        return line;
    }
    let head: String = line.chars().take(limit).collect();
    format!("{head}…")
}

/// Two long texts from shortly before where they differ, each of at most `limit` characters.
pub fn cut_both(before: &str, after: &str, limit: usize) -> (String, String) {
    const LEAD: usize = 24;
    let same = before.chars().zip(after.chars()).take_while(|(before, after)| before == after).count();
    // What fits, and a difference that shows from the beginning, is not cut there.
    let longest = before.chars().count().max(after.chars().count());
    let skipped = if longest <= limit || same <= LEAD { 0 } else { same - LEAD };
    let from = |text: &str| {
        let rest = cut(&text.chars().skip(skipped).collect::<String>(), limit);
        if skipped == 0 { rest } else { format!("…{rest}") }
    };
    (from(before), from(after))
}

/// The side of the change that a permission stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// There is more to do.
    Gained,
    /// There is less.
    Lost,
}

/// What somebody may do, as in `may s3:GetObject`.
pub fn may(permission: &Permission, side: Side) -> String {
    let actions = permission.actions.join(", ");
    match (permission.effect, side) {
        (Effect::Allow, _) => actions,
        (Effect::Policy, _) => format!("all that policy {} allows", policy_name(&actions)),
        (Effect::Deny, Side::Gained) => format!("no longer denied: {actions}"),
        (Effect::Deny, Side::Lost) => format!("denied: {actions}"),
        (Effect::Boundary, Side::Gained) => format!("no longer bounded by {}", policy_name(&actions)),
        (Effect::Boundary, Side::Lost) => format!("bounded by {}", policy_name(&actions)),
    }
}

/// The name in the ARN of a policy.
fn policy_name(arn: &str) -> &str {
    arn.split_once(":policy/").map_or(arn, |(_, name)| name)
}

/// When a permission counts; empty when it always does.
pub fn when(permission: &Permission, side: Side) -> String {
    let Permission { condition, other_condition, effect, .. } = permission;
    let other = match (other_condition, side, effect.limits()) {
        (None, ..) => return condition.clone(),
        (Some(other), Side::Gained, false) | (Some(other), Side::Lost, true) => format!("until now: {other}"),
        (Some(other), Side::Lost, false) | (Some(other), Side::Gained, true) => {
            format!("from now on: {other}")
        }
    };
    let condition = if condition.is_empty() { "always" } else { condition };
    format!("{condition} ({other})")
}

/// How a way of the network is said.
pub fn way(way: Way) -> &'static str {
    match way {
        Way::In => "from",
        Way::Out => "to",
    }
}

#[cfg(test)]
mod tests {
    use engine::deploy::options::selection;

    use super::*;

    #[test]
    fn long_values_are_cut_to_where_they_differ() {
        let long = "x".repeat(60);
        let lead = "x".repeat(24);
        let table = [
            ("a", "b", "a", "b"),
            (&format!("{long}1"), &format!("{long}2"), &format!("…{lead}1"), &format!("…{lead}2")),
            (
                &format!("1{long}"),
                &format!("2{long}"),
                &format!("1{}…", "x".repeat(39)),
                &format!("2{}…", "x".repeat(39)),
            ),
            (&long, "(none)", &format!("{}…", "x".repeat(40)), "(none)"),
        ];
        for (before, after, old, new) in table {
            assert_eq!(cut_both(before, after, 40), (old.to_owned(), new.to_owned()), "{before} {after}");
        }
    }

    #[test]
    fn an_instance_is_selected_by_its_environment_and_its_id() {
        let table = [("local", ""), ("dev", " --env dev"), ("preview-12", " --env preview --instance 12")];
        for (environment, expected) in table {
            assert_eq!(selection(environment), expected);
        }
    }
}
