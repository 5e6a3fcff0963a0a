//! Which column a name in `GROUP BY`, `HAVING` and `ORDER BY` means.
//!
//! The engine lets a select list's alias be seen in `GROUP BY` and `HAVING`; Timestream does not. In `ORDER BY`
//! an alias comes first in both, but not inside of an aggregate. Outputs therefore get internal names that no
//! clause can spell, and `ORDER BY` is pointed to them here. It also lets two outputs have one name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, TableAlias,
    TableFactor, TableWithJoins, Value, visit_expressions,
};

use super::{
    calls,
    statement::{Translator, empty_query},
    tokens::position,
};
use crate::query::failure::Failure;

/// Where a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Its outputs are the result: nobody refers to them by name.
    Top,
    /// Its outputs are columns of another query, which must keep their names.
    Nested,
}

/// One output of a select list.
struct Output {
    /// The name in lower case, where it has one.
    name: Option<String>,
    /// The internal name.
    internal: Ident,
    expression: Expr,
}

impl Translator<'_> {
    /// An `ORDER BY`; a bare number is the position of an output.
    pub(super) fn order_by(&mut self, mut order_by: OrderBy) -> Result<OrderBy, Failure> {
        let OrderByKind::Expressions(expressions) = &mut order_by.kind else {
            return Err(Failure::unsupported(self.last, "ORDER BY ALL"));
        };
        if order_by.interpolate.is_some() || expressions.iter().any(|term| term.with_fill.is_some()) {
            return Err(Failure::unsupported(self.last, "WITH FILL"));
        }
        for term in expressions {
            let taken = std::mem::replace(&mut term.expr, Expr::value(Value::Null));
            term.expr = self.ordinal_or(taken)?;
        }
        Ok(order_by)
    }

    /// An expression, or the position of an output, which stays as it is.
    pub(super) fn ordinal_or(&mut self, expression: Expr) -> Result<Expr, Failure> {
        match &expression {
            Expr::Value(value) if matches!(&value.value, Value::Number(..)) => Ok(expression),
            _ => self.expression(expression),
        }
    }
}

/// Gives the outputs of a translated query internal names where that changes what a name means.
pub(super) fn separate_outputs(query: &mut Query, level: Level) -> Result<(), Failure> {
    let SetExpr::Select(select) = &mut *query.body else { return Ok(()) };
    let Some(outputs) = outputs(select) else { return Ok(()) };
    if level == Level::Nested && !collides(select, &outputs) {
        return Ok(());
    }
    select.projection = outputs
        .iter()
        .map(|output| SelectItem::ExprWithAlias {
            expr: output.expression.clone(),
            alias: output.internal.clone(),
        })
        .collect();
    if let Some(OrderBy { kind: OrderByKind::Expressions(terms), .. }) = &mut query.order_by {
        for term in terms {
            point_to_outputs(&mut term.expr, &outputs)?;
        }
    }
    if level == Level::Nested {
        restore_names(query, &outputs);
    }
    Ok(())
}

/// The outputs; none when a `*` is among them.
fn outputs(select: &Select) -> Option<Vec<Output>> {
    select
        .projection
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let (expression, name) = match item {
                SelectItem::UnnamedExpr(expression) => (expression, plain_name(expression)),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
                _ => return None,
            };
            let internal = Ident::with_quote('"', format!("\0{index}"));
            Some(Output { name, internal, expression: expression.clone() })
        })
        .collect()
}

fn plain_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.clone()),
        _ => None,
    }
}

/// Whether an alias hides a column that `GROUP BY` or `HAVING` names, or two outputs share a name.
fn collides(select: &Select, outputs: &[Output]) -> bool {
    let aliases: Vec<&str> = outputs
        .iter()
        .filter(|output| plain_name(&output.expression) != output.name)
        .filter_map(|output| output.name.as_deref())
        .collect();
    let hides = |expression: &Expr| {
        visit_expressions(expression, |part| match part {
            Expr::Identifier(name) if aliases.contains(&name.value.as_str()) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    };
    let grouped = match &select.group_by {
        GroupByExpr::Expressions(expressions, _) => expressions.iter().any(hides),
        GroupByExpr::All(_) => false,
    };
    let mut names: Vec<_> = outputs.iter().filter_map(|output| output.name.as_deref()).collect();
    let total = names.len();
    names.sort_unstable();
    names.dedup();
    grouped || select.having.as_ref().is_some_and(hides) || names.len() < total
}

/// Replaces names of outputs by their internal names, but not inside of aggregates, which see the tables only.
fn point_to_outputs(expression: &mut Expr, outputs: &[Output]) -> Result<(), Failure> {
    if let Expr::Function(function) = expression
        && function.over.is_none()
        && calls::is_aggregate(function)
    {
        return Ok(());
    }
    if let Expr::Identifier(name) = expression {
        let mut matching = outputs.iter().filter(|output| output.name.as_ref() == Some(&name.value));
        if let Some(first) = matching.next() {
            if matching.any(|other| other.expression != first.expression) {
                return Err(Failure::at(
                    position(name.span),
                    format!("Column '{}' is ambiguous", name.value),
                ));
            }
            *name = first.internal.clone();
        }
        return Ok(());
    }
    children(expression, outputs)
}

fn children(expression: &mut Expr, outputs: &[Output]) -> Result<(), Failure> {
    let visit = |child: &mut Expr| point_to_outputs(child, outputs);
    match expression {
        Expr::Nested(inner)
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Cast { expr: inner, .. }
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner) => visit(inner),
        Expr::BinaryOp { left, right, .. } => {
            visit(left)?;
            visit(right)
        }
        Expr::Function(function) if function.over.is_none() => {
            calls::arguments_mut(function).try_for_each(visit)
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            operand.iter_mut().try_for_each(|operand| visit(operand))?;
            for condition in conditions {
                visit(&mut condition.condition)?;
                visit(&mut condition.result)?;
            }
            else_result.iter_mut().try_for_each(|result| visit(result))
        }
        other => without_aliases(other, outputs),
    }
}

/// Whatever else has parts stays as it is, unless it names an alias: that would then mean the table's column.
fn without_aliases(expression: &Expr, outputs: &[Output]) -> Result<(), Failure> {
    let aliased = |name: &Ident| {
        outputs.iter().any(|output| {
            output.name.as_ref() == Some(&name.value) && plain_name(&output.expression) != output.name
        })
    };
    let found = visit_expressions(expression, |part| match part {
        Expr::Identifier(name) if aliased(name) => ControlFlow::Break(name.clone()),
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(name) => Err(Failure::unsupported(
            position(name.span),
            &format!("The alias '{}' here in ORDER BY", name.value),
        )),
    }
}

/// Wraps the query into one that gives the outputs their names back.
fn restore_names(query: &mut Query, outputs: &[Output]) {
    let inner = std::mem::replace(query, empty_query());
    let SetExpr::Select(select) = &*inner.body else { return };
    let mut outer = Select::clone(select);
    outer.distinct = None;
    outer.selection = None;
    outer.having = None;
    outer.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    outer.projection = outputs
        .iter()
        .map(|output| {
            let expr = Expr::Identifier(output.internal.clone());
            match &output.name {
                Some(name) => SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', name) },
                None => SelectItem::UnnamedExpr(expr),
            }
        })
        .collect();
    let alias =
        TableAlias { explicit: true, name: Ident::with_quote('"', "\0"), columns: Vec::new(), at: None };
    outer.from = vec![TableWithJoins {
        relation: TableFactor::Derived {
            lateral: false,
            subquery: Box::new(inner),
            alias: Some(alias),
            sample: None,
        },
        joins: Vec::new(),
    }];
    *query = Query { body: Box::new(SetExpr::Select(Box::new(outer))), ..empty_query() };
}
