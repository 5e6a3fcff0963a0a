//! The topic on which a device publishes: the model's filter with its wildcards filled in.

/// What names a level of a topic, by its number from 1.
pub(crate) type Levels = std::collections::BTreeMap<u32, String>;

/// A topic that `filter` matches. Levels that are wildcards are what `levels` say, and else `other`, as any
/// name would do there.
pub(crate) fn topic(filter: &str, levels: &Levels, other: &str) -> String {
    let last = levels.keys().next_back().map_or(0, |level| *level as usize);
    let mut topic: Vec<&str> = Vec::new();
    let fill = |topic: &[&str]| {
        let level = u32::try_from(topic.len() + 1).unwrap_or(u32::MAX);
        levels.get(&level).map_or(other, String::as_str)
    };
    for level in filter.split('/') {
        match level {
            "+" => topic.push(fill(&topic)),
            // The rest of the topic: one level, or as many as it takes to name everything.
            "#" => {
                let first = topic.len();
                while topic.len() == first || topic.len() < last {
                    topic.push(fill(&topic));
                }
            }
            name => topic.push(name),
        }
    }
    topic.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_topics() {
        let cases = [
            ("dt/+/measures", vec![(2, "x")], "dt/x/measures"),
            ("dt/+/measures", vec![], "dt/d1/measures"),
            ("sensors/+/+/data", vec![(3, "x")], "sensors/d1/x/data"),
            ("sensors/+/+/data", vec![(3, "x"), (2, "y")], "sensors/y/x/data"),
            ("dt/#", vec![], "dt/d1"),
            ("dt/#", vec![(3, "x")], "dt/d1/x"),
            ("dt/+/#", vec![(2, "x"), (4, "y")], "dt/x/d1/y"),
            ("dt/telemetry", vec![], "dt/telemetry"),
            ("#", vec![], "d1"),
        ];
        for (filter, levels, expected) in cases {
            let levels: Levels = levels.into_iter().map(|(level, text)| (level, text.to_owned())).collect();
            assert_eq!(topic(filter, &levels, "d1"), expected, "{filter} {levels:?}");
        }
    }
}
