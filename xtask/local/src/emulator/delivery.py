"""Delivers a stream to S3 as Firehose does: in buffers, by what is deployed.

The emulator's own delivery calls the transform for each record, while the record is put, and knows
neither the expressions of a prefix, nor compression, nor what becomes of a record that the transform
refuses. Here a thread for each delivery stream reads behind the stream:

    shards ─► records, aggregates taken apart, that wait for the transform ─► lines and refusals that wait for S3 ─► objects

Where the delivery is partitioned, each object holds the lines of one partition. All of them are written when the
buffer is full, while Firehose has a buffer for each.

Everything follows from the properties of the delivery stream, which are read before each step, so
that an update takes effect at once. What this delivery does not know is refused when the stream is
made or changed.

The position in a shard is the number of the last record that is in S3, and moves after the object is
written. Whatever breaks before that, the records are read and delivered again.
"""

import base64
import dataclasses
import gzip
import json
import logging
import threading
import time
import uuid
from bisect import bisect_left, bisect_right

from ministack.services import firehose, kinesis

from aggregates import split
from calls import Refused, invoke, put
from destination import FAILED, Buffer, Destination, Unsupported

log = logging.getLogger("delivery")

# Seconds between two looks at the stream while there is nothing to do.
PAUSE = 0.05
# Seconds between two attempts at the transform or at S3.
RETRY_PAUSE = 0.5
# Records of a shard that are looked at in one step.
STEP_RECORDS = 5_000


@dataclasses.dataclass
class Waiting:
    """What waits for a buffer to be full or old enough."""

    items: list = dataclasses.field(default_factory=list)
    bytes: int = 0
    # When the first of it came here, by the monotonic clock.
    since: float = 0.0
    # When its oldest record arrived in the stream, in seconds since 1970.
    arrival: float = 0.0

    def add(self, item, size: int, arrival: float, now: float):
        if not self.items:
            self.since, self.arrival = now, arrival
        self.items.append(item)
        self.bytes += size
        self.arrival = min(self.arrival, arrival)

    def is_due(self, buffer: Buffer, now: float, is_last: bool) -> bool:
        """Whether it goes on: there is enough of it, or it is old enough, or nothing follows."""
        return bool(self.items) and (is_last or self.bytes >= buffer.bytes or now - self.since >= buffer.seconds)


class Delivery:
    """The delivery of one delivery stream."""

    def __init__(self, account: str, region: str, stream: dict):
        self.scope = (account, region)
        self.stream = stream
        self.delivered: dict[str, str] = {}
        self.forget()

    def forget(self):
        """Begins again behind what is delivered."""
        self.read = dict(self.delivered)
        self.records, self.outcomes = Waiting(), Waiting()
        # Where each shard was read to by what waits for S3.
        self.reached: dict[str, str] = {}

    def run(self, is_gone):
        """Delivers until the delivery stream is gone, and then what is left."""
        while True:
            is_last = is_gone()
            try:
                did_something = self.step(time.monotonic(), is_last)
            except Exception as error:
                log.warning("%s: %s; what is not delivered is read again", self.stream["name"], error)
                self.forget()
                # A bucket or function that is gone too takes nothing more.
                if is_last:
                    return
                time.sleep(RETRY_PAUSE)
                continue
            if not did_something:
                if is_last:
                    return
                time.sleep(PAUSE)

    def step(self, now: float, is_last: bool) -> bool:
        """Reads, transforms and writes what is due; whether there was anything to do."""
        destination = Destination.read(self.stream["destinations"][0]["config"])
        transform = destination.transform
        count = self.read_shards(now, transform.buffer.bytes if transform else destination.buffer.bytes)
        is_end = is_last and count == 0
        if transform is None:
            self.take_as_it_is(now)
        elif self.records.is_due(transform.buffer, now, is_end):
            self.transform(destination, now)
        is_written = self.outcomes.is_due(destination.buffer, now, is_end and not self.records.items)
        if is_written:
            self.write(destination)
        return count > 0 or is_written

    def read_shards(self, now: float, room: int) -> int:
        """Takes what came into the stream, until there is a buffer of it."""
        source = source_of(self.scope, self.stream)
        count = 0
        for shard_id, shard in list(source["shards"].items()) if source else []:
            # The list may be replaced by another one at any time, and only grows at its end.
            records = shard["records"]
            if shard_id in self.read:
                place = bisect_right(records, self.read[shard_id], key=number)
            else:
                place = bisect_left(records, self.stream["created_at"], key=arrival)
            for record in records[place : place + STEP_RECORDS]:
                if self.records.bytes >= room:
                    break
                for one in taken_apart(record):
                    self.records.add((shard_id, one), len(one["Data"]) * 3 // 4, arrival(record), now)
                self.read[shard_id] = number(record)
                count += 1
        return count

    def take_as_it_is(self, now: float):
        """Without a transform, the records are what is written."""
        for shard_id, record in self.records.items:
            data = base64.b64decode(record["Data"])
            self.outcomes.add(("", "", data), len(data), arrival(record), now)
            self.reached[shard_id] = number(record)
        self.records = Waiting()

    def transform(self, destination: Destination, now: float):
        """Has the function make lines of what waits.

        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
        """
        transform = destination.transform
        asked = {record_id(*one): one for one in self.records.items}
        answer, attempts, fault = self.answer(transform, asked)
        for asked_id, (shard_id, record) in asked.items():
            answered = answer.get(asked_id, {})
            result = answered.get("result")
            folder, missing = destination.partition((answered.get("metadata") or {}).get("partitionKeys") or {})
            if result == "Ok" and "data" in answered and missing is None:
                line = base64.b64decode(answered["data"])
                self.outcomes.add(("", folder, line), len(line), arrival(record), now)
            elif result != "Dropped":
                code, message = fault or reason(result, missing)
                document = refusal(record, transform.function, attempts, code, message)
                self.outcomes.add((FAILED, "", document), len(document), arrival(record), now)
            self.reached[shard_id] = number(record)
        self.records = Waiting()

    def answer(self, transform, asked: dict) -> tuple[dict, int, tuple[str, str] | None]:
        """The function's answer by record, the attempts that it took, and why there is none.

        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
        """
        event = json.dumps(
            {
                "invocationId": str(uuid.uuid4()),
                "deliveryStreamArn": self.stream["arn"],
                "sourceKinesisStreamArn": self.stream["kinesis_source"]["KinesisStreamARN"],
                "region": self.scope[1],
                "records": [offered(*record) for record in asked.values()],
            }
        )
        attempts = 1 + transform.retries
        for attempt in range(1, attempts + 1):
            try:
                answered = json.loads(invoke(self.scope, transform.function, event.encode()))["records"]
            except Refused as error:
                fault = ("Lambda.FunctionError", str(error))
            except (KeyError, TypeError, ValueError) as error:
                fault = ("Lambda.JsonProcessingException", f"The answer is not one of a transform: {error}")
            else:
                by_id = {one.get("recordId"): one for one in answered}
                if len(by_id) == len(answered) and by_id.keys() <= asked.keys():
                    return by_id, attempt, None
                fault = ("Lambda.DuplicatedRecordId", "The answer has a record twice, or one that was not asked for")
            log.warning("%s: attempt %d at the transform: %s", self.stream["name"], attempt, fault[1])
            if attempt < attempts:
                time.sleep(RETRY_PAUSE)
        return {}, attempts, fault

    def write(self, destination: Destination):
        """Writes what waits: the lines as one object a partition, the refusals as another one."""
        for error, folder in sorted({(error, folder) for error, folder, _ in self.outcomes.items}):
            body = b"".join(data for *where, data in self.outcomes.items if where == [error, folder])
            if not body:
                continue
            if destination.compression == "GZIP":
                body = gzip.compress(body, compresslevel=6)
            key = destination.key(self.stream, self.outcomes.arrival, time.time(), error, folder)
            put(self.scope, destination.bucket, key, body)
        self.delivered.update(self.reached)
        self.outcomes = Waiting()


def number(record: dict) -> str:
    """The part of the emulator's sequence numbers that grows with every record: a time comes before it, and a
    clock can be set back."""
    return record["SequenceNumber"][20:]


def arrival(record: dict) -> float:
    return float(record["ApproximateArrivalTimestamp"])


def source_of(scope: tuple[str, str], stream: dict) -> dict | None:
    """The stream that a delivery stream reads."""
    name = stream["kinesis_source"]["KinesisStreamARN"].rsplit("/", 1)[-1]
    return kinesis._streams.get_scoped(*scope, name)


def taken_apart(record: dict) -> list[dict]:
    """The user records of an aggregate; of anything else, the record itself."""
    users = split(base64.b64decode(record["Data"]))
    if users is None:
        return [record]
    return [
        record | {"Data": base64.b64encode(data).decode(), "PartitionKey": key, "SubsequenceNumber": index}
        for index, (key, data) in enumerate(users)
    ]


def record_id(shard_id: str, record: dict) -> str:
    """What the transform knows a record by."""
    return f"{shard_id}:{record['SequenceNumber']}:{record.get('SubsequenceNumber', 0)}"


def offered(shard_id: str, record: dict) -> dict:
    """A record as the transform sees it.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html
    """
    arrival_ms = int(arrival(record) * 1000)
    return {
        "recordId": record_id(shard_id, record),
        "approximateArrivalTimestamp": arrival_ms,
        "data": record["Data"],
        "kinesisRecordMetadata": {
            "sequenceNumber": record["SequenceNumber"],
            "subsequenceNumber": record.get("SubsequenceNumber", 0),
            "partitionKey": record["PartitionKey"],
            "shardId": shard_id,
            "approximateArrivalTimestamp": arrival_ms,
        },
    }


def reason(result: str | None, missing: str | None) -> tuple[str, str]:
    """Why a record that the transform was asked for is no line; `missing` names a key of its partition."""
    match result:
        case "Ok" if missing is not None:
            return "DynamicPartitioning.MetadataMissing", f"The answer has no partition key {missing} for the record"
        case "ProcessingFailed":
            return "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record"
        case "Ok":
            return "Lambda.JsonProcessingException", "The answer has no data for the record"
        case None:
            return "Lambda.MissingRecordId", "The answer lacks the record"
    return "Lambda.JsonProcessingException", f"The answer says {result} of the record"


def refusal(record: dict, function: str, attempts: int, code: str, message: str) -> bytes:
    """What is written of a record that could not be transformed."""
    document = {
        "attemptsMade": attempts,
        "arrivalTimestamp": int(arrival(record) * 1000),
        "errorCode": code,
        "errorMessage": message,
        "attemptEndingTimestamp": int(time.time() * 1000),
        "rawData": record["Data"],
        "lambdaArn": function,
    }
    return json.dumps(document).encode() + b"\n"


def supervise():
    """Has a delivery for each delivery stream that reads a stream, from when it is there until it is gone."""
    running: dict[tuple, dict] = {}
    while True:
        there = {key: one for key, one in list(firehose._streams._data.items()) if is_ours(one)}
        for key, stream in there.items():
            if running.get(key) is not stream:
                delivery = Delivery(key[0], key[1], stream)
                is_gone = lambda key=key, stream=stream: firehose._streams._data.get(key) is not stream  # noqa: E731
                threading.Thread(target=delivery.run, args=(is_gone,), daemon=True, name="delivery").start()
        running = there
        time.sleep(PAUSE)


def is_ours(stream: dict) -> bool:
    """Whether it leads from a stream to S3."""
    kinds = [one["type"] for one in stream["destinations"]]
    return bool(stream["kinesis_source"]) and kinds in (["ExtendedS3"], ["S3"])


def install():
    """Puts this delivery in the place of the emulator's own."""
    validate = firehose._validate_s3_destination_config

    def validated(kind: str, properties: dict):
        refusal = validate(kind, properties)
        if refusal is None and kind in ("ExtendedS3", "S3"):
            try:
                # An update names what changes alone.
                Destination.read({"BucketARN": "arn:aws:s3:::any-bucket"} | properties)
            except Unsupported as error:
                return firehose._invalid(str(error))
        return refusal

    firehose._validate_s3_destination_config = validated
    firehose.ingest_from_kinesis_source = lambda stream_arn, records: None
    threading.Thread(target=supervise, daemon=True, name="deliveries").start()
