//! Aggregate and window functions: which there are, and those that the engine lacks or gets wrong.
//!
//! The engine's `sum` wraps on overflow; `max_by` and `min_by` it does not have; and its approximate percentile
//! interpolates where the service answers a value that was there.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/aggregate-functions.html>

mod by;
mod distinct;
mod frame;
mod gather;
mod geometric;
mod moments;
mod percentile;
mod sum;

use std::{
    hash::{Hash, Hasher},
    ops::RangeInclusive,
    sync::Arc,
};

use datafusion::{
    arrow::datatypes::{DataType, Field, FieldRef},
    common::ScalarValue,
    error::Result,
    functions_aggregate as engine, functions_window as windows,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility, WindowUDF,
        expr::AggregateFunctionParams,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};

use moments::Moment;

use super::{
    call_site::CallSite,
    failure::{Failure, Position},
    types::Type,
};

/// Functions that stand only in a window.
const WINDOWS: [&str; 11] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

/// Whether a query may call an aggregate of this name (in lower case).
pub fn exists(name: &str) -> bool {
    Own::named(name).is_some() || built_in(name).is_some() || name == "count_if"
}

/// Whether a function stands only in a window.
pub fn is_window(name: &str) -> bool {
    WINDOWS.contains(&name)
}

/// Whether `DISTINCT` may stand before the argument.
pub fn takes_distinct(name: &str) -> bool {
    matches!(name, "count" | "sum" | "avg" | "min" | "max")
}

/// How many arguments a function takes.
pub fn arity(name: &str) -> RangeInclusive<usize> {
    match name {
        "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" => 0..=0,
        "lag" | "lead" => 1..=3,
        "create_time_series" | "max_by" | "min_by" | "approx_percentile" | "corr" | "covar_samp"
        | "covar_pop" | "regr_slope" | "regr_intercept" | "nth_value" => 2..=2,
        _ => 1..=1,
    }
}

/// The name by which the planner finds an aggregate again.
pub fn spelled(name: &str, at: Position, distinct: bool) -> String {
    if Own::named(name).is_some() && !distinct {
        CallSite { name: name.to_owned(), at }.to_string()
    } else {
        built_in(name).map_or_else(|| name.to_owned(), |function| function.name().to_owned())
    }
}

/// The aggregate that [`spelled`] names.
pub fn aggregate(spelled: &str) -> Option<Arc<AggregateUDF>> {
    let Some(site) = CallSite::parse(spelled) else {
        let found = built_in(spelled)?;
        return Some(if is_exact(spelled) { found } else { frame::PerFrame::of(found) });
    };
    let own = Own::named(&site.name)?;
    let signature = Signature::user_defined(Volatility::Immutable);
    let spelled = spelled.to_owned();
    let call = AggregateUDF::new_from_impl(Call { own, at: site.at, spelled, signature });
    Some(frame::PerFrame::of(Arc::new(call)))
}

/// Whether rows can leave a frame of the engine's aggregate without a trace.
fn is_exact(name: &str) -> bool {
    matches!(name, "count" | "min" | "max")
}

/// The engine's window function of this name.
pub fn window(name: &str) -> Option<Arc<WindowUDF>> {
    if !is_window(name) {
        return None;
    }
    windows::all_default_window_functions().into_iter().find(|function| function.name() == name)
}

/// The engine's function that is what the service means by a name.
fn built_in(name: &str) -> Option<Arc<AggregateUDF>> {
    Some(match name {
        "count" | "count_if" => engine::count::count_udaf(),
        "avg" => engine::average::avg_udaf(),
        // Any value will do, so it is the same one every time.
        "min" | "arbitrary" | "any_value" => engine::min_max::min_udaf(),
        "max" => engine::min_max::max_udaf(),
        "corr" => engine::correlation::corr_udaf(),
        "covar_samp" => engine::covariance::covar_samp_udaf(),
        "covar_pop" => engine::covariance::covar_pop_udaf(),
        "regr_slope" => engine::regr::regr_slope_udaf(),
        "regr_intercept" => engine::regr::regr_intercept_udaf(),
        "bool_and" | "every" => engine::bool_and_or::bool_and_udaf(),
        "bool_or" => engine::bool_and_or::bool_or_udaf(),
        "sum" => engine::sum::sum_udaf(),
        _ => return None,
    })
}

/// The aggregates that are computed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Own {
    Sum,
    MaxBy,
    MinBy,
    ApproxPercentile,
    ApproxDistinct,
    GeometricMean,
    Moment(Moment),
    CreateTimeSeries,
    ArrayAgg,
}

impl Own {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => Self::Sum,
            "max_by" => Self::MaxBy,
            "min_by" => Self::MinBy,
            "approx_percentile" => Self::ApproxPercentile,
            "approx_distinct" => Self::ApproxDistinct,
            "create_time_series" => Self::CreateTimeSeries,
            "array_agg" => Self::ArrayAgg,
            "stddev" | "stddev_samp" => Self::Moment(Moment::DeviationOfSample),
            "stddev_pop" => Self::Moment(Moment::DeviationOfPopulation),
            "variance" | "var_samp" => Self::Moment(Moment::VarianceOfSample),
            "var_pop" => Self::Moment(Moment::VarianceOfPopulation),
            "skewness" => Self::Moment(Moment::Skewness),
            "kurtosis" => Self::Moment(Moment::Kurtosis),
            "geometric_mean" => Self::GeometricMean,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::MaxBy => "max_by",
            Self::MinBy => "min_by",
            Self::ApproxPercentile => "approx_percentile",
            Self::ApproxDistinct => "approx_distinct",
            Self::CreateTimeSeries => "create_time_series",
            Self::ArrayAgg => "array_agg",
            Self::Moment(Moment::DeviationOfSample) => "stddev",
            Self::Moment(Moment::DeviationOfPopulation) => "stddev_pop",
            Self::Moment(Moment::VarianceOfSample) => "variance",
            Self::Moment(Moment::VarianceOfPopulation) => "var_pop",
            Self::Moment(Moment::Skewness) => "skewness",
            Self::Moment(Moment::Kurtosis) => "kurtosis",
            Self::GeometricMean => "geometric_mean",
        }
    }

    /// What the arguments are converted to; none when they do not fit.
    fn parameters(self, arguments: &[Type]) -> Option<Vec<Type>> {
        match (self, arguments) {
            (Self::Sum, [Type::Integer | Type::Bigint]) => Some(vec![Type::Bigint]),
            (Self::Sum, [Type::Double | Type::Unknown]) => Some(vec![Type::Double]),
            (Self::Sum, [Type::DayToSecond]) => Some(vec![Type::DayToSecond]),
            (Self::MaxBy | Self::MinBy, [value, key]) => Some(vec![*value, *key]),
            (Self::ApproxPercentile, [value @ (Type::Integer | Type::Bigint | Type::Double), share]) => {
                share.distance(Type::Double)?;
                let value = if *value == Type::Integer { Type::Bigint } else { *value };
                Some(vec![value, Type::Double])
            }
            (Self::ApproxDistinct, [kind]) => kind.is_scalar().then(|| vec![*kind]),
            (Self::CreateTimeSeries, [time, value]) => {
                time.distance(Type::Timestamp)?;
                value.timeseries()?;
                Some(vec![Type::Timestamp, *value])
            }
            (Self::ArrayAgg, [value]) => value.array().map(|_| vec![*value]),
            (Self::GeometricMean | Self::Moment(_), [kind]) => {
                kind.distance(Type::Double).map(|_| vec![Type::Double])
            }
            _ => None,
        }
    }

    /// The type of the result, of parameters as [`Self::parameters`] has them.
    fn result(self, parameters: &[Type]) -> Type {
        match self {
            Self::ApproxDistinct => Type::Bigint,
            Self::CreateTimeSeries => {
                parameters.last().and_then(|of| of.timeseries()).unwrap_or(Type::Unknown)
            }
            Self::ArrayAgg => parameters.last().and_then(|of| of.array()).unwrap_or(Type::Unknown),
            _ => parameters.first().copied().unwrap_or(Type::Unknown),
        }
    }
}

/// An aggregate at a place in the query; equal wherever it stands.
#[derive(Debug)]
struct Call {
    own: Own,
    at: Position,
    spelled: String,
    signature: Signature,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.own == other.own
    }
}

impl Eq for Call {}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.own.hash(state);
    }
}

impl Call {
    fn resolve(&self, arguments: &[DataType]) -> Result<Vec<Type>, Failure> {
        let types: Option<Vec<Type>> = arguments.iter().map(Type::of).collect();
        types.as_deref().and_then(|types| self.own.parameters(types)).ok_or_else(|| {
            if let (Own::ApproxPercentile, Some([_, Type::Array(_)])) = (self.own, types.as_deref()) {
                return Failure::unsupported(self.at, "approx_percentile of several percentages");
            }
            let names: Vec<_> = types.iter().flatten().map(|kind| kind.name()).collect();
            let message =
                format!("Unexpected parameters ({}) for function {}", names.join(", "), self.own.name());
            Failure::at(self.at, message)
        })
    }
}

impl AggregateUDFImpl for Call {
    fn name(&self) -> &str {
        &self.spelled
    }

    /// Without the place, because the engine finds equal expressions by this name.
    fn schema_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        let arguments: Vec<_> =
            params.args.iter().map(|argument: &Expr| argument.schema_name().to_string()).collect();
        let filter = params.filter.as_ref().map(|filter| format!(" FILTER {}", filter.schema_name()));
        Ok(format!("{}({}){}", self.own.name(), arguments.join(","), filter.unwrap_or_default()))
    }

    fn display_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.schema_name(params)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Never fails: the engine would turn the failure into text. [`Self::return_type`] reports it.
    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(match self.resolve(arguments) {
            Ok(types) => types.into_iter().map(Type::data_type).collect(),
            Err(_) => arguments.to_vec(),
        })
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(self.own.result(&self.resolve(arguments)?).data_type())
    }

    fn default_value(&self, kind: &DataType) -> Result<ScalarValue> {
        match self.own {
            Own::ApproxDistinct => Ok(ScalarValue::Int64(Some(0))),
            _ => ScalarValue::try_from(kind),
        }
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let types: Vec<DataType> =
            arguments.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let types = self.resolve(&types)?;
        Ok(match (self.own, types.as_slice()) {
            (Own::Sum, [kind]) => Box::new(sum::Sum::new(*kind)),
            (Own::MaxBy, [value, key]) => Box::new(by::By::new(by::Extreme::Largest, *value, *key)),
            (Own::MinBy, [value, key]) => Box::new(by::By::new(by::Extreme::Smallest, *value, *key)),
            (Own::ApproxPercentile, [kind, _]) => Box::new(percentile::Percentile::new(*kind, self.at)),
            (Own::ApproxDistinct, [kind]) => Box::new(distinct::Distinct::new(*kind)),
            (Own::CreateTimeSeries, types) => Box::new(gather::Series::new(self.own.result(types), self.at)),
            (Own::ArrayAgg, types) => Box::new(gather::Elements::new(self.own.result(types))),
            (Own::GeometricMean, _) => Box::new(geometric::GeometricMean::default()),
            (Own::Moment(moment), _) => Box::new(moments::Moments::new(moment)),
            _ => return Err(Failure::at(self.at, "Unexpected parameters").into()),
        })
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let types: Vec<DataType> =
            arguments.input_fields.iter().map(|field| field.data_type().clone()).collect();
        let types = self.resolve(&types)?;
        let states = match (self.own, types.as_slice()) {
            (Own::Sum, [kind]) => vec![kind.data_type()],
            (Own::ApproxPercentile, [kind, share]) => {
                vec![percentile::list_of(*kind), share.data_type()]
            }
            (Own::ApproxDistinct, [kind]) => vec![distinct::state(*kind)],
            (Own::GeometricMean, _) => geometric::state(),
            (Own::Moment(_), _) => moments::state(),
            (Own::CreateTimeSeries | Own::ArrayAgg, types) => vec![self.own.result(types).data_type()],
            (_, types) => types.iter().map(|kind| kind.data_type()).collect(),
        };
        Ok(states
            .into_iter()
            .enumerate()
            .map(|(index, data_type)| {
                Arc::new(Field::new(format!("{}[{index}]", arguments.name), data_type, true))
            })
            .collect())
    }
}
