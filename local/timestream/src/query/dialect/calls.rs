//! Calls of functions: which can be called, and the forms that are syntax rather than functions.

use datafusion::sql::sqlparser::{
    ast::{
        CaseWhen, DateTimeField, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
        FunctionArgumentList, FunctionArguments, Ident, Interval, LambdaFunction, LambdaFunctionParameter,
        LambdaSyntax, ObjectName, ObjectNamePart, OneOrManyWithParens, Spanned, Value, WindowFrame,
        WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType, helpers::attached_token::AttachedToken,
    },
    tokenizer::Span,
};

use super::{
    expression::nowhere,
    statement::{Translator, folded},
    tokens::LAMBDA,
};
use crate::query::{
    aggregates,
    call_site::CallSite,
    documented,
    failure::{Failure, Position},
    functions, lambdas,
    types::Datum,
};

/// Functions of the engine that differ from the service's in nothing but the types that they accept, which
/// the type check settles.
const CONDITIONAL: [&str; 2] = ["coalesce", "nullif"];

/// The name, when it is a single one.
pub(super) fn single_name(name: &ObjectName) -> Option<&Ident> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some(ident),
        _ => None,
    }
}

/// Whether a translated call is an aggregate.
pub(super) fn is_aggregate(function: &Function) -> bool {
    single_name(&function.name).is_some_and(|name| {
        let plain = name.value.split('\0').next().unwrap_or_default();
        aggregates::exists(plain)
    })
}

/// The arguments of a call, to change them.
pub(super) fn arguments_mut(function: &mut Function) -> impl Iterator<Item = &mut Expr> {
    let list = match &mut function.args {
        FunctionArguments::List(list) => list.args.as_mut_slice(),
        _ => &mut [],
    };
    list.iter_mut().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    })
}

fn unnamed(arguments: Vec<Expr>) -> FunctionArguments {
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: arguments
            .into_iter()
            .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
            .collect(),
        clauses: Vec::new(),
    })
}

fn plain(name: &str, span: Span, arguments: Vec<Expr>) -> Function {
    Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident {
            value: name.to_owned(),
            quote_style: Some('"'),
            span,
        })]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: unnamed(arguments),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// A field of a parameter of a lambda.
pub(super) fn field(parameter: &Ident, field: &Ident) -> Expr {
    let name = Expr::value(Value::SingleQuotedString(field.value.to_lowercase()));
    Expr::Function(plain("get_field", nowhere(), vec![Expr::Identifier(folded(parameter)), name]))
}

/// A call of a scalar function of the dialect.
pub(super) fn operator_call(name: &str, at: Position, arguments: Vec<Expr>) -> Expr {
    let site = CallSite { name: name.to_owned(), at };
    Expr::Function(plain(&site.to_string(), nowhere(), arguments))
}

fn number(value: &impl ToString) -> Expr {
    Expr::value(Value::Number(value.to_string(), false))
}

/// A literal that SQL cannot write for the engine, as a call that it folds into a constant.
pub(super) fn literal_call(datum: &Datum, at: Position) -> Expr {
    let (name, value) = match datum {
        Datum::Timestamp(nanos) => ("$timestamp", *nanos),
        Datum::DayToSecond(nanos) => ("$interval", *nanos),
        Datum::YearToMonth(months) => ("$months", i64::from(*months)),
        Datum::Date(days) => ("$date", i64::from(*days)),
        Datum::Time(nanos) => ("$time", *nanos),
        _ => return Expr::value(Value::Null),
    };
    // A negative number would be an operator of the engine on a literal; it folds that, too.
    operator_call(name, at, vec![number(&value)])
}

impl Translator<'_> {
    /// Translates a call.
    pub(super) fn function(&mut self, function: Function) -> Result<Expr, Failure> {
        let span = function.name.span();
        let at = self.see(span);
        let name = match single_name(&function.name) {
            Some(name) if name.value == LAMBDA => {
                return Err(Failure::unsupported(at, "A lambda expression in this place"));
            }
            Some(name) if !name.value.contains(['$', '\0']) => name.value.to_lowercase(),
            _ => return Err(Failure::at(at, format!("Function '{}' not registered", function.name))),
        };
        if function.uses_odbc_syntax || function.parameters != FunctionArguments::None {
            return Err(Failure::Syntax(at));
        }
        if !function.within_group.is_empty() {
            return Err(Failure::unsupported(at, "WITHIN GROUP"));
        }
        if lambdas::exists(&name) {
            if function.over.is_some() || function.filter.is_some() || function.null_treatment.is_some() {
                return Err(Failure::at(
                    at,
                    format!("Function '{name}' is not an aggregate or window function"),
                ));
            }
            return self.higher_order(&name, at, function.args);
        }
        let over = function.over.map(|over| self.window(over)).transpose()?;
        let filter = function.filter.map(|filter| self.expression(*filter)).transpose()?.map(Box::new);
        let arguments = self.arguments(&name, at, function.args)?;
        if aggregates::exists(&name) || aggregates::is_window(&name) {
            let translated = aggregate(&name, at, arguments, over.as_ref())?;
            return Ok(Expr::Function(Function {
                filter,
                over,
                null_treatment: function.null_treatment,
                ..translated
            }));
        }
        if over.is_some() || filter.is_some() || function.null_treatment.is_some() || arguments.distinct {
            return Err(Failure::at(at, format!("Function '{name}' is not an aggregate or window function")));
        }
        self.scalar(&name, span, at, arguments.expressions)
    }

    /// A call with functions among its arguments.
    fn higher_order(
        &mut self,
        name: &str,
        at: Position,
        arguments: FunctionArguments,
    ) -> Result<Expr, Failure> {
        let mistyped = || Failure::at(at, format!("Unexpected parameters for function {name}"));
        let FunctionArguments::List(list) = arguments else { return Err(mistyped()) };
        let (values, functions) = lambdas::arity(name);
        if list.args.len() != values + functions || !list.clauses.is_empty() {
            return Err(mistyped());
        }
        let mut translated = Vec::with_capacity(list.args.len());
        for (index, argument) in list.args.into_iter().enumerate() {
            translated.push(match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(function)))
                    if index >= values
                        && single_name(&function.name).is_some_and(|name| name.value == LAMBDA) =>
                {
                    self.lambda(function).ok_or_else(mistyped)??
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) if index < values => {
                    self.expression(value)?
                }
                _ => return Err(mistyped()),
            });
        }
        let site = CallSite { name: name.to_owned(), at };
        Ok(Expr::Function(plain(&site.to_string(), nowhere(), translated)))
    }

    /// A lambda expression, written as a call; none when it is not one.
    fn lambda(&mut self, function: Function) -> Option<Result<Expr, Failure>> {
        let FunctionArguments::List(list) = function.args else { return None };
        let mut parts: Vec<Expr> = Vec::with_capacity(list.args.len());
        for argument in list.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(part)) = argument else { return None };
            parts.push(part);
        }
        let body = parts.pop()?;
        let mut names = Vec::with_capacity(parts.len());
        for part in parts {
            let Expr::Identifier(name) = part else { return None };
            names.push(folded(&name));
        }
        let outer = self.parameters.len();
        self.parameters.extend(names.iter().map(|name| name.value.clone()));
        let body = self.expression(body);
        self.parameters.truncate(outer);
        let parameter = |name| LambdaFunctionParameter { name, data_type: None };
        Some(body.map(|body| {
            Expr::Lambda(LambdaFunction {
                params: OneOrManyWithParens::Many(names.into_iter().map(parameter).collect()),
                body: Box::new(body),
                syntax: LambdaSyntax::Arrow,
            })
        }))
    }

    fn scalar(
        &mut self,
        name: &str,
        span: Span,
        at: Position,
        arguments: Vec<Expr>,
    ) -> Result<Expr, Failure> {
        let now = || literal_call(&Datum::Timestamp(self.now), at);
        let count = arguments.len();
        match (name, count) {
            ("now" | "current_timestamp" | "localtimestamp", 0) => Ok(now()),
            ("current_date", 0) => Ok(operator_call("date", at, vec![now()])),
            ("current_time" | "localtime", 0) => Ok(operator_call("$cast time", at, vec![now()])),
            ("current_timezone", 0) => Ok(Expr::value(Value::SingleQuotedString("UTC".to_owned()))),
            ("ago", 1) => {
                let mut operands = vec![now()];
                operands.extend(arguments);
                Ok(operator_call("$-", at, operands))
            }
            ("pi", 0) => Ok(number(&std::f64::consts::PI)),
            ("e", 0) => Ok(number(&std::f64::consts::E)),
            ("nan" | "infinity", 0) => {
                let text = if name == "nan" { "NaN" } else { "Infinity" };
                let text = Expr::value(Value::SingleQuotedString(text.to_owned()));
                Ok(operator_call("$cast double", at, vec![text]))
            }
            ("if", 2 | 3) => {
                let mut arguments = arguments.into_iter();
                let (Some(condition), Some(result)) = (arguments.next(), arguments.next()) else {
                    return Err(Failure::Syntax(at));
                };
                Ok(conditional(condition, result, arguments.next()))
            }
            ("coalesce", 1..) | ("nullif", 2) => Ok(Expr::Function(plain(name, span, arguments))),
            _ if CONDITIONAL.contains(&name) => {
                Err(Failure::at(at, format!("Unexpected parameters for function {name}")))
            }
            _ if functions::exists(name) && count > 0 => Ok(operator_call(name, at, arguments)),
            ("row", _) => Err(Failure::unsupported(at, "ROW")),
            _ if documented::has(name) => Err(Failure::unsupported(at, &name.to_uppercase())),
            _ => Err(Failure::at(at, format!("Function '{name}' not registered"))),
        }
    }

    fn arguments(
        &mut self,
        name: &str,
        at: Position,
        arguments: FunctionArguments,
    ) -> Result<Arguments, Failure> {
        let list = match arguments {
            FunctionArguments::None => return Ok(Arguments { expressions: Vec::new(), distinct: false }),
            FunctionArguments::Subquery(_) => return Err(Failure::Syntax(at)),
            FunctionArguments::List(list) => list,
        };
        if !list.clauses.is_empty() {
            return Err(Failure::unsupported(at, &format!("A clause inside of {name}()")));
        }
        let mut expressions = Vec::with_capacity(list.args.len());
        for (index, argument) in list.args.into_iter().enumerate() {
            expressions.push(match argument {
                // Offsets must stay plain literals for the engine.
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))
                    if aggregates::is_window(name) && (index > 0 || name == "ntile") =>
                {
                    self.ordinal_or(expression)?
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => self.expression(expression)?,
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" => number(&1),
                _ => return Err(Failure::Syntax(at)),
            });
        }
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        Ok(Arguments { expressions, distinct })
    }

    fn window(&mut self, window: WindowType) -> Result<WindowType, Failure> {
        let WindowType::WindowSpec(WindowSpec { window_name: None, partition_by, order_by, window_frame }) =
            window
        else {
            return Err(Failure::unsupported(self.last, "WINDOW"));
        };
        let partition_by = self.all(partition_by)?;
        let mut ordering = Vec::with_capacity(order_by.len());
        for mut term in order_by {
            term.expr = self.expression(term.expr)?;
            ordering.push(term);
        }
        if let Some(frame) = &window_frame {
            self.frame(frame)?;
        }
        Ok(WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by,
            order_by: ordering,
            window_frame,
        }))
    }

    /// Rows before and after may be counted; a range is unbounded, ends at the current row, or is an interval away.
    fn frame(&mut self, frame: &WindowFrame) -> Result<(), Failure> {
        for bound in [Some(&frame.start_bound), frame.end_bound.as_ref()].into_iter().flatten() {
            let (WindowFrameBound::Preceding(Some(count)) | WindowFrameBound::Following(Some(count))) = bound
            else {
                continue;
            };
            if frame.units == WindowFrameUnits::Range && is_whole_interval(count) {
                continue;
            }
            let counted = matches!(&**count, Expr::Value(value) if matches!(value.value, Value::Number(..)));
            if frame.units != WindowFrameUnits::Rows || !counted {
                return Err(Failure::unsupported(self.last, "This window frame"));
            }
        }
        Ok(())
    }
}

/// Whether an expression is an interval such as `INTERVAL '10' MINUTE`, which the engine reads as it is.
fn is_whole_interval(expression: &Expr) -> bool {
    let Expr::Interval(Interval {
        value,
        leading_field:
            Some(
                DateTimeField::Second
                | DateTimeField::Minute
                | DateTimeField::Hour
                | DateTimeField::Day
                | DateTimeField::Millisecond,
            ),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    }) = expression
    else {
        return false;
    };
    matches!(&**value, Expr::Value(count) if matches!(&count.value, Value::SingleQuotedString(digits)
        if !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|byte| byte.is_ascii_digit())))
}

/// A call of an aggregate or window function; `over` is what stands in its `OVER`.
fn aggregate(
    name: &str,
    at: Position,
    arguments: Arguments,
    over: Option<&WindowType>,
) -> Result<Function, Failure> {
    let Arguments { mut expressions, distinct } = arguments;
    if aggregates::is_window(name) && over.is_none() {
        return Err(Failure::at(at, format!("Window function {name} requires an OVER clause")));
    }
    if distinct && (over.is_some() || !aggregates::takes_distinct(name)) {
        return Err(Failure::unsupported(at, &format!("DISTINCT in {name}")));
    }
    if documented::has_form(name, expressions.len()) {
        return Err(Failure::unsupported(at, &format!("{name} of {} arguments", expressions.len())));
    }
    if !aggregates::arity(name).contains(&expressions.len()) {
        return Err(Failure::at(at, format!("Unexpected parameters for function {name}")));
    }
    if name == "count_if" {
        let condition = expressions.pop().unwrap_or(Expr::value(Value::Null));
        expressions.push(conditional(condition, number(&1), None));
    }
    let spelled = aggregates::spelled(name, at, distinct);
    let mut function = plain(&spelled, nowhere(), expressions);
    if let (true, FunctionArguments::List(list)) = (distinct, &mut function.args) {
        list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
    }
    Ok(function)
}

struct Arguments {
    expressions: Vec<Expr>,
    distinct: bool,
}

/// `CASE WHEN condition THEN result ELSE otherwise END`.
fn conditional(condition: Expr, result: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result }],
        else_result: otherwise.map(Box::new),
    }
}
