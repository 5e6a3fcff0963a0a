"""What the properties of a Firehose destination say: buffers, names of objects, the transform.

Reads them as CloudFormation hands them over. What would change what is delivered, and is not known
here, is refused by name: a delivery that leaves it out would answer wrongly.
"""

import dataclasses
import datetime
import re
import uuid
import zoneinfo

from ministack.services import firehose

MIB = 1024 * 1024

# Properties that say who may do something, with which key, and where it is logged: nothing follows here.
WITHOUT_EFFECT = {"BucketARN", "CloudWatchLoggingOptions", "EncryptionConfiguration", "RoleARN"}
READ = {
    "BufferingHints",
    "CompressionFormat",
    "CustomTimeZone",
    "DynamicPartitioningConfiguration",
    "ErrorOutputPrefix",
    "FileExtension",
    "Prefix",
    "ProcessingConfiguration",
}
TRANSFORM_PARAMETERS = {
    "BufferIntervalInSeconds",
    "BufferSizeInMBs",
    "LambdaArn",
    "NumberOfRetries",
    "RoleArn",
}
COMPRESSIONS = {"GZIP": ".gz", "UNCOMPRESSED": ""}
# Keys of a partition that the transform answers, in a prefix.
PARTITION_KEY = re.compile(r"!\{partitionKeyFromLambda:(\w+)\}")
# The least that Firehose gathers where it partitions.
PARTITION_BUFFER_MB = 64
# What Firehose calls the refusals of a transform in the name of an object.
FAILED = "processing-failed"


class Unsupported(ValueError):
    """A property that this delivery does not know."""


@dataclasses.dataclass(frozen=True)
class Buffer:
    """What is gathered until it goes on: bytes, or seconds since the first of it."""

    bytes: int
    seconds: float


@dataclasses.dataclass(frozen=True)
class Transform:
    """The function that makes lines of records."""

    function: str
    retries: int
    buffer: Buffer


@dataclasses.dataclass(frozen=True)
class Destination:
    """A bucket, and how objects come into it."""

    bucket: str
    prefix: str
    error_prefix: str
    extension: str
    compression: str
    zone: zoneinfo.ZoneInfo
    buffer: Buffer
    transform: Transform | None
    # Whether objects are apart by the partition keys of their lines.
    is_partitioned: bool

    @staticmethod
    def read(properties: dict) -> "Destination":
        """Reads `ExtendedS3DestinationConfiguration`; raises `Unsupported`.

        https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
        """
        for name, value in properties.items():
            if name not in READ | WITHOUT_EFFECT and not is_off(value):
                raise Unsupported(f"The local delivery does not know {name}")
        hints = properties.get("BufferingHints") or {}
        compression = properties.get("CompressionFormat") or "UNCOMPRESSED"
        if compression not in COMPRESSIONS:
            raise Unsupported(f"The local delivery does not compress to {compression}")
        destination = Destination(
            bucket=firehose._s3_bucket_from_arn(properties["BucketARN"]),
            prefix=properties.get("Prefix") or "",
            error_prefix=properties.get("ErrorOutputPrefix") or "!{firehose:error-output-type}/",
            extension=properties.get("FileExtension") or COMPRESSIONS[compression],
            compression=compression,
            zone=zoneinfo.ZoneInfo(properties.get("CustomTimeZone") or "UTC"),
            buffer=Buffer(int(hints.get("SizeInMBs", 5)) * MIB, float(hints.get("IntervalInSeconds", 300))),
            transform=read_transform(properties.get("ProcessingConfiguration") or {}),
            is_partitioned=truth((properties.get("DynamicPartitioningConfiguration") or {}).get("Enabled")),
        )
        destination.check_partitions()
        # An expression that is not known is found now, not with the first object.
        for error in ("", FAILED):
            destination.evaluated(error, 0.0, PARTITION_KEY.sub("key", destination.prefix))
        return destination

    def check_partitions(self):
        """Refuses what Firehose does of partitions.

        https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
        """
        keys = PARTITION_KEY.findall(self.prefix)
        if not self.is_partitioned and keys:
            raise Unsupported(f"The prefix names {keys[0]}, but DynamicPartitioningConfiguration is not enabled")
        if self.is_partitioned and not keys:
            raise Unsupported("The local delivery partitions by keys of the transform, and the prefix names none")
        if self.is_partitioned and self.transform is None:
            raise Unsupported(f"The prefix names {keys[0]}, but there is no transform that could say it")
        if self.is_partitioned and self.buffer.bytes < PARTITION_BUFFER_MB * MIB:
            raise Unsupported(f"SizeInMBs is at least {PARTITION_BUFFER_MB} where Firehose partitions")

    def partition(self, keys: dict) -> tuple[str, str | None]:
        """The prefix of a line with these partition keys, its other expressions still in it, and the first key of it
        that they lack."""
        if not self.is_partitioned:
            return self.prefix, None
        missing = [name for name in PARTITION_KEY.findall(self.prefix) if not keys.get(name)]
        return PARTITION_KEY.sub(lambda key: str(keys.get(key[1], "")), self.prefix), next(iter(missing), None)

    def key(self, stream: dict, arrival: float, now: float, error: str, prefix: str = "") -> str:
        """A new object's key: `arrival` is that of its oldest record, `error` what kind of refusals it holds, `prefix`
        that of its partition.

        https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
        """
        moment = datetime.datetime.fromtimestamp(now, self.zone).strftime("%Y-%m-%d-%H-%M-%S")
        name = f"{stream['name']}-{stream['version']}-{moment}-{uuid.uuid4()}{self.extension}"
        return self.evaluated(error, arrival, prefix or self.prefix) + name

    def evaluated(self, error: str, arrival: float, prefix: str) -> str:
        """A prefix with the values of its expressions.

        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
        """
        moment = datetime.datetime.fromtimestamp(arrival, self.zone).timetuple()
        try:
            return firehose._evaluate_prefix(self.error_prefix if error else prefix, moment, error_type=error)
        except firehose._DeliveryError as cause:
            raise Unsupported(cause.message) from cause


def is_off(value) -> bool:
    """Whether an optional part of a destination is there and does nothing."""
    return value in (None, "Disabled") or (isinstance(value, dict) and not truth(value.get("Enabled")))


def truth(value) -> bool:
    """A boolean of a template, where text is one too."""
    return str(value).lower() == "true"


def read_transform(processing: dict) -> Transform | None:
    """Reads `ProcessingConfiguration`."""
    processors = processing.get("Processors") or []
    if not truth(processing.get("Enabled")) or not processors:
        return None
    if [one.get("Type") for one in processors] != ["Lambda"]:
        kinds = ", ".join(str(one.get("Type")) for one in processors)
        raise Unsupported(f"The local delivery knows one processor, Lambda, and not {kinds}")
    said = {one["ParameterName"]: one["ParameterValue"] for one in processors[0].get("Parameters") or []}
    unknown = sorted(said.keys() - TRANSFORM_PARAMETERS)
    if unknown:
        raise Unsupported(f"The local delivery does not know {', '.join(unknown)} of a processor")
    if "LambdaArn" not in said:
        raise Unsupported("The processor names no LambdaArn")
    size, seconds = float(said.get("BufferSizeInMBs", 1)), float(said.get("BufferIntervalInSeconds", 60))
    return Transform(said["LambdaArn"], int(said.get("NumberOfRetries", 3)), Buffer(int(size * MIB), seconds))
