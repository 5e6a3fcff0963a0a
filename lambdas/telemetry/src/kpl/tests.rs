use proptest::prelude::*;

use super::*;

/// A field of a message: its number, and bytes.
fn bytes(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7F).expect("seven bits") | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).expect("seven bits"));
    [&field, bytes].concat()
}

fn record(fields: &[&[u8]]) -> Vec<u8> {
    bytes(3, &fields.concat())
}

fn aggregate_of(parts: &[&[u8]]) -> Vec<u8> {
    let message = parts.concat();
    [&MAGIC[..], &message, &Md5::digest(&message)[..]].concat()
}

/// What a record of an aggregate holds.
type Parts<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// The records, or why there are none.
type Apart<'a, E> = Result<Vec<Parts<'a>>, E>;

fn records(bytes: &[u8]) -> Apart<'_, String> {
    let records = split(bytes).expect("an aggregate").map_err(|fault| fault.to_string())?;
    Ok(records.into_iter().map(|one| (one.partition_key, one.explicit_hash_key, one.data)).collect())
}

#[test]
fn what_is_no_aggregate_is_left_alone() {
    for bytes in [&b""[..], b"{}", &MAGIC[..3], b"\xf3\x89\x9a\xc3"] {
        assert_eq!(split(bytes), None);
    }
}

#[test]
fn an_aggregate_is_taken_apart_or_refused() {
    let key = bytes(1, b"device-1");
    let hash = bytes(2, b"42");
    let tag = bytes(4, &bytes(1, b"k"));
    let one = record(&[&[0x08, 0x00], &bytes(3, b"{}")]);
    let long = vec![b'x'; 300];
    let format = "it is not as its format says";
    let table: [(Vec<u8>, Apart<'_, &str>); 18] = [
        (aggregate_of(&[&key, &one]), Ok(vec![("device-1", None, b"{}")])),
        // The tables behind the records, a hash key, a tag, and fields that nobody knows.
        (
            aggregate_of(&[
                &record(&[&bytes(3, b"1"), &[0x10, 0x00], &tag, &[0x08, 0x01], &[0x29], &[0; 8]]),
                &one,
                &key,
                &[0x3D, 0, 0, 0, 0],
                &bytes(1, b"b"),
                &hash,
            ]),
            Ok(vec![("b", Some("42"), b"1"), ("device-1", None, b"{}")]),
        ),
        (
            aggregate_of(&[&key, &record(&[&[0x08, 0x80, 0x00], &bytes(3, &long)])]),
            Ok(vec![("device-1", None, &long)]),
        ),
        (aggregate_of(&[&key, &record(&[&[0x08, 0x00], &bytes(3, b"")])]), Ok(vec![("device-1", None, b"")])),
        (aggregate_of(&[]), Err("it holds no record")),
        (aggregate_of(&[&key]), Err("it holds no record")),
        (MAGIC.to_vec(), Err("it ends before its checksum")),
        ([&MAGIC[..], &[0; 15]].concat(), Err("it ends before its checksum")),
        ([&MAGIC[..], &[0; 16]].concat(), Err("its checksum is wrong")),
        (aggregate_of(&[&one]), Err(format)),
        (aggregate_of(&[&key, &record(&[&[0x08, 0x01], &bytes(3, b"1")])]), Err(format)),
        (aggregate_of(&[&key, &record(&[&[0x08, 0x00], &[0x10, 0x00], &bytes(3, b"1")])]), Err(format)),
        (aggregate_of(&[&key, &record(&[&[0x08, 0x00]])]), Err(format)),
        (aggregate_of(&[&key, &record(&[&bytes(3, b"1")])]), Err(format)),
        (aggregate_of(&[&bytes(1, b"\xff"), &one]), Err(format)),
        (aggregate_of(&[&key, &one, &[0x1A, 0x7F]]), Err(format)),
        (aggregate_of(&[&key, &one, &[0x08, 0x00]]), Err(format)),
        (aggregate_of(&[&key, &one, &[0x33]]), Err(format)),
    ];
    for (aggregate, expected) in table {
        let expected = expected.map_err(|detail| {
            format!("the record is an aggregate of the Kinesis Producer Library, and {detail}")
        });
        assert_eq!(records(&aggregate), expected, "{}", aggregate.escape_ascii());
    }
}

#[test]
fn a_number_has_at_most_64_bits() {
    let all = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    for (last, expected) in
        [(&[0x01][..], Some(u64::MAX)), (&[0x02], None), (&[0x81, 0x00], None), (&[], None)]
    {
        let bytes = [&all, last].concat();
        assert_eq!(Fields { rest: &bytes }.number(), expected, "{last:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(message in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = split(&[&MAGIC[..], &message].concat());
        let _ = split(&aggregate_of(&[&message]));
    }

    #[test]
    fn what_is_put_together_is_taken_apart(
        sent in prop::collection::vec((0..4_u8, prop::collection::vec(any::<u8>(), 0..300)), 1..20),
    ) {
        let keys = ["a", "b", "c", "d"];
        let mut parts: Vec<Vec<u8>> = keys.iter().map(|key| bytes(1, key.as_bytes())).collect();
        parts.extend(sent.iter().map(|(key, data)| record(&[&[0x08, *key], &bytes(3, data)])));
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let aggregate = aggregate_of(&parts);
        let expected: Vec<_> =
            sent.iter().map(|(key, data)| (keys[usize::from(*key)], None, data.as_slice())).collect();
        prop_assert_eq!(records(&aggregate), Ok(expected));
    }
}
