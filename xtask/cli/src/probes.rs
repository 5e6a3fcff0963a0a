//! The ends of the pipeline, as `verify` sees them: each can say which marked events have arrived.
//!
//! A probe only reads. It knows nothing of how events were sent.

mod lake;
mod store;
mod twin;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Serialize;

pub use lake::Lake;
pub use store::Store;
pub use twin::{Canary, Twin};

use session::Failure;

/// How long to wait between two looks of a probe.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// An end of the pipeline.
pub trait Probe {
    /// Its name in the result.
    const NAME: &'static str;

    /// Devices of marked events that this look found; those of earlier looks may be among them.
    async fn look(&mut self) -> Result<Vec<String>, Failure>;
}

/// What came of the marked events at one end.
#[derive(Debug, Serialize)]
pub struct Passage {
    /// Name of the end.
    pub name: &'static str,
    /// Distinct events that it was to see.
    pub sent: usize,
    /// Those of them that arrived.
    pub arrived: usize,
    /// From before the event was sent until it was seen.
    pub latency_ms: Option<Latency>,
}

/// Latency in milliseconds.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Of the median event.
    pub p50: u64,
    /// Of all but the slowest hundredth.
    pub p99: u64,
}

impl Latency {
    /// Percentiles by nearest rank. `None` of nothing.
    fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort_unstable();
        let rank = |percent: usize| {
            let index = (durations.len() * percent).div_ceil(100).checked_sub(1)?;
            u64::try_from(durations.get(index)?.as_millis()).ok()
        };
        Some(Self { p50: rank(50)?, p99: rank(99)? })
    }
}

/// Looks at an end until every event that was sent is there, or until nothing new has come for
/// `patience`. `seen` hears how many have arrived.
pub async fn follow<P: Probe>(
    mut probe: P,
    sent: &HashMap<String, Instant>,
    patience: Duration,
    seen: impl Fn(usize),
) -> Result<Passage, Failure> {
    let mut arrived: HashMap<String, Duration> = HashMap::new();
    let mut last_news = Instant::now();
    while arrived.len() < sent.len() && last_news.elapsed() < patience {
        for device in probe.look().await? {
            if let Some(start) = sent.get(&device)
                && !arrived.contains_key(&device)
            {
                arrived.insert(device, start.elapsed());
                last_news = Instant::now();
            }
        }
        seen(arrived.len());
        if arrived.len() < sent.len() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    Ok(Passage {
        name: P::NAME,
        sent: sent.len(),
        arrived: arrived.len(),
        latency_ms: Latency::of(arrived.into_values().collect()),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{LOOK_EVERY, Latency, Probe, follow};
    use session::Failure;

    #[test]
    fn percentiles_by_nearest_rank() {
        let millis = |range: std::ops::RangeInclusive<u64>| range.map(Duration::from_millis).collect();
        assert_eq!(Latency::of(Vec::new()), None);
        assert_eq!(Latency::of(millis(7..=7)), Some(Latency { p50: 7, p99: 7 }));
        assert_eq!(Latency::of(millis(1..=200)), Some(Latency { p50: 100, p99: 198 }));
    }

    /// An end at which events arrive one a look, each seen again at every later look, and then no more.
    struct Trickle {
        devices: Vec<&'static str>,
        looks: usize,
    }

    impl Probe for Trickle {
        const NAME: &'static str = "trickle";

        async fn look(&mut self) -> Result<Vec<String>, Failure> {
            self.looks += 1;
            Ok(self.devices.iter().take(self.looks).map(|&device| device.to_owned()).collect())
        }
    }

    #[tokio::test]
    async fn counts_each_event_once_and_gives_up_on_the_missing() {
        let sent = ["a", "b", "lost"].map(|device| (device.to_owned(), Instant::now())).into();
        let probe = Trickle { devices: vec!["a", "a", "foreign", "b"], looks: 0 };
        let passage = follow(probe, &sent, 5 * LOOK_EVERY, |_| ()).await;
        assert_eq!(passage.map(|passage| passage.arrived).ok(), Some(2));
    }
}
