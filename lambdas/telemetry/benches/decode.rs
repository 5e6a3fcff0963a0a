//! Events a second of one core: the smart-home event and a nested one through [`Decoder`], and through the
//! obvious alternative, a `serde_json::Value` whose fields are looked up and mapped.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value as Json, json};
use telemetry::{Arrival, Decoder, Model};

const SMART_HOME: &[u8] = br#"{"Time": 1609757175225.499, "DeviceID": "12345678-9012-3456-7890-123456789012", "temperature_measure": 11.2, "humidity_measure": 33.4, "voltage_measure": 55.6, "watt_measure": 777.8}"#;

/// What a LoRaWAN network server forwards: 1 KB, of which the model names six fields.
const NESTED: &[u8] = br#"{"end_device_ids": {"device_id": "soil-0042", "application_ids": {"application_id": "orchard"}, "dev_eui": "70B3D57ED0041234", "join_eui": "0000000000000001", "dev_addr": "260B1234"}, "correlation_ids": ["gs:uplink:01ETRQ0Z7N0WQ2A7PJZ4V0Y9XH"], "received_at": "2021-01-04T10:46:15.431029Z", "uplink_message": {"session_key_id": "AXbG8b8k2mC0pTnfN0x1Yw==", "f_port": 2, "f_cnt": 1234, "frm_payload": "AQhcAhkD", "decoded_payload": {"soil": {"temperature": 11.2, "moisture": 33.4, "salinity": 0.7}, "battery": 3.61}, "rx_metadata": [{"gateway_ids": {"gateway_id": "barn", "eui": "B827EBFFFE123456"}, "time": "2021-01-04T10:46:15.225Z", "timestamp": 2463457000, "rssi": -88, "channel_rssi": -88, "snr": 9.25}], "settings": {"data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7}}, "coding_rate": "4/5", "frequency": "868300000"}, "received_at": "2021-01-04T10:46:15.225499Z", "consumed_airtime": "0.056576s", "network_ids": {"net_id": "000013", "tenant_id": "ttn", "cluster_id": "eu1"}}}"#;

const ARRIVAL: Arrival<'_> = Arrival {
    time_ms: 1_609_757_175_900,
    sequence_number: "49590338271490256608559692538361571095921575989136588898",
    partition_key: "dt/12345678-9012-3456-7890-123456789012/measures",
};

/// A kind of events: what the model names, and the alternative.
struct Case {
    event: &'static [u8],
    device: &'static str,
    time: &'static str,
    measures: [(&'static str, &'static str); 4],
    through_a_tree: fn(&[u8]) -> Option<TextRecord>,
}

const CASES: [(&str, Case); 2] = [
    (
        "smart home",
        Case {
            event: SMART_HOME,
            device: "DeviceID",
            time: "Time",
            measures: [
                ("temperature", "temperature_measure"),
                ("humidity", "humidity_measure"),
                ("voltage", "voltage_measure"),
                ("watt", "watt_measure"),
            ],
            through_a_tree: smart_home,
        },
    ),
    (
        "nested",
        Case {
            event: NESTED,
            device: "end_device_ids.device_id",
            time: "uplink_message.received_at",
            measures: [
                ("temperature", "uplink_message.decoded_payload.soil.temperature"),
                ("moisture", "uplink_message.decoded_payload.soil.moisture"),
                ("battery", "uplink_message.decoded_payload.battery"),
                ("rssi", "uplink_message.rx_metadata[0].rssi"),
            ],
            through_a_tree: nested,
        },
    ),
];

impl Case {
    fn model(&self) -> Model {
        let measures =
            self.measures.map(|(name, field)| json!({"name": name, "field": field, "type": "double"}));
        let model = json!({
            "topic": "dt/+/measures",
            "device": {"dimension": "device", "field": self.device},
            "time": {"field": self.time, "unit": "ms"},
            "measures": measures,
            "record": {"layout": "multi", "name": "telemetry"},
            "undeclared": "ignore",
        });
        serde_json::from_value(model).expect("the model of this benchmark")
    }
}

/// A record as the alternative makes it: names and values as text, the shape of a request.
#[derive(Debug)]
#[expect(dead_code, reason = "what is made is measured, not read")]
struct TextRecord {
    device: String,
    time: i64,
    measures: Vec<(String, f64)>,
}

/// The mapping that one writes first. It loses digits of the time, and what is not as expected.
fn smart_home(payload: &[u8]) -> Option<TextRecord> {
    let event: Json = serde_json::from_slice(payload).ok()?;
    #[allow(clippy::cast_possible_truncation)]
    let time = (event.get("Time")?.as_f64()? * 1e6) as i64;
    Some(TextRecord {
        device: event.get("DeviceID")?.as_str()?.to_owned(),
        time,
        measures: ["temperature", "humidity", "voltage", "watt"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), event.get(format!("{name}_measure"))?.as_f64()?)))
            .collect(),
    })
}

/// The same for the nested event.
fn nested(payload: &[u8]) -> Option<TextRecord> {
    let event: Json = serde_json::from_slice(payload).ok()?;
    let uplink = event.get("uplink_message")?;
    let decoded = uplink.get("decoded_payload")?;
    let time: jiff::Timestamp = uplink.get("received_at")?.as_str()?.parse().ok()?;
    let measures = [
        ("temperature", decoded.get("soil")?.get("temperature")?),
        ("moisture", decoded.get("soil")?.get("moisture")?),
        ("battery", decoded.get("battery")?),
        ("rssi", uplink.get("rx_metadata")?.get(0)?.get("rssi")?),
    ];
    Some(TextRecord {
        device: event.get("end_device_ids")?.get("device_id")?.as_str()?.to_owned(),
        time: i64::try_from(time.as_nanosecond()).ok()?,
        measures: measures
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), value.as_f64()?)))
            .collect(),
    })
}

fn decode(criterion: &mut Criterion) {
    for (name, case) in &CASES {
        let decoder = Decoder::new(&case.model(), timestream::LIMITS);
        let sample = decoder.decode(case.event, ARRIVAL);
        assert!(sample.rejection.is_none() && sample.records.len() == 1, "the benchmark needs a good event");
        let mapped = (case.through_a_tree)(case.event).map(|record| record.measures.len());
        assert_eq!(mapped, Some(case.measures.len()), "the alternative reads the same");
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Elements(1));
        group.bench_function("decoder", |bencher| {
            bencher.iter(|| decoder.decode(black_box(case.event), ARRIVAL));
        });
        group.bench_function("serde_json::Value", |bencher| {
            bencher.iter(|| (case.through_a_tree)(black_box(case.event)));
        });
        group.finish();
    }
}

criterion_group!(benches, decode);
criterion_main!(benches);
