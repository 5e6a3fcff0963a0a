//! The form of a `WriteRecords` request: what all records share is said once.
//!
//! A dimension must not be in the common attributes and in a record, or the whole request is refused;
//! so each is moved, not copied.

use aws_sdk_timestreamwrite::error::BuildError;
use aws_sdk_timestreamwrite::types::{self, MeasureValueType, TimeUnit};
use telemetry::{DimensionValue, MeasureType, MeasureValue, Measured, Record};

/// The common attributes and the records of a request.
pub(super) fn build(records: &[&Record]) -> Result<(types::Record, Vec<types::Record>), BuildError> {
    let shared = Shared::of(records);
    let mut common = types::Record::builder()
        .time_unit(TimeUnit::Nanoseconds)
        .set_measure_name(shared.measure_name.map(str::to_owned))
        .set_measure_value_type(shared.kind.clone())
        .set_version(shared.version);
    for dimension in &shared.dimensions {
        common = common.dimensions(self::dimension(dimension)?);
    }
    let records = records.iter().map(|record| shared.rest_of(record)).collect::<Result<_, _>>()?;
    Ok((common.build(), records))
}

/// What all records of a request have in common.
struct Shared<'a> {
    dimensions: Vec<&'a DimensionValue>,
    measure_name: Option<&'a str>,
    kind: Option<MeasureValueType>,
    version: Option<i64>,
}

impl<'a> Shared<'a> {
    fn of(records: &[&'a Record]) -> Self {
        let first = records.first();
        Self {
            dimensions: first.map_or_else(Vec::new, |first| {
                let everywhere =
                    |one: &&DimensionValue| records.iter().all(|record| record.dimensions.contains(*one));
                first.dimensions.iter().filter(everywhere).collect()
            }),
            measure_name: common(records.iter().map(|record| &*record.measure_name)),
            kind: common(records.iter().map(|record| measured_kind(record))),
            version: common(records.iter().map(|record| record.version)),
        }
    }

    fn rest_of(&self, record: &Record) -> Result<types::Record, BuildError> {
        let mut rest = types::Record::builder().time(record.time.to_string());
        for one in record.dimensions.iter().filter(|one| !self.dimensions.contains(one)) {
            rest = rest.dimensions(dimension(one)?);
        }
        if self.measure_name.is_none() {
            rest = rest.measure_name(&*record.measure_name);
        }
        if self.kind.is_none() {
            rest = rest.measure_value_type(measured_kind(record));
        }
        if self.version.is_none() {
            rest = rest.version(record.version);
        }
        match &record.measured {
            Measured::Single(value) => rest = rest.measure_value(value.text()),
            Measured::Multi(values) => {
                for value in values {
                    rest = rest.measure_values(measure_value(value)?);
                }
            }
        }
        Ok(rest.build())
    }
}

/// The item that all are equal to.
fn common<T: PartialEq>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.all(|item| item == first).then_some(first)
}

fn dimension(dimension: &DimensionValue) -> Result<types::Dimension, BuildError> {
    types::Dimension::builder().name(&*dimension.name).value(&dimension.value).build()
}

fn measure_value(measure: &MeasureValue) -> Result<types::MeasureValue, BuildError> {
    types::MeasureValue::builder()
        .name(&*measure.name)
        .value(measure.value.text())
        .r#type(value_type(measure.value.kind()))
        .build()
}

fn measured_kind(record: &Record) -> MeasureValueType {
    match &record.measured {
        Measured::Single(value) => value_type(value.kind()),
        Measured::Multi(_) => MeasureValueType::Multi,
    }
}

fn value_type(kind: MeasureType) -> MeasureValueType {
    match kind {
        MeasureType::Double => MeasureValueType::Double,
        MeasureType::Bigint => MeasureValueType::Bigint,
        MeasureType::Boolean => MeasureValueType::Boolean,
        MeasureType::Varchar => MeasureValueType::Varchar,
        MeasureType::Timestamp => MeasureValueType::Timestamp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::Value;

    /// A record of the device and, if it is not empty, the site.
    fn record(device: &str, site: &str, version: i64, measured: Measured) -> Record {
        let dimension =
            |name: &str, value: &str| DimensionValue { name: name.into(), value: value.to_owned() };
        let dimensions = [dimension("device", device), dimension("site", site)];
        Record {
            dimensions: dimensions.into_iter().filter(|one| !one.value.is_empty()).collect(),
            measure_name: "m".into(),
            measured,
            time: 5,
            version,
        }
    }

    fn names(record: &types::Record) -> Vec<&str> {
        record.dimensions().iter().map(types::Dimension::name).collect()
    }

    /// Records; dimensions that are common, and of each record; whether version and type are common.
    type Case<'a> = (Vec<Record>, &'a [&'a str], &'a [&'a [&'a str]], bool, bool);

    #[test]
    fn what_all_records_share_is_said_once() {
        let single = || Measured::Single(Value::Double(1.0));
        let multi = || Measured::Multi(vec![MeasureValue { name: "v".into(), value: Value::Timestamp(7) }]);
        let table: [Case<'_>; 4] = [
            (vec![record("a", "x", 1, single())], &["device", "site"], &[&[]], true, true),
            (
                vec![record("a", "x", 1, single()), record("b", "x", 1, multi())],
                &["site"],
                &[&["device"], &["device"]],
                true,
                false,
            ),
            (
                vec![record("a", "x", 1, single()), record("a", "", 2, single())],
                &["device"],
                &[&["site"], &[]],
                false,
                true,
            ),
            (
                vec![record("a", "", 1, multi()), record("b", "x", 1, multi())],
                &[],
                &[&["device"], &["device", "site"]],
                true,
                true,
            ),
        ];
        for (records, shared, own, version, kind) in table {
            let (common, rest) = build(&records.iter().collect::<Vec<_>>()).expect("a request");
            assert_eq!(names(&common), shared);
            assert_eq!(rest.iter().map(names).collect::<Vec<_>>(), own);
            assert_eq!((common.version().is_some(), common.measure_value_type().is_some()), (version, kind));
            for (record, rest) in records.iter().zip(&rest) {
                assert_eq!(rest.version().or(common.version()), Some(record.version));
                assert_eq!(
                    rest.measure_value_type().or(common.measure_value_type()),
                    Some(&measured_kind(record))
                );
                assert_eq!((rest.measure_name(), common.measure_name()), (None, Some("m")));
                assert_eq!((rest.time(), common.time_unit()), (Some("5"), Some(&TimeUnit::Nanoseconds)));
            }
        }
    }
}
