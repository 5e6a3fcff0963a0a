//! The domain: an event of a device becomes records of the store.
//!
//! Pure: no clock, no network, no file but the model's. Whatever the bytes, it answers and never
//! panics. Every consumer and every test vector goes through [`Decoder::decode`].

pub mod canary;
mod clock;
mod decimal;
mod decoder;
mod fields;
mod identity;
mod instant;
mod model;
mod partition;
mod points;
mod reason;
mod record;
mod scalar;
pub mod twin;

pub use clock::{Arrival, Correction, MAX_AHEAD, MAX_SPAN};
pub use decoder::{Decoded, Decoder};
pub use fields::MAX_DEPTH;
pub use model::{
    Device, Dimension, EventIdentity, LoadError, MODEL_FILE, Measure, MeasureType, Model, Range,
    RecordLayout, TimeField, TimeUnit, Undeclared,
};
pub use partition::PartitionKey;
pub use reason::{Fault, MAX_REASONS, QUARANTINE_MESSAGE_BYTES, Reason, Rejection};
pub use record::{
    DimensionValue, MAX_RECORD_BYTES, MAX_SERIES_BYTES, MAX_TEXT_BYTES, MeasureValue, Measured,
    ORIGINAL_TIME, Record, TIME_CORRECTED, Value,
};
