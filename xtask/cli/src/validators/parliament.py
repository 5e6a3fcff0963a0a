"""Has parliament judge policy documents and prints one JSON document.

Reads the documents from a file, because the program that asks knows what stands where the templates have
intrinsics. An action that parliament's data does not have yet is left out, so that the others beside it
are looked at; cfn-lint, whose data is newer, says which actions there are not.
"""

import collections
import json
import pathlib
import sys

import parliament


def known(action):
    try:
        parliament.expand_action(action)
    except (parliament.UnknownActionException, parliament.UnknownPrefixException):
        return False
    return True


def judged(document):
    """The statements of a document with the actions that can be judged, each with its number."""
    for number, statement in enumerate(document["Statement"]):
        key = "Action" if "Action" in statement else "NotAction"
        actions = statement.get(key, [])
        actions = [actions] if isinstance(actions, str) else actions
        # A pattern of everything is no name of an action.
        actions = [action for action in actions if action in ("*", "*:*") or known(action)]
        if actions:
            yield number, {**statement, key: actions}


def fits(action, resources):
    """
    Whether one of the resources is of a type that the action is about.

    The Service Authorization Reference does not tell whether an action needs all of its types, or one of
    them, as tagging does; nor need one statement name them all.
    """
    prefix, _, name = action.partition(":")
    privilege = parliament.statement.get_privilege_info(prefix, name)
    kinds = [one["resource_type"] for one in privilege["resource_types"] if one["resource_type"]]
    formats = [(kind, parliament.statement.get_arn_format(kind, privilege["service_resources"])) for kind in kinds]
    return any(parliament.is_arn_strictly_valid(*form, arn) for form in formats for arn in resources)


def mismatches(detail, resources):
    resources = [resources] if isinstance(resources, str) else resources
    formats = collections.defaultdict(list)
    for one in detail:
        if not fits(one["action"], resources):
            formats[one["action"]].append(one["required_format"])
    for action, required in formats.items():
        yield f"{action} is about {' or '.join(dict.fromkeys(required))}"


def details(finding, statement):
    """What there is to tell of a finding: nothing, when it is none."""
    if finding.issue == "RESOURCE_MISMATCH":
        return list(mismatches(finding.detail, statement.get("Resource", [])))
    if isinstance(finding.detail, list):
        return finding.detail
    actions = finding.location.get("actions") or []
    return [finding.detail or ", ".join([actions] if isinstance(actions, str) else actions)]


def findings(subject):
    document = subject["document"]
    statements = list(judged(document))
    if not statements:
        return
    text = json.dumps({**document, "Statement": [statement for _, statement in statements]})
    policy = parliament.analyze_policy_string(
        text, ignore_private_auditors=True, include_community_auditors=True
    )
    found = [(None, {}, finding) for finding in policy._findings]
    for (number, statement), judgement in zip(statements, policy.statements):
        found.extend((number, statement, finding) for finding in judgement.findings)
    for number, statement, finding in found:
        title = parliament.enhance_finding(finding).title.strip()
        for detail in details(finding, statement):
            yield {
                "stack": subject["stack"],
                "entity": subject["entity"],
                "path": subject["path"] if number is None else f"{subject['path']}/Statement/{number}",
                "rule": finding.issue,
                "title": title,
                "detail": detail,
            }


# Its auditors for combinations of actions have their titles in a file of their own.
package = pathlib.Path(parliament.__file__).parent
parliament.override_config(package / "community_auditors" / "config_override.yaml")

subjects = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
json.dump([finding for subject in subjects for finding in findings(subject)], sys.stdout)
