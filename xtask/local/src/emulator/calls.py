"""Calls of the emulator's own APIs, by which a service of it does what it does for an account."""

import http.client
import os
import urllib.parse

# Seconds until an answer is given up: a function may take five minutes.
PATIENCE = 330


class Refused(Exception):
    """The other side answered, and did not do it."""


def invoke(scope: tuple[str, str], function: str, event: bytes) -> bytes:
    """What a function answers; raises `Refused` where it fails."""
    path = f"/2015-03-31/functions/{urllib.parse.quote(function, safe='')}/invocations"
    headers, answer = call(scope, "lambda", "POST", path, event)
    if "x-amz-function-error" in headers:
        raise Refused(f"{function} failed: {answer[:300].decode(errors='replace')}")
    return answer


def put(scope: tuple[str, str], bucket: str, key: str, body: bytes):
    """Writes an object."""
    call(scope, "s3", "PUT", f"/{bucket}/{urllib.parse.quote(key)}", body)


def call(scope: tuple[str, str], service: str, method: str, path: str, body: bytes):
    """Makes a request in an account and Region; nobody checks its signature."""
    account, region = scope
    credential = f"{account}/20260101/{region}/{service}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"}
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["GATEWAY_PORT"]), timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise Refused(f"{method} {path}: {answer.status} {content[:300].decode(errors='replace')}")
    return {name.lower(): value for name, value in answer.getheaders()}, content
