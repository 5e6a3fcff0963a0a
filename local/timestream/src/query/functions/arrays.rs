//! Arrays: constructors, subscripts, `SEQUENCE` and functions over them.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/array-functions.html>

use std::cmp::Ordering;

use super::{
    overload::{Answer, Date, Overload, Timestamp, dynamic, of_many},
    time::{add_months, add_months_to_date},
};
use crate::query::{
    text,
    types::{Datum, SCALARS, Type},
};

/// Elements of a sequence at most.
const LONGEST_SEQUENCE: usize = 10_000;
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// A failure of the endpoint: the engine handed over a value of another type than it resolved.
fn mistyped<T>() -> Answer<T> {
    Err("an argument is of another type".to_owned())
}

fn elements(array: &Datum) -> Answer<&[Datum]> {
    match array {
        Datum::Array(elements) => Ok(elements),
        _ => mistyped(),
    }
}

/// Whether two values are equal as `=` has it; neither is null.
fn equal(left: &Datum, right: &Datum) -> bool {
    left == right
}

/// Whether two values are one: also two nulls, and two `NaN`.
fn same(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Double(left), Datum::Double(right)) if left.is_nan() && right.is_nan() => true,
        _ => left == right,
    }
}

/// The order of two values that are not null; `NaN` comes last.
fn order(left: &Datum, right: &Datum) -> Ordering {
    match (left, right) {
        (Datum::Boolean(a), Datum::Boolean(b)) => a.cmp(b),
        (Datum::Integer(a), Datum::Integer(b))
        | (Datum::Date(a), Datum::Date(b))
        | (Datum::YearToMonth(a), Datum::YearToMonth(b)) => a.cmp(b),
        (Datum::Bigint(a), Datum::Bigint(b))
        | (Datum::Timestamp(a), Datum::Timestamp(b))
        | (Datum::Time(a), Datum::Time(b))
        | (Datum::DayToSecond(a), Datum::DayToSecond(b)) => a.cmp(b),
        (Datum::Varchar(a), Datum::Varchar(b)) => a.cmp(b),
        (Datum::Double(a), Datum::Double(b)) => {
            a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        }
        _ => Ordering::Equal,
    }
}

fn count(number: usize) -> Datum {
    Datum::Bigint(i64::try_from(number).unwrap_or(i64::MAX))
}

fn bigint(datum: &Datum) -> Answer<i64> {
    match datum {
        Datum::Bigint(value) => Ok(*value),
        _ => mistyped(),
    }
}

/// The element at a position from 1, or from the end when it is negative; none outside.
fn at(elements: &[Datum], position: i64) -> Option<&Datum> {
    let index = usize::try_from(position.unsigned_abs()).ok()?;
    let index = if position > 0 { index.checked_sub(1)? } else { elements.len().checked_sub(index)? };
    elements.get(index)
}

fn subscript(array: &Datum, position: &Datum) -> Answer<Datum> {
    let (elements, position) = (elements(array)?, bigint(position)?);
    match position {
        0 => Err("SQL array indices start at 1".to_owned()),
        1.. => at(elements, position).cloned().ok_or_else(|| "Array subscript out of bounds".to_owned()),
        _ => Err("Array subscript is negative".to_owned()),
    }
}

fn element_at(array: &Datum, position: &Datum) -> Answer<Datum> {
    match bigint(position)? {
        0 => Err("SQL array indices start at 1".to_owned()),
        position => Ok(at(elements(array)?, position).cloned().unwrap_or(Datum::Null)),
    }
}

/// True when it is there, else null where there is a null, else false.
fn contains(array: &Datum, value: &Datum) -> Answer<Datum> {
    let elements = elements(array)?;
    if elements.iter().any(|element| equal(element, value)) {
        return Ok(Datum::Boolean(true));
    }
    Ok(if elements.contains(&Datum::Null) { Datum::Null } else { Datum::Boolean(false) })
}

fn position(array: &Datum, value: &Datum) -> Answer<Datum> {
    let found = elements(array)?.iter().position(|element| equal(element, value));
    Ok(found.map_or(Datum::Bigint(0), |index| count(index + 1)))
}

/// The elements, each once, as they come first.
fn distinct(elements: impl IntoIterator<Item = Datum>) -> Vec<Datum> {
    let mut kept: Vec<Datum> = Vec::new();
    for element in elements {
        if !kept.iter().any(|other| same(other, &element)) {
            kept.push(element);
        }
    }
    kept
}

/// The least or greatest element; null when one is null, or none is there.
fn extreme(array: &Datum, wanted: Ordering) -> Answer<Datum> {
    let elements = elements(array)?;
    if elements.contains(&Datum::Null) {
        return Ok(Datum::Null);
    }
    if elements.iter().any(|element| matches!(element, Datum::Double(value) if value.is_nan())) {
        return Err("The least or greatest of an array with NaN is not supported here".to_owned());
    }
    let best = elements.iter().reduce(|best, other| if order(other, best) == wanted { other } else { best });
    Ok(best.cloned().unwrap_or(Datum::Null))
}

fn sorted(array: &Datum) -> Answer<Datum> {
    let mut elements = elements(array)?.to_vec();
    elements.sort_by(|left, right| match (left, right) {
        (Datum::Null, Datum::Null) => Ordering::Equal,
        (Datum::Null, _) => Ordering::Greater,
        (_, Datum::Null) => Ordering::Less,
        _ => order(left, right),
    });
    Ok(Datum::Array(elements))
}

fn join(arguments: &[Datum]) -> Answer<Datum> {
    let (array, delimiter, null) = match arguments {
        [array, Datum::Varchar(delimiter)] => (array, delimiter, None),
        [array, Datum::Varchar(delimiter), Datum::Varchar(null)] => (array, delimiter, Some(null)),
        _ => return mistyped(),
    };
    let texts: Vec<String> = elements(array)?
        .iter()
        .filter_map(|element| text::format(element).or_else(|| null.cloned()))
        .collect();
    Ok(Datum::Varchar(texts.join(delimiter)))
}

fn slice(array: &Datum, start: &Datum, length: &Datum) -> Answer<Datum> {
    let (elements, start, length) = (elements(array)?, bigint(start)?, bigint(length)?);
    let length = usize::try_from(length).map_err(|_| "length must be greater than or equal to 0")?;
    let index = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
    let first = match start {
        0 => return Err("SQL array indices start at 1".to_owned()),
        1.. => Some(index - 1),
        _ => elements.len().checked_sub(index),
    };
    let kept = first.map(|first| elements.iter().skip(first).take(length).cloned().collect());
    Ok(Datum::Array(kept.unwrap_or_default()))
}

/// Steps from `start` until `stop` is passed.
fn steps<T: PartialOrd + Copy>(
    start: T,
    stop: T,
    forward: Option<bool>,
    mut next: impl FnMut(i64) -> Option<T>,
    element: impl Fn(T) -> Datum,
) -> Answer<Datum> {
    let Some(forward) = forward else { return Err("step must not be zero".to_owned()) };
    if (forward && stop < start) || (!forward && stop > start) {
        return Err(
            "sequence stop value should be greater than or equal to start value if step is greater than \
                    zero otherwise stop should be less than or equal to start"
                .to_owned(),
        );
    }
    let mut found = Vec::new();
    let mut current = Some(start);
    while let Some(value) = current.filter(|value| if forward { *value <= stop } else { *value >= stop }) {
        if found.len() == LONGEST_SEQUENCE {
            return Err(format!(
                "result of sequence function must not have more than {LONGEST_SEQUENCE} entries"
            ));
        }
        found.push(element(value));
        current = next(i64::try_from(found.len()).unwrap_or(i64::MAX));
    }
    Ok(Datum::Array(found))
}

fn forward(step: i64) -> Option<bool> {
    (step != 0).then_some(step > 0)
}

fn sequence(arguments: &[Datum]) -> Answer<Datum> {
    let after = |start: i64, by: i64| move |count: i64| start.checked_add(by.checked_mul(count)?);
    match arguments {
        [Datum::Bigint(start), Datum::Bigint(stop)] => {
            let by = if start <= stop { 1 } else { -1 };
            steps(*start, *stop, forward(by), after(*start, by), Datum::Bigint)
        }
        [Datum::Bigint(start), Datum::Bigint(stop), Datum::Bigint(by)] => {
            steps(*start, *stop, forward(*by), after(*start, *by), Datum::Bigint)
        }
        [Datum::Timestamp(start), Datum::Timestamp(stop), Datum::DayToSecond(by)] => {
            steps(*start, *stop, forward(*by), after(*start, *by), Datum::Timestamp)
        }
        [Datum::Timestamp(start), Datum::Timestamp(stop), Datum::YearToMonth(by)] => {
            let next = |count: i64| {
                let months = i64::from(*by).checked_mul(count)?;
                add_months(Timestamp(*start), months).ok().map(|time| time.0)
            };
            steps(*start, *stop, forward(i64::from(*by)), next, Datum::Timestamp)
        }
        [Datum::Date(start), Datum::Date(stop), Datum::DayToSecond(by)] => {
            if by % NANOS_PER_DAY != 0 {
                return Err("A sequence of dates must step by whole days".to_owned());
            }
            let days = by / NANOS_PER_DAY;
            let next =
                |count: i64| i32::try_from(i64::from(*start).checked_add(days.checked_mul(count)?)?).ok();
            steps(*start, *stop, forward(days), next, Datum::Date)
        }
        [Datum::Date(start), Datum::Date(stop), Datum::YearToMonth(by)] => {
            let next = |count: i64| {
                let months = i64::from(*by).checked_mul(count)?;
                add_months_to_date(Date(*start), months).ok().map(|date| date.0)
            };
            steps(*start, *stop, forward(i64::from(*by)), next, Datum::Date)
        }
        [start @ Datum::Date(_), stop @ Datum::Date(_)] => {
            let by = if order(start, stop).is_gt() { -NANOS_PER_DAY } else { NANOS_PER_DAY };
            sequence(&[start.clone(), stop.clone(), Datum::DayToSecond(by)])
        }
        _ => mistyped(),
    }
}

/// The functions over arrays of one type.
fn over(of: &'static Type) -> Vec<Overload> {
    type Two = fn(&Datum, &Datum) -> Answer<Datum>;
    let array = Type::Array(of);
    let two = |name: &'static str, other: Type, result: Type, function: Two| {
        dynamic(name, vec![array, other], result, move |arguments| match arguments {
            [left, right] => function(left, right),
            _ => mistyped(),
        })
    };
    let one = |name: &'static str, result: Type, function: fn(&Datum) -> Answer<Datum>| {
        dynamic(name, vec![array], result, move |arguments| match arguments {
            [array] => function(array),
            _ => mistyped(),
        })
    };
    let together: Two = |left, right| Ok(Datum::Array([elements(left)?, elements(right)?].concat()));
    vec![
        of_many("$array", *of, array, |elements| Ok(Datum::Array(elements.to_vec()))),
        two("$[]", Type::Bigint, *of, subscript),
        two("element_at", Type::Bigint, *of, element_at),
        one("cardinality", Type::Bigint, |array| Ok(count(elements(array)?.len()))),
        two("contains", *of, Type::Boolean, contains),
        two("array_position", *of, Type::Bigint, position),
        one("array_distinct", array, |array| Ok(Datum::Array(distinct(elements(array)?.iter().cloned())))),
        one("array_min", *of, |array| extreme(array, Ordering::Less)),
        one("array_max", *of, |array| extreme(array, Ordering::Greater)),
        one("array_sort", array, sorted),
        one("reverse", array, |array| Ok(Datum::Array(elements(array)?.iter().rev().cloned().collect()))),
        two("array_remove", *of, array, |array, value| {
            let kept = elements(array)?.iter().filter(|element| !equal(element, value));
            Ok(Datum::Array(kept.cloned().collect()))
        }),
        two("array_union", array, array, |left, right| {
            Ok(Datum::Array(distinct([elements(left)?, elements(right)?].concat())))
        }),
        two("array_intersect", array, array, |left, right| {
            let right = elements(right)?;
            let kept =
                elements(left)?.iter().filter(|element| right.iter().any(|other| same(element, other)));
            Ok(Datum::Array(distinct(kept.cloned())))
        }),
        two("array_except", array, array, |left, right| {
            let right = elements(right)?;
            let kept =
                elements(left)?.iter().filter(|element| !right.iter().any(|other| same(element, other)));
            Ok(Datum::Array(distinct(kept.cloned())))
        }),
        two("arrays_overlap", array, Type::Boolean, |left, right| {
            let (left, right) = (elements(left)?, elements(right)?);
            let shared = |element: &&Datum| {
                **element != Datum::Null && right.iter().any(|other| equal(element, other))
            };
            if left.iter().any(|element| shared(&element)) {
                return Ok(Datum::Boolean(true));
            }
            let unknown = left.contains(&Datum::Null) || right.contains(&Datum::Null);
            Ok(if unknown { Datum::Null } else { Datum::Boolean(false) })
        }),
        two("concat", array, array, together),
        two("$||", array, array, together),
        dynamic("array_join", vec![array, Type::Varchar], Type::Varchar, join),
        dynamic("array_join", vec![array, Type::Varchar, Type::Varchar], Type::Varchar, join),
        dynamic("slice", vec![array, Type::Bigint, Type::Bigint], array, |arguments| match arguments {
            [array, start, length] => slice(array, start, length),
            _ => mistyped(),
        }),
        dynamic("repeat", vec![*of, Type::Bigint], array, |arguments| match arguments {
            [value, times] => {
                let times = usize::try_from(bigint(times)?.max(0)).unwrap_or(usize::MAX);
                if times > LONGEST_SEQUENCE {
                    return Err(format!(
                        "count argument of repeat function must not exceed {LONGEST_SEQUENCE}"
                    ));
                }
                Ok(Datum::Array(vec![value.clone(); times]))
            }
            _ => mistyped(),
        }),
    ]
}

/// The functions.
pub fn overloads() -> Vec<Overload> {
    let mut all: Vec<Overload> = SCALARS.iter().flat_map(over).collect();
    let times = Type::Array(&Type::Timestamp);
    let dates = Type::Array(&Type::Date);
    let bigints = Type::Array(&Type::Bigint);
    for (parameters, result) in [
        (vec![Type::Bigint, Type::Bigint], bigints),
        (vec![Type::Bigint, Type::Bigint, Type::Bigint], bigints),
        (vec![Type::Timestamp, Type::Timestamp, Type::DayToSecond], times),
        (vec![Type::Timestamp, Type::Timestamp, Type::YearToMonth], times),
        (vec![Type::Date, Type::Date], dates),
        (vec![Type::Date, Type::Date, Type::DayToSecond], dates),
        (vec![Type::Date, Type::Date, Type::YearToMonth], dates),
    ] {
        all.push(dynamic("sequence", parameters, result, sequence));
    }
    all
}
