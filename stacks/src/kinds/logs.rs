//! Logs.

use serde_json::Value;

use super::grants::{Grants, NO_STEP, Needed, look, read, write};
use super::kept::{DAY, FOREVER, Seconds, number, times};
use super::load::Cost;
use super::naming;
use super::proof::A_PART;
use super::statement::allow;
use super::subject::Subject;
use super::{
    AtMostOnce, Data, Generated, Group, Kept, Kind, Local, Lost, Name, Naming, Proof, Reference, Service,
    Tags, Witness,
};

const SERVICE: Service = Service { namespace: "logs", calls: &[], policy: Group::Functions };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Logs::LogGroup",
        service: &SERVICE,
        // The attribute is about actions on the streams of a group, too.
        naming: Naming {
            name: Name::Own { at: "/LogGroupName", longest: 512, refusal, otherwise: Generated::Stack(512) },
            reference: Reference::Name,
            arn: Some("log-group:{name}"),
            behind: ":*",
        },
        tags: Tags::List("Tags"),
        data: Data::GoesWithStack("nobody would look for logs of what is gone"),
        replaced_by: &["LogGroupName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/LogGroupName"]),
        // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
        kept: &[Kept::For { of: retention, lost: Lost::Aged("log events") }],
        grants: Grants::Needs(log_group),
        steps: Grants::Needs(log_group_steps),
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Logs),
        cost: Cost::ByUse("what is logged"),
    },
    Kind {
        name: "AWS::Logs::LogStream",
        service: &SERVICE,
        naming: Naming::inside("/LogStreamName", "log-group:{LogGroupName}:log-stream:{name}"),
        tags: Tags::None("it is a part of its group"),
        data: Data::HoldsNothing("it goes with its group"),
        replaced_by: &["LogGroupName", "LogStreamName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/LogGroupName", "/LogStreamName"]),
        kept: &[],
        grants: Grants::Needs(log_stream),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("part of the log group"),
    },
];

/// What the service says to the name of a log group.
fn refusal(name: &str) -> Option<&'static str> {
    if name.starts_with("aws/") {
        return Some("names that begin with aws/ belong to AWS");
    }
    naming::refusal(name)
}

/// The log groups of a stack: its folder, for most actions name what is in a group (`:*`), and some the
/// group itself. See
/// [ARNs of log groups](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html).
fn log_groups(subject: Subject, name: &str) -> String {
    let folder = name.rsplit_once('/').map_or(name, |(folder, _)| folder);
    subject.arn_of("logs", &format!("log-group:{folder}/*"))
}

/// [`AWS::Logs::LogGroup`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html).
fn log_group(subject: Subject) -> Needed {
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

/// `logs` reads them.
fn log_group_steps(subject: Subject) -> Needed {
    let group = [log_groups(subject, &subject.name()?)];
    Ok(vec![write(allow(&["logs:FilterLogEvents", "logs:GetLogEvents"], group))])
}

/// [`AWS::Logs::LogStream`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-logstream.html).
fn log_stream(subject: Subject) -> Needed {
    let group = subject.text(subject.resource.property("LogGroupName"))?;
    let groups = [log_groups(subject, &group)];
    Ok(vec![
        read(allow(&["logs:DescribeLogStreams"], groups.clone())),
        write(allow(&["logs:CreateLogStream", "logs:DeleteLogStream"], groups)),
    ])
}

fn retention(properties: &Value) -> Option<Seconds> {
    number(properties, "/RetentionInDays", FOREVER).map(|days| times(days, DAY))
}
