//! Types that do not fit, where the engine would convert: Timestream compares, combines and unites only values of
//! types that convert to each other implicitly. Text is read where it is compared with a time.

use datafusion::{
    arrow::datatypes::Field,
    common::{
        DFSchema, ExprSchema,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    error::Result,
    logical_expr::{
        Case, Expr, ExprSchemable, LogicalPlan, Operator,
        expr::{Between, InList, InSubquery},
        utils::merge_schema,
    },
};

use super::{
    call_site::CallSite,
    failure::{Failure, Position},
    types::Type,
};

/// Checks a plan before the engine converts anything.
pub fn types(plan: &LogicalPlan) -> Result<(), Failure> {
    plan.apply_with_subqueries(|node| {
        let schema = node_schema(node);
        if let LogicalPlan::Union(union) = node {
            check_union(&union.inputs)?;
        }
        orderable(node, &schema)?;
        node.apply_expressions(|root| {
            root.apply(|expression| {
                check(expression, &schema)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map(|_| ())
    .map_err(|error| Failure::from_engine(&error))
}

/// Arrays and time series have no order here, and are not grouped by.
fn orderable(node: &LogicalPlan, schema: &DFSchema) -> Result<(), Failure> {
    let keys: Vec<&Expr> = match node {
        LogicalPlan::Sort(sort) => sort.expr.iter().map(|key| &key.expr).collect(),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.iter().collect(),
        LogicalPlan::Window(window) => {
            let windows = window.window_expr.iter().filter_map(|expression| match expression {
                Expr::WindowFunction(call) => Some(&call.params),
                _ => None,
            });
            windows
                .flat_map(|of| of.partition_by.iter().chain(of.order_by.iter().map(|key| &key.expr)))
                .collect()
        }
        LogicalPlan::Distinct(distinct) => {
            let nested =
                |field: &std::sync::Arc<Field>| !Type::of(field.data_type()).is_some_and(Type::is_scalar);
            if distinct.input().schema().fields().iter().any(nested) {
                let message = "DISTINCT over arrays or time series is not supported here".to_owned();
                return Err(Failure::Unplaced(message));
            }
            return Ok(());
        }
        _ => return Ok(()),
    };
    match keys.into_iter().find(|key| type_of(key, schema).is_some_and(|kind| !kind.is_scalar())) {
        Some(key) => {
            Err(fail(key, "An order or group of arrays or time series is not supported here".to_owned()))
        }
        None => Ok(()),
    }
}

/// What the expressions of a node refer to.
pub fn node_schema(node: &LogicalPlan) -> DFSchema {
    let inputs = node.inputs();
    if inputs.is_empty() { node.schema().as_ref().clone() } else { merge_schema(&inputs) }
}

fn type_of(expression: &Expr, schema: &dyn ExprSchema) -> Option<Type> {
    Type::of(&expression.get_type(schema).ok()?)
}

/// The place of an expression: that of the first column or call in it.
pub fn place(expression: &Expr) -> Option<Position> {
    let mut found = None;
    // The walk itself cannot fail.
    let _ = expression.apply(|part| {
        if let Expr::Column(column) = part
            && let Some(span) = column.spans.first()
        {
            found = Some(Position { line: span.start.line, column: span.start.column });
            return Ok(TreeNodeRecursion::Stop);
        }
        let name = match part {
            Expr::ScalarFunction(call) => call.name(),
            Expr::AggregateFunction(call) => call.func.name(),
            _ => "",
        };
        if let Some(site) = CallSite::parse(name) {
            found = Some(site.at);
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// A failure at the place of an expression.
pub fn fail(expression: &Expr, message: String) -> Failure {
    Failure::placed(place(expression), message)
}

fn comparable(whole: &Expr, operator: &str, sides: [Option<Type>; 2]) -> Result<(), Failure> {
    match sides {
        [Some(left), Some(right)] if !left.is_scalar() || !right.is_scalar() => {
            Err(fail(whole, "A comparison of arrays or time series is not supported here".to_owned()))
        }
        [Some(left), Some(right)] if left.compared(right).is_none() => {
            Err(fail(whole, format!("'{operator}' cannot be applied to {}, {}", left.name(), right.name())))
        }
        _ => Ok(()),
    }
}

fn boolean(expression: &Expr, schema: &DFSchema, message: &str) -> Result<(), Failure> {
    match type_of(expression, schema) {
        Some(Type::Boolean | Type::Unknown) | None => Ok(()),
        Some(other) => Err(fail(expression, format!("{message}: actual type {}", other.name()))),
    }
}

fn check(expression: &Expr, schema: &DFSchema) -> Result<(), Failure> {
    let kind = |part: &Expr| type_of(part, schema);
    match expression {
        Expr::BinaryExpr(binary) if matches!(binary.op, Operator::And | Operator::Or) => {
            let message = format!("Operand of {} must evaluate to a boolean", binary.op);
            boolean(&binary.left, schema, &message)?;
            boolean(&binary.right, schema, &message)
        }
        Expr::BinaryExpr(binary) => {
            comparable(expression, &binary.op.to_string(), [kind(&binary.left), kind(&binary.right)])
        }
        Expr::Not(inner) => {
            boolean(inner, schema, "Value of logical NOT expression must evaluate to a boolean")
        }
        Expr::Between(Between { expr, low, high, .. }) => {
            comparable(expression, "BETWEEN", [kind(expr), kind(low)])?;
            comparable(expression, "BETWEEN", [kind(expr), kind(high)])
        }
        Expr::InList(InList { expr, list, .. }) => {
            list.iter().try_for_each(|item| comparable(expression, "IN", [kind(expr), kind(item)]))
        }
        Expr::InSubquery(InSubquery { expr, subquery, .. }) => {
            let field =
                subquery.subquery.schema().fields().first().and_then(|field| Type::of(field.data_type()));
            match [kind(expr), field] {
                [Some(left), Some(right)]
                    if left.common(right).is_none() && left.compared(right).is_some() =>
                {
                    Err(fail(
                        expression,
                        "Text for a time in a subquery of IN is not supported here".to_owned(),
                    ))
                }
                sides => comparable(expression, "IN", sides),
            }
        }
        Expr::Case(case) => check_case(expression, case, schema),
        Expr::ScalarFunction(call) if matches!(call.name(), "coalesce" | "nullif") => unify(
            expression,
            &format!("All {} operands", call.name().to_uppercase()),
            call.args.iter(),
            schema,
        ),
        Expr::AggregateFunction(call) => {
            check_aggregate(expression, call.func.name(), &call.params.args, schema)
        }
        Expr::WindowFunction(call) => check_aggregate(expression, call.fun.name(), &call.params.args, schema),
        _ => Ok(()),
    }
}

fn check_case(whole: &Expr, case: &Case, schema: &DFSchema) -> Result<(), Failure> {
    for (when, _) in &case.when_then_expr {
        match &case.expr {
            Some(operand) => {
                comparable(whole, "=", [type_of(operand, schema), type_of(when, schema)])?;
            }
            None => boolean(when, schema, "CASE WHEN clause must evaluate to a boolean")?,
        }
    }
    let results = case.when_then_expr.iter().map(|(_, then)| &**then).chain(case.else_expr.as_deref());
    unify(whole, "All CASE results", results, schema)
}

fn unify<'a>(
    whole: &Expr,
    what: &str,
    mut parts: impl Iterator<Item = &'a Expr>,
    schema: &DFSchema,
) -> Result<(), Failure> {
    parts
        .try_fold(Type::Unknown, |common, part| {
            let Some(kind) = type_of(part, schema) else { return Ok(common) };
            common.common(kind).ok_or_else(|| {
                fail(whole, format!("{what} must be the same type: {}, {}", common.name(), kind.name()))
            })
        })
        .map(|_| ())
}

/// The engine's own aggregates convert texts to numbers; the service's do not.
fn check_aggregate(whole: &Expr, name: &str, arguments: &[Expr], schema: &DFSchema) -> Result<(), Failure> {
    let fits = |kind: Type| match name {
        "avg" | "sum" => {
            matches!(kind, Type::Integer | Type::Bigint | Type::Double | Type::DayToSecond | Type::Unknown)
        }
        "corr" | "covar_samp" | "covar_pop" | "regr_slope" | "regr_intercept" => {
            matches!(kind, Type::Integer | Type::Bigint | Type::Double | Type::Unknown)
        }
        "bool_and" | "bool_or" => matches!(kind, Type::Boolean | Type::Unknown),
        "min" | "max" => kind.is_scalar(),
        _ => true,
    };
    let kinds: Vec<Type> = arguments.iter().filter_map(|argument| type_of(argument, schema)).collect();
    if kinds.iter().all(|kind| fits(*kind)) {
        return Ok(());
    }
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    Err(fail(whole, format!("Unexpected parameters ({}) for function {name}", names.join(", "))))
}

fn check_union(inputs: &[std::sync::Arc<LogicalPlan>]) -> Result<(), Failure> {
    let Some((first, rest)) = inputs.split_first() else { return Ok(()) };
    for other in rest {
        let pairs = first.schema().fields().iter().zip(other.schema().fields());
        for (index, (left, right)) in pairs.enumerate() {
            let (Some(left), Some(right)) = (Type::of(left.data_type()), Type::of(right.data_type())) else {
                continue;
            };
            if left.common(right).is_none() {
                return Err(Failure::Unplaced(format!(
                    "column {} in UNION query has incompatible types: {}, {}",
                    index + 1,
                    left.name(),
                    right.name()
                )));
            }
        }
    }
    Ok(())
}
