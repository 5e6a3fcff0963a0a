use super::*;
use crate::{TimeUnit, Window};

const LIMITS: Limits = Limits {
    series_bytes: 100,
    text_bytes: 100,
    record_bytes: 100,
    too_large: |_| None,
    window: Window { ahead: 0, span: 0 },
};

/// What is stored of `json`, for a measure with these keys.
fn stored(measure: &str, json: &str) -> Result<Option<Value>, String> {
    let measure: Measure =
        serde_json::from_str(&format!(r#"{{"name": "m", "field": "f", {measure}}}"#)).expect(measure);
    let scalar = Scalar::parse(json).expect(json).expect(json);
    let times = Times::in_unit(TimeUnit::Milliseconds);
    Conversion::of(&measure).value(scalar, &times, &LIMITS).map_err(|fault| fault.to_string())
}

#[test]
fn a_scale_of_a_decimal_place_is_exact() {
    for digits in 1..=15_u32 {
        for value in [1, 3, 7, 12_345, 999_999_999_i64] {
            let scale = format!("1e-{digits}");
            let expected: f64 = format!("{value}e-{digits}").parse().expect("a number");
            let measure = format!(r#""type": "double", "scale": {scale}"#);
            assert_eq!(
                stored(&measure, &value.to_string()),
                Ok(Some(Value::Double(expected))),
                "{value} {scale}"
            );
        }
    }
}

#[test]
fn a_scale_multiplies_where_it_is_no_part_of_one() {
    let table = [
        ("2", Scale::Times(2.0)),
        ("1", Scale::Times(1.0)),
        ("-0.1", Scale::Times(-0.1)),
        ("0.3", Scale::Times(0.3)),
        ("0.5", Scale::DividedBy(2.0)),
        ("0.125", Scale::DividedBy(8.0)),
    ];
    for (factor, expected) in table {
        let factor: f64 = factor.parse().expect("a number");
        assert_eq!(Scale::of(factor), expected, "{factor}");
    }
}

#[test]
fn reasons_quote_what_is_there() {
    let table = [
        (r#""type": "double", "suffix": "C""#, r#""warm C""#, r#""warm" is not a double"#),
        (r#""type": "double", "decimal": "comma""#, r#"" 1.5 ""#, r#"" 1.5 " is not a double"#),
        (r#""type": "bigint", "decimal": "comma""#, r#""1,5""#, r#""1.5" is not a bigint"#),
        (r#""type": "double", "decimal": "comma""#, r#""1,x""#, r#""1,x" is not a double"#),
        (r#""type": "double", "scale": 1e9"#, "1e305", "1e305 does not fit into a double"),
        (
            r#""type": "double", "binary": {"encoding": "hex", "offset": 1, "type": "u16"}"#,
            r#""0a0b""#,
            "the value needs bytes 1 to 3, of 2",
        ),
        (
            r#""type": "double", "binary": {"encoding": "base64", "offset": 1, "type": "u16"}"#,
            r#""?""#,
            r#""?" is not base64"#,
        ),
        (
            r#""type": "double", "binary": {"encoding": "hex", "offset": 0, "type": "f32"}"#,
            r#""7f800000""#,
            "Infinity is not a finite number",
        ),
        (
            r#""type": "boolean", "binary": {"encoding": "hex", "offset": 0, "type": "u8"}"#,
            r#""02""#,
            "2 is not a boolean",
        ),
    ];
    for (measure, json, expected) in table {
        assert_eq!(stored(measure, json), Err(expected.to_owned()), "{measure}");
    }
}

#[test]
fn bytes_are_numbers_of_every_type() {
    let table = [
        ("u8", "big", "ff", 255),
        ("i8", "little", "ff", -1),
        ("u16", "big", "0102", 258),
        ("u16", "little", "0102", 513),
        ("i16", "big", "8000", -32_768),
        ("u24", "big", "ffffff", 16_777_215),
        ("i24", "little", "000080", -8_388_608),
        ("u32", "big", "ffffffff", 4_294_967_295),
        ("i32", "little", "feffffff", -2),
        ("u64", "little", "ffffffffffffff7f", i64::MAX),
        ("i64", "big", "8000000000000000", i64::MIN),
    ];
    for (kind, endian, hex, expected) in table {
        let measure = format!(
            r#""type": "bigint", "binary": {{"encoding": "hex", "offset": 0, "type": "{kind}", "endian": "{endian}"}}"#
        );
        assert_eq!(
            stored(&measure, &format!("\"{hex}\"")),
            Ok(Some(Value::Bigint(expected))),
            "{kind} {endian}"
        );
    }
    for (bits, expected) in
        [("[0, 4]", 10), ("[4, 4]", 5), ("[7, 1]", 0), ("[6, 1]", 1), ("[0, 64]", 90), ("[64, 8]", 0)]
    {
        let measure = format!(
            r#""type": "bigint", "binary": {{"encoding": "hex", "offset": 0, "type": "u8", "bits": {bits}}}"#
        );
        assert_eq!(stored(&measure, r#""5a""#), Ok(Some(Value::Bigint(expected))), "{bits}");
    }
}
