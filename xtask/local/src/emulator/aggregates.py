"""Records of the Kinesis Producer Library, which Firehose takes apart before anything else sees them.

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

import hashlib

MAGIC = b"\xf3\x89\x9a\xc2"
CHECKSUM_BYTES = 16

# Fields of the message AggregatedRecord, and of Record in it.
KEY, RECORD = 1, 3
KEY_INDEX, DATA = 1, 3


def split(data: bytes) -> list[tuple[str, bytes]] | None:
    """The user records of an aggregate, each with its partition key. `None` of anything else, damaged ones too."""
    body, checksum = data[len(MAGIC) : -CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    if not data.startswith(MAGIC) or hashlib.md5(body).digest() != checksum:
        return None
    try:
        fields = list(read(body))
        keys = [value.decode() for number, value in fields if number == KEY]
        records = [dict(read(value)) for number, value in fields if number == RECORD]
        return [(keys[record[KEY_INDEX]], record[DATA]) for record in records]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def read(message: bytes):
    """The fields of a protobuf message, as number and value.

    https://protobuf.dev/programming-guides/encoding/
    """
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        match tag & 7:
            case 0:
                value, at = varint(message, at)
            case 2:
                length, at = varint(message, at)
                value, at = message[at : at + length], at + length
            case 1 | 5 as fixed:
                length = 8 if fixed == 1 else 4
                value, at = message[at : at + length], at + length
            case other:
                raise ValueError(f"a field is written as {other}")
        if at > len(message):
            raise ValueError("the message is cut off")
        yield tag >> 3, value


def varint(message: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = 0
    for place, byte in enumerate(message[at : at + 10]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise ValueError("a number is cut off")
