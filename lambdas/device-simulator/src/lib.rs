//! Devices that do not exist, and send what the model says, as a device of that kind writes it.
//!
//! Pure: no clock, no network, and no randomness but that of the given seed, so that the same seed
//! gives the same events. Whoever sends them, the function on its schedule or a command on a
//! developer's machine, brings the times and the way out.

mod bytes;
mod clock;
mod fleet;
mod message;
mod topic;
mod tree;
mod values;
mod written;

pub use fleet::{BACKLOG_SPACING, Event, FUTURE, Fleet, LATE, Traits};
