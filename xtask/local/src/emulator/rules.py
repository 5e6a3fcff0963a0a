"""The Kinesis action of a topic rule, which the emulator's rules do not have.

Each message becomes a record before the broker acknowledges it, as one `PutRecord`. A rule that
selects `*` alone hands the payload on as it came, whatever it is; any other one hands on the JSON
that it selects.

https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-rule-action.html
"""

import base64
import contextvars
import functools
import json
import re
import time

from ministack.core.responses import request_scope
from ministack.services import iot, kinesis

TEMPLATE = re.compile(r"\$\{([^}]*)\}")
# What `clientid()` says of a message that came by HTTP.
# https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
NO_CLIENT = "n/a"

# Payload, topic and client of the message on which a rule is run: an action is told none of it.
message = contextvars.ContextVar("message")


class Whole(bytes):
    """What a rule selects with `*` alone: the payload, and the event that the emulator makes of it."""

    event = iot._MISSING


def install():
    """Adds the action, and has each rule's SQL taken apart once."""
    run, dispatch, select = iot._run_rule_actions, iot._dispatch_rule_action, iot._rule_event

    async def run_rule(account, region, rule, payload, topic="", client_id=None):
        token = message.set((payload or b"", topic, client_id))
        try:
            await run(account, region, rule, payload, topic, client_id)
        finally:
            message.reset(token)

    def selected(sql, topic, payload, client_id=None, message=iot._UNDECODED):
        event = select(sql, topic, payload, client_id, message)
        if iot._rule_select_clause(sql) != "*":
            return event
        whole = Whole(payload)
        whole.event = event
        return whole

    async def dispatch_action(account, region, rule_name, action, event):
        if "kinesis" in action:
            return put(account, region, action["kinesis"], event)
        if isinstance(event, Whole):
            event = event.event
        if event is iot._MISSING:
            raise ValueError("the payload is not UTF-8, and the emulator hands only text to this action")
        return await dispatch(account, region, rule_name, action, event)

    iot._run_rule_actions = run_rule
    iot._rule_event = selected
    iot._dispatch_rule_action = dispatch_action
    kinesis._expire_records = expire_records
    for part in ("_rule_select_clause", "_rule_topic_filter", "_rule_where_clause"):
        setattr(iot, part, functools.lru_cache(getattr(iot, part)))


def put(account: str, region: str, action: dict, event):
    """Puts an event into the stream that an action names."""
    data = event if isinstance(event, Whole) else json.dumps(event).encode()
    record = {
        "StreamName": action["streamName"],
        "PartitionKey": TEMPLATE.sub(lambda found: substituted(found[1].strip()), action["partitionKey"]),
        "Data": base64.b64encode(data).decode("ascii"),
    }
    with request_scope(account, region):
        status, _, body = kinesis._put_record(record)
    if status >= 300:
        raise RuntimeError(f"PutRecord: {status} {body.decode(errors='replace')}")


def substituted(expression: str) -> str:
    """The value of a substitution template, evaluated on the message as it was published.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html
    """
    payload, topic, client_id = message.get()
    if expression == "clientid()":
        return client_id or NO_CLIENT
    # What is about the topic needs no look into the payload.
    event = None if expression.startswith("topic(") else iot._rule_message(payload)
    value = iot._eval_select_expr(expression, topic, payload, event, client_id)
    if value is iot._MISSING or value is None:
        raise ValueError(f"${{{expression}}} is undefined")
    return value if isinstance(value, str) else json.dumps(value)


def expire_records(stream: dict):
    """Removes what is no longer retained.

    The emulator rewrites every list of records for each request. Records are in the order of
    their arrival, so that one look at the first of them mostly says that there is nothing to do.
    """
    oldest = time.time() - stream["RetentionPeriodHours"] * 3600
    for shard in stream["shards"].values():
        records = shard["records"]
        if records and records[0]["ApproximateArrivalTimestamp"] < oldest:
            shard["records"] = [one for one in records if one["ApproximateArrivalTimestamp"] >= oldest]
