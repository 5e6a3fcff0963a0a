//! The connector against the real local endpoint of the store.

mod fixture;
mod vectors;
