//! Managed Service for Apache Flink.

use super::grants::{Grant, Grants, NO_STEP, Needed, change, make, read, write};
use super::load::{Amounts, Cost, HOURS, Site};
use super::proof::A_PART;
use super::statement::allow;
use super::subject::{ABSENT, BY_ID, Subject};
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Naming, Proof, Service, Tags, Witness};
use crate::cfn::{LogicalId, Resource};
use crate::environment::Consumer;

const SERVICE: Service = Service { namespace: "kinesisanalytics", calls: &[], policy: Group::Streams };

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::KinesisAnalyticsV2::Application",
        service: &SERVICE,
        naming: Naming::own("/ApplicationName", 128, Generated::Somehow, "application/{name}"),
        tags: Tags::List("Tags"),
        data: Data::HoldsNothing("what it has read and not written is read again from the stream"),
        replaced_by: &["ApplicationName", "ApplicationMode"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/ApplicationName"]),
        kept: &[],
        grants: Grants::Needs(application),
        steps: Grants::Needs(application_steps),
        local: Local::AsIs,
        proof: Proof::Asked(Witness::Flink),
        cost: Cost::Metered(application_amounts),
    },
    Kind {
        name: "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
        service: &SERVICE,
        naming: Naming::NAMELESS,
        tags: Tags::None("it is a setting of its application"),
        data: Data::HoldsNothing("it is a setting of an application"),
        replaced_by: &["ApplicationName"],
        immutable: &[],
        // An application logs to one place.
        at_most_once: AtMostOnce::By(&["/ApplicationName"]),
        kept: &[],
        grants: Grants::Needs(application_logging),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: A_PART,
        cost: Cost::Free("counted with the log group"),
    },
];

/// The applications that a logical id may name. Whether the stack is in the name is not documented.
fn applications(subject: Subject, id: &str) -> [String; 1] {
    [subject.arn_of("kinesisanalytics", &format!("application/*{id}*"))]
}

fn described(applications: [String; 1]) -> Grant {
    read(allow(&["kinesisanalytics:DescribeApplication"], applications).because(ABSENT))
}

/// [`AWS::KinesisAnalyticsV2::Application`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisanalyticsv2-application.html).
fn application(subject: Subject) -> Needed {
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
                "kinesisanalytics:AddApplicationVpcConfiguration",
                "kinesisanalytics:DeleteApplication",
                "kinesisanalytics:DeleteApplicationVpcConfiguration",
                "kinesisanalytics:UntagResource",
                "kinesisanalytics:UpdateApplication",
                "kinesisanalytics:UpdateApplicationMaintenanceConfiguration",
            ],
            arn,
        ),
    ])
}

/// A deployment starts and stops it, and looks for its snapshots.
fn application_steps(subject: Subject) -> Needed {
    let arn = applications(subject, subject.id.as_str());
    let owned = |actions: &[&str]| subject.scope.owned(allow(actions, arn.clone())).because(BY_ID);
    Ok(vec![
        read(owned(&["kinesisanalytics:ListApplicationSnapshots"])),
        write(owned(&["kinesisanalytics:StartApplication", "kinesisanalytics:StopApplication"])),
    ])
}

/// [`AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisanalyticsv2-applicationcloudwatchloggingoption.html),
/// which has no schema with handlers: the calls that it stands for.
fn application_logging(subject: Subject) -> Needed {
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

fn application_amounts(site: Site, _: &LogicalId, _: &Resource) -> Amounts {
    let Consumer::Flink(flink) = &site.environment.consumer else { return Vec::new() };
    let units = f64::from(flink.parallelism.div_ceil(flink.parallelism_per_kpu));
    // https://docs.aws.amazon.com/managed-flink/latest/java/how-pricing.html
    vec![("flink", (units + 1.0) * HOURS), ("flink-storage", units * 50.0)]
}
