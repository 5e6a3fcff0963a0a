//! One way to call a function: its parameter types, its result type and what it computes, derived from a
//! Rust function over the dialect's types.

use std::fmt;

use crate::query::types::{Datum, Type};

/// What a function answers; the failure is a sentence for the person who wrote the query.
pub type Answer<T> = Result<T, String>;

/// A Rust type that stands for a type of the dialect.
pub trait Sql: Sized + 'static {
    /// The type that it stands for.
    const TYPE: Type;
    /// The value, when `datum` is of this type.
    fn from_datum(datum: &Datum) -> Option<Self>;
    /// The value as a datum.
    fn into_datum(self) -> Datum;
}

/// A timestamp: nanoseconds since the epoch.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Timestamp(pub i64);
/// A date: days since the epoch.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Date(pub i32);
/// A time of day: nanoseconds since midnight.
#[derive(Clone, Copy)]
pub struct Time(pub i64);
/// An interval of days to seconds: nanoseconds.
#[derive(Clone, Copy)]
pub struct DayToSecond(pub i64);
/// An interval of years to months: months.
#[derive(Clone, Copy)]
pub struct YearToMonth(pub i32);

macro_rules! sql {
    ($rust:ty, $kind:ident, $pattern:pat => $read:expr, $value:ident => $write:expr) => {
        impl Sql for $rust {
            const TYPE: Type = Type::$kind;
            fn from_datum(datum: &Datum) -> Option<Self> {
                match datum {
                    $pattern => Some($read),
                    _ => None,
                }
            }
            fn into_datum(self) -> Datum {
                let $value = self;
                $write
            }
        }
    };
}

sql!(bool, Boolean, Datum::Boolean(v) => *v, v => Datum::Boolean(v));
sql!(i32, Integer, Datum::Integer(v) => *v, v => Datum::Integer(v));
sql!(i64, Bigint, Datum::Bigint(v) => *v, v => Datum::Bigint(v));
// A NaN has no sign here, so that it comes after every number in any order.
sql!(f64, Double, Datum::Double(v) => *v, v => Datum::Double(if v.is_nan() { f64::NAN } else { v }));
sql!(String, Varchar, Datum::Varchar(v) => v.clone(), v => Datum::Varchar(v));
sql!(Timestamp, Timestamp, Datum::Timestamp(v) => Self(*v), v => Datum::Timestamp(v.0));
sql!(Date, Date, Datum::Date(v) => Self(*v), v => Datum::Date(v.0));
sql!(Time, Time, Datum::Time(v) => Self(*v), v => Datum::Time(v.0));
sql!(DayToSecond, DayToSecond, Datum::DayToSecond(v) => Self(*v), v => Datum::DayToSecond(v.0));
sql!(YearToMonth, YearToMonth, Datum::YearToMonth(v) => Self(*v), v => Datum::YearToMonth(v.0));

/// A result that may be null.
impl<T: Sql> Sql for Option<T> {
    const TYPE: Type = T::TYPE;
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Null => Some(None),
            value => T::from_datum(value).map(Some),
        }
    }
    fn into_datum(self) -> Datum {
        self.map_or(Datum::Null, T::into_datum)
    }
}

/// The distance from text to a time: further than any conversion between numbers.
const FROM_TEXT: u32 = 100;

/// Computes the result for one row.
pub type Evaluate = Box<dyn Fn(&[Datum]) -> Answer<Datum> + Send + Sync>;

/// One way to call a function.
pub struct Overload {
    /// The function's name.
    pub name: &'static str,
    /// Types of the parameters that stand once.
    fixed: Vec<Type>,
    /// Type of a last parameter that may repeat, at least once.
    repeated: Option<Type>,
    /// Type of the result.
    pub result: Type,
    /// Computes the result for one row.
    pub evaluate: Evaluate,
}

impl fmt::Debug for Overload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.describe())
    }
}

/// A function whose types are known only as values; a null argument gives null.
pub fn dynamic(
    name: &'static str,
    parameters: Vec<Type>,
    result: Type,
    function: impl Fn(&[Datum]) -> Answer<Datum> + Send + Sync + 'static,
) -> Overload {
    Overload { name, fixed: parameters, repeated: None, result, evaluate: strict(function) }
}

/// A function of one argument, which may be null.
pub fn of_one(
    name: &'static str,
    parameter: Type,
    result: Type,
    function: impl Fn(&[Datum]) -> Answer<Datum> + Send + Sync + 'static,
) -> Overload {
    Overload { name, fixed: vec![parameter], repeated: None, result, evaluate: Box::new(function) }
}

/// A function of one or more arguments of one type, any of which may be null.
pub fn of_many(
    name: &'static str,
    parameter: Type,
    result: Type,
    function: impl Fn(&[Datum]) -> Answer<Datum> + Send + Sync + 'static,
) -> Overload {
    Overload { name, fixed: Vec::new(), repeated: Some(parameter), result, evaluate: Box::new(function) }
}

impl Overload {
    /// Types of the parameters of a call with `count` arguments.
    pub fn parameters(&self, count: usize) -> impl Iterator<Item = Type> {
        let repeats = count.saturating_sub(self.fixed.len());
        self.fixed
            .iter()
            .copied()
            .chain(self.repeated.into_iter().flat_map(move |kind| std::iter::repeat_n(kind, repeats)))
    }

    fn describe(&self) -> String {
        let mut parameters: Vec<String> = self.fixed.iter().map(|kind| kind.name().to_owned()).collect();
        parameters.extend(self.repeated.map(|kind| format!("{}...", kind.name())));
        format!("{}({})", self.name, parameters.join(", "))
    }

    /// How far text is from a parameter that is a time, which a function reads, but no operator does.
    fn reads(&self, argument: Type, parameter: Type) -> Option<u32> {
        let reads = self.repeated.is_none() && !self.name.starts_with('$');
        (reads && argument == Type::Varchar && parameter.reads_text()).then_some(FROM_TEXT)
    }

    /// How far the arguments are from the parameters; none when they do not fit.
    fn distance(&self, arguments: &[Type]) -> Option<u32> {
        let fits = match self.repeated {
            Some(_) => arguments.len() > self.fixed.len(),
            None => arguments.len() == self.fixed.len(),
        };
        if !fits {
            return None;
        }
        arguments
            .iter()
            .zip(self.parameters(arguments.len()))
            .map(|(argument, parameter)| {
                argument.distance(parameter).or_else(|| self.reads(*argument, parameter))
            })
            .sum()
    }
}

/// The overload that fits the arguments with the least conversion; the first among equals.
pub fn resolve(overloads: &'static [Overload], arguments: &[Type]) -> Option<&'static Overload> {
    overloads
        .iter()
        .filter_map(|overload| Some((overload.distance(arguments)?, overload)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, overload)| overload)
}

/// The sentence for arguments that fit no overload.
pub fn mismatch(name: &str, overloads: &[Overload], arguments: &[Type]) -> String {
    let types: Vec<_> = arguments.iter().map(|kind| kind.name()).collect();
    let types = types.join(", ");
    match name.strip_prefix('$') {
        Some("minus") => format!("Cannot negate {types}"),
        Some("like") => {
            format!("Left and right side of LIKE expression must be of type varchar (actual: {types})")
        }
        Some(operator) => match operator.strip_prefix("cast ").or(operator.strip_prefix("try_cast ")) {
            Some(target) => format!("Cannot cast {types} to {target}"),
            None => format!("'{operator}' cannot be applied to {types}"),
        },
        None => {
            let expected: Vec<_> = overloads.iter().map(Overload::describe).collect();
            format!("Unexpected parameters ({types}) for function {name}. Expected: {}", expected.join(", "))
        }
    }
}

/// A failure of the endpoint: the engine handed over a value of another type than it resolved.
fn argument<T: Sql>(values: &[Datum], index: usize) -> Answer<T> {
    values
        .get(index)
        .and_then(T::from_datum)
        .ok_or_else(|| format!("argument {} is not a {}", index + 1, T::TYPE.name()))
}

/// Wraps a computation so that a null argument gives null.
fn strict(evaluate: impl Fn(&[Datum]) -> Answer<Datum> + Send + Sync + 'static) -> Evaluate {
    Box::new(move |values| if values.contains(&Datum::Null) { Ok(Datum::Null) } else { evaluate(values) })
}

/// A function of one argument.
pub fn unary<A: Sql, R: Sql>(
    name: &'static str,
    function: impl Fn(A) -> Answer<R> + Send + Sync + 'static,
) -> Overload {
    Overload {
        name,
        fixed: vec![A::TYPE],
        repeated: None,
        result: R::TYPE,
        evaluate: strict(move |values| Ok(function(argument(values, 0)?)?.into_datum())),
    }
}

/// A function of two arguments.
pub fn binary<A: Sql, B: Sql, R: Sql>(
    name: &'static str,
    function: impl Fn(A, B) -> Answer<R> + Send + Sync + 'static,
) -> Overload {
    Overload {
        name,
        fixed: vec![A::TYPE, B::TYPE],
        repeated: None,
        result: R::TYPE,
        evaluate: strict(
            move |values| Ok(function(argument(values, 0)?, argument(values, 1)?)?.into_datum()),
        ),
    }
}

/// A function of three arguments.
pub fn ternary<A: Sql, B: Sql, C: Sql, R: Sql>(
    name: &'static str,
    function: impl Fn(A, B, C) -> Answer<R> + Send + Sync + 'static,
) -> Overload {
    Overload {
        name,
        fixed: vec![A::TYPE, B::TYPE, C::TYPE],
        repeated: None,
        result: R::TYPE,
        evaluate: strict(move |values| {
            let result = function(argument(values, 0)?, argument(values, 1)?, argument(values, 2)?)?;
            Ok(result.into_datum())
        }),
    }
}

/// A function of one or more arguments of one type.
pub fn variadic<A: Sql, R: Sql>(
    name: &'static str,
    function: impl Fn(Vec<A>) -> Answer<R> + Send + Sync + 'static,
) -> Overload {
    Overload {
        name,
        fixed: Vec::new(),
        repeated: Some(A::TYPE),
        result: R::TYPE,
        evaluate: strict(move |values| {
            let arguments =
                (0..values.len()).map(|index| argument(values, index)).collect::<Answer<Vec<A>>>()?;
            Ok(function(arguments)?.into_datum())
        }),
    }
}
