//! What an account is prepared with before anything is deployed to it from a pipeline: a bucket for code,
//! and for each environment a boundary around the roles of its stacks.
//!
//! Nothing here belongs to an environment: `destroy` leaves all of it alone.

pub(crate) mod boundary;
pub mod permissions;
