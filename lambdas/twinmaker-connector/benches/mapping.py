"""Rows of Timestream, as boto3 returns them, become the answer of a connector: the plain way.

Usage: mapping.py ROWS ROUNDS; prints the mean seconds of a round. It knows one entity and one type,
double, and checks nothing.
"""

import json
import sys
import time


def iso(text):
    head, _, digits = text.replace(" ", "T").partition(".")
    digits = digits.rstrip("0")
    return f"{head}.{digits}Z" if digits else f"{head}Z"


def answer(rows, names):
    values = {}
    for row in rows:
        index, when, value = (cell["ScalarValue"] for cell in row["Data"])
        values.setdefault(int(index), []).append({"time": iso(when), "value": {"doubleValue": float(value)}})
    histories = [
        {
            "entityPropertyReference": {
                "entityId": "kitchen", "componentName": "telemetry", "propertyName": names[index],
            },
            "values": points,
        }
        for index, points in values.items()
    ]
    return json.dumps({"propertyValues": histories}, separators=(",", ":"))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = json.load(file)
    rounds = int(sys.argv[2])
    names = [f"p{index}" for index in range(5)]
    for _ in range(5):
        answer(rows, names)
    start = time.perf_counter()
    for _ in range(rounds):
        answer(rows, names)
    print((time.perf_counter() - start) / rounds)
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="utf-8") as file:
            file.write(answer(rows, names))


if __name__ == "__main__":
    main()
