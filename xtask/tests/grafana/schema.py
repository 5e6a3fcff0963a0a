"""Checks dashboards against Grafana's own types, as `schema.json` has them: `schema.py FILE...`.

The types are closed: a key that Grafana does not know is an error. What they leave open, options and
fields by the type of the panel, is checked against the types of that panel.
"""

import json
import pathlib
import sys

from jsonschema import Draft7Validator

SCHEMA = json.loads(pathlib.Path(__file__).with_name("schema.json").read_text())


def problems(schema, value, where):
    for error in flat(Draft7Validator(schema).iter_errors(value)):
        path = "/".join(str(part) for part in error.absolute_path)
        yield f"{where}/{path}: {error.message[:300]}"


def flat(errors):
    """Of the types that a value could have, the faults in the one that it nearly has."""
    for error in errors:
        if not error.context:
            yield error
            continue
        branches = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        yield from flat(min(branches.values(), key=len))


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def check(dashboard, name):
    yield from problems(SCHEMA["dashboard"], dashboard, name)
    if dashboard["schemaVersion"] != SCHEMA["schemaVersion"]:
        yield f"{name}: schemaVersion is {dashboard['schemaVersion']}, not {SCHEMA['schemaVersion']}"
    for panel in panels(dashboard):
        kind, where = panel["type"], f"{name} panel {panel['id']}"
        if kind == "row":
            continue
        if kind not in SCHEMA["options"]:
            yield f"{where}: no type of panel is called {kind}"
            continue
        yield from problems(SCHEMA["options"][kind], panel["options"], f"{where} options")
        custom = panel["fieldConfig"]["defaults"].get("custom", {})
        if kind in SCHEMA["fields"]:
            yield from problems(SCHEMA["fields"][kind], custom, f"{where} custom")
        elif custom:
            yield f"{where}: fields of this type have nothing of their own"


found = []
for file in sys.argv[1:]:
    found += check(json.loads(pathlib.Path(file).read_text()), file)
print("\n".join(found))
sys.exit(1 if found else 0)
