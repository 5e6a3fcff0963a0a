//! What an AWS SDK error says, in a sentence: the service's own code and message, or the chain of
//! causes when the service was not reached.

use std::error::Error;

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

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

/// The messages of an error and of its causes. Some repeat what the next one says.
fn causes(error: &dyn Error) -> String {
    let mut sentence = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let message = error.to_string();
        if !sentence.ends_with(&message) {
            if !sentence.is_empty() {
                sentence.push_str(": ");
            }
            sentence.push_str(&message);
        }
        next = error.source();
    }
    sentence
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
        let unreached = SdkError::construction_failure(std::io::Error::other("no route"));
        let table: [(SdkError<DescribeStacksError, ()>, &str); 3] = [
            (
                refused(Some("ValidationError"), Some("Stack x does not exist")),
                "ValidationError: Stack x does not exist",
            ),
            (refused(Some("Throttling"), None), "Throttling"),
            (unreached, "failed to construct request: no route"),
        ];
        for (error, expected) in table {
            assert_eq!(sentence(&error), expected);
        }
    }
}
