//! A fleet of devices, and the events that it sends at a given time.

use std::collections::BTreeMap;

use fastrand::Rng;
use telemetry::{EventKind, MeasureValue, Model, levels_of};

use crate::clock::Clock;
use crate::message::{self, Moment};
use crate::topic::{Levels, topic};

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
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which kind of the model it is, counted from 0.
    pub kind: usize,
    /// Who sends it, as the store knows the device.
    pub device: String,
    /// Where it is published.
    pub topic: String,
    /// Its partition key in the stream, as the topic rule makes it. Each device is an MQTT client.
    pub key: String,
    /// What the device says is the time, faults included, in microseconds since 1970-01-01T00:00:00Z.
    /// Only the event of a kind with a time of its own carries it.
    pub time: i64,
    /// The message, as a device of this kind writes it.
    pub payload: Vec<u8>,
    /// What it says: the values that are to be stored of it, in the order of the model.
    pub readings: Vec<MeasureValue>,
}

/// Devices of one model. Each sends the kinds in turn, and of a kind whose events name one measure, the
/// measures in turn.
#[derive(Debug, Clone)]
pub struct Fleet {
    model: Model,
    /// Of each kind.
    clocks: Vec<Clock>,
    traits: Traits,
    rng: Rng,
    /// Where the turn of the first device begins.
    first: usize,
    /// How often each device has sent.
    turns: BTreeMap<u32, usize>,
}

impl Fleet {
    /// A fleet that always sends the same for the same `seed`. Devices are the same for every seed.
    pub fn new(model: Model, traits: Traits, seed: u64) -> Self {
        Self {
            clocks: model.kinds.iter().map(|kind| Clock::new(kind.time.as_ref())).collect(),
            traits,
            rng: Rng::with_seed(seed),
            first: Rng::with_seed(seed).usize(..model.kinds.len().max(1)),
            turns: BTreeMap::new(),
            model,
        }
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
        let turn = self.turns.entry(index).or_insert(0);
        let round = *turn;
        *turn += 1;
        let kinds = self.model.kinds.len();
        let place = self.first + index as usize + round;
        self.write(place % kinds, place / kinds, &device, index, time)
    }

    /// What a device of this name, which need not be one of the fleet, sends of a kind at `time`. `index` says
    /// which neighbours it shares its description with. Of a kind whose events name one measure, it is the
    /// first one.
    pub fn event_of(&mut self, kind: usize, device: &str, index: u32, time: i64) -> Event {
        self.write(kind, 0, device, index, time)
    }

    /// `turn` says which measure an event is about that names one.
    fn write(&mut self, kind_index: usize, turn: usize, device: &str, index: u32, time: i64) -> Event {
        let Self { model, clocks, traits, rng, .. } = self;
        let kind = &model.kinds[kind_index];
        let time = match rng.f64() {
            dice if dice < traits.future_chance => time.saturating_add(rng.i64(FUTURE)),
            dice if dice < traits.future_chance + traits.late_chance => time.saturating_sub(rng.i64(LATE)),
            _ => time,
        };
        let mut fields = message::fields(kind);
        let is_one = kind.named.is_some() && kind.message.is_event() && !fields.is_empty();
        if is_one {
            fields = vec![fields.swap_remove(turn % fields.len())];
        }

        // Neighbours share what describes them, as devices of one site do.
        let mut dimensions: Vec<String> =
            kind.dimensions.iter().map(|dimension| format!("{}-{}", dimension.name, index / 10)).collect();
        let topic = topic(&kind.topic, &levels(kind, device, &dimensions, &fields), device);
        for (value, dimension) in dimensions.iter_mut().zip(&kind.dimensions) {
            if !dimension.topic_segments.is_empty() {
                *value = levels_of(&topic, &dimension.topic_segments);
            }
        }
        let client = device;
        let device = match &kind.device.topic_segments[..] {
            [] => device.to_owned(),
            segments => levels_of(&topic, segments),
        };
        let moment = Moment { device: &device, dimensions: &dimensions, time };
        let written = message::write(kind, &clocks[kind_index], &fields, &moment, traits.anomaly_chance, rng);
        Event {
            kind: kind_index,
            key: kind.partition_key_of(&topic, client),
            topic,
            payload: written.payload,
            device,
            time: written.time,
            readings: written.readings,
        }
    }
}

/// What names the levels of the topic: the device, its dimensions, and the measure.
fn levels(kind: &EventKind, device: &str, dimensions: &[String], fields: &[message::Field<'_>]) -> Levels {
    let mut levels = Levels::new();
    let mut name = |segments: &[u32], value: &str| {
        // Of several levels the first has the name.
        let values = std::iter::once(value).chain(std::iter::repeat("1"));
        levels.extend(segments.iter().copied().zip(values.map(str::to_owned)));
    };
    for (dimension, value) in kind.dimensions.iter().zip(dimensions) {
        name(&dimension.topic_segments, value);
    }
    name(&kind.device.topic_segments, device);
    if let (Some(named), Some(field)) = (&kind.named, fields.first()) {
        let names = field[0].field.split('/').map(str::to_owned);
        levels.extend(named.topic_segments.iter().copied().zip(names));
    }
    levels
}
