//! What IAM answers, for the part of its language that the policies use.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use std::collections::BTreeMap;

use stacks::bootstrap::permissions::{Effect, Policy, Statement};

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Request {
    pub action: String,
    pub resource: String,
    /// Values by condition key. A key that is not there is not part of the request.
    pub context: BTreeMap<String, Vec<String>>,
}

impl Request {
    pub fn new(action: &str, resource: &str, context: &[(&str, &str)]) -> Self {
        let context = context.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]));
        Self { action: action.to_owned(), resource: resource.to_owned(), context: context.collect() }
    }
}

/// Whether policies together allow a request: one allows it, and none denies it.
pub fn allows(policies: &[Policy], request: &Request) -> bool {
    let matching = |effect: Effect| {
        let statements = policies.iter().flat_map(|policy| &policy.statements);
        statements.filter(|statement| statement.effect == effect).any(|statement| matches(statement, request))
    };
    matching(Effect::Allow) && !matching(Effect::Deny)
}

fn matches(statement: &Statement, request: &Request) -> bool {
    // IAM takes actions in any case; those of the policies are spelt as their services do.
    let is_meant = |pattern: &String| pattern.contains('*') && is_like(pattern, &request.action);
    (statement.actions.contains(&request.action) || statement.actions.iter().any(is_meant))
        && statement.resources.iter().any(|pattern| is_like(pattern, &request.resource))
        && statement
            .conditions
            .iter()
            .flat_map(|(operator, keys)| keys.iter().map(move |(key, values)| (*operator, key, values)))
            .all(|(operator, key, values)| {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                holds(operator, request.context.get(key).map(Vec::as_slice), &values)
            })
}

/// Whether a condition holds. `actual` is what the request says under the key.
pub fn holds(operator: &str, actual: Option<&[String]>, expected: &[&str]) -> bool {
    if operator == "Null" {
        let absent = if actual.is_none() { "true" } else { "false" };
        return expected.contains(&absent);
    }
    if let Some(operator) = operator.strip_prefix("ForAllValues:") {
        // Also where there is no value at all.
        let actual = actual.unwrap_or_default();
        return actual.iter().all(|value| holds(operator, Some(std::slice::from_ref(value)), expected));
    }
    if let Some(operator) = operator.strip_suffix("IfExists") {
        return actual.is_none() || holds(operator, actual, expected);
    }
    let any = |same: fn(&str, &str) -> bool| {
        let pairs =
            actual.unwrap_or_default().iter().flat_map(|value| expected.iter().map(move |one| (*one, value)));
        pairs.into_iter().any(|(pattern, value)| same(pattern, value))
    };
    match operator {
        "Bool" | "StringEquals" => any(|pattern, value| pattern == value),
        "StringNotEquals" => !any(|pattern, value| pattern == value),
        // The parts of an ARN are compared one by one; none of the patterns here has a `*` for several.
        "ArnLike" | "StringLike" => any(is_like),
        other => panic!("the evaluator does not know the operator {other}"),
    }
}

/// Whether a text is like a pattern, in which `*` stands for any characters and `?` for one.
pub fn is_like(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == text;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Which lengths of the text the pattern so far may have taken.
    let mut taken = vec![false; text.len() + 1];
    taken[0] = true;
    for wanted in pattern {
        let mut next = vec![false; text.len() + 1];
        for length in 0..=text.len() {
            next[length] = match wanted {
                '*' => taken[length] || (length > 0 && next[length - 1]),
                '?' => length > 0 && taken[length - 1],
                exact => length > 0 && taken[length - 1] && text[length - 1] == exact,
            };
        }
        taken = next;
    }
    taken[text.len()]
}

#[test]
fn patterns() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("a*c", "abc", true),
        ("a*c", "abcd", false),
        ("sluice-test-*", "sluice-test2-store", false),
        ("sluice-*-store-*", "sluice-preview-1-store-x", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
    ] {
        assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn conditions() {
    let present = ["a".to_owned()];
    for (operator, actual, expected, result) in [
        ("StringEquals", Some(&present), "a", true),
        ("StringEquals", Some(&present), "b", false),
        ("StringEquals", None, "a", false),
        ("StringEqualsIfExists", None, "a", true),
        ("StringEqualsIfExists", Some(&present), "b", false),
        ("StringNotEquals", None, "a", true),
        ("StringNotEquals", Some(&present), "a", false),
        ("StringLike", Some(&present), "?", true),
        ("Null", None, "true", true),
        ("Null", Some(&present), "true", false),
        ("ForAllValues:StringEquals", None, "a", true),
        ("ForAllValues:StringEquals", Some(&present), "b", false),
    ] {
        assert_eq!(holds(operator, actual.map(<[String; 1]>::as_slice), &[expected]), result, "{operator}");
    }
}
