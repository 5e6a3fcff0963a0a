//! Alarms, and the dashboard of them.

use super::grants::{Grants, NO_STEP, Needed, look, read, write};
use super::load::{Amounts, Cost, Site};
use super::naming;
use super::proof::TAGGED;
use super::statement::allow;
use super::subject::{Subject, Unresolved};
use super::{AtMostOnce, Data, Generated, Group, Kind, Local, Name, Naming, Proof, Reference, Service, Tags};
use crate::cfn::{LogicalId, Resource};

const SERVICE: Service = Service { namespace: "cloudwatch", calls: &[], policy: Group::Dashboards };

/// What has become of it is in the templates alone.
const MADE_AGAIN: Data = Data::HoldsNothing("it is made again from the template");

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::CloudWatch::Alarm",
        service: &SERVICE,
        naming: ALARM,
        tags: Tags::List("Tags"),
        data: MADE_AGAIN,
        replaced_by: &["AlarmName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/AlarmName"]),
        kept: &[],
        grants: Grants::Needs(alarm),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Metered(alarm_amounts),
    },
    Kind {
        name: "AWS::CloudWatch::CompositeAlarm",
        service: &SERVICE,
        naming: ALARM,
        tags: Tags::List("Tags"),
        data: MADE_AGAIN,
        replaced_by: &["AlarmName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/AlarmName"]),
        kept: &[],
        grants: Grants::Needs(composite_alarm),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: TAGGED,
        cost: Cost::Metered(|_, _, _| vec![("composite-alarm", 1.0)]),
    },
    Kind {
        name: "AWS::CloudWatch::Dashboard",
        service: &SERVICE,
        naming: Naming::own("/DashboardName", 255, Generated::Unknown, "dashboard/{name}"),
        tags: Tags::None("its schema has none in every Region, and its name says whose it is"),
        data: MADE_AGAIN,
        replaced_by: &["DashboardName"],
        immutable: &[],
        at_most_once: AtMostOnce::By(&["/DashboardName"]),
        kept: &[],
        grants: Grants::Needs(dashboard),
        steps: NO_STEP,
        local: Local::AsIs,
        proof: Proof::Believed("its service is not asked, and nothing is in it"),
        cost: Cost::Metered(|_, _, _| vec![("metric-dashboard", 1.0)]),
    },
];

/// Both kinds of alarms share their names.
const ALARM: Naming = Naming {
    name: Name::Own {
        at: "/AlarmName",
        longest: 255,
        refusal: naming::refusal,
        otherwise: Generated::Unknown,
    },
    reference: Reference::Name,
    arn: Some("alarm:{name}"),
    behind: "",
};

/// The alarms of an environment: their names begin with its own, and none is named alone, because there are dozens.
fn alarms(subject: Subject) -> Result<[String; 1], Unresolved> {
    subject.name()?;
    Ok([subject.arn_of("cloudwatch", &format!("alarm:sluice-{}-*", subject.scope.environment.name))])
}

/// [`AWS::CloudWatch::Alarm`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html).
/// `status` asks what [`DescribeAlarms`](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html)
/// says, which tells of composite alarms only whoever may ask for all.
fn alarm(subject: Subject) -> Needed {
    let mut needed = any_alarm(subject)?;
    needed.push(write(allow(&["cloudwatch:PutMetricAlarm"], alarms(subject)?)));
    Ok(needed)
}

/// [`AWS::CloudWatch::CompositeAlarm`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html).
/// [Its service](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html) takes it
/// from nobody who may do it to some alarms alone.
fn composite_alarm(subject: Subject) -> Needed {
    let mut needed = any_alarm(subject)?;
    let put = allow(&["cloudwatch:PutCompositeAlarm"], ["*".to_owned()]);
    needed.push(write(subject.scope.unforeign(put).because(WHOLE)));
    Ok(needed)
}

/// Why a composite alarm is put with a permission for all.
const WHOLE: &str = "The service takes it only from whoever may put every composite alarm: the tag keeps it from those of others";

fn any_alarm(subject: Subject) -> Needed {
    let alarms = alarms(subject)?;
    Ok(vec![
        look(&["cloudwatch:DescribeAlarms"]),
        read(allow(&["cloudwatch:ListTagsForResource"], alarms.clone())),
        write(allow(
            &["cloudwatch:DeleteAlarms", "cloudwatch:TagResource", "cloudwatch:UntagResource"],
            alarms,
        )),
    ])
}

/// [`AWS::CloudWatch::Dashboard`](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html),
/// which belongs to no Region.
fn dashboard(subject: Subject) -> Needed {
    let arn = [subject.arn()?];
    Ok(vec![
        read(allow(&["cloudwatch:GetDashboard"], arn.clone())),
        write(allow(&["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"], arn)),
    ])
}

/// <https://aws.amazon.com/cloudwatch/pricing/>: an alarm is paid for by the metrics that it looks at. Each of
/// these looks at one, or by a query at those that it finds, which are counted as one here.
fn alarm_amounts(_: Site, _: &LogicalId, _: &Resource) -> Amounts {
    vec![("alarm", 1.0)]
}
