//! Comparisons as the service makes them, where the engine's differ.
//!
//! The engine orders doubles totally: there `NaN` equals itself and exceeds every number, and `-0.0` is less than
//! `0.0`. The service compares as IEEE 754 does. It also reads text that is compared with a time. Everything else
//! stays the engine's, which derives joins and bounds of the scan from it.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/comparison-operators.html>

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, AsArray, BooleanArray, Float64Array, PrimitiveArray},
        datatypes::{DataType, Float64Type},
    },
    common::{
        DFSchema, JoinType, ScalarValue,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    error::Result,
    logical_expr::{
        Case, ColumnarValue, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Operator,
        ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Subquery, Volatility,
        expr::{Between, InList, InSubquery, ScalarFunction},
        expr_rewriter::NamePreserver,
    },
};

use super::{
    call_site::CallSite,
    check::{self, node_schema},
    failure::Failure,
    functions,
    types::Type,
};

/// Replaces the comparisons of a plan whose types are checked.
pub fn apply(plan: LogicalPlan) -> Result<LogicalPlan, Failure> {
    plan.transform_down_with_subqueries(|node| {
        if let LogicalPlan::Join(join) = &node {
            equal_keys(join)?;
        }
        subqueries_stand_where_null_is_false(&node)?;
        let schema = node_schema(&node);
        let names = NamePreserver::new(&node);
        node.map_expressions(|root| {
            let name = names.save(&root);
            let grouping = matches!(root, Expr::GroupingSet(_));
            let replaced = root.transform_up(|expression| replace(expression, &schema))?;
            if grouping && replaced.transformed {
                // Its parts would lose the names by which outputs find them.
                let message = "Such a comparison in a grouping set is not supported here".to_owned();
                return Err(Failure::placed(check::place(&replaced.data), message).into());
            }
            Ok(replaced.update_data(|expression| name.restore(expression)))
        })?
        .map_data(LogicalPlan::recompute_schema)
    })
    .map(|replaced| replaced.data)
    .map_err(|error| Failure::from_engine(&error))
}

/// `USING` compares as the engine does.
fn equal_keys(join: &Join) -> Result<(), Failure> {
    let doubles = |(left, _): &&(Expr, Expr)| {
        left.get_type(join.left.schema()).is_ok_and(|kind| kind == DataType::Float64)
    };
    match join.on.iter().find(doubles) {
        Some((key, _)) if !matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) => {
            Err(check::fail(key, "USING with a column of type double is not supported here".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The engine answers `IN` with a subquery by true or false, where it may be null. That makes no difference in a
/// condition of its own, of which a filter keeps what is true; nor does it in `NOT IN`, which it then knows.
fn subqueries_stand_where_null_is_false(node: &LogicalPlan) -> Result<()> {
    let refuse = |expression: &Expr| {
        let place = check::place(expression);
        let message = "A subquery in this place is not supported here".to_owned();
        Failure::placed(place, message).into()
    };
    let mut allowed: Vec<*const Expr> = Vec::new();
    if let LogicalPlan::Filter(filter) = node {
        let mut conditions = vec![(&filter.predicate, true)];
        while let Some((condition, alone)) = conditions.pop() {
            match condition {
                Expr::BinaryExpr(binary) if matches!(binary.op, Operator::And | Operator::Or) => {
                    let alone = alone && binary.op == Operator::And;
                    conditions.extend([(&*binary.left, alone), (&*binary.right, alone)]);
                }
                Expr::InSubquery(query)
                    if alone && (!query.negated || query.subquery.outer_ref_columns.is_empty()) =>
                {
                    allowed.push(condition);
                }
                Expr::Not(inner) if matches!(&**inner, Expr::Exists(_)) => allowed.push(&raw const **inner),
                Expr::Exists(_) => allowed.push(condition),
                _ => {}
            }
        }
    }
    node.apply_expressions(|root| {
        root.apply(|expression| {
            let subquery = matches!(expression, Expr::InSubquery(_) | Expr::Exists(_));
            if subquery && !allowed.contains(&std::ptr::from_ref(expression)) {
                return Err(refuse(expression));
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })
    .map(|_| ())
}

fn type_of(expression: &Expr, schema: &DFSchema) -> Type {
    expression.get_type(schema).ok().and_then(|kind| Type::of(&kind)).unwrap_or(Type::Unknown)
}

/// The type in which all are compared.
fn compared<'a>(parts: impl IntoIterator<Item = &'a Expr>, schema: &DFSchema) -> Option<Type> {
    parts.into_iter().try_fold(Type::Unknown, |kind, part| kind.compared(type_of(part, schema)))
}

fn replace(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expression {
        Expr::BinaryExpr(mut binary) => {
            let Some(comparison) = Comparison::of(binary.op) else {
                return Ok(Transformed::no(Expr::BinaryExpr(binary)));
            };
            match compared([&*binary.left, &*binary.right], schema) {
                Some(Type::Double) => Transformed::yes(comparison.call(vec![*binary.left, *binary.right])),
                Some(kind) if kind.reads_text() => {
                    let at = Expr::BinaryExpr(binary.clone());
                    binary.left = Box::new(read_as(kind, *binary.left, &at, schema));
                    binary.right = Box::new(read_as(kind, *binary.right, &at, schema));
                    Transformed::yes(Expr::BinaryExpr(binary))
                }
                _ => Transformed::no(Expr::BinaryExpr(binary)),
            }
        }
        Expr::Between(between) => replace_between(between, schema),
        Expr::InList(list) => replace_list(list, schema),
        Expr::InSubquery(query) => return replace_subquery(query, schema),
        Expr::Case(case) => replace_case(case, schema),
        Expr::ScalarFunction(call) if call.name() == "nullif" => replace_nullif(call, schema),
        other => Transformed::no(other),
    })
}

fn replace_between(mut between: Between, schema: &DFSchema) -> Transformed<Expr> {
    match compared([&*between.expr, &*between.low, &*between.high], schema) {
        Some(Type::Double) => {
            let Between { expr, negated, low, high } = between;
            let inside = Comparison::GreaterOrEqual
                .call(vec![(*expr).clone(), *low])
                .and(Comparison::LessOrEqual.call(vec![*expr, *high]));
            Transformed::yes(if negated { Expr::Not(Box::new(inside)) } else { inside })
        }
        Some(kind) if kind.reads_text() => {
            let at = Expr::Between(between.clone());
            between.expr = Box::new(read_as(kind, *between.expr, &at, schema));
            between.low = Box::new(read_as(kind, *between.low, &at, schema));
            between.high = Box::new(read_as(kind, *between.high, &at, schema));
            Transformed::yes(Expr::Between(between))
        }
        _ => Transformed::no(Expr::Between(between)),
    }
}

fn replace_list(mut list: InList, schema: &DFSchema) -> Transformed<Expr> {
    match compared(std::iter::once(&*list.expr).chain(&list.list), schema) {
        Some(Type::Double) => {
            let mut operands = vec![*list.expr];
            operands.extend(list.list);
            let within = Comparison::Among.call(operands);
            Transformed::yes(if list.negated { Expr::Not(Box::new(within)) } else { within })
        }
        Some(kind) if kind.reads_text() => {
            let at = Expr::InList(list.clone());
            list.expr = Box::new(read_as(kind, *list.expr, &at, schema));
            list.list = list.list.into_iter().map(|item| read_as(kind, item, &at, schema)).collect();
            Transformed::yes(Expr::InList(list))
        }
        _ => Transformed::no(Expr::InList(list)),
    }
}

/// The engine looks for the value among the rows as it compares; the sides of a key differ where the service's do.
fn replace_subquery(query: InSubquery, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let field = query.subquery.subquery.schema().field(0);
    let kinds = [Some(type_of(&query.expr, schema)), Type::of(field.data_type())];
    let double = matches!(kinds, [Some(left), Some(right)] if left.common(right) == Some(Type::Double));
    if !double {
        return Ok(Transformed::no(Expr::InSubquery(query)));
    }
    let InSubquery { expr, subquery, negated } = query;
    let Subquery { subquery: rows, outer_ref_columns, spans } = subquery;
    let column = Expr::from(rows.schema().qualified_field(0));
    let name = rows.schema().field(0).name().clone();
    let rows = LogicalPlanBuilder::from(rows)
        .project(vec![Comparison::KeyOfSet.call(vec![column]).alias(name)])?
        .build()?;
    Ok(Transformed::yes(Expr::InSubquery(InSubquery {
        expr: Box::new(Comparison::Key.call(vec![*expr])),
        subquery: Subquery { subquery: Arc::new(rows), outer_ref_columns, spans },
        negated,
    })))
}

fn replace_case(mut case: Case, schema: &DFSchema) -> Transformed<Expr> {
    let Some(operand) = case.expr.take() else { return Transformed::no(Expr::Case(case)) };
    let whens = case.when_then_expr.iter().map(|(when, _)| &**when);
    match compared(std::iter::once(&*operand).chain(whens), schema) {
        Some(Type::Double) => {
            for (when, _) in &mut case.when_then_expr {
                **when = Comparison::Equal.call(vec![(*operand).clone(), (**when).clone()]);
            }
            Transformed::yes(Expr::Case(case))
        }
        Some(kind) if kind.reads_text() => {
            let at = (*operand).clone();
            for (when, _) in &mut case.when_then_expr {
                **when = read_as(kind, (**when).clone(), &at, schema);
            }
            case.expr = Some(Box::new(read_as(kind, *operand, &at, schema)));
            Transformed::yes(Expr::Case(case))
        }
        _ => {
            case.expr = Some(operand);
            Transformed::no(Expr::Case(case))
        }
    }
}

fn replace_nullif(call: ScalarFunction, schema: &DFSchema) -> Transformed<Expr> {
    match call.args.as_slice() {
        [value, other] if compared([value, other], schema) == Some(Type::Double) => {
            let equal = Comparison::Equal.call(vec![value.clone(), other.clone()]);
            let null = Box::new(Expr::Literal(ScalarValue::Null, None));
            let value = Some(Box::new(value.clone()));
            Transformed::yes(Expr::Case(Case::new(None, vec![(Box::new(equal), null)], value)))
        }
        _ => Transformed::no(Expr::ScalarFunction(call)),
    }
}

/// Text as the time with which it is compared; `whole` says where.
fn read_as(kind: Type, part: Expr, whole: &Expr, schema: &DFSchema) -> Expr {
    if type_of(&part, schema) != Type::Varchar {
        return part;
    }
    let at = check::place(&part).or_else(|| check::place(whole)).unwrap_or_default();
    let site = CallSite { name: format!("$cast {}", kind.name()), at };
    match functions::call(&site) {
        Some(cast) => Expr::ScalarFunction(ScalarFunction::new_udf(cast, vec![part])),
        None => part,
    }
}

/// A comparison of doubles by IEEE 754.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `IS DISTINCT FROM`, for which `NaN` is one value.
    Distinct,
    /// `IS NOT DISTINCT FROM`
    NotDistinct,
    /// Whether the first is among the others, as in `IN`.
    Among,
    /// The left side of an `IN` with a subquery, in a form that the engine compares rightly.
    Key,
    /// A row of the right side: its `NaN` is another one, so that it equals nothing.
    KeyOfSet,
}

impl Comparison {
    fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Eq => Self::Equal,
            Operator::NotEq => Self::NotEqual,
            Operator::Lt => Self::Less,
            Operator::LtEq => Self::LessOrEqual,
            Operator::Gt => Self::Greater,
            Operator::GtEq => Self::GreaterOrEqual,
            Operator::IsDistinctFrom => Self::Distinct,
            Operator::IsNotDistinctFrom => Self::NotDistinct,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Equal => "$=",
            Self::NotEqual => "$<>",
            Self::Less => "$<",
            Self::LessOrEqual => "$<=",
            Self::Greater => "$>",
            Self::GreaterOrEqual => "$>=",
            Self::Distinct => "$distinct",
            Self::NotDistinct => "$not distinct",
            Self::Among => "$in",
            Self::Key => "$key",
            Self::KeyOfSet => "$key of set",
        }
    }

    fn call(self, operands: Vec<Expr>) -> Expr {
        let signature = Signature::user_defined(Volatility::Immutable);
        let function = Arc::new(ScalarUDF::new_from_impl(Doubles { comparison: self, signature }));
        Expr::ScalarFunction(ScalarFunction::new_udf(function, operands))
    }

    #[expect(clippy::float_cmp, reason = "that is what the query asks for")]
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            _ => left == right,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Doubles {
    comparison: Comparison,
    signature: Signature,
}

impl ScalarUDFImpl for Doubles {
    fn name(&self) -> &str {
        self.comparison.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(vec![DataType::Float64; arguments.len()])
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.comparison {
            Comparison::Key | Comparison::KeyOfSet => DataType::Float64,
            _ => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let comparison = self.comparison;
        // A constant on the right is what a filter mostly has.
        if let [ColumnarValue::Array(left), ColumnarValue::Scalar(ScalarValue::Float64(Some(right)))] =
            call.args.as_slice()
            && !matches!(comparison, Comparison::Distinct | Comparison::NotDistinct | Comparison::Among)
        {
            let left = left.as_primitive::<Float64Type>();
            let answer = BooleanArray::from_unary(left, |left| comparison.holds(left, *right));
            return Ok(ColumnarValue::Array(Arc::new(answer)));
        }
        let constant = call.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let columns: Vec<&Float64Array> = arrays.iter().map(AsArray::as_primitive).collect();
        let answer: Arc<dyn Array> = match (comparison, columns.as_slice()) {
            (Comparison::Key, [values]) => Arc::new(key(values, f64::NAN)),
            (Comparison::KeyOfSet, [values]) => Arc::new(key(values, -f64::NAN)),
            (Comparison::Among, [value, others @ ..]) => {
                Arc::new((0..value.len()).map(|row| among(value, others, row)).collect::<BooleanArray>())
            }
            (Comparison::Distinct | Comparison::NotDistinct, [left, right]) => {
                let distinct = comparison == Comparison::Distinct;
                let same = left.iter().zip(right.iter()).map(|(left, right)| same(left, right));
                Arc::new(same.map(|same| Some(same != distinct)).collect::<BooleanArray>())
            }
            (_, [left, right]) => Arc::new(BooleanArray::from_binary(*left, *right, |left, right| {
                comparison.holds(left, right)
            })),
            _ => return Err(Failure::Internal("a comparison of so many values".to_owned()).into()),
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

fn key(values: &Float64Array, nan: f64) -> PrimitiveArray<Float64Type> {
    // Adding zero turns -0.0 into 0.0.
    values.unary(|value| if value.is_nan() { nan } else { value + 0.0 })
}

#[expect(clippy::float_cmp, reason = "that is what the query asks for")]
fn same(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left == right || (left.is_nan() && right.is_nan()),
        (None, None) => true,
        _ => false,
    }
}

/// True where one is equal, else null where one is null, else false.
fn among(value: &Float64Array, others: &[&Float64Array], row: usize) -> Option<bool> {
    if value.is_null(row) {
        return None;
    }
    let mut answer = Some(false);
    for other in others {
        if other.is_null(row) {
            answer = None;
        } else if Comparison::Equal.holds(value.value(row), other.value(row)) {
            return Some(true);
        }
    }
    answer
}
