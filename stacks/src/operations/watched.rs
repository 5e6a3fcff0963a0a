//! What there is to watch: the resources of the other stacks, and by which outputs their names come here.

use super::alarm::{Alarm, Source};
use super::table::ALARMS;
use crate::cfn::{Expression, LogicalId, Resource, Template};
use crate::environment::Environment;

/// A resource of another stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched<'a> {
    /// Its environment.
    pub environment: &'a Environment,
    /// Its stack.
    pub stack: &'static str,
    /// What that has.
    pub template: &'a Template,
    /// Its id there.
    pub id: &'a LogicalId,
    /// The resource.
    pub resource: &'a Resource,
}

/// The resources of a stack.
pub(super) fn of<'a>(
    environment: &'a Environment,
    stack: &'static str,
    template: &'a Template,
) -> impl Iterator<Item = Watched<'a>> {
    let resources = template.resources().iter();
    resources.map(move |(id, resource)| Watched { environment, stack, template, id, resource })
}

impl Watched<'_> {
    /// Its type.
    pub fn kind(self) -> &'static str {
        self.resource.kind()
    }

    /// What people call it: its stack and its id.
    pub fn title(self) -> String {
        format!("{}.{}", self.stack, self.id)
    }

    /// Whether a function is given its messages, of queues.
    pub fn is_worked_off(self) -> bool {
        self.template.resources().values().any(|other| {
            other.kind() == "AWS::Lambda::EventSourceMapping"
                && other.property("EventSourceArn")["Fn::GetAtt"][0] == self.id.as_str()
        })
    }

    /// The value of a dimension in its own stack. None: it refers to nothing of its stack.
    pub fn value(self, source: Source) -> Option<Expression> {
        match source {
            Source::Ref => Some(self.id.reference()),
            Source::Attribute(attribute) => Some(self.id.attribute(attribute)),
            Source::Fixed(text) => Some(text.into()),
            Source::Property(property) => {
                let name = self.resource.property(property)["Ref"].as_str()?;
                self.template.resources().keys().find(|id| id.as_str() == name).map(LogicalId::reference)
            }
        }
    }

    /// What the output that tells a value is called, where the stack has none for it yet.
    fn named(self, source: Source) -> LogicalId {
        let id = match source {
            Source::Property(property) => self.resource.property(property)["Ref"].as_str(),
            Source::Ref | Source::Attribute(_) | Source::Fixed(_) => None,
        };
        LogicalId::from_kebab(id.unwrap_or(self.id.as_str())).with("Name")
    }
}

/// The output by which a template tells a value.
pub(super) fn output<'a>(template: &'a Template, value: &Expression) -> Option<&'a LogicalId> {
    template.outputs().iter().find(|(_, output)| output.value() == value).map(|(id, _)| id)
}

/// Has a stack tell by outputs what the alarms of its resources need, where it does not by itself: so that whoever adds
/// a resource need not think of alarms.
pub(crate) fn tell(template: &mut Template, stack: &'static str, environment: &Environment) {
    let mut missing: Vec<(LogicalId, Expression)> = Vec::new();
    for watched in of(environment, stack, template) {
        for source in ALARMS.iter().filter(|alarm| alarm.watches(watched)).flat_map(Alarm::sources) {
            let Some(value) = watched.value(source) else { continue };
            let is_told =
                output(template, &value).is_some() || missing.iter().any(|(_, other)| *other == value);
            if !is_told && !matches!(value, Expression::Text(_)) {
                missing.push((watched.named(source), value));
            }
        }
    }
    for (id, value) in missing {
        template.output_of(&id, "Its name in metrics, for its alarms", value);
    }
}
