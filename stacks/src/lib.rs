//! The model and an environment, synthesized into `CloudFormation` templates.
//!
//! Pure: text comes in, values or problems go out. No file, no network, no clock.

pub mod bootstrap;
pub mod cfn;
pub mod config;
pub mod cost;
pub mod environment;
pub mod invariants;
pub mod model;
pub mod once;
pub mod tags;
pub mod twin;

mod artifacts;
mod buckets;
mod catalog;
mod consumer;
mod functions;
pub mod grafana;
mod ingest;
mod lake;
mod overlay;
mod queues;
mod simulator;
mod store;

pub use artifacts::Artifact;
pub use catalog::{Inputs, STACKS, Stack, StackDefinition, synthesize};
pub use cfn::{ParameterSource, Template};
pub use functions::{
    DEVICE_SIMULATOR, Function, JSONL_TRANSFORM, KINESIS_CONSUMER, LOCAL_PROVIDER, TWINMAKER_CONNECTOR,
};
pub use store::{FIXED, STORED};
