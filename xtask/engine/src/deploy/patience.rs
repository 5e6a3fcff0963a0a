//! Asks again while the trouble passes: a service that is throttled, broken or not reached for a moment has not said
//! no.

use std::fmt::Debug;
use std::time::Instant;

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use super::pace::Pace;
use session::sdk_error::is_refusal;

/// Asks until the service answers or refuses, for as long as its pace bears an outage. What the SDK has tried in
/// vain is tried again: only for what does no harm the second time.
pub async fn patiently<T, E, R, F>(pace: Pace, mut ask: impl FnMut() -> F) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
    R: Debug,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    let (mut waits, started) = (pace.waits(), Instant::now());
    loop {
        // Those of the SDK are large.
        match Box::pin(ask()).await {
            Err(error) if !is_refusal(&error) && started.elapsed() < pace.outage => waits.next().await,
            answer => return answer,
        }
    }
}
