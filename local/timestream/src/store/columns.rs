//! The columns that the rows of a table have made so far, and the names that are taken.
//!
//! A column is never given back, not even when its rows expire.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::record::{Column, ColumnKind, Measures, Row, TableSchema, ValueType};

/// What a column name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameUse {
    /// A dimension.
    Dimension,
    /// A value of multi-measure rows, of this type.
    MultiMeasure(ValueType),
}

/// What is kept on disk of [`Columns`]: the order of first write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnOrder {
    dimensions: Vec<String>,
    single_measures: Vec<ValueType>,
    multi_measures: Vec<(String, ValueType)>,
}

/// The columns of a table and the names that are taken in it.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    order: ColumnOrder,
    uses: HashMap<String, NameUse>,
    measure_names: HashSet<String>,
    single_measure_names: HashSet<String>,
}

impl Columns {
    /// The columns in this order, without measure names: these are in the rows.
    pub fn from_order(order: ColumnOrder) -> Self {
        let dimensions = order.dimensions.iter().map(|name| (name.clone(), NameUse::Dimension));
        let multi =
            order.multi_measures.iter().map(|(name, kind)| (name.clone(), NameUse::MultiMeasure(*kind)));
        let uses = dimensions.chain(multi).collect();
        Self { order, uses, ..Self::default() }
    }

    /// What is to be kept on disk.
    pub fn order(&self) -> &ColumnOrder {
        &self.order
    }

    /// What `name` stands for, if anything.
    pub fn name_use(&self, name: &str) -> Option<NameUse> {
        self.uses.get(name).copied()
    }

    /// Whether some series has this measure name.
    pub fn has_measure_name(&self, name: &str) -> bool {
        self.measure_names.contains(name)
    }

    /// Whether some row holds a single measure of this name.
    pub fn has_single_measure(&self, name: &str) -> bool {
        self.single_measure_names.contains(name)
    }

    /// How many dimensions there are.
    pub fn dimensions(&self) -> usize {
        self.order.dimensions.len()
    }

    /// How many measure names there are.
    pub fn measure_names(&self) -> usize {
        self.measure_names.len()
    }

    /// How many distinct values of multi-measure rows there are.
    pub fn multi_measures(&self) -> usize {
        self.order.multi_measures.len()
    }

    /// Whether [`Columns::learn`] would change anything.
    pub fn knows(&self, row: &Row) -> bool {
        self.measure_names.contains(&row.series.measure_name)
            && row.series.dimensions.iter().all(|(name, _)| self.uses.contains_key(name))
            && match &row.measures {
                Measures::Single(value) => {
                    self.single_measure_names.contains(&row.series.measure_name)
                        && self.order.single_measures.contains(&value.value_type())
                }
                Measures::Multi(values) => values.iter().all(|(name, _)| self.uses.contains_key(name)),
            }
    }

    /// Takes the names of a row that has passed the rules.
    pub fn learn(&mut self, row: &Row) {
        self.measure_names.insert(row.series.measure_name.clone());
        for (name, _) in &row.series.dimensions {
            if !self.uses.contains_key(name) {
                self.uses.insert(name.clone(), NameUse::Dimension);
                self.order.dimensions.push(name.clone());
            }
        }
        match &row.measures {
            Measures::Single(value) => {
                self.single_measure_names.insert(row.series.measure_name.clone());
                let kind = value.value_type();
                if !self.order.single_measures.contains(&kind) {
                    self.order.single_measures.push(kind);
                }
            }
            Measures::Multi(values) => {
                for (name, value) in values {
                    if !self.uses.contains_key(name) {
                        let kind = value.value_type();
                        self.uses.insert(name.clone(), NameUse::MultiMeasure(kind));
                        self.order.multi_measures.push((name.clone(), kind));
                    }
                }
            }
        }
    }

    /// The columns in the order of `SELECT *`.
    pub fn schema(&self) -> TableSchema {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let dimensions = self.order.dimensions.iter().map(|name| column(name, ColumnKind::Dimension));
        let fixed = [column("measure_name", ColumnKind::MeasureName), column("time", ColumnKind::Time)];
        let single = self.order.single_measures.iter().map(|kind| {
            column(&format!("measure_value::{}", kind.column_suffix()), ColumnKind::SingleMeasure(*kind))
        });
        let multi = self
            .order
            .multi_measures
            .iter()
            .map(|(name, kind)| column(name, ColumnKind::MultiMeasure(*kind)));
        TableSchema { columns: dimensions.chain(fixed).chain(single).chain(multi).collect() }
    }
}
