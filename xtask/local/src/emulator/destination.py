"""What the properties of a Firehose destination say: buffers, names of objects, the transform.

Reads them as CloudFormation hands them over. What would change what is delivered, and is not known
here, is refused by name: a delivery that leaves it out would answer wrongly.
"""

import dataclasses
import datetime
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
        )
        # An expression that is not known is found now, not with the first object.
        for error in ("", FAILED):
            destination.evaluated(error, 0.0)
        return destination

    def key(self, stream: dict, arrival: float, now: float, error: str) -> str:
        """A new object's key: `arrival` is that of its oldest record, `error` what kind of refusals it holds.

        https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
        """
        moment = datetime.datetime.fromtimestamp(now, self.zone).strftime("%Y-%m-%d-%H-%M-%S")
        name = f"{stream['name']}-{stream['version']}-{moment}-{uuid.uuid4()}{self.extension}"
        return self.evaluated(error, arrival) + name

    def evaluated(self, error: str, arrival: float) -> str:
        """A prefix with the values of its expressions.

        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
        """
        moment = datetime.datetime.fromtimestamp(arrival, self.zone).timetuple()
        try:
            return firehose._evaluate_prefix(self.error_prefix if error else self.prefix, moment, error_type=error)
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
