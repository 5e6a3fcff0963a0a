//! The properties of the twin and where the store has them: the model's allow-list of names.

use std::collections::BTreeSet;

use telemetry::twin::{ALARM_KEY, kind_of_type, property_name, read_alarm_key};
use telemetry::{EventKind, Measure, Model, RecordLayout};

use crate::request::{Asked, Properties};
use crate::store::dialect::{Column, Identifier};
use crate::value::Given;

/// A dimension as a property.
#[derive(Debug, Clone)]
pub struct DimensionProperty {
    /// Name of the property.
    pub property: String,
    /// Name of the column.
    pub column: String,
    /// The same, quoted.
    pub sql: Identifier,
}

/// A measure as a property.
#[derive(Debug, Clone)]
pub struct MeasureProperty {
    /// Name of the property.
    pub property: String,
    /// The measure itself.
    pub measure: Measure,
    /// Where its values are.
    pub column: Column,
}

/// What the twin can ask for of the events of a kind.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The name of the kind, where it has one.
    pub kind: Option<String>,
    /// `measure_name` of its records, where the table has those of other kinds too; else none.
    pub records: Vec<String>,
    /// The device: the external id of telemetry.
    pub device: DimensionProperty,
    /// The other dimensions.
    pub dimensions: Vec<DimensionProperty>,
    /// The measures.
    pub measures: Vec<MeasureProperty>,
    /// Whether a record has one measure.
    pub single: bool,
}

impl Catalog {
    /// The catalog of a kind.
    pub fn new(kind: &EventKind) -> Self {
        let dimension = |name: &str, sql| DimensionProperty {
            property: property_name(name).into_owned(),
            column: name.to_owned(),
            sql,
        };
        let records = match (&kind.name, &kind.record) {
            (None, _) => Vec::new(),
            (Some(_), RecordLayout::Multi { name }) => vec![name.clone()],
            (Some(_), RecordLayout::Single) => kind.measures.iter().map(|one| one.name.clone()).collect(),
        };
        Self {
            kind: kind.name.clone(),
            records,
            device: dimension(&kind.device.dimension, Identifier::device(&kind.device)),
            dimensions: kind
                .dimensions
                .iter()
                .map(|one| dimension(&one.name, Identifier::dimension(one)))
                .collect(),
            measures: kind.measures.iter().map(|one| measure(one, &kind.record)).collect(),
            single: kind.record == RecordLayout::Single,
        }
    }

    /// A measure by the name of its property.
    pub fn measure(&self, property: &str) -> Option<&MeasureProperty> {
        self.measures.iter().find(|one| one.property == property)
    }

    /// A dimension other than the device by the name of its property.
    pub fn dimension(&self, property: &str) -> Option<&DimensionProperty> {
        self.dimensions.iter().find(|one| one.property == property)
    }

    /// Whether there is a property of this name.
    fn has(&self, name: &str) -> bool {
        self.device.property == name || self.dimension(name).is_some() || self.measure(name).is_some()
    }

    /// The measures that have an alarm.
    pub fn alarms(&self) -> impl Iterator<Item = &MeasureProperty> {
        self.measures.iter().filter(|one| one.measure.normal.is_some())
    }

    /// The names of all properties, for people.
    pub fn names(&self) -> String {
        let dimensions = std::iter::once(&self.device).chain(&self.dimensions).map(|one| &one.property);
        let names: Vec<_> =
            dimensions.chain(self.measures.iter().map(|one| &one.property)).map(String::as_str).collect();
        names.join(", ")
    }

    /// The names of the measures that have alarms, for people.
    pub fn alarm_names(&self) -> String {
        let names: Vec<_> = self.alarms().map(|one| one.property.as_str()).collect();
        if names.is_empty() { "none: no measure has a normal range".to_owned() } else { names.join(", ") }
    }
}

/// What the twin can ask for, kind by kind.
#[derive(Debug, Clone)]
pub struct Catalogs(Vec<Catalog>);

impl Catalogs {
    /// The catalogs of a model, which has at least one kind.
    pub fn new(model: &Model) -> Self {
        Self(model.kinds.iter().map(Catalog::new).collect())
    }

    /// The catalog of what a request is about: by its component type, by its component, by the key of its alarm;
    /// else, since a person may call a component as they like, the first with everything that it names.
    ///
    /// Whatever the request, the answer is a catalog: it says of the first kind what it lacks.
    pub fn of(&self, asked: &Asked, selected: &[String], properties: &Properties) -> &Catalog {
        let named = |name: &str| self.0.iter().find(|one| one.kind.as_deref() == Some(name));
        let by_type = || named(kind_of_type(asked.component_type.as_deref()?)?);
        let by_component = || named(asked.component.as_deref()?);
        let by_alarm = || {
            let Some(Given::Text(key)) = &properties.get(ALARM_KEY)?.value else { return None };
            self.0.iter().find(|one| read_alarm_key(one.kind.as_deref(), key).is_some())
        };
        let by_names = || {
            let has_all = |one: &&Catalog| selected.iter().chain(properties.keys()).all(|name| one.has(name));
            self.0.iter().find(has_all)
        };
        by_type().or_else(by_component).or_else(by_alarm).or_else(by_names).unwrap_or_else(|| self.first())
    }

    fn first(&self) -> &Catalog {
        self.0.first().expect("a model has a kind")
    }
}

fn measure(measure: &Measure, layout: &RecordLayout) -> MeasureProperty {
    MeasureProperty {
        property: property_name(&measure.name).into_owned(),
        measure: measure.clone(),
        column: Column::of(measure, layout),
    }
}

/// The columns that a table has: those that were ever written. A query that names another is refused.
#[derive(Debug, Clone, Default)]
pub struct Columns(BTreeSet<String>);

impl Columns {
    /// From their names; letters are equal in either case, as the store has it.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_lowercase()).collect())
    }

    /// Whether there is such a column.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }
}
