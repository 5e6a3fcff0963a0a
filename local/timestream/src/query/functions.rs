//! The scalar functions and operators of the dialect: one table, and the engine's view of it.
//!
//! Only what stands in the table can be called; the engine's own functions stay out, because they differ
//! from Timestream's where it is easy to overlook (rounding, nulls, negative positions, overflow). A name
//! that starts with `$` is an operator or a cast, which no query can spell.
//!
//! All functions are strict: with a null argument the result is null.

mod arithmetic;
mod arrays;
mod bits;
mod conversion;
mod duration;
mod formats;
mod math;
mod overload;
mod regular;
mod series;
mod strings;
mod time;

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock},
};

use datafusion::{
    arrow::datatypes::DataType,
    common::ScalarValue,
    error::{DataFusionError, Result},
    logical_expr::{
        ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    },
};

use overload::Overload;

use super::{
    call_site::CallSite,
    failure::{Failure, Position},
    types::{Datum, Type, collect},
};

pub use conversion::literal;
pub use duration::parse_interval;
pub use strings::matches_like;

/// Every overload by function name; in each list the preferred one comes first.
static OVERLOADS: LazyLock<HashMap<&'static str, Vec<Overload>>> = LazyLock::new(|| {
    let mut table: HashMap<&'static str, Vec<Overload>> = HashMap::new();
    let all = [
        arithmetic::overloads(),
        arrays::overloads(),
        bits::overloads(),
        conversion::overloads(),
        duration::overloads(),
        formats::overloads(),
        math::overloads(),
        regular::overloads(),
        series::overloads(),
        strings::overloads(),
        time::overloads(),
    ];
    for overload in all.into_iter().flatten() {
        table.entry(overload.name).or_default().push(overload);
    }
    table
});

/// Whether a query may call a scalar function of this name (in lower case).
pub fn exists(name: &str) -> bool {
    OVERLOADS.contains_key(name)
}

/// The function of a call whose name carries its place, as [`CallSite`] writes it.
pub fn call(site: &CallSite) -> Option<Arc<ScalarUDF>> {
    let (name, overloads) = OVERLOADS.get_key_value(site.name.as_str())?;
    Some(Arc::new(ScalarUDF::new_from_impl(Call {
        name,
        overloads,
        at: site.at,
        spelled: site.to_string(),
        signature: Signature::user_defined(Volatility::Immutable),
    })))
}

/// A function at a place in the query. Two calls are equal wherever they stand, so that an expression
/// in the projection is found again in `GROUP BY`.
#[derive(Debug)]
struct Call {
    name: &'static str,
    overloads: &'static [Overload],
    at: Position,
    /// The engine wraps a function into an alias unless its name is the one in the query.
    spelled: String,
    signature: Signature,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Call {}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Call {
    fn resolve(&self, arguments: &[DataType]) -> Result<&'static Overload, Failure> {
        let types = arguments
            .iter()
            .map(|argument| {
                Type::of(argument)
                    .ok_or_else(|| Failure::at(self.at, "A value of this type is not supported here"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        overload::resolve(self.overloads, &types)
            .ok_or_else(|| Failure::at(self.at, overload::mismatch(self.name, self.overloads, &types)))
    }
}

impl ScalarUDFImpl for Call {
    fn name(&self) -> &str {
        &self.spelled
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String> {
        self.schema_name(arguments)
    }

    /// Without the place, because the engine finds equal expressions by this name.
    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let names: Vec<_> = arguments.iter().map(|argument| argument.schema_name().to_string()).collect();
        Ok(format!("{}({})", self.name, names.join(",")))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Never fails: the engine would turn the failure into text. [`Self::return_type`] reports it.
    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(match self.resolve(arguments) {
            Ok(overload) => {
                arguments
                    .iter()
                    .zip(overload.parameters(arguments.len()))
                    // The engine reads times in text in another way: they are read row by row.
                    .map(|(argument, parameter)| {
                        if is_text_for(argument, parameter) {
                            argument.clone()
                        } else {
                            parameter.data_type()
                        }
                    })
                    .collect()
            }
            Err(_) => arguments.to_vec(),
        })
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(self.resolve(arguments)?.result.data_type())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = call.args.iter().map(ColumnarValue::data_type).collect();
        let overload = self.resolve(&types)?;
        let parameters: Vec<Type> = overload.parameters(types.len()).collect();
        let read: Vec<usize> =
            (0..types.len()).filter(|index| is_text_for(&types[*index], parameters[*index])).collect();
        let evaluate = |values: &[Datum]| {
            let values = times_in(values, &read, &parameters);
            values
                .and_then(|values| (overload.evaluate)(&values))
                .map_err(|message| Failure::at(self.at, message))
        };
        if let Some(constants) = constants(&call.args)? {
            let array = collect(overload.result, std::iter::once(evaluate(&constants)))?;
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let mut values = vec![Datum::Null; arrays.len()];
        let rows = (0..call.number_rows).map(|row| {
            for (value, array) in values.iter_mut().zip(&arrays) {
                *value = Datum::read(array, row).map_err(|error| Failure::from_engine(&error))?;
            }
            evaluate(&values)
        });
        collect(overload.result, rows).map(ColumnarValue::Array)
    }
}

/// Whether a function that expects a time is given text.
fn is_text_for(argument: &DataType, parameter: Type) -> bool {
    parameter.reads_text() && Type::of(argument) == Some(Type::Varchar)
}

/// The values, of which those at the places of `text` are read as times.
fn times_in<'a>(
    values: &'a [Datum],
    text: &[usize],
    parameters: &[Type],
) -> Result<Cow<'a, [Datum]>, String> {
    if text.is_empty() {
        return Ok(Cow::Borrowed(values));
    }
    let mut values = values.to_vec();
    for index in text {
        if let Datum::Varchar(text) = &values[*index] {
            values[*index] = conversion::time(parameters[*index], text)?;
        }
    }
    Ok(Cow::Owned(values))
}

/// The arguments as values when none of them is a column.
fn constants(arguments: &[ColumnarValue]) -> Result<Option<Vec<Datum>>, DataFusionError> {
    arguments
        .iter()
        .map(|argument| match argument {
            ColumnarValue::Scalar(value) => Datum::read(&value.to_array()?, 0).map(Some),
            ColumnarValue::Array(_) => Ok(None),
        })
        .collect()
}
