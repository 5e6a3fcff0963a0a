//! The domain: an event of a device becomes records of a store.
//!
//! Which store, it does not know: what that takes comes as [`Limits`], how long it keeps it as [`Retention`].
//! Pure: no clock, no network, no file but the model's. Whatever the bytes, it answers and never
//! panics. Every consumer and every test vector goes through [`Decoder::decode`].

pub mod canary;
mod clock;
mod decimal;
mod decoder;
mod fields;
mod identity;
mod instant;
pub mod kpl;
pub mod lake;
mod limits;
mod model;
mod partition;
pub mod path;
mod points;
mod reason;
mod record;
mod retention;
mod scalar;
mod scan;
pub mod twin;
mod value;

pub use clock::{Arrival, Correction};
pub use decoder::{Decoded, Decoder};
pub use limits::{Limits, Window};
pub use model::{
    Binary, BinaryType, Decimal, Device, Dimension, Encoding, Endian, EventIdentity, EventKind, LoadError,
    MODEL_FILE, Mapped, Measure, MeasureType, Message, Model, Named, Points, Range, RecordLayout, TimeField,
    TimeUnit, Undeclared, Written,
};
pub use partition::{KeyLevels, PartitionKey, joined, levels_of};
pub use reason::{Fault, MAX_REASONS, QUARANTINE_MESSAGE_BYTES, Reason, Rejection};
pub use record::{DimensionValue, MeasureValue, Measured, ORIGINAL_TIME, Record, TIME_CORRECTED, Value};
pub use retention::{Lateness, Retention};
pub use scan::MAX_DEPTH;
