//! Spellings of Timestream that standard SQL has not, rewritten token by token; places stay as they are.
//!
//! - `5m` is an interval: `INTERVAL '5' MINUTE`.
//! - `measure_value::double` is the name of a column: `"measure_value::double"`. There is no cast `::`.
//! - `interval`, `time`, `date`, `timestamp` and `user` are names unless a literal follows.
//! - After `AS` every word is a name that the guide does not reserve.
//! - One semicolon may end the query.
//! - `(s, x) -> s + x` is a call of [`LAMBDA`]: `"$lambda"("s", "x", s + x)`.

use datafusion::sql::sqlparser::{
    dialect::GenericDialect,
    keywords::Keyword,
    tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word},
};

use crate::query::failure::{Failure, Position};

const MEASURE_TYPES: [&str; 5] = ["double", "bigint", "boolean", "varchar", "timestamp"];

/// The words that are no names without quotes, sorted.
/// <https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html#limits.reserved_keywords>
const RESERVED: [&str; 69] = [
    "ALTER",
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEALLOCATE",
    "DELETE",
    "DESCRIBE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXECUTE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "HAVING",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NATURAL",
    "NORMALIZE",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "PREPARE",
    "RECURSIVE",
    "RIGHT",
    "ROLLUP",
    "SELECT",
    "TABLE",
    "THEN",
    "TRUE",
    "UESCAPE",
    "UNION",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// The function that stands for a lambda expression: its parameters, and what it computes of them.
pub const LAMBDA: &str = "$lambda";

/// The place at which a span starts.
pub fn position(span: Span) -> Position {
    place(span.start)
}

fn place(location: Location) -> Position {
    Position { line: location.line.max(1), column: location.column.max(1) }
}

/// The place after the last token.
pub fn end(tokens: &[TokenWithSpan]) -> Position {
    tokens.last().map_or(Position { line: 1, column: 1 }, |last| place(last.span.end))
}

/// The tokens of a query, rewritten, without white space and comments.
pub fn read(text: &str) -> Result<Vec<TokenWithSpan>, Failure> {
    let mut tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| Failure::Syntax(place(error.location)))?;
    let is_space = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    if let Some(last) = tokens.iter().rposition(|token| !is_space(token))
        && last > 0
        && tokens[last].token == Token::SemiColon
    {
        tokens.truncate(last);
    }
    let mut parentheses = Parentheses::default();
    let mut rest = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).peekable();
    let mut out: Vec<TokenWithSpan> = Vec::new();
    while let Some(token) = rest.next() {
        if matches!(token.token, Token::Comma | Token::RParen) {
            parentheses.end_lambdas(&mut out, token.span);
        }
        parentheses.see(&token.token, out.last());
        let is_alias = parentheses.name_follows(out.last());
        match &token.token {
            Token::Word(word) if is_alias && may_be_name(word) => {
                out.push(spanned(quoted(word.value.clone()), token.span));
            }
            Token::Arrow => {
                start_lambda(&mut out, token.span).ok_or(Failure::Syntax(position(token.span)))?;
                parentheses.lambdas.push(parentheses.open.len());
            }
            Token::DoubleColon => {
                let column =
                    measure_column(out.last(), rest.peek()).ok_or(Failure::Syntax(position(token.span)))?;
                if let (Some(name), Some(kind)) = (out.last_mut(), rest.next()) {
                    name.token = quoted(column);
                    name.span = Span::new(name.span.start, kind.span.end);
                }
            }
            Token::Number(count, false) if unit_follows(&token, rest.peek()) => {
                let Some(unit) = rest.next() else { continue };
                let keyword = keyword_of(&unit.token).ok_or(Failure::Syntax(position(token.span)))?;
                out.push(spanned(Token::make_keyword("INTERVAL"), token.span));
                out.push(spanned(Token::SingleQuotedString(count.clone()), token.span));
                out.push(spanned(Token::make_keyword(keyword), unit.span));
            }
            Token::Word(word) if word.quote_style.is_some_and(|quote| quote != '"') => {
                return Err(Failure::Syntax(position(token.span)));
            }
            Token::Word(word) if is_name(word, rest.peek()) => {
                out.push(spanned(quoted(word.value.clone()), token.span));
            }
            _ => out.push(token),
        }
    }
    parentheses.open.clear();
    if let Some(last) = out.last().map(|last| last.span) {
        parentheses.end_lambdas(&mut out, last);
    }
    Ok(out)
}

/// Turns the parameters that were read last, `x` or `(s, x)`, into the start of a call of [`LAMBDA`].
fn start_lambda(out: &mut Vec<TokenWithSpan>, at: Span) -> Option<()> {
    let name = |token: TokenWithSpan| match token.token {
        Token::Word(word) => Some(spanned(quoted(word.value), token.span)),
        _ => None,
    };
    let last = out.pop()?;
    let mut parameters = Vec::new();
    if last.token == Token::RParen {
        loop {
            parameters.push(name(out.pop()?)?);
            match out.pop()?.token {
                Token::Comma => {}
                Token::LParen => break,
                _ => return None,
            }
        }
    } else {
        parameters.push(name(last)?);
    }
    let start = parameters.last().map_or(at, |first| first.span);
    out.push(spanned(quoted(LAMBDA.to_owned()), start));
    out.push(spanned(Token::LParen, at));
    for parameter in parameters.into_iter().rev() {
        out.push(parameter);
        out.push(spanned(Token::Comma, at));
    }
    Some(())
}

/// The parentheses that are open.
#[derive(Default)]
struct Parentheses {
    /// For each, whether it is that of a cast, in which `AS` is followed by a type.
    open: Vec<bool>,
    /// For each lambda that has not ended, how many are open around it.
    lambdas: Vec<usize>,
}

impl Parentheses {
    fn see(&mut self, token: &Token, before: Option<&TokenWithSpan>) {
        match token {
            Token::LParen => {
                self.open.push(before.is_some_and(|before| {
                    is_word(&before.token, "cast") || is_word(&before.token, "try_cast")
                }));
            }
            Token::RParen => drop(self.open.pop()),
            _ => {}
        }
    }

    /// Ends the lambdas that a comma or parenthesis at this depth ends.
    fn end_lambdas(&mut self, out: &mut Vec<TokenWithSpan>, at: Span) {
        while self.lambdas.last().is_some_and(|depth| *depth >= self.open.len()) {
            self.lambdas.pop();
            out.push(spanned(Token::RParen, at));
        }
    }

    /// Whether what comes after `before` is an alias.
    fn name_follows(&self, before: Option<&TokenWithSpan>) -> bool {
        self.open.last() != Some(&true) && before.is_some_and(|before| is_word(&before.token, "as"))
    }
}

fn is_word(token: &Token, expected: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected))
}

fn may_be_name(word: &Word) -> bool {
    word.quote_style.is_none() && RESERVED.binary_search(&word.value.to_ascii_uppercase().as_str()).is_err()
}

fn spanned(token: Token, span: Span) -> TokenWithSpan {
    TokenWithSpan { token, span }
}

fn quoted(value: String) -> Token {
    Token::Word(Word { value, quote_style: Some('"'), keyword: Keyword::NoKeyword })
}

fn measure_column(name: Option<&TokenWithSpan>, kind: Option<&TokenWithSpan>) -> Option<String> {
    let (Token::Word(name), Token::Word(kind)) = (&name?.token, &kind?.token) else {
        return None;
    };
    let kind = kind.value.to_ascii_lowercase();
    (name.value.eq_ignore_ascii_case("measure_value") && MEASURE_TYPES.contains(&kind.as_str()))
        .then(|| format!("measure_value::{kind}"))
}

/// Whether a word touches the end of a number.
fn unit_follows(number: &TokenWithSpan, next: Option<&TokenWithSpan>) -> bool {
    next.is_some_and(|next| {
        next.span.start == number.span.end
            && matches!(&next.token, Token::Word(word) if word.quote_style.is_none())
    })
}

fn keyword_of(unit: &Token) -> Option<&'static str> {
    let Token::Word(word) = unit else { return None };
    Some(match word.value.to_ascii_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => "NANOSECOND",
        "us" | "microsecond" | "microseconds" => "MICROSECOND",
        "ms" | "millisecond" | "milliseconds" => "MILLISECOND",
        "s" | "sec" | "second" | "seconds" => "SECOND",
        "m" | "min" | "minute" | "minutes" => "MINUTE",
        "h" | "hour" | "hours" => "HOUR",
        "d" | "day" | "days" => "DAY",
        "w" | "week" | "weeks" => "WEEK",
        "mo" | "month" | "months" => "MONTH",
        "y" | "year" | "years" => "YEAR",
        _ => return None,
    })
}

/// Whether a word that the parser takes for a keyword is a name here.
fn is_name(word: &Word, next: Option<&TokenWithSpan>) -> bool {
    if word.quote_style.is_some() {
        return false;
    }
    let next = next.map(|next| &next.token);
    match word.keyword {
        Keyword::TIME | Keyword::TIMESTAMP | Keyword::DATE => !matches!(
            next,
            Some(
                Token::SingleQuotedString(_)
                    | Token::Word(Word { keyword: Keyword::ZONE | Keyword::WITH, .. })
            )
        ),
        Keyword::INTERVAL => !matches!(next, Some(Token::SingleQuotedString(_) | Token::Plus | Token::Minus)),
        Keyword::USER => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        match read(text) {
            Ok(tokens) => tokens.iter().map(|token| token.token.to_string()).collect::<Vec<_>>().join(" "),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn own_spellings_become_standard() {
        for (text, expected) in [
            ("bin(time, 5m)", "bin ( \"time\" , INTERVAL '5' MINUTE )"),
            ("now() - 1day", "now ( ) - INTERVAL '1' DAY"),
            ("r.measure_value::DOUBLE", "r . \"measure_value::double\""),
            ("x AS interval", "x AS \"interval\""),
            ("x AS Offset, y AS select", "x AS \"Offset\" , y AS select"),
            ("CAST(x AS offset) AS limit", "CAST ( x AS offset ) AS \"limit\""),
            ("f(a, x -> x + 1)", "f ( a , \"$lambda\" ( \"x\" , x + 1 ) )"),
            (
                "f((s, x) -> g(s, x), s -> s)",
                "f ( \"$lambda\" ( \"s\" , \"x\" , g ( s , x ) ) , \"$lambda\" ( \"s\" , s ) )",
            ),
            ("1 -> 2", "The query syntax is invalid at line 1:3"),
            ("1; ", "1"),
            (";", ";"),
            ("1;;", "1 ;"),
            ("interval '2' day", "interval '2' day"),
            ("timestamp '2022-01-01'", "timestamp '2022-01-01'"),
            ("a -- b\n + 1", "a + 1"),
            ("x::double", "The query syntax is invalid at line 1:2"),
            ("5parsecs", "The query syntax is invalid at line 1:1"),
            ("`a`", "The query syntax is invalid at line 1:1"),
            ("'open", "The query syntax is invalid at line 1:1"),
        ] {
            assert_eq!(rewritten(text), expected, "{text}");
        }
    }
}
