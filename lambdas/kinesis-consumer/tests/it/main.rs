//! The consumer against services that fail: the SDK's real clients, over HTTP, to a small server that
//! keeps the store's rules and breaks its promises on demand.

mod aggregates;
mod bench;
mod cluster;
mod concurrency;
mod conflicts;
mod direct;
mod documents;
mod endpoint;
mod faults;
mod joining;
mod late;
mod limits;
mod process;
mod refusals;
mod services;
