//! A setting that may be changed can be changed: no update makes a second of what there may be only one of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stacks::cfn::Policy;
use stacks::kinds::{self, AtMostOnce, Kind};
use stacks::{Inputs, ParameterSource, Stack, synthesize};

use crate::deploy::replacement::{replaces, stands_for};

/// Keys of an environment with their values, as `--set` takes them.
type Choice = &'static [(&'static str, &'static str)];

/// Settings of an environment on AWS, by what they are about: each line is a choice that excludes the others.
#[rustfmt::skip]
const SETTINGS: &[(&str, &[Choice])] = &[
    ("consumer", &[
        &[("consumer.kind", "lambda")],
        &[("consumer.kind", "flink")],
        &[("consumer.kind", "lambda"), ("consumer.memory_mb", "512")],
    ]),
    ("grafana", &[
        &[("grafana.kind", "none")],
        &[("grafana.kind", "managed")],
        &[("grafana.kind", "container"), ("grafana.networks", "[\"203.0.113.0/24\"]")],
        &[("grafana.kind", "container"), ("grafana.networks", "[\"198.51.100.0/24\"]")],
        &[("grafana.kind", "container"), ("grafana.networks", "[\"203.0.113.0/24\"]"), ("grafana.cpu", "1024"), ("grafana.memory_mb", "2048")],
        &[("grafana.kind", "container"), ("grafana.networks", "[\"203.0.113.0/24\"]"), ("grafana.backup", "true")],
        &[("grafana.kind", "container"), ("grafana.hosted_zone", "Z1"), ("grafana.domain", "a.example.com")],
        &[("grafana.kind", "container"), ("grafana.hosted_zone", "Z1"), ("grafana.domain", "b.example.com")],
        &[("grafana.kind", "container"), ("grafana.hosted_zone", "Z2"), ("grafana.domain", "a.example.com")],
        &[("grafana.kind", "container"), ("grafana.domain", "a.example.com"), ("grafana.certificate", "arn:aws:acm:eu-central-1:111122223333:certificate/1")],
        &[("grafana.kind", "container"), ("grafana.domain", "a.example.com"), ("grafana.certificate", "arn:aws:acm:eu-central-1:111122223333:certificate/2")],
    ]),
    ("stream", &[
        &[("stream.mode", "provisioned"), ("stream.shards", "1")],
        &[("stream.mode", "provisioned"), ("stream.shards", "2")],
        &[("stream.retention_hours", "48")],
    ]),
    ("twin", &[
        &[("twin.enabled", "false")],
        &[("twin.enabled", "true"), ("twin.devices", "[]")],
        &[("twin.enabled", "true"), ("twin.devices", "[\"device-0001\"]")],
        &[("twin.enabled", "true"), ("twin.memory_mb", "512")],
    ]),
    ("simulator", &[&[("simulator.enabled", "false")], &[("simulator.enabled", "true")]]),
    ("bootstrap", &[&[("bootstrap", "false")], &[("bootstrap", "true")]]),
    ("processor", &[&[("architecture", "arm64")], &[("architecture", "x86_64")]]),
    ("topics", &[&[("topic_prefix", "dev")], &[("topic_prefix", "other")]]),
    ("store", &[&[("store.memory_hours", "48"), ("store.magnetic_days", "60")]]),
    ("lake", &[&[("lake.prefix", "events")], &[("lake.buffer_seconds", "300"), ("lake.buffer_mb", "64")]]),
    ("logs", &[&[("logs.retention_days", "30"), ("logs.level", "WARN")]]),
    ("tags", &[&[("tags.team", "one")], &[("tags.team", "two")]]),
    ("expires", &[&[("expires", "2026-11-30")], &[("expires", "2026-12-01")]]),
];

/// Stores, which an environment can exchange where its data goes with it. Where data stays, the old one keeps its name,
/// and the way back begins with its removal: `docs/limits.md` says so.
#[rustfmt::skip]
const STORES: &[Choice] = &[
    &[("on_delete", "delete")],
    &[("on_delete", "delete"), ("consumer.kind", "flink")],
    &[("on_delete", "delete"), ("store.kind", "postgres")],
    &[("on_delete", "delete"), ("store.kind", "postgres"), ("consumer.kind", "flink")],
    &[("on_delete", "delete"), ("store.kind", "postgres"), ("store.connection", "direct")],
    &[("on_delete", "delete"), ("store.kind", "postgres"), ("store.connection", "direct"), ("consumer.kind", "flink")],
];

/// A resource, by its stack and its id.
type Place = (String, String);

/// What there is of an environment.
#[derive(Debug, Clone)]
struct Made {
    name: String,
    resources: BTreeMap<Place, Value>,
    outputs: BTreeMap<Place, Value>,
    sources: BTreeMap<Place, Value>,
    /// What of it there may be only one of.
    known: BTreeMap<String, Place>,
}

impl Made {
    fn of(name: String, stacks: &[Stack]) -> Self {
        let mut made = Self {
            name,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            sources: BTreeMap::new(),
            known: BTreeMap::new(),
        };
        for stack in stacks {
            let template: Value = serde_json::from_str(&stack.template.to_json()).expect("JSON");
            let at = |id: &String| (stack.name.to_owned(), id.clone());
            for (id, resource) in template["Resources"].as_object().expect("resources") {
                made.resources.insert(at(id), resource.clone());
            }
            for (id, output) in template["Outputs"].as_object().into_iter().flatten() {
                made.outputs.insert(at(id), output["Value"].clone());
            }
            for (id, source) in &stack.parameters {
                let source = match source {
                    ParameterSource::Output { stack, output } => serde_json::json!([stack, output]),
                    other => Value::String(other.to_string()),
                };
                made.sources.insert(at(id), source);
            }
        }
        made.learn()
    }

    /// Says of what is there what there may be only one of.
    fn learn(mut self) -> Self {
        let none = BTreeSet::new();
        let places = self.resources.keys();
        self.known = places.filter_map(|place| Some((self.identity(place, &none)?, place.clone()))).collect();
        self
    }

    /// A value as it is when the stack is there: what it refers to is told by its place, with a mark where
    /// that is `fresh`.
    fn value(&self, stack: &str, value: &Value, fresh: &BTreeSet<Place>) -> Value {
        match value {
            Value::Object(map) => {
                let id = map.get("Ref").and_then(Value::as_str);
                let id = id.or_else(|| map.get("Fn::GetAtt")?.get(0)?.as_str());
                if let Some(id) = id {
                    return self.referred(stack, id, value, fresh);
                }
                let members = map.iter().map(|(key, value)| (key.clone(), self.value(stack, value, fresh)));
                Value::Object(members.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.value(stack, item, fresh)).collect(),
            Value::String(text) if text.contains("${") => {
                let marks = fresh.iter().filter(|(of, id)| of == stack && text.contains(&format!("${{{id}")));
                Value::String(marks.fold(text.clone(), |text, (_, id)| format!("{text} (new {id})")))
            }
            other => other.clone(),
        }
    }

    fn referred(&self, stack: &str, id: &str, value: &Value, fresh: &BTreeSet<Place>) -> Value {
        let place = (stack.to_owned(), id.to_owned());
        match self.sources.get(&place) {
            Some(Value::Array(of)) => {
                let text = |part: &Value| part.as_str().expect("a name").to_owned();
                let (stack, output) = (text(&of[0]), text(&of[1]));
                let output = self.outputs.get(&(stack.clone(), output)).expect("an output");
                self.value(&stack, output, fresh)
            }
            Some(source) => source.clone(),
            None if self.resources.contains_key(&place) => {
                let mark = if fresh.contains(&place) { " (new)" } else { "" };
                Value::String(format!("{stack}: {value}{mark}"))
            }
            None => value.clone(),
        }
    }

    /// By what a resource is known, where there may be only one of it.
    fn identity(&self, place: &Place, fresh: &BTreeSet<Place>) -> Option<String> {
        let resource = &self.resources[place];
        let kind = kind(resource);
        let Some(Kind { at_most_once: AtMostOnce::By(pointers), .. }) = kinds::of(&kind) else {
            return None;
        };
        let known = pointers.iter().map(|pointer| {
            let value = resource["Properties"].pointer(pointer)?;
            Some(self.value(&place.0, value, fresh))
        });
        Some(format!("{kind} {}", Value::Array(known.collect::<Option<Vec<_>>>()?)))
    }

    /// What an update from `before` creates: what was not there, what is replaced, and what follows.
    fn fresh(&self, before: &Self) -> BTreeSet<Place> {
        let mut fresh: BTreeSet<Place> =
            self.resources.keys().filter(|place| !before.resources.contains_key(*place)).cloned().collect();
        loop {
            let replaced = self.resources.iter().filter(|(place, resource)| {
                !fresh.contains(*place) && self.is_replaced(before, place, resource, &fresh)
            });
            let replaced: Vec<Place> = replaced.map(|(place, _)| place.clone()).collect();
            if replaced.is_empty() {
                return fresh;
            }
            fresh.extend(replaced);
        }
    }

    fn is_replaced(&self, before: &Self, place: &Place, resource: &Value, fresh: &BTreeSet<Place>) -> bool {
        let old = &before.resources[place]["Properties"];
        let properties = resource["Properties"].as_object().into_iter().flatten();
        let names: BTreeSet<&String> =
            properties.chain(old.as_object().into_iter().flatten()).map(|(name, _)| name).collect();
        names.into_iter().filter(|name| replaces(&kind(resource), &format!("Properties.{name}"))).any(
            |name| {
                let none = BTreeSet::new();
                self.value(&place.0, &resource["Properties"][name], fresh)
                    != before.value(&place.0, &old[name], &none)
            },
        )
    }

    /// What stays behind, outside of the stacks, when an update leads to `after`.
    fn left_behind(&self, after: &Self) -> Vec<Place> {
        let kept = |resource: &Value| resource["DeletionPolicy"].as_str().is_some_and(Policy::is_retained);
        let stacks: BTreeSet<&String> = after.resources.keys().map(|(stack, _)| stack).collect();
        let gone = self.resources.iter().filter(|((stack, id), resource)| {
            // A stack that an environment no longer has stays as it is.
            stacks.contains(stack)
                && !after.resources.contains_key(&(stack.clone(), id.clone()))
                && kept(resource)
        });
        gone.map(|(place, _)| place.clone()).collect()
    }
}

fn kind(resource: &Value) -> String {
    stands_for(resource["Type"].as_str().expect("a type")).to_owned()
}

/// What is wrong with the update from one to the other, a sentence each.
fn faults(before: &Made, after: &Made) -> Vec<String> {
    let fresh = after.fresh(before);
    let none = BTreeSet::new();
    let mut there = before.known.clone();
    // What the way from here to there and back leaves behind.
    for place in after.left_behind(before) {
        there.extend(after.identity(&place, &none).map(|known| (known, place.clone())));
    }
    let mut faults = Vec::new();
    for place in &fresh {
        let Some(known) = after.identity(place, &fresh) else { continue };
        if let Some(other) = there.insert(known.clone(), place.clone()) {
            let (from, to) = (&before.name, &after.name);
            faults.push(format!("{from} -> {to}: {place:?} is a second {known} beside {other:?}"));
        }
    }
    for (place, resource) in &after.resources {
        let same = before.resources.get(place).is_none_or(|old| kind(old) == kind(resource));
        if !same {
            faults.push(format!("{} -> {}: {place:?} changes its type", before.name, after.name));
        }
    }
    faults
}

/// An environment that says nothing which a setting would contradict.
const PLAIN: &str = "target = \"aws\"\nregion = \"eu-central-1\"\naccount = \"111122223333\"\n";

fn made(settings: &[(&str, &str)]) -> Made {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let overrides: Vec<(String, String)> = settings.iter().map(owned).collect();
    let environment = stacks::environment::parse("dev", "dev", PLAIN, &overrides);
    let environment = environment.unwrap_or_else(|problems| panic!("{settings:?}: {problems}"));
    let model = stacks::model::parse("telemetry.toml", include_str!("../../../../../telemetry.toml"));
    let model = environment.place("dev", model.expect("the shipped model")).expect("it fits");
    let name = settings.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ");
    Made::of(name, &synthesize(&Inputs { model: &model, environment: &environment }))
}

/// The environment as it is and with each setting; and all of these once more where data stays.
fn variants() -> Vec<Made> {
    let mut variants = Vec::new();
    for kept in [&[][..], &[("on_delete", "retain")]] {
        variants.push(made(kept));
        for (_, choices) in SETTINGS {
            variants.extend(choices.iter().map(|choice| made(&[choice, kept].concat())));
        }
    }
    variants
}

/// No update from one of these to another makes a second.
fn hold(variants: &[Made]) {
    let mut found = BTreeSet::new();
    for before in variants {
        for after in variants {
            found.extend(faults(before, after));
        }
    }
    let shown: Vec<&str> = found.iter().take(20).map(String::as_str).collect();
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), shown.join("\n"));
}

#[test]
fn no_update_makes_a_second_of_what_there_may_be_one_of() {
    let variants = variants();
    hold(&variants);
    assert!(variants.len() > 70, "{} variants", variants.len());
}

#[test]
fn an_environment_whose_data_goes_can_exchange_its_store() {
    hold(&STORES.iter().map(|choice| made(choice)).collect::<Vec<_>>());
}

/// What the test above has to find: each update makes one second.
#[test]
fn a_second_is_found() {
    let networks = ("grafana.networks", "[\"203.0.113.0/24\"]");
    let plain = || made(&[("grafana.kind", "container"), networks]);
    let place = |stack: &str, id: &str| (stack.to_owned(), id.to_owned());
    let moved = |from: Place, to: Place| {
        let mut made = plain();
        let resource = made.resources.remove(&from).unwrap_or_else(|| panic!("no {from:?}"));
        made.resources.insert(to, resource);
        made.learn()
    };
    let renamed = |id: &str| moved(place("grafana", id), place("grafana", "Another"));
    let changed = |stack: &str, id: &str, property: &str| {
        let mut made = plain();
        let resource = made.resources.get_mut(&place(stack, id)).unwrap_or_else(|| panic!("no {id}"));
        resource["Properties"][property] = Value::String("another".to_owned());
        made.learn()
    };
    for (what, after, count) in [
        ("nothing changes", plain(), 0),
        // As another listener is made for HTTPS than for HTTP.
        ("another id on one port", renamed("HttpListener"), 1),
        // Everything that lies in the new network is created again, in it.
        ("another network", changed("network", "Network", "CidrBlock"), 0),
        ("a replacement under one name", changed("consumer", "StreamMapping", "StartingPosition"), 1),
        ("another id with a fixed name", moved(place("lake", "Workgroup"), place("lake", "Another")), 1),
        (
            "another stack with a fixed name",
            moved(place("lake", "Workgroup"), place("store", "Workgroup")),
            1,
        ),
        ("another id without a name", renamed("Balancer"), 0),
    ] {
        let faults = faults(&plain(), &after);
        assert_eq!(faults.len(), count, "{what}: {faults:#?}");
    }
}
