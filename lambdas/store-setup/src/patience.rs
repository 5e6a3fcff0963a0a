//! Waiting for a cluster that is being made, resumes or fails over.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// The wait before the second attempt. It doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait before any attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long what looks like a lack of permission is tried again: those of a role that was made a moment ago are not
/// yet known everywhere.
const SETTLING: Duration = Duration::from_mins(1);

/// Whether an error is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hope {
    /// As long as there is time.
    Passing,
    /// For a minute.
    Settling,
    /// None.
    Lost,
}

/// Attempts something until it is done, hopeless, or the time is over. Gives the latest error.
pub(crate) async fn patiently<T, E>(
    until: Instant,
    attempt: impl AsyncFn() -> Result<T, E>,
    hope: impl Fn(&E) -> Hope,
    late: impl FnOnce() -> E,
) -> Result<T, E> {
    let begun = Instant::now();
    let mut wait = FIRST_WAIT;
    let mut latest = None;
    loop {
        let error = match timeout_at(until, attempt()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error,
            Err(_) => return Err(latest.unwrap_or_else(late)),
        };
        let limit = match hope(&error) {
            Hope::Passing => until,
            Hope::Settling => until.min(begun + SETTLING),
            Hope::Lost => return Err(error),
        };
        let pause = wait.mul_f64(0.5 + fastrand::f64() / 2.0);
        if Instant::now() + pause >= limit {
            return Err(error);
        }
        latest = Some(error);
        sleep(pause).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
