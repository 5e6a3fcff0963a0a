//! The model and an environment, synthesized into `CloudFormation` templates.
//!
//! Pure: text comes in, values or problems go out. No file, no network, no clock.

pub mod bootstrap;
pub mod cfn;
pub mod config;
pub mod cost;
pub mod environment;
pub mod invariants;
pub mod kinds;
pub mod model;
pub mod tags;
pub mod templates;
pub mod twin;

mod artifact;
mod artifacts;
mod audit_exceptions;
mod boundary;
mod buckets;
mod catalog;
mod consumer;
mod device;
pub mod devices;
mod functions;
pub mod grafana;
mod ingest;
mod lake;
mod network;
pub mod operations;
mod overlay;
mod place;
mod queues;
mod simulator;
mod stack;
mod store;

pub use artifact::{Artifact, Calls, Function};
pub use catalog::{STACKS, StackDefinition, synthesize};
pub use cfn::{ParameterSource, Template};
pub use consumer::{GIVEN_UP_PREFIX, KINESIS_CONSUMER, MODEL_DIGEST, model_digest};
pub use lake::{JSONL_TRANSFORM, folder as lake_folder};
pub use overlay::LOCAL_PROVIDER;
pub use stack::{Inputs, Stack, id_of};
pub use store::{DIMENSION, QUARANTINE_PREFIX, REPORT_PREFIX, STORE_SETUP, STORED, stored};
