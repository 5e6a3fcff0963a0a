//! The events of a batch: its records, and what producers have put together into one.
//!
//! [Aggregates](telemetry::kpl) are taken apart here, so that each event in one has a fate of its own.
//! Lambda knows nothing of them: what is to be delivered again is the record.

use std::borrow::Cow;

use base64::prelude::*;
use telemetry::{Arrival, Decoded, Decoder, Fault, kpl};

use crate::batch::{Batch, Delivery};
use crate::quarantine::{NOT_BASE64, Reason};

/// An event of a batch.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// The record of the stream that it came in.
    pub delivery: &'a Delivery,
    /// Index of that record in the batch.
    pub record: usize,
    /// Which of the record's events it is, from 0. `None`: the record is no aggregate that can be taken
    /// apart.
    pub nth: Option<usize>,
    /// What the sender chose the shard by, or would have chosen it by.
    pub partition_key: &'a str,
    /// What was sent, or why that is unknown.
    pub content: Result<&'a [u8], Unreadable>,
}

/// Why a record cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Lambda did not send it as it should.
    NotBase64,
    /// It is an aggregate that cannot be taken apart.
    Aggregate(Fault),
}

/// The bytes of each record of a batch; `None` where they are not base64.
pub fn bytes(batch: &Batch) -> Vec<Option<Vec<u8>>> {
    batch.deliveries.iter().map(Delivery::bytes).collect()
}

/// The events of a batch whose records have these bytes, in the order of the stream.
pub fn events<'a>(batch: &'a Batch, bytes: &'a [Option<Vec<u8>>]) -> Vec<Event<'a>> {
    let mut events = Vec::with_capacity(bytes.len());
    for (record, (delivery, bytes)) in batch.deliveries.iter().zip(bytes).enumerate() {
        let partition_key = delivery.kinesis.partition_key.as_str();
        let whole = |content| Event { delivery, record, nth: None, partition_key, content };
        match bytes.as_deref().map(|bytes| (bytes, kpl::split(bytes))) {
            None => events.push(whole(Err(Unreadable::NotBase64))),
            Some((bytes, None)) => events.push(whole(Ok(bytes))),
            Some((_, Some(Err(fault)))) => events.push(whole(Err(Unreadable::Aggregate(fault)))),
            Some((_, Some(Ok(users)))) => {
                events.extend(users.iter().enumerate().map(|(nth, user)| Event {
                    delivery,
                    record,
                    nth: Some(nth),
                    partition_key: user.partition_key,
                    content: Ok(user.data),
                }));
            }
        }
    }
    events
}

impl Event<'_> {
    /// When and where it came into the stream.
    pub fn arrival(&self) -> Arrival<'_> {
        Arrival { partition_key: self.partition_key, ..self.delivery.arrival() }
    }

    /// What can be stored of it, or why it cannot be decoded.
    pub fn decode(&self, decoder: &Decoder) -> Result<Decoded, Reason> {
        match &self.content {
            Ok(bytes) => Ok(decoder.decode_user_record(bytes, self.arrival(), self.nth.unwrap_or(0))),
            Err(Unreadable::Aggregate(fault)) => Ok(Decoded::refused(fault.clone())),
            Err(Unreadable::NotBase64) => {
                let message = "the record is not base64".to_owned();
                Err(Reason { code: NOT_BASE64.into(), field: None, message })
            }
        }
    }

    /// Its own bytes; those of the record as it was delivered, where they cannot be read.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.content {
            Ok(bytes) => Cow::Borrowed(bytes),
            Err(_) => self.delivery.bytes().map_or(self.delivery.kinesis.data.as_bytes().into(), Cow::Owned),
        }
    }

    /// The same in base64.
    pub fn base64(&self) -> Cow<'_, str> {
        match (&self.content, self.nth) {
            (Ok(bytes), Some(_)) => Cow::Owned(BASE64_STANDARD.encode(bytes)),
            (Err(Unreadable::NotBase64), _) => {
                Cow::Owned(BASE64_STANDARD.encode(&self.delivery.kinesis.data))
            }
            _ => Cow::Borrowed(&self.delivery.kinesis.data),
        }
    }
}
