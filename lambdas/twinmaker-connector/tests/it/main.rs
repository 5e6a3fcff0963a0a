//! The connector against the real local endpoint of the store.

mod bytes;
mod fixture;
mod hostile;
mod kinds;
mod paging;
mod process;
mod runtime;
mod vectors;
