//! Which of what was set aside is meant.

use clap::Args;
use jiff::Timestamp;

use crate::commands::twin::instant as time;
use crate::quarantine::contents::{Entry, instant};
use crate::quarantine::original::Original;
use crate::quarantine::today::Today;

/// Which events are meant: those that fulfil all of it.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// Only events with this reason, by its code; may be given several times.
    #[arg(long = "reason", value_name = "CODE")]
    reasons: Vec<String>,
    /// Only events of this device; may be given several times.
    #[arg(long = "device", value_name = "NAME")]
    devices: Vec<String>,
    /// Only events that came from this time on: RFC 3339, or for instance 10m, `2h ago` or 3d.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only events that came before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
}

impl Filter {
    /// Whether anything of a place is meant.
    pub fn takes(&self, entry: &Entry, today: &Today) -> bool {
        let has = |code: &String| entry.aside.reasons.iter().any(|reason| reason.code == *code);
        (self.reasons.is_empty() || self.reasons.iter().any(has))
            && entry.aside.events.iter().any(|event| self.takes_event(event, today))
    }

    /// Whether an event is meant, whatever its reasons.
    pub fn takes_event(&self, event: &Original, today: &Today) -> bool {
        self.has_time(instant(event.arrival_ms()))
            && (self.devices.is_empty()
                || today.device(event).is_some_and(|device| self.devices.contains(&device)))
    }

    fn has_time(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }
}
