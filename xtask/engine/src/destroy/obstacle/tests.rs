//! What is emptied for a deletion, and what never is.

use super::*;
use crate::destroy::plan::Resource;
use crate::destroy::workspace::Extra;

fn stack() -> Removal {
    let resource = |logical_id: &str, kind: &str, physical_id: &str| Resource {
        logical_id: logical_id.to_owned(),
        kind: kind.to_owned(),
        physical_id: physical_id.to_owned(),
    };
    Removal {
        name: "twin".to_owned(),
        stack_name: "sluice-dev-twin".to_owned(),
        stack_id: "arn:stack".to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        protected: false,
        after: [].into(),
        delete: vec![
            resource("Bucket", "AWS::S3::Bucket", "a-bucket"),
            resource("Workspace", "AWS::IoTTwinMaker::Workspace", "sluice-dev"),
            resource("Role", "AWS::IAM::Role", "a-role"),
        ],
        retain: Vec::new(),
        contents: Vec::new(),
        extra: Extra::default(),
        devices: Vec::new(),
        abandon: [].into(),
        forced: false,
    }
}

fn event((logical_id, kind, status, reason): (&str, &str, &str, &str)) -> Event {
    let physical_id = match logical_id {
        "Bucket" => "a-bucket",
        "Kept" => "a-kept-bucket",
        "sluice-dev-twin" => "arn:stack",
        other => other,
    };
    Event {
        id: format!("{logical_id}-{status}-{reason}"),
        logical_id: logical_id.to_owned(),
        physical_id: physical_id.to_owned(),
        kind: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        stack_id: "arn:stack".to_owned(),
        token: None,
    }
}

#[test]
fn only_what_is_full_is_emptied_and_only_when_nothing_else_is_in_the_way() {
    type Events<'a> = &'a [(&'a str, &'a str, &'a str, &'a str)];
    type Found<'a> = Option<(&'a [&'a str], bool)>;
    const FULL: (&str, &str, &str, &str) = (
        "Bucket",
        "AWS::S3::Bucket",
        "DELETE_FAILED",
        "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: X)",
    );
    let type_in_use = ("Type", "AWS::IoTTwinMaker::ComponentType", "DELETE_FAILED", "it is in use");
    let denied_type =
        ("Type", "AWS::IoTTwinMaker::ComponentType", "DELETE_FAILED", "x is not authorized to perform: y");
    let role = |reason| ("Role", "AWS::IAM::Role", "DELETE_FAILED", reason);
    let stack_failed =
        ("sluice-dev-twin", "AWS::CloudFormation::Stack", "DELETE_FAILED", "[Bucket] failed to delete.");
    let table: [(&str, Events, Found); 11] = [
        ("DELETE_FAILED", &[FULL, stack_failed], Some((&["a-bucket"], false))),
        ("DELETE_FAILED", &[type_in_use], Some((&[], true))),
        ("DELETE_FAILED", &[FULL, type_in_use], Some((&["a-bucket"], true))),
        ("DELETE_FAILED", &[FULL, role("Resource deletion cancelled")], Some((&["a-bucket"], false))),
        // Something else would keep the stack.
        ("DELETE_FAILED", &[FULL, role("Cannot delete entity, must detach all policies first.")], None),
        ("DELETE_FAILED", &[denied_type], None),
        ("DELETE_FAILED", &[("Bucket", "AWS::S3::Bucket", "DELETE_FAILED", "Access Denied")], None),
        ("DELETE_FAILED", &[("Kept", FULL.1, FULL.2, FULL.3)], None),
        // It was deleted when CloudFormation tried again.
        ("DELETE_FAILED", &[FULL, ("Bucket", "AWS::S3::Bucket", "DELETE_COMPLETE", "")], None),
        // Nothing was begun, or it is not over.
        ("CREATE_COMPLETE", &[FULL], None),
        ("DELETE_FAILED", &[], None),
    ];
    let stack = stack();
    for (status, events, expected) in table {
        let events: Vec<Event> = events.iter().copied().map(event).collect();
        let found = Obstacles::of(&stack, status, &events);
        let found = found.as_ref().map(|found| (found.buckets.as_slice(), found.workspace));
        assert_eq!(found, expected, "{status} {events:?}");
    }
}
