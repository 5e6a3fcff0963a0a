//! Named parameters in SQL: `:name` of the Data API becomes `$1` of PostgreSQL.
//!
//! A colon inside of a string, a quoted identifier, a comment or a `$$` body is text, and `::` is a cast.

/// A statement as PostgreSQL takes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// With `$1`, `$2` …
    pub text: String,
    /// The names of the parameters, in the order of their numbers. One that stands twice has one number.
    pub names: Vec<&'a str>,
}

/// Replaces the named parameters.
pub fn numbered(sql: &str) -> Statement<'_> {
    let mut statement = Statement { text: String::with_capacity(sql.len()), names: Vec::new() };
    let mut rest = sql;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        if let Some(name) = parameter(rest) {
            let known = statement.names.iter().position(|known| *known == name);
            let number = known.unwrap_or_else(|| {
                statement.names.push(name);
                statement.names.len() - 1
            });
            statement.text.extend(["$", &(number + 1).to_string()]);
            rest = &rest[1 + name.len()..];
            before = name.chars().last();
            continue;
        }
        let length = opaque(rest, before).unwrap_or(first.len_utf8());
        let (text, after) = rest.split_at(length);
        statement.text.push_str(text);
        before = text.chars().last();
        rest = after;
    }
    statement
}

/// The name of the parameter that the text begins with.
fn parameter(text: &str) -> Option<&str> {
    let name = text.strip_prefix(':')?;
    let end = name.find(|letter| !is_of_name(letter)).unwrap_or(name.len());
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_').then(|| &name[..end])
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Bytes of what the text begins with, where that has no parameter inside. `before` is the character before it.
fn opaque(text: &str, before: Option<char>) -> Option<usize> {
    let through = |end: Option<usize>| end.unwrap_or(text.len());
    if text.starts_with("::") {
        return Some(2);
    }
    if text.starts_with("--") {
        return Some(through(text.find('\n')));
    }
    if text.starts_with("/*") {
        return Some(comment(text));
    }
    if let Some(rest) = text.strip_prefix('"') {
        return Some(through(rest.find('"').map(|end| end + 2)));
    }
    if text.starts_with('\'') {
        // `E'…'` alone has escapes. A doubled quote ends one string and begins the next, which is as good.
        let escapes = matches!(before, Some('e' | 'E'));
        return Some(string(text, escapes));
    }
    if text.starts_with('$') && !before.is_some_and(is_of_name) {
        let tag = &text[..=text[1..].find('$')? + 1];
        let is_tag = tag[1..tag.len() - 1].chars().all(is_of_name)
            && !tag[1..].starts_with(|c: char| c.is_ascii_digit());
        return is_tag.then(|| through(text[tag.len()..].find(tag).map(|end| end + 2 * tag.len())));
    }
    None
}

fn string(text: &str, escapes: bool) -> usize {
    let mut is_literal = false;
    for (index, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_literal => is_literal = false,
            '\\' if escapes => is_literal = true,
            '\'' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// Comments nest.
fn comment(text: &str) -> usize {
    let (mut depth, mut end) = (0_u32, 0);
    while end < text.len() {
        let rest = &text[end..];
        if rest.starts_with("/*") {
            depth += 1;
            end += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            end += 2;
            if depth == 0 {
                return end;
            }
        } else {
            end += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_and_text_stays() {
        for (sql, text, names) in [
            ("SELECT sluice.write(:rows::json)", "SELECT sluice.write($1::json)", &["rows"][..]),
            ("SELECT :a, :b, :a", "SELECT $1, $2, $1", &["a", "b"]),
            ("SELECT ':a', \":b\", 'it''s :c' || :d", "SELECT ':a', \":b\", 'it''s :c' || $1", &["d"]),
            ("SELECT E'\\':a' || :b", "SELECT E'\\':a' || $1", &["b"]),
            ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", &["b"]),
            ("SELECT /* :a /* :b */ :c */ :d", "SELECT /* :a /* :b */ :c */ $1", &["d"]),
            ("DO $$ :a $$; SELECT :b", "DO $$ :a $$; SELECT $1", &["b"]),
            ("DO $f$ $$ :a $f$ || :b", "DO $f$ $$ :a $f$ || $1", &["b"]),
            ("SELECT now()::date, x[1:2], a := :ü", "SELECT now()::date, x[1:2], a := :ü", &[]),
            ("SELECT 'ö:a', :_x1)", "SELECT 'ö:a', $1)", &["_x1"]),
            ("SELECT 'open :a", "SELECT 'open :a", &[]),
            ("SELECT a$b$ :c", "SELECT a$b$ $1", &["c"]),
        ] {
            let expected = Statement { text: text.to_owned(), names: names.to_vec() };
            assert_eq!(numbered(sql), expected, "{sql}");
        }
    }
}
