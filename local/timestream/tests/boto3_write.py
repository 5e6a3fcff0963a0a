"""Drives the Write API with boto3. Argument: the endpoint's URL. Fails with a traceback."""

import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "timestream-write",
    endpoint_url=sys.argv[1],
    config=Config(retries={"total_max_attempts": 1}),
)
NOW = time.time_ns()
HOUR = 3_600_000_000_000


def refused(code, operation, **request):
    """The error response of a call that must fail with this code."""
    try:
        operation(**request)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return error.response
    raise AssertionError(f"{operation.__name__} did not fail with {code}")


def write(*records, common=None, table="measures"):
    request = {"DatabaseName": "home", "TableName": table, "Records": list(records)}
    if common:
        request["CommonAttributes"] = common
    return client.write_records(**request)


def record(device="d1", at=NOW, value="21.5", **more):
    return {
        "Dimensions": [{"Name": "device", "Value": device}],
        "MeasureName": "temperature",
        "MeasureValue": value,
        "Time": str(at),
        "TimeUnit": "NANOSECONDS",
        **more,
    }


# Control plane
address = client.describe_endpoints()["Endpoints"][0]["Address"]
assert sys.argv[1].endswith(address), address
database = client.create_database(
    DatabaseName="home", Tags=[{"Key": "owner", "Value": "me"}]
)["Database"]
assert abs(database["CreationTime"].timestamp() - time.time()) < 60, database
tags = client.list_tags_for_resource(ResourceARN=database["Arn"])["Tags"]
assert tags == [{"Key": "owner", "Value": "me"}], tags
retention = {
    "MemoryStoreRetentionPeriodInHours": 24,
    "MagneticStoreRetentionPeriodInDays": 30,
}
location = {
    "S3Configuration": {"BucketName": "rejected-data", "EncryptionOption": "SSE_S3"}
}
late_writes = {
    "EnableMagneticStoreWrites": True,
    "MagneticStoreRejectedDataLocation": location,
}
for table, properties in [
    ("measures", {"EnableMagneticStoreWrites": False}),
    ("late", late_writes),
]:
    client.create_table(
        DatabaseName="home",
        TableName=table,
        RetentionProperties=retention,
        MagneticStoreWriteProperties=properties,
    )
described = client.describe_table(DatabaseName="home", TableName="late")["Table"]
assert described["RetentionProperties"] == retention, described
assert described["MagneticStoreWriteProperties"] == late_writes, described
assert described["Schema"] == {"CompositePartitionKey": [{"Type": "MEASURE"}]}
refused("ConflictException", client.create_database, DatabaseName="home")
refused("ValidationException", client.create_database, DatabaseName="xy")
refused("ValidationException", client.delete_database, DatabaseName="home")
refused("ResourceNotFoundException", client.describe_database, DatabaseName="none")
names, token = [], {}
while True:
    page = client.list_tables(DatabaseName="home", MaxResults=1, **token)
    names += [table["TableName"] for table in page["Tables"]]
    if "NextToken" not in page:
        break
    token = {"NextToken": page["NextToken"]}
assert names == ["late", "measures"], names

# Writes
ingested = write(record(), record("d2"))["RecordsIngested"]
assert ingested == {"Total": 2, "MemoryStore": 2, "MagneticStore": 0}, ingested
response = refused(
    "RejectedRecordsException",
    client.write_records,
    DatabaseName="home",
    TableName="measures",
    Records=[
        record(value="22"),
        record("d3"),
        record("d4", at=NOW + HOUR),
        record("d2"),
        record("d5", at=NOW - 25 * HOUR),
    ],
)
rejected = response["RejectedRecords"]
assert [entry["RecordIndex"] for entry in rejected] == [0, 2, 4], rejected
assert rejected[0]["ExistingVersion"] == 1, rejected
assert rejected[0]["Reason"].startswith("A record already exists"), rejected
assert "of the memory store." in rejected[1]["Reason"], rejected
assert "One or more records" in response["Error"]["Message"], response
write(record(value="22", Version=2))
late = write(record(at=NOW - 25 * HOUR), table="late")["RecordsIngested"]
assert late == {"Total": 1, "MemoryStore": 0, "MagneticStore": 1}, late
write(
    {"MeasureValues": [{"Name": "watt", "Value": "3.5", "Type": "DOUBLE"}]},
    common={
        "Dimensions": [{"Name": "device", "Value": "d1"}],
        "MeasureName": "metrics",
        "MeasureValueType": "MULTI",
        "Time": str(NOW // 1_000_000),
    },
)
for wrong in [
    record(value="NaN"),
    record(Dimensions=[]),
    record(Version=0),
    record(MeasureName="time"),
]:
    refused(
        "ValidationException",
        client.write_records,
        DatabaseName="home",
        TableName="measures",
        Records=[wrong],
    )
refused(
    "ValidationException",
    client.write_records,
    DatabaseName="home",
    TableName="measures",
    Records=[record(f"d{number}") for number in range(101)],
)

# The end
for table in names:
    client.delete_table(DatabaseName="home", TableName=table)
client.delete_database(DatabaseName="home")
assert client.list_databases()["Databases"] == []
