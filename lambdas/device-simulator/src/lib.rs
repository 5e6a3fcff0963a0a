//! Devices that do not exist, and send what the model says.
//!
//! Pure: no clock, no network, and no randomness but that of the given seed, so that the same seed
//! gives the same events. Whoever sends them, the function on its schedule or a command on a
//! developer's machine, brings the times and the way out.

mod fleet;
mod json;
mod topic;
mod values;

pub use fleet::{BACKLOG_SPACING, Event, FUTURE, Fleet, LATE, Traits};
