//! `FILTER`, `TRANSFORM`, `REDUCE` and whether elements match: functions that take a function.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/timeseries-specific-constructs.functions.filter.html>,
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/array-functions.html>

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array, new_null_array,
        },
        buffer::OffsetBuffer,
        compute::{concat, take, take_arrays},
        datatypes::{DataType, Field, FieldRef},
    },
    error::Result,
    logical_expr::{
        ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
        HigherOrderUDF, HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda,
        Volatility,
    },
};

use super::{
    call_site::CallSite,
    failure::{Failure, Position},
    types::Type,
};

/// Which function it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// `filter(array or time series, element -> boolean)`
    Filter,
    /// `transform(array, element -> value)`
    Transform,
    /// `reduce(array or time series, state, (state, element) -> state, state -> value)`
    Reduce,
    /// `all_match(array, element -> boolean)`
    AllMatch,
    /// `any_match(array, element -> boolean)`
    AnyMatch,
    /// `none_match(array, element -> boolean)`
    NoneMatch,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "filter" => Self::Filter,
            "transform" => Self::Transform,
            "reduce" => Self::Reduce,
            "all_match" => Self::AllMatch,
            "any_match" => Self::AnyMatch,
            "none_match" => Self::NoneMatch,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Transform => "transform",
            Self::Reduce => "reduce",
            Self::AllMatch => "all_match",
            Self::AnyMatch => "any_match",
            Self::NoneMatch => "none_match",
        }
    }

    /// What a condition says of a whole array: the answer that the first element of which it is `decisive` gives.
    fn verdict(self) -> Option<Verdict> {
        Some(match self {
            Self::AllMatch => Verdict { decisive: false, answer: false },
            Self::AnyMatch => Verdict { decisive: true, answer: true },
            Self::NoneMatch => Verdict { decisive: true, answer: false },
            Self::Filter | Self::Transform | Self::Reduce => return None,
        })
    }
}

/// What decides of an array, and how. Without it the answer is the other one, or null where a condition is.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    decisive: bool,
    answer: bool,
}

impl Verdict {
    fn of(self, conditions: impl Iterator<Item = Option<bool>>) -> Option<bool> {
        let mut unknown = false;
        for condition in conditions {
            match condition {
                Some(condition) if condition == self.decisive => return Some(self.answer),
                Some(_) => {}
                None => unknown = true,
            }
        }
        (!unknown).then_some(!self.answer)
    }
}

/// Whether a function of this name (in lower case) takes a function.
pub fn exists(name: &str) -> bool {
    Kind::named(name).is_some()
}

/// How many values and functions a function takes, in this order.
pub fn arity(name: &str) -> (usize, usize) {
    if name == "reduce" { (2, 2) } else { (1, 1) }
}

/// The function of a call whose name carries its place, as [`CallSite`] writes it.
pub fn call(site: &CallSite) -> Option<Arc<HigherOrderUDF>> {
    let kind = Kind::named(&site.name)?;
    let mut signature = HigherOrderSignature::user_defined(Volatility::Immutable);
    // The state of `reduce` takes the type of what makes it.
    signature.lambda_parameters_max_iterations = 3;
    let call = Call { kind, at: site.at, spelled: site.to_string(), signature };
    Some(Arc::new(HigherOrderUDF::new_from_impl(call)))
}

/// A function at a place in the query; equal wherever it stands.
#[derive(Debug)]
struct Call {
    kind: Kind,
    at: Position,
    spelled: String,
    signature: HigherOrderSignature,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Call {}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl Call {
    fn fail(&self, message: impl Into<String>) -> Failure {
        Failure::at(self.at, message)
    }

    fn mistyped(&self) -> Failure {
        self.fail(format!("Unexpected parameters for function {}", self.kind.name()))
    }

    /// The element of what the first argument is.
    fn element(&self, list: &DataType) -> Result<FieldRef, Failure> {
        match (Type::of(list), list) {
            (Some(Type::Timeseries(_)), _) if self.kind == Kind::Transform => {
                Err(Failure::unsupported(self.at, "TRANSFORM of a time series"))
            }
            (Some(Type::Timeseries(_)), _) if self.kind.verdict().is_some() => Err(self.mistyped()),
            (Some(Type::Array(_) | Type::Timeseries(_)), DataType::List(element)) => {
                Ok(Arc::new(Field::new("", element.data_type().clone(), true)))
            }
            _ => Err(self.mistyped()),
        }
    }
}

fn field(kind: &DataType) -> FieldRef {
    Arc::new(Field::new("", kind.clone(), true))
}

impl HigherOrderUDFImpl for Call {
    fn name(&self) -> &str {
        &self.spelled
    }

    /// Without the place, because the engine finds equal expressions by this name.
    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let names: Vec<_> = arguments.iter().map(|argument| argument.schema_name().to_string()).collect();
        Ok(format!("{}({})", self.kind.name(), names.join(",")))
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arguments.to_vec())
    }

    fn lambda_parameters(
        &self,
        step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        match fields {
            [ValueOrLambda::Value(list), ValueOrLambda::Lambda(_)] => {
                let element = self.element(list.data_type())?;
                Ok(LambdaParametersProgress::Complete(vec![vec![element]]))
            }
            [
                ValueOrLambda::Value(list),
                ValueOrLambda::Value(start),
                ValueOrLambda::Lambda(step_to),
                ValueOrLambda::Lambda(_),
            ] => {
                let element = self.element(list.data_type())?;
                let start = start.data_type();
                let state = match step_to {
                    None => start.clone(),
                    Some(made) => {
                        let types = [start, made.data_type()].map(Type::of);
                        let common = match types {
                            [Some(start), Some(made)] => start.common(made),
                            _ => None,
                        };
                        common.ok_or_else(|| self.mistyped())?.data_type()
                    }
                };
                // What was made at first was made of the state as it starts.
                let made = step_to.as_ref().is_some_and(|made| *made.data_type() == state);
                let settled = made && (step != 1 || *start == state);
                let both = vec![field(&state), element];
                Ok(if settled {
                    LambdaParametersProgress::Complete(vec![both, vec![field(&state)]])
                } else {
                    LambdaParametersProgress::Partial(vec![Some(both), None])
                })
            }
            _ => Err(self.mistyped().into()),
        }
    }

    fn coerce_values_for_lambdas(
        &self,
        fields: &[ValueOrLambda<DataType, DataType>],
    ) -> Result<Option<Vec<DataType>>> {
        Ok(match fields {
            [
                ValueOrLambda::Value(list),
                ValueOrLambda::Value(_),
                ValueOrLambda::Lambda(state),
                ValueOrLambda::Lambda(_),
            ] => Some(vec![list.clone(), state.clone()]),
            _ => None,
        })
    }

    fn return_field_from_args(&self, arguments: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        match (self.kind, arguments.arg_fields) {
            (
                Kind::Filter | Kind::AllMatch | Kind::AnyMatch | Kind::NoneMatch,
                [ValueOrLambda::Value(list), ValueOrLambda::Lambda(condition)],
            ) => match Type::of(condition.data_type()) {
                Some(Type::Boolean | Type::Unknown) if self.kind == Kind::Filter => {
                    Ok(field(list.data_type()))
                }
                Some(Type::Boolean | Type::Unknown) => Ok(field(&DataType::Boolean)),
                _ => Err(self
                    .fail(format!("The function of {} must return a boolean", self.kind.name()))
                    .into()),
            },
            (Kind::Transform, [ValueOrLambda::Value(_), ValueOrLambda::Lambda(value)]) => {
                let array = Type::of(value.data_type()).and_then(Type::array);
                let array = array.ok_or_else(|| Failure::unsupported(self.at, "An array of arrays"))?;
                Ok(field(&array.data_type()))
            }
            (Kind::Reduce, [_, _, _, ValueOrLambda::Lambda(value)]) => Ok(field(value.data_type())),
            _ => Err(self.mistyped().into()),
        }
    }

    fn invoke_with_args(&self, call: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let answer = match call.args.as_slice() {
            [ValueOrLambda::Value(list), ValueOrLambda::Lambda(function)] => {
                let lists = list.to_array(call.number_rows)?;
                let lists = Lists::of(&lists);
                let made = lists.map(function)?;
                match (self.kind, self.kind.verdict()) {
                    (_, Some(verdict)) => lists.judge(&made, verdict),
                    (Kind::Filter, None) => lists.keep(&made)?,
                    (_, None) => lists.with(made)?,
                }
            }
            [
                ValueOrLambda::Value(list),
                ValueOrLambda::Value(start),
                ValueOrLambda::Lambda(step),
                ValueOrLambda::Lambda(finish),
            ] => {
                let lists = list.to_array(call.number_rows)?;
                let start = start.to_array(call.number_rows)?;
                Lists::of(&lists).reduce(&start, step, finish, call.return_type())?
            }
            _ => return Err(self.mistyped().into()),
        };
        Ok(ColumnarValue::Array(answer))
    }
}

/// Lists and their elements behind each other.
struct Lists<'a> {
    list: &'a ListArray,
    elements: ArrayRef,
    /// The list of each element.
    rows: UInt32Array,
}

impl<'a> Lists<'a> {
    fn of(lists: &'a ArrayRef) -> Self {
        let list = lists.as_list::<i32>();
        let offsets = list.value_offsets();
        let place =
            |index: usize| offsets.get(index).map_or(0, |offset| usize::try_from(*offset).unwrap_or(0));
        let (begin, end) = (place(0), place(list.len()));
        let rows = (0..list.len()).flat_map(|row| {
            std::iter::repeat_n(u32::try_from(row).unwrap_or(u32::MAX), place(row + 1) - place(row))
        });
        Self { list, elements: list.values().slice(begin, end - begin), rows: rows.collect() }
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        (0..self.list.len()).map(|row| usize::try_from(self.list.value_length(row)).unwrap_or(0))
    }

    /// What the function makes of each element.
    fn map(&self, function: &LambdaArgument) -> Result<ArrayRef> {
        let elements = || Ok(Arc::clone(&self.elements));
        let spread = |captured: &[ArrayRef]| Ok(take_arrays(captured, &self.rows, None)?);
        function.evaluate(&[&elements], spread)?.into_array(self.elements.len())
    }

    /// The same lists with other elements.
    fn with(&self, elements: ArrayRef) -> Result<ArrayRef> {
        let field = Arc::new(Field::new_list_field(elements.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths(self.lengths());
        Ok(Arc::new(ListArray::try_new(field, offsets, elements, self.list.nulls().cloned())?))
    }

    /// The lists of those elements for which the condition is true.
    fn keep(&self, conditions: &ArrayRef) -> Result<ArrayRef> {
        let kept = |index: usize| {
            conditions.as_boolean_opt().is_some_and(|all| all.is_valid(index) && all.value(index))
        };
        let (mut lengths, mut indexes, mut index) =
            (Vec::with_capacity(self.list.len()), Vec::new(), 0_usize);
        for length in self.lengths() {
            let before = indexes.len();
            indexes.extend(
                (index..index + length).filter(|at| kept(*at)).filter_map(|at| u32::try_from(at).ok()),
            );
            lengths.push(indexes.len() - before);
            index += length;
        }
        let elements = take(&self.elements, &UInt32Array::from(indexes), None)?;
        let field = Arc::new(Field::new_list_field(elements.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(field, offsets, elements, self.list.nulls().cloned())?))
    }

    /// What the conditions say of each list.
    fn judge(&self, conditions: &ArrayRef, verdict: Verdict) -> ArrayRef {
        // A condition that is null wherever it is asked has no type.
        let conditions = conditions.as_boolean_opt();
        let condition = |at: usize| conditions.filter(|all| all.is_valid(at)).map(|all| all.value(at));
        let mut index = 0_usize;
        let answers = self.lengths().enumerate().map(|(row, length)| {
            let first = index;
            index += length;
            if self.list.is_null(row) { None } else { verdict.of((first..index).map(condition)) }
        });
        Arc::new(answers.collect::<BooleanArray>())
    }

    /// The state after all elements of each list, finished.
    fn reduce(
        &self,
        start: &ArrayRef,
        step: &LambdaArgument,
        finish: &LambdaArgument,
        result: &DataType,
    ) -> Result<ArrayRef> {
        let mut answers: Vec<ArrayRef> = Vec::with_capacity(self.list.len());
        let mut index = 0;
        for (row, length) in self.lengths().enumerate() {
            if self.list.is_null(row) {
                answers.push(new_null_array(result, 1));
                index += length;
                continue;
            }
            let of_row =
                |captured: &[ArrayRef]| Ok(captured.iter().map(|column| column.slice(row, 1)).collect());
            let mut state = start.slice(row, 1);
            for at in index..index + length {
                let before = || Ok(Arc::clone(&state));
                let element = || Ok(self.elements.slice(at, 1));
                state = step.evaluate(&[&before, &element], of_row)?.into_array(1)?;
            }
            let last = || Ok(Arc::clone(&state));
            answers.push(finish.evaluate(&[&last], of_row)?.into_array(1)?);
            index += length;
        }
        if answers.is_empty() {
            return Ok(new_empty_array(result));
        }
        let answers: Vec<&dyn Array> = answers.iter().map(|answer| &**answer).collect();
        Ok(concat(&answers)?)
    }
}
