//! What each string of CloudFormation decides.

use aws_sdk_cloudformation::types::StackStatus;

use super::*;

#[test]
fn every_status_of_the_service_has_a_condition() {
    let table = [
        ("CREATE_COMPLETE", Condition::Ready),
        ("CREATE_FAILED", Condition::NeverSucceeded),
        ("CREATE_IN_PROGRESS", Condition::Busy),
        ("DELETE_COMPLETE", Condition::Absent),
        ("DELETE_FAILED", Condition::HalfDeleted),
        ("DELETE_IN_PROGRESS", Condition::Busy),
        ("IMPORT_COMPLETE", Condition::Ready),
        ("IMPORT_IN_PROGRESS", Condition::Busy),
        ("IMPORT_ROLLBACK_COMPLETE", Condition::Ready),
        ("IMPORT_ROLLBACK_FAILED", Condition::Stuck),
        ("IMPORT_ROLLBACK_IN_PROGRESS", Condition::Busy),
        ("REVIEW_IN_PROGRESS", Condition::Phantom),
        ("ROLLBACK_COMPLETE", Condition::NeverSucceeded),
        ("ROLLBACK_FAILED", Condition::NeverSucceeded),
        ("ROLLBACK_IN_PROGRESS", Condition::Busy),
        ("UPDATE_COMPLETE", Condition::Ready),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Condition::Busy),
        ("UPDATE_FAILED", Condition::Halfway),
        ("UPDATE_IN_PROGRESS", Condition::Busy),
        ("UPDATE_ROLLBACK_COMPLETE", Condition::Ready),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Condition::Busy),
        ("UPDATE_ROLLBACK_FAILED", Condition::Stuck),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Condition::Busy),
    ];
    let mut known: Vec<&str> = StackStatus::values().to_vec();
    known.sort_unstable();
    assert_eq!(table.iter().map(|(status, _)| *status).collect::<Vec<_>>(), known);
    for (status, expected) in table {
        assert_eq!(condition(status), expected, "{status}");
    }
}

#[test]
fn every_status_of_an_application_has_an_activity() {
    for status in aws_sdk_kinesisanalyticsv2::types::ApplicationStatus::values() {
        assert!(!matches!(activity(status), Activity::Unknown(_)), "{status}");
    }
    assert_eq!(activity("READY"), Activity::Stopped);
    assert_eq!(activity("AUTOSCALING"), Activity::Busy);
    assert_eq!(activity("PAUSED"), Activity::Unknown("PAUSED".to_owned()));
}

#[test]
fn what_aws_adds_is_kept_as_it_is_spelled() {
    assert_eq!(condition("EXPRESS_IN_PROGRESS"), Condition::Busy);
    assert_eq!(condition("PAUSED"), Condition::Unknown);
    assert_eq!(stage("PAUSED"), Stage::Unknown);
}

#[test]
fn an_operation_succeeds_in_its_own_status_only() {
    for status in StackStatus::values() {
        assert_eq!(Operation::Create.succeeded(status), *status == "CREATE_COMPLETE");
        assert_eq!(Operation::Update.succeeded(status), *status == "UPDATE_COMPLETE");
        assert_eq!(Operation::Delete.succeeded(status), *status == "DELETE_COMPLETE");
    }
}

#[test]
fn sentences() {
    type Says = fn(&str) -> bool;
    let table: [(Says, &str, &str); 7] = [
        (
            says_denied,
            "AccessDenied: User: x is not authorized to perform: cloudformation:CreateChangeSet",
            "ValidationError: Template error",
        ),
        (says_cancelled, "Resource creation cancelled", "Resource handler returned message: no"),
        (
            says_no_changes,
            "The submitted information didn't contain changes. Submit different information to create a change set.",
            "Requires capabilities",
        ),
        (says_no_changes, "No updates are to be performed.", "Template error"),
        (says_not_there, "ValidationError: Stack with id sluice-dev-store does not exist", "Rate exceeded"),
        (
            says_not_empty,
            "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: X)",
            "Access Denied",
        ),
        (
            says_timestream_closed,
            "AccessDeniedException: Only existing Timestream for LiveAnalytics customers can access the service.",
            "AccessDeniedException: User is not authorized to perform timestream:DescribeEndpoints",
        ),
    ];
    for (says, yes, no) in table {
        assert!(says(yes), "{yes}");
        assert!(!says(no), "{no}");
    }
}

#[test]
fn a_role_that_is_too_new_is_told_from_other_failures() {
    const FUNCTION: &str = "AWS::Lambda::Function";
    const FIREHOSE: &str = "AWS::KinesisFirehose::DeliveryStream";
    let table = [
        (
            FUNCTION,
            "Resource handler returned message: \"The role defined for the function cannot be assumed by \
                 Lambda. (Service: Lambda, Status Code: 400, Request ID: 1)\" (RequestToken: 1, \
                 HandlerErrorCode: InvalidRequest)",
            true,
        ),
        (
            "AWS::Lambda::EventSourceMapping",
            "Cannot access stream arn:aws:kinesis:eu-west-1:1:stream/s. Please ensure the role can perform the \
                 GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream \
                 in IAM.",
            true,
        ),
        (
            "AWS::Lambda::EventSourceMapping",
            "The provided execution role does not have permissions to call ReceiveMessage on SQS",
            true,
        ),
        (
            FIREHOSE,
            "Firehose is unable to assume role arn:aws:iam::1:role/r. Please check the role provided.",
            true,
        ),
        (
            FIREHOSE,
            "Role arn:aws:iam::1:role/r is not authorized to perform: kinesis:DescribeStream on resource s",
            true,
        ),
        (
            "AWS::KinesisAnalyticsV2::Application",
            "Please check the role provided or validity of S3 location you provided. We are unable to get the \
                 specified fileKey: k in the specified bucket: b",
            true,
        ),
        (
            "AWS::IoT::TopicRule",
            "iot.amazonaws.com is unable to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/r",
            true,
        ),
        // Who deploys may not do it, and never will.
        (FUNCTION, "User: x is not authorized to perform: lambda:CreateFunction on resource: f", false),
        (FUNCTION, "Unzipped size must be smaller than 262144000 bytes", false),
        (FIREHOSE, "User: x is not authorized to perform: firehose:CreateDeliveryStream", false),
        ("AWS::S3::Bucket", "Firehose is unable to assume role", false),
    ];
    for (kind, reason, expected) in table {
        assert_eq!(says_role_not_told(kind, reason), expected, "{kind} {reason}");
    }
}

#[test]
fn error_codes() {
    let table = [
        (
            r#"Resource handler returned message: "x already exists" (RequestToken: 1, HandlerErrorCode: AlreadyExists)"#,
            Some("AlreadyExists"),
        ),
        (
            "API: s3:CreateBucket (Service: S3; Status Code: 409; Error Code: BucketAlreadyExists; …)",
            Some("BucketAlreadyExists"),
        ),
        ("The stack timed out", None),
        ("HandlerErrorCode:", None),
    ];
    for (reason, expected) in table {
        assert_eq!(error_code(reason), expected, "{reason}");
    }
}
