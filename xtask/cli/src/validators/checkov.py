"""Has checkov judge templates and prints one JSON document.

Its own command line asks for updates and loads a dozen other frameworks; this starts the two that read
templates, and reaches nothing but the files that it is given.
"""

import json
import logging
import os
import sys

# Before checkov is imported, which reads it then.
os.environ["CKV_SKIP_PACKAGE_UPDATE_CHECK"] = "true"

from checkov.cloudformation.runner import Runner as Templates
from checkov.runner_filter import RunnerFilter
from checkov.secrets.runner import Runner as Secrets


def judge(runner, framework, paths):
    report = runner.run(root_folder=None, files=paths, runner_filter=RunnerFilter(framework=[framework]))
    for path in report.parsing_errors:
        yield {"template": path, "rule": "incomplete", "message": "it cannot be read"}
    for record in report.failed_checks:
        # AWS::S3::Bucket.<logical id>; the secrets' records have a hash of the secret there.
        entity = record.resource.rpartition(".")[2] if framework == "cloudformation" else None
        keys = record.check_result.get("evaluated_keys") or []
        yield {
            "template": record.file_abs_path,
            "entity": entity,
            "path": keys[0] if entity and keys else None if entity else f"line {record.file_line_range[0]}",
            "rule": record.check_id,
            "message": record.check_name,
        }


logging.disable(logging.CRITICAL)
paths = sys.argv[1:]
findings = [*judge(Templates(), "cloudformation", paths), *judge(Secrets(), "secrets", paths)]
json.dump(findings, sys.stdout)
