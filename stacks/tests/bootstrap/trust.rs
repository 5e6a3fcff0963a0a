//! Who takes a role from GitHub: tokens as GitHub makes them, against the trust policies, read as IAM reads
//! them.

use serde_json::{Value, json};
use stacks::bootstrap::github::Repository;
use stacks::bootstrap::trust::{AUDIENCE, Claims, ISSUER, policy};

use crate::fixture::repository;

/// Whether a policy allows a token to take its role: some statement of which every condition holds.
fn admits(policy: &Value, token: &Value) -> bool {
    let statements = policy["Statement"].as_array().expect("statements");
    statements.iter().any(|statement| {
        assert_eq!(
            (&statement["Effect"], &statement["Action"]),
            (&json!("Allow"), &json!("sts:AssumeRoleWithWebIdentity"))
        );
        let operators = statement["Condition"].as_object().expect("conditions");
        assert!(!operators.is_empty());
        operators.iter().all(|(operator, keys)| {
            keys.as_object().expect("keys").iter().all(|(key, values)| holds(operator, key, values, token))
        })
    })
}

/// A condition holds when the token has the claim, and it is one of the values.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
fn holds(operator: &str, key: &str, values: &Value, token: &Value) -> bool {
    let claim =
        key.strip_prefix(ISSUER).and_then(|key| key.strip_prefix(':')).expect("a claim of the issuer");
    let Some(claimed) = token[claim].as_str() else { return false };
    let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
    values.iter().map(|value| value.as_str().expect("text")).any(|value| match operator {
        "StringEquals" => value == claimed,
        "StringLike" => like(value.as_bytes(), claimed.as_bytes()),
        other => panic!("the evaluator does not know {other}"),
    })
}

/// `*` is any text, also none and also `/`; `?` is one character.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            like(rest, text) || text.split_first().is_some_and(|(_, text)| like(pattern, text))
        }
        (Some((b'?', pattern)), Some((_, text))) => like(pattern, text),
        (Some((one, pattern)), Some((other, text))) => one == other && like(pattern, text),
        _ => false,
    }
}

#[test]
fn patterns_match_as_those_of_iam() {
    for (pattern, text, expected) in [
        ("a", "a", true),
        ("a", "A", false),
        ("a*", "a", true),
        ("a*c", "abc/d:c", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*", "", true),
        ("a*c", "ab", false),
        ("a*b*c", "axbxbc", true),
    ] {
        assert_eq!(like(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
    }
}

/// An owner and a repository, with their numbers.
type Named = [(&'static str, u32); 2];

/// Who asks.
const OURS: Named = [("octo-org", 123_456), ("octo-repo", 456_789)];

/// The claims of a token in both forms of the subject. `context` is what follows the repository.
fn tokens([(owner, owner_id), (name, id)]: Named, context: &str) -> [Value; 2] {
    let environment = context.strip_prefix("environment:").map(|name| name.replace("%3A", ":"));
    [format!("repo:{owner}/{name}:{context}"), format!("repo:{owner}@{owner_id}/{name}@{id}:{context}")].map(
        |sub| {
            json!({
                "aud": AUDIENCE,
                "sub": sub,
                "repository": format!("{owner}/{name}"),
                "repository_id": id.to_string(),
                "environment": environment,
            })
        },
    )
}

/// Every policy that is made for `octo-org/octo-repo` and the environment dev, and whether it trusts the
/// second form of the subject.
fn policies() -> [(&'static str, Value, bool); 4] {
    let unnumbered: Repository = "octo-org/octo-repo".parse().expect("a repository");
    [
        ("numbers and claims", policy(&repository(), "dev", Claims::Checked), true),
        ("numbers", policy(&repository(), "dev", Claims::Ignored), true),
        ("claims", policy(&unnumbered, "dev", Claims::Checked), true),
        ("neither", policy(&unnumbered, "dev", Claims::Ignored), false),
    ]
}

#[test]
fn both_forms_of_the_subject_are_trusted() {
    let [named, numbered] = tokens(OURS, "environment:dev");
    for (what, policy, second_form) in policies() {
        assert!(admits(&policy, &named), "{what}");
        assert_eq!(admits(&policy, &numbered), second_form, "{what}");
    }
}

#[test]
fn nobody_else_is_trusted() {
    let [owner, name] = OURS;
    let others = [("other", 1), ("evil", 2)];
    #[rustfmt::skip]
    let strangers: &[(&str, Named, &str)] = &[
        ("another repository",                 [owner, ("other-repo", 9)],               "environment:dev"),
        ("one whose name begins alike",        [owner, ("octo-repo-2", 9)],              "environment:dev"),
        ("one whose name ends alike",          [owner, ("my-octo-repo", 9)],             "environment:dev"),
        ("another owner",                      [("octo", 9), name],                      "environment:dev"),
        ("an owner whose name begins alike",   [("octo-org-2", 9), name],                "environment:dev"),
        ("a fork",                             [("mallory", 9), ("octo-repo", 10)],      "environment:dev"),
        ("a fork's pull request",              [("mallory", 9), ("octo-repo", 10)],      "pull_request"),
        ("another environment",                OURS,                                     "environment:prod"),
        ("one whose name begins alike",        OURS,                                     "environment:dev2"),
        ("one whose name ends alike",          OURS,                                     "environment:my-dev"),
        ("the environment of plans",           OURS,                                     "environment:dev-plan"),
        ("one in capitals",                    OURS,                                     "environment:Dev"),
        ("a pull request",                     OURS,                                     "pull_request"),
        ("a branch",                           OURS,                                     "ref:refs/heads/main"),
        ("a branch that is called like it",    OURS,                                     "ref:refs/heads/environment:dev"),
        ("a tag",                              OURS,                                     "ref:refs/tags/environment:dev"),
        ("a name like the rest of a subject",  [owner, ("other-repo", 9)],               "environment:x/octo-repo@1:environment:dev"),
        ("the same, encoded",                  [owner, ("other-repo", 9)],               "environment:x/octo-repo@1%3Aenvironment%3Adev"),
        ("the same of another owner",          others,                                   "environment:x@1/octo-repo@456789:environment:dev"),
        ("a whole subject",                    others,                                   "environment:repo:octo-org/octo-repo:environment:dev"),
        ("our repository, such an environment",OURS,                                     "environment:x/octo-repo@1:environment:dev"),
        ("a branch with the rest of it",       [owner, ("other-repo", 9)],               "ref:refs/heads/x/octo-repo@1:environment:dev"),
    ];
    for (what, policy, _) in policies() {
        for (who, repository, context) in strangers {
            for token in tokens(*repository, context) {
                assert!(!admits(&policy, &token), "{what}: {who} is trusted with {token}");
            }
        }
    }
}

#[test]
fn a_token_is_for_sts() {
    for (what, policy, _) in policies() {
        for audience in
            [json!("https://github.com/octo-org"), json!("api://AzureADTokenExchange"), Value::Null]
        {
            for mut token in tokens(OURS, "environment:dev") {
                token["aud"] = audience.clone();
                assert!(!admits(&policy, &token), "{what}: {audience}");
            }
        }
    }
}

/// A pattern alone would not do: what the claims are for.
#[test]
fn a_pattern_alone_would_trust_a_hostile_environment() {
    let pattern = b"repo:octo-org@*/octo-repo@*:environment:dev";
    let [_, hostile] = tokens([OURS[0], ("other-repo", 9)], "environment:x/octo-repo@1:environment:dev");
    assert!(like(pattern, hostile["sub"].as_str().expect("text").as_bytes()));
    let [_, _, (_, policy, _), _] = policies();
    assert!(!admits(&policy, &hostile));
}

/// Whoever gets the names of a repository that was given up is somebody else all the same.
#[test]
fn a_number_outlives_a_name() {
    let [(owner, _), (name, _)] = OURS;
    let squatter = tokens([(owner, 9), (name, 10)], "environment:dev");
    let [(_, with_numbers, _), ..] = policies();
    for token in squatter {
        assert!(!admits(&with_numbers, &token), "{token}");
    }
}
