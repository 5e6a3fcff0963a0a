//! What the shipped environments cost, from their templates.

#[path = "../shipped/mod.rs"]
mod shipped;

use stacks::Inputs;
use stacks::cost::{Estimate, Load, Prices, estimate};
use telemetry::Model;

/// Size of a simulated event of the shipped model, about.
const EVENT_BYTES: f64 = 180.0;

fn of(name: &str, overrides: &[(&str, &str)], events_per_second: f64) -> Estimate {
    of_model(shipped::model(), name, overrides, events_per_second)
}

fn of_model(model: Model, name: &str, overrides: &[(&str, &str)], events_per_second: f64) -> Estimate {
    let environment = shipped::environment(name, overrides);
    let model = environment.place(name, model).expect("they fit together");
    let load = Load { events_per_second, devices: events_per_second * 10.0, event_bytes: EVENT_BYTES };
    let prices = Prices::shipped().expect("the shipped prices");
    estimate(&Inputs { model: &model, environment: &environment }, &prices, &[load]).remove(0)
}

/// The variants that have every type of resource among them.
const VARIANTS: &[(&str, &[(&str, &str)])] = &[
    ("dev", &[]),
    ("preview-1", &[("consumer.kind", "flink"), ("grafana.kind", "managed"), ("bootstrap", "false")]),
    ("preview-1", &[]),
    ("prod", &[]),
    ("start", &[]),
    ("start", &[("consumer.kind", "flink"), ("store.connection", "direct")]),
];

#[test]
fn every_type_has_a_price_or_a_reason_to_have_none() {
    for (name, overrides) in VARIANTS {
        assert_eq!(of(name, overrides, 100.0).unknown, [""; 0], "{name} {overrides:?}");
    }
}

#[test]
fn every_price_is_asked_for() {
    let estimates = VARIANTS.iter().map(|(name, overrides)| of(name, overrides, 100.0));
    let several = of_model(shipped::fleet(), "dev", &[], 100.0);
    let items: Vec<_> = estimates.chain([several]).flat_map(|estimate| estimate.items).collect();
    let prices = Prices::shipped().expect("the shipped prices");
    for price in prices.all() {
        assert!(items.iter().any(|item| item.price == *price), "{price:?}");
        assert!(price.source.starts_with("https://aws.amazon.com/"), "{price:?}");
    }
}

/// However many rules and tables there are, an event is one event.
#[test]
fn kinds_share_the_load() {
    let sum = |estimate: &Estimate, price: &str| -> f64 {
        estimate.items.iter().filter(|item| item.price.what == price).map(|item| item.amount).sum()
    };
    let (one, several) = (of("dev", &[], 100.0), of_model(shipped::fleet(), "dev", &[], 100.0));
    for price in
        ["connected devices", "rule and action, in steps of 5 KB", "shards", "records, in steps of 5 KB"]
    {
        assert!((sum(&one, price) - sum(&several, price)).abs() < 1e-6, "{price}");
    }
    assert!(sum(&several, "objects of several kinds") > 0.0);
}

/// The amounts of 100 events a second, counted by hand.
#[test]
fn amounts_are_those_of_the_pages() {
    // The simulator of dev, 50 devices with 10 events a minute, writes to the stream.
    let sent = 100.0 * 730.0 * 3_600.0;
    let rate = 100.0 + 500.0 / 60.0;
    let events = rate * 730.0 * 3_600.0;
    let gib = 1_073_741_824.0;
    // 8 for the time, 8 + 16 for the device, 10 for the name of the records, and the measures.
    let record = 8.0 + 24.0 + 10.0 + (11.0 + 8.0) + (8.0 + 8.0) + (7.0 + 8.0) + (4.0 + 8.0);
    #[rustfmt::skip]
    let cases: &[(&str, &str, f64)] = &[
        ("IoT",             "million minutes",     1_000.0 * 730.0 * 60.0 / 1e6),
        ("IoT",             "million messages",    sent / 1e6),
        ("Kinesis",         "shard-hours",         730.0),
        ("Kinesis",         "million units",       events / 1e6),
        ("KinesisFirehose", "GB",                  events * 5_120.0 / gib),
        // A batch a second, in two requests.
        ("Timestream",      "million writes",      2.0 * (rate / 2.0 * record / 1_024.0_f64).ceil() * 730.0 * 3_600.0 / 1e6),
        ("Timestream",      "GB-hours",            rate * record * 24.0 * 3_600.0 / gib * 730.0),
        ("SecretsManager",  "secret-months",       2.0),
    ];
    let estimate = of("dev", &[], 100.0);
    for (service, unit, expected) in cases {
        let mut items = estimate.items.iter();
        let item = items.find(|item| item.service == *service && item.price.unit == *unit);
        let amount = item.unwrap_or_else(|| panic!("no {service} in {unit}")).amount;
        assert!(
            (amount / expected - 1.0).abs() < 1e-9,
            "{service} in {unit}: {amount} instead of {expected}"
        );
    }
}

#[test]
fn at_rest_nothing_moves_but_what_the_simulator_sends() {
    for (name, overrides) in VARIANTS {
        let rest = of(name, overrides, 0.0);
        let moves =
            |service: &str| rest.items.iter().any(|item| item.service == service && item.amount > 0.0);
        assert!(!moves("IoT"), "{name}");
        assert_eq!(moves("KinesisFirehose"), *name != "prod", "{name}");
        assert!(rest.total_usd() > 0.0, "{name}");
    }
}

#[test]
fn a_stream_that_is_too_small_for_the_load_is_noticed() {
    for (name, rate, expected) in
        [("dev", 900.0, None), ("dev", 10_000.0, Some(11.0)), ("prod", 10_000.0, None)]
    {
        assert_eq!(of(name, &[], rate).needed_shards, expected, "{name} {rate}");
    }
}

/// A cluster costs its least capacity until the load is more than that takes, and never more than its most.
#[test]
fn a_cluster_costs_what_is_between_its_bounds() {
    let of_cluster = |overrides: &[(&str, &str)], rate: f64| {
        let estimate = of("start", overrides, rate);
        let item = estimate.items.into_iter().find(|item| item.price.unit == "ACU-hours");
        item.expect("a cluster").amount / 730.0
    };
    let idle = [("simulator.enabled", "false"), ("store.min_acu", "0")];
    for (overrides, rate, expected) in [
        (&[][..], 0.0, 0.5),
        (&[], 100.0, 0.5),
        (&[], 1e6, 2.0),
        (&[("store.max_acu", "16")], 1e6, 16.0),
        (&[("store.min_acu", "1.5")], 0.0, 1.5),
        // Without events it pauses, and with the first it does not.
        (&idle, 0.0, 0.0),
        (&idle, 1.0, 0.5),
    ] {
        let found = of_cluster(overrides, rate);
        assert!((found - expected).abs() < 1e-9, "{overrides:?} {rate}: {found} instead of {expected}");
    }
}

#[test]
fn the_other_store_costs_nothing_of_timestream() {
    let has = |estimate: &Estimate, service: &str| estimate.items.iter().any(|item| item.service == service);
    let (postgres, timestream) = (of("start", &[], 100.0), of("dev", &[], 100.0));
    assert!(has(&timestream, "Timestream") && !has(&postgres, "Timestream"));
    assert!(has(&postgres, "RDS") && !has(&timestream, "RDS"));
}
