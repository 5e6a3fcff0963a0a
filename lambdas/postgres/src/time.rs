//! How an instant is written for a `timestamptz`, which holds whole microseconds; what lies below is a column beside it.

use jiff::Timestamp;

/// Nanoseconds of a microsecond.
const MICROSECOND: i64 = 1_000;

/// The whole microseconds of an instant, `2022-08-25T00:00:00.000001Z`.
pub(crate) fn text(nanoseconds: i64) -> String {
    format!("{:.6}", microseconds(nanoseconds))
}

/// The same in the
/// [basic format](https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-INPUT) of ISO 8601.
pub(crate) fn without_colons(nanoseconds: i64) -> String {
    microseconds(nanoseconds).strftime("%Y%m%dT%H%M%S.%6fZ").to_string()
}

/// The nanoseconds of an instant below its microsecond, 0 to 999.
pub(crate) fn below(nanoseconds: i64) -> i64 {
    nanoseconds.rem_euclid(MICROSECOND)
}

fn microseconds(nanoseconds: i64) -> Timestamp {
    // Every number of microseconds that an i64 of nanoseconds holds is a timestamp.
    Timestamp::from_microsecond(nanoseconds.div_euclid(MICROSECOND)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_whole_microseconds_and_what_lies_below() {
        for (nanoseconds, expected, compact, rest) in [
            (0, "1970-01-01T00:00:00.000000Z", "19700101T000000.000000Z", 0),
            (1_661_385_600_000_001_001, "2022-08-25T00:00:00.000001Z", "20220825T000000.000001Z", 1),
            (-1, "1969-12-31T23:59:59.999999Z", "19691231T235959.999999Z", 999),
            (i64::MAX, "2262-04-11T23:47:16.854775Z", "22620411T234716.854775Z", 807),
        ] {
            assert_eq!(text(nanoseconds), expected);
            assert_eq!(without_colons(nanoseconds), compact);
            assert_eq!(below(nanoseconds), rest);
        }
    }
}
