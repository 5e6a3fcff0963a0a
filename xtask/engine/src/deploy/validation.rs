//! What CloudFormation holds against a change set before it is executed.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::HookFailureMode;

/// What [early validation](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html)
/// found.
#[derive(Debug, Default)]
pub struct Validation {
    /// What the change set fails with.
    pub errors: Vec<String>,
    /// What it can be executed with all the same.
    pub warnings: Vec<String>,
}

/// Reads all that early validation found: it says so in these events only. Without an answer, the reason of the
/// change set has to do.
pub async fn of(client: &Client, change_set: &str) -> Validation {
    let mut found = Validation::default();
    let mut events = client.describe_events().change_set_name(change_set).into_paginator().items().send();
    while let Some(Ok(event)) = events.next().await {
        let Some((id, reason)) = event.logical_resource_id().zip(event.validation_status_reason()) else {
            continue;
        };
        let text = format!("{id} ({}): {reason}", event.validation_path().unwrap_or("template"));
        match event.validation_failure_mode() {
            Some(HookFailureMode::Warn) => found.warnings.push(text),
            _ => found.errors.push(text),
        }
    }
    found
}
