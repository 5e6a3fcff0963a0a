//! A fleet of devices, and the events that it sends at a given time.

use fastrand::Rng;
use jiff::Timestamp;
use telemetry::Model;

use crate::json::{Fields, Scalar};
use crate::topic::topic;
use crate::values::{Reading, read};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// How far ahead a wrong clock is, in microseconds: beyond the 15 minutes that the store allows.
pub const FUTURE: std::ops::RangeInclusive<i64> = HOUR..=24 * HOUR;
/// How old a late event is, in microseconds.
pub const LATE: std::ops::RangeInclusive<i64> = HOUR..=6 * HOUR;
/// The time between two events of a backlog, in microseconds.
pub const BACKLOG_SPACING: i64 = SECOND;

/// How a fleet is and what goes wrong with it. Chances are between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Traits {
    /// How many devices there are.
    pub devices: u32,
    /// What the name of every device begins with; its number follows.
    pub prefix: String,
    /// The chance that a reading is outside of its normal range, for each measure.
    pub anomaly_chance: f64,
    /// The chance that the clock of an event is [`FUTURE`] ahead.
    pub future_chance: f64,
    /// The chance that an event is [`LATE`].
    pub late_chance: f64,
    /// The chance that a device was cut off and delivers a backlog together with its event.
    pub burst_chance: f64,
    /// How many events such a backlog has.
    pub burst: u32,
}

impl Default for Traits {
    /// The fleet of the articles: 50 devices, one reading in twenty an anomaly, no other faults.
    fn default() -> Self {
        Self {
            devices: 50,
            prefix: "device-".to_owned(),
            anomaly_chance: 0.051,
            future_chance: 0.0,
            late_chance: 0.0,
            burst_chance: 0.0,
            burst: 10,
        }
    }
}

/// What a device sends at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who sends it.
    pub device: String,
    /// Where it is published.
    pub topic: String,
    /// Its partition key in the stream, as the topic rule makes it. Each device is an MQTT client.
    pub key: String,
    /// What the device says is the time, faults included, in microseconds since 1970-01-01T00:00:00Z.
    /// Only the event of a model with a time field carries it.
    pub time: i64,
    /// The event: JSON on one line.
    pub payload: Vec<u8>,
}

/// Devices of one model.
#[derive(Debug, Clone)]
pub struct Fleet {
    model: Model,
    traits: Traits,
    rng: Rng,
}

impl Fleet {
    /// A fleet that always sends the same for the same `seed`. Devices are the same for every seed.
    pub fn new(model: Model, traits: Traits, seed: u64) -> Self {
        Self { model, traits, rng: Rng::with_seed(seed) }
    }

    /// How the fleet is.
    pub fn traits(&self) -> &Traits {
        &self.traits
    }

    /// The name of a device, counted from 0.
    pub fn device(&self, index: u32) -> String {
        format!("{}{index:04}", self.traits.prefix)
    }

    /// What every device sends at `time` (microseconds since 1970-01-01T00:00:00Z).
    pub fn round(&mut self, time: i64) -> Vec<Event> {
        (0..self.traits.devices).flat_map(|index| self.send(index, time)).collect()
    }

    /// What one device sends at `time`: an event, after its backlog where there is one.
    pub fn send(&mut self, index: u32, time: i64) -> Vec<Event> {
        let backlog =
            if self.rng.f64() < self.traits.burst_chance { i64::from(self.traits.burst) } else { 0 };
        (0..=backlog).rev().map(|age| self.event(index, time.saturating_sub(age * BACKLOG_SPACING))).collect()
    }

    fn event(&mut self, index: u32, time: i64) -> Event {
        let device = self.device(index);
        self.event_of(device, index, time)
    }

    /// What a device of this name, which need not be one of the fleet, sends at `time`. `index` says which
    /// neighbours it shares its description with.
    pub fn event_of(&mut self, device: String, index: u32, time: i64) -> Event {
        let Self { model, traits, rng } = self;
        let model = model.first();
        let time = match rng.f64() {
            dice if dice < traits.future_chance => time.saturating_add(rng.i64(FUTURE)),
            dice if dice < traits.future_chance + traits.late_chance => time.saturating_sub(rng.i64(LATE)),
            _ => time,
        };
        let instant = Timestamp::from_microsecond(time).unwrap_or(Timestamp::UNIX_EPOCH);

        let mut fields = Vec::with_capacity(2 + model.dimensions.len() + model.measures.len());
        if let Some(field) = &model.time {
            fields.push((field.field.as_str(), Scalar::time(time, field.unit)));
        }
        if model.device.topic_segments.is_empty() {
            fields.push((model.device.field.as_str(), Scalar::Text(device.clone())));
        }
        if let Some(id) = model.event.as_ref().and_then(|event| event.id.as_deref()) {
            // What a device counts up would do as well: no two events of one have the same.
            fields.push((id, Scalar::Bigint(time)));
        }
        for dimension in &model.dimensions {
            // Neighbours share what describes them, as devices of one site do.
            let value = format!("{}-{}", dimension.name, index / 10);
            fields.push((dimension.field.as_str(), Scalar::Text(value)));
        }
        for measure in &model.measures {
            let reading =
                if rng.f64() < traits.anomaly_chance { Reading::Anomalous } else { Reading::Normal };
            fields.push((measure.field.as_str(), read(measure, reading, &instant, rng)));
        }
        let topic = topic(&model.topic, model.device.topic_segments.first().copied(), &device);
        let key = model.partition_key_of(&topic, &device);
        Event { key, topic, payload: Fields(fields).to_bytes(), device, time }
    }
}
