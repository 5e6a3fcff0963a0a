//! What retention and magnetic store writes a table may have.

use std::ops::RangeInclusive;

use crate::{
    store::{MagneticStoreWriteProperties, RetentionProperties, S3Configuration},
    wire,
};

const MEMORY_HOURS: RangeInclusive<i64> = 1..=8_766;
const MAGNETIC_DAYS: RangeInclusive<i64> = 1..=73_000;
const BUCKET_NAME_BYTES: RangeInclusive<usize> = 3..=63;
const KEY_PREFIX_BYTES: RangeInclusive<usize> = 1..=928;

/// Checks both tiers of retention.
pub fn check(retention: RetentionProperties) -> Result<(), wire::Error> {
    let tiers = [
        ("memoryStoreRetentionPeriodInHours", retention.memory_store_retention_period_in_hours, MEMORY_HOURS),
        (
            "magneticStoreRetentionPeriodInDays",
            retention.magnetic_store_retention_period_in_days,
            MAGNETIC_DAYS,
        ),
    ];
    for (member, value, range) in tiers {
        if !range.contains(&value) {
            return Err(wire::Error::validation(format!(
                "1 validation error detected: Value '{value}' at 'retentionProperties.{member}' failed to satisfy constraint: Member must have value between {} and {}.",
                range.start(),
                range.end(),
            )));
        }
    }
    Ok(())
}

/// Checks where reports about rejected rows go.
pub fn check_magnetic_writes(properties: &MagneticStoreWriteProperties) -> Result<(), wire::Error> {
    let Some(S3Configuration { bucket_name, object_key_prefix, .. }) = properties
        .magnetic_store_rejected_data_location
        .as_ref()
        .and_then(|location| location.s3_configuration.as_ref())
    else {
        return Ok(());
    };
    match bucket_name {
        Some(name) if is_bucket_name(name) => {}
        Some(name) => return Err(wire::Error::validation(format!("The bucket name \"{name}\" is invalid."))),
        None => return Err(wire::Error::validation("The rejected-data location lacks its bucket name.")),
    }
    match object_key_prefix {
        Some(prefix) if !KEY_PREFIX_BYTES.contains(&prefix.len()) => {
            Err(wire::Error::validation("The object key prefix must have 1 to 928 characters."))
        }
        _ => Ok(()),
    }
}

fn is_bucket_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let outer = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    BUCKET_NAME_BYTES.contains(&name.len())
        && name.bytes().all(inner)
        && name.starts_with(outer)
        && name.ends_with(outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MagneticStoreRejectedDataLocation;

    #[test]
    fn tiers() {
        for (hours, days, accepted) in [
            (1, 1, true),
            (8_766, 73_000, true),
            (0, 1, false),
            (8_767, 1, false),
            (1, 0, false),
            (1, 73_001, false),
            (-1, 1, false),
        ] {
            let retention = RetentionProperties {
                memory_store_retention_period_in_hours: hours,
                magnetic_store_retention_period_in_days: days,
            };
            assert_eq!(check(retention).is_ok(), accepted, "{hours} h, {days} d");
        }
    }

    #[test]
    fn rejected_data_locations() {
        for (bucket, prefix, accepted) in [
            (Some("rejected.data-1"), Some("telemetry/"), true),
            (Some("abc"), None, true),
            (Some("ab"), None, false),
            (Some("Upper"), None, false),
            (Some("-abc"), None, false),
            (None, None, false),
            (Some("abc"), Some(""), false),
        ] {
            let s3 = S3Configuration {
                bucket_name: bucket.map(str::to_owned),
                object_key_prefix: prefix.map(str::to_owned),
                ..S3Configuration::default()
            };
            let properties = MagneticStoreWriteProperties {
                enable_magnetic_store_writes: true,
                magnetic_store_rejected_data_location: Some(MagneticStoreRejectedDataLocation {
                    s3_configuration: Some(s3),
                }),
            };
            assert_eq!(check_magnetic_writes(&properties).is_ok(), accepted, "{bucket:?} {prefix:?}");
        }
    }
}
