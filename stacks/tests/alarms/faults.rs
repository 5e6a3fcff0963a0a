//! Each fault turns its alarm, and its end turns it back: for every alarm of every template.

use std::collections::{BTreeMap, BTreeSet};

use stacks::operations::ALARMS;

use crate::evaluator::{Evaluator, Sample, State};
use crate::fixture::{Found, Place, named, places};
use crate::recordings::{Dimension, MINUTES, Phase, RECORDINGS, Recording};

/// The stack and the resource that an alarm is about, as its description says.
fn about(found: &Found) -> (String, String) {
    let description = found.properties["AlarmDescription"].as_str().expect("a description");
    let (_, rest) = description.split_once("It is about ").expect("what it is about");
    let (about, _) = rest.split_once(". ").expect("an end");
    let (stack, id) = about.split_once('.').expect("a stack and an id");
    (stack.to_owned(), id.to_owned())
}

/// The dimensions under which the service writes of that resource, not those that the alarm names.
fn dimensions(place: &Place, found: &Found, recording: &Recording) -> BTreeMap<&'static str, String> {
    let (stack, id) = about(found);
    let resources = place.stack(&stack).template.resources().iter();
    let (_, resource) = resources.into_iter().find(|(other, _)| other.as_str() == id).expect("the resource");
    let value = |dimension: &Dimension| match dimension {
        Dimension::Its => named(&stack, &serde_json::json!({"Ref": id})),
        Dimension::Attribute(attribute) => named(&stack, &serde_json::json!({"Fn::GetAtt": [id, attribute]})),
        Dimension::Of(property) => named(&stack, resource.property(property)),
        Dimension::Text(text) => (*text).to_owned(),
    };
    recording.dimensions.iter().map(|(name, dimension)| (*name, value(dimension))).collect()
}

fn samples(place: &Place, found: &Found, recording: &Recording) -> Vec<Sample> {
    let dimensions = dimensions(place, found, recording);
    let mut samples = Vec::new();
    let mut begin = 0;
    for (phase, minutes) in [Phase::Well, Phase::Fault, Phase::Over].into_iter().zip(MINUTES) {
        for minute in 0..minutes {
            let values = (recording.values)(&place.environment, phase, minute);
            samples.extend(values.into_iter().map(|value| Sample {
                namespace: found.row.metric.namespace,
                name: found.row.metric.name,
                dimensions: dimensions.clone(),
                at: (begin + minute) * 60,
                value,
            }));
        }
        begin += minutes;
    }
    samples
}

#[test]
fn a_fault_turns_each_alarm_and_its_end_turns_it_back() {
    let mut turned = BTreeSet::new();
    for place in &places() {
        for found in place.alarms() {
            let evaluator = Evaluator::read(place, &found.properties);
            let recordings = RECORDINGS.iter().filter(|recording| recording.alarm == found.row.name);
            let mut happened = 0;
            for recording in recordings.filter(|recording| (recording.happens)(&place.environment)) {
                let samples = samples(place, &found, recording);
                let what = format!("{}, {}", found.id, recording.fault);
                let states = evaluator.walk(&samples, MINUTES.iter().sum::<u32>() * 60);
                let [begin, end] = [MINUTES[0] * 60, (MINUTES[0] + MINUTES[1]) * 60];
                let early = states.iter().find(|(at, state)| *at <= begin && *state == State::Alarm);
                assert_eq!(early, None, "{what}: an alarm while all is well");
                let told = states.iter().find(|(at, state)| *at > begin && *state == State::Alarm);
                let told = told.unwrap_or_else(|| panic!("{what}: nobody is told")).0;
                let within = (recording.told_within)(&place.environment) * 60;
                // A period ends at most its length after the fault has begun to count.
                assert!(told <= begin + within + evaluator.period, "{what}: told after {} s", told - begin);
                let (_, last) = states.last().expect("states");
                assert_eq!(*last, State::Ok, "{what}: an alarm that does not end");
                let again = states.iter().filter(|(at, state)| *at > end + 7_200 && *state == State::Alarm);
                assert_eq!(again.count(), 0, "{what}: an alarm two hours after the end of its fault");
                happened += 1;
            }
            assert!(happened > 0, "{}: no fault turns it; add one to RECORDINGS", found.id);
            turned.insert(found.row.name);
        }
    }
    let all: BTreeSet<&str> = ALARMS.iter().map(|row| row.name).collect();
    assert_eq!(turned, all, "every row of the table is in a template");
}

/// What turns an alarm must be its own metric, under the dimensions that the service has.
#[test]
fn what_another_resource_writes_turns_nothing() {
    let places = places();
    for found in places.iter().flat_map(Place::alarms) {
        let recording =
            RECORDINGS.iter().find(|recording| recording.alarm == found.row.name).expect("a fault");
        let mut samples = samples(found.place, &found, recording);
        let is_of_account = recording.dimensions.iter().all(|(_, one)| matches!(one, Dimension::Text(_)));
        if is_of_account || found.properties["TreatMissingData"] == "breaching" {
            continue;
        }
        for sample in &mut samples {
            for value in sample.dimensions.values_mut() {
                value.push_str(" of another one");
            }
        }
        let states =
            Evaluator::read(found.place, &found.properties).walk(&samples, MINUTES.iter().sum::<u32>() * 60);
        assert!(states.iter().all(|(_, state)| *state == State::Ok), "{}", found.id);
    }
}
