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


def required_types(action):
    """How many types of resource the Service Authorization Reference requires of an action."""
    prefix, _, name = action.partition(":")
    types = parliament.statement.get_privilege_info(prefix, name)["resource_types"]
    return sum("*" in one["resource_type"] for one in types)


def mismatches(detail):
    """
    The reference does not tell whether an action needs all of its types, or one of them, as tagging does;
    nor need one statement name them all. So an action fits where any of its types does.
    """
    counts = collections.Counter(one["action"] for one in detail)
    for action, count in counts.items():
        if count >= required_types(action):
            formats = [one["required_format"] for one in detail if one["action"] == action]
            yield f"{action} is about {' or '.join(dict.fromkeys(formats))}"


def details(finding):
    """What there is to tell of a finding: nothing, when it is none."""
    if finding.issue == "RESOURCE_MISMATCH":
        return list(mismatches(finding.detail))
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
    found = [(None, finding) for finding in policy._findings]
    for (number, _), statement in zip(statements, policy.statements):
        found.extend((number, finding) for finding in statement.findings)
    for number, finding in found:
        title = parliament.enhance_finding(finding).title.strip()
        for detail in details(finding):
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
