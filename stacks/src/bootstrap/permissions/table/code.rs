//! Functions, what invokes them, and their logs.

use super::super::PermissionsError;
use super::super::names::{ABSENT, BY_ID, Subject};
use super::super::policy::allow;
use super::{Grant, look, read, write};

/// [`AWS::Lambda::Function`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html).
/// Its code is read from the artifact bucket, which is a step of the deployment.
pub(super) fn function(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(
            &[
                "lambda:GetFunction",
                "lambda:GetFunctionCodeSigningConfig",
                "lambda:GetFunctionConfiguration",
                "lambda:GetFunctionRecursionConfig",
                "lambda:GetFunctionScalingConfig",
                "lambda:GetRuntimeManagementConfig",
                "lambda:ListTags",
            ],
            arn.clone(),
        )),
        write(allow(
            &[
                "lambda:CreateFunction",
                "lambda:DeleteFunction",
                "lambda:DeleteFunctionConcurrency",
                "lambda:PutFunctionConcurrency",
                "lambda:PutFunctionRecursionConfig",
                "lambda:PutRuntimeManagementConfig",
                "lambda:TagResource",
                "lambda:UntagResource",
                "lambda:UpdateFunctionCode",
                "lambda:UpdateFunctionConfiguration",
            ],
            arn,
        )),
    ])
}

/// The ARN of the function that a property names.
fn function_of(subject: Subject) -> Result<String, PermissionsError> {
    let name = subject.text(subject.resource.property("FunctionName"))?;
    Ok(subject.arn_of("lambda", &format!("function:{name}")))
}

/// [`AWS::Lambda::EventSourceMapping`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html):
/// an id, and the function that it invokes, by which it is told from others.
pub(super) fn event_source_mapping(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    const BY_FUNCTION: &str = "Its service gives it an id when it is made: the function says whose it is";
    let function = function_of(subject)?;
    let all = [subject.arn_of("lambda", "event-source-mapping:*")];
    let of_function = |actions: &[&str], resources: [String; 1]| {
        let statement = allow(actions, resources);
        statement.when("ArnLike", "lambda:FunctionArn", [function.as_str()]).because(BY_FUNCTION)
    };
    let listed = allow(&["lambda:ListTags"], all.clone());
    let tagged = allow(&["lambda:TagResource"], all.clone());
    let untagged = allow(&["lambda:UntagResource"], all.clone());
    Ok(vec![
        read(allow(&["lambda:GetEventSourceMapping"], all.clone()).because(ABSENT)),
        read(subject.scope.owned(listed).because(BY_ID)),
        write(of_function(&["lambda:CreateEventSourceMapping"], ["*".to_owned()])),
        write(of_function(&["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"], all)),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        write(subject.scope.owned(untagged).because(BY_ID)),
    ])
}

/// [`AWS::Lambda::Permission`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html):
/// for this principal, and no other.
pub(super) fn permission(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let function = [function_of(subject)?];
    let principal = subject.text(subject.resource.property("Principal"))?;
    let added = allow(&["lambda:AddPermission"], function.clone());
    Ok(vec![
        read(allow(&["lambda:GetPolicy"], function.clone())),
        write(added.when("StringEquals", "lambda:Principal", [principal])),
        write(allow(&["lambda:RemovePermission"], function)),
    ])
}

/// [`AWS::Events::Rule`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html).
pub(super) fn schedule(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(
            &["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
            arn.clone(),
        )),
        write(allow(
            &[
                "events:DeleteRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:TagResource",
                "events:UntagResource",
            ],
            arn,
        )),
    ])
}

/// The log groups of a stack: its folder, for most actions name what is in a group (`:*`), and some the
/// group itself. See
/// [ARNs of log groups](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html).
pub(in super::super) fn log_groups(subject: Subject, name: &str) -> String {
    let folder = name.rsplit_once('/').map_or(name, |(folder, _)| folder);
    subject.arn_of("logs", &format!("log-group:{folder}/*"))
}

/// [`AWS::Logs::LogGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html).
pub(super) fn log_group(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let groups = [log_groups(subject, &subject.name()?)];
    Ok(vec![
        read(allow(&["logs:GetDataProtectionPolicy", "logs:ListTagsForResource"], groups.clone())),
        look(&["logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"]),
        write(allow(
            &[
                "logs:CreateLogGroup",
                "logs:DeleteDataProtectionPolicy",
                "logs:DeleteLogGroup",
                "logs:DeleteRetentionPolicy",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
                "logs:UntagResource",
            ],
            groups,
        )),
    ])
}

/// [`AWS::Logs::LogStream`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-logstream.html).
pub(super) fn log_stream(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let group = subject.text(subject.resource.property("LogGroupName"))?;
    let groups = [log_groups(subject, &group)];
    Ok(vec![
        read(allow(&["logs:DescribeLogStreams"], groups.clone())),
        write(allow(&["logs:CreateLogStream", "logs:DeleteLogStream"], groups)),
    ])
}
