//! The domain: an event of a device becomes records of the store.
//!
//! Pure: no clock, no network, no file but the model's. Whatever the bytes, it answers and never
//! panics. Every consumer and every test vector goes through [`decode`].

mod model;

pub use model::{
    Device, Dimension, LoadError, MODEL_FILE, Measure, MeasureType, Model, Range, RecordLayout, TimeField,
    TimeUnit, Undeclared,
};
