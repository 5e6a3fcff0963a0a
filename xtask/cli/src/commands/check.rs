//! `check`: what the validators find in an environment's templates.

use std::fmt;

use clap::Args;
use serde::Serialize;
use stacks::environment::{Entrance, Grafana, GrafanaContainer};

use super::Outcome;
use crate::Global;
use crate::report::{BAD, CAUTION, Document, FAINT, GOOD, Report, STRONG, paint};
use crate::validators::{self, Finding, Severity, Verdict};
use session::annotation::{Annotation, Level};
use session::{Exit, Project};

/// Prove the templates offline: official schemas and rules, and Sluice's own invariants
///
/// Any finding that the template does not suppress is a failure, warnings too.
#[derive(Debug, Args)]
pub struct Check {}

/// What `check` found in one environment.
#[derive(Debug, Serialize)]
pub struct Proof {
    ok: bool,
    environment: String,
    validators: Vec<Verdict>,
}

impl Check {
    pub(crate) async fn run(&self, global: &Global, report: &Report) -> Outcome {
        let project = Project::locate();
        let (model, environment) = project.load_sample(&global.environment(), &global.set)?;
        let programs = validators::Programs::ensure(&project, report).await?;
        let verdicts = validators::prove(&project, &programs, &model, &environment).await?;
        let proof = Proof::new(&environment.name, verdicts);
        report.print(&proof);
        if let Some(remark) = remark(&environment.grafana) {
            report.note(remark);
        }
        Ok(if proof.ok { Exit::Done } else { Exit::Unexpected })
    }
}

/// What is as it was asked for, and worth knowing all the same.
fn remark(grafana: &Grafana) -> Option<String> {
    let Grafana::Container(GrafanaContainer { entrance: Entrance::Plain, networks, .. }) = grafana else {
        return None;
    };
    let networks = networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(format!(
        "Grafana speaks plain HTTP, so that only {networks} may connect; `grafana.hosted_zone` makes it HTTPS"
    ))
}

impl Proof {
    /// The verdicts on an environment.
    pub fn new(environment: &str, validators: Vec<Verdict>) -> Self {
        let ok = validators.iter().all(|verdict| verdict.findings.is_empty());
        Self { ok, environment: environment.to_owned(), validators }
    }

    /// Whether nothing was found.
    pub fn ok(&self) -> bool {
        self.ok
    }
}

impl Document for Proof {
    fn text(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut findings: Vec<&Finding> =
            self.validators.iter().flat_map(|verdict| &verdict.findings).collect();
        findings.sort();
        let mut stack = "";
        for finding in findings {
            if finding.stack != stack {
                stack = &finding.stack;
                writeln!(out, "{} of {}", paint(STRONG, stack), self.environment)?;
            }
            let severity = match finding.severity {
                Severity::Error => paint(BAD, "error"),
                Severity::Warning => paint(CAUTION, "warning"),
            };
            let place = [finding.entity.as_deref(), finding.path.as_deref()];
            let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let origin = paint(FAINT, format_args!("{} {}", finding.validator, finding.rule));
            writeln!(out, "  {severity} {place}: {} {origin}", finding.message)?;
        }
        for Verdict { validator, version, templates, findings } in &self.validators {
            let mark = if findings.is_empty() { paint(GOOD, "✓") } else { paint(BAD, "✗") };
            let found = match findings.len() {
                0 => "nothing found".to_owned(),
                1 => "1 finding".to_owned(),
                many => format!("{many} findings"),
            };
            writeln!(
                out,
                "{mark} {} {validator} {version}: {templates} templates, {found}",
                self.environment
            )?;
        }
        Ok(())
    }

    fn annotations(&self) -> Vec<Annotation> {
        let annotation = |finding: &Finding| {
            let Finding { stack, entity, path, severity, validator, rule, message } = finding;
            let place = [Some(stack), entity.as_ref(), path.as_ref()];
            let place = place.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
            let title = format!("{validator} {rule}: {place}");
            let level = match severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            };
            Annotation { level, ..Annotation::error(title, message) }.in_environment(&self.environment)
        };
        self.validators.iter().flat_map(|verdict| &verdict.findings).map(annotation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::annotation::command;

    #[test]
    fn plain_http_is_remarked_on() {
        let of = |name: &str| {
            let (_, environment) = Project::locate().load_named(name, &[]).expect("a shipped environment");
            remark(&environment.grafana)
        };
        assert!(of("dev").is_some_and(|remark| remark.contains("only 203.0.113.0/24 may connect")));
        assert_eq!(of("prod"), None);
    }

    fn finding(stack: &str, entity: Option<&str>, severity: Severity) -> Finding {
        Finding {
            stack: stack.to_owned(),
            entity: entity.map(str::to_owned),
            path: entity.map(|_| "Properties/Name".to_owned()),
            severity,
            validator: "cfn-lint",
            rule: "E3002".to_owned(),
            message: "it is wrong".to_owned(),
        }
    }

    #[test]
    fn findings_are_listed_by_stack_worst_first() {
        let findings = vec![
            finding("store", None, Severity::Warning),
            finding("ingest", Some("Stream"), Severity::Warning),
            finding("ingest", Some("Queue"), Severity::Error),
        ];
        let verdict =
            |validator, findings| Verdict { validator, version: "1.0".to_owned(), templates: 2, findings };
        let proof = Proof::new("dev", vec![verdict("cfn-lint", findings), verdict("sluice", Vec::new())]);
        let mut text = String::new();
        proof.text(&mut text).expect("text");
        let expected = "\
ingest of dev
  error Queue Properties/Name: it is wrong cfn-lint E3002
  warning Stream Properties/Name: it is wrong cfn-lint E3002
store of dev
  warning : it is wrong cfn-lint E3002
✗ dev cfn-lint 1.0: 2 templates, 3 findings
✓ dev sluice 1.0: 2 templates, nothing found
";
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
        let shown: Vec<String> = proof.annotations().iter().map(command).collect();
        let expected = [
            "::warning file=environments/dev.toml,title=cfn-lint E3002%3A store::it is wrong",
            "::warning file=environments/dev.toml,title=cfn-lint E3002%3A ingest Stream Properties/Name::it is wrong",
            "::error file=environments/dev.toml,title=cfn-lint E3002%3A ingest Queue Properties/Name::it is wrong",
        ];
        assert_eq!(shown, expected);
        assert!(!proof.ok());
    }
}
