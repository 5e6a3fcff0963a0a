//! The stack of the alarms as a whole: who is told, the alarm of the pipeline, the dashboard.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stacks::cfn::Resource;
use stacks::invariants::{Breach, check};

use crate::fixture::{Place, place, places};

fn of_kind<'a>(place: &'a Place, kind: &str) -> Vec<(&'a str, &'a Resource)> {
    let resources = place.operations().template.resources().iter();
    let found = resources.filter(|(_, resource)| resource.kind() == kind);
    found.map(|(id, resource)| (id.as_str(), resource)).collect()
}

#[test]
fn whoever_is_to_be_told_is_subscribed() {
    const NOTIFY: &str = r#"["a@example.com", "https://example.com/b?c=d", "e@example.com"]"#;
    let told = |notify: &str| -> BTreeSet<(String, String, String)> {
        let place = place("dev", &[("operations.notify", notify)]);
        let text = |resource: &Resource, key: &str| resource.property(key).as_str().expect("text").to_owned();
        of_kind(&place, "AWS::SNS::Subscription")
            .into_iter()
            .map(|(id, one)| (id.to_owned(), text(one, "Protocol"), text(one, "Endpoint")))
            .collect()
    };
    let (all, one) = (told(NOTIFY), told(r#"["e@example.com"]"#));
    let ends: BTreeSet<(&str, &str)> =
        all.iter().map(|(_, protocol, endpoint)| (protocol.as_str(), endpoint.as_str())).collect();
    let expected =
        [("email", "a@example.com"), ("email", "e@example.com"), ("https", "https://example.com/b?c=d")];
    assert_eq!(ends, BTreeSet::from(expected));
    // Whoever stays keeps the subscription that was confirmed.
    assert!(one.is_subset(&all), "{one:?}");
    assert!(told("[]").is_empty());
}

#[test]
fn every_alarm_tells_the_topic_of_its_beginning_and_of_its_end() {
    for place in places() {
        let topic = json!([{"Ref": "Topic"}]);
        for (id, alarm) in of_kind(&place, "AWS::CloudWatch::Alarm") {
            assert_eq!(
                (alarm.property("AlarmActions"), alarm.property("OKActions")),
                (&topic, &topic),
                "{id}"
            );
        }
        let topics = of_kind(&place, "AWS::SNS::Topic");
        assert_eq!(topics.len(), 1);
        assert_eq!(*topics[0].1.property("KmsMasterKeyId"), json!({"Ref": "TopicKey"}));
    }
}

#[test]
fn the_pipeline_is_an_alarm_while_any_other_is() {
    for place in places() {
        let [(_, pipeline)] = of_kind(&place, "AWS::CloudWatch::CompositeAlarm")[..] else { panic!("one") };
        let rule = pipeline.property("AlarmRule")["Fn::Sub"].as_str().expect("a rule");
        let children: BTreeSet<String> = rule.split(" OR ").map(str::to_owned).collect();
        let alarms = of_kind(&place, "AWS::CloudWatch::Alarm");
        assert_eq!(children, alarms.iter().map(|(id, _)| format!("ALARM(\"${{{id}}}\")")).collect());
        assert!(alarms.len() <= 100 && rule.len() < 10_240, "{}", place.environment.name);
    }
}

/// A body whose references are put in place of their own names.
fn dashboard(place: &Place) -> Value {
    let [(_, dashboard)] = of_kind(place, "AWS::CloudWatch::Dashboard")[..] else { panic!("one") };
    let body = dashboard.property("DashboardBody")["Fn::Sub"].as_str().expect("a body");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn the_dashboard_shows_every_alarm_and_what_it_looks_at() {
    for place in places() {
        let body = dashboard(&place);
        let widgets = body["widgets"].as_array().expect("widgets");
        let states = widgets[0]["properties"]["alarms"].as_array().expect("alarms");
        let alarms = of_kind(&place, "AWS::CloudWatch::Alarm");
        assert_eq!(states.len(), alarms.len() + 1);
        // A line each, and no two widgets in one place.
        let lines =
            widgets[1..].iter().flat_map(|widget| widget["properties"]["metrics"].as_array().expect("lines"));
        let shown = lines.filter(|line| {
            line.as_array().and_then(|line| line.last()).is_none_or(|last| last["visible"] != false)
        });
        assert_eq!(shown.count(), alarms.len(), "{}", place.environment.name);
        let places: BTreeSet<(u64, u64)> = widgets
            .iter()
            .map(|widget| (widget["x"].as_u64().expect("x"), widget["y"].as_u64().expect("y")))
            .collect();
        assert_eq!(places.len(), widgets.len());
    }
}

#[test]
fn an_environment_without_alarms_pays_for_none_and_tells_nothing_for_them() {
    let without = place("dev", &[("operations", "{ enabled = false }")]);
    assert!(!without.stacks.iter().any(|stack| stack.name == "operations"));
    let with = place("dev", &[]);
    let outputs = |place: &Place| -> usize {
        place
            .stacks
            .iter()
            .filter(|stack| stack.name != "operations")
            .map(|stack| stack.template.outputs().len())
            .sum()
    };
    assert!(outputs(&without) < outputs(&with));
}

#[test]
fn a_topic_that_anybody_can_read_on_the_way_is_noticed() {
    let breaches = |change: fn(&mut Resource)| -> Vec<Breach> {
        let mut place = place("dev", &[]);
        let stack = place.stacks.iter_mut().find(|stack| stack.name == "operations").expect("the stack");
        for resource in stack.template.resources_mut().values_mut() {
            change(resource);
        }
        check(&place.stacks).into_iter().map(|violation| violation.breach).collect()
    };
    assert_eq!(breaches(|_| {}), []);
    let unencrypted = breaches(|resource| {
        if resource.kind() == "AWS::SNS::Topic" {
            resource.set_property("KmsMasterKeyId", Value::Null);
        }
    });
    assert_eq!(unencrypted, [Breach::Unencrypted("KmsMasterKeyId")]);
    let plain = breaches(|resource| {
        if let Some(statements) = resource.property_mut("/PolicyDocument/Statement")
            && statements[0]["Action"][0] == "sns:Publish"
        {
            statements.as_array_mut().expect("statements").pop();
        }
    });
    assert_eq!(plain, [Breach::PlainHttp]);
}
