//! From TwinMaker to the store: time series, attributes and the schema of the digital twin.
//!
//! `main.rs` wires this to Lambda; [`handler`] decides. A request passes through [`request`] (its form),
//! [`plan`] (what it means in the model) and the [`store`] (one query); the rows that come back go through
//! [`track`] into a [`response`]. Nothing is kept between two requests but the names of columns.

pub mod attributes;
pub mod catalog;
pub mod document;
pub mod error;
pub mod handler;
pub mod history;
pub mod instant;
pub mod interpolation;
pub mod operator;
pub mod plan;
pub mod postgres;
pub mod request;
pub mod response;
pub mod schema;
pub mod store;
pub mod timestream;
pub mod token;
pub mod track;
pub mod value;
