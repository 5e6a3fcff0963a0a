//! What an AWS SDK error says, in a sentence: the service's own code and message, or the chain of
//! causes when the service was not reached.

use std::error::Error;

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use crate::causes;

/// `Code: message` of the service, or what kept the request from it.
pub fn sentence<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => causes(error),
    }
}

/// Codes of services that are busy or broken, and answer again some time.
const PASSING: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes by which services say that there is nothing of a name.
const NOT_THERE: &[&str] = &[
    "AWS.SimpleQueueService.NonExistentQueue",
    "ChangeSetNotFound",
    "ClusterNotFoundException",
    "NoSuchBucket",
    "NoSuchKey",
    "NotFound",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
];

/// Whether a service says that what it was asked about is not there.
pub fn is_not_there<E, R>(error: &SdkError<E, R>) -> bool
where
    E: ProvideErrorMetadata,
{
    error.code().is_some_and(|code| NOT_THERE.contains(&code))
}

/// Whether asking again is in vain until a person has done something: the service refuses, or there is
/// nothing to sign the request with. Throttling and trouble on the way to the service pass.
pub fn is_refusal<E, R>(error: &SdkError<E, R>) -> bool
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(_) => error.code().is_some_and(|code| !PASSING.contains(&code)),
        // A connection that ends before the answer is of no class but that it may be tried again.
        SdkError::DispatchFailure(failure) => {
            !failure.is_io() && !failure.is_timeout() && failure.as_other().is_none()
        }
        SdkError::ConstructionFailure(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::error::ErrorMetadata;
    use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksError;

    use super::*;

    #[test]
    fn the_service_or_the_way_to_it() {
        let refused = |code: Option<&str>, message: Option<&str>| {
            let mut metadata = ErrorMetadata::builder();
            if let Some(code) = code {
                metadata = metadata.code(code);
            }
            if let Some(message) = message {
                metadata = metadata.message(message);
            }
            SdkError::service_error(DescribeStacksError::generic(metadata.build()), ())
        };
        let unsigned = SdkError::construction_failure(std::io::Error::other("no route"));
        let unreached = SdkError::timeout_error(std::io::Error::other("3 s"));
        let table: [(SdkError<DescribeStacksError, ()>, &str, bool); 4] = [
            (
                refused(Some("ValidationError"), Some("Stack x does not exist")),
                "ValidationError: Stack x does not exist",
                true,
            ),
            (refused(Some("Throttling"), None), "Throttling", false),
            (unsigned, "failed to construct request: no route", true),
            (unreached, "request has timed out: 3 s", false),
        ];
        for (error, expected, is_final) in table {
            assert_eq!(sentence(&error), expected);
            assert_eq!(is_refusal(&error), is_final, "{expected}");
        }
    }
}
