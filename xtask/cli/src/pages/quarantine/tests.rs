use jiff::SignedDuration;

use super::*;
use crate::report::text;

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn group(name: Option<&str>, kind: Option<&str>, events: usize) -> Group {
    Group {
        name: name.map(str::to_owned),
        kind: kind.map(str::to_owned),
        events,
        bytes: 145 * events as u64,
        oldest: at(1),
        newest: at(90),
        ids: vec!["0123456789abcdef".repeat(4)],
    }
}

#[test]
fn a_person_reads_how_much_was_set_aside_and_why() {
    let mut listed = Listed {
        environment: "dev".to_owned(),
        events: 1_000,
        places: 1_003,
        bytes: 145_000,
        oldest: Some(at(1)),
        reasons: vec![group(Some("type_mismatch"), Some("plug"), 990), group(Some("not_json"), None, 10)],
        devices: vec![group(Some("device-1"), None, 7), group(None, None, 3)],
        hours: Vec::new(),
        unreadable: vec![Nothing {
            place: "message 7".to_owned(),
            why: "it is no message of a consumer: EOF".to_owned(),
            bytes: 12,
        }],
        orphans: Objects { count: 1, bytes: 2_000_000, oldest: Some(at(1)) },
        reports: Objects { count: 2, bytes: 900, oldest: Some(at(1)) },
        elsewhere: 40,
        truncated: true,
        by: By::Reason,
    };
    let by_reason = text(&listed);
    listed.by = By::Device;
    listed.unreadable.clear();
    (listed.orphans, listed.reports) = Default::default();
    (listed.elsewhere, listed.truncated) = (0, false);
    let by_device = text(&listed);
    let empty = Listed { events: 0, places: 0, oldest: None, devices: Vec::new(), ..listed };
    let shown = by_reason + &by_device + &text(&empty);
    insta::assert_snapshot!("listed", anstream::adapter::strip_str(&shown));
}

#[test]
fn a_person_reads_what_a_replay_would_do_and_what_it_did() {
    let reasons = BTreeMap::from([("not_json".to_owned(), 10), ("time_unreadable".to_owned(), 190)]);
    let tally =
        Tally { events: 1_000, stored: 800, stays: 200, reasons, changed: 190, messages: 990, objects: 3 };
    let before = Before {
        environment: "dev".to_owned(),
        tally: tally.clone(),
        is_deployed: false,
        unreadable: 1,
        elsewhere: 0,
        truncated: false,
    };
    let after = Replayed {
        environment: "dev".to_owned(),
        store: "Timestream sluice_dev.telemetry".to_owned(),
        tally,
        unreadable: 0,
        elsewhere: 7,
        truncated: false,
        seconds: 2.5,
    };
    assert!(!after.is_clean());
    let exported = Exported { file: "aside.jsonl".to_owned(), events: 1, bytes: 145, unreadable: 2 };
    let shown = text(&before) + &text(&after) + &text(&exported);
    insta::assert_snapshot!("replayed", anstream::adapter::strip_str(&shown));
}
