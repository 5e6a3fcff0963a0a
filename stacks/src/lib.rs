//! The model and an environment, synthesized into CloudFormation templates.
//!
//! Pure: text comes in, values or problems go out. No file, no network, no clock.

pub mod environment;
pub mod model;
