//! What a store takes, as a value that its room gives.

use crate::Record;

/// What a store takes of an event.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the names and values of a record's dimensions together.
    pub series_bytes: usize,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Bytes of a record.
    pub record_bytes: usize,
    /// The bytes of a record as the store counts them, if they are more than `record_bytes`.
    pub too_large: fn(&Record) -> Option<usize>,
    /// The times of events.
    pub window: Window,
}

/// Where the times of events may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How far ahead of the store's clock a time may be, in nanoseconds.
    pub ahead: i64,
    /// How far apart the instants of an event whose clock is corrected may be, in nanoseconds: no longer than
    /// the store keeps anything, so that no correction moves a reading to where it has nothing.
    pub span: i64,
}
