//! What is written where several events have values for one place in the store.

use std::collections::{BTreeMap, BTreeSet};

use kinesis_consumer::outgoing::{Cause, Gathered, Outgoing, Settled};
use proptest::prelude::*;
use telemetry::{DimensionValue, MeasureValue, Measured, Record, Value};
use timestream::{LIMITS, size};

/// Name and value of a measure.
type Measure<'a> = (&'a str, f64);

fn record(time: i64, version: i64, measures: &[Measure<'_>]) -> Record {
    let value =
        |(name, value): &Measure<'_>| MeasureValue { name: (*name).into(), value: Value::Double(*value) };
    Record {
        dimensions: [DimensionValue { name: "device".into(), value: "a".into() }].into(),
        measure_name: "m".into(),
        measured: Measured::Multi(measures.iter().map(value).collect()),
        time,
        version,
    }
}

fn settle(records: impl IntoIterator<Item = Record>) -> Settled {
    let mut gathered = Gathered::default();
    for (event, record) in records.into_iter().enumerate() {
        gathered.add(record, event);
    }
    gathered.settle(&LIMITS)
}

/// `v6 h=2 t=1 from 1, 0`: the version of a record, its values, and the events of each.
fn written(one: &Outgoing) -> String {
    let Measured::Multi(values) = &one.record.measured else { panic!("all records here are multi") };
    let values = values.iter().zip(&one.origins);
    let values = values.map(|(value, origins)| format!(" {}={}{origins:?}", value.name, value.value.text()));
    format!("v{}{}", one.record.version, values.collect::<String>())
}

fn left_out(one: &Outgoing, cause: Cause) -> Vec<String> {
    let of_cause = one.left_out.iter().filter(|out| out.cause == cause);
    of_cause.map(|out| format!("{}[{}]", out.measure, out.event)).collect()
}

#[test]
fn a_record_that_would_have_replaced_measures_is_counted() {
    let (t, h) = (("t", 1.0), ("h", 2.0));
    let table: [(&[&[Measure<'_>]], u64); 5] =
        [(&[&[t]], 0), (&[&[t], &[t]], 0), (&[&[t], &[h]], 1), (&[&[t, h], &[t]], 1), (&[&[t], &[t, h]], 0)];
    for (events, joined) in table {
        let records = events.iter().zip(1..).map(|(measures, version)| record(1, version, measures));
        assert_eq!(settle(records).joined, joined, "{events:?}");
    }
}

/// Name; versions and measures of the events 0, 1, …, all of one place; what is written, with the events
/// of each value; what contradicts it; superseded values.
type Case<'a> = (&'a str, &'a [(i64, &'a [Measure<'a>])], &'a str, &'a [&'a str], u64);

#[test]
fn the_highest_version_of_each_value_wins() {
    let table: &[Case<'_>] = &[
        ("one event", &[(5, &[("t", 1.0), ("h", 2.0)])], "v5 t=1.0[0] h=2.0[0]", &[], 0),
        ("the same event twice", &[(5, &[("t", 1.0)]), (5, &[("t", 1.0)])], "v5 t=1.0[0, 1]", &[], 0),
        ("a correction", &[(5, &[("t", 1.0)]), (6, &[("t", 2.0)])], "v6 t=2.0[1]", &[], 1),
        ("a correction that came first", &[(6, &[("t", 2.0)]), (5, &[("t", 1.0)])], "v6 t=2.0[0]", &[], 1),
        ("a contradiction", &[(5, &[("t", 1.0)]), (5, &[("t", 2.0)])], "v5 t=1.0[0]", &["t[1]"], 0),
        ("other measures", &[(5, &[("t", 1.0)]), (6, &[("h", 2.0)])], "v6 h=2.0[1] t=1.0[0]", &[], 0),
        (
            "a correction after another measure of its arrival",
            &[(5, &[("t", 1.0)]), (6, &[("h", 2.0)]), (6, &[("t", 3.0)])],
            "v6 h=2.0[1] t=3.0[2]",
            &[],
            1,
        ),
        (
            "a contradiction after another measure of a later arrival",
            &[(5, &[("t", 1.0)]), (6, &[("h", 2.0)]), (5, &[("t", 9.0)])],
            "v6 h=2.0[1] t=1.0[0]",
            &["t[2]"],
            0,
        ),
        (
            "a correction after another measure of a later arrival",
            &[(4, &[("t", 1.0)]), (6, &[("h", 2.0)]), (5, &[("t", 9.0)])],
            "v6 h=2.0[1] t=9.0[2]",
            &[],
            1,
        ),
        (
            "a correction settles a contradiction",
            &[(5, &[("t", 1.0)]), (5, &[("t", 9.0)]), (6, &[("t", 3.0)])],
            "v6 t=3.0[2]",
            &[],
            2,
        ),
        (
            "only the value that contradicts is at fault",
            &[(5, &[("t", 1.0)]), (5, &[("t", 9.0), ("h", 2.0)])],
            "v5 t=1.0[0] h=2.0[1]",
            &["t[1]"],
            0,
        ),
        (
            "a value that is there again in a later arrival",
            &[(5, &[("t", 1.0)]), (6, &[("t", 2.0)]), (7, &[("t", 1.0)])],
            "v7 t=1.0[2, 0]",
            &[],
            1,
        ),
        (
            "four events, two of each arrival",
            &[(6, &[("t", 1.0)]), (5, &[("h", 2.0), ("t", 7.0)]), (6, &[("t", 8.0)]), (5, &[("h", 3.0)])],
            "v6 t=1.0[0] h=2.0[1]",
            &["t[2]", "h[3]"],
            1,
        ),
    ];
    for (name, events, expected, contradicted, superseded) in table {
        let settled = settle(events.iter().map(|(version, measures)| record(1, *version, measures)));
        let [one] = &settled.outgoing[..] else { panic!("{name}: one place is one record: {settled:?}") };
        assert_eq!(written(one), *expected, "{name}");
        assert_eq!(left_out(one, Cause::Contradicted), *contradicted, "{name}");
        assert_eq!(left_out(one, Cause::NoRoom), Vec::<String>::new(), "{name}");
        assert_eq!(settled.superseded, *superseded, "{name}");
        let events: BTreeSet<usize> = (0..events.len()).collect();
        assert_eq!(one.events.iter().copied().collect::<BTreeSet<_>>(), events, "{name}");
    }
}

#[test]
fn places_stay_apart_in_the_order_of_the_stream() {
    let settled =
        settle([record(2, 5, &[("t", 1.0)]), record(1, 5, &[("t", 2.0)]), record(2, 6, &[("h", 3.0)])]);
    let found: Vec<_> = settled.outgoing.iter().map(|one| (one.record.time, written(one))).collect();
    assert_eq!(found, [(2, "v6 h=3.0[2] t=1.0[0]".to_owned()), (1, "v5 t=2.0[1]".to_owned())]);
}

#[test]
fn a_value_without_room_is_left_out_and_none_older_takes_its_place() {
    let (long, other) = ("n".repeat(1_500), "o".repeat(1_500));
    let settled = settle([
        record(1, 4, &[(&other, 1.0)]),
        record(1, 5, &[(&other, 2.0), ("t", 3.0)]),
        record(1, 6, &[(&long, 4.0)]),
    ]);
    let [one] = &settled.outgoing[..] else { panic!("{settled:?}") };
    assert_eq!(written(one), format!("v6 {long}=4.0[2] t=3.0[1]"));
    assert_eq!(left_out(one, Cause::NoRoom), [format!("{other}[1]")]);
    assert_eq!(settled.superseded, 1);
}

#[test]
fn a_record_is_filled_to_its_last_byte() {
    let room = LIMITS.record_bytes - size::bytes(&record(1, 6, &[("t", 1.0)])) - "1.0".len();
    for (length, fits) in [(room, true), (room + 1, false)] {
        let name = "n".repeat(length);
        let settled = settle([record(1, 6, &[("t", 1.0)]), record(1, 5, &[(&name, 1.0)])]);
        let [one] = &settled.outgoing[..] else { panic!("{settled:?}") };
        assert_eq!(one.origins.len(), if fits { 2 } else { 1 }, "{length}");
        assert_eq!(left_out(one, Cause::NoRoom).len(), usize::from(!fits), "{length}");
    }
}

#[test]
fn single_measures_are_joined_by_the_same_rule() {
    let single = |version, value| Record {
        measured: Measured::Single(Value::Double(value)),
        ..record(1, version, &[])
    };
    let settled = settle([single(5, 1.0), single(6, 2.0), single(6, 3.0)]);
    let [one] = &settled.outgoing[..] else { panic!("{settled:?}") };
    assert_eq!((&one.record, &one.origins[..]), (&single(6, 2.0), &[vec![1]][..]));
    assert_eq!((left_out(one, Cause::Contradicted), settled.superseded), (vec!["m[2]".to_owned()], 1));
    assert_eq!(one.origins_of("m"), [1]);
}

/// An event of the one place: its version and its measures.
type Event = (i64, BTreeMap<&'static str, u8>);

/// Of each value: the measure, what it is, and the events that have it.
type Values = BTreeMap<&'static str, (u8, BTreeSet<usize>)>;

/// The rule, as plainly as it can be said: the highest version of each value wins, and of equal versions
/// one is kept and the other quarantined.
fn plainly(events: &[Event]) -> (Values, BTreeSet<(&'static str, usize)>, u64) {
    let (mut kept, mut quarantined, mut superseded) = (Values::new(), BTreeSet::new(), 0);
    let names: BTreeSet<&str> = events.iter().flat_map(|(_, measures)| measures.keys().copied()).collect();
    for name in names {
        let having = |event: &&(usize, &Event)| event.1.1.contains_key(name);
        let all: Vec<(usize, &Event)> = events.iter().enumerate().collect();
        let highest = all.iter().filter(having).map(|(_, event)| event.0).max().expect("an event has it");
        let (_, first) =
            all.iter().filter(having).find(|(_, event)| event.0 == highest).expect("the highest");
        let value = first.1[name];
        for (index, (version, measures)) in all.iter().filter(having) {
            if measures[name] == value {
                kept.entry(name).or_insert((value, BTreeSet::new())).1.insert(*index);
            } else if *version == highest {
                quarantined.insert((name, *index));
            } else {
                superseded += 1;
            }
        }
    }
    (kept, quarantined, superseded)
}

proptest! {
    #[test]
    fn joining_is_the_plain_rule(
        events in prop::collection::vec(
            (1..4_i64, prop::collection::btree_map(prop::sample::select(vec!["t", "h", "p"]), 0..3_u8, 1..4)),
            1..7,
        )
    ) {
        let records = events.iter().map(|(version, measures): &Event| {
            let measures: Vec<_> = measures.iter().map(|(name, value)| (*name, f64::from(*value))).collect();
            record(1, *version, &measures)
        });
        let settled = settle(records);
        prop_assert_eq!(settled.outgoing.len(), 1);
        let one = &settled.outgoing[0];
        let Measured::Multi(values) = &one.record.measured else { panic!("all records here are multi") };
        let found: BTreeMap<String, (Value, BTreeSet<usize>)> = values
            .iter()
            .zip(&one.origins)
            .map(|(value, origins)| (value.name.to_string(), (value.value.clone(), origins.iter().copied().collect())))
            .collect();
        let (kept, quarantined, superseded) = plainly(&events);
        let kept: BTreeMap<String, (Value, BTreeSet<usize>)> = kept
            .into_iter()
            .map(|(name, (value, origins))| (name.to_owned(), (Value::Double(value.into()), origins)))
            .collect();
        prop_assert_eq!(found.len(), values.len(), "a value is there once");
        prop_assert_eq!(found, kept);
        let left_out: BTreeSet<(&str, usize)> =
            one.left_out.iter().map(|out| (&*out.measure, out.event)).collect();
        prop_assert_eq!(left_out, quarantined);
        prop_assert_eq!(settled.superseded, superseded);
        prop_assert_eq!(Some(one.record.version), events.iter().map(|event| event.0).max());
    }
}
