//! Statements of policies as IAM takes them: written out in full, so that a person can read what a role may do
//! before it exists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Whether a statement gives or takes. A denial wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It gives.
    Allow,
    /// It takes, whatever others give.
    Deny,
}

impl Effect {
    /// As IAM spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// Conditions: by operator, by key, any of the values. All operators and all keys have to hold.
pub type Conditions = BTreeMap<&'static str, BTreeMap<String, BTreeSet<String>>>;

/// One statement: which actions, on which resources, on which conditions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Actions with their service, without wildcards in what gives.
    pub actions: BTreeSet<String>,
    /// ARNs, with wildcards, or `*`.
    pub resources: BTreeSet<String>,
    /// What has to hold.
    pub conditions: Conditions,
    /// Why an action names no narrower resource, by action.
    pub reasons: BTreeMap<String, String>,
}

impl Statement {
    pub(crate) fn new<A: AsRef<str>>(
        effect: Effect,
        actions: &[A],
        resources: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            effect,
            actions: actions.iter().map(|action| action.as_ref().to_owned()).collect(),
            resources: resources.into_iter().collect(),
            conditions: Conditions::new(),
            reasons: BTreeMap::new(),
        }
    }

    /// Adds a condition: the key has one of the values.
    #[must_use]
    pub(crate) fn when<V: Into<String>>(
        mut self,
        operator: &'static str,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let keys = self.conditions.entry(operator).or_default();
        keys.entry(key.into()).or_default().extend(values.into_iter().map(Into::into));
        self
    }

    /// Says why the resources are no narrower.
    #[must_use]
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reasons = self.actions.iter().map(|action| (action.clone(), reason.to_owned())).collect();
        self
    }

    /// The service that the statement is about, as its actions spell it.
    pub fn service(&self) -> &str {
        self.actions.first().and_then(|action| action.split_once(':')).map_or("", |(service, _)| service)
    }

    /// The statement as JSON.
    pub fn to_value(&self) -> Value {
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), json!(self.effect.as_str()));
        statement.insert("Action".to_owned(), json!(self.actions));
        statement.insert("Resource".to_owned(), json!(self.resources));
        if !self.conditions.is_empty() {
            // One value stands for itself: it is shorter, and linters know no list of one for `Bool`.
            let value = |values: &BTreeSet<String>| match values.first() {
                Some(one) if values.len() == 1 => json!(one),
                _ => json!(values),
            };
            let operators = self.conditions.iter().map(|(operator, keys)| {
                let keys = keys.iter().map(|(key, values)| (key.clone(), value(values)));
                ((*operator).to_owned(), Value::Object(keys.collect()))
            });
            statement.insert("Condition".to_owned(), Value::Object(operators.collect()));
        }
        Value::Object(statement)
    }
}

/// A statement that allows actions on resources.
pub(crate) fn allow<A: AsRef<str>>(actions: &[A], resources: impl IntoIterator<Item = String>) -> Statement {
    Statement::new(Effect::Allow, actions, resources)
}
