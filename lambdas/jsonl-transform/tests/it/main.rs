//! Batches as Firehose sends them, and batches that it never would, against what it accepts as answer.

#![allow(missing_docs, reason = "tests are named, not documented")]

mod answer;
mod arm64;
mod documents;
mod limit;
mod model;
mod properties;
mod runtime;
