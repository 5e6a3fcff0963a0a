//! Queries and their projection: translated or refused.
//!
//! Column and alias names are folded to lower case, because they are case-insensitive even in quotes; the
//! names of the result are kept beside the query as they were typed.

use datafusion::sql::sqlparser::{
    ast::{
        Cte, Distinct, Expr, Fetch, GroupByExpr, Ident, LimitClause, ObjectName, ObjectNamePart, Query,
        Select, SelectFlavor, SelectItem, SetExpr, SetOperator, SetQuantifier, Spanned, TableAlias, Value,
        WildcardAdditionalOptions,
    },
    tokenizer::{Span, Token},
};

use super::{order, tokens::position};
use crate::{
    query::failure::{Failure, Position},
    store::Store,
};

/// The name of a column of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputName {
    /// As typed.
    Typed(String),
    /// An expression without an alias: `_col` and its index.
    Anonymous,
    /// As many columns as a `*` stands for, named as their tables name them.
    Wildcard,
}

/// Translates a query in place. State that every level needs.
pub(super) struct Translator<'a> {
    pub(super) store: &'a Store,
    /// Nanoseconds since the epoch.
    pub(super) now: i64,
    /// Names of the `WITH` queries that can be seen, in lower case.
    pub(super) with: Vec<String>,
    /// Names of the parameters of the lambdas around, in lower case.
    pub(super) parameters: Vec<String>,
    /// The last place that was seen, for nodes that know none.
    pub(super) last: Position,
}

/// The statement that a first word starts, when it is one that is known and refused.
pub(super) fn refused(first: &Token) -> Option<&'static str> {
    let Token::Word(word) = first else { return None };
    Some(match word.value.to_ascii_uppercase().as_str() {
        "UNLOAD" => "UNLOAD",
        "EXPLAIN" => "EXPLAIN",
        "INSERT" => "INSERT",
        "UPDATE" => "UPDATE",
        "DELETE" => "DELETE",
        "CREATE" => "CREATE",
        "DROP" => "DROP",
        "VALUES" => "VALUES",
        _ => return None,
    })
}

/// Translates a whole query; the second value names the columns of its result.
pub(super) fn translate(query: Query, store: &Store, now: i64) -> Result<(Query, Vec<OutputName>), Failure> {
    let mut translator = Translator {
        store,
        now,
        with: Vec::new(),
        parameters: Vec::new(),
        last: Position { line: 1, column: 1 },
    };
    let names = output_names(&query.body);
    let mut query = translator.query(query)?;
    order::separate_outputs(&mut query, order::Level::Top)?;
    Ok((query, names))
}

/// A `UNION` takes its names from its first query.
fn output_names(body: &SetExpr) -> Vec<OutputName> {
    match body {
        SetExpr::Select(select) => select.projection.iter().map(output_name).collect(),
        SetExpr::Query(query) => output_names(&query.body),
        SetExpr::SetOperation { left, .. } => output_names(left),
        _ => Vec::new(),
    }
}

fn output_name(item: &SelectItem) -> OutputName {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => OutputName::Typed(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => OutputName::Typed(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map_or(OutputName::Anonymous, |name| OutputName::Typed(name.value.clone()))
        }
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => OutputName::Wildcard,
        _ => OutputName::Anonymous,
    }
}

/// An identifier as the engine gets it.
pub(super) fn folded(ident: &Ident) -> Ident {
    Ident { value: ident.value.to_lowercase(), quote_style: Some('"'), span: ident.span }
}

pub(super) fn fold_alias(alias: &mut TableAlias) -> Result<(), Failure> {
    if alias.at.is_some() || alias.columns.iter().any(|column| column.data_type.is_some()) {
        return Err(Failure::Syntax(position(alias.name.span)));
    }
    alias.name = folded(&alias.name);
    for column in &mut alias.columns {
        column.name = folded(&column.name);
    }
    Ok(())
}

impl Translator<'_> {
    /// Remembers and answers the place of a span; without one, the last that was seen.
    pub(super) fn see(&mut self, span: Span) -> Position {
        if span != Span::empty() {
            self.last = position(span);
        }
        self.last
    }

    pub(super) fn refuse<T>(&mut self, span: Span, construct: &str) -> Result<T, Failure> {
        Err(Failure::unsupported(self.see(span), construct))
    }

    pub(super) fn query(&mut self, mut query: Query) -> Result<Query, Failure> {
        let span = query.body.span();
        let outer = self.with.len();
        if let Some(with) = &mut query.with {
            if with.recursive {
                return self.refuse(with.with_token.0.span, "WITH RECURSIVE");
            }
            for cte in &mut with.cte_tables {
                self.cte(cte)?;
            }
        }
        let refused = [
            (!query.locks.is_empty(), "FOR UPDATE"),
            (query.for_clause.is_some(), "FOR"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
            (!query.pipe_operators.is_empty(), "|>"),
        ];
        if let Some((_, construct)) = refused.into_iter().find(|(present, _)| *present) {
            return self.refuse(span, construct);
        }
        *query.body = self.body(*query.body)?;
        if let Some(order_by) = query.order_by.take() {
            query.order_by = Some(self.order_by(order_by)?);
        }
        query.limit_clause = self.limit(query.limit_clause.take(), query.fetch.take())?;
        self.with.truncate(outer);
        Ok(query)
    }

    /// `LIMIT`, `OFFSET` and `FETCH FIRST`, which says the same as `LIMIT`.
    fn limit(
        &mut self,
        clause: Option<LimitClause>,
        fetch: Option<Fetch>,
    ) -> Result<Option<LimitClause>, Failure> {
        let (limit, offset) = match clause {
            None => (None, None),
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
                (limit, offset)
            }
            Some(clause) => return self.refuse(clause.span(), "This form of LIMIT"),
        };
        let limit = match (limit, fetch) {
            (limit, None) => limit,
            (None, Some(Fetch { with_ties: false, percent: false, quantity })) => {
                Some(quantity.unwrap_or(Expr::value(Value::Number("1".to_owned(), false))))
            }
            (None, Some(_)) => return Err(Failure::unsupported(self.last, "WITH TIES or PERCENT")),
            (Some(limit), Some(_)) => return Err(Failure::Syntax(self.see(limit.span()))),
        };
        let number = |expr: &Expr| matches!(expr, Expr::Value(v) if matches!(&v.value, Value::Number(n, false) if n.parse::<u64>().is_ok()));
        for count in limit.iter().chain(offset.as_ref().map(|offset| &offset.value)) {
            if !number(count) {
                return Err(Failure::Syntax(self.see(count.span())));
            }
        }
        if limit.is_none() && offset.is_none() {
            return Ok(None);
        }
        Ok(Some(LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() }))
    }

    fn cte(&mut self, cte: &mut Cte) -> Result<(), Failure> {
        if cte.from.is_some() || cte.materialized.is_some() {
            return self.refuse(cte.alias.name.span, "MATERIALIZED");
        }
        fold_alias(&mut cte.alias)?;
        self.see(cte.alias.name.span);
        *cte.query = self.nested(std::mem::replace(&mut *cte.query, empty_query()))?;
        self.with.push(cte.alias.name.value.clone());
        Ok(())
    }

    /// A query inside of another.
    pub(super) fn nested(&mut self, query: Query) -> Result<Query, Failure> {
        let mut query = self.query(query)?;
        order::separate_outputs(&mut query, order::Level::Nested)?;
        Ok(query)
    }

    fn body(&mut self, body: SetExpr) -> Result<SetExpr, Failure> {
        match body {
            SetExpr::Select(select) => Ok(SetExpr::Select(Box::new(self.select(*select)?))),
            SetExpr::Query(query) => Ok(SetExpr::Query(Box::new(self.nested(*query)?))),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let span = right.span();
                match (op, set_quantifier) {
                    (
                        SetOperator::Union,
                        SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None,
                    )
                    | (
                        SetOperator::Except | SetOperator::Intersect,
                        SetQuantifier::Distinct | SetQuantifier::None,
                    ) => {}
                    (op, quantifier) => {
                        return self.refuse(span, format!("{op} {quantifier}").trim());
                    }
                }
                Ok(SetExpr::SetOperation {
                    left: Box::new(self.branch(*left)?),
                    op,
                    set_quantifier,
                    right: Box::new(self.branch(*right)?),
                })
            }
            other => self.refuse(other.span(), "This statement"),
        }
    }

    /// One side of a `UNION`, whose names must not get in the way of its own clauses either.
    fn branch(&mut self, body: SetExpr) -> Result<SetExpr, Failure> {
        let body = self.body(body)?;
        let SetExpr::Select(_) = &body else { return Ok(body) };
        let mut query = Query { body: Box::new(body), ..empty_query() };
        order::separate_outputs(&mut query, order::Level::Nested)?;
        Ok(*query.body)
    }

    fn select(&mut self, mut select: Select) -> Result<Select, Failure> {
        let span = select.select_token.0.span;
        self.see(span);
        let refused = [
            (select.flavor != SelectFlavor::Standard, "FROM before SELECT"),
            (!select.optimizer_hints.is_empty(), "An optimizer hint"),
            (matches!(select.distinct, Some(Distinct::On(_))), "DISTINCT ON"),
            (select.select_modifiers.is_some(), "A SELECT modifier"),
            (select.top.is_some(), "TOP"),
            (select.exclude.is_some(), "EXCLUDE"),
            (select.into.is_some(), "INTO"),
            (!select.lateral_views.is_empty(), "LATERAL VIEW"),
            (select.prewhere.is_some(), "PREWHERE"),
            (!select.connect_by.is_empty(), "CONNECT BY"),
            (!select.cluster_by.is_empty(), "CLUSTER BY"),
            (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
            (!select.sort_by.is_empty(), "SORT BY"),
            (select.qualify.is_some(), "QUALIFY"),
            (select.value_table_mode.is_some(), "SELECT AS"),
            (select.projection.is_empty(), "An empty SELECT"),
        ];
        if let Some((_, construct)) = refused.into_iter().find(|(present, _)| *present) {
            return self.refuse(span, construct);
        }
        if let Some(window) = select.named_window.first() {
            return self.refuse(window.0.span, "WINDOW");
        }
        select.from = self.tables(select.from)?;
        select.projection =
            select.projection.into_iter().map(|item| self.select_item(item)).collect::<Result<_, _>>()?;
        select.selection = select.selection.map(|filter| self.expression(filter)).transpose()?;
        match &mut select.group_by {
            GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => {
                let taken = std::mem::take(expressions);
                *expressions = taken
                    .into_iter()
                    .map(|expression| self.ordinal_or(expression))
                    .collect::<Result<_, _>>()?;
            }
            _ => return self.refuse(span, "This form of GROUP BY"),
        }
        select.having = select.having.map(|filter| self.expression(filter)).transpose()?;
        Ok(select)
    }

    fn select_item(&mut self, item: SelectItem) -> Result<SelectItem, Failure> {
        match item {
            SelectItem::UnnamedExpr(expression) => Ok(SelectItem::UnnamedExpr(self.expression(expression)?)),
            SelectItem::ExprWithAlias { expr, alias } => {
                Ok(SelectItem::ExprWithAlias { expr: self.expression(expr)?, alias: folded(&alias) })
            }
            SelectItem::Wildcard(options) => {
                self.plain_wildcard(&options)?;
                Ok(SelectItem::Wildcard(options))
            }
            SelectItem::QualifiedWildcard(kind, options) => {
                use datafusion::sql::sqlparser::ast::SelectItemQualifiedWildcardKind as Kind;
                self.plain_wildcard(&options)?;
                let Kind::ObjectName(name) = kind else {
                    return self.refuse(options.wildcard_token.0.span, "This form of *");
                };
                // `database.table.*` is the same as `table.*`: tables are known by their own name.
                let Some(ObjectNamePart::Identifier(table)) = name.0.last() else {
                    return self.refuse(options.wildcard_token.0.span, "This form of *");
                };
                let name = ObjectName(vec![ObjectNamePart::Identifier(folded(table))]);
                Ok(SelectItem::QualifiedWildcard(Kind::ObjectName(name), options))
            }
            SelectItem::ExprWithAliases { expr, .. } => self.refuse(expr.span(), "More than one alias"),
        }
    }

    fn plain_wildcard(&mut self, options: &WildcardAdditionalOptions) -> Result<(), Failure> {
        if *options == WildcardAdditionalOptions::default() {
            Ok(())
        } else {
            self.refuse(options.wildcard_token.0.span, "A modifier of *")
        }
    }
}

/// Stands in while the real query is being translated.
pub(super) fn empty_query() -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Values(datafusion::sql::sqlparser::ast::Values {
            explicit_row: false,
            value_keyword: false,
            rows: Vec::new(),
        })),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
