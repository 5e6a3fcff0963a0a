"""Measures the local target; see `local-throughput.sh`.

`pipeline`: `simulate` on a target that is deployed, and how long until every event is at each end.
`delivery`: one stream to S3, by this project's launcher and by the emulator as it comes.
"""

import collections
import gzip
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile

import boto3

REGION = "eu-central-1"
# Seconds until an end is given up.
PATIENCE = 300


def pipeline(xtask, rate, seconds):
    """`simulate` at a rate, and the rates at which its events arrive."""
    status = json.loads(run(xtask, "status"))
    outputs = json.loads(run(xtask, "outputs"))["outputs"]
    aws = clients(status["endpoints"]["aws"], status["region"])
    table = f'"{outputs["store"]["DatabaseName"]}"."{outputs["store"]["TableName"]}"'
    query = boto3.client(
        "timestream-query",
        endpoint_url=status["endpoints"]["timestream"],
        region_name=status["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        # The endpoint has no cell to be discovered.
        config=boto3.session.Config(endpoint_discovery_enabled=False),
    )

    def stored():
        try:
            answer = query.query(QueryString=f"SELECT count(*) FROM {table} WHERE time > ago(1h)")
        except query.exceptions.ValidationException:
            # The table has no columns before its first record.
            return 0
        return int(answer["Rows"][0]["Data"][0]["ScalarValue"])

    lake = Lake(aws["s3"], outputs["lake"]["LakeBucket"])
    ends = {"store": stored, "lake": lambda: lake.count()}
    # The functions start with the first events.
    sent = warm_up = json.loads(run(xtask, "simulate", "--rate", "50", "--for", "2s"))["sent"]
    wait({name: (count, sent) for name, count in ends.items()}, time.time())

    before = processor_seconds(status)
    start = time.time()
    told = json.loads(run(xtask, "simulate", "--devices", "50", "--rate", str(rate), "--for", f"{seconds}s"))
    print(f"sent      {told['sent']} events in {told['seconds']:.1f} s: {told['rate']:.0f} a second, of {rate}")
    sent += told["sent"]
    arrived = wait({name: (count, sent) for name, count in ends.items()}, start)
    for name, taken in arrived.items():
        print(f"{name:<9} {told['sent']} after {taken:.1f} s: {told['sent'] / taken:.0f} a second")
    for name, used in (processor_seconds(status) - before).most_common(6):
        print(f"          {used * 1e6 / told['sent']:6.0f} µs of a processor an event: {name}")
    assert sent == warm_up + told["sent"]


def delivery(folder, launcher, transform):
    """The same records to S3, twice."""
    rates = {}
    for name, program, records in (("sluice", [launcher], 20_000), ("ministack", ["-m", "ministack"], 500)):
        rates[name] = deliver(pathlib.Path(folder) / name, program, transform, records)
        print(f"delivery  {name}: {records} records, {rates[name]:.0f} a second")
    print(f"delivery  {rates['sluice'] / rates['ministack']:.0f} times")


def deliver(folder, program, transform, records):
    """Records a second from the first request to the last line, on an emulator of its own."""
    folder.mkdir()
    port, mqtt = free_port(), free_port()
    settings = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1", "IOT_MTLS_PORT": str(mqtt), "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"), "LAMBDA_EXECUTOR": "local", "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",
    }  # fmt: skip
    with open(folder / "log", "w") as output:
        emulator = subprocess.Popen([sys.executable, *program], env=settings, stdout=output, stderr=output)
    try:
        wait_for(f"http://127.0.0.1:{port}/_ministack/ready")
        aws = clients(f"http://127.0.0.1:{port}", REGION)
        stream = set_up(aws, transform)
        event = json.dumps({"DeviceID": "device-0001", "temperature_measure": 11.25, "humidity_measure": 45.5}).encode()
        lake = Lake(aws["s3"], "lake")
        # The transform starts with the first record.
        aws["kinesis"].put_records(StreamName=stream, Records=[{"Data": event, "PartitionKey": "0"}])
        wait({"lake": (lake.count, 1)}, time.time())
        start = time.time()
        for first in range(0, records, 500):
            batch = [{"Data": event, "PartitionKey": str(key)} for key in range(first, min(first + 500, records))]
            aws["kinesis"].put_records(StreamName=stream, Records=batch)
        return records / wait({"lake": (lake.count, records + 1)}, start)["lake"]
    finally:
        emulator.terminate()
        emulator.wait()


def set_up(aws, transform):
    """A stream, and its delivery as the lake's template has it."""
    aws["s3"].create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    role = aws["iam"].create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as entries:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entries.writestr(entry, pathlib.Path(transform).read_bytes(), zipfile.ZIP_DEFLATED, 1)
    function = aws["lambda"].create_function(
        FunctionName="transform", Runtime="provided.al2023", Handler="bootstrap", Role=role, Timeout=60,
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]  # fmt: skip
    aws["kinesis"].create_stream(StreamName="events", ShardCount=1)
    stream = aws["kinesis"].describe_stream(StreamName="events")["StreamDescription"]["StreamARN"]
    parameters = {"LambdaArn": function, "BufferSizeInMBs": "1", "BufferIntervalInSeconds": "1", "RoleArn": role}
    processor = {
        "Type": "Lambda",
        "Parameters": [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()],
    }
    aws["firehose"].create_delivery_stream(
        DeliveryStreamName="delivery",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": stream, "RoleARN": role},
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": role,
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 1},
            "Prefix": "raw/datehour=!{timestamp:yyyy/MM/dd/HH}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "ProcessingConfiguration": {"Enabled": True, "Processors": [processor]},
        },
    )
    return "events"


class Lake:
    """A bucket of JSON lines, of which each object is read once."""

    def __init__(self, s3, bucket):
        self.s3, self.bucket, self.lines = s3, bucket, {}

    def count(self):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for key in (one["Key"] for one in page.get("Contents", [])):
                if key not in self.lines:
                    body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                    body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
                    self.lines[key] = body.count(b"\n")
        return sum(self.lines.values())


def wait(ends, start):
    """Seconds since `start` at which each end had what it is to have."""
    arrived = {}
    while len(arrived) < len(ends):
        for name, (count, expected) in ends.items():
            if name not in arrived and (found := count()) >= expected:
                arrived[name] = time.time() - start
            elif name not in arrived and time.time() - start > PATIENCE:
                sys.exit(f"{name}: {found} of {expected} after {PATIENCE} s")
        time.sleep(0.2)
    return arrived


def processor_seconds(status):
    """What the processes of the target have used, by program."""
    used = collections.Counter()
    folder = os.environ["SLUICE_LOCAL_DIR"]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"SLUICE_LOCAL_TARGET={folder}" in (process / "environ").read_text().split("\0"):
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                arguments = (process / "cmdline").read_text().split("\0")
                used[name_of(process, arguments)] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return used


def name_of(process, arguments):
    """The emulator, a service, or the function that a bootstrap is."""
    environment = dict(one.split("=", 1) for one in (process / "environ").read_text().split("\0") if "=" in one)
    return environment.get("AWS_LAMBDA_FUNCTION_NAME") or next(
        (pathlib.Path(one).name for one in arguments if one.endswith(".py")), pathlib.Path(arguments[0]).name
    )


def clients(endpoint, region):
    names = ("firehose", "iam", "kinesis", "lambda", "s3")
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return {name: boto3.client(name, endpoint_url=endpoint, region_name=region, **keys) for name in names}


def run(xtask, *arguments):
    return subprocess.run([xtask, *arguments, "--format", "json"], check=True, stdout=subprocess.PIPE).stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url):
    deadline = time.time() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(url).close()
        except OSError:
            if time.time() > deadline:
                raise
            time.sleep(0.1)


match sys.argv[1:]:
    case ["pipeline", xtask, rate, seconds]:
        pipeline(xtask, int(rate), int(seconds))
    case ["delivery", folder, launcher, transform]:
        delivery(folder, launcher, transform)
    case _:
        sys.exit(__doc__)
