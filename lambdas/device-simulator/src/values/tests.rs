//! What simulated devices measure.

use proptest::prelude::{Strategy, any, prop_assert, prop_oneof, proptest};

use super::*;

fn measure(kind: MeasureType, normal: Option<Range>) -> Measure {
    Measure {
        name: "m".to_owned(),
        field: "m".to_owned(),
        kind,
        unit: None,
        normal,
        written: telemetry::Written::default(),
    }
}

fn readings(measure: &Measure, reading: Reading) -> Vec<Scalar> {
    let mut rng = Rng::with_seed(7);
    (0..200).map(|_| read(measure, reading, &jiff::Timestamp::UNIX_EPOCH, &mut rng)).collect()
}

fn number(value: &Scalar) -> f64 {
    match value {
        Scalar::Double(value) => *value,
        #[allow(clippy::cast_precision_loss)]
        Scalar::Bigint(value) => *value as f64,
        other => panic!("{other:?} is no number"),
    }
}

#[test]
fn readings_have_few_decimals_and_vary() {
    let cases = [
        (10.0, 15.0, 3),
        (200.0, 400.0, 1),
        (0.0, 0.001, 6),
        (-1.0e6, 1.0e6, 0),
        (0.0, 1.0e300, 0),
        (f64::MIN, f64::MAX, 0),
    ];
    for (min, max, decimals) in cases {
        let values = readings(&measure(MeasureType::Double, Some(Range { min, max })), Reading::Normal);
        let texts: std::collections::BTreeSet<_> =
            values.iter().map(|value| number(value).to_string()).collect();
        assert!(texts.len() > 20, "{min} to {max}: {texts:?}");
        for text in texts {
            let found = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert!(found <= decimals, "{min} to {max}: {text}");
        }
    }
}

#[test]
fn where_there_is_no_outside_a_reading_is_normal() {
    let everything = Range { min: f64::MIN, max: f64::MAX };
    let cases = [
        measure(MeasureType::Double, None),
        measure(MeasureType::Double, Some(everything)),
        measure(MeasureType::Bigint, Some(everything)),
        measure(MeasureType::Boolean, None),
        measure(MeasureType::Varchar, None),
    ];
    for measure in cases {
        let found = readings(&measure, Reading::Anomalous);
        assert!(found.iter().all(|value| match value {
            Scalar::Double(value) => value.is_finite(),
            _ => true,
        }));
        assert!(found.iter().any(|value| *value != found[0]), "{measure:?}");
    }
}

fn range() -> impl Strategy<Value = Range> {
    let end = prop_oneof![
        -1.0e3..1.0e3,
        (-1000_i32..1000).prop_map(f64::from),
        any::<f64>().prop_filter("finite", |end| end.is_finite()),
    ];
    (end.clone(), end).prop_map(|(a, b): (f64, f64)| Range { min: a.min(b), max: a.max(b) })
}

proptest! {
    #[test]
    fn doubles_are_where_they_should_be(normal in range()) {
        let measure = measure(MeasureType::Double, Some(normal));
        for value in readings(&measure, Reading::Normal) {
            prop_assert!(normal.contains(number(&value)), "{:?}", value);
        }
        let boundless = normal.min <= f64::MIN && normal.max >= f64::MAX;
        for value in readings(&measure, Reading::Anomalous) {
            prop_assert!(boundless || !normal.contains(number(&value)), "{:?}", value);
            prop_assert!(number(&value).is_finite());
        }
    }

    #[test]
    fn bigints_are_where_they_should_be(min in -1_000_000_i32..1_000_000, width in 0_i32..1_000_000) {
        let normal = Range { min: f64::from(min), max: f64::from(min) + f64::from(width) };
        let measure = measure(MeasureType::Bigint, Some(normal));
        for value in readings(&measure, Reading::Normal) {
            prop_assert!(normal.contains(number(&value)), "{:?}", value);
        }
        for value in readings(&measure, Reading::Anomalous) {
            prop_assert!(!normal.contains(number(&value)), "{:?}", value);
        }
    }
}
