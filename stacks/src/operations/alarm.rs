//! What an alarm is: which resources it watches, which of their metrics, and when it is one.

use serde_json::{Value, json};

use super::watched::Watched;
use crate::cfn::Expression;

/// An alarm of each resource of a type.
#[derive(Debug)]
pub struct Alarm {
    /// The last part of its names, and its name in the runbook's table.
    pub name: &'static str,
    /// The type of the resources that it watches, for instance `AWS::SQS::Queue`.
    pub of: &'static str,
    /// Which of them.
    pub(super) only: fn(Watched) -> bool,
    /// What it looks at.
    pub metric: Metric,
    /// What counts of it.
    pub statistic: Statistic,
    /// When that is too much, or too little.
    pub limit: Limit,
    /// How often it looks, and how many looks it takes.
    pub(super) pace: Pace,
    /// What a look is that finds nothing.
    pub missing: Missing,
    /// Its section of `docs/runbook.md`, as the heading is called in addresses.
    pub section: &'static str,
    /// What it means, in a sentence that its description begins with.
    pub says: &'static str,
}

/// A metric of CloudWatch.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its namespace, for instance `AWS/SQS`.
    pub namespace: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// Its dimensions.
    pub(super) dimensions: &'static [(&'static str, Source)],
    /// Whether these are all.
    pub kept: Kept,
}

/// Where the value of a dimension comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// `Ref` of the resource.
    Ref,
    /// An attribute of the resource.
    Attribute(&'static str),
    /// A property of the resource, which refers to another one of its stack.
    Property(&'static str),
    /// This text.
    Fixed(&'static str),
}

/// How a metric is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Under these dimensions.
    Exactly,
    /// Under these and further ones, whose values the service's documentation does not tell. The alarm asks for it by a
    /// [query](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html),
    /// over all of their values.
    Among,
    /// Under these, as a number that only grows until its program starts anew. The alarm looks at how much it grew.
    Growing,
}

/// What counts of the values in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Their mean.
    Average,
    /// The largest.
    Maximum,
    /// Their sum.
    Sum,
}

/// When a value is one of an alarm.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// On which side.
    pub side: Side,
    /// Of what.
    pub(super) value: fn(Watched) -> f64,
    /// The same in words, for the runbook.
    pub says: &'static str,
}

/// On which side of the limit an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// How often an alarm looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Length of a period, in seconds.
    pub period: fn(Watched) -> u32,
    /// The last periods that it looks at.
    pub periods: u32,
    /// How many of them are too many.
    pub bad: u32,
}

/// What a period without a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Fine: the service writes nothing where nothing happens.
    Fine,
    /// Bad: the service writes it as long as all is well.
    Bad,
    /// Bad where the environment expects events, as the service writes it while there are any.
    BadWhileEventsCome,
}

impl Statistic {
    /// As an alarm spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Maximum => "Maximum",
            Self::Sum => "Sum",
        }
    }

    /// As a query spells it.
    fn function(self) -> &'static str {
        match self {
            Self::Average => "AVG",
            Self::Maximum => "MAX",
            Self::Sum => "SUM",
        }
    }
}

/// The alarm of one resource, and what it is drawn from.
pub(super) struct Drawn {
    /// What an alarm's template has of it.
    pub properties: Value,
    /// The lines of a widget: metrics, as a
    /// [dashboard](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html)
    /// has them. Values of dimensions are expressions.
    pub lines: Vec<Line>,
    /// The limit.
    pub limit: f64,
}

/// A metric in a widget.
pub(super) enum Line {
    /// One that is kept under these dimensions, and what else its entry says.
    Kept(Metric, Vec<(&'static str, Expression)>, Value),
    /// One that is computed from the others.
    Computed(Expression, Value),
}

impl Alarm {
    /// Whether it watches a resource.
    pub(super) fn watches(&self, watched: Watched) -> bool {
        watched.kind() == self.of && (self.only)(watched)
    }

    /// Where the values of its dimensions come from.
    pub(super) fn sources(&self) -> impl Iterator<Item = Source> {
        self.metric.dimensions.iter().map(|(_, source)| *source)
    }

    /// The alarm of one resource. `value` is what is known of a dimension in the stack of alarms; `line` tells its lines
    /// from those of others in the same widget.
    pub(super) fn draw(
        &self,
        watched: Watched,
        line: usize,
        mut value: impl FnMut(Source) -> Expression,
    ) -> Drawn {
        let Self { metric, statistic, pace, .. } = self;
        let dimensions: Vec<(&'static str, Expression)> =
            metric.dimensions.iter().map(|(name, source)| (*name, value(*source))).collect();
        let (period, limit) = ((pace.period)(watched), (self.limit.value)(watched));
        let label = watched.title();
        let listed: Vec<Value> =
            dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
        let mut properties = json!({
            "ComparisonOperator": match self.limit.side {
                Side::Above => "GreaterThanThreshold",
                Side::Below => "LessThanThreshold",
            },
            "Threshold": limit,
            "EvaluationPeriods": pace.periods,
            "DatapointsToAlarm": pace.bad,
            "TreatMissingData": self.missing.treated(watched),
        });
        let lines = match metric.kept {
            Kept::Exactly => {
                properties["Namespace"] = json!(metric.namespace);
                properties["MetricName"] = json!(metric.name);
                properties["Dimensions"] = json!(listed);
                properties["Statistic"] = json!(statistic.as_str());
                properties["Period"] = json!(period);
                let drawn = json!({"stat": statistic.as_str(), "period": period, "label": label});
                vec![Line::Kept(*metric, dimensions, drawn)]
            }
            Kept::Growing => {
                let counted = json!({
                    "Metric": {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": listed},
                    "Period": period,
                    "Stat": statistic.as_str(),
                });
                properties["Metrics"] = json!([
                    {"Id": "counted", "MetricStat": counted, "ReturnData": false},
                    {"Id": "grown", "Expression": "DIFF(counted)", "Label": metric.name, "ReturnData": true},
                ]);
                let (counted, grown) = (format!("counted{line}"), format!("grown{line}"));
                let hidden =
                    json!({"id": counted, "stat": statistic.as_str(), "period": period, "visible": false});
                let diff = Expression::from(format!("DIFF({counted})"));
                vec![
                    Line::Kept(*metric, dimensions, hidden),
                    Line::Computed(diff, json!({"id": grown, "label": label, "period": period})),
                ]
            }
            Kept::Among => {
                let query = query(*metric, *statistic, &dimensions);
                properties["Metrics"] = json!([
                    {"Id": "asked", "Expression": query, "Label": metric.name, "Period": period, "ReturnData": true},
                ]);
                let asked = json!({"id": format!("asked{line}"), "label": label, "period": period});
                vec![Line::Computed(query, asked)]
            }
        };
        Drawn { properties, lines, limit }
    }
}

/// Every name is in quotes, since some are
/// [reserved words](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-reserved-keywords.html),
/// such as `lag`. Names of resources and namespaces have no quote in them.
fn query(metric: Metric, statistic: Statistic, dimensions: &[(&'static str, Expression)]) -> Expression {
    let Metric { namespace, name, .. } = metric;
    let mut parts =
        vec![format!("SELECT {}(\"{name}\") FROM \"{namespace}\" WHERE ", statistic.function()).into()];
    for (index, (dimension, value)) in dimensions.iter().enumerate() {
        let and = if index == 0 { "" } else { " AND " };
        parts.extend([format!("{and}\"{dimension}\" = '").into(), value.clone(), "'".into()]);
    }
    Expression::Joined(parts)
}

impl Missing {
    fn treated(self, watched: Watched) -> &'static str {
        let expected = watched.environment.operations.least_events_per_minute > 0;
        match self {
            Self::Bad => "breaching",
            Self::BadWhileEventsCome if expected => "breaching",
            Self::BadWhileEventsCome | Self::Fine => "notBreaching",
        }
    }
}
