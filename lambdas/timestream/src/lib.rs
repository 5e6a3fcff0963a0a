//! Timestream for `LiveAnalytics` as it is known without asking it: what it takes, how large it finds
//! things, which names it permits, and its SQL.
//!
//! Pure: no SDK, no network, no clock. Whatever writes to the store, asks it or draws from it knows the store
//! from here. Beside this crate, only the folders `timestream` of the functions, which hold its clients, and
//! `local/timestream`, which stands in for the service, are rooms of it. Another store is another crate beside
//! this one.

pub mod columns;
pub mod dashboard;
pub mod limits;
pub mod names;
pub mod size;
pub mod sql;
pub mod time;

pub use limits::LIMITS;
