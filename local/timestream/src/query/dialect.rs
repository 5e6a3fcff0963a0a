//! From the text of a query to a statement that the engine understands exactly as Timestream means it.
//!
//! The text is cut into tokens, the few spellings that are Timestream's own are rewritten ([`tokens`]), the
//! rest is parsed as SQL, and then every node is either translated or refused ([`statement`],
//! [`expression`]): what is not named there does not get through. Nothing here looks at data, except to
//! find out which database and table a name means.

mod calls;
mod expression;
mod from;
mod metadata;
mod order;
mod statement;
mod tokens;

use datafusion::sql::sqlparser::{
    ast::Query,
    dialect::GenericDialect,
    parser::{Parser, ParserError},
};

use super::failure::{Failure, Position};
use crate::store::Store;

pub use metadata::{Metadata, TableName};
pub use statement::OutputName;

/// How deep parentheses and subqueries may nest. The service limits only the query's length; a deeper
/// query would overflow the stack.
const MAX_NESTING: usize = 200;

/// What a query asks for.
#[derive(Debug)]
pub enum Statement {
    /// Rows.
    Select {
        /// What the engine computes.
        query: Box<Query>,
        /// Names of the columns as they are returned.
        names: Vec<OutputName>,
    },
    /// What databases, tables, measures or columns there are.
    Metadata(Metadata),
}

/// Reads a query. `now` is the instant, in nanoseconds since the epoch, that `now()` and `ago()` mean.
pub fn read(text: &str, store: &Store, now: i64) -> Result<Statement, Failure> {
    let tokens = tokens::read(text)?;
    if let Some(metadata) = metadata::read(&tokens)? {
        return Ok(Statement::Metadata(metadata));
    }
    let end = tokens::end(&tokens);
    let mut parser =
        Parser::new(&GenericDialect {}).with_recursion_limit(MAX_NESTING).with_tokens_with_locations(tokens);
    if let Some(construct) = statement::refused(&parser.peek_token().token) {
        return Err(Failure::unsupported(tokens::position(parser.peek_token().span), construct));
    }
    let query = parser.parse_query().map_err(|error| syntax(&error, end))?;
    let rest = parser.peek_token();
    if rest.token != datafusion::sql::sqlparser::tokenizer::Token::EOF {
        return Err(Failure::Syntax(tokens::position(rest.span)));
    }
    let (query, names) = statement::translate(*query, store, now)?;
    Ok(Statement::Select { query: Box::new(query), names })
}

/// The parser tells the place only at the end of its sentence.
fn syntax(error: &ParserError, end: Position) -> Failure {
    match error {
        ParserError::RecursionLimitExceeded => Failure::Unplaced("The query is nested too deeply".to_owned()),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
            Failure::Syntax(place_in(message).unwrap_or(end))
        }
    }
}

fn place_in(message: &str) -> Option<Position> {
    let (_, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some(Position { line: line.parse().ok()?, column: column.trim().parse().ok()? })
}
