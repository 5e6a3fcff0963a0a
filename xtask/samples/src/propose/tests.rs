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

#[test]
fn what_no_measure_can_read_is_a_remark() {
    insta::assert_snapshot!(proposed(
        r#"dt/a-1/measures {"":1,"$":2,"a\"b":3,"a\\b":4,"it's":5,"a\nb":6,"select":7,"m_x":8,"nested":{"$":9,"":1}}"#
    ));
}

#[test]
fn numbers_that_may_mean_something_else() {
    insta::assert_snapshot!(proposed(
        r#"dt/a-1/measures {"voltage":2985,"mains_voltage":231,"total":"1,234","level":"1,234","temp":"300 K"}
dt/a-2/measures {"voltage":3015,"mains_voltage":230,"total":"5,678","level":"5,6","temp":"301 K"}"#
    ));
}

#[test]
fn a_long_name_is_cut_and_an_empty_payload_is_no_sample() {
    let long = "x".repeat(250);
    let found = proposed(&format!("dt/a-1/measures {{\"{long}\":{{\"2{long}\":1}},\"y\":1}}\n"));
    assert!(!found.contains("The check refuses"), "{found}");
    let samples = read(b"dt/a-1/measures {\"x\":1}\ndt/a-1/measures (null)\n").expect("samples");
    assert_eq!(samples.len(), 2);
    assert_eq!(propose(&samples), propose(&samples[..1]));
}

#[test]
fn what_the_check_refuses_is_said_first() {
    // The seven slashes of a filter are used up.
    let samples = read(b"a/b/c/d/e/f/g/h/i/j-1 {\"x\":1}\n").expect("samples");
    let found = propose(&samples);
    assert!(found.starts_with("# The check refuses this as it is:\n# telemetry.toml has"), "{found}");
    assert!(stacks::model::parse("telemetry.toml", &found).is_err());
}
