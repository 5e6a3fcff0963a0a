use super::*;
use crate::model::parse;

/// A kind with this topic, whose device these segments name.
fn kind(topic: &str, segments: &[u32]) -> EventKind {
    let text = "topic = \"a\"\n[device]\nfield = \"id\"\n[[measure]]\nname = \"m\"\nfield = \"m\"\ntype = \"double\"\n";
    let mut kind = parse("telemetry.toml", text).expect("a model").kinds.remove(0);
    topic.clone_into(&mut kind.topic);
    kind.device.topic_segments = segments.to_vec();
    kind
}

#[test]
fn a_policy_names_the_thing_where_the_topic_names_the_device() {
    for (topic, segments, expected) in [
        ("dt/+/measures", &[2][..], Ok(&["dt/<thing>/measures"][..])),
        ("+", &[1], Ok(&["<thing>"])),
        ("dt/+/+", &[2], Ok(&["dt/<thing>/*"])),
        ("site/+/dev/+/up", &[4], Ok(&["site/*/dev/<thing>/up"])),
        ("dt/+/#", &[2], Ok(&["dt/<thing>", "dt/<thing>/*"])),
        ("dt/+/measures", &[], Err("say themselves who sent them, in `id`")),
        ("dt/+/+", &[2, 3], Err("several levels of the topic \"dt/+/+\"")),
        // `$aws/rules/R/me/victim/c` would be a topic of `*/me/*`.
        ("+/+/+", &[2], Err("begins with a level that stands for anything")),
        ("+/+/#", &[2], Err("begins with a level that stands for anything")),
        ("dt/+/a*", &[2], Err("has `*` in it")),
        ("dt/+/a?", &[2], Err("has `?` in it")),
        ("dt/+/${iot:ClientId}", &[2], Err("has `${` in it")),
        ("$aws/things/+/shadow/update/accepted", &[3], Err("AWS itself writes")),
    ] {
        let kind = kind(topic, segments);
        let found = is_plain(&kind).and_then(|()| topics(&kind));
        match expected {
            Ok(expected) => {
                let expected: Vec<_> = expected.iter().map(|topic| topic.replace("<thing>", THING)).collect();
                assert_eq!(found, Ok(expected), "{topic}");
            }
            Err(expected) => {
                let fault = found.expect_err(topic).to_string();
                assert!(fault.contains(expected), "{topic}: {fault}");
            }
        }
    }
}

#[test]
fn no_device_speaks_for_another() {
    for (own, segment, other, of_other, expected) in [
        // By itself.
        ("dt/+/measures", 2, "dt/+/measures", 2, false),
        ("dt/+/#", 2, "dt/+/#", 2, false),
        ("site/+/dev/+/up", 4, "site/+/dev/+/up", 4, false),
        ("+/+/+", 1, "+/+/+", 1, false),
        // `site/x/victim/me/y` is a topic of `site/*/me/*` too.
        ("site/+/+/#", 3, "site/+/+/#", 3, true),
        // A later kind has more levels, and `*` has slashes in it.
        ("a/+/+", 2, "b/+/+", 2, false),
        ("a/+/+", 2, "a/+/x/+", 2, false),
        ("a/+/+", 2, "a/x/+/y", 3, true),
        ("a/+/+", 3, "a/b/+/c", 3, true),
        ("dt/+/measures", 2, "dt/status/+", 3, true),
        ("dt/+/measures", 2, "dt/+/status", 2, false),
        // No thing can be called so.
        ("dt/+/measures", 2, "dt/a.b/+", 3, false),
    ] {
        let found =
            speaks_for_others(&kind(own, &[segment]), &kind(other, &[of_other])).expect("both are bound");
        assert_eq!(found.is_some(), expected, "{own} {other}");
    }
}
