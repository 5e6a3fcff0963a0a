//! The topic on which a device publishes: the model's filter with its wildcards filled in.

/// A topic that `filter` matches and whose segment `device_segment`, counted from 1, is `device`.
///
/// Other wildcards are filled with the device too: any name would do there.
pub(crate) fn topic(filter: &str, device_segment: Option<u32>, device: &str) -> String {
    let device_segment = device_segment.map_or(0, |segment| segment as usize);
    let mut levels: Vec<&str> = Vec::new();
    for level in filter.split('/') {
        match level {
            "+" => levels.push(device),
            // The rest of the topic: one level, or as many as it takes to name the device.
            "#" => {
                let missing = device_segment.saturating_sub(levels.len()).max(1);
                levels.extend(std::iter::repeat_n(device, missing));
            }
            name => levels.push(name),
        }
    }
    levels.join("/")
}

#[cfg(test)]
mod tests {
    use super::topic;

    #[test]
    fn filters_become_topics() {
        let cases = [
            ("dt/+/measures", Some(2), "dt/d1/measures"),
            ("dt/+/measures", None, "dt/d1/measures"),
            ("sensors/+/+/data", Some(3), "sensors/d1/d1/data"),
            ("dt/#", None, "dt/d1"),
            ("dt/#", Some(3), "dt/d1/d1"),
            ("dt/telemetry", None, "dt/telemetry"),
            ("#", None, "d1"),
        ];
        for (filter, segment, expected) in cases {
            assert_eq!(topic(filter, segment, "d1"), expected, "{filter} {segment:?}");
        }
    }
}
