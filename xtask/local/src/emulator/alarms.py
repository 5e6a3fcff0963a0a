"""Alarms as CloudWatch has them: by their dimensions, over M of N periods, with a word on what is missing.

The emulator's own evaluation takes every value of a metric's name for the alarm's, whosever it is, looks at one
stretch of time, and does nothing where nothing is written. It has no composite alarms in CloudFormation, refuses
alarms that ask by a query or compute, and of the metrics that services write it has those of functions.

Here a thread looks every few seconds: it writes what queues and streams would write, and evaluates every alarm. An
alarm that asks or computes is about metrics that nothing here writes, and is what it is without a value.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import json
import logging
import threading
import time
from bisect import bisect_left

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, kinesis, sqs
from ministack.services.cloudformation import provisioners

log = logging.getLogger("alarms")

COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
# Seconds between two looks. CloudWatch looks every minute.
PAUSE = 5
# Seconds for which values of queues and streams are kept: what the longest alarm looks at, and more.
KEPT = 6 * 3600

COMPARED = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def install():
    """Adds what is missing, and has the thread look from now on."""
    cloudwatch._evaluate_alarm = evaluate
    provisioners._cw_metric_alarm_record = recorded(provisioners._cw_metric_alarm_record)
    provisioners._RESOURCE_HANDLERS[COMPOSITE] = {
        "create": create_composite,
        "update": update_composite,
        "delete": delete_composite,
    }
    provisioners._STACK_TAG_PROPERTY[COMPOSITE] = ("Tags", "list")
    threading.Thread(target=look, args=(Metrics(),), daemon=True).start()


def recorded(record):
    """Takes an alarm that asks by a query or computes, which has no metric of its own."""

    def record_any(name, props):
        if not props.get("Metrics"):
            return record(name, props)
        alarm = record(name, {**props, "Metrics": None, "MetricName": "-", "Namespace": "-"})
        for key in ("MetricName", "Namespace", "Statistic", "Period", "Dimensions"):
            del alarm[key]
        return alarm | {"Metrics": props["Metrics"]}

    return record_any


def evaluate(alarm: dict):
    """Finds out how an alarm is, and moves it there."""
    compared = COMPARED.get(alarm.get("ComparisonOperator"))
    if compared is None:
        return
    treated = alarm.get("TreatMissingData") or "missing"
    values = periods(alarm, time.time())
    known = [value for value in values if value is not None]
    if not known and treated in ("missing", "ignore"):
        state = alarm["StateValue"] if treated == "ignore" else "INSUFFICIENT_DATA"
    else:
        missing = len(values) - len(known)
        bad = sum(compared(value, alarm["Threshold"]) for value in known)
        bad += missing if treated == "breaching" else 0
        state = "ALARM" if bad >= (alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]) else "OK"
    move(alarm, state, values)


def move(alarm: dict, state: str, values: list):
    old = alarm["StateValue"]
    if old == state:
        return
    written = ", ".join("nothing" if value is None else f"{value:g}" for value in values)
    reason = f"{written} in the last {len(values)} periods; the threshold is {alarm['Threshold']:g}"
    alarm["StateValue"], alarm["StateReason"] = state, reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def periods(alarm: dict, now: float) -> list:
    """The values of the last periods, the oldest first; the current one counts once something is written in it."""
    count = int(alarm["EvaluationPeriods"])
    if "Metrics" in alarm:
        return [None] * count
    period = int(alarm.get("Period") or 60)
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    points = list(cloudwatch._metrics.get(key) or [])
    current = int(now // period)
    if not any(point["Timestamp"] // period == current for point in points):
        current -= 1
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    values = []
    for index in range(current - count + 1, current + 1):
        inside = [point for point in points if point["Timestamp"] // period == index]
        values.append(cloudwatch._stat_value(cloudwatch._calc_stats(inside), statistic, inside) if inside else None)
    return values


def look(metrics: "Metrics"):
    """Writes what services would write, and evaluates every alarm, until the emulator ends."""
    while True:
        time.sleep(PAUSE)
        try:
            with request_scope(get_account_id(), get_region()):
                metrics.write(time.time())
                for alarm in list(cloudwatch._alarms.values()):
                    evaluate(alarm)
        except Exception as error:
            log.warning("alarms: %s; they are looked at again", error)


class Metrics:
    """What queues and streams write of themselves."""

    def __init__(self):
        self.since = time.time()

    def write(self, now: float):
        for queue in list(sqs._queues.values()):
            sqs._refresh_counts(queue)
            visible = int(queue["attributes"]["ApproximateNumberOfMessages"])
            sent = [message["sent_at"] for message in list(queue["messages"])]
            dimensions = {"QueueName": queue["name"]}
            record("AWS/SQS", "ApproximateNumberOfMessagesVisible", visible, "Count", dimensions)
            age = now - min(sent) if sent else 0
            record("AWS/SQS", "ApproximateAgeOfOldestMessage", age, "Seconds", dimensions)
        for name, stream in list(kinesis._streams.items()):
            count = 0
            for shard in list(stream["shards"].values()):
                records = shard["records"]
                arrival = lambda one: one["ApproximateArrivalTimestamp"]
                count += bisect_left(records, now, key=arrival) - bisect_left(records, self.since, key=arrival)
            record("AWS/Kinesis", "IncomingRecords", count, "Count", {"StreamName": name})
        self.since = now


def record(namespace: str, name: str, value: float, unit: str, dimensions: dict):
    cloudwatch.record_metric(namespace, name, value, unit, dimensions)
    points = cloudwatch._metrics[(namespace, name, cloudwatch._dims_key(dimensions))]
    oldest = time.time() - KEPT
    while points and points[0]["Timestamp"] < oldest:
        del points[0]


def create_composite(logical_id: str, props: dict, stack_name: str):
    name = props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255)
    # A request may not carry the tags of CloudFormation itself: it has them as they come.
    request = {key: value for key, value in props.items() if key != "Tags"} | {"AlarmName": name}
    status, _, body = cloudwatch._put_composite_alarm({}, request, False, True)
    if status >= 300:
        raise ValueError(json.loads(body).get("message") or body.decode(errors="replace"))
    arn = cloudwatch._composite_alarms[name]["AlarmArn"]
    cloudwatch._resource_tags[arn] = {tag["Key"]: tag.get("Value", "") for tag in props.get("Tags") or []}
    return name, {"Arn": arn}


def update_composite(physical_id: str, old_props: dict, new_props: dict, stack_name: str):
    made = create_composite("", {"AlarmName": physical_id, **new_props}, stack_name)
    if made[0] != physical_id:
        delete_composite(physical_id, old_props)
    return made


def delete_composite(physical_id: str, props: dict):
    alarm = cloudwatch._composite_alarms.pop(physical_id, None)
    cloudwatch._composite_triggers.pop(physical_id, None)
    if alarm:
        cloudwatch._resource_tags.pop(alarm["AlarmArn"], None)
