//! Timestream for `LiveAnalytics` as it is known without asking it: what it takes, how large it finds
//! things, which names it permits, and its SQL.
//!
//! Pure: no SDK, no network, no clock. Whatever writes to the store, asks it or draws from it knows the store
//! from here. Of a function, only its folder `timestream`, which holds the client, names the service; the stacks
//! declare it, `xtask` asks it, and `local/timestream` stands in for it. Another store is another crate beside
//! this one.

pub mod columns;
pub mod dashboard;
pub mod limits;
pub mod names;
pub mod size;
pub mod sql;
pub mod time;

pub use limits::LIMITS;
