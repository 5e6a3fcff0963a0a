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
pub use store::{Missing, Store};
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

/// What came of the marked events of one kind at one end.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// Name of the end.
    pub name: &'static str,
    /// Name of the kind, where the model has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Distinct events that it was to see.
    pub sent: usize,
    /// Those of them that arrived.
    pub arrived: usize,
    /// From before the event was sent until it was seen.
    pub latency_ms: Option<Latency>,
}

impl Passage {
    /// What came of these events, of all that arrived.
    pub fn of(name: &'static str, kind: Option<String>, sent: &Sent, arrived: &Arrived) -> Self {
        let arrived: Vec<Duration> = sent.keys().filter_map(|device| arrived.get(device)).copied().collect();
        Self { name, kind, sent: sent.len(), arrived: arrived.len(), latency_ms: Latency::of(arrived) }
    }
}

/// Who sent an event, of a device as the store names it: one that several levels of a topic name begins with it.
pub fn sender(device: &str) -> String {
    device.split('/').next().unwrap_or_default().to_owned()
}

/// When the event of each device was handed over.
pub type Sent = HashMap<String, Instant>;

/// How long after that it was seen.
pub type Arrived = HashMap<String, Duration>;

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
    sent: &Sent,
    patience: Duration,
    seen: impl Fn(usize),
) -> Result<Arrived, Failure> {
    let mut arrived = Arrived::new();
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
    Ok(arrived)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{LOOK_EVERY, Latency, Passage, Probe, Sent, follow};
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
        let sent: Sent = ["a", "b", "lost"].map(|device| (device.to_owned(), Instant::now())).into();
        let probe = Trickle { devices: vec!["a", "a", "foreign", "b"], looks: 0 };
        let Ok(arrived) = follow(probe, &sent, 5 * LOOK_EVERY, |_| ()).await else { panic!("a look failed") };
        let of = |devices: &[&str]| {
            let sent = devices.iter().map(|device| ((*device).to_owned(), sent[*device])).collect();
            let passage = Passage::of("trickle", None, &sent, &arrived);
            (passage.sent, passage.arrived)
        };
        assert_eq!([of(&["a", "b", "lost"]), of(&["lost"]), of(&["b"])], [(3, 2), (1, 0), (1, 1)]);
    }
}
