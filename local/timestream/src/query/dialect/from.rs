//! `FROM`: tables, subqueries and joins, translated or refused.

use datafusion::sql::sqlparser::{
    ast::{
        Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Spanned, TableAlias,
        TableFactor, TableWithJoins, Value,
    },
    tokenizer::Span,
};

use super::statement::{Translator, empty_query, fold_alias, folded};
use crate::query::{failure::Failure, names};

fn exact(value: &str, span: Span) -> ObjectNamePart {
    ObjectNamePart::Identifier(Ident { value: value.to_owned(), quote_style: Some('"'), span })
}

/// Puts the tables so far into parentheses, of which the last is an `UNNEST`.
fn enclose(table: &mut TableWithJoins) {
    let joins = std::mem::take(&mut table.joins);
    let empty =
        TableFactor::Derived { lateral: false, subquery: Box::new(empty_query()), alias: None, sample: None };
    let relation = std::mem::replace(&mut table.relation, empty);
    table.relation = TableFactor::NestedJoin {
        table_with_joins: Box::new(TableWithJoins { relation, joins }),
        alias: None,
    };
}

impl Translator<'_> {
    pub(super) fn table_with_joins(&mut self, table: &mut TableWithJoins) -> Result<(), Failure> {
        self.table_factor(&mut table.relation)?;
        let joins = std::mem::take(&mut table.joins);
        for mut join in joins {
            let unnests = matches!(join.relation, TableFactor::UNNEST { .. });
            self.join(&mut join)?;
            if unnests && !matches!(join.join_operator, JoinOperator::CrossJoin(_)) {
                return self.refuse(join.relation.span(), "UNNEST in a join other than CROSS JOIN");
            }
            table.joins.push(join);
            if unnests {
                enclose(table);
            }
        }
        Ok(())
    }

    /// Tables that are separated by commas. An `UNNEST` among them sees those to its left.
    pub(super) fn tables(&mut self, tables: Vec<TableWithJoins>) -> Result<Vec<TableWithJoins>, Failure> {
        let mut translated: Vec<TableWithJoins> = Vec::with_capacity(tables.len());
        for mut table in tables {
            if let (TableFactor::UNNEST { .. }, false) = (&table.relation, translated.is_empty()) {
                let relation = table.relation.clone();
                return self.refuse(relation.span(), "UNNEST after a comma");
            }
            self.table_with_joins(&mut table)?;
            translated.push(table);
        }
        Ok(translated)
    }

    fn join(&mut self, join: &mut Join) -> Result<(), Failure> {
        self.table_factor(&mut join.relation)?;
        let span = join.relation.span();
        if join.global {
            return self.refuse(span, "GLOBAL JOIN");
        }
        let constraint = match &mut join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint) => constraint,
            JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint) => {
                // The engine takes the left column for the common one, which is null here.
                if matches!(constraint, JoinConstraint::Using(_)) {
                    return self.refuse(span, "USING in a RIGHT or FULL JOIN");
                }
                constraint
            }
            JoinOperator::CrossJoin(JoinConstraint::None) => return Ok(()),
            _ => return self.refuse(span, "This kind of JOIN"),
        };
        match constraint {
            JoinConstraint::On(condition) => {
                let taken = std::mem::replace(condition, Expr::value(Value::Null));
                *condition = self.expression(taken)?;
                Ok(())
            }
            JoinConstraint::Using(columns) => {
                for column in columns {
                    let [ObjectNamePart::Identifier(name)] = column.0.as_slice() else {
                        return self.refuse(span, "A qualified column in USING");
                    };
                    *column = ObjectName(vec![ObjectNamePart::Identifier(folded(name))]);
                }
                Ok(())
            }
            JoinConstraint::Natural => self.refuse(span, "NATURAL JOIN"),
            JoinConstraint::None => self.refuse(span, "A JOIN without ON or USING"),
        }
    }

    fn table_factor(&mut self, factor: &mut TableFactor) -> Result<(), Failure> {
        let span = factor.span();
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                if let Some(alias) = alias.as_mut() {
                    fold_alias(alias)?;
                }
                self.table_name(name, alias)
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                if let Some(alias) = alias.as_mut() {
                    fold_alias(alias)?;
                }
                **subquery = self.nested(std::mem::replace(&mut **subquery, empty_query()))?;
                Ok(())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.table_with_joins(table_with_joins)
            }
            TableFactor::UNNEST {
                alias, array_exprs, with_offset: false, with_ordinality: false, ..
            } if array_exprs.len() == 1 => {
                if let Some(alias) = alias.as_mut() {
                    fold_alias(alias)?;
                }
                *array_exprs = self.all(std::mem::take(array_exprs))?;
                Ok(())
            }
            TableFactor::UNNEST { with_ordinality: true, .. } => self.refuse(span, "WITH ORDINALITY"),
            TableFactor::UNNEST { .. } => self.refuse(span, "UNNEST of several values"),
            TableFactor::Derived { lateral: true, .. } => self.refuse(span, "LATERAL"),
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                self.refuse(span, "TABLESAMPLE")
            }
            TableFactor::Table { args: Some(_), name, .. } => {
                let construct = name.to_string().to_uppercase();
                self.refuse(span, &construct)
            }
            _ => self.refuse(span, "This kind of table"),
        }
    }

    /// Finds the table that a name means and gives it the alias by which its columns are qualified.
    fn table_name(&mut self, name: &mut ObjectName, alias: &mut Option<TableAlias>) -> Result<(), Failure> {
        let identifier = name.to_string().replace('"', "");
        let mut parts = Vec::new();
        for part in &name.0 {
            let ObjectNamePart::Identifier(ident) = part else {
                return self.refuse(name.span(), "This kind of table");
            };
            parts.push(ident);
        }
        let (database, table) = match parts.as_slice() {
            [table] => {
                let at = self.see(table.span);
                if !self.with.contains(&table.value.to_lowercase()) {
                    return Err(Failure::at(
                        at,
                        format!("Database must be specified for table '{}'", table.value),
                    ));
                }
                *name = ObjectName(vec![ObjectNamePart::Identifier(folded(table))]);
                return Ok(());
            }
            [database, table] => (*database, *table),
            _ => return self.refuse(name.span(), "A name of more than two parts"),
        };
        let at = self.see(database.span);
        let found = names::table(self.store, &database.value, &table.value, &identifier, at)?;
        if alias.is_none() {
            *alias = Some(TableAlias { explicit: true, name: folded(table), columns: Vec::new(), at: None });
        }
        *name = ObjectName(vec![exact(&found.database, database.span), exact(&found.table, table.span)]);
        Ok(())
    }
}
