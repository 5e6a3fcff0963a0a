//! What the service says of an application, as far as this program needs it. Pure.

use std::collections::BTreeMap;

use aws_sdk_kinesisanalyticsv2::primitives::DateTime;
use aws_sdk_kinesisanalyticsv2::types::ApplicationDetail;

use local_target::flink::Job;

/// How large an application is, in Kinesis Processing Units and in tasks.
pub fn units(detail: &ApplicationDetail) -> String {
    let configuration = detail.application_configuration_description();
    let parallelism = configuration
        .and_then(|configuration| configuration.flink_application_configuration_description())
        .and_then(|flink| flink.parallelism_configuration_description());
    let Some(parallelism) = parallelism else { return String::new() };
    let tasks = parallelism.current_parallelism().or(parallelism.parallelism()).unwrap_or(1).max(1);
    let units =
        tasks.unsigned_abs().div_ceil(parallelism.parallelism_per_kpu().unwrap_or(1).max(1).unsigned_abs());
    format!("{units} KPU, parallelism {tasks}")
}

/// What the job is made from, out of the application's description.
pub fn job(detail: &ApplicationDetail) -> Option<Job> {
    let configuration = detail.application_configuration_description()?;
    let code = configuration
        .application_code_configuration_description()?
        .code_content_description()?
        .s3_application_code_location_description()?;
    let groups = configuration.environment_property_descriptions()?.property_group_descriptions();
    let properties: BTreeMap<String, BTreeMap<String, String>> = groups
        .iter()
        .map(|group| {
            let pairs = group.property_map().iter().map(|(key, value)| (key.clone(), value.clone()));
            (group.property_group_id().to_owned(), pairs.collect())
        })
        .collect();
    let created = detail.create_timestamp().map_or(0, DateTime::secs);
    Some(Job {
        application: format!("{}@{created}", detail.application_name()),
        bucket: code.bucket_arn().rsplit(':').next().unwrap_or_default().to_owned(),
        key: code.file_key().to_owned(),
        properties,
    })
}

/// The log group and the log stream in the ARN of a stream,
/// `arn:aws:logs:region:account:log-group:<group>:log-stream:<stream>`.
pub fn log_of(arn: &str) -> Option<(&str, &str)> {
    arn.split_once(":log-group:")?.1.split_once(":log-stream:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_stream_is_known_by_its_arn() {
        for (arn, expected) in [
            (
                "arn:aws:logs:eu-west-1:1:log-group:/sluice/dev/consumer/flink-job:log-stream:a:b",
                Some(("/sluice/dev/consumer/flink-job", "a:b")),
            ),
            ("arn:aws:logs:eu-west-1:1:log-group:/sluice/dev", None),
        ] {
            assert_eq!(log_of(arn), expected, "{arn}");
        }
    }
}
