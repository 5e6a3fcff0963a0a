//! The properties of the twin and where the store has them: the model's allow-list of names.

use std::collections::BTreeSet;

use telemetry::twin::property_name;
use telemetry::{EventKind, Measure, RecordLayout};

use crate::store::dialect::{Column, Identifier};

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

/// What the twin can ask for.
#[derive(Debug, Clone)]
pub struct Catalog {
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
    /// The catalog of a model.
    pub fn new(model: &EventKind) -> Self {
        let dimension = |name: &str, sql| DimensionProperty {
            property: property_name(name).into_owned(),
            column: name.to_owned(),
            sql,
        };
        Self {
            device: dimension(&model.device.dimension, Identifier::device(&model.device)),
            dimensions: model
                .dimensions
                .iter()
                .map(|one| dimension(&one.name, Identifier::dimension(one)))
                .collect(),
            measures: model.measures.iter().map(|one| measure(one, &model.record)).collect(),
            single: model.record == RecordLayout::Single,
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
