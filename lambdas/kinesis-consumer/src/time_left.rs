//! How long an invocation may go on, and how it waits between two attempts.
//!
//! A function that is cut off at its deadline has reported nothing, and its whole batch comes again.
//! So writing ends early enough to quarantine, and quarantine early enough to answer.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// Kept for the answer.
const FOR_THE_ANSWER: Duration = Duration::from_millis(500);

/// Kept for quarantine, or a quarter of the time if that is less.
const FOR_QUARANTINE: Duration = Duration::from_secs(5);

/// The longest wait before the second attempt. It doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait before any attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The longest time of a function. More than this is no deadline but a mistake.
const LONGEST: Duration = Duration::from_mins(15);

/// The two deadlines of an invocation.
#[derive(Debug, Clone, Copy)]
pub struct TimeLeft {
    /// No write goes on after this.
    pub writing: Instant,
    /// No quarantine goes on after this.
    pub quarantine: Instant,
}

impl TimeLeft {
    /// Divides the time that an invocation has left.
    pub fn divide(left: Duration) -> Self {
        let usable = left.min(LONGEST).saturating_sub(FOR_THE_ANSWER);
        let quarantine = Instant::now() + usable;
        Self { writing: quarantine - FOR_QUARANTINE.min(usable / 4), quarantine }
    }
}

/// The time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over;

/// Waits as long as it takes, but not beyond `until`.
pub async fn within<T>(until: Instant, future: impl Future<Output = T>) -> Result<T, Over> {
    timeout_at(until, future).await.map_err(|_| Over)
}

/// Waits before another attempt, a random time ([full jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/))
/// whose bound doubles with `attempts`, the number of those before.
pub async fn pause(attempts: u32, until: Instant) -> Result<(), Over> {
    let bound = FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    let wait = bound.mul_f64(fastrand::f64());
    if Instant::now() + wait >= until {
        return Err(Over);
    }
    sleep(wait).await;
    Ok(())
}
