//! `SHOW` and `DESCRIBE`.
//! <https://docs.aws.amazon.com/timestream/latest/developerguide/supported-sql-constructs.SHOW.html>

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::tokens::{end, position};
use crate::query::failure::{Failure, Position};

/// The name of a table in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Where the name starts.
    pub at: Position,
}

/// A question about what there is. Patterns are those of `LIKE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// `SHOW DATABASES`
    Databases {
        /// Which names.
        like: Option<String>,
    },
    /// `SHOW TABLES`
    Tables {
        /// Of one database, with the place of its name, or of all.
        database: Option<(String, Position)>,
        /// Which names.
        like: Option<String>,
    },
    /// `SHOW MEASURES`
    Measures {
        /// Of which table.
        table: TableName,
        /// Which names.
        like: Option<String>,
    },
    /// `DESCRIBE`
    Columns {
        /// Of which table.
        table: TableName,
    },
}

/// Reads the statement, if it is one of these.
pub fn read(tokens: &[TokenWithSpan]) -> Result<Option<Metadata>, Failure> {
    let mut words = Words { tokens, next: 0 };
    let statement = if words.takes("describe") {
        Metadata::Columns { table: words.table()? }
    } else if words.takes("show") {
        if words.takes("databases") {
            Metadata::Databases { like: words.like()? }
        } else if words.takes("tables") {
            let database = if words.takes("from") { Some(words.name()?) } else { None };
            Metadata::Tables { database, like: words.like()? }
        } else if words.takes("measures") {
            words.must_take("from")?;
            Metadata::Measures { table: words.table()?, like: words.like()? }
        } else {
            return Err(words.unexpected());
        }
    } else {
        return Ok(None);
    };
    if words.next < tokens.len() {
        return Err(words.unexpected());
    }
    Ok(Some(statement))
}

struct Words<'a> {
    tokens: &'a [TokenWithSpan],
    next: usize,
}

impl Words<'_> {
    fn unexpected(&self) -> Failure {
        Failure::Syntax(self.position())
    }

    fn position(&self) -> Position {
        self.tokens.get(self.next).map_or_else(|| end(self.tokens), |token| position(token.span))
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let found = matches!(
            self.tokens.get(self.next).map(|token| &token.token),
            Some(Token::Word(word)) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword)
        );
        self.next += usize::from(found);
        found
    }

    fn must_take(&mut self, keyword: &str) -> Result<(), Failure> {
        if self.takes(keyword) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn name(&mut self) -> Result<(String, Position), Failure> {
        let at = self.position();
        match self.tokens.get(self.next).map(|token| &token.token) {
            Some(Token::Word(word)) => {
                self.next += 1;
                Ok((word.value.clone(), at))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn table(&mut self) -> Result<TableName, Failure> {
        let (database, at) = self.name()?;
        if !matches!(self.tokens.get(self.next).map(|token| &token.token), Some(Token::Period)) {
            return Err(self.unexpected());
        }
        self.next += 1;
        let (table, _) = self.name()?;
        Ok(TableName { database, table, at })
    }

    fn like(&mut self) -> Result<Option<String>, Failure> {
        if !self.takes("like") {
            return Ok(None);
        }
        match self.tokens.get(self.next).map(|token| &token.token) {
            Some(Token::SingleQuotedString(pattern)) => {
                self.next += 1;
                Ok(Some(pattern.clone()))
            }
            _ => Err(self.unexpected()),
        }
    }
}
