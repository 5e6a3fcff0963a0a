//! An IoT TwinMaker endpoint on one machine: the control plane and the data plane over one port.
//!
//! It stands in for what no emulator offers, so that the twin's stack deploys locally and any SDK can
//! ask it. What it does not do is refused by name. It is a process of its own and never linked into a
//! program that deploys to AWS.

pub mod control;
pub mod data;
pub mod endpoint;
pub mod identity;
pub mod model;
pub mod moment;
pub mod operations;
pub mod paging;
pub mod server;
pub mod shape;
pub mod state;
pub mod twin;
pub mod wire;
