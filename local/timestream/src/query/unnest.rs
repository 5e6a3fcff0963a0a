//! `CROSS JOIN UNNEST(…)`: a row for each element of an array, or point of a time series.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/timeseries-specific-constructs.views.html>
//!
//! The engine's own `UNNEST` cannot see the tables to its left. [`super::dialect`] therefore puts them and the
//! `UNNEST` into parentheses of their own, which are planned here at once.

use datafusion::{
    common::{Column, TableReference, UnnestOptions},
    error::Result,
    functions::core,
    logical_expr::{
        Expr, ExprSchemable, LogicalPlanBuilder, lit,
        planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning},
    },
    sql::sqlparser::ast::{Join, TableAlias, TableFactor},
};

use super::{check, failure::Failure, types::Type};

/// The name of the column while it is taken apart, and of the relation where it has none; no query can spell it.
const UNNAMED: &str = "\0unnest";

/// Plans `UNNEST` and whatever stands to its left.
#[derive(Debug)]
pub struct Unnest;

impl RelationPlanner for Unnest {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (left, unnest) = match relation {
            unnest @ TableFactor::UNNEST { .. } => (LogicalPlanBuilder::empty(true).build()?, unnest),
            TableFactor::NestedJoin { mut table_with_joins, alias: None }
                if matches!(
                    table_with_joins.joins.last(),
                    Some(Join { relation: TableFactor::UNNEST { .. }, .. })
                ) =>
            {
                let Some(Join { relation: unnest, .. }) = table_with_joins.joins.pop() else {
                    return Err(Failure::Internal("no join in a join".to_owned()).into());
                };
                let left = if table_with_joins.joins.is_empty() {
                    table_with_joins.relation
                } else {
                    TableFactor::NestedJoin { table_with_joins, alias: None }
                };
                (context.plan(left)?, unnest)
            }
            other => return Ok(RelationPlanning::Original(Box::new(other))),
        };
        let TableFactor::UNNEST { alias, array_exprs, .. } = unnest else {
            return Err(Failure::Internal("no UNNEST".to_owned()).into());
        };
        let Some(array) = array_exprs.into_iter().next() else {
            return Err(Failure::Internal("UNNEST of nothing".to_owned()).into());
        };
        let array = context.sql_to_expr(array, left.schema())?;
        let kind = Type::of(&array.get_type(left.schema())?);
        let kept: Vec<Expr> = left.schema().columns().into_iter().map(Expr::Column).collect();
        let element = Expr::Column(Column::from_name(UNNAMED));
        let field = |name: &str| core::get_field().call(vec![element.clone(), lit(name)]);
        let parts = match kind {
            Some(Type::Timeseries(_)) => vec![("time", field("time")), ("value", field("value"))],
            Some(Type::Array(_)) => vec![("", element.clone())],
            _ => {
                let kind = kind.map_or("this type", Type::name);
                return Err(
                    Failure::placed(check::place(&array), format!("Cannot unnest type: {kind}")).into()
                );
            }
        };
        let (relation, names) = names(alias, &parts)?;
        let mut before = kept.clone();
        before.push(array.alias(UNNAMED));
        let mut after = kept;
        after.extend(parts.into_iter().zip(names).map(|((_, part), name)| {
            part.alias_qualified(Some(TableReference::bare(relation.clone())), name)
        }));
        let plan = LogicalPlanBuilder::from(left)
            .project(before)?
            .unnest_column_with_options(
                Column::from_name(UNNAMED),
                UnnestOptions::new().with_preserve_nulls(false),
            )?
            .project(after)?
            .build()?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, None))))
    }
}

/// The name of the relation and those of its columns.
fn names(alias: Option<TableAlias>, parts: &[(&str, Expr)]) -> Result<(String, Vec<String>)> {
    let own = || parts.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let Some(alias) = alias else { return Ok((UNNAMED.to_owned(), own())) };
    let named: Vec<String> = alias.columns.into_iter().map(|column| column.name.value).collect();
    match named.len() {
        0 => Ok((alias.name.value, own())),
        count if count == parts.len() => Ok((alias.name.value, named)),
        count => Err(Failure::Unplaced(format!(
            "Column alias list has {count} entries but '{}' has {} columns available",
            alias.name.value,
            parts.len()
        ))
        .into()),
    }
}
