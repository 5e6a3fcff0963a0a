"""Validates templates with AWS's own rules and prints one JSON document.

The package has no command line. Nor does it read suppressions, so those that a resource declares for
cfn-lint, whose rule names it shares, are handed to it.
"""

import json
import pathlib
import sys

from cloudformation_validate import (
    CompositeEngine,
    LogicalIdFilter,
    PseudoParameterOverrides,
    ReportStatus,
    RuleFilterConfig,
    Severity,
    ValidateConfig,
)


def suppressed(template):
    for logical_id, resource in template.get("Resources", {}).items():
        config = resource.get("Metadata", {}).get("cfn-lint", {}).get("config", {})
        for rule in config.get("ignore_checks", []):
            yield LogicalIdFilter(rule_id=rule, logical_id=logical_id)


def findings(engine, region, path):
    template = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    report = engine.validate_template(
        path,
        ValidateConfig(
            severity_level=Severity.WARN,
            exclude=RuleFilterConfig(logical_ids=list(suppressed(template))),
            pseudo_parameter_overrides=PseudoParameterOverrides(region=region),
        ),
    )
    if report.status == ReportStatus.ANALYSIS_INCOMPLETE:
        yield {"template": path, "severity": "ERROR", "rule": "incomplete", "message": "not everything was analysed"}
    for diagnostic in report.diagnostics:
        yield {
            "template": path,
            "entity": diagnostic.entity.logical_id if diagnostic.entity else None,
            "path": diagnostic.property_path,
            "severity": diagnostic.severity.name,
            "rule": diagnostic.rule_id,
            "message": diagnostic.message,
        }


region, *templates = sys.argv[1:]
engine = CompositeEngine()
json.dump([finding for path in templates for finding in findings(engine, region, path)], sys.stdout)
