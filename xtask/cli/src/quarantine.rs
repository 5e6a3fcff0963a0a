//! What was set aside, and its way back: the queue, the objects that its messages point to, the batches that Lambda gave
//! up, and what Timestream reports.
//!
//! **Everything is read before anything is done**, since the same event may lie at several places: a consumer that is
//! given a batch again puts it into quarantine again, and a replay that was killed has sent a message anew and not
//! deleted the old one. Such an event is one ([`Original::id`](original::Original::id)).
//!
//! **Nothing is lost, and nothing is there twice in the end.** A place is cleared only when each of its events is in
//! the store, or in another message with the reason that it has today. Whatever ends the program in between, the same
//! command goes on from what is there.

pub mod contents;
mod fill;
mod held;
pub mod original;
mod queue;
pub mod replay;
pub mod today;

pub use self::queue::HELD;
