//! Each usual cause, by its example.

use super::*;

#[test]
fn each_usual_cause_is_known_by_what_was_recorded_of_it() {
    for (name, _, reason) in EXAMPLES {
        assert_eq!(of(reason).map(|cause| cause.name), Some(*name), "{reason}");
    }
    let recorded: Vec<&str> = EXAMPLES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(recorded, CAUSES.iter().map(|cause| cause.name).collect::<Vec<_>>());
}

#[test]
fn what_is_not_usual_has_no_remedy() {
    assert_eq!(remedy("AWS::SQS::Queue", "The moon is full"), None);
}

#[test]
fn a_denial_has_the_statement_that_would_allow_it() {
    for (reason, expected) in [
        (
            // As services say it, with or without quotation marks.
            "User: x is not authorized to perform: kinesis:CreateStream on resource: arn:aws:kinesis:eu-central-1:1:stream/s because no",
            Some(
                r#"{"Action":"kinesis:CreateStream","Effect":"Allow","Resource":"arn:aws:kinesis:eu-central-1:1:stream/s"}"#,
            ),
        ),
        (
            "User: x is not authorized to perform: s3:CreateBucket on resource: \"arn:aws:s3:::b\" because",
            Some(r#"{"Action":"s3:CreateBucket","Effect":"Allow","Resource":"arn:aws:s3:::b"}"#),
        ),
        (
            "User: x is not authorized to perform: timestream:DescribeEndpoints.",
            Some(r#"{"Action":"timestream:DescribeEndpoints","Effect":"Allow","Resource":"*"}"#),
        ),
        ("User: x is not authorized to perform this", None),
        ("Access Denied", None),
    ] {
        assert_eq!(allowing(reason).as_deref(), expected, "{reason}");
    }
}

#[test]
fn a_role_that_is_too_new_and_a_closed_service_are_told_apart_from_a_denial() {
    let role =
        "Role arn:aws:iam::1:role/r is not authorized to perform: kinesis:DescribeStream on resource s";
    let told = remedy("AWS::KinesisFirehose::DeliveryStream", role).unwrap_or_default();
    assert!(told.starts_with("the role is too new"), "{told}");
    let closed = "Only existing Timestream for LiveAnalytics customers can access the service. (HandlerErrorCode: AccessDenied)";
    let told = remedy("AWS::Timestream::Table", closed).unwrap_or_default();
    assert!(told.contains("no new customers") && told.contains("`--set store.kind=postgres`"), "{told}");
}

/// What is left of a destroyed environment has its name still, and an account has so many.
#[test]
fn a_cluster_that_stayed_and_one_too_many_are_what_they_are_of_other_types() {
    for (reason, name) in [
        (
            "Resource handler returned message: \"DB Cluster already exists (Service: Rds, Status Code: 400, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: AlreadyExists)",
            "name taken",
        ),
        (
            "Resource handler returned message: \"You cannot create more DB clusters (Service: Rds, Status Code: 403, Request ID: 1)\" (RequestToken: 1, HandlerErrorCode: ServiceLimitExceeded)",
            "quota",
        ),
    ] {
        assert_eq!(of(reason).map(|cause| cause.name), Some(name), "{reason}");
    }
}
