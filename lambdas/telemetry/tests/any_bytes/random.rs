//! Models and messages of chance, of few names, so that they meet: paths, layouts of bytes, formats, maps.

use fastrand::Rng;
use serde_json::{Value as Json, json};
use telemetry::path::{Path, Step};
use telemetry::{Decoder, Model, PartitionKey};
use timestream::LIMITS;

const NAMES: [&str; 6] = ["a", "b", "c.d", "t[0]", "", "ä\""];
const TYPES: [&str; 5] = ["double", "bigint", "boolean", "varchar", "timestamp"];
const BINARY: [&str; 12] = ["u8", "i8", "u16", "i16", "u24", "i24", "u32", "i32", "u64", "i64", "f32", "f64"];
const DIRECTIVES: [&str; 18] = [
    "%Y", "%y", "%m", "%d", "%e", "%H", "%I", "%p", "%M", "%S", "%b", "%B", "%f", "%z", "%%", " ", "-", "%Q",
];
const ZONES: [&str; 4] = ["Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Nowhere/Else"];

/// A kind of events.
pub struct Kind {
    pub decoder: Decoder,
    /// The texts that mean something to it: its paths, most of them.
    words: Vec<String>,
    /// Where its events are.
    array: Option<String>,
    /// How many levels of the topic it reads.
    levels: usize,
}

fn one<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

/// Something like a path.
fn path(rng: &mut Rng) -> String {
    let mut path = if rng.u8(..5) == 0 { "$.".to_owned() } else { String::new() };
    for step in 0..rng.u8(1..4) {
        match rng.u8(..8) {
            0 => path.push_str("[0]"),
            1 => path.extend(["[", &rng.u32(..4).to_string(), "]"]),
            2 => path.extend(["\"", one(rng, &NAMES), "\""]),
            3 => path.push_str(one(rng, &[".", "[", "]", "\"", "\\", "$"])),
            _ => {
                if step > 0 {
                    path.push('.');
                }
                path.push_str(one(rng, &NAMES[..3]));
            }
        }
    }
    path
}

fn measure(rng: &mut Rng, index: usize) -> Json {
    let mut measure = json!({"name": format!("m{index}"), "field": path(rng), "type": one(rng, &TYPES)});
    let mut put = |key: &str, value: Json| measure[key] = value;
    match rng.u8(..8) {
        0 => {
            let mut binary = json!({
                "encoding": one(rng, &["base64", "hex"]),
                "offset": if rng.u8(..20) == 0 { u32::MAX } else { rng.u32(..6) },
                "type": one(rng, &BINARY),
                "endian": one(rng, &["big", "little"]),
            });
            if rng.bool() {
                binary["bits"] = json!([rng.u8(..70), rng.u8(..70)]);
            }
            put("binary", binary);
        }
        1 => put("map", json!({"ON": true, "1": "", "x": 1e300, "2": -5, "on": "ON"})),
        2 => put("missing", json!(["ON", "0", " ", "true"])),
        3 => put("suffix", json!(one(rng, &["N", "°C", " ", ""]))),
        4 => put("decimal", json!("comma")),
        5 => put("scale", json!(*rng.choice(&[0.1, -0.001, 1e308, 1e-320, 0.0]).expect("some"))),
        6 => put("points", json!({"time": one(rng, &NAMES), "value": one(rng, &NAMES)})),
        _ => {}
    }
    if rng.u8(..4) == 0 {
        put("offset", json!(*rng.choice(&[1.0, -40.0, f64::MAX]).expect("some")));
    }
    measure
}

fn segments(rng: &mut Rng) -> Json {
    json!((0..rng.u32(..3)).map(|_| rng.u32(1..4)).collect::<Vec<_>>())
}

impl Kind {
    pub fn new(rng: &mut Rng) -> Self {
        let each = path(rng);
        let message = match rng.u8(..6) {
            0 => json!({"each": each}),
            1 => json!({"each": "$"}),
            2 => json!("senml"),
            _ => json!("event"),
        };
        let measures: Vec<Json> = (0..rng.usize(1..6)).map(|index| measure(rng, index)).collect();
        let format: String = (0..rng.u8(..9)).map(|_| one(rng, &DIRECTIVES)).collect();
        let mut model = json!({
            "topic": "+/+/+",
            "message": message,
            "device": {"dimension": "device", "field": path(rng), "topic_segments": segments(rng)},
            "dimensions": [{"name": "site", "field": path(rng), "topic_segments": segments(rng)}],
            "measures": measures,
            "record": if rng.bool() { json!({"layout": "single"}) } else { json!({"layout": "multi", "name": "m"}) },
            "undeclared": one(rng, &["ignore", "quarantine"]),
        });
        if rng.bool() {
            let unit = one(rng, &["s", "ms", "us", "ns"]);
            model["time"] =
                json!({"field": path(rng), "unit": unit, "format": format, "zone": one(rng, &ZONES)});
        }
        if rng.u8(..3) == 0 {
            model["event"] = json!({"id": path(rng), "window_seconds": rng.u32(..100)});
        }
        if rng.u8(..3) == 0 {
            let value = if rng.bool() { "$".to_owned() } else { path(rng) };
            model["named"] = if rng.bool() {
                json!({"field": path(rng), "value": value})
            } else {
                json!({"topic_segments": segments(rng), "value": value})
            };
        }
        let fields =
            model["measures"].as_array().into_iter().flatten().filter_map(|one| one["field"].as_str());
        let others = [&model["device"], &model["time"], &model["dimensions"][0], &model["named"]];
        let others =
            others.into_iter().flat_map(|one| [one["field"].as_str(), one["value"].as_str()]).flatten();
        let words = fields.chain(others).map(str::to_owned).collect();
        let array = model["message"]["each"].as_str().map(str::to_owned);
        let model: Model = serde_json::from_value(model).expect("the form of a model");
        let levels = match model.kinds[0].partition_key() {
            PartitionKey::Levels(levels) => levels.len(),
            PartitionKey::Topic | PartitionKey::Client => 1,
        };
        Self { decoder: Decoder::new(&model, LIMITS), words, array, levels }
    }

    /// A message, and a partition key.
    pub fn message(&self, rng: &mut Rng) -> (Vec<u8>, String) {
        let mut message = self.event(rng);
        if let Some(array) = &self.array {
            let events: Vec<Json> = (0..rng.u8(..4)).map(|_| self.event(rng)).collect();
            put(&mut message, &Path::of(array).steps, json!(events));
        }
        let levels = if rng.u8(..16) == 0 { rng.usize(..5) } else { self.levels };
        let key: Vec<&str> = (0..levels).map(|_| one(rng, &["a", "", "b c", "a"])).collect();
        (message.to_string().into_bytes(), key.join("/"))
    }

    /// An object with most of the fields at their paths.
    fn event(&self, rng: &mut Rng) -> Json {
        let mut event = if rng.u8(..3) == 0 { self.object(rng, 3) } else { json!({}) };
        for word in &self.words {
            if rng.u8(..4) > 0 {
                let value = if rng.u8(..4) == 0 { self.value(rng, 2) } else { scalar(rng) };
                put(&mut event, &Path::of(word).steps, value);
            }
        }
        event
    }

    fn object(&self, rng: &mut Rng, depth: u8) -> Json {
        let names =
            ["a", "b", "c", "d", "c.d", "t[0]", "", "n", "v", "t", "bn", "bt", "bv", "vs", "vb", "vd", "x_"];
        let members = (0..rng.u8(..7)).map(|_| {
            let name = match rng.u8(..3) {
                0 => self.words[rng.usize(..self.words.len())].clone(),
                _ => one(rng, &names).to_owned(),
            };
            (name, self.value(rng, depth.saturating_sub(1)))
        });
        Json::Object(members.collect())
    }

    fn value(&self, rng: &mut Rng, depth: u8) -> Json {
        match rng.u8(..10) {
            0 if depth > 0 => {
                let elements: Vec<Json> = (0..rng.u8(..4)).map(|_| self.value(rng, depth - 1)).collect();
                json!(elements)
            }
            1..=4 if depth > 0 => self.object(rng, depth),
            5..=6 => json!(self.words[rng.usize(..self.words.len())]),
            _ => scalar(rng),
        }
    }
}

/// A single value, of those that mean something to one kind or another.
pub fn scalar(rng: &mut Rng) -> Json {
    match rng.u8(..6) {
        0 => json!(rng.i64(-5..5)),
        1 => json!(*rng.choice(&[1.5, -0.0, 1e300, 1_609_757_175.225, 1_609_757_175_225.0]).expect("some")),
        2 => {
            let digits: String = (0..rng.u8(..24)).map(|_| rng.digit(16)).collect();
            json!(digits)
        }
        3 => [Json::Null, json!(true), json!(false)][rng.usize(..3)].clone(),
        _ => {
            let texts = [
                "",
                " ",
                "ON",
                "1",
                "21,5",
                "21.5 °C",
                "2021-03-28T02:30:00",
                "2021-01-04T10:46:15Z",
                "AAAA",
                "-_8=",
                "Jan 4 2021",
                "20210104",
                "urn:dev:a:",
                "a/b",
                "true",
                "NaN",
            ];
            json!(one(rng, &texts))
        }
    }
}

/// Puts a value where the steps lead, through whatever is there.
fn put(at: &mut Json, steps: &[Step], value: Json) {
    let Some((step, steps)) = steps.split_first() else {
        *at = value;
        return;
    };
    let next = match step {
        Step::Member(name) => {
            if !at.is_object() {
                *at = json!({});
            }
            &mut at[&**name]
        }
        Step::Element(element) => {
            let index = (*element as usize).min(5);
            if !at.is_array() {
                *at = json!([]);
            }
            if let Json::Array(elements) = at {
                elements.resize(elements.len().max(index + 1), Json::Null);
            }
            &mut at[index]
        }
    };
    put(next, steps, value);
}
