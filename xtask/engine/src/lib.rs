//! Deploys, destroys and sweeps environments.
//!
//! Each of the three computes a plan, which is a value, and then executes it. What happens meanwhile goes to an
//! [`session::Observer`]; what must be agreed to is a value too, that whoever calls has asked for. Nothing here
//! prints, asks, or knows of a command line.

pub mod cleanup;
pub mod consent;
pub mod deploy;
pub mod destroy;
pub mod devices;
pub mod inventory;
pub mod twin;
