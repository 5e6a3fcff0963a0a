//! The consumer against services that fail: the SDK's real clients, over HTTP, to a small server that
//! keeps the store's rules and breaks its promises on demand.

mod bench;
mod conflicts;
mod documents;
mod faults;
mod limits;
mod process;
mod services;
