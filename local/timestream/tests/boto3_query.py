"""Drives the Query API with boto3. Argument: the endpoint's URL. Fails with a traceback.

The endpoint holds home.measures with one reading of each of 2,500 devices.
"""

import sys

import boto3
from botocore.exceptions import ClientError

client = boto3.client("timestream-query", endpoint_url=sys.argv[1])
ALL = "SELECT device, time, measure_value::double AS v FROM home.measures ORDER BY device"
DEVICES = [f"d{number:04}" for number in range(2500)]


def rows(sql, **more):
    """All rows through the paginator, and how many pages they took."""
    pages = list(client.get_paginator("query").paginate(QueryString=sql, **more))
    return [row["Data"] for page in pages for row in page["Rows"]], len(pages)


for size, expected in [(1000, 3), (999, 3), (500, 5), (7, 358)]:
    found, pages = rows(ALL, PaginationConfig={"PageSize": size})
    assert [data[0]["ScalarValue"] for data in found] == DEVICES, size
    assert pages == expected, (size, pages)

page = client.query(QueryString=ALL, MaxRows=1)
assert page["ColumnInfo"] == [
    {"Name": "device", "Type": {"ScalarType": "VARCHAR"}},
    {"Name": "time", "Type": {"ScalarType": "TIMESTAMP"}},
    {"Name": "v", "Type": {"ScalarType": "DOUBLE"}},
], page["ColumnInfo"]
assert page["QueryStatus"]["ProgressPercentage"] == 100.0
assert client.cancel_query(QueryId=page["QueryId"])["CancellationMessage"]

for sql, message in [
    ("SELECT nope FROM home.measures", "line 1:8: Column 'nope' does not exist"),
    ("SELECT * FROM nope.t", "Requested database 'nope' not found for identifier 'nope.t' at line 1:15"),
]:
    try:
        client.query(QueryString=sql)
    except ClientError as error:
        assert error.response["Error"] == {"Code": "ValidationException", "Message": message}, error.response
    else:
        raise AssertionError(f"{sql} was answered")

try:
    client.query(QueryString=ALL, NextToken=page["NextToken"])
except client.exceptions.ValidationException as error:
    assert error.response["Error"]["Message"] == "Invalid pagination token", error.response
else:
    raise AssertionError("a cancelled query went on")
