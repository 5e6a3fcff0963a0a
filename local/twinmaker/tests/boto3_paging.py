"""Pages through the history of five properties in both directions, every point once and in order.

Arguments: the URLs of TwinMaker, Lambda and Timestream, and the connector's program. Fails with a traceback.
"""

import datetime
import io
import json
import sys
import time
import zipfile

import boto3
from botocore.config import Config

twinmaker_url, lambda_url, timestream_url, connector = sys.argv[1:]
ONCE = {"total_max_attempts": 1}
twinmaker = boto3.client(
    "iottwinmaker", endpoint_url=twinmaker_url, config=Config(inject_host_prefix=False, retries=ONCE)
)
functions = boto3.client("lambda", endpoint_url=lambda_url)
timestream = boto3.client("timestream-write", endpoint_url=timestream_url)

SECOND = 1_000_000_000
ROWS = 2_500
START = (int(time.time()) - 6 * 3600) * SECOND
# Every row is at its own nanosecond. Two measures are in every second row only, so that the properties of a
# page end at different times: 3 * 2,500 + 2 * 1,250 = 10,000 points.
TIMES = [START + row * SECOND + row for row in range(ROWS)]
MEASURES = {
    "temperature": ("double", "DOUBLE", "doubleValue", lambda row: row / 8, lambda row: True),
    "count": ("bigint", "LONG", "longValue", lambda row: 2**53 + row, lambda row: True),
    "on": ("boolean", "BOOLEAN", "booleanValue", lambda row: row % 3 == 0, lambda row: True),
    "state": ("varchar", "STRING", "stringValue", lambda row: f"O'Brien {row}", lambda row: row % 2 == 0),
    "seen": ("timestamp", "STRING", "stringValue", lambda row: TIMES[row], lambda row: row % 2 == 1),
}


def nanoseconds(text):
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    at = datetime.datetime.fromisoformat(seconds + "+00:00")
    return int(at.timestamp()) * SECOND + int(fraction.ljust(9, "0") or 0)


# The store
timestream.create_database(DatabaseName="home")
retention = {"MemoryStoreRetentionPeriodInHours": 24, "MagneticStoreRetentionPeriodInDays": 30}
timestream.create_table(DatabaseName="home", TableName="telemetry", RetentionProperties=retention)


def stored(row):
    values = []
    for name, (kind, _, _, value, has) in MEASURES.items():
        if has(row):
            text = str(value(row)).lower() if kind == "boolean" else str(value(row))
            values.append({"Name": name, "Type": kind.upper(), "Value": text})
    return {"Time": str(TIMES[row]), "MeasureValues": values}


for device in ["mixer", "other"]:
    common = {
        "Dimensions": [{"Name": "DeviceID", "Value": device}],
        "MeasureName": "measures",
        "MeasureValueType": "MULTI",
        "TimeUnit": "NANOSECONDS",
    }
    rows = range(ROWS if device == "mixer" else 100)
    for first in range(0, len(rows), 100):
        records = [stored(row) for row in rows[first : first + 100]]
        timestream.write_records(
            DatabaseName="home", TableName="telemetry", Records=records, CommonAttributes=common
        )

# The connector, deployed
model = {
    "topic": "dt/+/measures",
    "device": {"dimension": "DeviceID", "field": "DeviceID"},
    "dimensions": [],
    "measures": [{"name": name, "field": name, "type": kind} for name, (kind, *_) in MEASURES.items()],
    "record": {"layout": "multi", "name": "measures"},
    "undeclared": "ignore",
}
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as files:
    program = zipfile.ZipInfo("bootstrap")
    program.external_attr = 0o755 << 16
    with open(connector, "rb") as binary:
        files.writestr(program, binary.read())
    files.writestr("model.json", json.dumps(model))
arn = functions.create_function(
    FunctionName="iottwinmaker-sluice-test-connector",
    Runtime="provided.al2023",
    Handler="bootstrap",
    Role="arn:aws:iam::000000000000:role/connector",
    Code={"ZipFile": archive.getvalue()},
    Timeout=60,
    Environment={"Variables": {"DATABASE": "home", "TABLE": "telemetry", "LOG_LEVEL": "info"}},
)["FunctionArn"]

# The twin
properties = {"DeviceID": {"dataType": {"type": "STRING"}, "isExternalId": True, "isRequiredInEntity": True}}
for name, (_, kind, *_) in MEASURES.items():
    properties[name] = {"dataType": {"type": kind}, "isTimeSeries": True, "isStoredExternally": True}
workspace = {"workspaceId": "home"}
twinmaker.create_workspace(**workspace)
twinmaker.create_component_type(
    **workspace,
    componentTypeId="telemetry",
    propertyDefinitions=properties,
    functions={"dataReader": {"implementedBy": {"lambda": {"arn": arn}}}},
)
component = {"componentTypeId": "telemetry", "properties": {"DeviceID": {"value": {"stringValue": "mixer"}}}}
twinmaker.create_entity(**workspace, entityId="mixer", entityName="mixer", components={"telemetry": component})


def page_through(order):
    """All points of all properties in the order in which they came, and the number of pages."""
    points = {name: [] for name in MEASURES}
    pages, token = 0, {}
    while True:
        page = twinmaker.get_property_value_history(
            **workspace,
            entityId="mixer",
            componentName="telemetry",
            selectedProperties=list(MEASURES),
            startTime="1970-01-01T00:00:00Z",
            endTime="2100-01-01T00:00:00Z",
            maxResults=100,
            orderByTime=order,
            **token,
        )
        pages += 1
        for history in page["propertyValues"]:
            name = history["entityPropertyReference"]["propertyName"]
            assert len(history["values"]) <= 100, (name, len(history["values"]))
            for point in history["values"]:
                (member, value), = point["value"].items()
                assert member == MEASURES[name][2], (name, point)
                points[name].append((nanoseconds(point["time"]), nanoseconds(value) if name == "seen" else value))
        if not page.get("nextToken"):
            return points, pages
        assert pages < 200, "it does not end"
        token = {"nextToken": page["nextToken"]}


expected = {
    name: [(TIMES[row], value(row)) for row in range(ROWS) if has(row)]
    for name, (_, _, _, value, has) in MEASURES.items()
}
assert sum(len(points) for points in expected.values()) == 10_000
for order in ["ASCENDING", "DESCENDING"]:
    began = time.monotonic()
    points, pages = page_through(order)
    for name, wanted in expected.items():
        if order == "DESCENDING":
            wanted = wanted[::-1]
        found = points[name]
        assert len(found) == len(wanted), (order, name, len(found), len(wanted))
        assert found == wanted, next(pair for pair in zip(found, wanted) if pair[0] != pair[1])
    assert 25 <= pages <= 26, pages
    print(f"{order}: 10,000 points on {pages} pages in {time.monotonic() - began:.1f} s")
