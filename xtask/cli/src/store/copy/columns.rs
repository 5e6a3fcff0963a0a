//! What the store has columns for, by the model of its environment: a point of another model fits as far as that
//! has its names with the same types. Pure.

use std::collections::{HashMap, HashSet};

use telemetry::{
    MeasureType, MeasureValue, Measured, Model, ORIGINAL_TIME, Record, RecordLayout, TIME_CORRECTED, Value,
};

/// What a model has.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    dimensions: HashSet<String>,
    /// Measures of records that hold several.
    named: HashMap<String, MeasureType>,
    /// Measures that have records of their own.
    alone: HashMap<String, MeasureType>,
}

impl Columns {
    /// Those of a model.
    pub fn of(model: &Model) -> Self {
        let mut columns = Self::default();
        columns.named.insert(ORIGINAL_TIME.to_owned(), MeasureType::Timestamp);
        for kind in &model.kinds {
            columns.dimensions.insert(kind.device.dimension.clone());
            columns.dimensions.extend(kind.dimensions.iter().map(|dimension| dimension.name.clone()));
            let is_single = kind.record == RecordLayout::Single;
            let corrected = (TIME_CORRECTED, MeasureType::Boolean);
            let measures = kind.measures.iter().map(|measure| (measure.name.as_str(), measure.kind));
            for (name, kind) in measures.chain([corrected]) {
                // A record of one measure holds an instant by its name, as one of several does.
                let by_name = !is_single || kind == MeasureType::Timestamp;
                let map = if by_name { &mut columns.named } else { &mut columns.alone };
                map.insert(name.to_owned(), kind);
            }
        }
        columns
    }

    /// Whether the model has an instant of this name.
    pub fn has_instant(&self, name: &str) -> bool {
        self.named.get(name) == Some(&MeasureType::Timestamp)
    }

    /// What of a point fits, and why the rest does not.
    pub fn fit(&self, mut record: Record) -> (Option<Record>, Vec<String>) {
        let mut dimensions = record.dimensions.iter();
        if let Some(strange) = dimensions.find(|one| !self.dimensions.contains(&*one.name)) {
            let reason =
                format!("the model has no dimension `{}`: without it, points become one", strange.name);
            return (None, vec![reason]);
        }
        match &mut record.measured {
            Measured::Single(value) => {
                match unfit(&record.measure_name, value, &self.alone, "as records of its own") {
                    None => (Some(record), Vec::new()),
                    Some(reason) => (None, vec![reason]),
                }
            }
            Measured::Multi(values) => {
                let mut reasons = Vec::new();
                values.retain(|MeasureValue { name, value }| {
                    let reason = unfit(name, value, &self.named, "beside others");
                    let fits = reason.is_none();
                    reasons.extend(reason);
                    fits
                });
                let is_empty = values.is_empty();
                ((!is_empty).then_some(record), reasons)
            }
        }
    }
}

/// Why a value is none of these measures.
fn unfit(name: &str, value: &Value, measures: &HashMap<String, MeasureType>, layout: &str) -> Option<String> {
    match measures.get(name) {
        None => Some(format!("the model has no measure `{name}` {layout}")),
        Some(wanted) if *wanted != value.kind() => Some(format!(
            "the measure `{name}` is {} in the model, and {} in the source",
            wanted.name(),
            value.kind().name()
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use telemetry::DimensionValue;

    use super::*;

    fn model(record: &str) -> Model {
        let kind = serde_json::json!({
            "topic": "dt/+", "device": {"dimension": "device", "field": "d"},
            "dimensions": [{"name": "site", "field": "s"}],
            "measures": [
                {"name": "t", "field": "t", "type": "double"},
                {"name": "at", "field": "at", "type": "timestamp"},
            ],
            "record": serde_json::from_str::<serde_json::Value>(record).expect("JSON"),
            "undeclared": "ignore",
        });
        serde_json::from_value(kind).expect("a model")
    }

    fn record(dimension: &str, measure_name: &str, measured: Measured) -> Record {
        let dimensions = [DimensionValue { name: dimension.into(), value: "x".to_owned() }].into();
        Record { dimensions, measure_name: measure_name.into(), measured, time: 5, version: 1 }
    }

    /// A dimension and the record; how many of its values fit, and words of the reasons for the rest.
    type Case<'a> = (&'a str, Measured, Option<usize>, &'a [&'a str]);

    #[test]
    fn a_point_fits_as_far_as_the_model_has_its_names_and_types() {
        let named = |name: &str, value| MeasureValue { name: name.into(), value };
        let (t, at) = (named("t", Value::Double(1.0)), named("at", Value::Timestamp(1)));
        let marks = [named(TIME_CORRECTED, Value::Boolean(true)), named(ORIGINAL_TIME, Value::Timestamp(2))];
        let several = |values: &[MeasureValue]| Measured::Multi(values.to_vec());
        let other = named("t", Value::Bigint(1));
        let (multi, single) = (r#"{"layout":"multi","name":"m"}"#, r#"{"layout":"single"}"#);
        let of_multi: &[Case<'_>] = &[
            ("device", several(&[t.clone(), at.clone()]), Some(2), &[]),
            ("site", several(&marks), Some(2), &[]),
            ("room", several(std::slice::from_ref(&t)), None, &["no dimension `room`"]),
            ("device", several(&[other.clone(), at.clone()]), Some(1), &["double in the model, and bigint"]),
            (
                "device",
                several(&[other, named("u", Value::Bigint(1))]),
                None,
                &["`t` is double", "no measure `u`"],
            ),
            ("device", Measured::Single(Value::Double(1.0)), None, &["no measure `t` as records of its own"]),
        ];
        let of_single: &[Case<'_>] = &[
            ("device", Measured::Single(Value::Double(1.0)), Some(1), &[]),
            ("device", Measured::Single(Value::Varchar("1".into())), None, &["and varchar in the source"]),
            ("device", several(&[at]), Some(1), &[]),
            ("device", several(&[t]), None, &["no measure `t` beside others"]),
        ];
        for (layout, cases) in [(multi, of_multi), (single, of_single)] {
            let columns = Columns::of(&model(layout));
            for (dimension, measured, fitting, words) in cases {
                let (fits, reasons) = columns.fit(record(dimension, "t", measured.clone()));
                let values = fits.map(|record| match record.measured {
                    Measured::Multi(values) => values.len(),
                    Measured::Single(_) => 1,
                });
                assert_eq!(values, *fitting, "{layout} {measured:?}");
                assert_eq!(reasons.len(), words.len(), "{reasons:?}");
                for (reason, words) in reasons.iter().zip(*words) {
                    assert!(reason.contains(words), "{reason}");
                }
            }
        }
    }
}
