#!/usr/bin/env python3
"""A transform for the tests, which does what a record says. It speaks Lambda's Runtime API."""

import base64
import json
import os
import pathlib
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
FAILED_BEFORE = pathlib.Path(os.environ["FAILED_BEFORE"])


def outcome(record):
    match base64.b64decode(record["data"]):
        case b"refuse":
            return [{"recordId": record["recordId"], "result": "ProcessingFailed"}]
        case b"drop":
            return [{"recordId": record["recordId"], "result": "Dropped"}]
        case b"leave out":
            return []
        case data if data.startswith(b"file "):
            metadata = {"partitionKeys": {"kind": data.split()[1].decode()}}
            line = base64.b64encode(data + b"\n").decode()
            return [{"recordId": record["recordId"], "result": "Ok", "data": line, "metadata": metadata}]
        case data:
            line = base64.b64encode(data + b"\n").decode()
            return [{"recordId": record["recordId"], "result": "Ok", "data": line}]


def answer(records):
    data = [base64.b64decode(record["data"]) for record in records]
    if b"fail always" in data:
        raise ValueError("as the record says")
    if b"fail once" in data and not FAILED_BEFORE.exists():
        FAILED_BEFORE.touch()
        raise ValueError("once")
    return {"records": [one for record in records for one in outcome(record)]}


while True:
    with urllib.request.urlopen(f"{API}/next", timeout=None) as event:
        request_id, records = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)["records"]
    try:
        end, body = "response", answer(records)
    except ValueError as error:
        end, body = "error", {"errorType": "ValueError", "errorMessage": str(error)}
    urllib.request.urlopen(f"{API}/{request_id}/{end}", json.dumps(body).encode()).close()
