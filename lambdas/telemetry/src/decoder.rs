//! From the bytes of a message to its records: `kind` finds its events, `event` and `senml` read them,
//! `whole` has what they share, and `gathered` makes records of what was read.

mod event;
mod gathered;
mod kind;
mod prepared;
mod senml;
mod whole;

use kind::KindDecoder;

use crate::clock::{Arrival, Correction};
use crate::reason::{Fault, Reason, Rejection, quoted};
use crate::record::Record;
use crate::{Limits, Model};

/// A model, prepared for decoding.
#[derive(Debug, Clone)]
pub struct Decoder {
    limits: Limits,
    model: Model,
    /// In the order of the model.
    kinds: Vec<KindDecoder>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// What can be stored: by device and dimensions as these first appear, by time, and at the same instant in
    /// the order of the model.
    pub records: Vec<Record>,
    /// Why the message, or a part of it, cannot: it belongs into quarantine, also when there are records.
    pub rejection: Option<Rejection>,
    /// Set when the message came from too far ahead and was moved to its arrival.
    pub corrected: Option<Correction>,
    /// Fields, also of elements of arrays and of each event, that the model does not name.
    pub undeclared: usize,
    /// Values outside of their normal range. They are in the records.
    pub out_of_range: usize,
}

impl Decoded {
    /// Nothing of a message can be stored.
    pub fn refused(reason: impl Into<Reason>) -> Self {
        let mut rejection = Rejection::default();
        let Reason { field, fault } = reason.into();
        rejection.push(field, fault);
        Self { rejection: rejection.some(), ..Self::default() }
    }
}

impl Decoder {
    /// Prepares `model`, which is taken as valid, for a store.
    pub fn new(model: &Model, limits: Limits) -> Self {
        Self {
            limits,
            model: model.clone(),
            kinds: model.kinds.iter().map(|kind| KindDecoder::new(kind, limits)).collect(),
        }
    }

    /// What the store takes for which it decodes.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Decodes one message, of the kind that its partition key names. Answers for any bytes: with records, a
    /// rejection, or both.
    pub fn decode(&self, payload: &[u8], arrival: Arrival<'_>) -> Decoded {
        self.decode_user_record(payload, arrival, 0)
    }

    /// Decodes the `nth` user record, from 0, of an [aggregate](crate::kpl), which has the arrival of the
    /// aggregate and a partition key of its own.
    pub fn decode_user_record(&self, payload: &[u8], arrival: Arrival<'_>, nth: usize) -> Decoded {
        let Some((kind, partition_key)) = self.model.kind_of(arrival.partition_key) else {
            return Decoded::refused(Fault::UnknownKind { key: quoted(arrival.partition_key) });
        };
        self.kinds[kind].decode(payload, Arrival { partition_key, ..arrival }, nth)
    }
}
