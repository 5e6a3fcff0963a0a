//! The stacks of every environment, with each kind of consumer and of store, and the alarms in them.

use serde_json::Value;
use stacks::cfn::ParameterSource;
use stacks::environment::Environment;
use stacks::operations::{ALARMS, Alarm};
use stacks::{Inputs, Stack, synthesize};

use crate::shipped;

const ENVIRONMENTS: [&str; 5] = ["dev", "local", "preview-1", "prod", "start"];

/// The stacks of one environment.
pub struct Place {
    pub environment: Environment,
    pub stacks: Vec<Stack>,
}

/// Every environment as it is, and with each kind of consumer and of store; where it has no alarms, with them.
pub fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for name in ENVIRONMENTS {
        for (consumer, store) in
            [("lambda", "timestream"), ("lambda", "postgres"), ("flink", "timestream"), ("flink", "postgres")]
        {
            let kinds = [("consumer.kind", consumer), ("store.kind", store), ("operations.enabled", "true")];
            places.push(place(name, &kinds));
        }
    }
    places
}

pub fn place(name: &str, overrides: &[(&str, &str)]) -> Place {
    let environment = shipped::environment(name, overrides);
    let model = shipped::placed(&environment);
    let stacks = synthesize(&Inputs { model: &model, environment: &environment });
    Place { environment, stacks }
}

/// An alarm of a template.
pub struct Found<'a> {
    pub place: &'a Place,
    /// Its row of the table.
    pub row: &'static Alarm,
    /// Its id, for messages.
    pub id: String,
    /// Its properties.
    pub properties: Value,
}

impl Place {
    /// The stack of the alarms.
    pub fn operations(&self) -> &Stack {
        self.stack("operations")
    }

    pub fn stack(&self, name: &str) -> &Stack {
        self.stacks.iter().find(|stack| stack.name == name).expect("the stack is there")
    }

    /// Its alarms.
    pub fn alarms(&self) -> Vec<Found<'_>> {
        let resources = self.operations().template.resources().iter();
        let alarms = resources.filter(|(_, resource)| resource.kind() == "AWS::CloudWatch::Alarm");
        alarms
            .map(|(id, resource)| Found {
                place: self,
                row: row(id.as_str()),
                id: format!("{} {id}", self.environment.name),
                properties: serde_json::to_value(resource.properties()).expect("JSON"),
            })
            .collect()
    }

    /// What a value of the template of alarms is in the stack that it comes from: `store.Ref Database`.
    pub fn resolve(&self, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        let parameter = value["Ref"].as_str().expect("a parameter");
        let Some(ParameterSource::Output { stack, output }) = self.operations().parameters.get(parameter)
        else {
            panic!("{parameter} comes from no stack")
        };
        let outputs = self.stack(stack).template.outputs();
        let output = serde_json::to_value(&outputs[output]).expect("JSON");
        named(stack, &output["Value"])
    }
}

/// The row by which an alarm was made: its name ends the alarm's id.
fn row(id: &str) -> &'static Alarm {
    let rows = ALARMS.iter().filter(|row| id.ends_with(row.name));
    rows.max_by_key(|row| row.name.len()).unwrap_or_else(|| panic!("{id} is of no row"))
}

/// A name for what a value of a stack is.
pub fn named(stack: &str, value: &Value) -> String {
    match (value["Ref"].as_str(), value["Fn::GetAtt"].as_array()) {
        (Some(id), _) => format!("{stack}.Ref {id}"),
        (None, Some(parts)) => format!("{stack}.GetAtt {parts:?}"),
        (None, None) => panic!("{value} refers to nothing"),
    }
}
