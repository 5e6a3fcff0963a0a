//! Each validator finds what is wrong, and heeds what a resource says about it; and what the shipped
//! templates say about it is what there is to say.

use std::collections::BTreeSet;

use serde_json::json;
use stacks::cfn::{Auditor, LogicalId, Resource};

use super::*;
use crate::Format;
use session::Project;

const ACCOUNT: Account = Account { region: "eu-central-1", id: "111122223333" };

async fn programs() -> Programs {
    let report = Report::new(Format::Text);
    Programs::ensure(&Project::locate(), &report).await.expect("the virtual environments")
}

/// What a validator found, as `(stack, entity, severity, rule)`.
fn seen(verdict: &Verdict) -> Vec<(&str, &str, Severity, &str)> {
    let findings = verdict.findings.iter();
    let mut seen: Vec<_> = findings
        .map(|one| (one.stack.as_str(), one.entity.as_deref().unwrap_or(""), one.severity, one.rule.as_str()))
        .collect();
    seen.sort_unstable();
    seen
}

/// A wrong property, a warning that is suppressed on one resource and not on the other, for the linters
/// and for the auditor; and a key that looks like one of AWS.
const TEMPLATE: &str = r#"{
    "Resources": {
        "Wrong": {"Type": "AWS::SQS::Queue", "Properties": {"QueueNam": "x", "KmsMasterKeyId": "alias/aws/sqs"}},
        "Known": {
            "Type": "AWS::Timestream::Database",
            "Metadata": {
                "cfn-lint": {"config": {"ignore_checks": ["W3697"]}},
                "checkov": {"skip": [{"id": "CKV_AWS_160", "comment": "the key of AWS is enough here"}]}
            }
        },
        "Unknown": {"Type": "AWS::Timestream::Database"}
    },
    "Outputs": {"Leak": {"Value": "AKIAIOSFODNN7EXAMPL1"}}
}"#;

#[tokio::test]
async fn validators_find_what_is_wrong_and_heed_suppressions() {
    let Programs { tools, audit } = programs().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let template = folder.join("ingest.json");
    std::fs::write(&template, TEMPLATE).expect("write");
    let templates = [template];
    let lint = cfn_lint::validate(&tools, folder, &templates, ACCOUNT.region).await.expect("cfn-lint");
    let validate = cloudformation_validate::validate(&tools, folder, &templates, ACCOUNT.region);
    let validate = validate.await.expect("cloudformation-validate");
    let audited = checkov::validate(&audit, folder, &templates).await.expect("checkov");
    let unknown = |rule| ("ingest", "Unknown", Severity::Warning, rule);
    for (verdict, major, expected) in [
        (lint, "1.", [unknown("W3697"), ("ingest", "Wrong", Severity::Error, "E3002")]),
        (validate, "1.", [unknown("W3697"), ("ingest", "Wrong", Severity::Error, "F3002")]),
        (audited, "3.", [("ingest", "", Severity::Warning, "CKV_SECRET_2"), unknown("CKV_AWS_160")]),
    ] {
        assert_eq!(seen(&verdict), expected, "{}", verdict.validator);
        assert!(verdict.version.starts_with(major), "{} {}", verdict.validator, verdict.version);
    }
}

#[tokio::test]
async fn what_checkov_cannot_read_is_a_finding() {
    let Programs { audit, .. } = programs().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let template = folder.path().join("ingest.json");
    std::fs::write(&template, r#"{"Resources": {"#).expect("write");
    let verdict = checkov::validate(&audit, folder.path(), &[template]).await.expect("checkov");
    assert_eq!(seen(&verdict), [("ingest", "", Severity::Warning, "incomplete")]);
}

fn shipped(name: &str, overrides: &[(String, String)]) -> Vec<Stack> {
    let project = Project::locate();
    let (model, environment) = project.load_sample(name, overrides).expect("a shipped environment");
    synthesized(&Inputs { model: &model, environment: &environment }).expect("stacks")
}

/// Changes one resource of the shipped `dev`.
fn changed(stack: &str, id: &'static str, change: impl Fn(&mut Resource)) -> Vec<Stack> {
    let mut stacks = shipped("dev", &[]);
    let stack = stacks.iter_mut().find(|candidate| candidate.name == stack).expect("the stack");
    change(stack.template.resources_mut().get_mut(&LogicalId::new(id)).expect("the resource"));
    stacks
}

#[tokio::test]
async fn parliament_names_the_statement_that_does_not_say_what_it_means() {
    const ROLE: &str = "KinesisConsumerRole";
    const FIRST: &str = "Policies/0/PolicyDocument/Statement/0";
    let Programs { audit, .. } = programs().await;
    let queue = json!({"Ref": "QuarantineArn"});
    let allow = |actions: Value, resource: &Value| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    let conditioned = |condition: Value| {
        let mut statement = allow(json!("sqs:SendMessage"), &queue);
        statement["Condition"] = condition;
        statement
    };
    let cases = [
        (allow(json!("sqs:SendMessage"), &queue), None),
        (allow(json!(["sqs:SendMessage", "kinesis:GetRecords"]), &queue), Some((FIRST, "RESOURCE_MISMATCH"))),
        (allow(json!("sqs:SendMessage"), &json!("*")), Some((FIRST, "RESOURCE_STAR"))),
        (allow(json!("sqs:SendMessage"), &json!("QuarantineQueue")), Some((FIRST, "INVALID_ARN"))),
        // Too new for its data; cfn-lint knows it.
        (allow(json!(["cloudformation:DescribeEvents", "sqs:SendMessage"]), &queue), None),
        // One of the types that can be tagged is enough.
        (allow(json!("timestream:TagResource"), &json!({"Ref": "TableArn"})), None),
        (allow(json!("timestream:TagResource"), &queue), Some((FIRST, "RESOURCE_MISMATCH"))),
        // What it is made in; another statement is about what is made.
        (
            allow(json!("ec2:CreateSecurityGroup"), &json!("arn:aws:ec2:eu-central-1:111122223333:vpc/*")),
            None,
        ),
        (
            conditioned(json!({"StringEquals": {"s3:prefix": "quarantine/"}})),
            Some((FIRST, "UNKNOWN_CONDITION_FOR_ACTION")),
        ),
        (conditioned(json!({"StringEqual": {"aws:SourceAccount": "1"}})), Some((FIRST, "UNKNOWN_OPERATOR"))),
        (
            allow(json!(["iam:CreatePolicyVersion"]), &json!("arn:aws:iam::111122223333:policy/sluice")),
            Some(("Policies/0/PolicyDocument", "PRIVILEGE_ESCALATION")),
        ),
    ];
    for (statement, expected) in cases {
        let stacks = changed("consumer", ROLE, |role| {
            *role.property_mut("/Policies/0/PolicyDocument/Statement/0").expect("a statement") =
                statement.clone();
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let verdict =
            parliament::validate(&audit, folder.path(), &stacks, &ACCOUNT).await.expect("parliament");
        let found = verdict.findings.iter().map(|found| {
            assert_eq!((found.stack.as_str(), found.entity.as_deref()), ("consumer", Some(ROLE)));
            (found.path.as_deref().unwrap_or_default(), found.rule.as_str())
        });
        let found: BTreeSet<_> = found.collect();
        match expected {
            None => assert_eq!(found, BTreeSet::new(), "{statement}"),
            Some(expected) => assert!(found.contains(&expected), "{statement}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn parliament_reads_trust_and_resource_policies_and_heeds_skips() {
    let Programs { audit, .. } = programs().await;
    let anybody = json!({"AWS": "somebody"});
    let trusted = |role: &mut Resource| {
        *role.property_mut("/AssumeRolePolicyDocument/Statement/0/Principal").expect("a principal") =
            anybody.clone();
    };
    let refused = |policy: &mut Resource| {
        *policy.property_mut("/PolicyDocument/Statement/0/Condition/Bool").expect("a condition") =
            json!({"aws:SecureTransport": "no"});
    };
    let skipped = |role: &mut Resource| {
        trusted(role);
        *role = role.clone().skip(Auditor::Parliament, "UNKNOWN_PRINCIPAL", "somebody is known to the test");
    };
    let cases = [
        (changed("consumer", "KinesisConsumerRole", trusted), Some("UNKNOWN_PRINCIPAL")),
        (changed("consumer", "KinesisConsumerRole", skipped), None),
        (changed("ingest", "QuarantineQueuePolicy", refused), Some("MISMATCHED_TYPE_OPERATION_TO_NULL")),
    ];
    for (stacks, expected) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let verdict =
            parliament::validate(&audit, folder.path(), &stacks, &ACCOUNT).await.expect("parliament");
        let rules: Vec<&str> = verdict.findings.iter().map(|found| found.rule.as_str()).collect();
        assert_eq!(rules, expected.into_iter().collect::<Vec<_>>());
    }
}

/// What is skipped is what would be found, neither more nor less, in each shipped environment and in what
/// can be made of it.
#[tokio::test]
async fn what_is_skipped_is_what_would_be_found() {
    let Programs { audit, .. } = programs().await;
    // A Flink job that connects to a cluster has what every Flink job has, and what it takes to be in its network.
    let direct = [("consumer.kind", "flink"), ("store.kind", "postgres"), ("store.connection", "direct")];
    let direct = direct.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let names = Project::locate().environments();
    let plain = names.iter().map(|name| (name, &[][..]));
    for (name, overrides) in plain.chain([(&names[0], &direct[..])]) {
        let mut stacks = shipped(name, overrides);
        let mut skipped = BTreeSet::new();
        for stack in &mut stacks {
            for (id, resource) in stack.template.resources_mut() {
                // What stands in for a type keeps what is said of the type.
                let is_stand_in = resource.kind().starts_with("Custom::");
                let skips = resource.skipped().filter(|_| !is_stand_in);
                skipped.extend(skips.map(|skip| (stack.name.to_owned(), id.to_string(), skip.id.to_owned())));
                for auditor in Auditor::ALL {
                    *resource = resource.clone().metadata_entry(auditor.as_str(), json!({"skip": []}));
                }
            }
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let templates = write(folder.path(), &stacks).expect("write");
        let (audited, policies) = futures::try_join!(
            checkov::validate(&audit, folder.path(), &templates),
            parliament::validate(&audit, folder.path(), &stacks, &ACCOUNT),
        )
        .expect("verdicts");
        let findings = audited.findings.into_iter().chain(policies.findings);
        let found: BTreeSet<_> =
            findings.map(|found| (found.stack, found.entity.unwrap_or_default(), found.rule)).collect();
        let stale: Vec<_> = skipped.difference(&found).collect();
        let open: Vec<_> = found.difference(&skipped).collect();
        assert!(stale.is_empty(), "{name} {overrides:?}: skipped, and not found: {stale:?}");
        assert!(open.is_empty(), "{name} {overrides:?}: found, and neither mended nor skipped: {open:?}");
        assert!(found.len() > 20, "{name}: {found:?}");
    }
}

const WORKFLOW: &str = "name: CI
on: push
permissions: {}
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    permissions:
      contents: read # to check out
    steps:
      - name: Check out
        uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - name: Test
        run: cargo xtask test
";

#[tokio::test]
async fn a_wrong_workflow_is_found_where_it_is_wrong() {
    let Programs { tools, .. } = programs().await;
    // What is replaced by what; what each linter then says, and on which line.
    let cases = [
        ("", "", None, None),
        ("runs-on:", "run-on:", Some((5, "syntax-check")), None),
        ("cargo xtask test", "echo ${{ matrix.missing }}", Some((16, "expression")), None),
        ("cargo xtask test", "cat $HOME/x", Some((16, "shellcheck")), None),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", None, Some((12, "unpinned-uses"))),
        ("on: push", "on: pull_request_target", None, Some((2, "dangerous-triggers"))),
        ("persist-credentials: false", "fetch-depth: 1", None, Some((11, "artipacked"))),
    ];
    for (from, to, invalid, unsafe_) in cases {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join(".github/workflows");
        assert!(workflows::files(root.path()).is_empty());
        std::fs::create_dir_all(&folder).expect("create");
        std::fs::write(folder.join("ci.yml"), WORKFLOW.replacen(from, to, 1)).expect("write");
        std::fs::write(folder.join("README.md"), "not a workflow").expect("write");
        let files = workflows::files(root.path());
        assert_eq!(files, [folder.join("ci.yml")]);

        let said = workflows::actionlint(&tools, root.path(), &files).await.expect("actionlint");
        let told = |remarks: &[workflows::Remark]| {
            remarks.first().map(|remark| (remark.line, remark.rule.clone(), remark.file.clone()))
        };
        let expected = |remark: Option<(usize, &str)>| {
            remark.map(|(line, rule)| (line, rule.to_owned(), ".github/workflows/ci.yml".to_owned()))
        };
        assert_eq!(told(&said), expected(invalid), "{to}: {said:?}");
        // zizmor ends at what is no workflow.
        if invalid.is_none_or(|(_, rule)| rule != "syntax-check") {
            let said = workflows::zizmor(&tools, root.path()).await.expect("zizmor");
            assert_eq!(told(&said), expected(unsafe_), "{to}: {said:?}");
        }
    }
}

#[tokio::test]
async fn a_workflow_may_say_why_it_is_as_it_is() {
    let Programs { tools, .. } = programs().await;
    let root = tempfile::tempdir().expect("a temporary folder");
    let folder = root.path().join(".github/workflows");
    std::fs::create_dir_all(&folder).expect("create");
    let explained =
        "on: pull_request_target # zizmor: ignore[dangerous-triggers] nothing of it is checked out";
    std::fs::write(folder.join("ci.yml"), WORKFLOW.replacen("on: push", explained, 1)).expect("write");
    assert_eq!(workflows::zizmor(&tools, root.path()).await.expect("zizmor"), []);
    std::fs::write(folder.join("broken.yml"), "jobs: [").expect("write");
    let error = workflows::zizmor(&tools, root.path()).await.expect_err("no workflow").to_string();
    assert!(error.contains("zizmor failed") && error.contains("broken.yml"), "{error}");
}
