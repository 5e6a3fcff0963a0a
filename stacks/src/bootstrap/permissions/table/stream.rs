//! What events pass through: topic rule, stream, delivery, Flink application, queue.

use super::super::PermissionsError;
use super::super::names::{ABSENT, BY_ID, NO_RESOURCE, Subject};
use super::super::policy::allow;
use super::{Grant, change, make, read, write};

/// [`AWS::Kinesis::Stream`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html).
/// The [reference of authorization](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html)
/// names no resource for `UpdateShardCount` and `UpdateStreamMode`, so a statement that names a stream allows
/// neither. They are granted to `CloudFormation`'s
/// [calls for the caller](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html)
/// alone, which is limited to the environment's stacks.
pub(super) fn stream(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    const KEY: &str = "The key is the one that Kinesis keeps in the account; the stream is named beside it";
    let arn = [subject.arn()?];
    let keys = [subject.arn_of("kms", "key/*")];
    let encryption = allow(&["kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption"], keys);
    let capacity = allow(&["kinesis:UpdateShardCount", "kinesis:UpdateStreamMode"], ["*".to_owned()]);
    Ok(vec![
        write(capacity.because(NO_RESOURCE).when("Bool", "aws:ViaAWSService", ["true"])),
        write(encryption.because(KEY)),
        read(allow(
            &["kinesis:DescribeStreamSummary", "kinesis:ListTagsForResource", "kinesis:ListTagsForStream"],
            arn.clone(),
        )),
        write(allow(
            &[
                "kinesis:AddTagsToStream",
                "kinesis:CreateStream",
                "kinesis:DecreaseStreamRetentionPeriod",
                "kinesis:DeleteStream",
                "kinesis:IncreaseStreamRetentionPeriod",
                "kinesis:RemoveTagsFromStream",
                "kinesis:StartStreamEncryption",
                "kinesis:StopStreamEncryption",
                "kinesis:TagResource",
                "kinesis:UntagResource",
            ],
            arn,
        )),
    ])
}

/// [`AWS::IoT::TopicRule`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-topicrule.html).
/// Its [handler](https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot) names it
/// without the stack, and with underscores.
pub(super) fn topic_rule(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let rules = [subject.arn_of("iot", &format!("rule/{}_*", subject.id))];
    let listed = allow(&["iot:ListTagsForResource"], rules.clone());
    let tagged = allow(&["iot:TagResource"], rules.clone());
    Ok(vec![
        read(allow(&["iot:GetTopicRule"], rules.clone()).because(ABSENT)),
        read(subject.scope.owned(listed)),
        make(subject, &["iot:CreateTopicRule"], rules.clone()),
        write(subject.scope.adopted(tagged)),
        change(subject, &["iot:DeleteTopicRule", "iot:ReplaceTopicRule", "iot:UntagResource"], rules),
    ])
}

/// [`AWS::SQS::Queue`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html).
pub(super) fn queue(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"], arn.clone())),
        write(allow(
            &[
                "sqs:CreateQueue",
                "sqs:DeleteQueue",
                "sqs:SetQueueAttributes",
                "sqs:TagQueue",
                "sqs:UntagQueue",
            ],
            arn,
        )),
    ])
}

/// [`AWS::SQS::QueuePolicy`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html):
/// an attribute of its queues.
pub(super) fn queue_policy(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let queues = subject.resource.property("Queues").as_array();
    let arns: Vec<String> = queues
        .into_iter()
        .flatten()
        .map(|queue| Ok(subject.arn_of("sqs", &subject.text(queue)?)))
        .collect::<Result<_, PermissionsError>>()?;
    Ok(vec![
        read(allow(&["sqs:GetQueueAttributes"], arns.clone())),
        write(allow(&["sqs:SetQueueAttributes"], arns)),
    ])
}

/// [`AWS::KinesisFirehose::DeliveryStream`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisfirehose-deliverystream.html).
pub(super) fn delivery_stream(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"], arn.clone())),
        write(allow(
            &[
                "firehose:CreateDeliveryStream",
                "firehose:DeleteDeliveryStream",
                "firehose:StartDeliveryStreamEncryption",
                "firehose:StopDeliveryStreamEncryption",
                "firehose:TagDeliveryStream",
                "firehose:UntagDeliveryStream",
                "firehose:UpdateDestination",
            ],
            arn,
        )),
    ])
}

/// The applications that a logical id may name. Whether the stack is in the name is not documented.
fn applications(subject: Subject, id: &str) -> [String; 1] {
    [subject.arn_of("kinesisanalytics", &format!("application/*{id}*"))]
}

fn described(applications: [String; 1]) -> Grant {
    read(allow(&["kinesisanalytics:DescribeApplication"], applications).because(ABSENT))
}

/// [`AWS::KinesisAnalyticsV2::Application`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisanalyticsv2-application.html).
pub(super) fn application(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let arn = applications(subject, subject.id.as_str());
    let listed = allow(&["kinesisanalytics:ListTagsForResource"], arn.clone());
    let tagged = allow(&["kinesisanalytics:TagResource"], arn.clone());
    Ok(vec![
        described(arn.clone()),
        read(subject.scope.owned(listed).because(BY_ID)),
        make(subject, &["kinesisanalytics:CreateApplication"], ["*".to_owned()]),
        write(subject.scope.adopted(tagged).because(BY_ID)),
        change(
            subject,
            &[
                "kinesisanalytics:DeleteApplication",
                "kinesisanalytics:UntagResource",
                "kinesisanalytics:UpdateApplication",
                "kinesisanalytics:UpdateApplicationMaintenanceConfiguration",
            ],
            arn,
        ),
    ])
}

/// [`AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisanalyticsv2-applicationcloudwatchloggingoption.html),
/// which has no schema with handlers: the calls that it stands for.
pub(super) fn application_logging(subject: Subject) -> Result<Vec<Grant>, PermissionsError> {
    let application = subject.resource.property("ApplicationName")["Ref"].as_str();
    let arn = applications(subject, application.unwrap_or_default());
    Ok(vec![
        described(arn.clone()),
        change(
            subject,
            &[
                "kinesisanalytics:AddApplicationCloudWatchLoggingOption",
                "kinesisanalytics:DeleteApplicationCloudWatchLoggingOption",
            ],
            arn,
        ),
    ])
}
