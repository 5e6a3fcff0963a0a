//! The devices that are none: `verify` proves the pipeline with events of theirs.
//!
//! Their events go every way that events of devices go, into the store too. Whatever tells of devices,
//! counts them or alarms for them leaves canaries out, by what is here. No device of a person may be called
//! so: it would be stored, and shown nowhere.

/// The canary that is an entity of the twin. The names of all others begin with it.
pub const CANARY: &str = "sluice-canary";

/// What `LIKE` compares a device with, to find canaries.
pub const PATTERN: &str = "sluice-canary%";

/// Whether a device is a canary.
pub fn is_canary(device: &str) -> bool {
    device.starts_with(CANARY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_canaries_from_devices() {
        for (device, expected) in [
            ("sluice-canary", true),
            ("sluice-canary-18c2-4f-0001", true),
            ("sluice-canaries", false),
            ("sluice", false),
            ("Sluice-canary", false),
            ("device-sluice-canary", false),
            ("", false),
        ] {
            assert_eq!(is_canary(device), expected, "{device:?}");
        }
        assert_eq!(PATTERN, format!("{CANARY}%"));
        assert!(!CANARY.contains(['%', '_', '\'', '\\']), "it stands in a pattern of SQL as it is");
    }
}
