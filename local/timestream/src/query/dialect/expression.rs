//! Expressions: translated or refused.
//!
//! Operators and casts become calls of the dialect's own functions, so that they compute, and fail, as the
//! service's do. Comparisons and logic stay the engine's, because it derives joins and time bounds from them.

use datafusion::sql::sqlparser::{
    ast::{
        AccessExpr, BinaryOperator, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, ExtractSyntax,
        Ident, Interval, Spanned, Subscript, TimezoneInfo, TrimWhereField, TypedString, UnaryOperator, Value,
        ValueWithSpan,
    },
    tokenizer::Span,
};

use super::{
    calls::{self, literal_call, operator_call},
    statement::{Translator, folded},
};
use crate::query::{
    failure::{Failure, Position},
    functions,
    types::{Datum, Type},
};

/// What `EXTRACT` takes out of a time; each is a function of that name.
const EXTRACTED: [&str; 14] = [
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "day_of_month",
    "day_of_week",
    "dow",
    "day_of_year",
    "doy",
    "yow",
    "hour",
    "minute",
    "second",
];

impl Translator<'_> {
    /// Translates one expression.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    pub(super) fn expression(&mut self, expression: Expr) -> Result<Expr, Failure> {
        let span = expression.span();
        let at = self.see(span);
        let refuse = |construct: &str| Err(Failure::unsupported(at, construct));
        Ok(match expression {
            Expr::Identifier(name) => Expr::Identifier(folded(&name)),
            Expr::CompoundIdentifier(parts) => self.qualified(&parts)?,
            Expr::Nested(inner) => Expr::Nested(self.boxed(inner)?),
            Expr::Value(value) => self.value(value)?,
            Expr::TypedString(literal) => typed_string(&literal, at)?,
            Expr::Interval(interval) => self.interval(interval)?,
            Expr::IsNull(inner) => Expr::IsNull(self.boxed(inner)?),
            Expr::IsNotNull(inner) => Expr::IsNotNull(self.boxed(inner)?),
            Expr::IsDistinctFrom(left, right) => Expr::IsDistinctFrom(self.boxed(left)?, self.boxed(right)?),
            Expr::IsNotDistinctFrom(left, right) => {
                Expr::IsNotDistinctFrom(self.boxed(left)?, self.boxed(right)?)
            }
            Expr::InList { expr, list, negated } => {
                Expr::InList { expr: self.boxed(expr)?, list: self.all(list)?, negated }
            }
            Expr::InSubquery { expr, subquery, negated } => Expr::InSubquery {
                expr: self.boxed(expr)?,
                subquery: Box::new(self.nested(*subquery)?),
                negated,
            },
            Expr::Exists { subquery, negated } => {
                Expr::Exists { subquery: Box::new(self.nested(*subquery)?), negated }
            }
            Expr::Subquery(query) => Expr::Subquery(Box::new(self.nested(*query)?)),
            Expr::Between { expr, negated, low, high } => Expr::Between {
                expr: self.boxed(expr)?,
                negated,
                low: self.boxed(low)?,
                high: self.boxed(high)?,
            },
            Expr::BinaryOp { left, op, right } => self.binary(*left, op, *right)?,
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Expr::UnaryOp { op: UnaryOperator::Not, expr: self.boxed(expr)? }
            }
            Expr::UnaryOp { op: UnaryOperator::Plus, expr } => self.expression(*expr)?,
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
                let operand = self.expression(*expr)?;
                operator_call("$minus", at, vec![operand])
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let mut arguments = vec![self.expression(*expr)?, self.expression(*pattern)?];
                arguments.extend(escape_char.map(Expr::Value));
                let like = operator_call("$like", at, arguments);
                if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(like) } } else { like }
            }
            Expr::Cast { kind, expr, data_type, array: false, format: None } => {
                let prefix = match kind {
                    CastKind::Cast => "$cast",
                    CastKind::TryCast => "$try_cast",
                    CastKind::SafeCast => return refuse("SAFE_CAST"),
                    CastKind::DoubleColon => return refuse("::"),
                };
                let Some(target) = cast_target(&data_type) else {
                    let name = data_type.to_string();
                    let nested = ["ROW", "ARRAY", "MAP"]
                        .into_iter()
                        .find(|nested| name.to_uppercase().starts_with(nested));
                    return match nested {
                        Some(nested) => refuse(&format!("A cast to {nested}")),
                        None => Err(Failure::at(at, format!("Unknown type: {name}"))),
                    };
                };
                let operand = self.expression(*expr)?;
                operator_call(&format!("{prefix} {}", target.name()), at, vec![operand])
            }
            Expr::Function(function) => self.function(function)?,
            Expr::Case { case_token, end_token, operand, conditions, else_result } => {
                let operand = operand.map(|operand| self.boxed(operand)).transpose()?;
                let mut translated = Vec::with_capacity(conditions.len());
                for mut condition in conditions {
                    condition.condition = self.expression(condition.condition)?;
                    condition.result = self.expression(condition.result)?;
                    translated.push(condition);
                }
                let else_result = else_result.map(|result| self.boxed(result)).transpose()?;
                Expr::Case { case_token, end_token, operand, conditions: translated, else_result }
            }
            call @ (Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }) => self.spelled_out(call, at)?,
            Expr::Array(array) if array.named && !array.elem.is_empty() => {
                let elements = self.all(array.elem)?;
                operator_call("$array", at, elements)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                let mut value = self.expression(*root)?;
                for access in access_chain {
                    let AccessExpr::Subscript(Subscript::Index { index }) = access else {
                        return refuse("This form of []");
                    };
                    let index = self.expression(index)?;
                    value = operator_call("$[]", at, vec![value, index]);
                }
                value
            }
            Expr::Array(_) => return refuse("An empty ARRAY"),
            Expr::Tuple(_) => return refuse("ROW"),
            Expr::Rollup(sets) => Expr::Rollup(self.grouping_sets(sets)?),
            Expr::Cube(sets) => Expr::Cube(self.grouping_sets(sets)?),
            Expr::GroupingSets(sets) => Expr::GroupingSets(self.grouping_sets(sets)?),
            Expr::AtTimeZone { .. } => return refuse("AT TIME ZONE"),
            Expr::ILike { .. } => return refuse("ILIKE"),
            Expr::SimilarTo { .. } => return refuse("SIMILAR TO"),
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => {
                self.among(*left, *right, false)?
            }
            Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => {
                self.among(*left, *right, true)?
            }
            Expr::AnyOp { .. } | Expr::AllOp { .. } => {
                return refuse("A quantified comparison other than = ANY and <> ALL");
            }
            other => return refuse(&format!("The expression {other}")),
        })
    }

    /// The columns by which `ROLLUP`, `CUBE` and `GROUPING SETS` group.
    fn grouping_sets(&mut self, sets: Vec<Vec<Expr>>) -> Result<Vec<Vec<Expr>>, Failure> {
        let mut translated = Vec::with_capacity(sets.len());
        for set in sets {
            if let Some(number) = set.iter().find(|part| matches!(part, Expr::Value(_))) {
                let at = self.see(number.span());
                return Err(Failure::unsupported(at, "The position of an output in a grouping set"));
            }
            translated.push(self.all(set)?);
        }
        Ok(translated)
    }

    /// `= ANY` and `<> ALL` say what `IN` and `NOT IN` do.
    fn among(&mut self, left: Expr, right: Expr, negated: bool) -> Result<Expr, Failure> {
        let Expr::Subquery(subquery) = right else {
            return Err(Failure::unsupported(self.last, "A quantified comparison without a subquery"));
        };
        let expr = Box::new(self.expression(left)?);
        Ok(Expr::InSubquery { expr, subquery: Box::new(self.nested(*subquery)?), negated })
    }

    fn boxed(&mut self, expression: Box<Expr>) -> Result<Box<Expr>, Failure> {
        self.expression(*expression).map(Box::new)
    }

    pub(super) fn all(&mut self, expressions: Vec<Expr>) -> Result<Vec<Expr>, Failure> {
        expressions.into_iter().map(|expression| self.expression(expression)).collect()
    }

    /// `table.column` and `database.table.column`; a table is known by its own name.
    fn qualified(&mut self, parts: &[Ident]) -> Result<Expr, Failure> {
        if let [parameter, field] = parts
            && self.parameters.contains(&parameter.value.to_lowercase())
        {
            return Ok(calls::field(parameter, field));
        }
        let ([table, column] | [_, table, column]) = parts else {
            return Err(Failure::unsupported(self.last, "A name of more than three parts"));
        };
        Ok(Expr::CompoundIdentifier(vec![folded(table), folded(column)]))
    }

    fn value(&mut self, value: ValueWithSpan) -> Result<Expr, Failure> {
        let at = self.see(value.span);
        match &value.value {
            Value::Number(digits, false) if digits.chars().all(|digit| digit.is_ascii_digit()) => {
                let number: i64 = digits
                    .parse()
                    .map_err(|_| Failure::at(at, format!("Invalid numeric literal: {digits}")))?;
                // The engine takes every literal for a bigint; here it is an integer where it fits.
                if i32::try_from(number).is_ok() { Ok(integer(value)) } else { Ok(Expr::Value(value)) }
            }
            Value::Number(digits, false) => match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Expr::Value(value)),
                _ => Err(Failure::at(at, format!("Invalid numeric literal: {digits}"))),
            },
            Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => Ok(Expr::Value(value)),
            _ => Err(Failure::Syntax(at)),
        }
    }

    fn interval(&mut self, interval: Interval) -> Result<Expr, Failure> {
        let at = self.last;
        let Interval {
            value,
            leading_field: Some(unit),
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return Err(Failure::unsupported(at, "This form of INTERVAL"));
        };
        let (sign, literal) = match *value {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => ("-", *expr),
            Expr::UnaryOp { op: UnaryOperator::Plus, expr } => ("", *expr),
            other => ("", other),
        };
        let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(count), span }) = literal else {
            return Err(Failure::unsupported(at, "This form of INTERVAL"));
        };
        let at = self.see(span);
        let unit = unit.to_string();
        functions::parse_interval(&format!("{sign}{count}"), &unit)
            .map(|interval| literal_call(&interval, at))
            .ok_or_else(|| Failure::at(at, format!("Invalid INTERVAL literal: '{count}' {unit}")))
    }

    /// A chain such as `a OR b OR c` leans to the left and may be thousands long: it is walked, not descended.
    fn binary(&mut self, left: Expr, op: BinaryOperator, right: Expr) -> Result<Expr, Failure> {
        let mut pending = vec![(op, right)];
        let mut first = left;
        while let Expr::BinaryOp { left, op, right } = first {
            pending.push((op, *right));
            first = *left;
        }
        let mut result = self.expression(first)?;
        while let Some((op, right)) = pending.pop() {
            let at = self.last;
            let right = self.expression(right)?;
            result = match op {
                BinaryOperator::And
                | BinaryOperator::Or
                | BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq => {
                    Expr::BinaryOp { left: Box::new(result), op, right: Box::new(right) }
                }
                BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
                | BinaryOperator::StringConcat => operator_call(&format!("${op}"), at, vec![result, right]),
                other => return Err(Failure::unsupported(at, &format!("The operator {other}"))),
            };
        }
        Ok(result)
    }

    /// Functions whose arguments have a syntax of their own.
    fn spelled_out(&mut self, call: Expr, at: Position) -> Result<Expr, Failure> {
        Ok(match call {
            Expr::Extract { field, syntax: ExtractSyntax::From, expr } => {
                let operand = self.expression(*expr)?;
                let field = field.to_string().to_lowercase();
                if !EXTRACTED.contains(&field.as_str()) {
                    return Err(Failure::unsupported(at, &format!("EXTRACT({})", field.to_uppercase())));
                }
                operator_call(&field, at, vec![operand])
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                let operand = self.expression(*expr)?;
                operator_call("ceil", at, vec![operand])
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                let operand = self.expression(*expr)?;
                operator_call("floor", at, vec![operand])
            }
            Expr::Position { expr, r#in } => {
                let arguments = vec![self.expression(*r#in)?, self.expression(*expr)?];
                operator_call("strpos", at, arguments)
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let mut arguments = vec![self.expression(*expr)?, self.expression(*from)?];
                if let Some(count) = substring_for {
                    arguments.push(self.expression(*count)?);
                }
                operator_call("substr", at, arguments)
            }
            Expr::Trim { trim_where, trim_what: None, expr, trim_characters: None } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let operand = self.expression(*expr)?;
                operator_call(name, at, vec![operand])
            }
            other => return Err(Failure::unsupported(at, &format!("The expression {other}"))),
        })
    }
}

/// An integer literal with the type that it has here.
fn integer(value: ValueWithSpan) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::Value(value)),
        data_type: DataType::Int(None),
        array: false,
        format: None,
    }
}

fn typed_string(literal: &TypedString, at: Position) -> Result<Expr, Failure> {
    let (Some(target), Value::SingleQuotedString(text)) =
        (cast_target(&literal.data_type), &literal.value.value)
    else {
        return Err(Failure::Syntax(at));
    };
    if matches!(target, Type::Boolean | Type::Integer | Type::Bigint | Type::Double | Type::Varchar) {
        return Ok(operator_call(
            &format!("$cast {}", target.name()),
            at,
            vec![Expr::Value(literal.value.clone())],
        ));
    }
    let datum: Datum = functions::literal(target, text).map_err(|message| Failure::at(at, message))?;
    Ok(literal_call(&datum, at))
}

/// The type that a cast names; a type that stands in quotes came from [`super::tokens`].
fn cast_target(data_type: &DataType) -> Option<Type> {
    Some(match data_type {
        DataType::Boolean => Type::Boolean,
        DataType::Int(None) | DataType::Integer(None) => Type::Integer,
        DataType::BigInt(None) => Type::Bigint,
        DataType::Double(_) => Type::Double,
        DataType::Varchar(None) => Type::Varchar,
        DataType::Date => Type::Date,
        DataType::Timestamp(None, TimezoneInfo::None) => Type::Timestamp,
        DataType::Time(None, TimezoneInfo::None) => Type::Time,
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            match calls::single_name(name)?.value.to_lowercase().as_str() {
                "timestamp" => Type::Timestamp,
                "date" => Type::Date,
                "time" => Type::Time,
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// A span that says nothing.
pub(super) fn nowhere() -> Span {
    Span::empty()
}
