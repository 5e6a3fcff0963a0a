//! [parliament](https://github.com/duo-labs/parliament): whether the statements of policies say what they
//! mean. It knows which resources and conditions each action is about, and which combinations of actions
//! let a role have more than it is given.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use stacks::Stack;
use stacks::cfn::{Auditor, WILDCARD_METADATA};

use super::policies::{self, Account, TRUST_POLICY};
use super::{Finding, Severity, Verdict, run};
use artifacts::toolchain::requirements::AUDIT;
use artifacts::toolchain::venv::Venv;

const NAME: &str = "parliament";

/// The package's own command line reads policies, not many at once, and says nothing of where they stand.
const PROGRAM: &str = include_str!("parliament.py");

/// What it finds wherever it is right, and where the reason to go on is the same each time. What is wrong
/// in one place alone has its reason there, in the resource's metadata.
static MUTED: &[Muted] = &[
    // To let somebody take the role is what a trust policy is for; who that is, the invariants look at.
    Muted { rule: "CREDENTIALS_EXPOSURE", path: TRUST_POLICY, detail: "sts:assumerole" },
    // Its list of identity providers ends with those of its first years, without any of OpenID Connect.
    Muted { rule: "UNKNOWN_FEDERATION_SOURCE", path: TRUST_POLICY, detail: ":oidc-provider/" },
    // A provider names its condition keys after itself, so that no list has them.
    Muted {
        rule: "UNKNOWN_CONDITION_FOR_ACTION",
        path: TRUST_POLICY,
        detail: "token.actions.githubusercontent.com:",
    },
    // A condition key of every service, which is newer than parliament's data.
    Muted { rule: "UNKNOWN_CONDITION_FOR_ACTION", path: "", detail: "aws:ViaAWSService" },
    // An ARN that is compared as text is compared exactly; `ArnEquals` would read patterns.
    Muted { rule: "MISMATCHED_TYPE_BUT_USABLE", path: "", detail: "StringEquals requires" },
    Muted { rule: "MISMATCHED_TYPE_BUT_USABLE", path: "", detail: "StringNotEquals requires" },
    // The Service Authorization Reference has no resource for these two, though each is about one stream.
    Muted { rule: "RESOURCE_MISMATCH", path: "", detail: "kinesis:UpdateShardCount is about *" },
    Muted { rule: "RESOURCE_MISMATCH", path: "", detail: "kinesis:UpdateStreamMode is about *" },
];

/// A remark of parliament that is not heeded.
struct Muted {
    rule: &'static str,
    /// Where it stands: a part of the path.
    path: &'static str,
    /// What it is about: a part of the detail.
    detail: &'static str,
}

/// What the program prints.
#[derive(Deserialize)]
struct Remark {
    stack: String,
    entity: String,
    path: String,
    rule: String,
    title: String,
    detail: String,
}

/// Reads every policy of the stacks in one process.
pub async fn validate(
    venv: &Venv,
    folder: &Path,
    stacks: &[Stack],
    account: &Account<'_>,
) -> anyhow::Result<Verdict> {
    let policies = policies::policies(stacks, account);
    let path = folder.join("policies.json");
    std::fs::write(&path, serde_json::to_vec(&policies)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let output = run(venv, "python", folder, &["-I", "-c", PROGRAM], &[path]).await?;
    let remarks: Vec<Remark> =
        serde_json::from_slice(&output.stdout).context("what parliament prints is not understood")?;
    let findings = remarks
        .into_iter()
        .filter(|remark| !is_muted(remark) && !is_skipped(stacks, remark))
        .map(finding)
        .collect();
    let version = AUDIT.pinned(NAME).to_owned();
    Ok(Verdict { validator: NAME, version, templates: stacks.len(), findings })
}

fn is_muted(remark: &Remark) -> bool {
    let is = |muted: &Muted| {
        muted.rule == remark.rule && remark.path.contains(muted.path) && remark.detail.contains(muted.detail)
    };
    MUTED.iter().any(is)
}

/// Whether the resource says why it stays as it is: of the rule, or of the action that is allowed on `*`.
fn is_skipped(stacks: &[Stack], remark: &Remark) -> bool {
    let stack = stacks.iter().find(|stack| stack.name == remark.stack);
    let resources = stack.into_iter().flat_map(|stack| stack.template.resources());
    let mut subjects = resources.filter(|(id, _)| id.as_str() == remark.entity);
    subjects.any(|(_, resource)| {
        let wildcards = resource.metadata().get(WILDCARD_METADATA);
        remark.rule == "RESOURCE_STAR" && wildcards.is_some_and(|why| why[&remark.detail].is_string())
            || resource.skipped().any(|skip| skip.auditor == Auditor::Parliament && skip.id == remark.rule)
    })
}

fn finding(remark: Remark) -> Finding {
    Finding {
        stack: remark.stack,
        entity: Some(remark.entity),
        path: Some(remark.path),
        severity: Severity::Warning,
        validator: NAME,
        rule: remark.rule,
        message: match remark.detail.as_str() {
            "" => remark.title,
            detail => format!("{}: {detail}", remark.title),
        },
    }
}
