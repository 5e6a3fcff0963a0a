//! What somebody adds is watched without a word about alarms.

use serde_json::json;

use super::alarm::Alarm;
use super::table::ALARMS;
use super::{kebab, tell, watched};
use crate::cfn::{LogicalId, Resource, Template};
use crate::environment::{Environment, parse};

fn environment() -> Environment {
    let text =
        "target = 'aws'\nregion = 'eu-west-1'\naccount = '123456789012'\n[operations]\nenabled = true\n";
    parse("dev", "dev.toml", text, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A queue, a function that is given its messages, and a queue of what it failed at: `cargo xtask new function --trigger
/// queue`.
fn queue_and_function() -> Template {
    let (function, queue) = (LogicalId::new("OverHeat"), LogicalId::new("Queue"));
    let mut template = Template::new("a function of somebody's own");
    template.add(function.clone(), Resource::new("AWS::Lambda::Function", json!({})));
    let mapping = json!({"FunctionName": function.reference(), "EventSourceArn": queue.attribute("Arn")});
    template.add(LogicalId::new("QueueMapping"), Resource::new("AWS::Lambda::EventSourceMapping", mapping));
    for id in [queue, LogicalId::new("FailedQueue")] {
        template.add(id, Resource::new("AWS::SQS::Queue", json!({"MessageRetentionPeriod": 1_209_600})));
    }
    template.output("FunctionName", "what it is called", function.reference());
    template
}

#[test]
fn a_function_and_its_queues_are_watched() {
    let (environment, mut template) = (environment(), queue_and_function());
    tell(&mut template, "over-heat", &environment);
    let mut found = Vec::new();
    for row in ALARMS {
        let of = watched::of(&environment, "over-heat", &template).filter(|watched| row.watches(*watched));
        found.extend(of.map(|watched| (watched.id.to_string(), row.name, (row.limit.value)(watched))));
    }
    let late = f64::from(environment.operations.late_minutes) * 60.0;
    let expected = [
        ("FailedQueue", "Depth", 0.0),
        // Half of 14 days: nobody works it off.
        ("FailedQueue", "Age", 604_800.0),
        ("Queue", "Age", late),
        ("OverHeat", "Errors", 0.0),
        ("OverHeat", "Throttles", 0.0),
    ];
    assert_eq!(found, expected.map(|(id, name, limit)| (id.to_owned(), name, limit)));
    // What an output tells already is not told again.
    let outputs: Vec<&str> = template.outputs().keys().map(LogicalId::as_str).collect();
    assert_eq!(outputs, ["FailedQueueName", "FunctionName", "QueueName"]);
}

#[test]
fn the_table_is_in_order() {
    let mut names: Vec<&str> = ALARMS.iter().map(|Alarm { name, .. }| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALARMS.len(), "each name once");
    for Alarm { name, says, section, pace, .. } in ALARMS {
        assert!(says.ends_with('.') && says.len() < 200, "{name}: {says}");
        assert!(section.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}: {section}");
        assert!(pace.bad >= 1 && pace.bad <= pace.periods, "{name}");
    }
}

#[test]
fn names_follow_from_ids() {
    for (id, expected) in
        [("QuarantineQueue", "quarantine-queue"), ("EventStream", "event-stream"), ("Queue", "queue")]
    {
        assert_eq!(kebab(id), expected);
    }
}
