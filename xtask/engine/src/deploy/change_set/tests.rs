//! What a change set would lose.

use aws_sdk_cloudformation::types::{self as sdk, ChangeAction, PolicyAction, Replacement};

use super::*;

#[test]
fn losses() {
    use ChangeAction::{Add, Modify, Remove};
    let table = [
        ("AWS::Kinesis::Stream", Add, None, None, None),
        ("AWS::Kinesis::Stream", Modify, Some("False"), None, None),
        ("AWS::Kinesis::Stream", Modify, Some("True"), None, Some(Data::Lost)),
        ("AWS::Kinesis::Stream", Modify, Some("Conditional"), None, Some(Data::Lost)),
        ("AWS::S3::Bucket", Modify, Some("True"), Some("ReplaceAndRetain"), Some(Data::Retained)),
        ("AWS::S3::Bucket", Remove, None, Some("Delete"), Some(Data::Lost)),
        ("AWS::S3::Bucket", Remove, None, Some("Retain"), Some(Data::Retained)),
        ("Custom::TimestreamTable", Modify, Some("Conditional"), None, None),
        ("Custom::TimestreamTable", Remove, None, None, Some(Data::Lost)),
        ("AWS::IAM::Role", Remove, None, None, None),
    ];
    for (kind, action, replacement, policy, expected) in table {
        let change = sdk::ResourceChange::builder()
            .resource_type(kind)
            .logical_resource_id("Resource")
            .action(action.clone())
            .set_replacement(replacement.map(Replacement::from))
            .set_policy_action(policy.map(PolicyAction::from))
            .build();
        let page = DescribeChangeSetOutput::builder()
            .changes(sdk::Change::builder().resource_change(change).build())
            .build();
        let resources = merge::described([], [&page]);
        let change_set =
            ChangeSet { id: String::new(), stack_id: String::new(), resources, warnings: Vec::new() };
        let case = format!("{kind} {action:?} {replacement:?}");
        let found = change_set.losses_beyond("stack", |_| false);
        assert_eq!(found.first().map(|loss| loss.data), expected, "{case}");
        assert!(change_set.losses_beyond("stack", |id| id == "Resource").is_empty(), "{case}");
    }
}
