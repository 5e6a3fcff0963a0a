//! Proposals for payloads that are not in the gallery, as a person reads them.

use crate::{Trial, propose, read};

fn proposed(text: &str) -> String {
    let samples = read(text.as_bytes()).expect("samples");
    let proposal = propose(&samples);
    let model = stacks::model::parse("telemetry.toml", &proposal)
        .unwrap_or_else(|problems| panic!("{problems}\n{proposal}"));
    let trial = Trial::new(&model);
    for sample in &samples {
        let attempt = trial.attempt(sample, 1_795_248_060_000, 1);
        assert!(attempt.outside.is_none() && attempt.quarantine.is_empty(), "{attempt:?}\n{proposal}");
        assert!(!attempt.records.is_empty(), "{attempt:?}\n{proposal}");
    }
    proposal
}

#[test]
fn what_devices_write_around_a_value() {
    insta::assert_snapshot!(proposed(
        "plant/press-1/data {\"zeit\":\"x\",\"time\":\"21.11.2026 09:00:00\",\"temp\":\"21,5 °C\",\"load\":\"60%\",\"door\":\"OPEN\",\
         \"level\":\"unavailable\",\"count\":3,\"order\":\"A 7\",\"raw\":\"0201061BFF99\"}\n\
         plant/press-2/data {\"zeit\":\"y\",\"time\":\"21.11.2026 09:00:10\",\"temp\":\"22 °C\",\"load\":\"61%\",\"door\":\"CLOSED\",\
         \"level\":7.5,\"count\":4,\"order\":\"A 8\",\"raw\":\"0201061BFF98\"}\n"
    ));
}

#[test]
fn two_kinds_and_a_value_a_topic() {
    insta::assert_snapshot!(proposed(
        "dt/a-1/measures {\"time\":1795248000,\"temperature\":21.5,\"state\":\"idle\"}\n\
         dt/a-2/measures {\"time\":1795248001,\"temperature\":22,\"state\":\"run\"}\n\
         home/kitchen/light/state ON\n\
         home/hall/light/state OFF\n\
         home/hall/lux/state 430\n"
    ));
}

#[test]
fn without_topics() {
    insta::assert_snapshot!(proposed(
        "{\"deviceId\":\"d1\",\"readings\":[{\"ts\":1795248000000,\"value\":1.5},{\"ts\":1795248001000,\"value\":2}],\"group\":1}\n\
         {\"deviceId\":\"d2\",\"readings\":[],\"group\":2}\n"
    ));
}
