"""Makes `schema.json` from `@grafana/schema`, Grafana's own types, when the version of Grafana changes.

Needs Node and npm, which the tests do not: `python3 make_schema.py 13.2.3`, in a folder of its own or
anywhere else; the file is written beside this script. The types are under the Apache License 2.0.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

# Panel types that the dashboards use: the name in a dashboard, and that of the file of its types.
PANELS = {
    "heatmap": "Heatmap",
    "stat": "Stat",
    "state-timeline": "StateTimeline",
    "table": "Table",
    "timeseries": "TimeSeries",
}
WITH_FIELDS = ["Heatmap", "StateTimeline", "Table", "TimeSeries"]
RAW = "./node_modules/@grafana/schema/dist/esm/raw/composable"


def definition(folder, name):
    """The JSON schema of one exported type."""
    command = ["npx", "ts-json-schema-generator", "--path", "roots.ts", "--type", name]
    command += ["--tsconfig", "tsconfig.json", "--no-type-check", "--expose", "none"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    schema = json.loads(made)
    del schema["$schema"]
    return without_words(schema)


def without_words(schema):
    """What checks, without what explains."""
    if isinstance(schema, list):
        return [without_words(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    words = {"$comment", "deprecated"}
    kept = {key: without_words(value) for key, value in schema.items() if key not in words}
    if isinstance(kept.get("description"), str):
        del kept["description"]
    return kept


def main(version):
    roots = ["import { Dashboard } from '@grafana/schema';", "export type DashboardRoot = Dashboard;"]
    for name in PANELS.values():
        path = f"{RAW}/{name.lower()}/panelcfg/x/{name}PanelCfg_types.gen"
        roots += [f"import * as {name} from '{path}';", f"export type {name}Options = {name}.Options;"]
        if name in WITH_FIELDS:
            roots.append(f"export type {name}Fields = {name}.FieldConfig;")
    options = {"strict": True, "module": "nodenext", "moduleResolution": "nodenext", "skipLibCheck": True}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "roots.ts").write_text("\n".join(roots))
        (root / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["roots.ts"]}))
        (root / "package.json").write_text("{}")
        packages = [f"@grafana/schema@{version}", "ts-json-schema-generator@2.4.0"]
        subprocess.run(["npm", "install", "--silent", *packages], cwd=folder, check=True)
        latest = (root / "node_modules/@grafana/schema/dist/esm/raw/dashboard/x/types.gen.mjs").read_text()
        latest = int(latest.split("schemaVersion: ")[1].split(",")[0])
        made = {
            "version": version,
            "schemaVersion": latest,
            "dashboard": definition(folder, "DashboardRoot"),
            "options": {kind: definition(folder, f"{name}Options") for kind, name in PANELS.items()},
            "fields": {
                kind: definition(folder, f"{name}Fields")
                for kind, name in PANELS.items()
                if name in WITH_FIELDS
            },
        }
    head = "Made by make_schema.py from the npm package @grafana/schema, Apache License 2.0, Grafana Labs"
    lines = [f'"$comment": {json.dumps(head)}']
    for key, value in made.items():
        if key in ("options", "fields"):
            inner = ",\n".join(f"{json.dumps(kind)}: {json.dumps(part, sort_keys=True)}" for kind, part in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, sort_keys=True)}")
    target = pathlib.Path(__file__).with_name("schema.json")
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main(*sys.argv[1:])
