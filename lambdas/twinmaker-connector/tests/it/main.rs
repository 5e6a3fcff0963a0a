//! The connector against the real local endpoint of the store.

mod fixture;
mod hostile;
mod paging;
mod process;
mod runtime;
mod vectors;
