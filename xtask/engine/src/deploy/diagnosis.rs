//! Why an operation failed, in CloudFormation's own words: its failures alone, by the operation that they are of, with
//! those of hooks and of validation, which the events of the stack do not have.

use aws_sdk_cloudformation::types::{EventFilter, OperationEntry, OperationEvent, Stack};

use super::engine::Engine;
use super::events::{Event, RootCause, Tokens, root_cause};
use super::patience::patiently;

/// The first cause of the failure of an operation with this token. `heard` are the events that were followed, oldest
/// first: they have to do where CloudFormation does not know the question.
pub async fn cause(engine: &Engine<'_>, stack_id: &str, token: &str, heard: &[Event]) -> Option<RootCause> {
    let failures = match engine.tokens {
        Tokens::Told => failures(engine, stack_id, token).await,
        Tokens::Untold => Vec::new(),
    };
    root_cause(&failures).or_else(|| root_cause(heard))
}

/// What failed in the latest operations of a stack, oldest first. A rollback is an operation of its own.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html>
async fn failures(engine: &Engine<'_>, stack_id: &str, token: &str) -> Vec<Event> {
    let client = &engine.cloudformation;
    let Ok(described) = patiently(engine.pace, || client.describe_stacks().stack_name(stack_id).send()).await
    else {
        return Vec::new();
    };
    let operations = described.stacks().iter().flat_map(Stack::last_operations);
    let mut failures = Vec::new();
    for operation in operations.filter_map(OperationEntry::operation_id) {
        let only = EventFilter::builder().failed_events(true).build();
        let mut events =
            client.describe_events().operation_id(operation).filters(only).into_paginator().items().send();
        let mut of_operation = Vec::new();
        while let Some(event) = events.next().await {
            // A part may lack the first cause.
            let Ok(event) = event else { return Vec::new() };
            of_operation.push(event);
        }
        // An operation before this one may have failed for another reason; hooks carry no token.
        if of_operation.iter().any(|event| event.client_request_token() == Some(token)) {
            failures.extend(of_operation);
        }
    }
    failures.reverse();
    failures.sort_by_key(|event| event.timestamp().map(|at| (at.secs(), at.subsec_nanos())));
    failures.into_iter().map(|event| told(event, stack_id)).collect()
}

/// The event as those of a stack are. A hook says itself why, and is what failed.
fn told(event: OperationEvent, stack_id: &str) -> Event {
    let status = event.resource_status.map(|status| status.as_str().to_owned());
    let reasons = [event.hook_status_reason, event.validation_status_reason, event.resource_status_reason];
    Event {
        id: event.event_id.unwrap_or_default(),
        logical_id: event.logical_resource_id.unwrap_or_default(),
        physical_id: event.physical_resource_id.unwrap_or_default(),
        kind: event.hook_type.or(event.resource_type).unwrap_or_default(),
        status: status.unwrap_or_else(|| super::status::HOOK_FAILED.to_owned()),
        reason: reasons.into_iter().flatten().next().unwrap_or_default(),
        stack_id: event.stack_id.unwrap_or_else(|| stack_id.to_owned()),
        token: event.client_request_token,
    }
}
