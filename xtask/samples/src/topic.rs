//! Topics and filters, by the rules of
//! [MQTT](https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901241).

/// Whether a filter matches a topic.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn filters_match_topics() {
        for (filter, topic, expected) in [
            ("dt/+/measures", "dt/a/measures", true),
            ("dt/+/measures", "dt/a/b/measures", false),
            ("dt/+/measures", "dt/a", false),
            ("dt/#", "dt/a/b", true),
            ("dt/#", "dt", true),
            ("/neuron/+", "/neuron/a", true),
            ("+/a", "/a", true),
            ("dt", "dt", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }
}
